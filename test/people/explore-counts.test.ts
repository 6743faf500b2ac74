// Trends, retention and paths on random logs: what the SQL says is what a plain reference says, and the people behind a number are
// those who were counted.
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type {
  Among,
  Cell,
  EventPick,
  ExploreSpec,
  Measure,
  PathsSpec,
  RetentionSpec,
  TrendSpec,
} from '../../src/people/explore/spec.ts'
import {
  caller,
  type ExploreRig,
  happened,
  type Happened,
  hourMicros,
  type Logged,
  logs,
  openExplore,
  personOf,
  picks,
  startMicros,
  tables,
  unitMicros,
} from './explore-rig.ts'

const dayMicros = 24 * hourMicros
/** Taipei's midnight is four of our moments away from UTC's: 16:00, which is one of them. */
const zoneMicros = { UTC: 0, 'Asia/Taipei': 8 * hourMicros }
let open: ExploreRig

beforeAll(async () => {
  open = await openExplore(startMicros + 30 * dayMicros)
})
afterAll(async () => {
  await open.close()
})

type Bare = Omit<EventPick, 'source'>
const zones = fc.constantFrom('UTC' as const, 'Asia/Taipei' as const)
const measures: fc.Arbitrary<Measure> = fc.oneof(
  fc.record({ kind: fc.constantFrom('events', 'people', 'per-person') }),
  fc.record({ kind: fc.constantFrom('sum', 'average', 'median', 'p90'), property: fc.constant('total') }),
)
const amongs: fc.Arbitrary<{ readonly did: Bare; readonly times: number } | undefined> = fc.option(
  fc.record({ did: picks(fc.constantFrom(...tables, 'tracks')), times: fc.integer({ min: 1, max: 3 }) }),
  { nil: undefined, freq: 2 },
)

function withSource(
  source: string,
  among: { readonly did: Bare; readonly times: number } | undefined,
): Among | undefined {
  return among === undefined ? undefined : { ...among, did: { ...among.did, source } }
}

/** Two local days from March 1st, in microseconds. */
function boundsIn(zone: keyof typeof zoneMicros): readonly [from: number, to: number] {
  const from = startMicros - zoneMicros[zone]
  return [from, from + 2 * dayMicros]
}

/** Only of people who did enough of it in the range. */
function rowsAmong(log: Logged, spec: ExploreSpec, pick: EventPick, from: number, to: number): Happened[] {
  const { among, zone } = spec
  const rows = happened(log, pick, from, to)
  if (among === undefined) return rows
  const [first, last] = boundsIn(zone as 'UTC')
  const did = happened(log, among.did, first, last)
  return rows.filter(({ person }) => did.filter((one) => one.person === person).length >= among.times)
}

async function everybody(spec: ExploreSpec, cell: Cell): Promise<string[]> {
  const { people, next } = await open.explore.people(caller, spec, cell, { after: undefined, limit: 100 })
  expect(next).toBeNull()
  return people.map(({ id }) => id)
}

function peopleOf(rows: readonly Happened[]): string[] {
  return [...new Set(rows.map(({ person }) => person))].sort()
}

