import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { isObjectName } from '../../objects/name.ts'
import { idOfContent, isAssetId, objectNameOf } from './names.ts'

const sha256 = 'a'.repeat(64)

test('every id gives an object name of its own, also where file systems know no upper case', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 300, unit: 'binary' }),
      fc.string({ maxLength: 300, unit: 'binary' }),
      (one, other) => {
        const name = objectNameOf('web', one)
        expect(isObjectName(name)).toBe(true)
        expect(name).toBe(name.toLowerCase())
        expect(name === objectNameOf('web', other)).toBe(one === other)
      },
    ),
  )
  expect(objectNameOf('web', 'Cam')).not.toBe(objectNameOf('web', 'cam'))
  expect(objectNameOf('web', 'cam')).not.toBe(objectNameOf('shop', 'cam'))
})

test.each(['a', '1', 'cam-7:2026-03-02T08:15:31.000Z', '018e5f1c-7e6a-7000-8000-000000000000', 'x@y=z+~_.', '..'])(
  '%s is an id',
  (id) => {
    expect(isAssetId(id)).toBe(true)
  },
)

test.each(['', ' ', 'a b', 'a/b', 'ä', 'a\n', 'a%20b', 'x'.repeat(201)])('%j is none', (id) => {
  expect(isAssetId(id)).toBe(false)
})

test('the id of content is a UUID that follows from source, device, moment and content', () => {
  const likeness = { source: 'web', sha256, deviceId: 'cam-7', capturedAt: '2026-03-02T08:15:31Z' }
  const id = idOfContent(likeness)
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(idOfContent({ ...likeness })).toBe(id)
  const others = [
    { ...likeness, source: 'shop' },
    { ...likeness, sha256: 'b'.repeat(64) },
    { ...likeness, deviceId: undefined },
    { ...likeness, capturedAt: 'cam-7', deviceId: '2026-03-02T08:15:31Z' },
  ]
  expect(new Set([id, ...others.map(idOfContent)]).size).toBe(5)
})
