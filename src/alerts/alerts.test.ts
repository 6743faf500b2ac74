// Conditions and states, as pure functions: over any readings, and at their edges.
import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'

import type { AlertCondition, AlertMessage, AlertState, GroupState } from '../control/alerts.ts'
import { type AlertRows, conditionText, groupsMax, judge, readings } from './condition.ts'
import { nextTime } from './evaluator.ts'
import { subjectOf, textOf } from './message-text.ts'
import { checkRoute } from './send.ts'
import { type Found, freshState, step } from './state.ts'

const minute = 60_000_000
const holds: Found = { kind: 'found', holds: true, value: 5 }
const well: Found = { kind: 'found', holds: false, value: 1 }
const failed: Found = { kind: 'failed', error: 'no table' }

function run(found: readonly Found[], definition = { forCount: 1 } as { forCount: number; repeatMinutes?: number }) {
  let state: GroupState = freshState('', 0)
  const told: (string | undefined)[] = []
  const states: AlertState[] = []
  for (const [index, one] of found.entries()) {
    const next = step(state, one, definition, (index + 1) * minute)
    expect(next.change === undefined).toBe(next.state.state === state.state)
    state = next.state
    told.push(next.tells)
    states.push(state.state)
  }
  return { told, states }
}

describe('the state of a group', () => {
  it('fires once, and tells when it ended', () => {
    expect(run([well, holds, holds, well, well])).toEqual({
      told: [undefined, 'firing', undefined, 'recovered', undefined],
      states: ['ok', 'firing', 'firing', 'ok', 'ok'],
    })
  })

  it('waits for as many in a row as it was asked to', () => {
    expect(run([holds, holds, well, holds, holds, holds], { forCount: 3 })).toEqual({
      told: [undefined, undefined, undefined, undefined, undefined, 'firing'],
      states: ['pending', 'pending', 'ok', 'pending', 'pending', 'firing'],
    })
  })

  it('tells again while it fires, as often as it was asked to', () => {
    const { told } = run([holds, holds, holds, holds, holds], { forCount: 1, repeatMinutes: 2 })
    expect(told).toEqual(['firing', undefined, 'still-firing', undefined, 'still-firing'])
  })

  it('says that it could not be evaluated, once, and that what fired before has ended', () => {
    expect(run([holds, failed, failed, holds, well])).toEqual({
      told: ['firing', 'unknown', undefined, undefined, 'recovered'],
      states: ['firing', 'unknown', 'unknown', 'firing', 'ok'],
    })
  })

  it('tells of every end that it told the beginning of, and of none besides, whatever happens', () => {
    const any = fc.array(fc.constantFrom(holds, well, failed), { maxLength: 60 })
    fc.assert(
      fc.property(any, fc.integer({ min: 1, max: 4 }), (found, forCount) => {
        const { told, states } = run([...found, well], { forCount })
        const ends = told.filter((one) => one === 'firing' || one === 'recovered')
        expect(ends.every((one, index) => one === (index % 2 === 0 ? 'firing' : 'recovered'))).toBe(true)
        expect(ends.length % 2).toBe(0)
        expect(states.at(-1)).toBe('ok')
      }),
    )
  })
})

function rowsOf(columns: Readonly<Record<string, boolean>>, ...rows: readonly (readonly unknown[])[]): AlertRows {
  return { columns: Object.entries(columns).map(([name, isNumber]) => ({ name, isNumber })), rows }
}

describe('readings', () => {
  it('are of the last column of numbers, or of the one that is named', () => {
    const rows = rowsOf({ day: false, errors: true, share: true, note: false }, ['mon', '7', 0.5, 'x'])
    expect(readings(rows, {})).toEqual([{ group: '', value: 0.5 }])
    expect(readings(rows, { column: 'ERRORS' })).toEqual([{ group: '', value: 7 }])
    expect(() => readings(rows, { column: 'gone' })).toThrow('has no column gone')
    expect(() => readings(rowsOf({ a: false }, ['x']), {})).toThrow('no column of numbers')
  })

  it('are one a group, and not more groups than anybody reads', () => {
    const rows = rowsOf({ city: false, n: true }, ['Taipei', 1], ['Tainan', null], ['Taipei', 9])
    expect(readings(rows, { groupBy: 'city' })).toEqual([
      { group: 'Taipei', value: 1 },
      { group: 'Tainan', value: null },
    ])
    const many = rowsOf({ n: true, id: false }, ...Array.from({ length: groupsMax + 1 }, (_none, n) => [n, `g${n}`]))
    expect(() => readings(many, { groupBy: 'id' })).toThrow(`more than ${groupsMax} groups`)
  })
})

