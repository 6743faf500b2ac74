// The hunt's memory alone: whom it blames when the worker fails, and what it never forgets.
import { expect, test } from 'vitest'

import { PoisonHunt } from '../../src/deliver/warehouse/poison.ts'
import type { PreparedPlan } from '../../src/deliver/warehouse/worker-messages.ts'

const record = { stream: 'events', sequence: 7 } as const
const other = { stream: 'events', sequence: 8 } as const

function preparedOf(place: typeof record | typeof other, positions: readonly { stream: string; sequence: number }[]) {
  const plan = { changes: [], blocks: [], users: [], counts: [], replayed: [], positions }
  return { plan, events: 8, records: 1, only: { ...place, count: 8 } } as unknown as PreparedPlan
}

function splitting(): PoisonHunt {
  const hunt = new PoisonHunt()
  for (let time = 0; time < 2; time++) hunt.refused(preparedOf(record, [record]))
  return hunt
}

test('Only two failures over the same record give it up, and not a second time', () => {
  const hunt = new PoisonHunt()
  expect(hunt.workerFailed(record, false)).toBe(false)
  expect(hunt.workerFailed(other, false)).toBe(false)
  expect(hunt.workerFailed(record, false)).toBe(false)
  expect(hunt.refusals).toEqual([])
  expect(hunt.workerFailed(record, false)).toBe(true)
  expect(hunt.refusals).toEqual([{ ...record, events: 'all' }])
  // Even keeping it out fails: no other try is left, so there must be pauses.
  expect(hunt.workerFailed(record, false)).toBe(false)
  // Something before it is loaded: it stays given up until it is passed.
  hunt.loaded(preparedOf(record, []), [{ stream: 'events', sequence: 6 }])
  expect(hunt.refusals).toHaveLength(1)
  hunt.loaded(preparedOf(record, [record]), [record])
  expect(hunt.refusals).toEqual([])
})

test('A record over which the worker dies is tried alone before it is given up', () => {
  const hunt = new PoisonHunt()
  expect(hunt.workerFailed(record, true)).toBe(false)
  expect(hunt.workerFailed(record, true)).toBe(true)
  expect(hunt.eventsMax).toBe(1)
  expect(hunt.refusals).toEqual([])
  expect(hunt.workerFailed(record, true)).toBe(true)
  expect(hunt.refusals).toEqual([{ ...record, events: 'all' }])
})

test('A piece names its record, and only that record moves it on', () => {
  const hunt = splitting()
  expect(hunt.piece).toEqual({ ...record, from: 0, to: 4 })
  hunt.loaded(preparedOf(other, [{ stream: 'engine', sequence: 9 }]), [])
  expect(hunt.refused(preparedOf(other, []))).toBe(false)
  expect(hunt.piece).toEqual({ ...record, from: 0, to: 4 })
  hunt.loaded(preparedOf(record, [{ stream: 'pieces', sequence: 1 }]), [])
  expect(hunt.piece).toEqual({ ...record, from: 4, to: 8 })
})

test('A record of which a piece is in is neither begun anew nor given up', () => {
  const hunt = splitting()
  for (let piece = 1; piece <= 2; piece++) hunt.loaded(preparedOf(record, [{ stream: 'pieces', sequence: piece }]), [])
  expect(hunt.isStuck).toBe(false)
  for (let halving = 0; halving < 2; halving++) hunt.refused(preparedOf(record, [record]))
  expect(hunt.refused(preparedOf(record, [record]))).toBe(false)
  expect(hunt.isStuck).toBe(true)
  hunt.workerFailed(record, false)
  expect(hunt.workerFailed(record, false)).toBe(false)
  expect(hunt.piece).toEqual({ ...record, from: 8, to: 8 })
  expect(hunt.mayCheckpoint).toBe(false)
  hunt.loaded(preparedOf(record, [record]), [record])
  expect(hunt.mayCheckpoint).toBe(true)
})
