// Saved queries in SQLite. Nothing is ever written over: a save is a new version, a removal a date.
import type { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Audit } from './audit.ts'
import type { QueryAudience, QueryContent, QueryPlace, QueryVersion, SavedQuery } from './saved-queries.ts'
import { transaction } from './transaction.ts'
import { type Random, randomBase62 } from './write-keys.ts'

export interface QueryStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly random: Random
  readonly audit: Audit
}

type Row = Record<string, string | number | null>

const versionColumns = `v.version, v.content, v.saved_by, v.saved_at,
  (SELECT json_group_array(json_object('by', x.principal, 'atMicros', x.verified_at)) FROM query_verifications x
   WHERE x.query = v.query AND x.version = v.version) AS verifications`
const living = `SELECT q.id, q.name, q.folder, q.description, q.owner, q.audience, q.created_at, q.changed_at, ${versionColumns}
  FROM queries q JOIN query_versions v ON v.query = q.id AND v.version = q.version WHERE q.removed_at IS NULL`

export class QueryStore {
  readonly #deps: QueryStoreDeps

  constructor(deps: QueryStoreDeps) {
    this.#deps = deps
  }

  list(): SavedQuery[] {
    return this.#all(`${living} ORDER BY q.folder, q.name`).map(queryOf)
  }

  /** By id, or by `folder/name`. Error: not-found. */
  get(id: string): SavedQuery {
    const path = `CASE q.folder WHEN '' THEN q.name ELSE q.folder || '/' || q.name END`
    // An id comes first: a name may be chosen to look like somebody else's.
    const [row] = this.#all(`${living} AND (q.id = ? OR ${path} = ?) ORDER BY q.id <> ?`, id, id, id)
    if (row === undefined) throw new MillpondError('not-found', `There is no saved query "${id.slice(0, 200)}"`)
    return queryOf(row)
  }

  /** Newest first. */
  versions(id: string): QueryVersion[] {
    const { id: own } = this.get(id)
    const sql = `SELECT ${versionColumns} FROM query_versions v WHERE v.query = ? ORDER BY v.version DESC`
    return this.#all(sql, own).map(versionOf)
  }

  /** Error: not-found. */
  version(id: string, version: number): QueryVersion {
    const found = this.versions(id).find((one) => one.version === version)
    if (found === undefined) throw new MillpondError('not-found', `There is no version ${version} of this query`)
    return found
  }

  /** Error: query-exists. */
  add(place: QueryPlace, content: QueryContent, by: string): SavedQuery {
    const { random, clock } = this.#deps
    const id = randomBase62(random, 12)
    const now = clock.nowMicros()
    return this.#named(place, () => {
      this.#run(
        `INSERT INTO queries (id, name, folder, description, owner, audience, version, created_at, changed_at)
         VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)`,
        id,
        place.name,
        place.folder,
        place.description,
        by,
        place.audience ?? 'everybody',
        now,
        now,
      )
      this.#addVersion(id, 1, content, by)
      return this.get(id)
    })
  }

  /** The same content keeps its version: a new name needs no new verification. Errors: not-found, query-exists. */
  save(id: string, place: QueryPlace, content: QueryContent, by: string): SavedQuery {
    return this.#named(place, () => {
      const old = this.get(id)
      const isSame = textOf(old.latest) === textOf(content)
      const version = isSame ? old.latest.version : old.latest.version + 1
      if (!isSame) this.#addVersion(old.id, version, content, by)
      this.#run(
        'UPDATE queries SET name = ?, folder = ?, description = ?, audience = ?, version = ?, changed_at = ? WHERE id = ?',
        place.name,
        place.folder,
        place.description,
        place.audience ?? old.audience,
        version,
        this.#deps.clock.nowMicros(),
        old.id,
      )
      return this.get(old.id)
    })
  }

  /** Takes nobody else's place. Error: not-found. */
  verify(id: string, version: number, by: string): QueryVersion {
    const found = this.version(id, version)
    this.#run(
      `INSERT INTO query_verifications (query, version, principal, verified_at) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET verified_at = excluded.verified_at`,
      this.get(id).id,
      found.version,
      by,
      this.#deps.clock.nowMicros(),
    )
    return this.version(id, version)
  }

  remove(id: string): void {
    const { id: own, folder, name } = this.get(id)
    transaction(this.#deps.database, 'COMMIT', () => {
      this.#run('UPDATE queries SET removed_at = ? WHERE id = ?', this.#deps.clock.nowMicros(), own)
      this.#deps.audit.add('query.remove', own, { folder, name })
    })
  }

  #addVersion(id: string, version: number, content: QueryContent, by: string): void {
    this.#run(
      'INSERT INTO query_versions (query, version, content, saved_by, saved_at) VALUES (?, ?, ?, ?, ?)',
      id,
      version,
      textOf(content),
      by,
      this.#deps.clock.nowMicros(),
    )
  }

  #named<Result>({ name, folder }: QueryPlace, work: () => Result): Result {
    try {
      return transaction(this.#deps.database, 'COMMIT', work)
    } catch (error) {
      if (!isTaken(error)) throw error
      const message = `There is a saved query "${name}" ${folder === '' ? '' : `in folder ${folder} `}already`
      throw new MillpondError('query-exists', message, { cause: error })
    }
  }

  #all(sql: string, ...values: readonly (string | number)[]): Row[] {
    return this.#deps.database.prepare(sql).all(...values) as Row[]
  }

  #run(sql: string, ...values: readonly (string | number)[]): void {
    this.#deps.database.prepare(sql).run(...values)
  }
}

export function isTaken(error: unknown): boolean {
  return error instanceof Error && error.message.includes('UNIQUE constraint failed')
}

function textOf({ dialect, sql, parameters, zone }: QueryContent): string {
  return JSON.stringify({ dialect, sql, parameters, zone })
}

function versionOf(row: Row): QueryVersion {
  const verifications = JSON.parse(String(row['verifications'])) as { by: string; atMicros: number }[]
  const newest = verifications.toSorted((one, other) => other.atMicros - one.atMicros)[0]
  return {
    ...(JSON.parse(String(row['content'])) as QueryContent),
    version: Number(row['version']),
    savedBy: String(row['saved_by']),
    savedAtMicros: Number(row['saved_at']),
    verifiedBy: newest?.by,
    verifiedAtMicros: newest?.atMicros,
    verifiers: verifications.map(({ by }) => by),
  }
}

function queryOf(row: Row): SavedQuery {
  return {
    id: String(row['id']),
    name: String(row['name']),
    folder: String(row['folder']),
    description: String(row['description']),
    owner: String(row['owner']),
    audience: String(row['audience']) as QueryAudience,
    createdAtMicros: Number(row['created_at']),
    changedAtMicros: Number(row['changed_at']),
    latest: versionOf(row),
  }
}
