// Dashboards: tiles on a grid of twelve columns, each a chart of a saved query or of SQL of its own, with parameters that all of them
// share. Every version that was saved is kept. Types alone, so that the browser shares them.
import type { ParameterDefinition } from './saved-queries.ts'

/** In columns and rows of the grid, from 0. */
export interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Tile {
  /** Within its dashboard. */
  readonly id: string
  readonly title: string
  /** Id of a saved query, or its `folder/name`; else `sql`. */
  readonly query?: string | undefined
  readonly sql?: string | undefined
  readonly dialect?: 'googlesql' | 'duckdb' | undefined
  /** As charts/read-chart.ts reads it. */
  readonly chart: Readonly<Record<string, unknown>>
  readonly place: Place
}

export interface DashboardContent {
  readonly parameters: readonly ParameterDefinition[]
  /** IANA name: where "today" is, and in which times are told. */
  readonly zone: string
  readonly tiles: readonly Tile[]
  /** How often an open page looks for newer data; undefined: when it is loaded. */
  readonly refreshSeconds?: number | undefined
}

export interface DashboardPlace {
  /** In its address. */
  readonly slug: string
  readonly title: string
  readonly description: string
}

export interface DashboardVersion extends DashboardContent {
  readonly version: number
  /** Id of a principal, here and in `owner`. */
  readonly savedBy: string
  readonly savedAtMicros: number
}

export interface Dashboard extends DashboardPlace {
  readonly id: string
  readonly owner: string
  readonly createdAtMicros: number
  readonly changedAtMicros: number
  readonly latest: DashboardVersion
}
