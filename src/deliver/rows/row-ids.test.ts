// Rows with an id of their sender's own: what is an id, and what is a repetition of it.
import { expect, test } from 'vitest'

import { TestMaker } from '../../../test/faults/loader-maker.ts'
import { rowsOf } from '../../../test/faults/loader-unpack.ts'
import { eventTime, type ForwardOptions, forwardRecord } from '../../../test/support/forward-body.ts'
import type { StoredRecord } from '../../buffer/record.ts'
import type { LoadPlan } from '../../warehouse/driver.ts'

const second = 1_768_435_200
const chunk = (text: string) => Buffer.from(text).toString('base64')

function stored(values: readonly unknown[], options: ForwardOptions = {}): StoredRecord {
  return { sequence: 1, ...forwardRecord(values, options) }
}

function countsOf({ counts }: LoadPlan) {
  const { received, stored: kept, flagged, duplicates, quarantined } = counts[0] ?? {}
  return { received, stored: kept, flagged, duplicates, quarantined }
}

test('In a log line `id` is no id of the line', () => {
  const maker = new TestMaker()
  const line = [second, { id: 5, message: 'order' }]
  expect(countsOf(maker.planOf([stored([line, line])]))).toMatchObject({ stored: 2 })
  const own = [second, { insertId: 'x', message: 'order' }]
  const plan = maker.planOf([stored([own, own])])
  expect(countsOf(plan)).toMatchObject({ stored: 1, duplicates: 1 })
  expect(rowsOf(plan, 'logs.entries').map((row) => row['id'])).toEqual(['x'])
})

test('In an inference `id` is no id of it: it may be the device, or the class', () => {
  const plan = new TestMaker().planOf([
    stored(
      [0, 60, 120].map((later) => [second + later, { id: 7, top_label: 'cat' }]),
      { meta: { tag: 'inference.x' } },
    ),
  ])
  expect(countsOf(plan)).toMatchObject({ stored: 3, flagged: 0, duplicates: 0 })
  expect(rowsOf(plan, 'ai.inferences')).toMatchObject([{ payload: '{"id":7}' }, {}, {}])
})

test.each([
  ['an inference', 'inference.x', { inference_id: 'i1', top_label: 'cat' }],
  ['a log line', 'app', { insertId: 'i1', message: 'cat' }],
])('%s of the same id and another time is no repetition; one of the same time is', (_, tag, row) => {
  const send = (...times: unknown[]) =>
    countsOf(
      new TestMaker().planOf([
        stored(
          times.map((time) => [time, row]),
          { meta: { tag } },
        ),
      ]),
    )
  expect(send(second, second + 60, second + 60)).toMatchObject({ stored: 1, flagged: 1, duplicates: 1 })
  // The same time, whoever wrote it.
  expect(send(second, eventTime(second), [eventTime(second), {}])).toMatchObject({ stored: 1, duplicates: 2 })
  expect(send(null, 0, eventTime(0))).toMatchObject({ stored: 1, duplicates: 2 })
  // Times that can't be read are told apart, too.
  expect(send('today', 'tomorrow', 'today')).toMatchObject({ stored: 1, flagged: 1, duplicates: 1 })
  expect(send(2n ** 60n, 2n ** 60n + 1n, 2n ** 60n)).toMatchObject({ stored: 1, flagged: 1, duplicates: 1 })
})

test('An inference that says its time is the same in a new entry; a log line has the time of its entry', () => {
  const send = (tag: string, row: object) =>
    countsOf(
      new TestMaker().planOf([
        stored(
          [second, second + 1].map((time) => [time, row]),
          { meta: { tag } },
        ),
      ]),
    )
  const at = '2026-01-15T00:00:01Z'
  expect(send('inference.x', { inference_id: 'i', at })).toMatchObject({ stored: 1, duplicates: 1 })
  expect(send('inference.x', { inference_id: 'i', at: 'soon' })).toMatchObject({ stored: 1, flagged: 1 })
  expect(send('app', { insertId: 'i', timestamp: at })).toMatchObject({ stored: 1, flagged: 1 })
})

test('Ids of different tables, of chunks and of events have nothing to do with each other', () => {
  const maker = new TestMaker()
  const inference = stored([[second, { inference_id: 'a' }]], { meta: { tag: 'inference.x' }, source: 'shop' })
  const line = stored([[second, { insertId: 'a' }]], { source: 'shop' })
  const event = maker.record([{ type: 'track', event: 'E', anonymousId: 'x', messageId: 'a' }])
  const chunked = stored([[second, {}]], { meta: { chunk: chunk('c') }, source: 'shop' })
  const named = maker.record([{ type: 'track', event: 'E', anonymousId: 'x', messageId: `chunk:${chunk('c')}/0` }])
  for (const record of [inference, line, event, chunked, named])
    expect(countsOf(maker.planOf([record]))).toMatchObject({ stored: 1, flagged: 0, duplicates: 0 })
  for (const record of [inference, line, event, chunked, named])
    expect(countsOf(maker.planOf([record]))).toMatchObject({ stored: 0, flagged: 0, duplicates: 1 })
})
