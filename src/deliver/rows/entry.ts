// One entry of a Forward body, read: its time, its record, and what a v1.5 sender says about it. And the markers between
// entries, by which Fluent Bit says once what a group of entries shares.
import { arrayLength, groupMarkerOf, insideOf, mapLength, skipValue } from '../../core/msgpack.ts'
import { isObject } from '../../core/json-object.ts'
import { columnJson } from '../screen/parse.ts'
import type { MsgpackDecoder } from './decode.ts'
import { timeOf } from './convert.ts'

type Json = Readonly<Record<string, unknown>>

/** Microseconds of the year 10000: no column holds what lies behind. */
const microsMax = 253_402_300_800_000_000

/** One object, written anew for each entry. */
export interface Entry {
  row: Json
  metadata: Json | undefined
  /** Microseconds, as the sender wrote them; undefined: none, or none that can be read. */
  timeMicros: number | undefined
  /** A time that can't be read. */
  oddTime: unknown
}

/** What a group's start says for the entries up to its end. */
export interface Group {
  /** Bytes of the marker itself, so that a letter can carry it. */
  readonly start: number
  readonly end: number
  readonly json: string
  readonly service: string | undefined
}

/** True: the bytes at `start` are `[time, map]` or `[[time, metadata], map]`. The value there is whole. */
export function isEntry(bytes: Uint8Array, start: number, end: number): boolean {
  if (arrayLength(bytes, start) !== 2) return false
  const timeAt = insideOf(bytes, start)
  const recordAt = skipValue(bytes, timeAt, end)
  if (mapLength(bytes, recordAt) === undefined) return false
  const parts = arrayLength(bytes, timeAt)
  if (parts === undefined) return isTime(bytes, timeAt)
  if (parts < 1 || parts > 2) return false
  const at = insideOf(bytes, timeAt)
  if (!isTime(bytes, at)) return false
  return parts === 1 || isMapOrNil(bytes, skipValue(bytes, at, end))
}

/** nil, a number, EventTime, or a text. */
function isTime(bytes: Uint8Array, at: number): boolean {
  const head = bytes[at] ?? 0
  if (head < 0x80 || head === 0xc0 || head >= 0xe0) return true
  if ((head >= 0xa0 && head < 0xc0) || (head >= 0xca && head <= 0xd3) || (head >= 0xd9 && head <= 0xdb)) return true
  return isEventTime(bytes, at)
}

function isEventTime(bytes: Uint8Array, at: number): boolean {
  return (
    (bytes[at] === 0xd7 && bytes[at + 1] === 0) || (bytes[at] === 0xc7 && bytes[at + 1] === 8 && bytes[at + 2] === 0)
  )
}

function isMapOrNil(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xc0 || mapLength(bytes, at) !== undefined
}

/** Reads an entry that `isEntry` has seen, from bytes that the decoder has open. */
export function readEntry(bytes: Uint8Array, start: number, decoder: MsgpackDecoder, entry: Entry): void {
  decoder.begin(insideOf(bytes, start))
  const parts = arrayLength(bytes, decoder.at)
  if (parts !== undefined) decoder.at = insideOf(bytes, decoder.at)
  readTime(bytes, decoder, entry)
  const metadata = parts === 2 ? decoder.read(1) : undefined
  entry.metadata = isFilled(metadata) ? metadata : undefined
  // Nobody knows where the record begins if reading stopped before it.
  entry.row = decoder.tooManyKeys ? {} : (decoder.read(1) as Json)
}

function readTime(bytes: Uint8Array, decoder: MsgpackDecoder, entry: Entry): void {
  const { at } = decoder
  let micros: number | undefined
  entry.oddTime = undefined
  if (isEventTime(bytes, at)) {
    const secondsAt = at + (bytes[at] === 0xd7 ? 2 : 3)
    micros = uint32At(bytes, secondsAt) * 1e6 + Math.floor(uint32At(bytes, secondsAt + 4) / 1000)
    decoder.at = secondsAt + 8
    // What comes without a clock says zero.
    if (micros < 1e6) micros = undefined
  } else {
    const value = decoder.read(1)
    if (typeof value === 'number' || typeof value === 'bigint') micros = Math.round(Number(value) * 1e6)
    else micros = timeOf(value)
    if (value === 0) micros = undefined
    else if (value !== null && (micros === undefined || Math.abs(micros) >= microsMax)) {
      micros = undefined
      entry.oddTime = value
    }
  }
  entry.timeMicros = micros
}

function uint32At(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) * 16_777_216 +
    (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number))
  )
}

function isFilled(value: unknown): value is Json {
  return isObject(value) && Object.keys(value).length > 0
}

/** The group that a start marker begins; undefined for an end, and for a start that says nothing, or too much. */
export function readGroup(
  bytes: Uint8Array,
  start: number,
  end: number,
  decoder: MsgpackDecoder,
  bytesMax: number,
): Group | undefined {
  if (groupMarkerOf(bytes, start) !== 'start' || end - start > bytesMax) return undefined
  decoder.begin(start)
  const [time, body] = decoder.read(0) as unknown[]
  const metadata: unknown = Array.isArray(time) ? time[1] : undefined
  const said = { ...(isObject(body) ? body : {}), ...(isFilled(metadata) ? { group: metadata } : {}) }
  if (decoder.tooDeep || decoder.tooManyKeys || !isFilled(said)) return undefined
  return { start, end, json: columnJson(said, decoder.isExact), service: serviceOf(said) }
}

/** OpenTelemetry's name of what runs. */
function serviceOf(said: Json): string | undefined {
  const resource = said['resource']
  const attributes = isObject(resource) ? resource['attributes'] : undefined
  const name = isObject(attributes) ? attributes['service.name'] : undefined
  return typeof name === 'string' && name !== '' ? name : undefined
}