describe('trends', () => {
  function measured(rows: readonly Happened[], { kind }: Measure): number | null {
    const totals = rows.map(({ event }) => event.total).sort((a, b) => a - b)
    const sum = totals.reduce((all, one) => all + one, 0)
    if (kind === 'events') return rows.length
    if (kind === 'people') return peopleOf(rows).length
    if (kind === 'sum') return sum
    if (rows.length === 0) return null
    if (kind === 'per-person') return rows.length / peopleOf(rows).length
    if (kind === 'average') return sum / rows.length
    const share = kind === 'median' ? 0.5 : 0.9
    return totals[Math.max(0, Math.ceil(share * totals.length) - 1)] ?? null
  }

  const asked = fc.record({
    event: picks(fc.constantFrom(...tables)),
    measure: measures,
    interval: fc.constantFrom('hour' as const, 'day' as const),
    breakdown: fc.option(fc.record({ property: fc.constant('plan'), top: fc.integer({ min: 1, max: 3 }) }), {
      nil: undefined,
    }),
    compares: fc.boolean(),
    zone: zones,
    among: amongs,
  })

  test('say what a reference says, by day and hour, by plan, beside the days before', async () => {
    await fc.assert(
      fc.asyncProperty(logs, asked, async (log, { event, measure, among, ...rest }) => {
        const source = await open.load(log)
        const spec: TrendSpec = {
          kind: 'trend',
          series: [{ event: { ...event, source }, measure }],
          range: { from: '2026-03-01', to: '2026-03-02' },
          among: withSource(source, among),
          ...rest,
        }
        const answer = await open.explore.answer(caller, spec)
        if (answer.kind !== 'trend') throw new Error('another kind')
        const [from, to] = boundsIn(rest.zone)
        const length = rest.interval === 'hour' ? hourMicros : dayMicros
        const starts = Array.from({ length: (to - from) / length }, (_none, index) => from + index * length)
        expect(answer.buckets.map((bucket) => Date.parse(bucket) * 1000)).toEqual(starts)
        const pick = { ...event, source }
        const inGroup = ({ event: { plan } }: Happened, group: string | null): boolean =>
          spec.breakdown === undefined || (group === null ? !named.includes(plan ?? '') : (plan ?? '') === group)
        const named = answer.lines.flatMap(({ group }) => group ?? [])
        for (const { group, values, before } of answer.lines) {
          const within = (start: number): Happened[] =>
            rowsAmong(log, spec, pick, start, start + length).filter((row) => inGroup(row, group))
          expectClose(
            values,
            starts.map((start) => measured(within(start), measure)),
          )
          if (rest.compares) {
            expectClose(
              before ?? [],
              starts.map((start) => measured(within(start - (to - from)), measure)),
            )
          } else expect(before).toBeNull()
        }
        // Nothing is left out: all groups together are all events, and the named ones are those with the most.
        const all = rowsAmong(log, spec, pick, from, to)
        if (measure.kind === 'events') {
          const sum = answer.lines.flatMap(({ values }) => values).reduce((one: number, other) => one + (other ?? 0), 0)
          expect(sum).toBe(all.length)
        }
        if (spec.breakdown !== undefined) {
          const counts = new Map<string, number>()
          for (const {
            event: { plan },
          } of all)
            counts.set(plan ?? '', (counts.get(plan ?? '') ?? 0) + 1)
          const sorted = [...counts]
            .sort(([one, n], [other, m]) => m - n || (one < other ? -1 : 1))
            .map(([value]) => value)
          const shown = named.filter((value) => counts.has(value))
          expect(shown).toEqual(sorted.slice(0, rest.breakdown?.top))
        }
        const [line] = answer.lines
        const [bucket] = answer.buckets
        if (line === undefined || bucket === undefined) return
        const cell = { of: 'trend', series: 0, bucket, group: line.group } as const
        const wanted = rowsAmong(log, spec, pick, from, from + length).filter((row) => inGroup(row, line.group))
        expect(await everybody(spec, cell)).toEqual(peopleOf(wanted))
      }),
      { numRuns: 40 },
    )
  }, 240_000)

  function expectClose(found: readonly (number | null)[], wanted: readonly (number | null)[]): void {
    const rounded = (values: readonly (number | null)[]) =>
      values.map((value) => (value === null ? null : Math.round(value * 1e9) / 1e9))
    expect(rounded(found)).toEqual(rounded(wanted))
  }
})

