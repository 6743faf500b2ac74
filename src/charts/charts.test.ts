// Charts in plain Node: the same functions draw in browsers and mails.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'

import { type ChartData, chartKinds, type ChartRows, type Drawing, type Shape } from './chart.ts'
import { chartDataOf, guessAlong, seriesMax } from './data.ts'
import { draw, drawData } from './draw.ts'
import { thinned } from './draw-lines.ts'
import { fitted, formatNumber, textWidth } from './format.ts'
import { readChart } from './read-chart.ts'
import { heightAt, offsetMs, placesOf, scaleOf, ticksOf, timeTicks } from './scales.ts'
import { inks, seriesInks, svgText } from './svg-text.ts'

const size = { width: 600, height: 240 }
const hourMs = 3_600_000

function rowsOf(columns: Readonly<Record<string, readonly [type: string, ...values: unknown[]]>>): ChartRows {
  const parts = Object.entries(columns)
  return {
    columns: parts.map(([name, [type]]) => ({ name, type })),
    values: parts.map(([, [, ...values]]) => values),
    count: (parts[0]?.[1].length ?? 1) - 1,
  }
}

const daily = rowsOf({
  day: ['DATE', '2026-01-01', '2026-01-02', '2026-01-03'],
  views: ['INT64', '3', '5', null],
  sales: ['FLOAT64', 1, 2, 0.5],
})

function shapesOf<Kind extends Shape['shape']>(drawing: Drawing | undefined, kind: Kind) {
  return (drawing?.shapes ?? []).filter((one): one is Shape & { shape: Kind } => one.shape === kind)
}

describe('what is drawn of a result', () => {
  it('is every column of numbers along the first that holds none', () => {
    const rows = rowsOf({ n: ['INT64', '3', '5'], day: ['DATE', '2026-01-01', '2026-01-02'], x: ['FLOAT64', 1, null] })
    expect(guessAlong(rows)).toBe(1)
    const data = chartDataOf(rows, {})
    expect(data?.series).toEqual([
      { name: 'n', values: [3, 5] },
      { name: 'x', values: [1, undefined] },
    ])
    expect(data?.timesMs).toEqual([Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)])
  })

  it('is the columns that were chosen, as far as they are there', () => {
    expect(chartDataOf(daily, { series: ['sales', 'gone'] })?.series.map(({ name }) => name)).toEqual(['sales'])
    expect(chartDataOf(daily, { along: 'gone' })?.along).toBe('day')
  })

  it('splits one column into series, the largest first, the others together where parts are summed', () => {
    const names = Array.from({ length: seriesMax + 3 }, (_none, n) => `c${n}`)
    const rows = rowsOf({
      day: ['STRING', ...names.map(() => 'mon'), 'tue'],
      country: ['STRING', ...names, 'c0'],
      n: ['INT64', ...names.map((_name, n) => String(100 - n)), '7'],
    })
    const stacked = chartDataOf(rows, { split: 'country', isStacked: true })
    expect([stacked?.labels, stacked?.isCut, stacked?.series.length]).toEqual([['mon', 'tue'], true, seriesMax])
    expect(stacked?.series[0]).toEqual({ name: 'c0', values: [100, 7] })
    expect(stacked?.series.at(-1)).toEqual({ name: '…', values: [93 + 92 + 91 + 90, undefined] })
    const plain = chartDataOf(rows, { split: 'country' })
    expect(plain?.series.map(({ name }) => name)).toEqual(names.slice(0, seriesMax))
  })

  it('is a number that stands alone, too', () => {
    const data = chartDataOf(rowsOf({ n: ['INT64', '42'] }), {})
    expect([data?.along, data?.labels, data?.series]).toEqual(['', [''], [{ name: 'n', values: [42] }]])
  })

  it('is nothing without numbers', () => {
    expect(chartDataOf(rowsOf({ a: ['STRING', 'x'] }), {})).toBe(undefined)
    expect(chartDataOf(rowsOf({ a: ['STRING'], n: ['INT64'] }), {})).toBe(undefined)
    expect(chartDataOf(rowsOf({ a: ['STRING', 'x'], n: ['INT64', null] }), {})).toBe(undefined)
  })
})

