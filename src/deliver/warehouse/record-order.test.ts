import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { StoredRecord } from '../../buffer/record.ts'
import { type Offer, runsAsReceived, takeAsReceived } from './record-order.ts'

function record(sequence: number, receivedAtMicros: number, count = 1): StoredRecord {
  return { kind: 'segment', source: 's', sequence, receivedAtMicros, count, meta: '{}', body: new Uint8Array() }
}

function offer(times: readonly number[], more = false): Offer {
  return { records: times.map((time, index) => record(index + 1, time)), more }
}

describe('takeAsReceived', () => {
  it('takes everything when nothing more is to come', () => {
    expect(takeAsReceived([offer([1, 4]), offer([2, 3, 9])], 100)).toEqual([2, 3])
  })

  it('takes nothing that was received later than the end of a stream with more behind it', () => {
    expect(takeAsReceived([offer([1, 4], true), offer([2, 3, 9])], 100)).toEqual([2, 2])
  })

  it('keeps to the limit of events, but gives one record at least', () => {
    expect(takeAsReceived([offer([1, 4]), offer([2, 3, 9])], 3)).toEqual([1, 2])
    expect(takeAsReceived([{ records: [record(1, 1, 500)], more: false }, offer([2])], 3)).toEqual([1, 0])
  })

  it('gives, round by round, all records in the order of receiving', () => {
    const streams = fc.array(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 20 }), {
      minLength: 1,
      maxLength: 3,
    })
    fc.assert(
      fc.property(
        streams,
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 5 }),
        (times, eventsMax, readMax) => {
          // Each stream is read a few records at a time, as the worker does it.
          const waiting = times.map((one) =>
            one.toSorted((a, b) => a - b).map((time, index) => record(index + 1, time)),
          )
          const given: number[] = []
          for (let round = 0; waiting.some((one) => one.length > 0); round++) {
            expect(round).toBeLessThan(200)
            const offers = waiting.map((one) => ({ records: one.slice(0, readMax), more: one.length > readMax }))
            const taken = takeAsReceived(offers, eventsMax)
            const batches = waiting.map((one, index) => ({ key: index, records: one.splice(0, taken[index]) }))
            for (const run of runsAsReceived(batches)) given.push(...run.records.map((one) => one.receivedAtMicros))
          }
          expect(given).toEqual(times.flat().toSorted((a, b) => a - b))
        },
      ),
    )
  })
})

describe('runsAsReceived', () => {
  it('changes no order inside a stream, even if its clock went back', () => {
    const runs = runsAsReceived([
      { key: 'a', records: [record(1, 5), record(2, 1), record(3, 9)] },
      { key: 'b', records: [record(1, 6)] },
    ])
    expect(runs.map(({ key, records }) => [key, records.map(({ sequence }) => sequence)])).toEqual([
      ['a', [1, 2]],
      ['b', [1]],
      ['a', [3]],
    ])
  })
})
