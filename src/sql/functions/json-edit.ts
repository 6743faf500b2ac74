// JSON_SET, JSON_REMOVE and their kin: a changed copy of a value. What doesn't fit (a member of a number) changes nothing.
import { isItems, isMembers, type JsonValue, sorted } from './json-model.ts'
import type { PathStep } from './json-path.ts'

const itemsMax = 1_000_000

function indexOf(step: PathStep): number {
  const index = Number(step.text)
  if (index >= itemsMax) throw new Error(`Exceeded maximum array size of ${itemsMax}`)
  return index
}

/** The child that a step leads to; undefined: there is none, or the value has no such children. */
function childOf(value: JsonValue, step: PathStep): JsonValue | undefined {
  if (step.isIndex) return isItems(value) ? value[indexOf(step)] : undefined
  return isMembers(value) ? value.get(step.text) : undefined
}

function withChild(value: JsonValue, step: PathStep, child: JsonValue): JsonValue {
  if (isMembers(value)) return sorted(new Map([...value, [step.text, child]]))
  if (!isItems(value)) return value
  const items = [...value]
  while (items.length < indexOf(step)) items.push(null)
  items[indexOf(step)] = child
  return items
}

/** Changes the value at the end of the path, if it is there; `change` may answer undefined: leave it. */
function edited(
  value: JsonValue,
  path: readonly PathStep[],
  change: (one: JsonValue) => JsonValue | undefined,
): JsonValue {
  const [step, ...rest] = path
  if (step === undefined) {
    const changed = change(value)
    return changed === undefined ? value : changed
  }
  const child = childOf(value, step)
  return child === undefined ? value : withChild(value, step, edited(child, rest, change))
}

export function setJson(
  value: JsonValue,
  path: readonly PathStep[],
  to: JsonValue,
  createsMissing: boolean,
): JsonValue {
  const [step, ...rest] = path
  if (step === undefined) return to
  const child = childOf(value, step)
  if (child !== undefined) return withChild(value, step, setJson(child, rest, to, createsMissing))
  if (!createsMissing) return value
  const made = value === null ? (step.isIndex ? [] : new Map<string, JsonValue>()) : value
  if (step.isIndex ? !isItems(made) : !isMembers(made)) return value
  return withChild(made, step, setJson(null, rest, to, true))
}

export function removeJson(value: JsonValue, path: readonly PathStep[]): JsonValue {
  const last = path.at(-1)
  if (last === undefined) throw new Error("The JSONPath cannot be '$'")
  return edited(value, path.slice(0, -1), (parent) => {
    if (last.isIndex) return isItems(parent) ? parent.filter((_item, index) => index !== Number(last.text)) : undefined
    return isMembers(parent) ? new Map([...parent].filter(([key]) => key !== last.text)) : undefined
  })
}

export function appendJson(value: JsonValue, path: readonly PathStep[], added: readonly JsonValue[]): JsonValue {
  return edited(value, path, (one) => (one === null ? added : isItems(one) ? [...one, ...added] : undefined))
}

export function insertJson(value: JsonValue, path: readonly PathStep[], added: readonly JsonValue[]): JsonValue {
  const last = path.at(-1)
  if (last?.isIndex !== true) return value
  const index = indexOf(last)
  return edited(value, path.slice(0, -1), (parent) => {
    const items = parent === null ? [] : parent
    if (!isItems(items)) return undefined
    const padding = Array.from({ length: Math.max(0, index - items.length) }, () => null)
    return [...items.slice(0, index), ...padding, ...added, ...items.slice(index)]
  })
}

export interface StripOptions {
  readonly arrays: boolean
  readonly empty: boolean
}

export function stripNulls(value: JsonValue, path: readonly PathStep[], options: StripOptions): JsonValue {
  return edited(value, path, (one) => stripped(one, options))
}

/** What is empty afterwards becomes null, which the level above takes away. */
function stripped(value: JsonValue, options: StripOptions): JsonValue {
  if (isMembers(value)) {
    const members = [...value]
      .map(([key, one]) => [key, stripped(one, options)] as const)
      .filter(([, one]) => one !== null)
    return members.length === 0 && options.empty ? null : new Map(members)
  }
  if (!isItems(value)) return value
  const inner = value.map((one) => (options.arrays ? stripped(one, options) : strippedItem(one, options)))
  const items = options.arrays ? inner.filter((one) => one !== null) : inner
  return items.length === 0 && options.empty && options.arrays ? null : items
}

/** Items of arrays that keep their nulls keep what is empty, too. */
function strippedItem(value: JsonValue, options: StripOptions): JsonValue {
  return value !== null && stripped(value, options) === null
    ? stripped(value, { ...options, empty: false })
    : stripped(value, options)
}

/** JSON_KEYS: paths of members, sorted; arrays are looked through only in the lax modes. */
export function keysOf(value: JsonValue, depth: number, mode: 'strict' | 'lax' | 'lax recursive'): string[] {
  const keys = new Set<string>()
  collectKeys(value, '', depth, mode, keys, false)
  return [...keys].sort()
}

function collectKeys(
  value: JsonValue,
  prefix: string,
  depth: number,
  mode: string,
  keys: Set<string>,
  isInArray: boolean,
): void {
  if (isItems(value)) {
    if (mode === 'strict' || (isInArray && mode === 'lax')) return
    for (const one of value) collectKeys(one, prefix, depth, mode, keys, true)
    return
  }
  if (!isMembers(value) || depth <= 0) return
  for (const [key, one] of value) {
    const name = /^[\p{L}\p{N}_]+$/u.test(key) ? key : `"${key.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
    const path = prefix === '' ? name : `${prefix}.${name}`
    keys.add(path)
    collectKeys(one, path, depth - 1, mode, keys, false)
  }
}
