// Saved cohorts on random logs. A plain reference says who belongs to a cohort; then a question that is filtered or broken down by it
// has to say what the same question says of a log that holds these people's events alone, in both dialects.
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { CohortDefinition, ExploreAnswer, ExploreSpec, FunnelSpec } from '../../src/people/explore/spec.ts'
import {
  caller,
  type ExploreRig,
  happened,
  hourMicros,
  type Logged,
  logs,
  openExplore,
  personOf,
  startMicros,
  tables,
} from './explore-rig.ts'

const dayMicros = 24 * hourMicros
const range = { from: '2026-03-01', to: '2026-03-02' }
const [from, to] = [startMicros, startMicros + 2 * dayMicros]
const common = { range, zone: 'UTC' } as const
let open: ExploreRig
let made = 0

beforeAll(async () => {
  open = await openExplore(startMicros + 30 * dayMicros)
})
afterAll(async () => {
  await open.close()
})

/** What a cohort is made of: a list, SQL, a number of a question, or a number of a question that names a cohort itself. */
interface Shape {
  readonly kind: 'ids' | 'user-sql' | 'anonymous-sql' | 'trend' | 'funnel' | 'dropped' | 'inside'
  readonly ids: readonly string[]
  readonly table: (typeof tables)[number]
  readonly next: (typeof tables)[number]
}
const shapes: fc.Arbitrary<Shape> = fc.record({
  kind: fc.constantFrom('ids', 'user-sql', 'anonymous-sql', 'trend', 'funnel', 'dropped', 'inside'),
  ids: fc.subarray(['u1', 'u2', 'u3', 'a1', 'a2', 'nobody'], { minLength: 1 }),
  table: fc.constantFrom(...tables),
  next: fc.constantFrom(...tables),
})

function funnelOf(source: string, table: string, next: string): FunnelSpec {
  const steps = [table, next].map((one) => ({ source, table: one, filters: [] }))
  return { kind: 'funnel', steps, windowSeconds: 86_400, entry: 'any', dialect: 'duckdb', ...common }
}

function save(definition: CohortDefinition): string {
  made += 1
  const place = { name: `c${made}`, description: '', audience: 'everybody' } as const
  return open.cohorts.add(place, definition, open.maker).id
}

function saved(source: string, { kind, ids, table, next }: Shape): string {
  const event = { source, table, filters: [] }
  const trend = {
    kind: 'trend',
    series: [{ event, measure: { kind: 'events' } }],
    interval: 'day',
    compares: false,
  } as const
  const whole = { of: 'trend', series: 0, bucket: null, group: '' } as const
  if (kind === 'ids') return save({ kind: 'ids', ids })
  if (kind === 'trend') return save({ kind: 'question', spec: { ...trend, ...common }, cell: whole })
  if (kind === 'inside') {
    const cohorts = [{ cohort: save({ kind: 'ids', ids }), is: 'out' as const }]
    return save({ kind: 'question', spec: { ...trend, ...common, cohorts }, cell: whole })
  }
  if (kind === 'user-sql' || kind === 'anonymous-sql') {
    const column = kind === 'user-sql' ? 'user_id' : 'anonymous_id'
    // A comment, an end and a WITH of its own: as people write it.
    const sql = `-- who\nWITH linked AS (SELECT ${column} FROM ${source}.${table}) SELECT ${column} FROM linked;`
    return save({ kind: 'query', query: open.saveQuery(sql) })
  }
  const who = kind === 'funnel' ? 'reached' : 'dropped'
  const cell = { of: 'funnel', step: kind === 'funnel' ? 1 : 0, who, group: '' } as const
  return save({ kind: 'question', spec: funnelOf(source, table, next), cell })
}

function ownersOf(log: Logged, ids: readonly string[]): Set<string> {
  const event = { table: 'alpha', user: null, at: 0, plan: null, total: 0 } as const
  return new Set(ids.map((id) => personOf(log, { ...event, anonymous: id }) ?? id))
}

