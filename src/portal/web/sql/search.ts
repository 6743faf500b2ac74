// What the address of the SQL page holds: everything that somebody else needs to see the same page. Of a saved query it holds what
// differs from the newest version.
import type { QueryAsked } from '../../api/answers.ts'
import type { JsonValue, ParameterSetting } from '../../api/job-answers.ts'

export type Dialect = QueryAsked['dialect']
export const tabs = ['table', 'chart', 'plan', 'saved', 'versions', 'history'] as const
export type Tab = (typeof tabs)[number]

/** A parameter as the form has it. Without a type the query decides. */
export interface ParameterInput {
  readonly type?: string
  /** As it was typed. Absent, and `relative`, too: the default. */
  readonly value?: string
  readonly relative?: string
  readonly description?: string
  readonly default?: ParameterSetting
  readonly choices?: readonly JsonValue[]
  readonly choicesSql?: string
}
export type ParameterInputs = Readonly<Record<string, ParameterInput>>

export interface SqlSearch {
  /** Id of a saved query. */
  readonly saved?: string | undefined
  readonly sql?: string | undefined
  readonly dialect?: Dialect | undefined
  readonly zone?: string | undefined
  readonly parameters?: ParameterInputs | undefined
  readonly tab?: Tab | undefined
  /** As charts/read-chart.ts reads it. */
  readonly chart?: Readonly<Record<string, unknown>> | undefined
}

/** Addresses are typed by hand and cut by mail programs: what can't be read is left out. */
export function readSqlSearch(search: Readonly<Record<string, unknown>>): SqlSearch {
  const { sql, dialect, parameters, tab, zone, chart } = search
  const saved = textIn(search['saved'])
  const known = tabs.find((one) => one === tab)
  const inputs = readParameters(parameters)
  return {
    ...(saved === undefined || saved === '' ? {} : { saved }),
    ...(sql === undefined ? {} : { sql: textIn(sql) ?? JSON.stringify(sql) }),
    // Without a saved query GoogleSQL is meant anyway.
    ...(dialect === 'duckdb' || (dialect === 'googlesql' && saved !== undefined) ? { dialect } : {}),
    ...(typeof zone === 'string' ? { zone } : {}),
    ...(inputs === undefined ? {} : { parameters: inputs }),
    ...(known === undefined || known === 'table' ? {} : { tab: known }),
    ...(isRecord(chart) ? { chart } : {}),
  }
}

/** Texts that look like numbers come as numbers. */
function textIn(given: unknown): string | undefined {
  return typeof given === 'string' ? given : typeof given === 'number' ? String(given) : undefined
}

function readParameters(given: unknown): ParameterInputs | undefined {
  if (!isRecord(given)) return undefined
  const inputs = Object.entries(given).flatMap(([name, input]): [string, ParameterInput][] => {
    const read = isRecord(input) ? readInput(input) : {}
    return Object.keys(read).length === 0 ? [] : [[name, read]]
  })
  return inputs.length === 0 ? undefined : Object.fromEntries(inputs)
}

const textParts = ['type', 'value', 'relative', 'description', 'choicesSql'] as const

function readInput(input: Readonly<Record<string, unknown>>): ParameterInput {
  const texts = textParts.flatMap((part) => (typeof input[part] === 'string' ? [[part, input[part]]] : []))
  const { default: standard, choices } = input
  return {
    ...(Object.fromEntries(texts) as Pick<ParameterInput, (typeof textParts)[number]>),
    ...(isSetting(standard) ? { default: standard } : {}),
    ...(Array.isArray(choices) && choices.length > 0 ? { choices: choices as readonly JsonValue[] } : {}),
  }
}

function isSetting(given: unknown): given is ParameterSetting {
  return isRecord(given) && ('relative' in given ? typeof given['relative'] === 'string' : 'value' in given)
}

function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}