describe('retention', () => {
  const asked = fc.record({
    born: picks(fc.constantFrom(...tables, 'tracks')),
    back: picks(fc.constantFrom(...tables, 'tracks')),
    counts: fc.constantFrom('on' as const, 'on-or-after' as const),
    periods: fc.integer({ min: 1, max: 3 }),
    zone: zones,
    among: amongs,
  })

  test('says what a reference says, by day, for each cohort and the people in it', async () => {
    await fc.assert(
      fc.asyncProperty(logs, asked, async (log, { born, back, among, ...rest }) => {
        const source = await open.load(log)
        const spec: RetentionSpec = {
          kind: 'retention',
          born: { ...born, source },
          back: { ...back, source },
          interval: 'day',
          range: { from: '2026-03-01', to: '2026-03-02' },
          among: withSource(source, among),
          ...rest,
        }
        const [from, to] = boundsIn(rest.zone)
        const answer = await open.explore.answer(caller, spec)
        if (answer.kind !== 'retention') throw new Error('another kind')
        const dayOf = ({ micros }: Happened): number => Math.floor((micros - from) / dayMicros)
        const births = new Map<string, number>()
        for (const row of rowsAmong(log, spec, spec.born, from, to)) {
          births.set(row.person, Math.min(dayOf(row), births.get(row.person) ?? Infinity))
        }
        const returns = rowsAmong(log, spec, spec.back, from, Infinity)
        for (const [index, cohort] of answer.cohorts.entries()) {
          const members = [...births].filter(([, day]) => day === index).map(([person]) => person)
          const cameBack = (period: number): string[] =>
            members.filter((member) =>
              returns.some((row) => {
                const days = dayOf(row) - index
                const isIn = rest.counts === 'on' ? days === period : days >= period
                return row.person === member && isIn && days <= rest.periods
              }),
            )
          expect(cohort.people).toBe(members.length)
          const periods = Array.from({ length: rest.periods }, (_none, period) => period + 1)
          expect(cohort.back).toEqual(periods.map((period) => cameBack(period).length))
          for (const period of [0, rest.periods]) {
            const wanted = period === 0 ? members : cameBack(period)
            expect(await everybody(spec, { of: 'retention', day: cohort.day, period })).toEqual([...wanted].sort())
          }
        }
      }),
      { numRuns: 25 },
    )
  }, 240_000)

  test('leaves out what lies in the future, and says which periods are over', async () => {
    const later = await openExplore(startMicros + 2.5 * dayMicros)
    try {
      const events = [0, 7].map((at) => ({
        table: 'alpha' as const,
        user: 'u1',
        anonymous: null,
        at,
        plan: null,
        total: 0,
      }))
      const source = await later.load({ events, identifies: [] })
      const pick = { source, table: 'alpha', filters: [] }
      const answer = await later.explore.answer(caller, {
        kind: 'retention',
        born: pick,
        back: pick,
        interval: 'day',
        counts: 'on',
        periods: 4,
        range: { from: '2026-03-01', to: '2026-03-03' },
        zone: 'UTC',
      })
      expect(answer.kind === 'retention' && answer.cohorts).toEqual([
        { day: '2026-03-01', people: 1, back: [1, 0, null, null], periodsOver: 1 },
        { day: '2026-03-02', people: 0, back: [0, null, null, null], periodsOver: 0 },
        { day: '2026-03-03', people: 0, back: [null, null, null, null], periodsOver: 0 },
      ])
    } finally {
      await later.close()
    }
  })
})

describe('paths', () => {
  const asked = fc.record({
    event: fc.constantFrom(...tables).map((table) => `${table} happened`),
    direction: fc.constantFrom('after' as const, 'before' as const),
    steps: fc.integer({ min: 1, max: 3 }),
    windowSeconds: fc.integer({ min: 0, max: 4 }).map((units) => (units * unitMicros) / 1e6),
    top: fc.integer({ min: 1, max: 3 }),
  })

  test('say what a reference says, and a step loses nobody to the events that are put together', async () => {
    await fc.assert(
      fc.asyncProperty(logs, asked, async (log, rest) => {
        const source = await open.load(log)
        const range = { from: '2026-03-01', to: '2026-03-02' }
        const spec: PathsSpec = { kind: 'paths', source, range, zone: 'UTC', ...rest }
        const answer = await open.explore.answer(caller, spec)
        if (answer.kind !== 'paths') throw new Error('another kind')
        const walks = walksOf(log, spec)
        expect(answer.occurrences).toBe(walks.length)
        for (let step = 1; step <= spec.steps; step += 1) {
          const counts = new Map<string, number>()
          for (const { names } of walks) {
            const name = names[step]
            if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
          }
          const nodes = answer.nodes.filter((node) => node.step === step)
          const total = [...counts.values()].reduce((sum, one) => sum + one, 0)
          expect(nodes.reduce((sum, { count }) => sum + count, 0)).toBe(total)
          for (const { event, count } of nodes) if (event !== null) expect(count).toBe(counts.get(event))
          const links = answer.links.filter((link) => link.step === step - 1)
          expect(links.reduce((sum, { count }) => sum + count, 0)).toBe(total)
          const named = nodes.find(({ event }) => event !== null)?.event
          if (named === undefined || named === null) continue
          const wanted = new Set(walks.filter(({ names }) => names[step] === named).map(({ person }) => person))
          expect(await everybody(spec, { of: 'paths', step, event: named })).toEqual([...wanted].sort())
        }
      }),
      { numRuns: 25 },
    )
  }, 240_000)

  function walksOf(log: Logged, spec: PathsSpec): { readonly person: string; readonly names: readonly string[] }[] {
    const [from, to] = boundsIn('UTC')
    const sign = spec.direction === 'after' ? 1 : -1
    // In the order of the rows' ids where they share a moment; events of all tables are numbered together.
    const rows = log.events.flatMap((event, index) => {
      const person = personOf(log, event)
      const micros = startMicros + event.at * unitMicros
      return person === undefined ? [] : [{ person, micros, id: `e${index}`, name: `${event.table} happened` }]
    })
    rows.sort((a, b) => sign * (a.micros - b.micros || (a.id < b.id ? -1 : 1)))
    return rows.flatMap((row, index) => {
      if (row.name !== spec.event || row.micros < from || row.micros >= to) return []
      const behind = rows.slice(index + 1).filter(({ person }) => person === row.person)
      const near = behind
        .slice(0, spec.steps)
        .filter(({ micros }) => sign * (micros - row.micros) <= spec.windowSeconds * 1e6)
      return [{ person: row.person, names: [row.name, ...near.map(({ name }) => name)] }]
    })
  }
})

