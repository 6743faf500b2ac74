// Retention: of those who began in a day or week, how many came back in the periods after it. What a person did is one number, a bit
// a period: "in it or later" is then a shift, and no second look at the rows.
import type { Row } from '../ask.ts'
import { addDays, daysBetween, firstDay } from './days.ts'
import { type Asking, Draft, type NamedSql, pageSql, type PeoplePage, type Statement, zoneText } from './draft.ts'
import type { Cell, RetentionAnswer, RetentionSpec } from './spec.ts'

/** Bits of an INT64 that can be shifted, without the sign. */
export const periodsMax = 60

/** `asking.range`: of the beginnings. `backUntilMicros`: where the last period ends. */
function masks(draft: Draft, asking: Asking, spec: RetentionSpec, backUntilMicros: number): NamedSql[] {
  const part = spec.interval === 'week' ? 'WEEK(MONDAY)' : 'DAY'
  const day = `DATE(e.timestamp, ${zoneText(spec.zone)})`
  const period = spec.interval === 'week' ? `DATE_TRUNC(${day}, ${part})` : day
  const until = { fromMicros: asking.range.fromMicros, toMicros: backUntilMicros }
  return [
    [
      'born',
      `SELECT person, MIN(day) AS day, MIN(moment) AS moment FROM (\n  ${draft.events(spec.born, asking.range, [`${period} AS day`, 'UNIX_MICROS(e.timestamp) AS moment'])}\n) GROUP BY person`,
    ],
    ['back', `SELECT DISTINCT person, day FROM (\n  ${draft.events(spec.back, until, [`${period} AS day`])}\n)`],
    [
      'masks',
      `SELECT born.person, born.day, born.moment, BIT_OR(1 << DATE_DIFF(back.day, born.day, ${part})) AS mask
  FROM born JOIN back ON back.person = born.person
  WHERE back.day > born.day AND DATE_DIFF(back.day, born.day, ${part}) <= ${spec.periods}
  GROUP BY born.person, born.day, born.moment`,
    ],
  ]
}

function isBack(spec: RetentionSpec, period: string): string {
  return spec.counts === 'on' ? `MOD(mask >> ${period}, 2) = 1` : `mask >> ${period} > 0`
}

export function retentionStatement(asking: Asking, spec: RetentionSpec, backUntilMicros: number): Statement {
  const draft = new Draft('googlesql', asking)
  const parts = masks(draft, asking, spec, backUntilMicros)
  return draft.statement(
    [...parts, ['kinds', 'SELECT day, mask, COUNT(*) AS people FROM masks GROUP BY day, mask']],
    `SELECT CAST(day AS STRING) AS day, 0 AS period, COUNT(*) AS people FROM born GROUP BY day
UNION ALL
SELECT CAST(day AS STRING), period, SUM(people) FROM kinds, UNNEST(GENERATE_ARRAY(1, ${spec.periods})) AS period
WHERE ${isBack(spec, 'period')} GROUP BY day, period`,
  )
}

export function retentionPeople(
  asking: Asking,
  spec: RetentionSpec,
  { day, period }: Cell & { of: 'retention' },
  page: PeoplePage & { readonly backUntilMicros: number },
): Statement {
  const draft = new Draft('googlesql', asking)
  const parts = masks(draft, asking, spec, page.backUntilMicros)
  const conditions = [
    `day = ${draft.bind({ type: { kind: 'DATE' }, text: day })}`,
    ...(period === 0 ? [] : [isBack(spec, String(period))]),
    ...(page.after === undefined ? [] : [`person > ${draft.bind(page.after)}`]),
  ]
  return draft.statement(
    parts,
    `SELECT person, moment AS first_at, 1 AS events FROM ${period === 0 ? 'born' : 'masks'}
WHERE ${conditions.join(' AND ')}${pageSql(page)}`,
  )
}

/** Every period that the range touches is a line, also one in which nobody began. `today`: local. */
export function readRetention(
  spec: RetentionSpec,
  rows: readonly Row[],
  range: { readonly from: string; readonly to: string },
  today: string,
): RetentionAnswer['cohorts'] {
  const counts = new Map(rows.map((row) => [`${String(row['day'])} ${String(row['period'])}`, Number(row['people'])]))
  const length = spec.interval === 'week' ? 7 : 1
  const now = firstDay(today, spec.interval)
  const cohorts: RetentionAnswer['cohorts'][number][] = []
  for (let day = firstDay(range.from, spec.interval); day <= range.to; day = addDays(day, length)) {
    // So many periods after the first have begun; the last of them is still going on.
    const begun = Math.max(0, Math.min(spec.periods, daysBetween(day, now) / length))
    const periodsOver = Math.max(0, Math.min(spec.periods, daysBetween(day, now) / length - 1))
    const back = Array.from({ length: spec.periods }, (_none, index) =>
      index < begun ? (counts.get(`${day} ${index + 1}`) ?? 0) : null,
    )
    cohorts.push({ day, people: counts.get(`${day} 0`) ?? 0, back, periodsOver })
  }
  return cohorts
}
