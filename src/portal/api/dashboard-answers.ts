// What the API is asked and answers about dashboards, as types alone (see answers.ts).
import type { DashboardContent, DashboardPlace } from '../../control/dashboards.ts'
import type { ParameterSetting } from '../../control/saved-queries.ts'

export type { DashboardContent, DashboardPlace, Place, Tile } from '../../control/dashboards.ts'

export type DashboardAsked = DashboardPlace & DashboardContent

/** The newest version. */
export interface DashboardAnswer extends DashboardPlace, DashboardContent {
  readonly id: string
  readonly version: number
  /** Handles, here and below. */
  readonly owner: string | undefined
  readonly savedBy: string | undefined
  readonly savedAt: string
  readonly createdAt: string
  /** By whoever asks. */
  readonly isMine: boolean
}

export interface DashboardListed extends DashboardPlace {
  readonly id: string
  readonly tiles: number
  readonly owner: string | undefined
  readonly savedAt: string
}

export interface DashboardVersionAnswer extends DashboardContent {
  readonly version: number
  readonly savedBy: string | undefined
  readonly savedAt: string
}

export interface TileAsked {
  /** Of the dashboard, by name; absent: its default. */
  readonly parameters: Readonly<Record<string, ParameterSetting>>
}
