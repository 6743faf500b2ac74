// JSON functions row by row: what JavaScript is called for. JSON values come and go as text.
import { appendJson, insertJson, keysOf, removeJson, setJson, stripNulls } from './json-edit.ts'
import { isItems, isMembers, JsonNumber, type JsonValue, parseJson, printJson, printPretty } from './json-model.ts'
import { type PathMode, type PathStep, readPath } from './json-path.ts'
import { scanJson } from './json-scan.ts'
import { caseFold } from './text-work.ts'

/** JSON columns hold valid JSON, whatever its numbers. */
function model(source: string): JsonValue {
  return parseJson(source, 'round')
}

export function normalJson(source: string): string {
  return printJson(model(source))
}

export function prettyJson(source: string): string {
  return printPretty(model(source))
}

export function parseJsonText(source: string, mode: string): string {
  if (mode !== 'exact' && mode !== 'round')
    throw new Error(`Invalid \`wide_number_mode\` specified for PARSE_JSON: ${mode}`)
  try {
    return printJson(parseJson(source, mode))
  } catch (error) {
    throw named('PARSE_JSON', error)
  }
}

/** Lays out compact JSON without touching its parts. */
export function layOut(compact: string): string {
  let result = ''
  let indent = ''
  for (const [token] of compact.matchAll(/"(?:[^"\\]|\\[^])*"|\{\}|\[\]|[{}[\],:]|[^{}[\],:"]+/g)) {
    if (token === '{' || token === '[') {
      indent += '  '
      result += `${token}\n${indent}`
    } else if (token === '}' || token === ']') {
      indent = indent.slice(2)
      result += `\n${indent}${token}`
    } else if (token === ',') result += `,\n${indent}`
    else result += token === ':' ? ': ' : token
  }
  return result
}

// ---- out of STRINGs

export function valueOfText(source: string, path: string, mode: string): string | null {
  const found = scanJson(source, readPath(path, mode as PathMode))
  return found?.kind === 'scalar' ? found.text : null
}

/** JSON null is NULL. */
export function queryOfText(source: string, path: string, mode: string): string | null {
  const found = scanJson(source, readPath(path, mode as PathMode))
  return found === undefined || (found.kind === 'scalar' && found.text === null) ? null : found.json
}

export function queryArrayOfText(source: string, path: string, mode: string): string[] | null {
  const found = scanJson(source, readPath(path, mode as PathMode))
  return found?.kind === 'array' ? found.items.map(({ json }) => json) : null
}

export function valueArrayOfText(source: string, path: string, mode: string): (string | null)[] | null {
  const found = scanJson(source, readPath(path, mode as PathMode))
  if (found?.kind !== 'array') return null
  const items: (string | null)[] = []
  for (const item of found.items) {
    if (item.kind !== 'scalar') return null
    items.push(item.text)
  }
  return items
}

// ---- out of JSON

function at(source: string, path: string, mode: string): JsonValue | undefined {
  let value: JsonValue | undefined = model(source)
  for (const step of readPath(path, mode as PathMode)) {
    if (value === undefined) return undefined
    value = isMembers(value)
      ? value.get(step.text)
      : isItems(value) && /^\d+$/.test(step.text)
        ? value[Number(step.text)]
        : undefined
  }
  return value
}

function scalarText(value: JsonValue): string | null {
  if (value instanceof JsonNumber) return value.text
  return value === null || typeof value === 'object' ? null : String(value)
}

export function valueOfJson(source: string, path: string, mode: string): string | null {
  return scalarText(at(source, path, mode) ?? null)
}

export function queryOfJson(source: string, path: string, mode: string): string | null {
  const value = at(source, path, mode)
  return value === undefined ? null : printJson(value)
}

export function queryArrayOfJson(source: string, path: string, mode: string): string[] | null {
  const value = at(source, path, mode)
  return value !== undefined && isItems(value) ? value.map(printJson) : null
}

export function valueArrayOfJson(source: string, path: string, mode: string): (string | null)[] | null {
  const value = at(source, path, mode)
  if (value === undefined || !isItems(value)) return null
  return value.some((one) => isItems(one) || isMembers(one)) ? null : value.map(scalarText)
}

export function typeOfJson(source: string): string {
  const value = model(source)
  if (value === null) return 'null'
  if (value instanceof JsonNumber) return 'number'
  return isItems(value) ? 'array' : typeof value
}

// ---- conversions

const wrong = (what: string): never => {
  throw new Error(`The provided JSON input is not ${what}`)
}

export function stringOfJson(source: string): string {
  const value = model(source)
  return typeof value === 'string' ? value : wrong('a string')
}

export function boolOfJson(source: string): boolean {
  const value = model(source)
  return typeof value === 'boolean' ? value : wrong('a boolean')
}

export function intOfJson(source: string): bigint {
  const value = model(source)
  if (!(value instanceof JsonNumber)) return wrong('an integer')
  if (value.isWhole) {
    const whole = BigInt(value.text)
    return whole < 2n ** 63n ? whole : wrong('an integer')
  }
  const number = Number(value.text)
  if (!Number.isInteger(number) || Math.abs(number) >= 2 ** 63)
    throw new Error(`The provided JSON number: ${value.text.replace(/\.0$/, '')} cannot be converted to an integer`)
  return BigInt(number)
}

export function floatOfJson(source: string, mode: string): number {
  if (mode !== 'exact' && mode !== 'round') throw new Error(`Invalid \`wide_number_mode\` specified: ${mode}`)
  const value = model(source)
  if (!(value instanceof JsonNumber)) return wrong('a number')
  if (mode === 'exact' && value.isWhole && BigInt(Number(value.text)) !== BigInt(value.text)) {
    throw new Error(`JSON number: ${value.text} cannot be converted to FLOAT64 without loss of precision`)
  }
  return Number(value.text)
}

