// Paths: what people did right after an event, or right before it, step by step within a window. Each time that the event happened
// begins a path of its own. A node is an event at a step, so a path never comes back to a node, however people go in circles.
import type { Row } from '../ask.ts'
import { type Asking, Draft, type NamedSql, pageSql, type PeoplePage, type Statement } from './draft.ts'
import type { Cell, PathsAnswer, PathsSpec } from './spec.ts'

/** Of one step; rarer ones are lost among the others anyway. */
const pairsMax = 2000

function walked(draft: Draft, asking: Asking, spec: PathsSpec): NamedSql[] {
  const windowMicros = spec.windowSeconds * 1e6
  const { fromMicros, toMicros } = asking.range
  const bounds =
    spec.direction === 'after'
      ? { fromMicros, toMicros: toMicros + windowMicros }
      : { fromMicros: fromMicros - windowMicros, toMicros }
  const any = { source: spec.source, table: 'tracks', filters: [] }
  const look = spec.direction === 'after' ? 'LEAD' : 'LAG'
  const steps = Array.from({ length: spec.steps }, (_none, index) => index + 1)
  const far = (step: number): string => (spec.direction === 'after' ? `at${step} - at0` : `at0 - at${step}`)
  const window = draft.bind(windowMicros)
  return [
    [
      'events',
      draft.events(any, bounds, [
        'UNIX_MICROS(e.timestamp) AS at0',
        "COALESCE(e.event_text, '') AS event0",
        'e.id AS id',
      ]),
    ],
    [
      'neighbours',
      `SELECT person, at0, event0, ${steps
        .flatMap((step) => [
          `${look}(at0, ${step}) OVER ordered AS at${step}`,
          `${look}(event0, ${step}) OVER ordered AS event${step}`,
        ])
        .join(', ')}
  FROM events WINDOW ordered AS (PARTITION BY person ORDER BY at0, id)`,
    ],
    [
      'paths',
      `SELECT person, at0, event0, ${steps
        .map((step) => `IF(${far(step)} <= ${window}, event${step}, NULL) AS event${step}`)
        .join(', ')}
  FROM neighbours WHERE event0 = ${draft.bind(spec.event)}
    AND at0 >= ${draft.bind(fromMicros)} AND at0 < ${draft.bind(toMicros)}`,
    ],
  ]
}

export function pathsStatement(asking: Asking, spec: PathsSpec): Statement {
  const draft = new Draft('googlesql', asking)
  const parts = walked(draft, asking, spec)
  const pairs = Array.from(
    { length: spec.steps },
    (_none, step) => `(SELECT ${step} AS step, event${step} AS a, event${step + 1} AS b, COUNT(*) AS n FROM paths
WHERE event${step + 1} IS NOT NULL GROUP BY a, b ORDER BY n DESC, a, b LIMIT ${pairsMax})`,
  )
  return draft.statement(
    parts,
    `SELECT -1 AS step, '' AS a, '' AS b, COUNT(*) AS n FROM paths\nUNION ALL\n${pairs.join('\nUNION ALL\n')}`,
  )
}

export function pathsPeople(
  asking: Asking,
  spec: PathsSpec,
  { step, event }: Cell & { of: 'paths' },
  page: PeoplePage,
): Statement {
  const draft = new Draft('googlesql', asking)
  const parts = walked(draft, asking, spec)
  const after = page.after === undefined ? '' : ` AND person > ${draft.bind(page.after)}`
  return draft.statement(
    parts,
    `SELECT person, MIN(at0) AS first_at, COUNT(*) AS events FROM paths
WHERE event${step} = ${draft.bind(event)}${after}
GROUP BY person${pageSql(page)}`,
  )
}

/** The most frequent events of each step keep their names; the others are one node. */
export function readPaths(spec: PathsSpec, rows: readonly Row[]): Pick<PathsAnswer, 'occurrences' | 'nodes' | 'links'> {
  const read = rows.map((row) => ({
    step: Number(row['step']),
    from: String(row['a']),
    to: String(row['b']),
    count: Number(row['n']),
  }))
  const occurrences = read.find(({ step }) => step === -1)?.count ?? 0
  const pairs = read.filter(({ step }) => step >= 0)
  const nodes: PathsAnswer['nodes'][number][] = [{ step: 0, event: spec.event, count: occurrences }]
  const kept = [new Set([spec.event])]
  for (let step = 1; step <= spec.steps; step += 1) {
    const totals = summed(pairs.filter((pair) => pair.step === step - 1).map(({ to, count }) => [to, count]))
    const sorted = [...totals].sort(([one, n], [other, m]) => m - n || (one < other ? -1 : 1))
    const named = sorted.slice(0, spec.top)
    const rest = sorted.slice(spec.top).reduce((sum, [, count]) => sum + count, 0)
    nodes.push(...named.map(([event, count]) => ({ step, event, count })))
    if (rest > 0) nodes.push({ step, event: null, count: rest })
    kept.push(new Set(named.map(([event]) => event)))
  }
  const links = summed(
    pairs.map(({ step, from, to, count }) => {
      const named = [kept[step]?.has(from) === true ? from : null, kept[step + 1]?.has(to) === true ? to : null]
      return [JSON.stringify([step, ...named]), count]
    }),
  )
  return {
    occurrences,
    nodes,
    links: [...links].map(([key, count]) => {
      const [step, from, to] = JSON.parse(key) as [number, string | null, string | null]
      return { step, from, to, count }
    }),
  }
}

function summed(entries: readonly (readonly [string, number])[]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const [key, count] of entries) sums.set(key, (sums.get(key) ?? 0) + count)
  return sums
}
