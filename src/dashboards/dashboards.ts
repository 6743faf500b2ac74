// Dashboards as their callers use them: who may change what, and what a tile asks of the query road, in the name of whoever looks.
//
//   dashboard's parameters + what was given ─▶ values ─▶ those that the tile's query names ─▶ request
import type { Control } from '../control/control.ts'
import type { Dashboard, DashboardContent, DashboardPlace, DashboardVersion, Tile } from '../control/dashboards.ts'
import type { Principal } from '../control/principals.ts'
import type { ParameterDefinition, ParameterSetting, QueryContent } from '../control/saved-queries.ts'
import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import { isZone } from '../core/zone.ts'
import { checkDefinitions, namedIn, queryParameters, resolveParameters, sameName } from '../jobs/parameters.ts'
import type { SavedQueries } from '../jobs/saved.ts'
import type { Port, QueryRequest } from '../query/contract.ts'

export interface DashboardsDeps {
  readonly control: Pick<Control, 'dashboards' | 'principalById'>
  readonly saved: SavedQueries
  readonly clock: Clock
}

type Settings = Readonly<Record<string, ParameterSetting>>

export const gridColumns = 12

/** Everybody who is signed in sees them. Errors of all: not-found; of changes: not-allowed, request-invalid, dashboard-exists. */
export class Dashboards {
  readonly #deps: DashboardsDeps

  constructor(deps: DashboardsDeps) {
    this.#deps = deps
  }

  list(): Dashboard[] {
    return this.#deps.control.dashboards.list()
  }

  get(id: string): Dashboard {
    return this.#deps.control.dashboards.get(id)
  }

  versions(id: string): DashboardVersion[] {
    return this.#deps.control.dashboards.versions(id)
  }

  add(place: DashboardPlace, content: DashboardContent, by: Principal): Dashboard {
    return this.#deps.control.dashboards.add(place, this.#checked(content, by), by.id)
  }

  /** Error besides: dashboard-changed if `version` is no longer the newest. */
  save(id: string, version: number, place: DashboardPlace, content: DashboardContent, by: Principal): Dashboard {
    this.#owned(id, by)
    return this.#deps.control.dashboards.save(id, version, place, this.#checked(content, by), by.id)
  }

  remove(id: string, by: Principal): void {
    this.#owned(id, by)
    this.#deps.control.dashboards.remove(id)
  }

  /**
   * For whoever lends rights to others' eyes (a mail, a page elsewhere): the newest version that they have seen, or that somebody
   * saved whose word counts: they themselves or an administrator. Else whoever may edit a tile would read with their rights.
   */
  trusted(id: string, lent: { readonly seen: number; readonly by: string | undefined }): DashboardVersion {
    const { principalById } = this.#deps.control
    const { latest } = this.get(id)
    const counts = ({ version, savedBy }: DashboardVersion): boolean =>
      version <= lent.seen || savedBy === lent.by || principalById(savedBy)?.role === 'admin'
    return this.versions(id).find(counts) ?? { ...latest, tiles: [] }
  }

  /** What a tile of such a version asks; a saved query in the version that somebody has verified whose word counts. */
  trustedRequest(
    dashboard: DashboardVersion & { readonly id: string },
    tile: Tile,
    given: Settings,
    caller: { readonly principal: Principal; readonly port: Port },
  ): QueryRequest {
    const asked =
      tile.query === undefined
        ? this.#own(dashboard, tile, given)
        : this.#ofQuery(dashboard, this.#deps.saved.verifiedFor(tile.query, caller.principal), given)
    return { ...asked, ...caller, onlyReads: true, labels: { dashboard: dashboard.id, tile: tile.id } }
  }

