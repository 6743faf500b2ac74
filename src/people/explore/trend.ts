// Trends: how much of something there was in each hour, day, week or month, by a property, and beside the range before.
import type { Row } from '../ask.ts'
import {
  type Asking,
  type Bounds,
  Draft,
  type NamedSql,
  pageSql,
  type PeoplePage,
  type Statement,
  topOf,
  zoneText,
} from './draft.ts'
import { needNumber } from './event-tables.ts'
import type { Breakdown, Cell, Group, Interval, Measure, TrendAnswer, TrendSpec } from './spec.ts'

type Series = TrendSpec['series'][number]

/** One statement a series and range. */
export function trendStatement(asking: Asking, spec: TrendSpec, series: Series, range: Bounds): Statement {
  const draft = new Draft('googlesql', asking)
  const { breakdown, interval, zone } = spec
  const { event, measure } = series
  const table = draft.table(event)
  if ('property' in measure) needNumber(table, measure.property)
  const columns = [
    `${bucketSql('e.timestamp', interval, zone)} AS bucket`,
    ...('property' in measure ? [`e.${draft.name(measure.property)} AS x`] : []),
    ...(breakdown === undefined ? [] : [`${draft.groupText(table, breakdown)} AS value`]),
  ]
  const rows: NamedSql = ['found', draft.events(event, range, columns)]
  const measured = `${measureSql(measure)} AS measured`
  if (breakdown === undefined) {
    return draft.statement(
      [rows],
      `SELECT UNIX_MICROS(bucket) AS bucket, 0 AS grp, '' AS value, ${measured} FROM found GROUP BY bucket`,
    )
  }
  // Groups are those of the whole range that was asked for, so that the range before is compared with the same ones.
  const chosen = draft.events(event, asking.range, [`${draft.groupText(table, breakdown)} AS value`])
  return draft.statement(
    [rows, topsOf(chosen, breakdown)],
    `SELECT UNIX_MICROS(found.bucket) AS bucket, COALESCE(tops.grp, 0) AS grp, tops.value, ${measured}
FROM found LEFT JOIN tops ON tops.value = found.value
GROUP BY found.bucket, tops.grp, tops.value`,
  )
}

function topsOf(rows: string, breakdown: Breakdown): NamedSql {
  return [
    'tops',
    `SELECT value, ROW_NUMBER() OVER (ORDER BY COUNT(*) DESC, value) AS grp FROM (\n  ${rows}\n) GROUP BY value
  ORDER BY grp LIMIT ${topOf(breakdown)}`,
  ]
}

export function trendPeople(
  asking: Asking,
  spec: TrendSpec,
  cell: Cell & { of: 'trend' },
  page: PeoplePage & { readonly bucket: Bounds },
): Statement | undefined {
  const series = spec.series[cell.series]
  if (series === undefined) return undefined
  const draft = new Draft('googlesql', asking)
  const { breakdown } = spec
  const value = breakdown === undefined ? [] : [`${draft.groupText(draft.table(series.event), breakdown)} AS value`]
  const parts: NamedSql[] = [
    ['found', draft.events(series.event, page.bucket, ['UNIX_MICROS(e.timestamp) AS moment', ...value])],
  ]
  const conditions = page.after === undefined ? [] : [`person > ${draft.bind(page.after)}`]
  if (breakdown !== undefined) {
    parts.push(topsOf(draft.events(series.event, asking.range, value), breakdown))
    conditions.push(cell.group === null ? 'value NOT IN (SELECT value FROM tops)' : `value = ${draft.bind(cell.group)}`)
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}\n`
  return draft.statement(
    parts,
    `SELECT person, MIN(moment) AS first_at, COUNT(*) AS events FROM found
${where}GROUP BY person${pageSql(page)}`,
  )
}

function bucketSql(time: string, interval: Interval, zone: string): string {
  const part = interval === 'week' ? 'WEEK(MONDAY)' : interval.toUpperCase()
  return `TIMESTAMP_TRUNC(${time}, ${part}, ${zoneText(zone)})`
}

const percents = { median: 50, p90: 90, p99: 99 } as const

function measureSql(measure: Measure): string {
  switch (measure.kind) {
    case 'events':
      return 'COUNT(*)'
    case 'people':
      return 'COUNT(DISTINCT person)'
    case 'per-person':
      return 'COUNT(*) / COUNT(DISTINCT person)'
    case 'sum':
      return 'CAST(SUM(x) AS FLOAT64)'
    case 'average':
      return 'CAST(AVG(x) AS FLOAT64)'
    default:
      return `CAST(APPROX_QUANTILES(x, 100)[SAFE_OFFSET(${percents[measure.kind]})] AS FLOAT64)`
  }
}

export interface Measured {
  readonly series: number
  readonly rows: readonly Row[]
  readonly before: readonly Row[] | undefined
}

/** Where nothing happened, counts and sums are 0, and there is no average. */
export function readTrend(
  spec: TrendSpec,
  measured: readonly Measured[],
  buckets: readonly number[],
  bucketsBefore: readonly number[],
): TrendAnswer['lines'] {
  return measured.flatMap(({ series, rows, before }) => {
    const kind = spec.series[series]?.measure.kind ?? 'events'
    const empty = kind === 'events' || kind === 'people' || kind === 'sum' ? 0 : null
    const groups = groupsOf(spec, [...rows, ...(before ?? [])])
    return groups.map(([grp, group]) => ({
      series,
      group,
      values: valuesOf(rows, grp, buckets, empty),
      // A range of months may have one more than the one before.
      before: before === undefined ? null : valuesOf(before, grp, bucketsBefore, empty).slice(0, buckets.length),
    }))
  })
}

/** Those with the most first, all others last. */
function groupsOf(spec: TrendSpec, rows: readonly Row[]): [number, Group][] {
  if (spec.breakdown === undefined) return [[0, '']]
  const found = new Map<number, Group>()
  for (const { grp, value } of rows) found.set(Number(grp), typeof value === 'string' ? value : null)
  return [...found].sort(([one], [other]) => (one === 0 ? 1 : other === 0 ? -1 : one - other))
}

function valuesOf(
  rows: readonly Row[],
  grp: number,
  buckets: readonly number[],
  empty: number | null,
): (number | null)[] {
  const own = new Map(
    rows.filter((row) => Number(row['grp']) === grp).map((row) => [Number(row['bucket']), row['measured']]),
  )
  return buckets.map((bucket) => {
    const value = own.get(bucket)
    return value === undefined || value === null ? empty : Number(value)
  })
}
