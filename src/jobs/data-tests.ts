// Data tests of a schedule as GoogleSQL: each is an expression that is NULL if all is well, else a sentence.
import { MillpondError } from '../core/errors.ts'
import type { DataTest, Run } from '../control/schedules.ts'
import { nameText, stringText } from '../sql/print/text.ts'

export interface TestPlaces {
  /** The rows that the run gives. */
  readonly rows: string
  /** The target behind the run. */
  readonly target: string
  /** The part of the target that the run is about; undefined: all. */
  readonly part: string | undefined
  readonly anomaly: RowBounds | undefined
}

export interface RowBounds {
  readonly min?: number | undefined
  readonly max?: number | undefined
}

/** undefined: there is nothing to compare with so far. */
export function testSql(test: DataTest, places: TestPlaces): string | undefined {
  const { rows, target, part } = places
  const where = (more: string): string => `FROM ${target} WHERE ${part === undefined ? '' : `(${part}) AND `}(${more})`
  switch (test.kind) {
    case 'not_null': {
      const isMissing = test.columns.map((column) => `${nameText(column)} IS NULL`).join(' OR ')
      return counted(test, "' rows without a value'", where(isMissing))
    }
    case 'unique': {
      const columns = test.columns.map(nameText).join(', ')
      const twins = `(SELECT ${columns} ${where('TRUE')} GROUP BY ${columns} HAVING COUNT(*) > 1)`
      return counted(test, "' values that more than one row has'", `FROM ${twins}`)
    }
    case 'rows':
      return boundedSql(test, test, rows)
    case 'anomaly':
      return places.anomaly === undefined ? undefined : boundedSql(test, places.anomaly, rows)
    case 'freshness': {
      const newest = `CAST(MAX(${nameText(test.column)}) AS TIMESTAMP)`
      const bound = `TIMESTAMP_SUB(@run_time, INTERVAL ${test.hoursMax} HOUR)`
      const told = `CONCAT(${titleText(test)}, 'the newest is ', IFNULL(CAST(${newest} AS STRING), 'missing'))`
      return `(SELECT IF(${newest} IS NULL OR ${newest} < ${bound}, ${told}, NULL) FROM ${target})`
    }
  }
}

function counted(test: DataTest, what: string, from: string): string {
  return `(SELECT IF(COUNT(*) > 0, CONCAT(${titleText(test)}, CAST(COUNT(*) AS STRING), ${what}), NULL) ${from})`
}

function boundedSql(test: DataTest, { min, max }: RowBounds, rows: string): string {
  const conditions = [
    min === undefined ? [] : [`COUNT(*) < ${min}`],
    max === undefined ? [] : [`COUNT(*) > ${max}`],
  ].flat()
  const wanted = `${min ?? 0} to ${max ?? 'any number'}`
  const told = `CONCAT(${titleText(test)}, CAST(COUNT(*) AS STRING), ' rows, expected ${wanted}')`
  return `(SELECT IF(${conditions.join(' OR ') || 'FALSE'}, ${told}, NULL) FROM ${rows})`
}

function titleText(test: DataTest): string {
  const columns = 'columns' in test ? test.columns : 'column' in test ? [test.column] : []
  return stringText(`${test.kind}${columns.length === 0 ? '' : `(${columns.join(', ')})`}: `)
}

const sameWeekdays = 4
const deviations = 4
/** Four equal counts have no deviation at all; one row more than they is no anomaly. */
const shareMin = 0.05
const weekMicros = 7 * 86_400_000_000

/** Median ± 4 MAD of the last four runs of the same weekday and values. undefined: there weren't four. */
export function anomalyBounds(run: Run, former: readonly Run[]): RowBounds | undefined {
  const set = JSON.stringify(run.set)
  const rowsByTime = new Map<number, number>()
  for (const { state, runTimeMicros, facts, set: other } of former) {
    const weeks = (run.runTimeMicros - runTimeMicros) / weekMicros
    // A change of the clock moves a run by an hour or two.
    const isWeekday = weeks > 0.5 && Math.abs(weeks - Math.round(weeks)) < 0.02
    const isCounted = state === 'done' && facts.rows !== undefined && JSON.stringify(other) === set
    if (isWeekday && isCounted && !rowsByTime.has(runTimeMicros)) rowsByTime.set(runTimeMicros, facts.rows ?? 0)
  }
  const counts = [...rowsByTime]
    .sort(([one], [other]) => other - one)
    .slice(0, sameWeekdays)
    .map(([, rows]) => rows)
  if (counts.length < sameWeekdays) return undefined
  const middle = median(counts)
  const spread = deviations * median(counts.map((count) => Math.abs(count - middle)))
  const away = Math.max(spread, middle * shareMin, 1)
  return { min: Math.max(0, Math.ceil(middle - away)), max: Math.floor(middle + away) }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const half = sorted.length / 2
  const [low = 0, high = 0] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]]
  return (low + high) / 2
}

/** Error: schedule-invalid. */
export function checkTests(tests: readonly DataTest[], columns: readonly string[]): void {
  for (const test of tests) {
    const named = 'columns' in test ? test.columns : 'column' in test ? [test.column] : []
    const unknown = named.find((name) => !columns.some((column) => column.toLowerCase() === name.toLowerCase()))
    if (unknown !== undefined)
      throw new MillpondError(
        'schedule-invalid',
        `The test ${test.kind} names ${unknown}, which the query doesn't give`,
      )
  }
}
