// Destinations in SQLite, their secrets sealed. Whoever calls has checked the settings against the type.
import type { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Audit } from './audit.ts'
import type { SecretBox } from './secret-box.ts'
import { transaction } from './transaction.ts'
import { type Random, randomBase62 } from './write-keys.ts'

/** Without what is secret. */
export interface DestinationInfo {
  readonly id: string
  readonly name: string
  readonly type: string
  /** Empty: all of them. */
  readonly sources: readonly string[]
  readonly settings: Readonly<Record<string, string>>
  /** What its owner says about events before they go; whoever delivers knows its shape. */
  readonly rules: Json
  /** Names of secret settings that are set. */
  readonly secretNames: readonly string[]
  readonly state: 'active' | 'disabled'
  /** Grows with every change. */
  readonly version: number
  readonly createdAtMicros: number
  readonly changedAtMicros: number
}

export interface DestinationContent {
  readonly sources: readonly string[]
  readonly settings: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
  readonly rules: Json
}

/** What the ledger's `destination_version` stands for. */
export interface DestinationVersion extends Pick<DestinationInfo, 'version' | 'sources' | 'settings' | 'rules'> {
  /** Handle at that time; '' = before versions were kept. */
  readonly changedBy: string
  readonly changedAtMicros: number
}

export interface DestinationStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly random: Random
  readonly audit: Audit
  readonly box: SecretBox
}

type Row = Readonly<Record<string, string | number>>
type Texts = Readonly<Record<string, string>>
type Json = Readonly<Record<string, unknown>>

const namePattern = /^[a-z][a-z0-9-]{0,39}$/

export class DestinationStore {
  readonly #deps: DestinationStoreDeps

  constructor(deps: DestinationStoreDeps) {
    this.#deps = deps
  }

  list(): DestinationInfo[] {
    const rows = this.#deps.database.prepare('SELECT * FROM destinations ORDER BY name').all()
    return (rows as Row[]).map((row) => this.#infoOf(row))
  }

  /** Error: not-found. */
  get(name: string): DestinationInfo {
    return this.#infoOf(this.#rowOf(name))
  }

  /** Newest first. Error: not-found. */
  versions(name: string): DestinationVersion[] {
    const sql = 'SELECT * FROM destination_versions WHERE destination = ? ORDER BY version DESC'
    const rows = this.#deps.database.prepare(sql).all(this.get(name).id) as Row[]
    return rows.map((row) => ({
      version: Number(row['version']),
      sources: JSON.parse(String(row['sources'])) as string[],
      settings: JSON.parse(String(row['settings'])) as Texts,
      rules: JSON.parse(String(row['rules'])) as Json,
      changedBy: String(row['changed_by']),
      changedAtMicros: Number(row['changed_at']),
    }))
  }

  /** For whoever delivers, and nobody else. Errors: not-found, setting-invalid. */
  secretsOf(name: string): Texts {
    const row = this.#rowOf(name)
    const opened = this.#deps.box.open(String(row['secrets']), `destination ${String(row['id'])}`)
    return JSON.parse(opened) as Texts
  }

  /** Errors: destination-exists, request-invalid. */
  add(name: string, type: string, content: DestinationContent): DestinationInfo {
    const { database, clock, random, audit } = this.#deps
    if (!namePattern.test(name)) {
      throw new MillpondError('request-invalid', 'A name is lower-case letters, digits and dashes, 40 at most')
    }
    const id = randomBase62(random, 12)
    const now = clock.nowMicros()
    transaction(database, 'COMMIT', () => {
      if (database.prepare('SELECT 1 FROM destinations WHERE name = ?').get(name) !== undefined) {
        throw new MillpondError('destination-exists', `There is a destination ${name} already`)
      }
      database
        .prepare(
          `INSERT INTO destinations (id, name, type, sources, settings, secrets, secret_names, rules, state, version,
             created_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'active', 1, ?, ?)`,
        )
        .run(id, name, type, ...this.#textsOf(id, content), now, now)
      this.#keepVersion(id)
      audit.add('destination.add', name, { type, sources: content.sources, settings: Object.keys(content.settings) })
    })
    return this.get(name)
  }

  /** Error: not-found. */
  change(name: string, content: DestinationContent): DestinationInfo {
    const details = { sources: content.sources, rules: Object.keys(content.rules) }
    return this.#changed(name, 'destination.change', details, (id) => {
      const sql =
        'UPDATE destinations SET sources = ?, settings = ?, secrets = ?, secret_names = ?, rules = ? WHERE id = ?'
      this.#deps.database.prepare(sql).run(...this.#textsOf(id, content), id)
    })
  }

  /** Error: not-found. */
  setState(name: string, state: DestinationInfo['state']): DestinationInfo {
    if (this.get(name).state === state) return this.get(name)
    return this.#changed(name, `destination.${state === 'active' ? 'enable' : 'disable'}`, {}, (id) => {
      this.#deps.database.prepare('UPDATE destinations SET state = ? WHERE id = ?').run(state, id)
    })
  }

  /** Error: not-found. */
  remove(name: string): DestinationInfo {
    const { database, audit } = this.#deps
    const info = this.get(name)
    transaction(database, 'COMMIT', () => {
      database.prepare('DELETE FROM destinations WHERE id = ?').run(info.id)
      audit.add('destination.remove', name)
    })
    return info
  }

  #changed(name: string, action: string, details: object, change: (id: string) => void): DestinationInfo {
    const { database, clock, audit } = this.#deps
    const { id } = this.get(name)
    transaction(database, 'COMMIT', () => {
      change(id)
      const sql = 'UPDATE destinations SET version = version + 1, changed_at = ? WHERE id = ?'
      database.prepare(sql).run(clock.nowMicros(), id)
      this.#keepVersion(id)
      audit.add(action, name, { ...details })
    })
    return this.get(name)
  }

  #keepVersion(id: string): void {
    const sql = `INSERT INTO destination_versions (destination, version, sources, settings, rules, changed_by, changed_at)
       SELECT id, version, sources, settings, rules, ?, changed_at FROM destinations WHERE id = ?`
    this.#deps.database.prepare(sql).run(this.#deps.audit.actorHandle, id)
  }

  #textsOf(
    id: string,
    { sources, settings, secrets, rules }: DestinationContent,
  ): [string, string, string, string, string] {
    const sealed = this.#deps.box.seal(JSON.stringify(secrets), `destination ${id}`)
    const names = Object.keys(secrets).sort()
    return [JSON.stringify(sources), JSON.stringify(settings), sealed, JSON.stringify(names), JSON.stringify(rules)]
  }

  #rowOf(name: string): Row {
    const row = this.#deps.database.prepare('SELECT * FROM destinations WHERE name = ?').get(name)
    if (row === undefined) throw new MillpondError('not-found', `There is no destination "${name.slice(0, 100)}"`)
    return row as Row
  }

  #infoOf(row: Row): DestinationInfo {
    return {
      id: String(row['id']),
      name: String(row['name']),
      type: String(row['type']),
      sources: JSON.parse(String(row['sources'])) as string[],
      settings: JSON.parse(String(row['settings'])) as Texts,
      rules: JSON.parse(String(row['rules'])) as Json,
      secretNames: JSON.parse(String(row['secret_names'])) as string[],
      state: row['state'] === 'active' ? 'active' : 'disabled',
      version: Number(row['version']),
      createdAtMicros: Number(row['created_at']),
      changedAtMicros: Number(row['changed_at']),
    }
  }
}
