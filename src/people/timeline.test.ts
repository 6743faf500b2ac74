import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { MillpondError } from '../core/errors.ts'
import type { Bounds } from './person-sql.ts'
import {
  compareRows,
  pageOf,
  parseRef,
  placeOf,
  type PlacedRow,
  type Ref,
  refText,
  type TimelineRow,
  type TimelineSource,
} from './timeline.ts'

const dayMicros = 24 * 3_600_000_000
const nowMicros = 1_790_000_000_000_000

function placed(ref: Ref): PlacedRow {
  const row = {
    time: '',
    receivedAt: '',
    source: ref.dataset,
    kind: 'track',
    title: '',
    severity: null,
    ref: refText(ref),
  }
  return { micros: ref.micros, place: placeOf(ref), row }
}

/** A source as the contract says, over rows at hand. */
function sourceOf(name: string, rows: readonly PlacedRow[]): TimelineSource {
  return {
    name,
    async rows(_person, { before, fromMicros = -Infinity, toMicros = Infinity }: Bounds, limit) {
      const isBehind = (row: PlacedRow): boolean =>
        before === undefined ||
        row.micros < before.micros ||
        (row.micros === before.micros && Buffer.from(row.place).compare(Buffer.from(before.place)) > 0)
      const within = rows.filter((row) => row.micros >= fromMicros && row.micros < toMicros && isBehind(row))
      return within.sort(compareRows).slice(0, limit)
    },
  }
}

/** Few times and ids, so that some are the same; some rows lie months back, some ahead of the clock. */
const someRef: fc.Arbitrary<Ref> = fc.record({
  dataset: fc.constantFrom('web', 'app', 'ai'),
  table: fc.constantFrom('tracks', 'pages', '睡眠', '🍼'),
  id: fc.constantFrom('a', 'b', 'c/d', 'é', '\u{1F37C}', '\uFF01'),
  micros: fc.integer({ min: -3, max: 60 }).map((days) => nowMicros - days * dayMicros + (days % 3)),
})
const distinctRefs = fc.uniqueArray(someRef, { selector: refText, maxLength: 60 })

async function allPages(sources: readonly TimelineSource[], limit: number, more: object = {}): Promise<TimelineRow[]> {
  const rows: TimelineRow[] = []
  let before: Ref | undefined
  for (let pages = 0; pages < 100; pages += 1) {
    const page = await pageOf(sources, [], { before, limit, nowMicros, ...more })
    expect(page.rows.length).toBeLessThanOrEqual(limit)
    rows.push(...page.rows)
    if (page.next === null) return rows
    before = parseRef(page.next)
  }
  throw new Error('The pages have no end')
}

test('Pages of all sources are one big sort', async () => {
  await fc.assert(
    fc.asyncProperty(distinctRefs, fc.integer({ min: 1, max: 9 }), async (refs, limit) => {
      const rows = refs.map(placed)
      const sources = ['web', 'app', 'ai'].map((name) =>
        sourceOf(
          name,
          rows.filter(({ row }) => row.source === name),
        ),
      )
      const expected = [...rows].sort(compareRows).map(({ row }) => row.ref)
      expect((await allPages(sources, limit)).map(({ ref }) => ref)).toEqual(expected)
      const [fromMicros, toMicros] = [nowMicros - 40 * dayMicros, nowMicros - 2 * dayMicros]
      const within = [...rows].sort(compareRows).filter(({ micros }) => micros >= fromMicros && micros < toMicros)
      const window = await allPages(sources, limit, { fromMicros, toMicros })
      expect(window.map(({ ref }) => ref)).toEqual(within.map(({ row }) => row.ref))
    }),
  )
})

test('A row that comes late moves no page behind it, and stands where it happened', async () => {
  await fc.assert(
    fc.asyncProperty(distinctRefs, someRef, async (refs, late) => {
      const rows = refs.filter((ref) => refText(ref) !== refText(late)).map(placed)
      const first = await pageOf([sourceOf('all', rows)], [], { limit: 5, nowMicros })
      if (first.next === null) return
      const before = parseRef(first.next)
      const rest = await pageOf([sourceOf('all', rows)], [], { limit: 100, before, nowMicros })
      const grown = await pageOf([sourceOf('all', [...rows, placed(late)])], [], { limit: 100, before, nowMicros })
      const isBehind = compareRows(placed(before), placed(late)) < 0
      const withoutLate = grown.rows.filter(({ ref }) => ref !== refText(late))
      expect(withoutLate.map(({ ref }) => ref)).toEqual(rest.rows.map(({ ref }) => ref))
      expect(grown.rows.length - withoutLate.length).toBe(isBehind ? 1 : 0)
    }),
  )
})

test('Rows that claim the same id at the same time stand as one', async () => {
  const same = placed({ dataset: 'web', table: 'tracks', id: 'm', micros: nowMicros })
  const rows = await allPages([sourceOf('web', [same, same, same])], 2)
  expect(rows.map(({ ref }) => ref)).toEqual([same.row.ref])
})

test('A ref says which row it means', () => {
  fc.assert(
    fc.property(someRef, (ref) => {
      expect(parseRef(refText(ref))).toEqual(ref)
    }),
  )
})

test.each(['', 'x', 'bnVsbA', 'W10', 'e30', 'WzEsMiwzLDRd', '['])('%j is no ref', (text) => {
  expect(() => parseRef(text)).toThrow(MillpondError)
})