test('an answer says what a person is, and the statement can be asked again as it is', async () => {
  const events = [{ table: 'alpha' as const, user: null, anonymous: 'a1', at: 1, plan: 'pro', total: 7 }]
  const source = await open.load({ events, identifies: [{ user: 'u1', anonymous: 'a1' }] })
  const filters = [{ property: 'plan', is: 'equals' as const, values: ['pro'] }]
  const answer = await open.explore.answer(caller, {
    kind: 'trend',
    series: [{ event: { source, table: 'alpha', name: 'alpha happened', filters }, measure: { kind: 'people' } }],
    interval: 'day',
    compares: false,
    range: { from: '2026-03-01', to: '2026-03-01' },
    zone: 'UTC',
  })
  expect(answer.people).toBe('joined')
  expect(answer.kind === 'trend' && answer.lines[0]?.values).toEqual([1])
  const [statement] = answer.statements
  const parameters = (statement?.parameters ?? []).map(({ name, type, value }) => ({
    name,
    type: { kind: type as 'STRING' },
    value,
  }))
  const rows = await open.rig.rows(statement?.sql ?? '', { parameters })
  expect(rows.map((row) => row.at(-1))).toEqual([1])
})

test('what is asked wrongly is refused in words', async () => {
  const source = await open.load({ events: [], identifies: [] })
  const pick = { source, table: 'alpha', filters: [] }
  const trend = (more: Partial<TrendSpec>): TrendSpec => ({
    kind: 'trend',
    series: [{ event: pick, measure: { kind: 'events' } }],
    interval: 'day',
    compares: false,
    range: { days: 7 },
    zone: 'UTC',
    ...more,
  })
  const refusal = async (spec: ExploreSpec): Promise<unknown> =>
    open.explore.answer(caller, spec).catch((error: unknown) => (error as Error).message)
  expect(await refusal(trend({ zone: 'Mars/Base' }))).toContain('no time zone Mars/Base')
  expect(await refusal(trend({ range: { from: '2026-03-02', to: '2026-03-01' } }))).toContain('must not lie behind')
  expect(await refusal(trend({ interval: 'hour', range: { days: 365 } }))).toContain('8760 points')
  const named = (event: Partial<EventPick>, measure: Measure = { kind: 'events' }): TrendSpec =>
    trend({ series: [{ event: { ...pick, ...event }, measure }] })
  expect(await refusal(named({ table: 'nothing' }))).toContain(`no events of people in ${source}.nothing`)
  const hidden = { property: 'x" OR 1=1 --', is: 'set', values: [] } as const
  expect(await refusal(named({ filters: [hidden] }))).toContain('has no such column')
  expect(await refusal(named({}, { kind: 'sum', property: 'plan' }))).toContain('holds no numbers')
  expect(await refusal(trend({ breakdown: { property: 'properties', top: 3 } }))).toContain("can't be compared")
  const behind = open.explore.people(
    caller,
    trend({}),
    { of: 'trend', series: 3, bucket: '', group: '' },
    { after: undefined, limit: 1 },
  )
  await expect(behind).rejects.toThrow('there is no such number')
})
