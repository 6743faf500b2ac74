import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { encode, Pairs } from '../../../test/support/forward-body.ts'
import { stringifyExact } from '../screen/parse.ts'
import { MsgpackDecoder } from './decode.ts'

function decode(bytes: Uint8Array, eventDepthMax = 64): { value: unknown; decoder: MsgpackDecoder } {
  const decoder = new MsgpackDecoder({ eventDepthMax, eventKeysMax: 10_000 })
  decoder.open(bytes)
  decoder.begin(0)
  const value = decoder.read(1)
  expect(decoder.at).toBe(bytes.length)
  return { value, decoder }
}

const json = (hex: string) => stringifyExact(decode(Buffer.from(hex.replaceAll(' ', ''), 'hex')).value)

test.each([
  ['nil', 'c0', 'null'],
  ['booleans', '92 c2 c3', '[false,true]'],
  ['small integers', '94 00 7f e0 ff', '[0,127,-32,-1]'],
  ['unsigned integers', '93 cc ff cd ffff ce ffffffff', '[255,65535,4294967295]'],
  ['signed integers', '93 d0 80 d1 8000 d2 80000000', '[-128,-32768,-2147483648]'],
  ['the largest integer', 'cf ffffffffffffffff', '18446744073709551615'],
  ['the smallest integer', 'd3 8000000000000000', '-9223372036854775808'],
  ['an integer in eight bytes', 'd3 0000000000000005', '5'],
  ['floats', '92 ca 3fc00000 cb 3fb999999999999a', '[1.5,0.1]'],
  ['no number', 'cb 7ff8000000000000', '"NaN"'],
  ['endless numbers', '92 cb 7ff0000000000000 ca ff800000', '["Infinity","-Infinity"]'],
  ['texts of all lengths', '94 a161 d9 01 62 da 0001 63 db 00000001 64', '["a","b","c","d"]'],
  ['broken UTF-8', 'a3 61ff62', '"a\uFFFDb"'],
  ['bin that is text', 'c4 02 6869', '"hi"'],
  ['bin that is none', 'c5 0002 ff00', '"/wA="'],
  ['EventTime', 'd7 00 00000001 000003e9', '"1970-01-01T00:00:01.000001001Z"'],
  ['EventTime, long form', 'c7 08 00 00000001 00000000', '"1970-01-01T00:00:01.000000000Z"'],
  ['EventTime of no time', 'd7 00 00000001 ffffffff', '{"ext":0,"base64":"AAAAAf////8="}'],
  ['a timestamp of 4 bytes', 'd6 ff 00000001', '"1970-01-01T00:00:01.000000000Z"'],
  ['a timestamp of 8 bytes', 'd7 ff 00000004 00000001', '"1970-01-01T00:00:01.000000001Z"'],
  ['a timestamp of 12 bytes', 'c7 0c ff 00000001 ffffffffffffffff', '"1969-12-31T23:59:59.000000001Z"'],
  ['a timestamp beyond calendars', 'c7 0c ff 00000001 7fffffffffffffff', '{"ext":-1,"base64":"AAAAAX//////////"}'],
  [
    'extensions that others act upon',
    '93 d4 72 40 d5 05 0102 c7 00 62',
    '[{"ext":114,"base64":"QA=="},{"ext":5,"base64":"AQI="},{"ext":98,"base64":""}]',
  ],
  ['a key twice, and thrice', '83 a161 01 a161 02 a161 03', '{"a":1,"a_2":2,"a_3":3}'],
  [
    'a key twice whose new name is taken',
    '84 a161 01 a3615f32 02 a161 03 a3615f32 04',
    '{"a":1,"a_2":2,"a_3":3,"a_2_2":4}',
  ],
  ['a new name that comes afterwards', '83 a161 01 a161 02 a3615f32 03', '{"a":1,"a_2":2,"a_2_2":3}'],
  [
    'a key as in all objects, twice',
    '82 a9 5f5f70726f746f5f5f 01 a9 5f5f70726f746f5f5f 02',
    '{"__proto__":1,"__proto___2":2}',
  ],
  ['a map as key, and in it another one', '81 81 81 a161 02 03 04', '{"{\\"gaFhAg==\\":3}":4}'],
  ['beside such a key', '82 81 90 01 02 91 03 04', '{"{\\"kA==\\":1}":2,"[3]":4}'],
  [
    'keys that objects inherit',
    '82 a9 5f5f70726f746f5f5f 01 ab 636f6e7374727563746f72 02',
    '{"__proto__":1,"constructor":2}',
  ],
  ['__proto__ with an object', '81 a9 5f5f70726f746f5f5f 81 a161 01', '{"__proto__":{"a":1}}'],
  [
    'keys that are no text',
    '85 01 c0 c0 01 c3 02 91 01 03 c4 01 ff 04',
    '{"1":null,"null":1,"true":2,"[1]":3,"/w==":4}',
  ],
  ['long maps and lists', 'de 0001 a161 dc 0001 dd 00000001 df 00000000', '{"a":[[{}]]}'],
])('%s', (_, hex, expected) => {
  expect(json(hex)).toBe(expected)
})

