// From a line of a file to an event of the Segment protocol. An event that is one already goes through byte for byte; ids are
// made so that the same content gets the same id whenever it comes again:
//
//   messageId (or $insert_id, or a mapped column)  ──▶ kept
//   else the event says when it happened           ──▶ none; the engine takes a hash of the whole event
//   else                                           ──▶ i-<hash of the line>-<its number in the file>
import { createHash } from 'node:crypto'

import { eventTypes } from '../../core/event.ts'
import { rawNumber } from './exact-json.ts'
import type { ColumnMapping } from './mapping.ts'
import { readObject } from './read-object.ts'
import { isObject, isoTime, isTimeOfEngine, type Json, textOf } from './values.ts'

export type Converted =
  | { readonly kind: 'event'; readonly bytes: Uint8Array; readonly hasTime: boolean }
  | { readonly kind: 'skipped'; readonly reason: string }

/** `row` counts from 1: the line, or the row of a table. Never throws for what a file may hold. */
export type Convert = (text: string, bytes: Uint8Array | undefined, row: number) => Converted

const types = new Set<unknown>(eventTypes)

function skipped(reason: string): Converted {
  return { kind: 'skipped', reason }
}

export const convertSegment: Convert = (line, lineBytes, row) => {
  const found = readObject(line)
  if (found.value === undefined) return skipped(found.reason)
  const { value: event, text } = found
  const bytes = text === line ? lineBytes : undefined
  const { type } = event
  if (!types.has(type)) return skipped(`its type is none of ${eventTypes.join(', ')}`)
  if (type === 'track' && textOf(event['event']) === '') return skipped('the event has no name')
  if (textOf(event['userId']) === '' && textOf(event['anonymousId']) === '')
    return skipped('it has neither userId nor anonymousId')
  const added: Record<string, unknown> = {}
  const own = event['timestamp'] ?? event['originalTimestamp']
  let time = isoTime(own)
  if (own === undefined || own === null) {
    // Archives keep when Segment received an event that said no time.
    time = isoTime(event['receivedAt']) ?? isoTime(event['sentAt'])
    if (time !== undefined) added['timestamp'] = time
  } else if (time !== undefined && !(typeof own === 'string' && isTimeOfEngine(own))) added['timestamp'] = time
  if (textOf(event['messageId']) === '' && time === undefined) added['messageId'] = rowId(text, row)
  return { kind: 'event', bytes: withFields(event, text, bytes, added), hasTime: time !== undefined }
}

/** Fields before all others, so that the rest stays byte for byte; a field that is there, as null or so, is replaced. */
function withFields(event: Json, text: string, bytes: Uint8Array | undefined, added: Json): Uint8Array {
  const names = Object.keys(added)
  if (names.length === 0) return bytes ?? Buffer.from(text)
  if (names.some((name) => Object.hasOwn(event, name))) return Buffer.from(JSON.stringify({ ...event, ...added }))
  const rest = text.slice(text.indexOf('{') + 1)
  return Buffer.from(`${JSON.stringify(added).slice(0, -1)},${rest}`)
}

function rowId(text: string, row: number): string {
  return `i-${createHash('sha256').update(text.trim()).digest('hex').slice(0, 32)}-${row}`
}

/** Devices that Mixpanel knows by no user. */
const mixpanelDevice = '$device:'

export const convertMixpanel: Convert = (text, _bytes, row) => {
  const found = readObject(text)
  if (found.value === undefined) return skipped(found.reason)
  const line = found.value
  const { properties } = line
  if (!isObject(properties)) return skipped('it is no event of a Mixpanel export')
  const name = textOf(line['event'])
  if (name === '') return skipped('the event has no name')
  const { time, distinct_id: distinctId, $insert_id: insertId, ...rest } = properties
  const timestamp = isoTime(time)
  if (timestamp === undefined) return skipped('its `time` is no time')
  const people = peopleOf(textOf(distinctId), properties)
  if (people === undefined) return skipped('its `distinct_id` is empty')
  const sentId = textOf(insertId)
  const messageId = sentId === '' ? undefined : sentId
  return finish({ type: 'track', messageId, timestamp, event: name, ...people, properties: rest }, text, row)
}

/** Projects with simplified id merge say both ids; older ones only `distinct_id`, which may be either. */
function peopleOf(distinctId: string, properties: Json): { userId?: string; anonymousId?: string } | undefined {
  const userId = textOf(properties['$user_id'])
  const deviceId = textOf(properties['$device_id'])
  const anonymousId =
    deviceId === '' && distinctId.startsWith(mixpanelDevice) ? distinctId.slice(mixpanelDevice.length) : deviceId
  const isDevice = distinctId.startsWith(mixpanelDevice) || distinctId === deviceId
  const user = userId === '' && !isDevice ? distinctId : userId
  if (user === '' && anonymousId === '') return undefined
  return { ...(user === '' ? {} : { userId: user }), ...(anonymousId === '' ? {} : { anonymousId }) }
}

/** How the text of a CSV column is read. */
export type TextTypes = ReadonlyMap<string, 'number' | 'boolean'>

