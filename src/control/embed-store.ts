// Which dashboards may stand in pages of others, in SQLite; what signs their addresses is sealed, and shown once.
import type { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import type { Audit } from './audit.ts'
import type { SecretBox } from './secret-box.ts'
import { transaction } from './transaction.ts'
import { type Random, randomBase62 } from './write-keys.ts'

export interface Embed {
  /** Id of the principal whose rights the tiles ask with. */
  readonly principal: string
  /** Of the pages that may show it: `https://app.example.com`. */
  readonly origins: readonly string[]
  /** Of the dashboard, as it was when it was let in. */
  readonly version: number
  readonly changedAtMicros: number
}

export interface EmbedStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly random: Random
  readonly audit: Audit
  readonly box: SecretBox
}

/** 43 letters: 256 bits. */
const secretLetters = 43

export class EmbedStore {
  readonly #deps: EmbedStoreDeps

  constructor(deps: EmbedStoreDeps) {
    this.#deps = deps
  }

  /** `dashboard`: its id. Undefined: it is not embedded. */
  find(dashboard: string): Embed | undefined {
    const row = this.#row(dashboard)
    if (row === undefined) return undefined
    return {
      principal: String(row['principal']),
      origins: JSON.parse(String(row['origins'])) as string[],
      version: Number(row['version']),
      changedAtMicros: Number(row['changed_at']),
    }
  }

  /** For whoever checks signatures. Error: setting-invalid. */
  secretOf(dashboard: string): string | undefined {
    const row = this.#row(dashboard)
    return row && this.#deps.box.open(String(row['secret']), purposeOf(dashboard))
  }

  /** The secret if it is new: now, and never again. */
  set(dashboard: string, { principal, origins, version }: Omit<Embed, 'changedAtMicros'>): string | undefined {
    const { database, clock, audit } = this.#deps
    return transaction(database, 'COMMIT', () => {
      const isNew = this.#row(dashboard) === undefined
      const secret = isNew ? this.#newSecret() : undefined
      const texts = [principal, JSON.stringify(origins), version, clock.nowMicros()] as const
      if (secret === undefined) {
        const sql = 'UPDATE embeds SET principal = ?, origins = ?, version = ?, changed_at = ? WHERE dashboard = ?'
        database.prepare(sql).run(...texts, dashboard)
      } else {
        const sql =
          'INSERT INTO embeds (principal, origins, version, changed_at, dashboard, secret) VALUES (?, ?, ?, ?, ?, ?)'
        database.prepare(sql).run(...texts, dashboard, this.#deps.box.seal(secret, purposeOf(dashboard)))
      }
      audit.add('dashboard.embed', dashboard, { principal, origins, version })
      return secret
    })
  }

  /** What the old secret has signed is worth nothing any more. Undefined: it is not embedded. */
  rotate(dashboard: string): string | undefined {
    const { database, box, audit } = this.#deps
    return transaction(database, 'COMMIT', () => {
      if (this.#row(dashboard) === undefined) return undefined
      const secret = this.#newSecret()
      const sql = 'UPDATE embeds SET secret = ? WHERE dashboard = ?'
      database.prepare(sql).run(box.seal(secret, purposeOf(dashboard)), dashboard)
      audit.add('dashboard.embed-rotate', dashboard)
      return secret
    })
  }

  /** Fine if it is not embedded. */
  remove(dashboard: string): void {
    const { database, audit } = this.#deps
    transaction(database, 'COMMIT', () => {
      const { changes } = database.prepare('DELETE FROM embeds WHERE dashboard = ?').run(dashboard)
      if (Number(changes) > 0) audit.add('dashboard.embed-end', dashboard)
    })
  }

  #newSecret(): string {
    return randomBase62(this.#deps.random, secretLetters)
  }

  #row(dashboard: string): Record<string, unknown> | undefined {
    return this.#deps.database.prepare('SELECT * FROM embeds WHERE dashboard = ?').get(dashboard)
  }
}

function purposeOf(dashboard: string): string {
  return `embed of dashboard ${dashboard}`
}
