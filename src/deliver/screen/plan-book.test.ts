// Tracking plans: what they find, the same each time, and what is refused because it could take long.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { planFileName, type PlanRule, type TrackingPlan } from '../../core/tracking-plan.ts'
import { TestMaker } from '../../../test/faults/loader-maker.ts'
import { rowsOf } from '../../../test/faults/loader-unpack.ts'
import { checkPlan, CompiledPlan, PlanBook } from './plan-book.ts'
import { draftOf } from './plan-draft.ts'

const paid: PlanRule = {
  call: 'track',
  event: 'Order Paid',
  schema: {
    type: 'object',
    properties: { total: { type: 'number', minimum: 0 }, city: { type: 'string', maxLength: 20 } },
    required: ['total'],
    additionalProperties: false,
  },
  onViolation: 'quarantine',
}
const known: PlanRule = {
  call: 'identify',
  schema: { properties: { email: { type: 'string', format: 'email' } } },
  onViolation: 'flag',
}
const plan: TrackingPlan = { rules: [paid, known], unplanned: 'allow' }
const track = (name: string, properties: unknown) => ({ type: 'track' as const, name, event: { properties } as never })

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millpond-plans-'))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, planFileName('shop', 1)), JSON.stringify(plan))
  writeFileSync(join(folder, planFileName('shop', 2)), JSON.stringify({ rules: [], unplanned: 'quarantine' }))
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe('a plan', () => {
  const compiled = new CompiledPlan(plan)
  test.each<[string, unknown, readonly string[]]>([
    ['what was promised', { total: 5, city: 'Taipei' }, []],
    ['nothing at all', undefined, ["it must have required property 'total'"]],
    ['a text for a number', { total: '5' }, ['total must be number']],
    ['a property more', { total: 5, tip: 1 }, ['it must NOT have additional properties: tip']],
    ['no object', 'x', ['it must be object']],
    [
      'several things',
      { total: -1, city: 'x'.repeat(50) },
      ['total must be >= 0', 'city must NOT have more than 20 characters'],
    ],
  ])('of %s', (_what, properties, problems) => {
    expect(compiled.check(track('Order Paid', properties))?.problems ?? []).toEqual(problems)
  })

  test('is of the event’s very name, and of traits where those are said', () => {
    expect(compiled.check(track('order paid', {}))).toBeUndefined()
    const identify = { type: 'identify' as const, name: '', event: { traits: { email: 'nobody' } } as never }
    expect(compiled.check(identify)).toEqual({ action: 'flag', problems: ['email must match format "email"'] })
  })

  test('keeps out what it doesn’t name, if that is wanted', () => {
    const strict = new CompiledPlan({ rules: [paid], unplanned: 'quarantine' })
    expect(strict.check(track('Surprise', {}))).toEqual({
      action: 'quarantine',
      problems: ['the event is not in the plan'],
    })
    expect(strict.check({ type: 'page', name: 'Home', event: {} })).toBeUndefined()
  })

  test('says where and what, never a value, and not too much', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (properties) => {
        const problems =
          compiled.check(track('Order Paid', { ...properties, city: 'a-secret-value-of-somebody' }))?.problems ?? []
        expect(problems.length).toBeLessThanOrEqual(5)
        for (const problem of problems) {
          expect(problem.length).toBeLessThanOrEqual(200)
          expect(problem).not.toContain('a-secret-value')
        }
      }),
    )
  })

  test('made of what came is kept by it', () => {
    const properties = fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue())
    const event = fc.record({ name: fc.constantFrom('A', 'B'), properties })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (seen) => {
        const draft = draftOf(seen)
        const made = new CompiledPlan(draft)
        for (const { name, properties: one } of seen) expect(made.check(track(name, one))).toBeUndefined()
      }),
    )
  })
})