describe('a condition', () => {
  const one = (value: number | null) => [{ group: '', value }]
  const isMet = (condition: AlertCondition, now: number | null, before: number | null = null): boolean =>
    judge(condition, one(now), [''], one(before))[0]?.holds ?? false

  it.each([
    ['above', 5, 5.1, true],
    ['above', 5, 5, false],
    ['below', 5, 4, true],
    ['below', 5, null, false],
  ] as const)('%s %d of %s is %s', (is, value, now, met) => {
    expect(isMet({ kind: 'threshold', is, value }, now)).toBe(met)
  })

  it('of absence holds for no row and for NULL, and for a group that has none any more', () => {
    expect(judge({ kind: 'absence' }, [], [''])).toEqual([{ group: '', value: null, holds: true }])
    expect(isMet({ kind: 'absence' }, null)).toBe(true)
    expect(isMet({ kind: 'absence' }, 0)).toBe(false)
    expect(judge({ kind: 'absence' }, [{ group: 'a', value: 1 }], ['a', 'b']).map(({ holds: met }) => met)).toEqual([
      false,
      true,
    ])
  })

  it.each([
    ['up', 50, 150, 100, true],
    ['up', 50, 149, 100, false],
    ['down', 50, 50, 100, true],
    ['down', 50, 150, 100, false],
    ['either', 50, -150, -100, true],
    ['either', 10, 1, 0, false],
    ['either', 10, 1, null, false],
  ] as const)('of change %s by %d %% from %s to %s', (direction, percent, now, before, met) => {
    const condition = { kind: 'change', direction, percent, beforeMinutes: 60 } as const
    expect(isMet(condition, now, before)).toBe(met)
    expect(conditionText(condition)).toContain(`${percent} %`)
  })
})

test('times are whole multiples, the same whenever one asks', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1440 }), fc.nat(2 ** 51), (everyMinutes, nowMicros) => {
      const next = nextTime(everyMinutes, nowMicros)
      expect(next > nowMicros && next - nowMicros <= everyMinutes * minute).toBe(true)
      expect(next % (everyMinutes * minute)).toBe(0)
      expect(nextTime(everyMinutes, next - 1)).toBe(next)
    }),
  )
})

test('a message says what it is about in one line, and what to do', () => {
  const message: AlertMessage = {
    id: 'm',
    alert: 'Errors\r\nBcc: evil@example.com',
    alertId: 'a',
    what: 'firing',
    group: 'web',
    value: 7,
    condition: 'above 5',
    error: '',
    runbook: 'Look at the logs.',
    at: '2026-11-01T00:00:00.000Z',
  }
  expect(subjectOf(message)).toBe('[firing] Errors Bcc: evil@example.com · web')
  const text = textOf(message, 'http://pond/alerts/a')
  for (const part of ['Value: 7', 'above 5', 'Look at the logs.', 'http://pond/alerts/a']) expect(text).toContain(part)
  expect(textOf({ ...message, error: 'no table', what: 'unknown' }, '')).toContain('Error: no table')
})

test.each([
  ['email', {}, {}, 'to'],
  ['email', { to: 'a@b.c', from: 'm@b.c' }, { smtpUrl: 'http://b.c' }, 'smtpUrl'],
  ['slack', {}, {}, 'url'],
  ['webhook', {}, { url: 'file:///etc/passwd' }, 'url'],
] as const)('a route of kind %s with %o and %o lacks %s', (kind, settings, secrets, name) => {
  expect(() => checkRoute({ name: 'a', kind, settings }, secrets)).toThrow(`\`${name}\``)
})
