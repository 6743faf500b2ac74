import { describe, expect, test } from 'vitest'

import type { ParameterDefinition } from '../control/saved-queries.ts'
import { anomalyBounds, median } from './data-tests.ts'
import { checkDefinitions, combinedSets, listedSets, resolveParameters, withRunParameters } from './parameters.ts'
import { onlyQuery, scriptError } from './target-script.ts'
import { MillpondError } from '../core/errors.ts'
import type { Run } from '../control/schedules.ts'

const moment = { ms: Date.parse('2026-03-02T20:00:00Z'), zone: 'Asia/Taipei' }
const definitions: readonly ParameterDefinition[] = [
  { name: 'day', type: 'DATE', default: { relative: 'yesterday' } },
  { name: 'plan', type: 'STRING', choices: ['free', 'paid'], default: { value: 'free' } },
  { name: 'ids', type: 'ARRAY<INT64>' },
]

describe('values', () => {
  test('given, by default, and relative to the moment in its zone', () => {
    expect(resolveParameters(definitions, { IDS: { value: [1, 2] } }, moment)).toEqual({
      day: '2026-03-02',
      plan: 'free',
      ids: [1, 2],
    })
    expect(
      resolveParameters(
        definitions,
        { ids: { value: null }, day: { relative: 'today' }, plan: { value: 'paid' } },
        moment,
      ),
    ).toEqual({ day: '2026-03-03', plan: 'paid', ids: null })
  })

  test.each([
    [{}, 'The parameter ids has no value'],
    [{ ids: { value: [1] }, plan: { value: 'gold' } }, 'The parameter plan is one of free, paid'],
    [{ ids: { value: 3 } }, 'The parameter ids is an array'],
    [{ ids: { value: [] }, other: { value: 3 } }, 'The query has no parameter other'],
    [{ ids: { relative: 'today' } }, 'A relative date is a DATE'],
  ])('%j', (given, message) => {
    expect(() => resolveParameters(definitions, given, moment)).toThrow(message)
  })

  test.each<[readonly ParameterDefinition[], string]>([
    [[{ name: 'a', type: 'NONSENSE' }], 'is no type'],
    [
      [
        { name: 'a', type: 'INT64' },
        { name: 'A', type: 'INT64' },
      ],
      'two parameters A',
    ],
    [[{ name: 'a', type: 'DATE', default: { relative: 'soon' } }], 'no relative date'],
    [[{ name: 'a', type: 'INT64', choices: [1], default: { value: 2 } }], 'is one of 1'],
  ])('%j is refused when it is saved', (wrong, message) => {
    expect(() => {
      checkDefinitions(wrong, 'UTC')
    }).toThrow(message)
  })

  test('a schedule gives run_time and run_date itself', () => {
    const names = withRunParameters([{ name: 'Run_Date', type: 'STRING' }, ...definitions]).map(({ name }) => name)
    expect(names).toEqual(['day', 'plan', 'ids', 'run_time', 'run_date'])
  })
})

test('sets of values are bounded', () => {
  const numbers = Array.from({ length: 11 }, (_, index) => index)
  expect(() => listedSets({ a: { each: numbers }, b: { each: numbers } })).toThrow(/at most 100 sets/)
  expect(listedSets({ a: { each: [] } })).toEqual([])
  expect(() =>
    combinedSets(
      numbers.map((a) => ({ a })),
      numbers.map((b) => ({ b })),
    ),
  ).toThrow(/at most 100 sets/)
  expect(combinedSets([{ a: 1 }, { a: 1 }], [{}])).toEqual([{ a: 1 }])
})

describe('the query of a text', () => {
  test.each([
    ['SELECT 1', 'SELECT 1'],
    ['-- why\nSELECT 1 AS a ORDER BY a LIMIT 3 ; -- end', '-- why\nSELECT 1 AS a ORDER BY a LIMIT 3'],
    ['WITH t AS (SELECT 1 AS a) SELECT * FROM t;', 'WITH t AS (SELECT 1 AS a) SELECT * FROM t'],
    ['FROM d.t |> WHERE a > 1 |> SELECT a', 'FROM d.t |> WHERE a > 1 |> SELECT a'],
    ["SELECT ';' AS a", "SELECT ';' AS a"],
  ])('%j', (sql, query) => {
    expect(onlyQuery(sql)).toBe(query)
  })

  test.each(['SELECT 1; SELECT 2', 'DROP TABLE a.b', 'COMMIT TRANSACTION', ''])('%j is no query', (sql) => {
    expect(() => onlyQuery(sql)).toThrow(MillpondError)
  })

  test('errors are told in the places of the text', () => {
    const told = (message: string): string =>
      scriptError(new MillpondError('query-invalid', message), 'SELECT\n1').message
    expect(told('Wrong at [3:5]')).toBe('Wrong at [2:5]')
    expect(told('Wrong at [9:5]')).toBe('Wrong')
    expect(told('Wrong')).toBe('Wrong')
  })
})

describe('an anomaly', () => {
  const week = 7 * 86_400_000_000
  const done = (weeksAgo: number, rows: number): Run =>
    ({ state: 'done', runTimeMicros: 100 * week - weeksAgo * week, set: {}, facts: { rows } }) as Run

  test('lies beyond median ± 4 MAD of the last four of the weekday', () => {
    const former = [done(1, 100), done(2, 110), done(3, 90), done(4, 104), done(5, 9_000), done(0.14, 5)]
    // Median 102, deviations 2, 8, 12, 2: MAD 5.
    expect(anomalyBounds(done(0, 0), former)).toEqual({ min: 82, max: 122 })
    expect(anomalyBounds(done(0, 0), former.slice(0, 3))).toBeUndefined()
    expect(
      anomalyBounds(
        done(0, 0),
        [1, 2, 3, 4].map((weeks) => done(weeks, 0)),
      ),
    ).toEqual({ min: 0, max: 1 })
  })

  test('median', () => {
    expect([[1], [1, 2], [3, 1, 2], [4, 1, 3, 2]].map((values) => median(values))).toEqual([1, 1.5, 2, 2.5])
  })
})