/** Without any SQL. */
function members(log: Logged, { kind, ids, table, next }: Shape): Set<string> {
  const own = log.events.filter((event) => event.table === table)
  if (kind === 'ids') return ownersOf(log, ids)
  if (kind === 'user-sql') return new Set(own.flatMap(({ user }) => user ?? []))
  if (kind === 'anonymous-sql')
    return ownersOf(
      log,
      own.flatMap(({ anonymous }) => anonymous ?? []),
    )
  const pick = { source: '', table, filters: [] }
  const first = happened(log, pick, from, to)
  if (kind === 'trend') return new Set(first.map(({ person }) => person))
  if (kind === 'inside') {
    const left = ownersOf(log, ids)
    return new Set(first.map(({ person }) => person).filter((person) => !left.has(person)))
  }
  const later = happened(log, { ...pick, table: next }, from, to + dayMicros)
  const came = first.filter((row) =>
    later.some(
      ({ person, micros }) =>
        person === row.person &&
        (table === next ? micros > row.micros : micros >= row.micros) &&
        micros - row.micros <= dayMicros,
    ),
  )
  const reached = new Set(came.map(({ person }) => person))
  if (kind === 'funnel') return reached
  return new Set(first.map(({ person }) => person).filter((person) => !reached.has(person)))
}

function without(log: Logged, keeps: (person: string) => boolean): Logged {
  const events = log.events.map((event) => {
    const person = personOf(log, event)
    // The row stays, as nobody's: ids of rows, by which paths sort, stay as they are.
    return person !== undefined && keeps(person) ? event : { ...event, user: null, anonymous: null }
  })
  return { ...log, events }
}

/** What an answer says; of which source is left out. */
function numbersOf(answer: ExploreAnswer): unknown {
  const { statements: _statements, people: _people, ...rest } = answer
  return rest
}

const questions: fc.Arbitrary<(source: string) => ExploreSpec> = fc
  .record({
    kind: fc.constantFrom('trend', 'funnel', 'googlesql funnel', 'retention', 'paths'),
    table: fc.constantFrom(...tables),
    next: fc.constantFrom(...tables),
  })
  .map(({ kind, table, next }) => (source): ExploreSpec => {
    const pick = { source, table, filters: [] }
    const back = { source, table: next, filters: [] }
    if (kind === 'trend') {
      const series = [{ event: pick, measure: { kind: 'people' } as const }]
      return { kind, series, interval: 'day', compares: true, ...common }
    }
    if (kind === 'retention') return { kind, born: pick, back, interval: 'day', periods: 3, counts: 'on', ...common }
    if (kind === 'paths') {
      const event = `${table} happened`
      return { kind, source, event, direction: 'after', steps: 2, windowSeconds: 86_400, top: 3, ...common }
    }
    return { ...funnelOf(source, table, next), dialect: kind === 'funnel' ? 'duckdb' : 'googlesql' }
  })