test('A decoder is not changed by what it read: later numbers are numbers', () => {
  const decoder = new MsgpackDecoder({ eventDepthMax: 64, eventKeysMax: 10_000 })
  decoder.open(Buffer.from('d4724092a161a1620102', 'hex'))
  decoder.begin(0)
  decoder.read(1)
  decoder.open(Buffer.from('40', 'hex'))
  decoder.begin(0)
  expect(decoder.read(1)).toBe(64)
})

test('Depth and keys are counted', () => {
  const deep = decode(encode({ a: { b: { c: [1] } } }), 3)
  expect(deep.decoder).toMatchObject({ tooDeep: true, keys: 3 })
  expect(decode(encode({ a: { b: [1] } }), 3).decoder.tooDeep).toBe(false)
  expect(decode(encode({ a: { b: 1 }, c: [{ d: 1 }] })).decoder.keys).toBe(4)
})

test('Reading stops at the key limit, wherever the key stands', () => {
  const stopped = (value: unknown): [unknown, boolean] => {
    const decoder = new MsgpackDecoder({ eventDepthMax: 64, eventKeysMax: 3 })
    decoder.open(encode(value))
    decoder.begin(0)
    return [decoder.read(1), decoder.tooManyKeys]
  }
  const fourKeys = { a: 1, b: 2, c: 3, d: 4 }
  expect(stopped({ a: 1, b: 2, c: 3 })).toEqual([{ a: 1, b: 2, c: 3 }, false])
  expect(stopped(fourKeys)).toEqual([{ a: 1, b: 2, c: 3 }, true])
  expect(stopped([{ a: 1 }, { b: [{ c: 1 }, { d: 2 }, 5] }, 6])).toEqual([[{ a: 1 }, { b: [{ c: 1 }, {}] }], true])
  expect(stopped(new Pairs([[fourKeys, 5]]))).toEqual([{}, true])
  expect(stopped(Array.from({ length: 5 }, () => ({})))).toEqual([[{}, {}, {}, {}, {}], false])
})

test('No key gets lost, whatever names repetitions take', () => {
  const anyKey = fc.constantFrom('a', 'a_2', 'a_3', 'a_2_2', 'a_10', '__proto__', 'toString', '2')
  fc.assert(
    fc.property(fc.array(anyKey, { maxLength: 40 }), (keys) => {
      const { value } = decode(encode(new Pairs(keys.map((key, index) => [key, index]))))
      const values = Object.values(value as Record<string, number>)
      expect(values.toSorted((a, b) => a - b)).toEqual(keys.map((_, index) => index))
    }),
  )
})

test('What msgpack can say of JSON comes back', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const { decoder, value: decoded } = decode(encode(value))
      // A float of msgpack keeps what JSON can't: the sign of zero.
      expect(stringifyExact(decoded)).toBe(JSON.stringify(value))
      expect(decoder.isExact).toBe(false)
    }),
    { numRuns: 300 },
  )
})

test('Integers of 64 bits keep all their digits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (value) => {
      const { value: decoded, decoder } = decode(encode(value))
      expect(stringifyExact(decoded)).toBe(String(value))
      expect(decoder.isExact).toBe(typeof decoded === 'bigint')
    }),
  )
})
