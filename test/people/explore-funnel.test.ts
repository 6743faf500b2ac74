// Funnels on random logs with ties, repeated events and people under two ids: DuckDB's ASOF chain, GoogleSQL's running maximum through
// our own compiler, and a plain reference say the same, and so do the people behind each step.
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { mayShareRows } from '../../src/people/explore/event-tables.ts'
import type { EventPick, FunnelAnswer, FunnelSpec, Group } from '../../src/people/explore/spec.ts'
import {
  caller,
  type ExploreRig,
  happened,
  type Happened,
  logs,
  type Logged,
  openExplore,
  picks,
  startMicros,
  tables,
  unitMicros,
} from './explore-rig.ts'

let open: ExploreRig

beforeAll(async () => {
  open = await openExplore(startMicros + 100 * unitMicros)
})
afterAll(async () => {
  await open.close()
})

type Asked = Omit<FunnelSpec, 'dialect'>

/** Two days. */
const from = startMicros
const to = startMicros + 12 * unitMicros

const asked: fc.Arbitrary<Omit<Asked, 'steps'> & { readonly steps: readonly Omit<EventPick, 'source'>[] }> = fc.record({
  kind: fc.constant('funnel'),
  steps: fc
    .tuple(
      picks(fc.constantFrom(...tables)),
      fc.array(picks(fc.constantFrom(...tables, 'tracks')), { minLength: 1, maxLength: 3 }),
    )
    .map(([first, rest]) => [first, ...rest]),
  windowSeconds: fc.integer({ min: 1, max: 12 }).map((units) => (units * unitMicros) / 1e6),
  entry: fc.constantFrom('any', 'first'),
  breakdown: fc.option(fc.record({ property: fc.constant('plan'), top: fc.integer({ min: 1, max: 3 }) }), {
    nil: undefined,
  }),
  range: fc.constant({ from: '2026-03-01', to: '2026-03-02' }),
  zone: fc.constant('UTC'),
  among: fc.constant(undefined),
})

interface Chain {
  readonly person: string
  readonly group: Group
  readonly began: number
  readonly at: number
}

/** Chains that came as far as each step. */
function chainsOf(log: Logged, spec: Asked): Chain[][] {
  const { steps, breakdown } = spec
  const rows = steps.map((step, index) => happened(log, step, from, index === 0 ? to : to + spec.windowSeconds * 1e6))
  const tries = entriesOf(rows[0] ?? [], spec)
  const tops = topsOf(tries, breakdown !== undefined && 'top' in breakdown ? breakdown.top : 0)
  let chains = tries.map(({ person, micros, event }): Chain => {
    const value = event.plan ?? ''
    const group = breakdown === undefined ? '' : tops.includes(value) ? value : null
    return { person, group, began: micros, at: micros }
  })
  return steps.map((step, index) => {
    if (index === 0) return chains
    const isStrict = steps.slice(0, index).some((earlier) => mayShareRows(earlier, step))
    chains = chains.flatMap((chain) => {
      const behind = (rows[index] ?? [])
        .filter(({ person, micros }) => person === chain.person && (isStrict ? micros > chain.at : micros >= chain.at))
        .map(({ micros }) => micros)
      const at = Math.min(...behind)
      return at - chain.began <= spec.windowSeconds * 1e6 ? [{ ...chain, at }] : []
    })
    return chains
  })
}

function entriesOf(rows: readonly Happened[], { entry, breakdown }: Asked): Happened[] {
  if (entry === 'any') return [...rows]
  const value = ({ event }: Happened): string => (breakdown === undefined ? '' : (event.plan ?? ''))
  const sorted = [...rows].sort(
    (a, b) => a.micros - b.micros || (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0),
  )
  return sorted.filter((row, index) => sorted.findIndex(({ person }) => person === row.person) === index)
}

function topsOf(tries: readonly Happened[], top: number): string[] {
  const counts = new Map<string, number>()
  for (const { event } of tries) counts.set(event.plan ?? '', (counts.get(event.plan ?? '') ?? 0) + 1)
  const sorted = [...counts].sort(([one, n], [other, m]) => m - n || (one < other ? -1 : 1))
  return sorted.slice(0, top).map(([value]) => value)
}

