// Parameters of a query: their names, found in the text (@name in GoogleSQL, $name in DuckDB's dialect), and their values, from
// what people type to what the API takes.
import type { QueryAsked } from '../../api/answers.ts'
import type { Dialect, ParameterInputs } from './search.ts'

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

/** For a run every parameter has a type. Error: a value that its type can't be read from. */
export function parametersOf(
  names: readonly string[],
  inputs: ParameterInputs,
  inferred: TypeOf,
): NonNullable<QueryAsked['parameters']> {
  return names.map((name) => {
    const type = typeOfParameter(name, inputs, inferred)
    return { name, type, value: valueOf(name, type, inputs[name]?.value ?? '') }
  })
}

/** For an estimate: only those whose type the person chose, so that the query says the types of the others. */
export function chosenParameters(
  names: readonly string[],
  inputs: ParameterInputs,
): NonNullable<QueryAsked['parameters']> {
  return parametersOf(
    names.filter((name) => inputs[name]?.type !== undefined),
    inputs,
    () => undefined,
  )
}

function valueOf(name: string, type: string, text: string): unknown {
  const isArray = type.startsWith('ARRAY<')
  // An empty text is a text; of anything else nothing typed is NULL.
  if (text === '' && type !== 'STRING') return null
  if (!isArray) return type === 'STRING' ? text : text.trim()
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
