// The catalogue of one session: what the person may see, as tables of Postgres, put into the session when a statement reads them.
import type { Principal } from '../../../control/principals.ts'
import type { Clock } from '../../../core/clock.ts'
import type { EngineValue } from '../../../warehouse/session.ts'
import type { QueryRoad, QuerySession, VisibleTable } from '../../contract.ts'
import type { Identity } from '../rewrite/types.ts'
import type { Settings } from '../statements/settings.ts'
import { catalogContent, type CatalogInput, type CatalogRow } from './content.ts'
import { informationContent } from './content-information.ts'
import { informationPrefix, shapes } from './shapes.ts'
import { fingerprintOf, type Snapshot, snapshotOf } from './snapshot.ts'

export interface CatalogDeps {
  readonly session: Pick<QuerySession, 'putInlineTable'>
  readonly road: Pick<QueryRoad, 'visibleTables' | 'jobs'>
  readonly principal: Principal
  readonly identity: Identity
  readonly settings: Settings
  readonly clock: Clock
}

/** Tools ask dozens of questions in a row when they connect; tables that came since then may wait so long. */
const freshMs = 2_000
/** Other each time. */
const livingRelations: ReadonlySet<string> = new Set(['pg_stat_activity', 'pg_settings'])

export class Catalog {
  readonly #deps: CatalogDeps
  #snapshot: Snapshot | undefined
  #visible: readonly VisibleTable[] = []
  #askedMs = Number.NEGATIVE_INFINITY
  /** Relation -> fingerprint of the snapshot that it was made from. */
  readonly #put = new Map<string, string>()

  constructor(deps: CatalogDeps) {
    this.#deps = deps
  }

  async names(): Promise<Snapshot> {
    const { road, principal, clock } = this.#deps
    const nowMs = clock.monotonicMs()
    if (this.#snapshot !== undefined && nowMs - this.#askedMs < freshMs) return this.#snapshot
    const visible = await road.visibleTables(principal)
    this.#askedMs = nowMs
    this.#visible = visible
    if (this.#snapshot?.fingerprint !== fingerprintOf(visible)) this.#snapshot = snapshotOf(visible)
    return this.#snapshot ?? snapshotOf(visible)
  }

  async tables(): Promise<readonly VisibleTable[]> {
    await this.names()
    return this.#visible
  }

  /** The session has these relations then, as they are now. */
  async put(relations: ReadonlySet<string>, query: string): Promise<void> {
    const { session, road, principal, identity, settings } = this.#deps
    const snapshot = await this.names()
    for (const name of relations) {
      if (this.#put.get(name) === snapshot.fingerprint && !livingRelations.has(name)) continue
      const jobs = name === 'pg_stat_activity' ? road.jobs(principal) : []
      const columns = shapes.get(name) ?? []
      const rows = rowsOf(name, { snapshot, identity, settings, jobs, query })
      await session.putInlineTable({
        name,
        columns,
        rows: rows.map((row) => columns.map((column): EngineValue => row[column.name] ?? null)),
      })
      this.#put.set(name, snapshot.fingerprint)
    }
  }

  /** A statement of this session made or dropped a table. */
  changed(): void {
    this.#askedMs = Number.NEGATIVE_INFINITY
  }

  /** A transaction was rolled back, and tables that were put within it are gone. */
  forget(): void {
    this.#put.clear()
    this.changed()
  }
}

function rowsOf(name: string, input: CatalogInput): readonly CatalogRow[] {
  const bare = name.startsWith(informationPrefix) ? name.slice(informationPrefix.length) : undefined
  const make = bare === undefined ? catalogContent[name] : informationContent[bare]
  return make?.(input) ?? []
}