describe('axes', () => {
  it('have round ticks within their bounds, and every value within its field', () => {
    const bound = fc.double({ min: -1e9, max: 1e9, noNaN: true })
    fc.assert(
      fc.property(bound, fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (low, span) => {
        const high = low + span
        fc.pre(high - low > Math.abs(low) * 1e-9)
        const ticks = ticksOf({ low, high })
        expect(ticks.length).toBeLessThanOrEqual(7)
        const slack = span * 1e-6
        for (const tick of ticks) {
          expect(tick).toBeGreaterThanOrEqual(low - slack)
          expect(tick).toBeLessThanOrEqual(high + slack)
        }
        expect(heightAt({ low, high }, low)).toBe(1)
        expect(heightAt({ low, high }, high)).toBe(0)
      }),
    )
    expect(scaleOf([])).toEqual({ low: 0, high: 1 })
    expect(scaleOf([-2, 3])).toEqual({ low: -2, high: 3 })
  })

  it('place times by time, and all else at even distances', () => {
    const times = [0, hourMs, 4 * hourMs]
    expect(placesOf(3, times)).toEqual([0, 0.25, 1])
    expect(placesOf(3, undefined)).toEqual([0, 0.5, 1])
    expect(placesOf(1, [5])).toEqual([0.5])
  })

  it.each(['UTC', 'Asia/Taipei', 'Asia/Kathmandu', 'America/New_York', 'Australia/Lord_Howe'])(
    'have ticks at round times of the clock in %s, also where it is changed',
    (zone) => {
      fc.assert(
        fc.property(
          fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2026, 0) }),
          fc.integer({ min: 60_000, max: 5 * 365 * 24 * hourMs }),
          fc.integer({ min: 2, max: 12 }),
          (fromMs, spanMs, max) => {
            const ticks = timeTicks(fromMs, fromMs + spanMs, max, zone)
            expect(ticks.length).toBeLessThanOrEqual(max + 2)
            for (const { ms } of ticks) {
              expect(ms >= fromMs && ms <= fromMs + spanMs).toBe(true)
              expect((ms + offsetMs(ms, zone)) % 60_000).toBe(0)
            }
            expect(ticks.every(({ ms }, index) => index === 0 || ms > (ticks[index - 1]?.ms ?? 0))).toBe(true)
          },
        ),
        { numRuns: 60 },
      )
    },
  )
})