describe('is refused', () => {
  const ruled = (schema: PlanRule['schema'], more: Partial<PlanRule> = {}): TrackingPlan => ({
    rules: [{ ...paid, schema, ...more }],
    unplanned: 'allow',
  })
  test.each<[string, TrackingPlan, RegExp]>([
    ['a type that is none', ruled({ type: 'money' }), /The schema of "Order Paid"/],
    ['a pattern that is none', ruled({ pattern: '(' }), /Invalid regular expression/],
    ['a pattern that repeats what repeats', ruled({ properties: { a: { pattern: '^(a+)+$' } } }), /very long/],
    ['… as a name', ruled({ patternProperties: { '(x*)*': {} } }), /very long/],
    ['a place elsewhere', ruled({ $ref: 'https://example.com/schema' }), /place of its own/],
    ['a file', ruled({ properties: { a: { $ref: 'file:///etc/passwd' } } }), /place of its own/],
    ['comparing all with all', ruled({ properties: { a: { uniqueItems: true } } }), /uniqueItems/],
    ['a track rule without a name', { rules: [{ ...paid, event: undefined }], unplanned: 'allow' }, /names its event/],
    ['two rules of one event', { rules: [paid, paid], unplanned: 'allow' }, /Two rules/],
    ['very much', ruled({ description: 'x'.repeat(300_000) }), /at most/],
  ])('%s', (_what, wrong, why) => {
    expect(() => {
      checkPlan(wrong)
    }).toThrow(why)
  })

  test('a pattern is not tried on long texts: they break it', () => {
    const compiled = new CompiledPlan(ruled({ properties: { a: { pattern: '^a*$' } } }))
    expect(compiled.check(track('Order Paid', { a: 'a'.repeat(1_000) }))).toBeUndefined()
    expect(compiled.check(track('Order Paid', { a: 'a'.repeat(1_001) }))).toBeDefined()
  })
})

describe('the screen', () => {
  const events = [
    { type: 'track', event: 'Order Paid', userId: 'u', messageId: 'm1', properties: { total: 5 } },
    { type: 'track', event: 'Order Paid', userId: 'u', messageId: 'm2', properties: { total: 'x' } },
    { type: 'identify', userId: 'u', messageId: 'm3', traits: { email: 'nobody' } },
    { type: 'track', event: 'Other', userId: 'u', messageId: 'm4', properties: {} },
  ]
  const judged = (version?: number) => {
    const maker = new TestMaker({ plansFolder: folder })
    const made = maker.plan(events, version === undefined ? {} : { meta: { plan: version } })
    return {
      verdicts: made.counts[0],
      letters: rowsOf(made, 'millpond.dead_letters').map(({ reason, meta }) => ({
        reason,
        meta: JSON.parse(String(meta)) as unknown,
      })),
      violations: rowsOf(made, 'millpond.plan_violations'),
    }
  }

  test('keeps out, or marks, by the version that the record names', () => {
    const { verdicts, letters, violations } = judged(1)
    expect(verdicts).toMatchObject({ stored: 3, quarantined: 1 })
    expect(letters).toEqual([
      { reason: 'plan_violation', meta: expect.objectContaining({ problems: ['total must be number'] }) as unknown },
    ])
    expect(violations).toMatchObject([
      { source: 'shop', plan: 1, event: 'identify', message_id: 'm3', problem: 'email must match format "email"' },
    ])
    expect(judged(2).verdicts).toMatchObject({ stored: 1, quarantined: 3 })
  })

  test('a number of twenty digits is a number', () => {
    const [long] = new TestMaker({ plansFolder: folder }).plan([], {
      body: '{"batch":[{"type":"track","event":"Order Paid","userId":"u","properties":{"total":12345678901234567890}}]}',
      count: 1,
      meta: { plan: 1 },
    }).counts
    expect(long).toMatchObject({ stored: 1, quarantined: 0 })
  })

  test('looks at nothing where none was in force', () => {
    const { verdicts, violations } = judged()
    expect(verdicts).toMatchObject({ stored: 4, quarantined: 0 })
    expect(violations).toEqual([])
  })

  test('says the same each time it is asked', () => {
    expect(judged(1)).toEqual(judged(1))
  })

  test('a version without a file keeps nothing out', () => {
    expect(new PlanBook(folder).check('shop', 9, track('Order Paid', {}))).toBeUndefined()
  })
})
