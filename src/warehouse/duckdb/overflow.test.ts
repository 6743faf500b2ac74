// `_overflow` is edited as text: what isn't touched keeps its bytes, and no digit of a number is lost.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { joinObject, jsonText, parseExact, splitObject } from './overflow.ts'

test('any JSON object splits into its keys and the text of its values', () => {
  const spaces = fc.constantFrom('', ' ', '\n\t')
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), spaces, (object, space) => {
      const texts = Object.entries(object).map(([key, value]) => [key, JSON.stringify(value)] as const)
      const parts = texts.map(([key, text]) => `${space}${JSON.stringify(key)}${space}:${space}${text}${space}`)
      const entries = splitObject(`${space}{${parts.join(',')}${space}}`)
      expect(entries).toEqual(texts.map(([key, text]) => ({ key, text })))
    }),
  )
})

test('split and joined again, our own texts are the same', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), (object) => {
      const text = JSON.stringify(object)
      expect(joinObject(splitObject(text)) ?? '{}').toBe(text)
    }),
  )
})

test.each([
  ['{}', []],
  [' { } ', []],
  ['{"a":1e400,"b":123456789012345678901234567890.10}', ['1e400', '123456789012345678901234567890.10']],
  ['{"a":"}\\",{","b":{"c":"]"},"d":[{},[]]}', ['"}\\",{"', '{"c":"]"}', '[{},[]]']],
  ['{"\\u0061\\"":null,"__proto__":true}', ['null', 'true']],
])('%s', (text, values) => {
  expect(splitObject(text).map((entry) => entry.text)).toEqual(values)
})

test('nothing left is no object', () => {
  expect(joinObject([])).toBe(null)
})

test('lone surrogates become U+FFFD, as everywhere in the warehouse; pairs and escapes stay', () => {
  expect(JSON.parse(jsonText('a\ud800b \u{1f600} \\ud800'))).toBe('a\ufffdb \u{1f600} \\ud800')
})

test.each([
  ['1', 1],
  ['-9007199254740991', -9_007_199_254_740_991],
  ['9007199254740993', 9_007_199_254_740_993n],
  ['-123456789012345678901234567890', -123_456_789_012_345_678_901_234_567_890n],
  ['1.5e300', 1.5e300],
  ['"1e400"', '1e400'],
  ['[9007199254740993,{"a":true}]', [9_007_199_254_740_993n, { a: true }]],
])('%s is read exactly', (text, value) => {
  expect(parseExact(text)).toEqual(value)
})

test.each(['1e400', '-1e400', '9'.repeat(1000), '[1e400]', `{"a":${'9'.repeat(401)}}`])(
  'what no number can hold keeps its digits: %s',
  (text) => {
    expect(JSON.stringify(parseExact(text))).toBe(text)
  },
)
