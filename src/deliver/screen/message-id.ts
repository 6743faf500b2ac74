// The id of an event. A sender's own id is kept; an event without one gets an id that a retry of the same request meets
// again only if the event says when it happened: two real clicks must not become one.
import { createHash } from 'node:crypto'

import { stringifyExact } from './parse.ts'
import { originalTimeOf, parseTime } from './time.ts'
import { transportKeys } from './walk.ts'

/** Text of an id as sent: numbers become their exact digits, all else but text is none (''). */
export function idText(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : ''
}

/** Keys sorted at every level, so that the same content gives the same text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  // Only plain objects: exact numbers pass through.
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value
  const object = value as Record<string, unknown>
  const entries = Object.keys(object)
    .sort()
    .map((key) => [key, sorted(object[key])])
  return Object.fromEntries(entries) as unknown
}

/** JSON of what an event says, without what its transport added: sentAt, receivedAt, writeKey, context.ip, … */
export function canonicalEvent(event: Readonly<Record<string, unknown>>): string {
  const content: [string, unknown][] = []
  for (const [key, value] of Object.entries(event)) {
    if (transportKeys.has(key)) continue
    const kept = key === 'context' ? withoutAddress(value) : value
    if (kept !== undefined) content.push([key, kept])
  }
  return stringifyExact(sorted(Object.fromEntries(content)))
}

/** Undefined: the context said nothing but the address. */
function withoutAddress(context: unknown): unknown {
  if (context === null || typeof context !== 'object' || !('ip' in context)) return context
  const entries = Object.entries(context).filter(([key]) => key !== 'ip')
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** `record` names the request and the place in it: the same whenever the buffer is read again. */
export function messageIdOf(event: Readonly<Record<string, unknown>>, source: string, record: string): string {
  const sent = idText(event['messageId'])
  if (sent !== '') return sent
  // `timestamp: null` or "yesterday" says nothing: the row takes the time of receiving, and so must the id.
  if (parseTime(originalTimeOf(event)) === undefined) return `r-${record}`
  const hash = createHash('sha256').update(source).update('\n').update(canonicalEvent(event))
  return `h-${hash.digest('hex').slice(0, 32)}`
}
