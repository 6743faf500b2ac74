// What the address of the SQL page holds: everything that somebody else needs to see the same page.
import type { QueryAsked } from '../../api/answers.ts'

export type Dialect = QueryAsked['dialect']
export const tabs = ['table', 'chart', 'history'] as const
export type Tab = (typeof tabs)[number]

/** A parameter as the form has it. Without a type the query decides. */
export interface ParameterInput {
  readonly type?: string | undefined
  readonly value: string
}
export type ParameterInputs = Readonly<Record<string, ParameterInput>>

export interface SqlSearch {
  readonly sql?: string | undefined
  readonly dialect?: Dialect | undefined
  readonly parameters?: ParameterInputs | undefined
  readonly tab?: Tab | undefined
}

/** Addresses are typed by hand and cut by mail programs: what can't be read is left out. */
export function readSqlSearch(search: Readonly<Record<string, unknown>>): SqlSearch {
  const { sql, dialect, parameters, tab } = search
  const known = tabs.find((one) => one === tab)
  const inputs = readParameters(parameters)
  return {
    // Texts that look like numbers come as numbers.
    ...(sql === undefined ? {} : { sql: typeof sql === 'string' ? sql : JSON.stringify(sql) }),
    ...(dialect === 'duckdb' ? { dialect } : {}),
    ...(known === undefined || known === 'table' ? {} : { tab: known }),
    ...(inputs === undefined ? {} : { parameters: inputs }),
  }
}

function readParameters(given: unknown): ParameterInputs | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const inputs: [string, ParameterInput][] = []
  for (const [name, input] of Object.entries(given as Readonly<Record<string, unknown>>)) {
    if (typeof input !== 'object' || input === null) continue
    const { type, value } = input as { readonly type?: unknown; readonly value?: unknown }
    if (typeof value !== 'string') continue
    inputs.push([name, typeof type === 'string' ? { type, value } : { value }])
  }
  return inputs.length === 0 ? undefined : Object.fromEntries(inputs)
}
