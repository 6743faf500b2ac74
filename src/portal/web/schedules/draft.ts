// A schedule as its form has it, from and to what the API takes.
import type {
  DataTest,
  ParameterDefinition,
  SavedQueryAnswer,
  ScheduleAnswer,
  ScheduleAsked,
  ScheduleParameter,
} from '../../api/job-answers.ts'
import { atHand, textOfValue, valueOf } from '../sql/parameters.ts'
import { cronOf, firstWhen } from './when.ts'

export const modes = ['replace', 'append', 'replace-partition', 'merge'] as const
export type Mode = (typeof modes)[number]
export const missedPolicies = ['last', 'all', 'skip'] as const

/** What a parameter has: the query's own default, one value, a relative date, or a run for each of several (one a line). */
export type ValueDraft =
  | { readonly kind: 'default' }
  | { readonly kind: 'fixed'; readonly value: string }
  | { readonly kind: 'relative'; readonly relative: string }
  | { readonly kind: 'each'; readonly list: string }

export interface Draft {
  readonly name: string
  /** Id of the saved query. */
  readonly query: string
  /** '': the newest that was verified. */
  readonly version: string
  readonly cron: string
  readonly zone: string
  readonly values: Readonly<Record<string, ValueDraft>>
  /** Id of the query whose rows are values; '': none. */
  readonly forEach: string
  readonly dataset: string
  readonly table: string
  readonly mode: Mode
  readonly partitionColumn: string
  readonly partitionDay: string
  /** With commas between, like the keys. */
  readonly scope: string
  readonly keys: string
  readonly tests: readonly DataTest[]
  readonly missed: (typeof missedPolicies)[number]
  readonly retriesMax: string
  readonly timeoutMinutes: string
  readonly gibibytesMax: string
  readonly lookbackDays: string
}

const gibibyte = 1024 ** 3
const minuteMs = 60_000
/** Given to every run by the schedule itself. */
const givenNames = new Set(['run_time', 'run_date'])

/** Those that the schedule has to give, or may. */
export function ownParameters(definitions: readonly ParameterDefinition[]): readonly ParameterDefinition[] {
  return definitions.filter(({ name }) => !givenNames.has(name.toLowerCase()))
}

/** A beginning that can be right as it is. `pinned`: nobody whom the schedule trusts has verified the newest version. */
export function draftFor(query: SavedQueryAnswer, zone: string, pinned: boolean): Draft {
  const day = ownParameters(query.parameters).find(
    ({ type, default: standard }) => type === 'DATE' && standard !== undefined && 'relative' in standard,
  )
  const standard = day?.default
  return {
    name: query.name,
    query: query.id,
    version: pinned ? String(query.version) : '',
    cron: cronOf(firstWhen),
    zone,
    values: {},
    forEach: '',
    dataset: 'reports',
    table:
      query.name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '_')
        .replace(/^_+|_+$/g, '') || 'rows',
    mode: day === undefined ? 'replace' : 'replace-partition',
    partitionColumn: day?.name ?? '',
    partitionDay: standard !== undefined && 'relative' in standard ? standard.relative : 'yesterday',
    scope: '',
    keys: '',
    tests: [],
    missed: 'last',
    retriesMax: '3',
    timeoutMinutes: '',
    gibibytesMax: '',
    lookbackDays: '0',
  }
}

export function draftOf(schedule: ScheduleAnswer): Draft {
  const { target, version, timeoutMs, bytesBilledMax, forEach, parameters } = schedule
  const { name, query, cron, zone, tests, missed, retriesMax, lookbackDays } = schedule
  return {
    name,
    query,
    cron,
    zone,
    tests,
    missed,
    version: version === undefined ? '' : String(version),
    values: Object.fromEntries(Object.entries(parameters).map(([key, given]) => [key, valueDraftOf(given)])),
    forEach: forEach ?? '',
    dataset: target.dataset,
    table: target.table,
    mode: target.mode,
    partitionColumn: target.partition?.column ?? '',
    partitionDay: target.partition?.day ?? 'yesterday',
    scope: target.partition?.scope.join(', ') ?? '',
    keys: target.keys.join(', '),
    retriesMax: String(retriesMax),
    timeoutMinutes: timeoutMs === undefined ? '' : String(timeoutMs / minuteMs),
    gibibytesMax: bytesBilledMax === undefined ? '' : String(bytesBilledMax / gibibyte),
    lookbackDays: String(lookbackDays),
  }
}

function valueDraftOf(given: ScheduleParameter): ValueDraft {
  if ('each' in given) return { kind: 'each', list: given.each.map(textOfValue).join('\n') }
  return 'relative' in given
    ? { kind: 'relative', relative: given.relative }
    : { kind: 'fixed', value: textOfValue(given.value) }
}

/** Error: a value that its type can't be read from. */
export function askedOf(draft: Draft, definitions: readonly ParameterDefinition[]): ScheduleAsked {
  const { name, query, version, cron, zone, forEach, dataset, table, mode, tests, missed } = draft
  const timeoutMs = numberIn(draft.timeoutMinutes)
  const gibibytes = numberIn(draft.gibibytesMax)
  const given = ownParameters(definitions).flatMap((definition) => {
    const value = draft.values[definition.name]
    return value === undefined || value.kind === 'default'
      ? []
      : [[definition.name, parameterOf(definition, value)] as const]
  })
  return {
    name: name.trim(),
    query,
    cron: cron.trim(),
    zone: zone.trim(),
    tests,
    missed,
    parameters: Object.fromEntries(given),
    target: {
      dataset: dataset.trim(),
      table: table.trim(),
      mode,
      keys: mode === 'merge' ? namesIn(draft.keys) : [],
      ...(draft.partitionColumn.trim() === ''
        ? {}
        : {
            partition: {
              column: draft.partitionColumn.trim(),
              day: draft.partitionDay,
              scope: mode === 'replace-partition' ? namesIn(draft.scope) : [],
            },
          }),
    },
    retriesMax: numberIn(draft.retriesMax) ?? 0,
    lookbackDays: numberIn(draft.lookbackDays) ?? 0,
    ...(version === '' ? {} : { version: Number(version) }),
    ...(forEach === '' ? {} : { forEach }),
    ...(timeoutMs === undefined ? {} : { timeoutMs: Math.round(timeoutMs * minuteMs) }),
    ...(gibibytes === undefined ? {} : { bytesBilledMax: Math.round(gibibytes * gibibyte) }),
  }
}

function parameterOf(
  { name, type, choices }: ParameterDefinition,
  draft: Exclude<ValueDraft, { kind: 'default' }>,
): ScheduleParameter {
  const read = (value: string) => valueOf(name, type, { value, ...(choices === undefined ? {} : { choices }) })
  if (draft.kind === 'relative') return { relative: draft.relative }
  if (draft.kind === 'fixed') return { value: read(draft.value) }
  return { each: linesIn(draft.list).map(read) }
}

export function linesIn(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
}

export function namesIn(text: string): readonly string[] {
  return text.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]))
}

function numberIn(text: string): number | undefined {
  const number = Number(text)
  return text.trim() === '' || !Number.isFinite(number) ? undefined : number
}

/** The value that a parameter has if the schedule gives none. */
export function defaultText({ default: standard }: ParameterDefinition): string {
  if (standard === undefined) return ''
  const given = atHand({ default: standard })
  return 'relative' in given ? given.relative : given.value
}
