import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { columnJson, parseExact, RawNumber, stringifyExact } from './parse.ts'

test.each([
  ['9007199254740993', 9007199254740993n],
  ['-9223372036854775809', -9223372036854775809n],
  ['9007199254740991', 9007199254740991],
  ['1.5', 1.5],
  ['1e30', 1e30],
  ['1e400', new RawNumber('1e400')],
  ['"9007199254740993"', '9007199254740993'],
])('%s is read exactly and written back', (text, expected) => {
  const value = parseExact(`{"a":[${text}]}`)
  expect(value).toEqual({ a: [expected] })
  if (text !== '1e30') expect(stringifyExact(value)).toBe(`{"a":[${text}]}`)
})

test('A million digits stay text', () => {
  const digits = '7'.repeat(1_000_000)
  expect(stringifyExact(parseExact(`[${digits}]`))).toBe(`[${digits}]`)
})

test('Lone surrogates become U+FFFD in JSON for columns, and nothing else changes', () => {
  expect(columnJson({ '\ud800k': 'a\udfff', pair: '😀', text: '\\ud800' }, false)).toBe(
    '{"\\ufffdk":"a\\ufffd","pair":"😀","text":"\\\\ud800"}',
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(JSON.parse(columnJson([text], true))).toEqual([text.toWellFormed()])
    }),
  )
})

test('Keys that look like prototypes are plain data', () => {
  const text = '{"__proto__":{"polluted":12345678901234567890},"constructor":1}'
  expect(stringifyExact(parseExact(text))).toBe(text)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})
