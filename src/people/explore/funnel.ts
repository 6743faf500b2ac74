// Funnels: how many people did the first step, then the second, … each within a window from the first. Two ways to write one:
//
//   DuckDB      each step's rows are joined to the chains so far by ASOF: the earliest row behind where the chain stands
//   GoogleSQL   each row of a step takes the latest beginning among the rows of the step before it: a running maximum a step
//
// Both find the same people and the same fastest times, since of two beginnings that reach a row the later one reaches all that the
// other does. A step is behind the one before if it is later. At the very same microsecond it counts, too, unless one row could then
// be both: the order of two events that were sent as one moment is theirs who made the funnel.
import {
  type Asking,
  type Bounds,
  Draft,
  type NamedSql,
  pageSql,
  type PeoplePage,
  type Statement,
  topOf,
} from './draft.ts'
import { mayShareRows } from './event-tables.ts'
import type { Row } from '../ask.ts'
import type { Cell, FunnelAnswer, FunnelSpec, Group } from './spec.ts'

/**
 * DuckDB: up to `c1` … `cN` (n, grp, began, moment), one row a chain, n the number of a person in `p1`. GoogleSQL: `chains`, one row an event of the funnel, with
 * `began1` … `beganN`: when the latest chain began that came here as this step.
 */
function chains(draft: Draft, spec: FunnelSpec, range: Bounds): NamedSql[] {
  return draft.dialect === 'duckdb' ? asofChains(draft, spec, range) : runningChains(draft, spec, range)
}

export function funnelStatement(asking: Asking, spec: FunnelSpec): Statement {
  const draft = new Draft(spec.dialect, asking)
  const parts = [...chains(draft, spec, asking.range), ['fastest', fastest(draft, spec)] as const]
  const counts = `SELECT step, grp, COUNT(*) AS people, ${draft.median('took')} AS median FROM fastest GROUP BY step, grp`
  if (spec.breakdown === undefined) return draft.statement(parts, counts)
  return draft.statement(
    parts,
    `SELECT counts.step, counts.grp, counts.people, counts.median, tops.value
FROM (${counts}) AS counts LEFT JOIN tops ON tops.grp = counts.grp`,
  )
}

/** One row a person, group and step, with grp, step, took: how long it took at best. */
function fastest(draft: Draft, { steps, windowSeconds }: FunnelSpec): string {
  if (draft.dialect === 'duckdb') {
    const each = steps.map(
      (_step, index) =>
        `SELECT ${index} AS step, n, grp, MIN(moment - began) AS took FROM c${index + 1} GROUP BY n, grp`,
    )
    return each.join('\n  UNION ALL ')
  }
  const numbers = steps.map((_step, index) => index + 1)
  const least = numbers.map((step) => `MIN(moment - began${step}) AS took${step}`)
  const all = numbers.map((step) => `STRUCT(${step - 1} AS step, took${step} AS took)`)
  // Once over the rows: as a select for each step the engine would work out the chains anew for each.
  return `SELECT reached.step, person, grp, reached.took
  FROM (SELECT person, grp, ${least.join(', ')} FROM chains GROUP BY person, grp),
    UNNEST([${all.join(', ')}]) AS reached
  WHERE reached.took <= ${draft.bind(windowSeconds * 1e6)}`
}

/** Those behind a number, by id. `after`: the last id of the page before. */
export function funnelPeople(
  asking: Asking,
  spec: FunnelSpec,
  { step, who, group }: Cell & { of: 'funnel' },
  page: PeoplePage,
): Statement {
  // Steps behind the ones that are asked about say nothing.
  const steps = spec.steps.slice(0, who === 'dropped' ? step + 2 : step + 1)
  const draft = new Draft(spec.dialect, asking)
  const parts = chains(draft, { ...spec, steps }, asking.range)
  const isGroup = spec.breakdown === undefined ? 'grp = 0' : groupCondition(draft, group)
  const [reached, next] = [step, step + 1].map((one) => reachedSql(draft, spec.windowSeconds, one))
  const conditions = [
    isGroup,
    ...(who === 'dropped' ? [`person NOT IN (SELECT person FROM ${next} AS further WHERE ${isGroup})`] : []),
    ...(page.after === undefined ? [] : [`person > ${draft.bind(page.after)}`]),
  ]
  return draft.statement(
    parts,
    `SELECT person, MIN(began) AS first_at, COUNT(DISTINCT began) AS events FROM ${reached} AS reached
WHERE ${conditions.join(' AND ')}
GROUP BY person${pageSql(page)}`,
  )
}

