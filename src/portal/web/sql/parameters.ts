// Parameters of a query: their names, found in the text (@name in GoogleSQL, $name in DuckDB's dialect), and their values, from
// what people type to what the API takes.
import type { QueryAsked } from '../../api/answers.ts'
import type { JsonValue } from '../../api/job-answers.ts'
import type { Dialect, ParameterInput, ParameterInputs } from './search.ts'

export const scalarTypes = [
  'STRING',
  'INT64',
  'FLOAT64',
  'NUMERIC',
  'BOOL',
  'DATE',
  'TIMESTAMP',
  'DATETIME',
  'JSON',
] as const
export const parameterTypes: readonly string[] = [...scalarTypes, ...scalarTypes.map((type) => `ARRAY<${type}>`)]

/** What may hold an @ that is no parameter comes first. An unfinished text or comment goes on to the end, as while it is typed. */
const tokens: Readonly<Record<Dialect, RegExp>> = {
  googlesql:
    /('''|""")(?:\\[^]|(?!\1)[^])*(?:\1|$)|(['"`])(?:\\[^]|(?!\2)[^\\\n])*(?:\2|$|(?=\n))|(?:--|#)[^\n]*|\/\*[^]*?(?:\*\/|$)|@@[\w.]+|@(?<name>[A-Za-z_]\w*)/g,
  duckdb: /\$\$[^]*?(?:\$\$|$)|(['"])(?:(?!\1)[^]|\1\1)*(?:\1|$)|--[^\n]*|\/\*[^]*?(?:\*\/|$)|\$(?<name>[A-Za-z_]\w*)/g,
}

/** In the order of the text, each once. GoogleSQL doesn't tell @Day from @day. */
export function parameterNames(sql: string, dialect: Dialect): readonly string[] {
  const names = new Map<string, string>()
  for (const { groups } of sql.matchAll(tokens[dialect])) {
    const name = groups?.['name']
    if (name !== undefined && !names.has(name.toLowerCase())) names.set(name.toLowerCase(), name)
  }
  return [...names.values()]
}

export type TypeOf = (name: string) => string | undefined

/** The type that the person chose, else the one that the query asks for. */
export function typeOfParameter(name: string, inputs: ParameterInputs, inferred: TypeOf): string {
  return inputs[name]?.type ?? inferred(name) ?? 'STRING'
}

export type Resolved = Readonly<Record<string, JsonValue>>

/** For a run every parameter has a type. `resolved`: relative dates by name. Error: a value that its type can't be read from. */
export function parametersOf(
  names: readonly string[],
  inputs: ParameterInputs,
  inferred: TypeOf,
  resolved: Resolved = {},
): NonNullable<QueryAsked['parameters']> {
  return names.map((name) => {
    const type = typeOfParameter(name, inputs, inferred)
    return { name, type, value: resolved[name] ?? valueOf(name, type, inputs[name]) }
  })
}

/** For an estimate: only those whose type the person chose, so that the query says the types of the others. */
export function chosenParameters(
  names: readonly string[],
  inputs: ParameterInputs,
  resolved: Resolved = {},
): NonNullable<QueryAsked['parameters']> {
  const isKnown = (name: string): boolean => resolved[name] !== undefined || !('relative' in atHand(inputs[name]))
  const chosen = names.filter((name) => inputs[name]?.type !== undefined && isKnown(name))
  return parametersOf(chosen, inputs, () => undefined, resolved)
}

/** What the field shows: what was typed, else the default. */
export function atHand({ value, relative, default: standard }: ParameterInput = {}):
  | { readonly value: string }
  | { readonly relative: string } {
  if (relative !== undefined) return { relative }
  if (value !== undefined || standard === undefined) return { value: value ?? '' }
  return 'relative' in standard ? { relative: standard.relative } : { value: textOfValue(standard.value) }
}

export function textOfValue(value: JsonValue): string {
  return value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)
}

/** Error: a value that the type can't be read from, or a relative date, which only the server resolves. */
export function valueOf(name: string, type: string, input: ParameterInput | undefined): JsonValue {
  const given = atHand(input)
  if ('relative' in given) throw new Error(`@${name}: "${given.relative}" is no date yet.`)
  const text = given.value
  // Choices count as they were written: 7 is not "7".
  const choice = input?.choices?.find((one) => textOfValue(one) === text)
  if (choice !== undefined) return choice
  // An empty text is a text; of anything else nothing typed is NULL.
  if (text === '' && type !== 'STRING') return null
  if (!type.startsWith('ARRAY<')) return type === 'STRING' ? text : text.trim()
  const value = parseJson(text)
  if (!Array.isArray(value)) throw new Error(`@${name}: ${type} is written as JSON, like [1, 2].`)
  // Numbers beyond 2^53 would lose digits in JSON: whoever needs them writes them as texts.
  return value.map((item: unknown) => (item === null || typeof item === 'string' ? item : JSON.stringify(item)))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The caller says it in better words.
    return undefined
  }
}