function reference(log: Logged, spec: Asked): Map<string, { people: number; medianSeconds: number | null }[]> {
  const steps = chainsOf(log, spec)
  const groups = new Set(steps.flat().map(({ group }) => JSON.stringify(group)))
  if (spec.breakdown === undefined) groups.add('""')
  return new Map(
    [...groups].map((key) => [
      key,
      steps.map((chains) => {
        const fastest = new Map<string, number>()
        for (const { person, group, began, at } of chains) {
          if (JSON.stringify(group) !== key) continue
          fastest.set(person, Math.min(fastest.get(person) ?? Infinity, at - began))
        }
        const took = [...fastest.values()].sort((a, b) => a - b)
        const median = took[Math.ceil(took.length / 2) - 1]
        return { people: fastest.size, medianSeconds: median === undefined ? null : median / 1e6 }
      }),
    ]),
  )
}

function told({ groups }: FunnelAnswer): Map<string, { people: number; medianSeconds: number | null }[]> {
  return new Map(groups.map(({ group, steps }) => [JSON.stringify(group), [...steps]]))
}

test('both printers and the reference agree, and the people behind each step are those who were counted', async () => {
  await fc.assert(
    fc.asyncProperty(logs, asked, async (log, { steps, ...rest }) => {
      const source = await open.load(log)
      const spec: Asked = { ...rest, steps: steps.map((step) => ({ ...step, source })) }
      const wanted = reference(log, spec)
      const chains = chainsOf(log, spec)
      for (const dialect of ['duckdb', 'googlesql'] as const) {
        const answer = await open.explore.answer(caller, { ...spec, dialect })
        if (answer.kind !== 'funnel') throw new Error('another kind')
        expect(told(answer), dialect).toEqual(wanted)
        const step = spec.steps.length - 1
        for (const { group } of answer.groups) {
          const at = (index: number): Set<string> =>
            new Set((chains[index] ?? []).filter((one) => one.group === group).map(({ person }) => person))
          const reached = await peopleBehind({ ...spec, dialect }, { of: 'funnel', step, who: 'reached', group })
          expect(reached, dialect).toEqual([...at(step)].sort())
          const dropped = await peopleBehind(
            { ...spec, dialect },
            { of: 'funnel', step: step - 1, who: 'dropped', group },
          )
          expect(dropped, dialect).toEqual([...at(step - 1)].filter((one) => !at(step).has(one)).sort())
        }
      }
    }),
    { numRuns: 40 },
  )
}, 240_000)

/** All pages, one person each. */
async function peopleBehind(spec: FunnelSpec, cell: Parameters<ExploreRig['explore']['people']>[2]): Promise<string[]> {
  const found: string[] = []
  let after: string | undefined
  do {
    const page = await open.explore.people(caller, spec, cell, { after, limit: 1 })
    found.push(...page.people.map(({ id }) => id))
    after = page.next ?? undefined
  } while (after !== undefined)
  return found
}

test('sixteen steps of one event take sixteen events', async () => {
  const events = Array.from({ length: 16 }, (_none, at) => ({
    table: 'alpha' as const,
    user: 'u1',
    anonymous: null,
    at,
    plan: null,
    total: 0,
  }))
  const source = await open.load({ events, identifies: [] })
  const step = { source, table: 'alpha', filters: [] }
  for (const dialect of ['duckdb', 'googlesql'] as const) {
    const answer = await open.explore.answer(caller, {
      kind: 'funnel',
      steps: Array.from({ length: 16 }, () => step),
      windowSeconds: 30 * 86_400,
      entry: 'any',
      dialect,
      range: { from: '2026-03-01', to: '2026-03-03' },
      zone: 'UTC',
    })
    if (answer.kind !== 'funnel') throw new Error('another kind')
    expect(answer.groups[0]?.steps.map(({ people }) => people)).toEqual(Array.from({ length: 16 }, () => 1))
    expect(answer.groups[0]?.steps.at(-1)?.medianSeconds).toBe((15 * unitMicros) / 1e6)
  }
})
