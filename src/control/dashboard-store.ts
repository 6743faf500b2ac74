// Dashboards in SQLite. A save is a new version; a removal takes all of them.
import type { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Audit } from './audit.ts'
import type { Dashboard, DashboardContent, DashboardPlace, DashboardVersion } from './dashboards.ts'
import { isTaken } from './query-store.ts'
import { transaction } from './transaction.ts'
import { type Random, randomBase62 } from './write-keys.ts'

export interface DashboardStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly random: Random
  readonly audit: Audit
}

type Row = Record<string, string | number | null>

const versionColumns = 'v.version, v.content, v.saved_by, v.saved_at'
const newest = `SELECT d.id, d.slug, d.title, d.description, d.owner, d.created_at, d.changed_at, ${versionColumns}
  FROM dashboards d JOIN dashboard_versions v ON v.dashboard = d.id AND v.version = d.version`

export class DashboardStore {
  readonly #deps: DashboardStoreDeps

  constructor(deps: DashboardStoreDeps) {
    this.#deps = deps
  }

  list(): Dashboard[] {
    return this.#all(`${newest} ORDER BY d.title, d.slug`).map(dashboardOf)
  }

  /** By id or slug. Error: not-found. */
  get(id: string): Dashboard {
    // An id comes first: a slug may be chosen to look like somebody else's.
    const [row] = this.#all(`${newest} WHERE d.id = ? OR d.slug = ? ORDER BY d.id <> ?`, id, id, id)
    if (row === undefined) throw new MillpondError('not-found', `There is no dashboard "${id.slice(0, 200)}"`)
    return dashboardOf(row)
  }

  /** Newest first. Error: not-found. */
  versions(id: string): DashboardVersion[] {
    const { id: own } = this.get(id)
    const sql = `SELECT ${versionColumns} FROM dashboard_versions v WHERE v.dashboard = ? ORDER BY v.version DESC`
    return this.#all(sql, own).map(versionOf)
  }

  /** Error: dashboard-exists. */
  add(place: DashboardPlace, content: DashboardContent, by: string): Dashboard {
    const { random, clock } = this.#deps
    const id = randomBase62(random, 12)
    const now = clock.nowMicros()
    return this.#named(place, () => {
      this.#run(
        'INSERT INTO dashboards (id, slug, title, description, owner, version, created_at, changed_at) VALUES (?, ?, ?, ?, ?, 1, ?, ?)',
        id,
        place.slug,
        place.title,
        place.description,
        by,
        now,
        now,
      )
      this.#addVersion(id, 1, content, by)
      return this.get(id)
    })
  }

  /** `version`: the one that was changed. Errors: not-found, dashboard-exists, dashboard-changed if there is a newer one. */
  save(id: string, version: number, place: DashboardPlace, content: DashboardContent, by: string): Dashboard {
    return this.#named(place, () => {
      const old = this.get(id)
      if (old.latest.version !== version) {
        throw new MillpondError(
          'dashboard-changed',
          `Somebody saved version ${old.latest.version} of "${old.title}" meanwhile; load it and change it again`,
        )
      }
      const isSame = textOf(old.latest) === textOf(content)
      const next = isSame ? version : version + 1
      if (!isSame) this.#addVersion(old.id, next, content, by)
      this.#run(
        'UPDATE dashboards SET slug = ?, title = ?, description = ?, version = ?, changed_at = ? WHERE id = ?',
        place.slug,
        place.title,
        place.description,
        next,
        this.#deps.clock.nowMicros(),
        old.id,
      )
      return this.get(old.id)
    })
  }

  /** Error: not-found. */
  remove(id: string): void {
    const { id: own, slug } = this.get(id)
    transaction(this.#deps.database, 'COMMIT', () => {
      this.#run('DELETE FROM dashboard_versions WHERE dashboard = ?', own)
      this.#run('DELETE FROM dashboards WHERE id = ?', own)
      this.#deps.audit.add('dashboard.remove', own, { slug })
    })
  }

  #addVersion(id: string, version: number, content: DashboardContent, by: string): void {
    this.#run(
      'INSERT INTO dashboard_versions (dashboard, version, content, saved_by, saved_at) VALUES (?, ?, ?, ?, ?)',
      id,
      version,
      textOf(content),
      by,
      this.#deps.clock.nowMicros(),
    )
  }

  #named<Result>({ slug }: DashboardPlace, work: () => Result): Result {
    try {
      return transaction(this.#deps.database, 'COMMIT', work)
    } catch (error) {
      if (!isTaken(error)) throw error
      throw new MillpondError('dashboard-exists', `There is a dashboard "${slug}" already`, { cause: error })
    }
  }

  #all(sql: string, ...values: readonly (string | number)[]): Row[] {
    return this.#deps.database.prepare(sql).all(...values) as Row[]
  }

  #run(sql: string, ...values: readonly (string | number)[]): void {
    this.#deps.database.prepare(sql).run(...values)
  }
}

function textOf({ parameters, zone, tiles, refreshSeconds }: DashboardContent): string {
  return JSON.stringify({ parameters, zone, tiles, refreshSeconds })
}

function versionOf(row: Row): DashboardVersion {
  return {
    ...(JSON.parse(String(row['content'])) as DashboardContent),
    version: Number(row['version']),
    savedBy: String(row['saved_by']),
    savedAtMicros: Number(row['saved_at']),
  }
}

function dashboardOf(row: Row): Dashboard {
  return {
    id: String(row['id']),
    slug: String(row['slug']),
    title: String(row['title']),
    description: String(row['description']),
    owner: String(row['owner']),
    createdAtMicros: Number(row['created_at']),
    changedAtMicros: Number(row['changed_at']),
    latest: versionOf(row),
  }
}
