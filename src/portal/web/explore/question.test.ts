// The address of Explore holds the whole question, whatever is asked, and nothing that is typed into it breaks the page.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { readCell } from './cell.ts'
import {
  type AskedEvent,
  emptyQuestion,
  entries,
  filterKinds,
  intervals,
  kinds,
  plainMeasures,
  propertyMeasures,
  type Question,
  readQuestion,
  returns,
  searchOf,
  specOf,
} from './question.ts'

const word = fc.string({ minLength: 1, maxLength: 12 })
const filter = fc.oneof(
  fc.record({ property: word, is: fc.constantFrom('set' as const, 'unset' as const), values: fc.constant([]) }),
  fc.record({ property: word, is: fc.constantFrom(...filterKinds.slice(0, 5)), values: fc.array(word) }),
)
const measure = fc.oneof(
  fc.record({ kind: fc.constantFrom(...plainMeasures) }),
  fc.record({ kind: fc.constantFrom(...propertyMeasures), property: word }),
)
const event: fc.Arbitrary<AskedEvent> = fc.record(
  { source: word, table: word, name: word, filters: fc.array(filter, { maxLength: 3 }), measure },
  { requiredKeys: ['source', 'table', 'filters', 'measure'] },
)
const question: fc.Arbitrary<Question> = fc.record({
  kind: fc.constantFrom(...kinds),
  events: fc.array(event, { maxLength: 16 }),
  range: fc.oneof(
    fc.record({ days: fc.integer({ min: 1, max: 3660 }) }),
    fc.constant({ from: '2026-01-01', to: '2026-02-01' }),
  ),
  zone: fc.constantFrom('UTC', 'Asia/Taipei'),
  interval: fc.constantFrom(...intervals),
  breakdown: fc.option(word, { nil: undefined }),
  compares: fc.boolean(),
  windowSeconds: fc.integer({ min: 1, max: 366 * 86_400 }),
  entry: fc.constantFrom(...entries),
  dialect: fc.constantFrom('duckdb' as const, 'googlesql' as const),
  periods: fc.integer({ min: 1, max: 60 }),
  counts: fc.constantFrom(...returns),
  direction: fc.constantFrom('after' as const, 'before' as const),
  pathWindowSeconds: fc.integer({ min: 1, max: 366 * 86_400 }),
  steps: fc.integer({ min: 1, max: 6 }),
  among: fc.constant(undefined),
  breakdownCohort: fc.option(word, { nil: undefined }),
  cohorts: fc.array(fc.record({ cohort: word, is: fc.constantFrom('in' as const, 'out' as const) }), { maxLength: 5 }),
})

test('what stands in the address is the question that was built', () => {
  fc.assert(
    fc.property(question, (asked) => {
      // As the router writes and reads it.
      const search = JSON.parse(JSON.stringify(searchOf(asked))) as Record<string, unknown>
      expect(readQuestion(search, 'Europe/Paris')).toEqual(asked)
    }),
  )
})

test('whatever is typed into the address, there is a question, and it can be asked or says what is missing', () => {
  const anything = fc.dictionary(
    fc.constantFrom(...Object.keys(emptyQuestion('UTC')), 'cell'),
    fc.oneof(fc.jsonValue(), fc.array(fc.record({ source: fc.jsonValue(), table: word, filters: fc.jsonValue() }))),
  )
  fc.assert(
    fc.property(anything, (search) => {
      const asked = readQuestion(search, 'UTC')
      expect(specOf(asked, () => undefined)).toBeTypeOf('object')
      expect(readQuestion(JSON.parse(JSON.stringify(searchOf(asked))) as Record<string, unknown>, 'UTC')).toEqual(asked)
      readCell(search['cell'])
    }),
  )
})

const seen: AskedEvent = { source: 'app', table: 'seen', filters: [], measure: { kind: 'events' } }
const paid: AskedEvent = { ...seen, table: 'paid' }
const base: Question = { ...emptyQuestion('UTC'), events: [seen, paid] }

test('one list of events serves every kind', () => {
  const nameOf = (): string => 'Seen'
  const pick = (table: string) => ({ source: 'app', table, filters: [] })
  expect(specOf({ ...base, kind: 'funnel' }, nameOf)).toMatchObject({ spec: { steps: [pick('seen'), pick('paid')] } })
  expect(specOf({ ...base, kind: 'retention' }, nameOf)).toMatchObject({
    spec: { born: pick('seen'), back: pick('paid') },
  })
  expect(specOf({ ...base, kind: 'retention', events: [seen] }, nameOf)).toMatchObject({
    spec: { born: pick('seen'), back: pick('seen') },
  })
  expect(specOf({ ...base, kind: 'paths' }, nameOf)).toMatchObject({ spec: { source: 'app', event: 'Seen' } })
})

test.each<[string, Partial<Question>]>([
  ['event', { events: [] }],
  ['step', { kind: 'funnel', events: [seen] }],
  ['property', { events: [{ ...seen, measure: { kind: 'sum', property: '' } }] }],
  ['name', { kind: 'paths' }],
])('a question that lacks its %s says so', (missing, change) => {
  expect(specOf({ ...base, ...change }, () => undefined)).toEqual({ missing })
})

test('a filter counts once it is filled in', () => {
  const filters: AskedEvent['filters'] = [
    { property: '', is: 'equals', values: ['x'] },
    { property: 'country', is: 'equals', values: [] },
    { property: 'plan', is: 'set', values: [] },
    { property: 'city', is: 'not', values: ['Taipei', ''] },
  ]
  expect(specOf({ ...base, events: [{ ...seen, filters }] }, () => undefined)).toMatchObject({
    spec: { series: [{ event: { filters: [{ property: 'plan' }, { property: 'city', values: ['Taipei'] }] } }] },
  })
})

test('a cell is read as it was opened', () => {
  const cells = [
    { of: 'trend', series: 0, bucket: '2026-01-01T00:00:00.000Z', group: null },
    { of: 'funnel', step: 1, who: 'dropped', group: '' },
    { of: 'retention', day: '2026-01-01', period: 0 },
    { of: 'paths', step: 2, event: '' },
  ]
  expect(cells.map(readCell)).toEqual(cells)
  expect([{ of: 'trend', series: -1 }, { of: 'guess' }, null, 7].map(readCell)).toEqual(Array(4).fill(undefined))
})
