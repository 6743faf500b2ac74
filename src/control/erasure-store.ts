// Erasures in SQLite: whose (hashes), what others were asked, and which backups were made. Names stand here sealed, and only until
// the last one who has to hear them did.
import type { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { SecretBox } from './secret-box.ts'
import { transaction } from './transaction.ts'
import { type Random, randomBase62 } from './write-keys.ts'

export interface ErasedNames {
  readonly userId?: string | undefined
  readonly anonymousId?: string | undefined
}

export type AskState = 'waiting' | 'asked' | 'not-asked' | 'given-up'

/** What one destination was asked, or why it wasn't. */
export interface ErasureAsk {
  /** Name of the destination at that time. */
  readonly destination: string
  readonly state: AskState
  readonly note: string
  readonly attempts: number
  readonly settledAtMicros: number | null
}

export interface ErasureRecord {
  readonly id: string
  readonly erasedAtMicros: number
  /** Null: in every dataset. */
  readonly dataset: string | null
  readonly persons: readonly string[]
  readonly rows: number
  readonly asks: readonly ErasureAsk[]
}

/** `notAsked` undefined: it is asked. */
export interface WantedAsk {
  readonly id: string
  readonly name: string
  readonly notAsked: string | undefined
}

/** One that is due. */
export interface DueAsk {
  readonly erasure: string
  /** Id. */
  readonly destination: string
  readonly names: ErasedNames
  readonly attempts: number
  readonly erasedAtMicros: number
}

export interface BackupRecord {
  readonly folder: string
  readonly createdAtMicros: number
}

export interface ErasureStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly random: Random
  readonly box: SecretBox
}

type Row = Readonly<Record<string, string | number | null>>

const idLetters = 12

export class ErasureStore {
  readonly #deps: ErasureStoreDeps

  constructor(deps: ErasureStoreDeps) {
    this.#deps = deps
  }

  /** Durable when it returns. */
  add(
    erasure: Pick<ErasureRecord, 'erasedAtMicros' | 'dataset' | 'persons' | 'rows'>,
    names: ErasedNames,
    asks: readonly WantedAsk[],
  ): void {
    const { database, clock, random, box } = this.#deps
    const id = randomBase62(random, idLetters)
    const now = clock.nowMicros()
    transaction(database, 'COMMIT', () => {
      database
        .prepare('INSERT INTO erasures (id, erased_at, dataset, persons, rows) VALUES (?, ?, ?, ?, ?)')
        .run(id, erasure.erasedAtMicros, erasure.dataset, JSON.stringify(erasure.persons), erasure.rows)
      const insert = database.prepare(
        `INSERT INTO erasure_asks (erasure, destination, destination_name, state, person, note, attempts, next_at, settled_at)
         VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)`,
      )
      for (const { id: destination, name, notAsked } of asks) {
        const isAsked = notAsked === undefined
        const sealed = isAsked ? box.seal(JSON.stringify(names), purposeOf(id, destination)) : ''
        const state: AskState = isAsked ? 'waiting' : 'not-asked'
        insert.run(id, destination, name, state, sealed, notAsked ?? '', now, isAsked ? null : now)
      }
    })
  }

  /** Newest first. */
  list(): ErasureRecord[] {
    const { database } = this.#deps
    const asks = database.prepare('SELECT * FROM erasure_asks ORDER BY destination_name').all() as Row[]
    const rows = database.prepare('SELECT * FROM erasures ORDER BY erased_at DESC, id').all() as Row[]
    return rows.map((row) => ({
      id: String(row['id']),
      erasedAtMicros: Number(row['erased_at']),
      dataset: row['dataset'] === null ? null : String(row['dataset']),
      persons: JSON.parse(String(row['persons'])) as string[],
      rows: Number(row['rows']),
      asks: asks.filter((ask) => ask['erasure'] === row['id']).map(askOf),
    }))
  }

  /** Whose time has come, oldest first. One whose name can't be opened any more is given up. */
  due(): DueAsk[] {
    const { database, clock } = this.#deps
    const sql = `SELECT erasure_asks.*, erased_at FROM erasure_asks JOIN erasures ON erasures.id = erasure
      WHERE state = 'waiting' AND next_at <= ? ORDER BY next_at, erasure, destination LIMIT 100`
    return (database.prepare(sql).all(clock.nowMicros()) as Row[]).flatMap((row) => {
      const erasure = String(row['erasure'])
      const destination = String(row['destination'])
      const names = this.#opened(erasure, destination, String(row['person']))
      if (names === undefined) return []
      return [
        { erasure, destination, names, attempts: Number(row['attempts']), erasedAtMicros: Number(row['erased_at']) },
      ]
    })
  }

  /** When the next one is due; undefined: none waits. */
  nextAtMicros(): number | undefined {
    const sql = `SELECT MIN(next_at) AS next FROM erasure_asks WHERE state = 'waiting'`
    const row = this.#deps.database.prepare(sql).get() as Row
    return row['next'] === null ? undefined : Number(row['next'])
  }

  /** The name is dropped with it. */
  settle({ erasure, destination }: Pick<DueAsk, 'erasure' | 'destination'>, state: AskState, note: string): void {
    const { database, clock } = this.#deps
    const sql = `UPDATE erasure_asks SET state = ?, note = ?, person = '', attempts = attempts + 1, settled_at = ?
      WHERE erasure = ? AND destination = ? AND state = 'waiting'`
    database.prepare(sql).run(state, note, clock.nowMicros(), erasure, destination)
  }

  tryAgain({ erasure, destination }: DueAsk, note: string, nextAtMicros: number): void {
    const sql = `UPDATE erasure_asks SET note = ?, attempts = attempts + 1, next_at = ?
      WHERE erasure = ? AND destination = ? AND state = 'waiting'`
    this.#deps.database.prepare(sql).run(note, nextAtMicros, erasure, destination)
  }

  noteBackup(folder: string): void {
    const sql = 'INSERT OR REPLACE INTO backups (folder, created_at) VALUES (?, ?)'
    this.#deps.database.prepare(sql).run(folder, this.#deps.clock.nowMicros())
  }

  /** Those that this Millpond made while it ran, oldest first. */
  backups(): BackupRecord[] {
    const rows = this.#deps.database.prepare('SELECT * FROM backups ORDER BY created_at').all() as Row[]
    return rows.map((row) => ({ folder: String(row['folder']), createdAtMicros: Number(row['created_at']) }))
  }

  #opened(erasure: string, destination: string, sealed: string): ErasedNames | undefined {
    try {
      return JSON.parse(this.#deps.box.open(sealed, purposeOf(erasure, destination))) as ErasedNames
    } catch (error) {
      if (!(error instanceof MillpondError)) throw error
      this.settle({ erasure, destination }, 'given-up', 'Whom to name can not be read: another secret has sealed it')
      return undefined
    }
  }
}

function purposeOf(erasure: string, destination: string): string {
  return `erasure ${erasure} ${destination}`
}

function askOf(row: Row): ErasureAsk {
  return {
    destination: String(row['destination_name']),
    state: String(row['state']) as AskState,
    note: String(row['note']),
    attempts: Number(row['attempts']),
    settledAtMicros: row['settled_at'] === null ? null : Number(row['settled_at']),
  }
}
