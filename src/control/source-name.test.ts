import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { MillpondError } from '../core/errors.ts'
import { checkSourceName } from './source-name.ts'

function messageFor(name: string): string {
  try {
    checkSourceName(name)
    return 'good'
  } catch (error) {
    expect(error).toBeInstanceOf(MillpondError)
    expect((error as MillpondError).code).toBe('source-name-invalid')
    return (error as MillpondError).message
  }
}

test.each(['web', 'a', 'ios_app', 'x2', 'a'.repeat(63)])('%s is a good name', (name) => {
  expect(messageFor(name)).toBe('good')
})

test.each(['', 'Web', '2web', '_web', 'web-shop', 'web shop', 'wéb', 'a'.repeat(64), 'web"; DROP', '../web', 'web\n'])(
  '%j is refused',
  (name) => {
    expect(messageFor(name)).toContain('cannot name a source')
  },
)

test.each(['millpond', 'main', 'temp', 'information_schema', 'pg_catalog', 'pg_x', 'unknown', 'logs', 'constructor'])(
  '%s is reserved',
  (name) => {
    expect(messageFor(name)).toContain('is reserved')
  },
)

test.each([
  ['My-App', 'my_app'],
  ['iOS App', 'i_os_app'],
  ['Café 24', 'cafe_24'],
])('%s gets a name that would do: %s', (name, mended) => {
  expect(messageFor(name)).toContain(`Try "${mended}"`)
})

test('every name that is proposed is itself accepted', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (name) => {
      const proposed = /Try "([^"]*)"$/.exec(messageFor(name))?.[1]
      if (proposed !== undefined) expect(messageFor(proposed)).toBe('good')
    }),
  )
})
