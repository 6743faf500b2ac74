// Markers between entries: whatever counts as one must be an entry by its shape, or the engine and intake would count apart.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { encode, eventTime, Raw } from '../../../test/support/forward-body.ts'
import { cutEntries } from '../../collect/fluent/entries.ts'
import { groupMarkerOf } from '../../core/msgpack.ts'
import { isEntry } from './entry.ts'

const anyTime = fc.constantFrom<unknown>(
  new Raw('ff'),
  new Raw('fe'),
  new Raw('d1 ffff'),
  new Raw('cf ffffffffffffffff'),
  eventTime(-1),
  eventTime(-2),
  eventTime(1),
  null,
  5,
)
const anyPart = fc.constantFrom<unknown>({}, { a: [1] }, [], null, 'text')
const anyValue = fc.oneof(
  fc.tuple(anyTime, anyPart),
  fc.tuple(fc.tuple(anyTime, anyPart), anyPart),
  fc.tuple(fc.tuple(anyTime), anyPart),
  fc.tuple(anyTime, anyPart, anyPart),
  fc.tuple(anyTime),
  anyTime,
)

test('A marker has the shape of an entry, and what is none is counted', () => {
  fc.assert(
    fc.property(fc.array(anyValue, { minLength: 1, maxLength: 6 }), (values) => {
      const encoded = values.map(encode)
      const isMarker = encoded.map((bytes) => groupMarkerOf(bytes, 0) !== undefined)
      for (const [index, bytes] of encoded.entries())
        if (isMarker[index]) expect(isEntry(bytes, 0, bytes.length)).toBe(true)
      const counted = cutEntries(Buffer.concat(encoded)).reduce((sum, { count }) => sum + count, 0)
      expect(counted).toBe(isMarker.filter((is) => !is).length)
    }),
    { numRuns: 500 },
  )
})