/** (person, grp, began) of the chains that came as far as a step, from 0. */
function reachedSql(draft: Draft, windowSeconds: number, step: number): string {
  if (draft.dialect === 'duckdb')
    return `(SELECT p1.person, c.grp, c.began FROM c${step + 1} AS c JOIN p1 ON p1.n = c.n)`
  const began = `began${step + 1}`
  return `(SELECT person, grp, ${began} AS began FROM chains WHERE moment - ${began} <= ${draft.bind(windowSeconds * 1e6)})`
}

function groupCondition(draft: Draft, group: Group): string {
  return group === null ? 'grp = 0' : `grp = (SELECT grp FROM tops WHERE value = ${draft.bind(group)})`
}

export function readFunnel(spec: FunnelSpec, rows: readonly Row[]): FunnelAnswer['groups'] {
  const groups = new Map<number, { group: Group; rows: Row[] }>()
  for (const row of rows) {
    const index = Number(row['grp'])
    const group = spec.breakdown === undefined ? '' : typeof row['value'] === 'string' ? row['value'] : null
    const own = groups.get(index) ?? { group, rows: [] }
    own.rows.push(row)
    groups.set(index, own)
  }
  if (groups.size === 0 && spec.breakdown === undefined) groups.set(0, { group: '', rows: [] })
  // Others, whose number is 0, come last.
  const sorted = [...groups].sort(([one], [other]) => (one === 0 ? 1 : other === 0 ? -1 : one - other))
  return sorted.map(([, own]) => ({
    group: own.group,
    steps: spec.steps.map((_step, index) => {
      const row = own.rows.find((one) => Number(one['step']) === index)
      return {
        people: Number(row?.['people'] ?? 0),
        medianSeconds: row === undefined ? null : Number(row['median']) / 1e6,
      }
    }),
  }))
}

/** `s1` (person, moment, grp), and `tops` where there is a breakdown: its rank is the group's number, 0 are all others. */
function entries(draft: Draft, spec: FunnelSpec, range: Bounds): NamedSql[] {
  const [first] = spec.steps
  const { breakdown } = spec
  if (first === undefined) return []
  const at = `${draft.micros(`e.${draft.name('timestamp')}`)} AS moment`
  if (breakdown === undefined) return onlyFirst(spec, [['s1', draft.events(first, range, [at, '0 AS grp'])]], 's1')
  const value = `${draft.groupText(draft.table(first), breakdown)} AS value`
  return [
    ...onlyFirst(spec, [['entries', draft.events(first, range, [at, value])]], 'entries'),
    [
      'tops',
      `SELECT value, ROW_NUMBER() OVER (ORDER BY COUNT(*) DESC, value) AS grp FROM entries GROUP BY value
  ORDER BY grp LIMIT ${topOf(breakdown)}`,
    ],
    [
      's1',
      `SELECT entries.person, entries.moment, COALESCE(tops.grp, 0) AS grp FROM entries LEFT JOIN tops ON tops.value = entries.value`,
    ],
  ]
}

/** Of each person the first entry, where it alone counts; of several at one moment the one whose value comes first. */
function onlyFirst(spec: FunnelSpec, [all]: readonly NamedSql[], name: string): NamedSql[] {
  if (all === undefined) return []
  if (spec.entry === 'any') return [[name, all[1]]]
  const column = spec.breakdown === undefined ? 'grp' : 'value'
  return [
    ['tries', all[1]],
    [
      name,
      `SELECT tries.person, tries.moment, MIN(tries.${column}) AS ${column}
  FROM tries JOIN (SELECT person, MIN(moment) AS moment FROM tries GROUP BY person) AS firsts
    ON firsts.person = tries.person AND firsts.moment = tries.moment
  GROUP BY tries.person, tries.moment`,
    ],
  ]
}

