// Rows of the outbox on their way: all, in order, whatever fails and whenever it dies; twice at most, and then with the same id.
import { DatabaseSync } from 'node:sqlite'

import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { SimulatedClock } from '../../test/faults/simulated-clock.ts'
import type { NewRecord } from '../buffer/record.ts'
import { accounts } from '../control/migrations/0003-accounts.ts'
import { Outbox } from '../control/outbox.ts'
import { transaction } from '../control/transaction.ts'
import { createLog } from '../core/log.ts'
import type { Part } from '../core/part.ts'
import { startOutboxRelay } from './outbox-relay.ts'

const log = createLog('silent')

function rig() {
  const database = new DatabaseSync(':memory:')
  const table = /CREATE TABLE outbox \([^;]*;/.exec(accounts)?.[0] ?? ''
  database.exec(table)
  const clock = new SimulatedClock()
  const outbox = new Outbox(database)
  const appended: string[] = []
  let failures = 0
  const append = async (record: NewRecord): Promise<number> => {
    if (failures > 0) {
      failures -= 1
      throw new Error('disk full')
    }
    appended.push(Buffer.from(record.body).toString())
    return appended.length
  }
  return {
    database,
    clock,
    outbox,
    appended,
    fail: (times: number) => {
      failures = times
    },
    start: (): Part => startOutboxRelay({ outbox, append, clock, log }),
    add: (id: number) => {
      transaction(database, 'COMMIT', () => {
        outbox.add('millpond.audit', { audit_id: id })
      })
    },
  }
}

/** Lets promises that are ready run on. */
async function settled(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
}

test('rows that waited and rows that come go in their order, as rows of their table', async () => {
  const { add, start, clock, appended, outbox } = rig()
  add(1)
  const relay = start()
  clock.advance(0)
  await settled()
  add(2)
  add(3)
  clock.advance(0)
  await settled()
  expect(appended).toEqual(['{"audit_id":1}', '{"audit_id":2}', '{"audit_id":3}'])
  expect(outbox.waiting(10)).toEqual([])
  await relay.stop()
})

test('what is rolled back never goes, and a row needs a transaction', async () => {
  const { database, outbox, start, clock, appended } = rig()
  const relay = start()
  expect(() =>
    transaction(database, 'COMMIT', () => {
      outbox.add('millpond.audit', { audit_id: 1 })
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(() => {
    outbox.add('millpond.audit', { audit_id: 2 })
  }).toThrow('BUG')
  clock.advance(0)
  await settled()
  expect(appended).toEqual([])
  await relay.stop()
})

test('a stream that refuses is asked again, ten seconds later', async () => {
  const { add, fail, start, clock, appended } = rig()
  fail(1)
  add(1)
  const relay = start()
  clock.advance(0)
  await settled()
  clock.advance(9_999)
  await settled()
  expect(appended).toEqual([])
  clock.advance(1)
  await settled()
  expect(appended).toEqual(['{"audit_id":1}'])
  await relay.stop()
})

test('whatever happens in between, every row arrives, in order, and only rows of one failure come again', async () => {
  const step = fc.constantFrom('add', 'fail', 'time', 'die')
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { add, fail, start, clock, appended, outbox } = rig()
      let relay = start()
      let added = 0
      for (const one of steps) {
        if (one === 'add') add((added += 1))
        if (one === 'fail') fail(1)
        if (one === 'time') clock.advance(10_000)
        if (one === 'die') {
          await relay.stop()
          relay = start()
        }
        await settled()
      }
      fail(0)
      for (let round = 0; round < 3; round += 1) {
        clock.advance(10_000)
        await settled()
      }
      const ids = appended.map((text) => (JSON.parse(text) as { audit_id: number }).audit_id)
      expect([...new Set(ids)].sort((one, other) => one - other)).toEqual(
        Array.from({ length: added }, (_, n) => n + 1),
      )
      expect(outbox.waiting(1)).toEqual([])
      await relay.stop()
    }),
    { numRuns: 50 },
  )
})
