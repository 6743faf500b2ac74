// What the engine (parent) and a rebuild process (child) say to each other: one question at a time, one answer for each.
import type { StreamPosition } from '../../warehouse/driver.ts'
import type { FinishOrder, RebuildOrder, RebuildResult } from './job.ts'

export type ToRebuild =
  | { readonly kind: 'begin'; readonly order: RebuildOrder }
  | { readonly kind: 'advance'; readonly until: readonly StreamPosition[] | undefined }
  | { readonly kind: 'finish'; readonly order: FinishOrder }

export type FromRebuild =
  /** The answer to `begin` and `advance`. */
  | { readonly kind: 'done'; readonly positions: readonly StreamPosition[] }
  | { readonly kind: 'finished'; readonly result: RebuildResult }
  | { readonly kind: 'failed'; readonly message: string }
  /** Unasked, now and then. */
  | { readonly kind: 'progress'; readonly eventsLoaded: number }
