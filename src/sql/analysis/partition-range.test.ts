// Which days a query can need: too many may be said, too few never.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type * as ast from '../syntax/ast.ts'
import { parseExpression } from '../syntax/parser.ts'
import { type MomentContext, momentOf, momentOfText } from './constant-time.ts'
import { type MomentRange, partitionFilter } from './partition-range.ts'

const dayMicros = 86_400_000_000
const nowMicros = Date.UTC(2026, 2, 15, 13, 30) * 1000
const parameters = new Map<string | number, string>([
  ['day', '2026-03-05'],
  ['from', '2026-03-05 06:00:00+00'],
  [1, '2026-03-02'],
  [2, 'no time at all'],
])
const context: MomentContext = { nowMicros, parameter: (key) => parameters.get(key) }

function filterOf(sql: string): ReturnType<typeof partitionFilter> {
  const partitioning = { column: 'ts', granularity: 'DAY' as const, isFilterRequired: false }
  return partitionFilter([parseExpression(sql)], { alias: 't', partitioning }, context)
}

function text(micros: number | undefined): string | undefined {
  return micros === undefined
    ? undefined
    : new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19).replace('T00:00:00', '')
}

function days(range: MomentRange | undefined): readonly (string | undefined)[] | undefined {
  return range && [text(range.from), text(range.to)]
}

describe('constants', () => {
  test.each([
    ["'2026-03-01'", '2026-03-01'],
    ["DATE '2026-3-1'", '2026-03-01'],
    ["TIMESTAMP '2026-03-01 10:00:00.5+08:00'", '2026-03-01T02:00:00'],
    ["TIMESTAMP '2026-03-01T00:00:00Z'", '2026-03-01'],
    ["TIMESTAMP '2026-03-01 00:00:00 -5'", '2026-03-01T05:00:00'],
    ["TIMESTAMP '2026-03-01 10:00:00 America/New_York'", undefined],
    ["TIMESTAMP('2026-03-01', 'Asia/Taipei')", undefined],
    ["DATE '0050-01-01'", '0050-01-01'],
    ['DATE(50, 1, 1)', '0050-01-01'],
    ['DATE(2026, 3, 1)', '2026-03-01'],
    ["DATE(TIMESTAMP '2026-03-01 23:00:00-02')", '2026-03-02'],
    ["CAST('2026-03-01' AS DATE)", '2026-03-01'],
    ['CURRENT_TIMESTAMP()', '2026-03-15T13:30:00'],
    ['CURRENT_DATE()', '2026-03-15'],
    ["CURRENT_DATE('Asia/Taipei')", undefined],
    ['CURRENT_DATE() - 3', '2026-03-12'],
    ["DATE_SUB(DATE '2026-03-31', INTERVAL 1 MONTH)", '2026-02-28'],
    ["DATE_ADD(DATE '2024-02-29', INTERVAL 1 YEAR)", '2025-02-28'],
    ["DATE_ADD(DATE '2026-11-30', INTERVAL 1 QUARTER)", '2027-02-28'],
    ["DATE_SUB(DATE '2026-03-15', INTERVAL 2 WEEK)", '2026-03-01'],
    ['TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 36 HOUR)', '2026-03-14T01:30:00'],
    ["TIMESTAMP '2026-03-01' + INTERVAL 1 DAY", '2026-03-02'],
    ['DATE_SUB(CURRENT_DATE(), INTERVAL n DAY)', undefined],
    ['@day', '2026-03-05'],
    ['@DAY', '2026-03-05'],
    ['@unknown', undefined],
    ['ts', undefined],
    ['42', undefined],
  ])('%s is %s', (sql, expected) => {
    expect(text(momentOf((parseExpression(`x = ${sql}`) as ast.Binary).right, context)?.micros)).toBe(expected)
  })

  test('what is no moment is none', () => {
    for (const odd of ['', '2026', '2026-03', 'today', '2026-03-01 25', '20260301', '2026-03-01 10:00:00 Mars/Base']) {
      expect(momentOfText(odd)).toBeUndefined()
    }
  })
})

