// Saved cohorts in SQLite. A save takes the place of what was there; a removal is in the audit log.
import type { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Audit } from './audit.ts'
import type { CohortAudience, CohortPlace, StoredCohort } from './cohorts.ts'
import { isTaken } from './query-store.ts'
import { transaction } from './transaction.ts'
import { type Random, randomBase62 } from './write-keys.ts'

export interface CohortStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly random: Random
  readonly audit: Audit
}

type Row = Record<string, string | number | null>

const columns = 'id, name, description, owner, audience, definition, created_at, changed_at'

export class CohortStore {
  readonly #deps: CohortStoreDeps

  constructor(deps: CohortStoreDeps) {
    this.#deps = deps
  }

  list(): StoredCohort<unknown>[] {
    const rows = this.#deps.database.prepare(`SELECT ${columns} FROM cohorts ORDER BY name, id`).all()
    return (rows as Row[]).map(cohortOf)
  }

  /** By id or name. Error: not-found. */
  get(id: string): StoredCohort<unknown> {
    // An id comes first: a name may be chosen to look like somebody else's.
    const sql = `SELECT ${columns} FROM cohorts WHERE id = ? OR name = ? ORDER BY id <> ?`
    const row = this.#deps.database.prepare(sql).get(id, id, id) as Row | undefined
    if (row === undefined) throw new MillpondError('not-found', `There is no cohort "${id.slice(0, 200)}"`)
    return cohortOf(row)
  }

  /** Error: cohort-exists. */
  add(place: CohortPlace, definition: object, by: string): StoredCohort<unknown> {
    const id = randomBase62(this.#deps.random, 12)
    const now = this.#deps.clock.nowMicros()
    const { name, description, audience } = place
    return this.#named(name, () => {
      this.#run(
        `INSERT INTO cohorts (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        id,
        name,
        description,
        by,
        audience,
        JSON.stringify(definition),
        now,
        now,
      )
      return this.get(id)
    })
  }

  /** Errors: not-found, cohort-exists. */
  save(id: string, { name, description, audience }: CohortPlace, definition: object): StoredCohort<unknown> {
    return this.#named(name, () => {
      const { id: own } = this.get(id)
      this.#run(
        'UPDATE cohorts SET name = ?, description = ?, audience = ?, definition = ?, changed_at = ? WHERE id = ?',
        name,
        description,
        audience,
        JSON.stringify(definition),
        this.#deps.clock.nowMicros(),
        own,
      )
      return this.get(own)
    })
  }

  /** Error: not-found. */
  remove(id: string): void {
    const { id: own, name } = this.get(id)
    transaction(this.#deps.database, 'COMMIT', () => {
      this.#run('DELETE FROM cohorts WHERE id = ?', own)
      this.#deps.audit.add('cohort.remove', own, { name })
    })
  }

  #named<Result>(name: string, work: () => Result): Result {
    try {
      return transaction(this.#deps.database, 'COMMIT', work)
    } catch (error) {
      if (!isTaken(error)) throw error
      throw new MillpondError('cohort-exists', `There is a cohort "${name}" already`, { cause: error })
    }
  }

  #run(sql: string, ...values: readonly (string | number)[]): void {
    this.#deps.database.prepare(sql).run(...values)
  }
}

function cohortOf(row: Row): StoredCohort<unknown> {
  return {
    id: String(row['id']),
    name: String(row['name']),
    description: String(row['description']),
    owner: String(row['owner']),
    audience: String(row['audience']) as CohortAudience,
    definition: JSON.parse(String(row['definition'])) as unknown,
    createdAtMicros: Number(row['created_at']),
    changedAtMicros: Number(row['changed_at']),
  }
}
