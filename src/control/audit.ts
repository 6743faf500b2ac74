// The audit log: who changed what, when and from where, written in the transaction of the change. What is secret never comes here:
// entries name things by id, handle and address.
//
//   a request ─▶ acting(who, …) ─▶ a store changes something and calls add ─▶ audit, and the outbox on to millpond.audit
import { AsyncLocalStorage } from 'node:async_hooks'
import type { DatabaseSync } from 'node:sqlite'

import { type Clock, isoTime } from '../core/clock.ts'
import type { Outbox } from './outbox.ts'
import { transaction } from './transaction.ts'
import { type Random, randomBase62 } from './write-keys.ts'

/** Who acts, and from where. */
export interface Actor {
  /** Of the principal; empty: somebody who isn't known yet. */
  readonly id: string
  readonly handle: string
  readonly via: 'command line' | 'session' | 'token' | 'link' | 'stranger'
  /** Of the client; empty: this machine's own socket. */
  readonly address: string
}

export interface AuditEntry extends Omit<Actor, 'id' | 'handle'> {
  readonly id: string
  readonly atMicros: number
  readonly actorId: string
  /** Handle at that time. */
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly details: Readonly<Record<string, unknown>>
}

export interface AuditQuery {
  readonly limit: number
  /** Only entries older than the one of this id. */
  readonly before?: string | undefined
  readonly action?: string | undefined
  readonly actor?: string | undefined
}

/** Whoever works on the data folder without a request, or on the admin socket. */
const commandLine: Actor = { id: 'owner', handle: 'owner', via: 'command line', address: '' }
const idLetters = 20
const targetLengthMax = 300

export class Audit {
  readonly #deps: { readonly database: DatabaseSync; readonly clock: Clock; readonly random: Random }
  readonly #outbox: Outbox
  // Not handed through every method: a change that somebody forgets to hand it to would be nobody's.
  readonly #actor = new AsyncLocalStorage<Actor>()

  constructor(
    deps: { readonly database: DatabaseSync; readonly clock: Clock; readonly random: Random },
    outbox: Outbox,
  ) {
    this.#deps = deps
    this.#outbox = outbox
  }

  /** Handle of whoever acts. */
  get actorHandle(): string {
    return this.#now().handle
  }

  /** Whatever `work` changes, now and later, is this one's doing. */
  acting<T>(actor: Actor, work: () => T): T {
    return this.#actor.run(actor, work)
  }

  /** The same address, but now we know who it is. */
  actingAs<T>({ id, handle }: Pick<Actor, 'id' | 'handle'>, via: Actor['via'], work: () => T): T {
    return this.#actor.run({ ...this.#now(), id, handle, via }, work)
  }

  /** Of what changes nothing else. */
  record(action: string, target: string, details?: Readonly<Record<string, unknown>>): void {
    transaction(this.#deps.database, 'COMMIT', () => {
      this.add(action, target, details)
    })
  }

  /** Belongs to the transaction of the change. */
  add(action: string, target: string, details: Readonly<Record<string, unknown>> = {}): void {
    const { database, clock, random } = this.#deps
    const actor = this.#now()
    const id = randomBase62(random, idLetters)
    const at = clock.nowMicros()
    const { via, address } = actor
    const where = target.slice(0, targetLengthMax).toWellFormed()
    const text = JSON.stringify(details)
    database
      .prepare(
        `INSERT INTO audit (id, at, actor_id, actor, via, address, action, target, details)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(id, at, actor.id, actor.handle, via, address, action, where, text)
    this.#outbox.add('millpond.audit', {
      audit_id: id,
      acted_at: isoTime(at),
      actor_id: actor.id,
      actor: actor.handle,
      via,
      address,
      action,
      target: where,
      details: JSON.parse(text) as unknown,
    })
  }

  #now(): Actor {
    return this.#actor.getStore() ?? commandLine
  }

  /** Newest first. */
  list({ limit, before, action, actor }: AuditQuery): AuditEntry[] {
    const rows = this.#deps.database
      .prepare(
        `SELECT id, at AS atMicros, actor_id AS actorId, actor, via, address, action, target, details FROM audit
         WHERE ($before IS NULL OR number < (SELECT number FROM audit WHERE id = $before))
           AND ($action IS NULL OR action = $action) AND ($actor IS NULL OR actor = $actor)
         ORDER BY number DESC LIMIT $limit`,
      )
      .all({ before: before ?? null, action: action ?? null, actor: actor ?? null, limit })
    return (rows as unknown as (Omit<AuditEntry, 'details'> & { details: string })[]).map((row) => ({
      ...row,
      details: JSON.parse(row.details) as AuditEntry['details'],
    }))
  }
}
