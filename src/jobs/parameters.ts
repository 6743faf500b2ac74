// Parameters of saved queries: what was saved, what a schedule or a caller gives, and the values that come of it at one moment.
import { MillpondError } from '../core/errors.ts'
import type { JsonValue } from '../control/json-value.ts'
import type { ParameterDefinition, ParameterSetting } from '../control/saved-queries.ts'
import type { ScheduleParameter } from '../control/schedules.ts'
import { dateIn } from '../core/zone.ts'
import type { QueryParameter } from '../query/contract.ts'
import { parameterOf } from '../query/parameters.ts'
import { scriptTokens } from '../sql/syntax/parser.ts'
import { relativeValue } from './relative-dates.ts'
import { queryText } from './target-script.ts'

export type ParameterSet = Readonly<Record<string, JsonValue>>

/** Each is a query, whenever somebody opens the form. */
const choicesSqlMax = 20
/** More runs at one time than this are a mistake. */
export const parameterSetsMax = 100
/** Given to every scheduled query. */
const runParameters: readonly ParameterDefinition[] = [
  { name: 'run_time', type: 'TIMESTAMP', default: { relative: 'today' } },
  { name: 'run_date', type: 'DATE', default: { relative: 'today' } },
]

export interface Moment {
  readonly ms: number
  readonly zone: string
}

/** A query may save others of these names for the time when it isn't scheduled. */
export function withRunParameters(definitions: readonly ParameterDefinition[]): ParameterDefinition[] {
  const isOwn = ({ name }: ParameterDefinition): boolean => !runParameters.some((one) => sameName(one.name, name))
  return [...definitions.filter(isOwn), ...runParameters]
}

export function runValues({ ms, zone }: Moment): ParameterSet {
  return { run_time: new Date(ms).toISOString(), run_date: dateIn(ms, zone) }
}

export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** Errors: request-invalid. */
export function checkDefinitions(definitions: readonly ParameterDefinition[], zone: string): void {
  const names = new Set<string>()
  for (const definition of definitions) {
    const { name, type, choices, default: standard } = definition
    if (names.has(name.toLowerCase())) throw refused(`There are two parameters ${name}`)
    names.add(name.toLowerCase())
    parameterOf(name, type, null)
    for (const choice of choices ?? []) parameterOf(name, type, choice)
    if (standard !== undefined) resolveOne(definition, standard, { ms: 0, zone })
  }
  const asking = definitions.filter(({ choicesSql }) => choicesSql !== undefined)
  if (asking.length > choicesSqlMax) throw refused(`At most ${choicesSqlMax} parameters have choices from a query`)
  for (const definition of asking) checkChoicesSql(definition, definitions)
}

function checkChoicesSql({ name, choices, choicesSql = '' }: ParameterDefinition, all: readonly ParameterDefinition[]) {
  if (choices !== undefined) throw refused(`The choices of ${name} are a list or a query, not both`)
  if (queryText(choicesSql) === undefined) throw refused(`The choices of ${name} come from one query (SELECT …)`)
  const unknown = namedIn(choicesSql).find((other) => !all.some((one) => sameName(one.name, other)))
  if (unknown !== undefined) throw refused(`The choices of ${name} ask for @${unknown}, and there is no such parameter`)
  if (namedIn(choicesSql).some((other) => sameName(other, name)))
    throw refused(`The choices of ${name} ask for its own value`)
}

/** Of a readable query: the parameters that stand in it, in lower case. */
export function namedIn(sql: string): string[] {
  const named = scriptTokens(sql).tokens.filter(({ kind }) => kind === 'parameter')
  return [...new Set(named.map(({ text }) => text.toLowerCase()))]
}

/** Every value by name. Errors: request-invalid. */
export function resolveParameters(
  definitions: readonly ParameterDefinition[],
  given: Readonly<Record<string, ParameterSetting>>,
  moment: Moment,
): ParameterSet {
  const names = Object.keys(given)
  const unknown = names.find((name) => !definitions.some((one) => sameName(one.name, name)))
  if (unknown !== undefined) throw refused(`The query has no parameter ${unknown}`)
  return Object.fromEntries(
    definitions.map((definition) => {
      const name = names.find((one) => sameName(one, definition.name))
      const setting = (name === undefined ? undefined : given[name]) ?? definition.default
      if (setting === undefined) throw refused(`The parameter ${definition.name} has no value`)
      return [definition.name, resolveOne(definition, setting, moment)]
    }),
  )
}

/** Errors: request-invalid. */
export function resolveOne(
  { name, type, choices }: ParameterDefinition,
  setting: ParameterSetting,
  { ms, zone }: Moment,
): JsonValue {
  const value = 'relative' in setting ? relativeValue(setting.relative, type, ms, zone) : setting.value
  parameterOf(name, type, value)
  if (choices !== undefined && !choices.some((choice) => JSON.stringify(choice) === JSON.stringify(value)))
    throw refused(
      `The parameter ${name} is one of ${choices.map((choice) => (typeof choice === 'string' ? choice : JSON.stringify(choice))).join(', ')}`,
    )
  return value
}

/** As the query road takes them. Errors: request-invalid. */
export function queryParameters(definitions: readonly ParameterDefinition[], values: ParameterSet): QueryParameter[] {
  return definitions.map(({ name, type }) => parameterOf(name, type, values[name]))
}

/** Of for-each lists: every value of one with every value of the others. Errors: schedule-invalid. */
export function listedSets(parameters: Readonly<Record<string, ScheduleParameter>>): ParameterSet[] {
  let sets: ParameterSet[] = [{}]
  for (const [name, setting] of Object.entries(parameters)) {
    if (!('each' in setting)) continue
    const distinct = [...new Map(setting.each.map((value) => [JSON.stringify(value), value])).values()]
    sets = sets.flatMap((set) => distinct.map((value) => ({ ...set, [name]: value })))
    if (sets.length > parameterSetsMax) throw tooManySets()
  }
  return sets
}

/** Errors: schedule-invalid. */
export function combinedSets(rows: readonly ParameterSet[], lists: readonly ParameterSet[]): ParameterSet[] {
  const sets = rows.flatMap((row) => lists.map((list) => ({ ...row, ...list })))
  const distinct = [...new Map(sets.map((set) => [JSON.stringify(set), set])).values()]
  if (distinct.length > parameterSetsMax) throw tooManySets()
  return distinct
}

function tooManySets(): MillpondError {
  return new MillpondError(
    'schedule-invalid',
    `A schedule runs for at most ${parameterSetsMax} sets of values at a time`,
  )
}

/** What a schedule gives besides for-each values. */
export function fixedSettings(
  parameters: Readonly<Record<string, ScheduleParameter>>,
  set: ParameterSet,
): Record<string, ParameterSetting> {
  const fixed = Object.entries(parameters).filter((entry): entry is [string, ParameterSetting] => !('each' in entry[1]))
  return {
    ...Object.fromEntries(fixed),
    ...Object.fromEntries(Object.entries(set).map(([name, value]) => [name, { value }])),
  }
}

function refused(message: string): MillpondError {
  return new MillpondError('request-invalid', message)
}
