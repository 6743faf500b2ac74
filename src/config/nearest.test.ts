import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { nearestName } from './nearest.ts'

const known = [
  'MILLPOND_HTTP_PORT',
  'MILLPOND_HOST',
  'MILLPOND_DATA',
  'MILLPOND_BODY_BYTES_MAX',
  'MILLPOND_BODIES_BYTES_MAX',
]

test.each([
  ['MILLPOND_PORT', 'MILLPOND_HTTP_PORT'],
  ['MILLPOND_HTPT_PORT', 'MILLPOND_HTTP_PORT'],
  ['MILLPOND_HTTPPORT', 'MILLPOND_HTTP_PORT'],
  ['MILLPOND_HOTS', 'MILLPOND_HOST'],
  ['MILLPOND_DATA_', 'MILLPOND_DATA'],
  ['MILLPOND_BODY_BYTE_MAX', 'MILLPOND_BODY_BYTES_MAX'],
  ['MILLPOND_COLOUR_OF_THE_BARN', undefined],
])('%s is near to %s', (typed, nearest) => {
  expect(nearestName(typed, known)).toBe(nearest)
})

test('a known name is nearest to itself, and one slip does not change that', () => {
  fc.assert(
    fc.property(fc.constantFrom(...known), fc.nat(), (name, place) => {
      expect(nearestName(name, known)).toBe(name)
      const at = 'MILLPOND_'.length + (place % (name.length - 'MILLPOND_'.length))
      if (name[at] !== '_') expect(nearestName(`${name.slice(0, at)}Q${name.slice(at + 1)}`, known)).toBe(name)
    }),
  )
})
