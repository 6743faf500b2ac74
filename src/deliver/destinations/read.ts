// Reads what events of Segment's spec say, of whatever type it was sent as.
import { isObject, parseObject } from '../../core/json-object.ts'
import type { Json, OutgoingEvent } from './destination.ts'

export function objectOf(value: unknown): Json {
  return isObject(value) ? value : {}
}

/** Of an answer; {} if it is none. */
export function jsonOf(body: string): Json {
  return parseObject(body) ?? {}
}

/** '' = none. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value.trim()
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : ''
}

/** A number, or a text that is one: prices come as both. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value.trim())) return Number(value)
  return undefined
}

export function contextOf({ event }: OutgoingEvent): Json {
  return objectOf(event['context'])
}

/** Options that an event carries for one destination. */
export function optionsOf({ event }: OutgoingEvent, names: readonly string[]): Json {
  const integrations = objectOf(event['integrations'])
  for (const name of names) {
    const options = objectOf(integrations[name] ?? integrations[`${name} (Actions)`])
    if (Object.keys(options).length > 0) return options
  }
  return {}
}

/** The products of an event: its list, or itself if it is about one. */
export function productsOf(properties: Json): readonly Json[] {
  const list = properties['products']
  if (Array.isArray(list)) return (list as unknown[]).map(objectOf)
  return textOf(properties['product_id'] ?? properties['sku']) === '' ? [] : [properties]
}

/** What an order is worth. */
export function valueOf(properties: Json): number | undefined {
  for (const name of ['value', 'revenue', 'total', 'price']) {
    const value = numberOf(properties[name])
    if (value !== undefined) return value
  }
  return undefined
}

/** "Order Completed" and "order_completed" are the same event of the spec. */
export function specName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ')
}
