// Replays in SQLite: what was asked for, and how each ended.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Audit } from './audit.ts'
import { transaction } from './transaction.ts'
import { type Random, randomBase62 } from './write-keys.ts'

type Json = Readonly<Record<string, unknown>>
export type ReplayState = 'counting' | 'counted' | 'running' | 'done' | 'cancelled'

export interface ReplayRecord {
  readonly id: string
  /** Id. */
  readonly destination: string
  readonly wish: Json
  readonly state: ReplayState
  /** Undefined: not known yet. */
  readonly counted: Json | undefined
  readonly ran: Json | undefined
  readonly createdBy: string
  readonly createdAtMicros: number
  readonly changedAtMicros: number
}

export interface ReplayStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly random: Random
  readonly audit: Audit
}

const idLetters = 12
/** Each of them reads the archive. */
const atWorkMax = 5

export class ReplayStore {
  readonly #deps: ReplayStoreDeps

  constructor(deps: ReplayStoreDeps) {
    this.#deps = deps
  }

  /** Newest first. */
  list(destination: string): ReplayRecord[] {
    return this.#all('SELECT * FROM replays WHERE destination = ? ORDER BY created_at DESC, id', destination)
  }

  atWork(): ReplayRecord[] {
    return this.#all(`SELECT * FROM replays WHERE state IN ('counting', 'running') ORDER BY created_at, id`)
  }

  /** Error: not-found. */
  get(destination: string, id: string): ReplayRecord {
    const [found] = this.#all('SELECT * FROM replays WHERE destination = ? AND id = ?', destination, id)
    if (found === undefined) throw new MillpondError('not-found', `There is no replay "${id.slice(0, 100)}" of it`)
    return found
  }

  /** It is counted first. Error: request-invalid if too many are at work. */
  add(destination: { readonly id: string; readonly name: string }, wish: Json): ReplayRecord {
    const { database, clock, random, audit } = this.#deps
    if (this.atWork().length >= atWorkMax) {
      throw new MillpondError('request-invalid', `${atWorkMax} replays are at work already; wait for one, or cancel it`)
    }
    const id = randomBase62(random, idLetters)
    const now = clock.nowMicros()
    transaction(database, 'COMMIT', () => {
      database
        .prepare(
          `INSERT INTO replays (id, destination, wish, state, created_by, created_at, changed_at)
           VALUES (?, ?, ?, 'counting', ?, ?, ?)`,
        )
        .run(id, destination.id, JSON.stringify(wish), audit.actorHandle, now, now)
      audit.add('destination.replay', destination.name, { id, step: 'count' })
    })
    return this.get(destination.id, id)
  }

  /** Errors: not-found, request-invalid if it isn't counted, or has run. */
  start(destination: { readonly id: string; readonly name: string }, id: string): ReplayRecord {
    return this.#step(destination, id, { from: ['counted'], to: 'running', step: 'start' })
  }

  /** What it has sent is there. Errors: not-found, request-invalid if it is over. */
  cancel(destination: { readonly id: string; readonly name: string }, id: string): ReplayRecord {
    return this.#step(destination, id, { from: ['counting', 'counted', 'running'], to: 'cancelled', step: 'cancel' })
  }

  /** By whoever does the work; of one that was cancelled meanwhile nothing changes. */
  ended(id: string, state: 'counting' | 'running', counts: Json): void {
    const { database, clock } = this.#deps
    const [column, next] = state === 'counting' ? ['counted', 'counted'] : ['ran', 'done']
    database
      .prepare(`UPDATE replays SET state = ?, ${column} = ?, changed_at = ? WHERE id = ? AND state = ?`)
      .run(next, JSON.stringify(counts), clock.nowMicros(), id, state)
  }

  #step(
    { id: destination, name }: { readonly id: string; readonly name: string },
    id: string,
    { from, to, step }: { readonly from: readonly ReplayState[]; readonly to: ReplayState; readonly step: string },
  ): ReplayRecord {
    const { database, clock, audit } = this.#deps
    const { state } = this.get(destination, id)
    if (!from.includes(state)) throw new MillpondError('request-invalid', `The replay is ${state}`)
    transaction(database, 'COMMIT', () => {
      database.prepare('UPDATE replays SET state = ?, changed_at = ? WHERE id = ?').run(to, clock.nowMicros(), id)
      audit.add('destination.replay', name, { id, step })
    })
    return this.get(destination, id)
  }

  #all(sql: string, ...values: SQLInputValue[]): ReplayRecord[] {
    const rows = this.#deps.database.prepare(sql).all(...values) as Readonly<Record<string, string | number | null>>[]
    return rows.map((row) => ({
      id: String(row['id']),
      destination: String(row['destination']),
      wish: JSON.parse(String(row['wish'])) as Json,
      state: String(row['state']) as ReplayState,
      counted: jsonIn(row['counted']),
      ran: jsonIn(row['ran']),
      createdBy: String(row['created_by']),
      createdAtMicros: Number(row['created_at']),
      changedAtMicros: Number(row['changed_at']),
    }))
  }
}

function jsonIn(value: unknown): Json | undefined {
  return typeof value === 'string' ? (JSON.parse(value) as Json) : undefined
}
