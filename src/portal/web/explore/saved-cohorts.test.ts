import { expect, test } from 'vitest'

import { searchOfSpec } from './asked-question.ts'
import { emptyQuestion, readQuestion, specOf } from './question.ts'
import { allCohorts, cohortIn, oneCohort } from './saved-cohorts.ts'

test('an address shows all cohorts, or one', () => {
  expect([allCohorts, oneCohort('c1'), { id: 7 }, { id: '' }].map(cohortIn)).toEqual([
    undefined,
    'c1',
    undefined,
    undefined,
  ])
})

const seen = { source: 'app', table: 'seen', filters: [] }
const paid = {
  source: 'app',
  table: 'paid',
  name: 'Paid',
  filters: [{ property: 'plan', is: 'set' as const, values: [] }],
}
const common = { range: { days: 7 }, zone: 'Asia/Taipei', cohorts: [{ cohort: 'c1', is: 'out' as const }] }

test.each([
  {
    ...common,
    kind: 'trend' as const,
    series: [{ event: paid, measure: { kind: 'sum' as const, property: 'total' } }],
    interval: 'week' as const,
    compares: true,
    breakdown: { cohort: 'c2' },
  },
  {
    ...common,
    kind: 'funnel' as const,
    steps: [seen, paid],
    windowSeconds: 60,
    entry: 'first' as const,
    dialect: 'googlesql' as const,
    breakdown: { property: 'plan', top: 8 },
    among: { did: paid, times: 3 },
  },
  {
    ...common,
    kind: 'retention' as const,
    born: seen,
    back: paid,
    interval: 'day' as const,
    periods: 5,
    counts: 'on' as const,
  },
  {
    ...common,
    kind: 'paths' as const,
    source: 'app',
    event: 'Seen',
    direction: 'before' as const,
    steps: 3,
    windowSeconds: 120,
    top: 6,
  },
])('the address of a $kind that was asked builds it again', (spec) => {
  const cell = { of: 'trend', series: 0, bucket: 'x', group: '' } as const
  const search = JSON.parse(JSON.stringify(searchOfSpec(spec, cell))) as Record<string, unknown>
  expect(search['cell']).toEqual(cell)
  expect(searchOfSpec(spec, { ...cell, bucket: null })).not.toHaveProperty('cell')
  expect(specOf(readQuestion(search, emptyQuestion('').zone), ({ name }) => name)).toEqual({ spec })
})