describe('every kind', () => {
  const anyData = fc
    .record({
      rows: fc.nat(40),
      series: fc.array(fc.array(fc.option(fc.double({ min: -1e6, max: 1e9 }), { nil: null }), { maxLength: 40 }), {
        minLength: 1,
        maxLength: 10,
      }),
      names: fc.array(fc.string({ unit: 'grapheme', maxLength: 60 }), { minLength: 10, maxLength: 10 }),
    })
    .map(({ rows, series, names }) =>
      rowsOf({
        'along <&>': ['STRING', ...Array.from({ length: rows }, (_none, row) => names[row % 10] ?? '')],
        ...Object.fromEntries(
          series.map((values, index): [string, [string, ...unknown[]]] => [
            `${index} ${names[index] ?? ''}`,
            ['FLOAT64', ...Array.from({ length: rows }, (_none, row) => values[row] ?? null)],
          ]),
        ),
      }),
    )

  it.each(chartKinds)('draws %s of anything within its bounds, as numbers that are some', (kind) => {
    fc.assert(
      fc.property(anyData, fc.boolean(), fc.integer({ min: 80, max: 900 }), (rows, isStacked, width) => {
        const drawing = draw(rows, { kind, isStacked }, { width, height: 200 }, 'Anything')
        if (drawing === undefined) return
        const text = svgText(drawing, 'light')
        expect(text).not.toMatch(/NaN|Infinity|undefined/)
        for (const rect of shapesOf(drawing, 'rect')) {
          expect(rect.width).toBeGreaterThanOrEqual(0)
          expect(rect.height).toBeGreaterThanOrEqual(0)
          expect(rect.x + rect.width).toBeLessThanOrEqual(width + 40)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('breaks a line where there is no number', () => {
    const rows = rowsOf({ a: ['STRING', 'x', 'y', 'z', 'w'], n: ['INT64', '1', null, '10', '5'] })
    const lines = shapesOf(draw(rows, { kind: 'line' }, size, ''), 'path').filter(({ stroke }) => stroke === 0)
    expect(lines).toHaveLength(2)
  })

  it('stacks bars upon each other, and hangs what is below zero', () => {
    const rows = rowsOf({ a: ['STRING', 'x'], up: ['INT64', 2], more: ['INT64', 1], down: ['INT64', -1] })
    const bars = shapesOf(draw(rows, { kind: 'bar', isStacked: true }, size, ''), 'rect').filter(
      ({ datum }) => datum !== undefined,
    )
    const [first, second, below] = bars
    if (first === undefined || second === undefined || below === undefined) throw new Error('A bar is missing')
    expect(second.y + second.height).toBeCloseTo(first.y, 0)
    expect(below.y).toBeCloseTo(first.y + first.height, 0)
    expect(first.height).toBeCloseTo(2 * second.height, 0)
    expect(bars.map(({ datum }) => datum?.series)).toEqual([0, 1, 2])
  })

  it('says of a funnel what came of the first and of the step before', () => {
    const data: ChartData = {
      along: 'step',
      labels: ['Signed up', 'Paired', 'Paid'],
      series: [{ name: 'people', values: [200, 100, 25] }],
      isCut: false,
    }
    const texts = shapesOf(drawData(data, { kind: 'funnel' }, size, ''), 'text').map(({ text }) => text)
    expect(texts).toEqual([
      '1. Signed up',
      '200 · 100%',
      '2. Paired',
      '100 · 50% · 50% ↓',
      '3. Paid',
      '25 · 12.5% · 25% ↓',
    ])
  })

  it('shows the newest number large, and what it was before', () => {
    const rows = rowsOf({ day: ['DATE', '2026-01-01', '2026-01-02'], n: ['INT64', '200', '250'] })
    const texts = shapesOf(draw(rows, { kind: 'number' }, size, ''), 'text').map(({ text }) => text)
    expect(texts).toEqual(['250', '▲ 25% · 2026-01-01'])
  })
})

test('of a hundred thousand points the peaks are kept, and no more points than pixels can show', () => {
  const points = Array.from({ length: 100_000 }, (_none, n) => ({
    x: n / 200,
    value: n === 54_321 ? 99 : n % 7,
    base: 0,
  }))
  const thin = thinned(points, 500)
  expect(thin.length).toBeLessThanOrEqual(1002)
  expect(Math.max(...thin.map(({ value }) => value))).toBe(99)
  expect(thin.every(({ x }, index) => index === 0 || x >= (thin[index - 1]?.x ?? 0))).toBe(true)
})

test('what senders wrote stays text in SVG', () => {
  const evil = '</text><script>alert(1)</script>"&\u0000'
  const rows = rowsOf({ [evil]: ['STRING', evil], n: ['INT64', 1] })
  for (const kind of chartKinds) {
    const text = svgText(draw(rows, { kind }, size, evil) ?? { ...size, label: '', shapes: [] }, 'dark')
    expect(text.includes('<script') || text.includes('\u0000')).toBe(false)
  }
  expect(svgText(draw(rows, { kind: 'table' }, size, evil) as Drawing, 'light')).toContain('&lt;script&gt;')
})

test('a chart is read from anything', () => {
  const chart = {
    kind: 'bar',
    along: 'day',
    series: ['n'],
    split: 'country',
    isStacked: true,
    format: 'bytes',
  } as const
  expect(readChart({ ...chart, evil: 1 })).toEqual(chart)
  expect(readChart('x')).toEqual({ kind: 'line' })
  expect(readChart({ kind: 'pie', series: [1], format: 'yen', isStacked: 'yes' }, 'bar')).toEqual({ kind: 'bar' })
})

test.each([
  [1234.5, undefined, '1.23K'],
  [0.125, 'percent', '12.5%'],
  [1536, 'bytes', '1.5 KiB'],
  [0, 'bytes', '0 B'],
  [90, 'duration', '1.5 min'],
  [0.02, 'duration', '20 ms'],
  [1999.5, 'dollars', '$1,999.50'],
] as const)('%d as %s is %s', (value, format, text) => {
  expect(formatNumber(value, format)).toBe(text)
})

test('texts are cut to their room, letters of Chinese counted as wide as they are', () => {
  expect(fitted('short', 100)).toBe('short')
  expect(textWidth(fitted('a very long label of somebody', 60))).toBeLessThanOrEqual(66)
  expect(textWidth('夜灯已打开')).toBeGreaterThan(textWidth('abcde'))
})

test('colours are those of the pages, to be told from the card by everybody', () => {
  const css = readFileSync(join(import.meta.dirname, '../portal/web/app.css'), 'utf8')
  const [series, named] = [seriesInks.map((pair, index) => [`series-${index}`, pair] as const), Object.entries(inks)]
  for (const [name, [light, dark]] of [...series, ...named]) {
    expect(css).toContain(`--color-${name}: light-dark(${light}, ${dark});`)
  }
  for (const [light, dark] of seriesInks) {
    expect(contrast(light, inks.card[0])).toBeGreaterThanOrEqual(3)
    expect(contrast(dark, inks.card[1])).toBeGreaterThanOrEqual(3)
  }
})

/** WCAG 2.2, relative luminance. */
function contrast(one: string, other: string): number {
  const luminance = (colour: string): number => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}