describe('ranges', () => {
  test.each<[string, readonly (string | undefined)[] | undefined]>([
    ["ts >= '2026-03-02'", ['2026-03-02', undefined]],
    ["t.ts < TIMESTAMP '2026-03-02'", [undefined, '2026-03-01T23:59:59']],
    ["'2026-03-02' <= ts AND TIMESTAMP '2026-03-04' > ts", ['2026-03-02', '2026-03-03T23:59:59']],
    ["ts BETWEEN '2026-03-02' AND '2026-03-04'", ['2026-03-02', '2026-03-04']],
    ["DATE(ts) BETWEEN '2026-03-02' AND '2026-03-04'", ['2026-03-02', '2026-03-04T23:59:59']],
    ["DATE(ts) BETWEEN x AND '2026-03-04'", [undefined, '2026-03-04T23:59:59']],
    ['DATE(ts) BETWEEN x AND y', undefined],
    ["ts NOT BETWEEN '2026-03-02' AND '2026-03-04'", undefined],
    ["DATE(ts) IN ('2026-03-04', '2026-03-02')", ['2026-03-02', '2026-03-04T23:59:59']],
    ["DATE(ts) IN ('2026-03-04', x)", undefined],
    ["DATE(ts) NOT IN ('2026-03-04')", undefined],
    ['ts IN (SELECT m FROM s)', undefined],
    ['DATE(ts) = @day', ['2026-03-05', '2026-03-05T23:59:59']],
    ['DATE(ts) = ?', ['2026-03-02', '2026-03-02T23:59:59']],
    ['DATE(ts) = ? AND ts > ?', ['2026-03-02', '2026-03-02T23:59:59']],
    ['ts >= @from', ['2026-03-05T06:00:00', undefined]],
    ['DATE(ts) > CURRENT_DATE() - 7', ['2026-03-08', undefined]],
    ["CAST(ts AS DATE) = '2026-03-02'", ['2026-03-02', '2026-03-02T23:59:59']],
    ["TIMESTAMP_TRUNC(ts, MONTH) = '2026-03-01'", ['2026-03-01', '2026-03-31T23:59:59']],
    ["DATE(TIMESTAMP_TRUNC(ts, MONTH)) = '2026-03-01'", ['2026-03-01', '2026-03-31T23:59:59']],
    ["CAST(TIMESTAMP_TRUNC(ts, MONTH) AS DATE) <= '2026-03-01'", [undefined, '2026-03-31T23:59:59']],
    ["TIMESTAMP_TRUNC(ts, HOUR) = TIMESTAMP '2026-03-01 23:00:00'", ['2026-03-01T23:00:00', '2026-03-01T23:59:59']],
    ["TIMESTAMP_TRUNC(ts, WEEK) = '2026-03-01'", undefined],
    ["DATE(ts, 'Asia/Taipei') = '2026-03-02'", undefined],
    ["TIMESTAMP_TRUNC(ts, DAY, 'Asia/Taipei') = '2026-03-02'", undefined],
    ["ts >= '2026-03-02' OR x", undefined],
    ["NOT (ts >= '2026-03-02')", undefined],
    ["ts != '2026-03-02'", undefined],
    ['ts IS NULL', undefined],
    ['ts > other', undefined],
    ["SAFE.TIMESTAMP_TRUNC(ts, DAY) = '2026-03-01'", undefined],
  ])('%s', (sql, expected) => {
    const { hasFilter, range } = filterOf(sql)
    expect([hasFilter, days(range)]).toEqual([true, expected])
  })

  test('what does not speak of the column is no filter', () => {
    expect(filterOf("other >= '2026-03-02' AND u.ts = '2026-03-02'")).toEqual({ hasFilter: false, range: undefined })
  })
})

// A predicate as text beside what it means for one moment.
interface Meant {
  readonly sql: string
  readonly holds: (micros: number) => boolean
}

const day0 = Date.UTC(2026, 0, 1) * 1000
const moments = fc.integer({ min: 0, max: 120 * 24 }).map((hours) => day0 + hours * 3_600_000_000)
const dayOf = (micros: number): number => Math.floor(micros / dayMicros) * dayMicros
const monthOf = (micros: number): number => {
  const date = new Date(micros / 1000)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) * 1000
}
const hourOf = (micros: number): number => Math.floor(micros / 3_600_000_000) * 3_600_000_000

