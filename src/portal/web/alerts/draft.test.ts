import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import type { AlertDefinition } from '../../api/alert-answers.ts'
import { askedOf, draftOf, newDraft } from './draft.ts'

const count = fc.integer({ min: 1, max: 1440 })
const condition: fc.Arbitrary<AlertDefinition['condition']> = fc.oneof(
  fc.record({
    kind: fc.constant('threshold' as const),
    is: fc.constantFrom('above' as const, 'below' as const),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  }),
  fc.constant({ kind: 'absence' as const }),
  fc.record({
    kind: fc.constant('change' as const),
    direction: fc.constantFrom('up' as const, 'down' as const, 'either' as const),
    percent: count,
    beforeMinutes: count,
  }),
)
const definition: fc.Arbitrary<AlertDefinition> = fc.record(
  {
    sql: fc.string({ minLength: 1 }),
    parameters: fc.constant({ day: { relative: 'yesterday' } }),
    condition,
    everyMinutes: count,
    forCount: count,
    zone: fc.constant('Asia/Taipei'),
    routes: fc.array(fc.string()),
    runbook: fc.string(),
    column: fc.string({ minLength: 1 }),
    repeatMinutes: count,
    groupBy: fc.constant('city'),
  },
  { requiredKeys: ['sql', 'parameters', 'condition', 'everyMinutes', 'forCount', 'zone', 'routes', 'runbook'] },
)

test('a form gives back what it was given, also what it does not show', () => {
  fc.assert(
    fc.property(definition, (given) => {
      expect(askedOf(draftOf('a', given))).toEqual({ name: 'a', ...given })
    }),
  )
})

test('a new one takes the question from the address', () => {
  expect(askedOf(newDraft('UTC', { query: 'q1' }))).toMatchObject({ query: 'q1', zone: 'UTC' })
  expect(askedOf(newDraft('UTC', { sql: 'SELECT 1' }))).toMatchObject({ sql: 'SELECT 1' })
  expect(askedOf({ ...newDraft('UTC', {}), everyMinutes: 'x' }).everyMinutes).toBeNaN()
})
