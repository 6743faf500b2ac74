// What is drawn of paths and of all cohorts: nothing lies upon anything else, and ribbons are as wide as what they stand for.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import type { PathsAnswer } from '../../api/answers.ts'
import { overallOf } from './overall.ts'
import { drawPaths, pathsWidth } from './paths-drawing.ts'
import { spanText } from './span.ts'

interface Paths extends Pick<PathsAnswer, 'links' | 'occurrences'> {
  readonly nodes: readonly (PathsAnswer['nodes'][number] & { readonly text: string })[]
}

/** People walking at random among four events, counted as the server counts them. */
const paths = fc
  .array(fc.array(fc.constantFrom('a', 'b', 'c', null), { maxLength: 4 }), { minLength: 1, maxLength: 40 })
  .map((walks): Paths => {
    const nodes = new Map<string, number>()
    const links = new Map<string, number>()
    const add = (counts: Map<string, number>, key: unknown): void => {
      const text = JSON.stringify(key)
      counts.set(text, (counts.get(text) ?? 0) + 1)
    }
    for (const walk of walks) {
      const all = ['start', ...walk]
      all.forEach((event, step) => add(nodes, [step, event]))
      walk.forEach((to, step) => add(links, [step, all[step], to]))
    }
    return {
      occurrences: walks.length,
      nodes: [...nodes].map(([key, count]) => {
        const [step, event] = JSON.parse(key) as [number, string | null]
        return { step, event, count, text: event ?? '…' }
      }),
      links: [...links].map(([key, count]) => {
        const [step, from, to] = JSON.parse(key) as [number, string, string | null]
        return { step, from, to, count }
      }),
    }
  })

test('events of a step stand apart within the drawing, whichever way it is read', () => {
  fc.assert(
    fc.property(paths, fc.boolean(), (given, isBefore) => {
      const size = { width: pathsWidth(given, 800), height: 300 }
      const { shapes } = drawPaths(given, size, { isBefore, label: 'paths' })
      const bars = shapes.filter((shape) => shape.shape === 'rect')
      expect(bars).toHaveLength(given.nodes.length)
      for (const { x, y, width, height } of bars) {
        expect(x).toBeGreaterThanOrEqual(0)
        expect(x + width).toBeLessThanOrEqual(size.width)
        expect(y + height).toBeLessThanOrEqual(size.height + 0.2)
        const below = bars.filter((other) => other.x === x && other.y > y).map((other) => other.y)
        expect(y + height).toBeLessThanOrEqual(Math.min(Infinity, ...below))
      }
      expect(shapes.filter(({ shape }) => shape === 'path')).toHaveLength(given.links.length)
    }),
  )
})

test('the event stands left of what came after it and right of what came before', () => {
  const given: Paths = {
    occurrences: 2,
    nodes: [
      { step: 0, event: 'start', count: 2, text: 'start' },
      { step: 1, event: 'a', count: 1, text: 'a' },
    ],
    links: [{ step: 0, from: 'start', to: 'a', count: 1 }],
  }
  const xs = (isBefore: boolean) =>
    drawPaths(given, { width: 400, height: 100 }, { isBefore, label: '' }).shapes.flatMap((shape) =>
      shape.shape === 'rect' ? [shape.x] : [],
    )
  expect(xs(false)).toEqual([0, 200])
  expect(xs(true)).toEqual([200, 0])
})

test('of all cohorts only those count whose period is over', () => {
  const cohorts = [
    { day: '2026-01-01', people: 10, back: [5, 2], periodsOver: 2 },
    { day: '2026-01-02', people: 30, back: [9, 1], periodsOver: 1 },
    { day: '2026-01-03', people: 99, back: [1, null], periodsOver: 0 },
  ]
  expect(overallOf(cohorts, 2)).toEqual([
    { back: 14, people: 40 },
    { back: 2, people: 10 },
  ])
})

test.each([
  [0, '0 sec'],
  [36, '36 sec'],
  [5400, '1.5 hr'],
  [86_400 * 3, '3 days'],
])('%i seconds are told as %s', (seconds, text) => {
  expect(spanText(seconds, 'en')).toBe(text)
})