export function laxBool(source: string): boolean | null {
  const value = model(source)
  if (typeof value === 'boolean') return value
  if (value instanceof JsonNumber) return Number(value.text) !== 0
  const word = typeof value === 'string' ? value.toLowerCase() : ''
  return word === 'true' ? true : word === 'false' ? false : null
}

export function laxInt(source: string): bigint | null {
  const value = model(source)
  if (typeof value === 'boolean') return value ? 1n : 0n
  const text = value instanceof JsonNumber ? value.text : typeof value === 'string' ? value.trim() : ''
  if (/^[-+]?\d+$/.test(text)) return inInt64(BigInt(text.replace('+', '')))
  if (!/^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text)) return null
  const number = Number(text)
  if (!Number.isFinite(number)) return null
  return inInt64(BigInt(Math.sign(number) * Math.round(Math.abs(number))))
}

function inInt64(value: bigint): bigint | null {
  return value >= -(2n ** 63n) && value < 2n ** 63n ? value : null
}

export function laxFloat(source: string): number | null {
  const value = model(source)
  if (value instanceof JsonNumber) return Number(value.text)
  if (typeof value !== 'string') return null
  const text = value.trim().toLowerCase()
  if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/.test(text)) return Number(text)
  const hex = /^([-+]?)(0x[0-9a-f]+)$/.exec(text)
  if (hex !== null) return Number(hex[2]) * (hex[1] === '-' ? -1 : 1)
  if (/^[-+]?nan$/.test(text)) return Number.NaN
  return /^[-+]?inf(?:inity)?$/.test(text) ? (text.startsWith('-') ? -Infinity : Infinity) : null
}

/** Numbers as FLOAT64's text: %.15g, or %.17g if that isn't exact; made by the engine. */
export function laxString(source: string): string | null {
  const value = model(source)
  if (value instanceof JsonNumber) return value.text.replace(/\.0$/, '').replace(/^-0$/, '0')
  return value === null || typeof value === 'object' ? null : String(value)
}

// ---- changes

export type EditKind = 'JSON_SET' | 'JSON_ARRAY_APPEND' | 'JSON_ARRAY_INSERT'

/** `parts`: path, JSON of the value, and so on. A NULL path leaves all as NULL. `flag`: create_if_missing or append_each_element. */
export function editJson(
  kind: string,
  source: string,
  parts: readonly (string | null)[],
  arrays: readonly boolean[],
  flag: boolean,
): string | null {
  let value = model(source)
  for (let index = 0; index < parts.length; index += 2) {
    const path = parts[index] ?? null
    if (path === null) return null
    const steps = strictPath(kind, path)
    const to = model(parts[index + 1] ?? 'null')
    const added = arrays[index / 2] === true && flag && isItems(to) ? to : [to]
    value = during(kind, () => {
      if (kind === 'JSON_SET') return setJson(value, steps, to, flag)
      return kind === 'JSON_ARRAY_APPEND' ? appendJson(value, steps, added) : insertJson(value, steps, added)
    })
  }
  return printJson(value)
}

export function removeFromJson(source: string, paths: readonly (string | null)[]): string | null {
  let value = model(source)
  for (const path of paths) {
    if (path === null) return null
    value = during('JSON_REMOVE', () => removeJson(value, strictPath('JSON_REMOVE', path)))
  }
  return printJson(value)
}

export function stripJson(source: string, path: string, arrays: boolean, empty: boolean): string {
  return printJson(stripNulls(model(source), strictPath('JSON_STRIP_NULLS', path), { arrays, empty }))
}

function strictPath(kind: string, path: string): readonly PathStep[] {
  return during(kind, () => readPath(path, 'strict'))
}

function during<T>(kind: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw named(kind, error)
  }
}

/** The engine's error with the function's name in front. */
function named(kind: string, error: unknown): Error {
  return new Error(`Invalid input to ${kind}: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  })
}

export function keysOfJson(source: string, depth: bigint, mode: string): string[] {
  if (depth <= 0n) throw new Error('max_depth must be positive.')
  if (mode !== 'strict' && mode !== 'lax' && mode !== 'lax recursive')
    throw new Error(`Invalid JSON mode specified: ${mode}`)
  return keysOf(model(source), Number(depth), mode)
}

/** Keys and values as JSON texts, by turns; or all keys and all values. */
export function objectJson(keys: readonly (string | null)[], values: readonly (string | null)[]): string {
  if (keys.length !== values.length)
    throw new Error('Invalid input to JSON_OBJECT: The number of keys and values must match')
  const parts = keys.map((key, index) => {
    if (key === null) throw new Error('Invalid input to JSON_OBJECT: A key cannot be NULL')
    return `${JSON.stringify(key)}:${values[index] ?? 'null'}`
  })
  return normalJson(`{${parts.join(',')}}`)
}

/** `wanted` is folded already. NULL: not found, but there was a null. */
export function containsText(source: string, wanted: string, scope: string): boolean {
  const search = (value: JsonValue): boolean => {
    if (isItems(value)) return value.some(search)
    if (isMembers(value))
      return [...value].some(([key, one]) => (scope !== 'JSON_VALUES' && folded(key).includes(wanted)) || search(one))
    return scope !== 'JSON_KEYS' && value !== null && folded(scalarText(value) ?? '').includes(wanted)
  }
  return search(model(source))
}

function folded(text: string): string {
  return caseFold(text.normalize('NFKC')).normalize('NFKC')
}
