// Fields that don't leave, and fields that leave as a hash. Pure, and never on the event itself, which others send as well.
import { createHash } from 'node:crypto'

import type { Json } from '../destination.ts'
import type { FieldRules } from './rules.ts'
import { isObject } from '../../../core/json-object.ts'

type Path = readonly string[]
type Change = (value: unknown) => unknown

/** Where senders put fields of their own. */
const ownPlaces: readonly Path[] = [['properties'], ['traits'], ['context', 'traits']]
const gone = Symbol('gone')

/** The event as it may leave. */
export function fieldsBy(rules: FieldRules | undefined): (event: Json) => Json {
  if (rules === undefined) return (event) => event
  const only = rules.only?.map(pathOf)
  const not = rules.not?.map(pathOf) ?? []
  const hash = rules.hash?.map(pathOf) ?? []
  return (event) => {
    let left = only === undefined ? event : withOnly(event, only)
    for (const path of not) left = changedAt(left, path, () => gone) as Json
    for (const path of hash) left = changedAt(left, path, hashed) as Json
    return left
  }
}

/** `properties.a\.b` → ['properties', 'a.b'] */
function pathOf(text: string): Path {
  return text.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'))
}

function hashed(value: unknown): unknown {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return gone
  const text = String(value).trim().toLowerCase()
  return text === '' ? value : createHash('sha256').update(text).digest('hex')
}

/** A copy with the change at the path; the value itself if there is nothing. Elements of lists count as keys, and as nothing. */
function changedAt(value: unknown, path: Path, change: Change): unknown {
  const [key, ...rest] = path
  if (key === undefined) return change(value)
  if (Array.isArray(value)) {
    const list = value as unknown[]
    const made = list.map((one, index) => {
      if (key === '*' || key === String(index)) return changedAt(one, rest, change)
      return isObject(one) ? changedAt(one, path, change) : one
    })
    return made.filter((one) => one !== gone)
  }
  if (!isObject(value)) return value
  const keys = key === '*' ? Object.keys(value) : Object.hasOwn(value, key) ? [key] : []
  if (keys.length === 0) return value
  const copy: Record<string, unknown> = { ...value }
  for (const one of keys) {
    const made = changedAt(copy[one], rest, change)
    if (made === gone) Reflect.deleteProperty(copy, one)
    else copy[one] = made
  }
  return copy
}

function withOnly(event: Json, only: readonly Path[]): Json {
  let left: unknown = event
  for (const place of ownPlaces) left = changedAt(left, place, (value) => (isObject(value) ? {} : gone))
  for (const path of only) {
    const isOwn = ownPlaces.some((place) => place.every((key, index) => path[index] === key))
    if (isOwn) left = withCopied(left, event, path)
  }
  return left as Json
}

/** `left` with what `from` holds at the path. */
function withCopied(left: unknown, from: unknown, path: Path): unknown {
  const [key, ...rest] = path
  if (key === undefined) return from
  if (Array.isArray(from)) {
    const old = Array.isArray(left) ? (left as unknown[]) : []
    return (from as unknown[]).map((one, index) =>
      withCopied(old[index] ?? {}, one, key === '*' || key === String(index) ? rest : path),
    )
  }
  if (!isObject(from)) return left
  const copy: Record<string, unknown> = isObject(left) ? { ...left } : {}
  for (const one of key === '*' ? Object.keys(from) : [key]) {
    if (Object.hasOwn(from, one)) copy[one] = withCopied(copy[one], from[one], rest)
  }
  return copy
}
