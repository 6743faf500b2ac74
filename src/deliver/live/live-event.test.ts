import { expect, test } from 'vitest'

import { rowTables } from '../../warehouse/row-tables.ts'
import { liveEventOf } from './live-event.ts'

test.each([
  ['{"call":"page"}', 'page'],
  ['{"call":7', ''],
  ['null', ''],
])('The call of an event without a type is read from %s', (meta, type) => {
  const record = {
    kind: 'segment' as const,
    source: 'shop',
    sequence: 1,
    receivedAtMicros: 1,
    count: 1,
    meta,
    body: Buffer.from('{}'),
  }
  expect(liveEventOf(record, {}, 'quarantined', 'row_refused', 'x').type).toBe(type)
})

test.each([
  ['logs.entries', { message: 'x'.repeat(300), user_id: 7 }, { type: 'log', name: 'x'.repeat(200), userId: '7' }],
  ['logs.entries', { msg: 'm', name: 'logger' }, { type: 'log', name: 'm', userId: null }],
  ['ai.inferences', { topLabel: 'cat', model: 'm' }, { type: 'inference', name: 'cat' }],
  ['ai.inferences', { model: 'm' }, { type: 'inference', name: 'm', deviceId: null }],
  ['ai.inferences', { model: 'm', deviceId: 'cam-1' }, { deviceId: 'cam-1' }],
  ['ai.assets', { mime: 'image/png' }, { type: 'asset', name: 'image/png', json: '{"mime":"image/png"}' }],
] as const)('a row of %s', (table, row, expected) => {
  const record = {
    kind: 'row' as const,
    source: 'shop',
    sequence: 1,
    receivedAtMicros: 1,
    count: 1,
    meta: '{}',
    body: Buffer.from('{}'),
  }
  expect(liveEventOf(record, row, 'stored', null, 'x', rowTables[table])).toMatchObject(expected)
})

test.each([
  [{ device: { id: 'phone-1' } }, 'phone-1'],
  [{ device: { id: 7 } }, '7'],
  [{ device: 'phone-1' }, null],
  [null, null],
  [undefined, null],
])('The device of an event with the context %j is %j', (context, deviceId) => {
  const record = {
    kind: 'segment' as const,
    source: 'shop',
    sequence: 1,
    receivedAtMicros: 1,
    count: 1,
    meta: '{"call":"track"}',
    body: Buffer.from('{}'),
  }
  expect(liveEventOf(record, { context, event: 'x' }, 'stored', null, 'x').deviceId).toBe(deviceId)
})