const sides = fc.constantFrom<readonly [string, (micros: number) => number, boolean]>(
  ['ts', (micros) => micros, false],
  ['DATE(ts)', dayOf, true],
  ['CAST(ts AS DATE)', dayOf, true],
  ['TIMESTAMP_TRUNC(ts, DAY)', dayOf, false],
  ['TIMESTAMP_TRUNC(ts, HOUR)', hourOf, false],
  ['TIMESTAMP_TRUNC(ts, MONTH)', monthOf, false],
  ['DATE(TIMESTAMP_TRUNC(ts, MONTH))', monthOf, true],
  ['DATE_TRUNC(DATE(ts), MONTH)', monthOf, true],
  ['TIMESTAMP(DATE_TRUNC(DATE(ts), MONTH))', monthOf, false],
  ['TIMESTAMP(DATE(ts))', dayOf, false],
  ['DATE(TIMESTAMP_TRUNC(ts, HOUR))', dayOf, true],
)

function literal(micros: number, isDate: boolean): string {
  const iso = new Date(micros / 1000).toISOString()
  return isDate ? `DATE '${iso.slice(0, 10)}'` : `TIMESTAMP '${iso.slice(0, 19).replace('T', ' ')}+00'`
}

const operators: Readonly<Record<string, (one: number, other: number) => boolean>> = {
  '=': (one, other) => one === other,
  '<': (one, other) => one < other,
  '<=': (one, other) => one <= other,
  '>': (one, other) => one > other,
  '>=': (one, other) => one >= other,
  '!=': (one, other) => one !== other,
}

const compared = fc
  .record({ side: sides, operator: fc.constantFrom(...Object.keys(operators)), at: moments, isTurned: fc.boolean() })
  .map(({ side: [left, of, isDate], operator, at, isTurned }): Meant => {
    const bound = isDate ? dayOf(at) : at
    const holds = operators[operator] ?? (() => false)
    const right = literal(bound, isDate)
    return isTurned
      ? { sql: `${right} ${operator} ${left}`, holds: (micros) => holds(bound, of(micros)) }
      : { sql: `${left} ${operator} ${right}`, holds: (micros) => holds(of(micros), bound) }
  })

const between = fc
  .record({ side: sides, low: moments, high: moments, isNot: fc.boolean() })
  .map(({ side: [left, of, isDate], low, high, isNot }): Meant => {
    const [from, to] = isDate ? [dayOf(low), dayOf(high)] : [low, high]
    return {
      sql: `${left} ${isNot ? 'NOT ' : ''}BETWEEN ${literal(from, isDate)} AND ${literal(to, isDate)}`,
      holds: (micros) => (of(micros) >= from && of(micros) <= to) !== isNot,
    }
  })

const listed = fc
  .record({ side: sides, items: fc.array(moments, { minLength: 1, maxLength: 3 }), isNot: fc.boolean() })
  .map(({ side: [left, of, isDate], items, isNot }): Meant => {
    const bounds = items.map((item) => (isDate ? dayOf(item) : item))
    const list = bounds.map((bound) => literal(bound, isDate)).join(', ')
    return {
      sql: `${left} ${isNot ? 'NOT ' : ''}IN (${list})`,
      holds: (micros) => bounds.includes(of(micros)) !== isNot,
    }
  })

const { meant } = fc.letrec<{ meant: Meant }>((tie) => ({
  meant: fc.oneof(
    { maxDepth: 3 },
    compared,
    between,
    listed,
    fc.tuple(tie('meant'), tie('meant')).map(([one, other]): Meant => ({
      sql: `(${one.sql}) AND (${other.sql})`,
      holds: (micros) => one.holds(micros) && other.holds(micros),
    })),
    fc.tuple(tie('meant'), tie('meant')).map(([one, other]): Meant => ({
      sql: `(${one.sql} OR ${other.sql})`,
      holds: (micros) => one.holds(micros) || other.holds(micros),
    })),
    tie('meant').map((one): Meant => ({ sql: `NOT (${one.sql})`, holds: (micros) => !one.holds(micros) })),
  ),
}))

test('no moment for which the condition holds is left out', () => {
  fc.assert(
    fc.property(meant, fc.array(moments, { minLength: 1, maxLength: 60 }), ({ sql, holds }, asked) => {
      const { hasFilter, range } = filterOf(sql)
      expect(hasFilter).toBe(true)
      for (const micros of asked) {
        const isIn = range === undefined || ((range.from ?? micros) <= micros && (range.to ?? micros) >= micros)
        if (holds(micros) && !isIn) throw new Error(`${sql} leaves out ${text(micros)}`)
      }
    }),
    { numRuns: 400 },
  )
})