  /** What a tile asks. Errors: not-found, request-invalid. */
  request(
    id: string,
    tileId: string,
    given: Settings,
    caller: { readonly principal: Principal; readonly port: Port },
  ): QueryRequest {
    const dashboard = this.get(id)
    const { latest } = dashboard
    const tile = latest.tiles.find((one) => one.id === tileId)
    if (tile === undefined) throw new MillpondError('not-found', `"${dashboard.title}" has no such tile`)
    const unknown = Object.keys(given).find((name) => !latest.parameters.some((one) => sameName(one.name, name)))
    if (unknown !== undefined) throw new MillpondError('request-invalid', `The dashboard has no parameter ${unknown}`)
    const asked =
      tile.query === undefined
        ? this.#own(latest, tile, given)
        : this.#ofQuery(latest, this.#deps.saved.get(tile.query, caller.principal).latest, given)
    // Whoever opens the page asks, and has not read it.
    return { ...asked, ...caller, onlyReads: true, labels: { dashboard: dashboard.id, tile: tile.id } }
  }

  /** Parameters of the saved query that the dashboard has, too, take its value; others their own default. */
  #ofQuery(
    { parameters }: DashboardContent,
    content: QueryContent,
    given: Settings,
  ): Pick<QueryRequest, 'sql' | 'dialect' | 'parameters'> {
    const settings = content.parameters.flatMap(({ name }): [string, ParameterSetting][] => {
      const shared = parameters.find((one) => sameName(one.name, name))
      const setting = shared && settingOf(shared, given)
      return setting === undefined ? [] : [[name, setting]]
    })
    const values = resolveParameters(content.parameters, Object.fromEntries(settings), this.#moment(content.zone))
    return {
      sql: content.sql,
      dialect: content.dialect,
      parameters: queryParameters(content.parameters, values),
    }
  }

  #own(
    { parameters, zone }: DashboardContent,
    { sql = '', dialect = 'googlesql' }: Tile,
    given: Settings,
  ): Pick<QueryRequest, 'sql' | 'dialect' | 'parameters'> {
    const names = dialect === 'googlesql' ? namedIn(sql) : [...sql.matchAll(/\$(\w+)/g)].map(([, name = '']) => name)
    const wanted = parameters.filter(({ name }) => names.some((one) => sameName(one, name)))
    const settings = wanted.flatMap((definition): [string, ParameterSetting][] => {
      const setting = settingOf(definition, given)
      return setting === undefined ? [] : [[definition.name, setting]]
    })
    const values = resolveParameters(wanted, Object.fromEntries(settings), this.#moment(zone))
    return { sql, dialect, parameters: queryParameters(wanted, values) }
  }

  #moment(zone: string): { readonly ms: number; readonly zone: string } {
    return { ms: this.#deps.clock.nowMicros() / 1000, zone }
  }

  #owned(id: string, by: Principal): void {
    const { owner, title } = this.get(id)
    if (owner !== by.id && by.role !== 'admin')
      throw new MillpondError('not-allowed', `"${title}" is somebody else's: save a copy under another name`)
  }

  #checked(content: DashboardContent, by: Principal): DashboardContent {
    const { parameters, zone, tiles } = content
    if (!isZone(zone))
      throw new MillpondError('request-invalid', `"${zone.slice(0, 80)}" is no time zone: Asia/Taipei, UTC`)
    checkDefinitions(parameters, zone)
    const ids = new Set<string>()
    for (const { id, title, query, sql, place } of tiles) {
      const refused = (why: string): MillpondError =>
        new MillpondError('request-invalid', `The tile "${title || id}" ${why}`)
      if (ids.has(id)) throw refused('has the id of another one')
      ids.add(id)
      if ((query === undefined) === (sql === undefined))
        throw refused('asks a saved query or SQL of its own: one of them')
      if (query !== undefined) this.#deps.saved.get(query, by)
      if (place.x + place.width > gridColumns) throw refused(`reaches beyond the ${gridColumns} columns`)
    }
    return content
  }
}

/** By name, in any case: @Day is @day. */
function settingOf({ name, default: standard }: ParameterDefinition, given: Settings): ParameterSetting | undefined {
  const found = Object.keys(given).find((one) => sameName(one, name))
  return (found === undefined ? undefined : given[found]) ?? standard
}
