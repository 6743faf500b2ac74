import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { archivedName, archivedSegmentOf } from './archived-segment.ts'

const first = fc.integer({ min: 2 ** 32, max: Number.MAX_SAFE_INTEGER })
const facts = fc
  .record({ firstSequence: first, lastSequence: first, receivedAtMicros: fc.integer({ min: 0, max: 9e15 }) })
  .filter(({ firstSequence, lastSequence }) => lastSequence >= firstSequence)

function parse(name: string) {
  return archivedSegmentOf('events', { name, bytes: 7, modifiedAtMicros: 0 })
}

test('a name says what it is to people', () => {
  const receivedAtMicros = Date.UTC(2026, 10, 22, 10, 15, 30) * 1000 + 123_456
  const name = archivedName('events', { firstSequence: 4294967297, lastSequence: 4294967400, receivedAtMicros })
  expect(name).toBe('events/0000004294967297-0000004294967400-20261122T101530.123456Z.seg.zst')
  expect(parse(name)).toEqual({
    object: name,
    segment: '0000004294967297.seg',
    firstSequence: 4294967297,
    lastSequence: 4294967400,
    receivedAtMicros,
    bytes: 7,
  })
})

test('every name is read back as it was written', () => {
  fc.assert(
    fc.property(facts, (one) => {
      expect(parse(archivedName('events', one))).toMatchObject(one)
    }),
  )
})

test('names sort in the order of their records', () => {
  fc.assert(
    fc.property(facts, facts, (one, other) => {
      if (one.firstSequence === other.firstSequence) return
      expect(archivedName('events', one) < archivedName('events', other)).toBe(one.firstSequence < other.firstSequence)
    }),
  )
})

test('foreign names are nobody', () => {
  for (const name of [
    'events/notes.txt',
    'events/0000004294967297.seg',
    'events/0000004294967297.seg.zst',
    'forward/0000004294967297-0000004294967400-20261122T101530.123456Z.seg.zst',
    'events/0000000000000007-0000004294967400-20261122T101530.123456Z.seg.zst',
    'events/0000004294967400-0000004294967297-20261122T101530.123456Z.seg.zst',
    'events/deep/0000004294967297-0000004294967400-20261122T101530.123456Z.seg.zst',
  ]) {
    expect(parse(name)).toBeUndefined()
  }
})
