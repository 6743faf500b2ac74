import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { QueryRows } from '../asking/run-query.ts'
import { chartData, guessAlong, heightAt, linePath, pointsMax, ticksOf } from './chart-data.ts'

function rowsOf(columns: Readonly<Record<string, readonly [type: string, ...values: unknown[]]>>): QueryRows {
  const parts = Object.entries(columns)
  return {
    columns: parts.map(([name, [type]]) => ({ name, type })),
    values: parts.map(([, [, ...values]]) => values),
    count: (parts[0]?.[1].length ?? 1) - 1,
    isCut: false,
    end: undefined,
  }
}

describe('a chart', () => {
  it('draws the numbers along the first column that holds none', () => {
    const rows = rowsOf({ n: ['INT64', '3', '5'], day: ['DATE', '2026-01-01', '2026-01-02'], x: ['FLOAT64', 1, null] })
    expect(guessAlong(rows)).toBe(1)
    const data = chartData(rows, 1)
    expect(data?.series.map(({ name, values }) => [name, values])).toEqual([
      ['n', [3, 5]],
      ['x', [1, undefined]],
    ])
    expect([data?.low, data?.high]).toEqual([0, 5])
  })

  it('places times by time, and all else at even distances', () => {
    const times = ['2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z', '2026-01-01T04:00:00Z']
    const rows = rowsOf({ at: ['TIMESTAMP', ...times], name: ['STRING', 'a', 'b', 'c'], n: ['INT64', '1', '2', '3'] })
    expect(chartData(rows, 0)?.places).toEqual([0, 0.25, 1])
    expect(chartData(rows, 1)?.places).toEqual([0, 0.5, 1])
  })

  it('is none without numbers, and draws no more than it can', () => {
    expect(chartData(rowsOf({ a: ['STRING', 'x'] }), 0)).toBe(undefined)
    expect(chartData(rowsOf({ a: ['STRING'], n: ['INT64'] }), 0)).toBe(undefined)
    const many = Array.from({ length: pointsMax + 1 }, (_none, index) => String(index))
    const data = chartData(rowsOf({ a: ['STRING', ...many], n: ['INT64', ...many] }), 0)
    expect([data?.labels.length, data?.isCut]).toEqual([pointsMax, true])
  })

  it('breaks a line where there is no number', () => {
    const data = chartData(rowsOf({ a: ['STRING', 'x', 'y', 'z'], n: ['INT64', '0', null, '10'] }), 0)
    if (data?.series[0] === undefined) throw new Error('There is no line.')
    expect(linePath(data, data.series[0], 100, 50)).toBe('M0.0 50.0M100.0 0.0')
  })

  it('has round ticks within its bounds, and every value within its field', () => {
    const bound = fc.double({ min: -1e9, max: 1e9, noNaN: true })
    fc.assert(
      fc.property(bound, fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (low, span) => {
        const high = low + span
        fc.pre(high - low > Math.abs(low) * 1e-9)
        const ticks = ticksOf(low, high)
        expect(ticks.length).toBeLessThanOrEqual(7)
        const slack = span * 1e-6
        for (const tick of ticks) {
          expect(tick).toBeGreaterThanOrEqual(low - slack)
          expect(tick).toBeLessThanOrEqual(high + slack)
        }
        const data = { along: '', labels: [], places: [], series: [], low, high, isCut: false }
        expect(heightAt(data, low)).toBe(1)
        expect(heightAt(data, high)).toBe(0)
      }),
    )
  })
})
