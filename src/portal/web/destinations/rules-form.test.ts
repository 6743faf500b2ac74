import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import type { RoutingRules } from '../../api/destination-answers.ts'
import { allCalls, formOf, rulesOf } from './rules-form.ts'

const word = fc.string({ minLength: 1 }).map((text) => text.replaceAll(/\s/g, '_'))
const list = fc.array(word, { minLength: 1, maxLength: 3 })
const script = word.map((text) => `x\n${text}`)

const rules: fc.Arbitrary<RoutingRules> = fc.record(
  {
    calls: fc.subarray([...allCalls], { minLength: 1, maxLength: 5 }),
    events: fc.oneof(fc.record({ only: list }), fc.record({ not: list }), fc.record({ only: list, not: list })),
    filter: script,
    sample: fc.record({
      percent: fc.integer({ min: 0, max: 100 }),
      by: fc.constantFrom('person' as const, 'event' as const),
    }),
    fields: fc.oneof(fc.record({ hash: list }), fc.record({ only: list, not: list, hash: list })),
    mapping: script,
    code: script,
  },
  { requiredKeys: [] },
)

test('What a form shows of rules, it saves: nothing is lost, nothing comes to it', () => {
  fc.assert(
    fc.property(rules, (one) => {
      expect(rulesOf(formOf(one))).toEqual(one)
    }),
  )
})

test('An empty form is no rules', () => {
  expect(rulesOf(formOf({}))).toEqual({})
  expect(rulesOf({ ...formOf({}), not: ' \n\n', filter: '  ', code: '\n' })).toEqual({})
})
