import { expect, test } from 'vitest'

import { rowTables } from '../../warehouse/row-tables.ts'
import { personHash, Suppression } from './suppression.ts'

test('hides what an erased person said up to the erasure, and nothing else', () => {
  const suppression = new Suppression([
    { dataset: null, person: personHash('user', 'u1'), receivedUntilMicros: 100 },
    { dataset: 'web', person: personHash('anonymous', 'a1'), receivedUntilMicros: 50 },
  ])
  expect(suppression.hides('web', 'u1', '', 100)).toBe(true)
  expect(suppression.hides('web', 'u1', '', 101)).toBe(false)
  expect(suppression.hides('app', 'u1', '', 1)).toBe(true)
  expect(suppression.hides('web', '', 'a1', 50)).toBe(true)
  expect(suppression.hides('app', '', 'a1', 50)).toBe(false)
  // A user who has another's anonymous id as name is somebody else.
  expect(suppression.hides('web', 'a1', 'u1', 1)).toBe(false)
  expect(suppression.hides('web', '', '', 1)).toBe(false)
})

test('a person erased twice is hidden up to the later time', () => {
  const erased = [10, 90].map((receivedUntilMicros) => ({
    dataset: null,
    person: personHash('user', 'u'),
    receivedUntilMicros,
  }))
  expect(new Suppression(erased).hides('web', 'u', '', 60)).toBe(true)
})

test("what was passed on of an event is its source's, and known by either id", () => {
  const suppression = new Suppression([
    { dataset: 'web', person: personHash('anonymous', 'a1'), receivedUntilMicros: 50 },
    { dataset: null, person: personHash('user', 'u1'), receivedUntilMicros: 50 },
  ])
  const deliveries = rowTables['millpond.deliveries']
  expect(suppression.hidesRow(deliveries, { event_source: 'web', anonymous_id: 'a1' }, 50)).toBe(true)
  expect(suppression.hidesRow(deliveries, { event_source: 'app', anonymous_id: 'a1' }, 50)).toBe(false)
  expect(suppression.hidesRow(deliveries, { event_source: 'app', user_id: 'u1' }, 50)).toBe(true)
  expect(suppression.hidesRow(rowTables['logs.entries'], { user_id: 'u1' }, 50)).toBe(true)
  expect(suppression.hidesRow(rowTables['logs.entries'], { user_id: 'u2' }, 50)).toBe(false)
})