/** Rows of the later steps: they may lie behind the range, as far as the window reaches. */
function laterSteps(draft: Draft, spec: FunnelSpec, range: Bounds): NamedSql[] {
  const bounds = { ...range, toMicros: range.toMicros + spec.windowSeconds * 1e6 }
  const at = `${draft.micros(`e.${draft.name('timestamp')}`)} AS moment`
  return spec.steps.slice(1).map((step, index): NamedSql => [`s${index + 2}`, draft.events(step, bounds, [at])])
}

/** A row of this step may be one of an earlier step: it has to be later, then. */
function isStrict({ steps }: FunnelSpec, index: number): boolean {
  const step = steps[index]
  return step !== undefined && steps.slice(0, index).some((earlier) => mayShareRows(earlier, step))
}

/**
 * People are numbers in here: comparing and sorting those takes half of what their ids take. Each step looks only at people who came
 * as far as the one before (`p`), which also makes the engine do one step after the other: all at once don't fit into its memory.
 *
 * `p` and `c` end in an aggregate, because the engine works those out once, and anything else once for each that reads it: twice as
 * much with each step. Of two chains that reach one row, the one that began later stays: it reaches all that the other does.
 */
function asofChains(draft: Draft, spec: FunnelSpec, range: Bounds): NamedSql[] {
  const window = draft.bind(spec.windowSeconds * 1e6)
  const later = laterSteps(draft, spec, range).flatMap(([, rows], index): NamedSql[] => {
    const [before, step] = [index + 1, index + 2]
    const sign = isStrict(spec, index + 1) ? '<' : '<='
    const left: NamedSql[] =
      before === 1
        ? []
        : [[`p${before}`, `SELECT DISTINCT person, n FROM p${before - 1} WHERE n IN (SELECT n FROM c${before})`]]
    return [
      ...left,
      [
        `s${step}`,
        `SELECT p${before}.n, e.moment FROM (\n  ${rows}\n) AS e JOIN p${before} ON p${before}.person = e.person`,
      ],
      [
        `c${step}`,
        `SELECT c${before}.n, c${before}.grp, MAX(c${before}.began) AS began, s${step}.moment
  FROM c${before} ASOF JOIN s${step} ON c${before}.n = s${step}.n AND c${before}.moment ${sign} s${step}.moment
  WHERE s${step}.moment <= c${before}.began + ${window} GROUP BY c${before}.n, c${before}.grp, s${step}.moment`,
      ],
    ]
  })
  return [
    ...entries(draft, spec, range),
    [
      'p1',
      'SELECT person, MIN(place) AS n FROM (SELECT person, ROW_NUMBER() OVER () AS place FROM s1) GROUP BY person',
    ],
    ['c1', 'SELECT p1.n, s1.grp, s1.moment AS began, s1.moment FROM s1 JOIN p1 ON p1.person = s1.person'],
    ...later,
  ]
}

/** The window is looked at in the end: what is too late for a chain's beginning is too late for all before it, too. */
function runningChains(draft: Draft, spec: FunnelSpec, range: Bounds): NamedSql[] {
  const later = spec.steps
    .slice(1)
    .map((_step, index) => `SELECT person, CAST(NULL AS INT64), moment, ${index + 2} FROM s${index + 2}`)
  // Every group that a person entered runs by itself.
  let levels = `(
  SELECT moments.person, entered.grp, moments.moment, moments.step, CASE WHEN moments.step = 1 THEN moments.moment END AS began1
  FROM moments JOIN entered ON entered.person = moments.person
  WHERE moments.step > 1 OR moments.grp = entered.grp
)`
  for (let step = 2; step <= spec.steps.length; step += 1) {
    const end = isStrict(spec, step - 1) ? '1 PRECEDING' : 'CURRENT ROW'
    levels = `(SELECT *, CASE WHEN step = ${step} THEN MAX(began${step - 1}) OVER (
  PARTITION BY person, grp ORDER BY moment RANGE BETWEEN UNBOUNDED PRECEDING AND ${end}) END AS began${step} FROM ${levels})`
  }
  return [
    ...entries(draft, spec, range),
    ...laterSteps(draft, spec, range),
    // Read twice, so the engine keeps it: it looks at all that is below windows twice as often with each window more.
    ['moments', ['SELECT person, grp, moment, 1 AS step FROM s1', ...later].join('\n  UNION ALL ')],
    ['entered', 'SELECT DISTINCT person, grp FROM moments WHERE step = 1'],
    ['chains', `SELECT * FROM ${levels}`],
  ]
}
