// The query at hand, and what it has to do with the saved one that it comes from: what of it stands in the address, whether it was
// changed, and what is saved of it.
import type { JsonValue, SavedAsked, SavedQueryAnswer } from '../../api/job-answers.ts'
import { atHand, type TypeOf, typeOfParameter, valueOf } from './parameters.ts'
import type { Dialect, ParameterInput, ParameterInputs, SqlSearch } from './search.ts'

export interface Work {
  readonly sql: string
  readonly dialect: Dialect
  /** Where "today" is. undefined: nothing asks for it so far. */
  readonly zone: string | undefined
  readonly parameters: ParameterInputs
}

export const emptyWork: Work = { sql: '', dialect: 'googlesql', zone: undefined, parameters: {} }

type Content = Pick<SavedQueryAnswer, 'sql' | 'dialect' | 'zone' | 'parameters'>

export function workOfSaved({ sql, dialect, zone, parameters }: Content): Work {
  const inputs = parameters.map(({ name, ...rest }) => [name, rest] as const)
  return { sql, dialect, zone, parameters: Object.fromEntries(inputs) as ParameterInputs }
}

export function workOf({ sql, dialect, zone, parameters }: SqlSearch, base: Work): Work {
  return {
    sql: sql ?? base.sql,
    dialect: dialect ?? base.dialect,
    zone: zone ?? base.zone,
    parameters: { ...base.parameters, ...parameters },
  }
}

/** Only what the saved query doesn't say. */
export function searchOf({ sql, dialect, zone, parameters }: Work, base: Work): SqlSearch {
  const own = Object.entries(parameters).filter(([name, input]) => !isSame(input, base.parameters[name]))
  return {
    ...(sql === base.sql ? {} : { sql }),
    ...(dialect === base.dialect ? {} : { dialect }),
    ...(zone === undefined || zone === base.zone ? {} : { zone }),
    ...(own.length === 0 ? {} : { parameters: Object.fromEntries(own) }),
  }
}

/** Is there something to save? What somebody fills in to run it is nothing of the query. */
export function isEdited(work: Work, base: Work, names: readonly string[]): boolean {
  if (work.sql !== base.sql || work.dialect !== base.dialect || work.zone !== base.zone) return true
  return names.some((name) => !isSame(work.parameters[name], base.parameters[name], definitionParts))
}

const definitionParts = ['type', 'description', 'default', 'choices', 'choicesSql'] as const
const allParts = [...definitionParts, 'value', 'relative'] as const

function isSame(
  one: ParameterInput = {},
  other: ParameterInput = {},
  parts: readonly (keyof ParameterInput)[] = allParts,
): boolean {
  return parts.every((part) => JSON.stringify(one[part]) === JSON.stringify(other[part]))
}

/** A parameter without a default of its own takes what is at hand. */
export function contentOf(
  work: Work,
  names: readonly string[],
  inferred: TypeOf,
): Omit<SavedAsked, 'name' | 'folder' | 'description' | 'audience'> {
  const { sql, dialect, zone, parameters } = work
  return {
    sql,
    dialect,
    zone: zone ?? browserZone(),
    parameters: names.map((name) => {
      const input = parameters[name] ?? {}
      const type = typeOfParameter(name, parameters, inferred)
      const { description, choices, choicesSql } = input
      const standard = input.default ?? settingOf(name, type, input)
      return {
        name,
        type,
        ...(description === undefined || description === '' ? {} : { description }),
        ...(standard === undefined ? {} : { default: standard }),
        ...(choices === undefined ? {} : { choices }),
        ...(choicesSql === undefined || choicesSql === '' ? {} : { choicesSql }),
      }
    }),
  }
}

function settingOf(
  name: string,
  type: string,
  input: ParameterInput,
): { value: JsonValue } | { relative: string } | undefined {
  const given = atHand(input)
  if ('relative' in given) return given
  return given.value === '' ? undefined : { value: valueOf(name, type, input) }
}

export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}
