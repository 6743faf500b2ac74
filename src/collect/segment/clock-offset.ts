// How wrong a sender's clock is. Segment's formula moves each event by receivedAt - sentAt of its own request, which is
// wrong by the time a request took, and by days where `sentAt` is not the time of sending. Instead, the least of a device's
// last offsets is used: no request arrives before it was sent, so the least is nearest to the truth.
//
//   client SDK with sentAt? ──no──> believe the sender
//        │ yes: raw = receivedAt - sentAt
//   sentAt without a zone?  (Flutter: the wall clock of wherever the phone is) ──yes──> 'batch'
//        │ no
//   late file?  (Swift, Kotlin, C#, Unity stamp sentAt when the batch file closes; 5 min < raw ≤ 366 days)
//        ├─ yes: not remembered ── 2 offsets known? ──> 'device', else believe the sender
//        └─ no:  remembered     ── 2 offsets known? ──> 'device', else 'batch'
//   under a second: believe the sender
import { LRUCache } from 'lru-cache'

import type { RequestMeta } from '../../core/event.ts'
import { isClientSdk, stampsSentAtEarly } from './library.ts'
import { isObject, type JsonObject } from '../../core/json-object.ts'

export type ClockCorrection = NonNullable<RequestMeta['clock']>

export interface ClockRequest {
  readonly source: string
  readonly via: RequestMeta['via']
  readonly library: string | undefined
  readonly root: JsonObject
  readonly first: JsonObject | undefined
  readonly receivedAtMicros: number
}

export interface DeviceClocks {
  /** Undefined: believe the sender. Remembers the device's offset. */
  correct(request: ClockRequest): ClockCorrection | undefined
}

const offsetsPerDeviceMax = 10
const offsetsKnownMin = 2
/** Less is the way through the network, not the clock; moving events by it would only blur them. */
const noiseMs = 1_000
const lateFileMsMin = 5 * 60_000
/** A file older than this is not late: its clock was never set. */
const lateFileMsMax = 366 * 86_400_000
/** Ids are UUIDs or hashes; they stay in memory, and a sender may write megabytes there. */
const deviceIdCharsMax = 256

export function createDeviceClocks(devicesMax: number): DeviceClocks {
  const devices = devicesMax === 0 ? undefined : new LRUCache<string, number[]>({ max: devicesMax })

  return {
    correct(request) {
      const { root, first, library } = request
      if (!isClientSdk(library, request.via)) return undefined
      const sentAt = root['sentAt'] ?? first?.['sentAt']
      const sentAtMs = readTime(sentAt)
      if (sentAtMs === undefined) return undefined

      const rawMs = Math.round(request.receivedAtMicros / 1000 - sentAtMs)
      // The event's own times are wall clock too; the zone changes with summer and with travel, so nothing is learned.
      if (isWallClock(sentAt)) return choose([rawMs], false)
      const device = first === undefined ? undefined : deviceOf(first)
      const key = `${request.source} ${device}`
      let offsets = (device === undefined ? undefined : devices?.get(key)) ?? []
      const isLateFile = stampsSentAtEarly(library) && rawMs > lateFileMsMin && rawMs <= lateFileMsMax
      if (!isLateFile) {
        offsets = [...offsets.slice(-(offsetsPerDeviceMax - 1)), rawMs]
        if (device !== undefined) devices?.set(key, offsets)
      }
      return choose(offsets, isLateFile)
    },
  }
}

function choose(offsets: readonly number[], isLateFile: boolean): ClockCorrection | undefined {
  const isKnown = offsets.length >= offsetsKnownMin
  if (isLateFile && !isKnown) return undefined
  const offsetMs = Math.min(...offsets)
  if (Math.abs(offsetMs) < noiseMs) return undefined
  return { offsetMs, method: isKnown ? 'device' : 'batch' }
}

function isDeviceId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= deviceIdCharsMax
}

function deviceOf(event: JsonObject): string | undefined {
  const { context, anonymousId } = event
  const device = isObject(context) ? context['device'] : undefined
  const id = isObject(device) ? device['id'] : undefined
  return [id, anonymousId].find(isDeviceId)
}

const isoTime = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i
/** As milliseconds this is March 1973: numbers below are seconds. */
const secondsMax = 100_000_000_000

function isWallClock(value: unknown): boolean {
  return typeof value === 'string' && value.length > 10 && isoTime.exec(value)?.[1] === undefined
}

/** Milliseconds since the epoch of an ISO 8601 text (without a zone: UTC) or of a number of milliseconds or seconds. */
export function readTime(value: unknown): number | undefined {
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || value <= 0) return undefined
    return value < secondsMax ? value * 1000 : value
  }
  if (typeof value !== 'string') return undefined
  const match = isoTime.exec(value)
  if (match === null) return undefined
  // Without a zone Date.parse would take our own; a bare date it takes as UTC already.
  const zoned = match[1] === undefined && value.length > 10 ? `${value}Z` : value
  const ms = Date.parse(zoned)
  return Number.isNaN(ms) ? undefined : ms
}