/** Rows of a table, or objects of any shape. */
export function createRowConvert({ columns, eventName }: ColumnMapping, textTypes: TextTypes = new Map()): Convert {
  return (text, _bytes, row) => {
    const found = readObject(text)
    if (found.value === undefined) return skipped(found.reason)
    const fields = found.value
    const of = (column: string | undefined): unknown => (column === undefined ? undefined : valueAt(fields, column))
    const type = (textOf(of(columns.type)) || 'track').toLowerCase()
    if (!types.has(type)) return skipped(`its type is none of ${eventTypes.join(', ')}`)
    const name = textOf(of(columns.event)) || (eventName ?? '')
    if (type === 'track' && name === '') return skipped('the event has no name')
    const userId = textOf(of(columns.userId))
    const anonymousId = textOf(of(columns.anonymousId))
    if (userId === '' && anonymousId === '') return skipped('it has neither user id nor anonymous id')
    const writtenTime = of(columns.timestamp)
    const timestamp = isoTime(writtenTime)
    if (timestamp === undefined && writtenTime !== undefined && writtenTime !== null && textOf(writtenTime) !== '')
      return skipped(`its time can't be read: ${textOf(writtenTime).slice(0, 40)}`)
    const messageId = textOf(of(columns.messageId))
    const { context, data } = restOf(fields, columns, textTypes)
    const event = {
      type,
      ...(messageId === '' ? {} : { messageId }),
      ...(timestamp === undefined ? {} : { timestamp }),
      ...(name === '' ? {} : type === 'track' ? { event: name } : { name }),
      ...(userId === '' ? {} : { userId }),
      ...(anonymousId === '' ? {} : { anonymousId }),
      ...(context === undefined ? {} : { context }),
      [type === 'identify' || type === 'group' ? 'traits' : 'properties']: data,
    }
    return finish(event, text, row)
  }
}

/** `properties.plan` of --map is looked for inside, unless a column is called so. */
function valueAt(fields: Json, column: string): unknown {
  if (Object.hasOwn(fields, column)) return fields[column]
  let value: unknown = fields
  for (const part of column.split('.')) value = isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined
  return value
}

/**
 * Everything that is no field of the event; columns of Segment's tables named `context_…` go back to the context. A column
 * beside a property of the same name is kept as `<name>_column`.
 */
function restOf(
  fields: Json,
  columns: ColumnMapping['columns'],
  textTypes: TextTypes,
): { context: Json | undefined; data: Json } {
  const used = new Set(Object.values(columns))
  const context: [string, unknown][] = []
  const data = new Map<string, unknown>()
  const properties = columns.properties === undefined ? undefined : valueAt(fields, columns.properties)
  const inside = typeof properties === 'string' ? readObject(properties).value : properties
  if (isObject(inside)) for (const [name, value] of Object.entries(inside)) data.set(name, value)
  else if (columns.properties !== undefined) used.delete(columns.properties)
  for (const [name, value] of Object.entries(fields)) {
    if (used.has(name) || value === null) continue
    const read = typeof value === 'string' ? readText(value, textTypes.get(name)) : value
    if (name.startsWith('context_')) context.push([name.slice('context_'.length), read])
    else data.set(freeName(name, data, fields), read)
  }
  return { context: context.length === 0 ? undefined : Object.fromEntries(context), data: Object.fromEntries(data) }
}

function freeName(name: string, data: ReadonlyMap<string, unknown>, fields: Json): string {
  let free = name
  while (data.has(free) || (free !== name && Object.hasOwn(fields, free))) free += '_column'
  return free
}

const numberText = /^-?(?:0|[1-9]\d{0,30})(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?$/

function readText(text: string, type: 'number' | 'boolean' | undefined): unknown {
  if (type === 'number' && numberText.test(text)) return rawNumber(text)
  if (type === 'boolean' && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  return text
}

/** A column is of numbers or truths if all its values in the sample are; `007` is no number but a text. */
export function textTypesOf(sample: readonly string[]): TextTypes {
  const found = new Map<string, 'number' | 'boolean' | 'text'>()
  for (const text of sample) {
    for (const [name, value] of Object.entries(readObject(text).value ?? {})) {
      if (typeof value !== 'string') continue
      const type = numberText.test(value) ? 'number' : /^(?:true|false)$/i.test(value) ? 'boolean' : 'text'
      const before = found.get(name)
      found.set(name, before === undefined || before === type ? type : 'text')
    }
  }
  const types: [string, 'number' | 'boolean'][] = []
  for (const [name, type] of found) if (type !== 'text') types.push([name, type])
  return new Map(types)
}

function finish(
  event: Json & { readonly timestamp?: string; readonly messageId?: unknown },
  text: string,
  row: number,
): Converted {
  const hasTime = event.timestamp !== undefined
  const whole = event.messageId === undefined && !hasTime ? { ...event, messageId: rowId(text, row) } : event
  return { kind: 'event', bytes: Buffer.from(JSON.stringify(whole)), hasTime }
}
