import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import type { KeyDirectory } from '../../control/sources-file.ts'
import { keyOfBasic, searchKey } from './key.ts'
import { pixelBody } from './pixel.ts'
import { findRoute, pathOf } from './routes.ts'

const directory: KeyDirectory = {
  lookup: (key) =>
    key === 'ours' ? { kind: 'listed', source: 'web', platform: 'client', state: 'active' } : { kind: 'foreign' },
}

test.each([
  ['Basic b3Vyczo=', 'ours'],
  ['Basic b3Vycw==', 'ours'],
  ['basic b3Vyczo=', 'ours'],
  ['Basic  b3Vyczo= ', 'ours'],
  ['Basic b3VyczpzZWNyZXQ=', 'ours'],
  ['Basic', undefined],
  ['Bearer b3Vyczo=', undefined],
  [undefined, undefined],
])('%s names %s', (header, key) => {
  expect(keyOfBasic(header)).toBe(key)
})

test('the first key of ours counts, wherever it stands', () => {
  expect(searchKey(directory, ['theirs', '', ' ours '])).toMatchObject({ kind: 'known', key: { source: 'web' } })
  expect(searchKey(directory, ['theirs', ''])).toEqual({ kind: 'foreign' })
  expect(searchKey(directory, ['', ' '])).toEqual({ kind: 'none' })
  expect(searchKey(directory, [':', ' :ours'])).toEqual({ kind: 'none' })
  expect(searchKey(directory, [])).toEqual({ kind: 'none' })
})

test.each(['ours:secret', 'ours:***', ' ours : x ', 'ours:', 'ours:a:b'])(
  '%s, as Jitsu writes keys, is ours',
  (named) => {
    expect(searchKey(directory, [named])).toMatchObject({ kind: 'known', key: { writeKey: 'ours', source: 'web' } })
  },
)

test('any header, address and picture data is read without a throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      keyOfBasic(`Basic ${text}`)
      findRoute(text)
      pixelBody(`/v1/pixel/track?data=${text}`)
      expect(pathOf(`/v1/t/?${text}`)).toBe('/v1/t')
    }),
    { numRuns: 500 },
  )
})

test('picture data comes back byte for byte in both alphabets', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
      const data = Buffer.from(bytes)
      for (const written of [
        data.toString('base64'),
        data.toString('base64url'),
        encodeURIComponent(data.toString('base64')),
      ]) {
        expect(pixelBody(`/x?data=${written}`)?.equals(data)).toBe(true)
      }
    }),
  )
})