describe('a question of a cohort', () => {
  test('says what it says of these people’s events alone, whatever the cohort is made of', async () => {
    await fc.assert(
      fc.asyncProperty(logs, shapes, questions, fc.constantFrom('in', 'out'), async (log, shape, ask, is) => {
        const people = members(log, shape)
        const source = await open.load(log)
        const part = await open.load(without(log, (person) => people.has(person) === (is === 'in')))
        open.only([source, part])
        const cohort = saved(source, shape)
        const answer = await open.explore.answer(caller, { ...ask(source), cohorts: [{ cohort, is }] })
        const alone = await open.explore.answer(caller, ask(part))
        expect(numbersOf(answer)).toEqual(numbersOf(alone))
      }),
      { numRuns: 60 },
    )
  }, 240_000)

  test('is broken down into those within and those without', async () => {
    const pairs = fc.record({
      kind: fc.constantFrom('trend', 'duckdb', 'googlesql'),
      table: fc.constantFrom(...tables),
      next: fc.constantFrom(...tables),
    })
    await fc.assert(
      fc.asyncProperty(logs, shapes, pairs, async (log, shape, { kind, table, next }) => {
        const people = members(log, shape)
        const source = await open.load(log)
        const inside = await open.load(without(log, (person) => people.has(person)))
        const outside = await open.load(without(log, (person) => !people.has(person)))
        open.only([source, inside, outside])
        const spec = (of: string): ExploreSpec => {
          const event = { source: of, table, filters: [] }
          if (kind !== 'trend') return { ...funnelOf(of, table, next), dialect: kind === 'duckdb' ? kind : 'googlesql' }
          const series = [{ event, measure: { kind: 'events' } as const }]
          return { kind: 'trend', series, interval: 'day', compares: false, ...common }
        }
        const breakdown = { cohort: saved(source, shape) }
        const broken = await open.explore.answer(caller, { ...spec(source), breakdown } as ExploreSpec)
        const groups = broken.kind === 'trend' ? broken.lines : broken.kind === 'funnel' ? broken.groups : []
        for (const [group, of] of [
          ['in', inside],
          ['out', outside],
        ] as const) {
          const alone = await open.explore.answer(caller, spec(of))
          const [whole] = alone.kind === 'trend' ? alone.lines : alone.kind === 'funnel' ? alone.groups : []
          const found = groups.find((one) => one.group === group)
          // A group without any entry has no line.
          const numbers =
            whole !== undefined && 'values' in whole ? whole.values : whole?.steps.map((step) => step.people)
          if (found === undefined) expect(new Set(numbers)).toEqual(new Set([0]))
          else expect({ ...found, group: '' }).toEqual(whole)
        }
        expect(groups.every(({ group }) => group === 'in' || group === 'out')).toBe(true)
      }),
      { numRuns: 40 },
    )
  }, 240_000)

  test('has the people behind its numbers; a cohort has the people whom its rows name', async () => {
    await fc.assert(
      fc.asyncProperty(logs, shapes, async (log, shape) => {
        const source = await open.load(log)
        open.only([source])
        const cohort = saved(source, shape)
        const people = members(log, shape)
        const known = new Set([
          ...log.events.flatMap((event) => personOf(log, event) ?? []),
          ...log.identifies.map(({ user }) => user),
        ])
        const { definition } = open.cohorts.get(cohort, open.maker)
        const wanted = [...people].filter((person) => known.has(person)).sort()
        const page = { after: undefined, limit: 100 }
        const listed = await open.explore.cohortPeople(caller, definition, page, false)
        expect(listed.people.map(({ id }) => id)).toEqual(wanted)
        expect(await open.explore.cohortSize(caller, definition)).toBe(wanted.length)
        const spec: ExploreSpec = {
          kind: 'trend',
          series: [{ event: { source, table: 'alpha', filters: [] }, measure: { kind: 'events' } }],
          interval: 'day',
          compares: false,
          cohorts: [{ cohort, is: 'in' }],
          ...common,
        }
        const cell = { of: 'trend', series: 0, bucket: null, group: '' } as const
        const behind = await open.explore.people(caller, spec, cell, page)
        const did = happened(log, { source, table: 'alpha', filters: [] }, from, to)
        const doers = new Set(did.map(({ person }) => person).filter((person) => people.has(person)))
        expect(behind.people.map(({ id }) => id)).toEqual([...doers].sort())
        const { sql, parameters } = await open.explore.cohortSql(caller, definition, false)
        const given = parameters.map(({ name, type, value }) =>
          type === 'ARRAY<STRING>'
            ? {
                name,
                type: { kind: 'ARRAY' as const, element: { kind: 'STRING' as const } },
                value: JSON.parse(value) as string[],
              }
            : { name, type: { kind: type as 'STRING' }, value },
        )
        const rows = await open.rig.rows(sql, { parameters: given })
        expect(rows.map(([id]) => String(id)).sort()).toEqual([...people].sort())
      }),
      { numRuns: 40 },
    )
  }, 240_000)
})
