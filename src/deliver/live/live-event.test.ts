import { expect, test } from 'vitest'

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
