// What a destination's owner says about events before they go: which of them, with which fields, and as what. In this order:
//
//   calls, events ─▶ sample ─▶ filter ─▶ fields (only, not, hash) ─▶ mapping ─▶ function ─▶ the type's own mapping
//
// A mapping and a function never see a field that was taken away: whatever they do, it doesn't leave.
// docs/guide/destinations.md says it for people.
import type { EventType } from '../../../core/event.ts'

export interface RoutingRules {
  /** Calls of the spec. Absent: all of them. */
  readonly calls?: readonly EventType[] | undefined
  /** Names of track, page and screen calls; other calls have none and pass. */
  readonly events?:
    | { readonly only?: readonly string[] | undefined; readonly not?: readonly string[] | undefined }
    | undefined
  /** JSONata; the event goes if its value counts as true. */
  readonly filter?: string | undefined
  readonly sample?: { readonly percent: number; readonly by: 'person' | 'event' } | undefined
  readonly fields?: FieldRules | undefined
  /** JSONata; fields of the object that it gives take the place of the event's. */
  readonly mapping?: string | undefined
  /** JavaScript or TypeScript: `onEvent`, `onTrack` … as in Segment's functions. */
  readonly code?: string | undefined
}

/** Paths as `properties.email`, `context.traits.*`; `*` is any key, `\.` a dot within one. */
export interface FieldRules {
  /** Of `properties`, `traits` and `context.traits` nothing but these. */
  readonly only?: readonly string[] | undefined
  readonly not?: readonly string[] | undefined
  /** Replaced by the SHA-256 of the trimmed, lower-case text, in hexadecimal digits. */
  readonly hash?: readonly string[] | undefined
}

/** Needs a machine for scripts. */
export function hasScript({ filter, mapping, code }: RoutingRules): boolean {
  return filter !== undefined || mapping !== undefined || code !== undefined
}
