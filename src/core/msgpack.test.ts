// Walking over msgpack: the same ends as a decoder finds, for whole values, for cut ones and for garbage.
import * as fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, it } from 'vitest'

import {
  arrayLength,
  groupMarkerOf,
  insideOf,
  intAt,
  isGroupMarker,
  mapLength,
  MsgpackInvalid,
  msgpackDepthMax,
  skipValue,
  textBytes,
  ValueWalker,
} from './msgpack.ts'

const packr = new Packr({ useRecords: false, variableMapSize: true })
const bytesOf = (...values: number[]): Buffer => Buffer.from(values)
const text = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')

const anyValue = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, false),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.string({ unit: 'grapheme', maxLength: 400 }),
    fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
    fc.array(tie('value'), { maxLength: 40 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 20 }),
  ),
})).value

/** What a walker says that gets `bytes` in the pieces that `cuts` make. */
function walkInPieces(bytes: Uint8Array, cuts: readonly number[]): number {
  const walker = new ValueWalker()
  for (const end of [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b)) {
    const found = walker.advance(bytes, 0, end)
    if (found !== -1) return found
  }
  return -1
}

function outcome(run: () => number): number | 'invalid' {
  try {
    return run()
  } catch (error) {
    if (error instanceof MsgpackInvalid) return 'invalid'
    throw error
  }
}

describe('skipValue', () => {
  it('finds the end of whatever an encoder writes, with other bytes around it', () => {
    fc.assert(
      fc.property(anyValue, fc.uint8Array(), fc.uint8Array(), (value, before, behind) => {
        const encoded = packr.encode(value)
        const bytes = Buffer.concat([before, encoded, behind])
        expect(skipValue(bytes, before.length, bytes.length)).toBe(before.length + encoded.length)
      }),
    )
  })

  it('says -1 wherever a value is cut', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const encoded = packr.encode(value)
        for (let end = 0; end < encoded.length; end += 1) expect(skipValue(encoded, 0, end)).toBe(-1)
      }),
      { numRuns: 50 },
    )
  })

  it('knows every kind of head', () => {
    const heads: readonly [string, number][] = [
      ['c4 02 0000', 4],
      ['c5 0002 0000', 5],
      ['c6 00000002 0000', 7],
      ['c7 08 00 0000000000000000', 11],
      ['c8 0001 07 00', 5],
      ['c9 00000001 07 00', 7],
      ['ca 00000000', 5],
      ['cb 0000000000000000', 9],
      ['d2 ffffffff', 5],
      ['d3 ffffffffffffffff', 9],
      ['d4 00 00', 3],
      ['d7 00 0000000000000000', 10],
      ['d8 00 00000000000000000000000000000000', 18],
      ['da 0001 61', 4],
      ['db 00000001 61', 6],
      ['dc 0002 01 02', 5],
      ['dd 00000001 01', 6],
      ['de 0001 01 02', 5],
      ['df 00000001 01 02', 7],
      ['dd 00000000', 5],
      ['80', 1],
    ]
    for (const [hex, length] of heads) {
      const bytes = text(hex)
      expect([hex, skipValue(bytes, 0, bytes.length), walkInPieces(bytes, [1, 2, 3])]).toEqual([hex, length, length])
    }
  })

  it('refuses the byte that msgpack never uses, and nesting beyond the limit', () => {
    expect(() => skipValue(bytesOf(0x92, 1, 0xc1), 0, 3)).toThrow(MsgpackInvalid)
    const nested = (depth: number): Buffer => Buffer.concat([Buffer.alloc(depth, 0x91), bytesOf(1)])
    expect(skipValue(nested(msgpackDepthMax), 0, msgpackDepthMax + 1)).toBe(msgpackDepthMax + 1)
    expect(() => skipValue(nested(msgpackDepthMax + 1), 0, msgpackDepthMax + 2)).toThrow(MsgpackInvalid)
    expect(() => walkInPieces(nested(msgpackDepthMax + 1), [])).toThrow(MsgpackInvalid)
    expect(() => skipValue(nested(1_000_000), 0, 1_000_001)).toThrow(MsgpackInvalid)
  })

  it('believes no declared length: four billion pairs cost nothing until they come', () => {
    expect(skipValue(text('df ffffffff 01 02'), 0, 7)).toBe(-1)
    expect(skipValue(text('db ffffffff 61'), 0, 6)).toBe(-1)
    const walker = new ValueWalker()
    expect(walker.advance(text('c6 ffffffff 61'), 0, 6)).toBe(-1)
    expect(walker.bytesMin).toBe(5 + 0xffffffff)
  })
})

describe('ValueWalker', () => {
  it('agrees with skipValue on any bytes, however they are cut', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      anyValue.map((value) => packr.encode(value)),
    )
    fc.assert(
      fc.property(bytes, fc.array(fc.nat()), (all, cuts) => {
        expect(outcome(() => walkInPieces(all, cuts))).toBe(outcome(() => skipValue(all, 0, all.length)))
      }),
      { numRuns: 500 },
    )
  })

  it('begins anew after each value, wherever the next one stands', () => {
    const values = [packr.encode({ a: [1, 2, 3] }), packr.encode('text'), packr.encode([])]
    const walker = new ValueWalker()
    const bytes = Buffer.concat(values)
    let at = 0
    for (const value of values) {
      expect(walker.advance(bytes, at, at + value.length - 1)).toBe(-1)
      at = walker.advance(bytes, at, bytes.length)
    }
    expect(at).toBe(bytes.length)
  })

  it('looks at each byte once: a long value in many pieces costs about what it costs whole', () => {
    const bytes = Buffer.concat([text('dd 000f4240'), Buffer.alloc(1_000_000, 0xc0)])
    const walker = new ValueWalker()
    let reads = 0
    const counting = new Proxy(bytes, {
      get(target, name) {
        reads += 1
        return Reflect.get(target, name) as unknown
      },
    })
    for (let end = 100_000; end < bytes.length; end += 100_000) {
      expect(walker.advance(counting, 0, end)).toBe(-1)
      expect(walker.bytesMin).toBe(end)
    }
    expect(walker.advance(counting, 0, bytes.length)).toBe(bytes.length)
    expect(reads).toBeLessThan(bytes.length * 4)
  })
})

describe('group markers', () => {
  it.each([
    ['EventTime of -1', '92 d7 00 ffffffff 00000000 80', 'start'],
    ['EventTime of -2 with metadata', '92 92 d7 00 fffffffe 00000000 80 80', 'end'],
    ['EventTime as ext8', '92 c7 08 00 ffffffff 00000000 80', 'start'],
    ['a small negative number', '92 ff 80', 'start'],
    ['int8', '92 d0 fe 80', 'end'],
    ['int32 with metadata', '92 92 d2 ffffffff 81 a1 61 01 80', 'start'],
    ['int64', '92 d3 fffffffffffffffe 80', 'end'],
    ['a long array head', 'dc 0002 dc 0002 ff 80 80', 'start'],
    ['int32, end', '92 d2 fffffffe 80', 'end'],
    ['with a body', '92 92 ff 81 a1 61 c0 81 a1 61 90', 'start'],
    ['one value', '91 ff', undefined],
    ['three values', '93 ff 80 80', undefined],
    ['no map as record', '92 ff 90', undefined],
    ['nil as record', '92 ff c0', undefined],
    ['a time in a list alone', '92 91 ff 80', undefined],
    ['a time with nil', '92 92 ff c0 80', undefined],
    ['a time with a list', '92 92 ff 91 80 80', undefined],
    ['a time with two maps', '92 93 ff 80 80 80', undefined],
    ['the largest unsigned integer', '92 cf ffffffffffffffff 80', undefined],
    ['an unsigned integer', '92 ce ffffffff 80', undefined],
    ['a float', '92 cb bff0000000000000 80', undefined],
    ['a timestamp', '92 d7 ff ffffffff ffffffff 80', undefined],
    ['a small number beyond 32 bits', '92 d3 fffffffeffffffff 80', undefined],
    ['a cut one', '92 92 ff', undefined],
    ['a usual EventTime', '92 d7 00 65000000 00000000 80', undefined],
    ['int32 seconds', '92 d2 65000000 80', undefined],
    ['a positive number', '92 01 80', undefined],
    ['-3', '92 fd 80', undefined],
    ['another ext type', '92 d7 01 ffffffff 00000000 80', undefined],
    ['no array', 'ff', undefined],
    ['an empty array', '90', undefined],
    ['nothing', '', undefined],
  ])('%s', (_name, hex, marker) => {
    expect(groupMarkerOf(text(hex), 0)).toBe(marker)
    expect(isGroupMarker(text(hex), 0)).toBe(marker !== undefined)
  })
})

describe('reading single values', () => {
  it('gives whole numbers of every width', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.integer({ min: -40, max: 300 })), (value) => {
        const encoded = packr.encode(value > 2 ** 32 || value < -(2 ** 31) ? BigInt(value) : value)
        expect(intAt(encoded, 0)).toBe(value)
      }),
    )
    expect(intAt(text('d2 65000000'), 0)).toBe(0x65000000)
    expect(intAt(text('cb 3ff0000000000000'), 0)).toBeUndefined()
    expect(intAt(text('a1 61'), 0)).toBeUndefined()
  })

  it('gives str and bin as the bytes that came', () => {
    for (const hex of ['a2 ff61', 'd9 02 ff61', 'da 0002 ff61', 'db 00000002 ff61', 'c4 02 ff61', 'c6 00000002 ff61']) {
      expect(textBytes(text(hex), 0)).toEqual(bytesOf(0xff, 0x61))
    }
    expect(textBytes(bytesOf(1), 0)).toBeUndefined()
  })

  it('gives lengths of arrays and maps, and where their values begin', () => {
    expect([arrayLength(text('93'), 0), arrayLength(text('dc 0100'), 0), arrayLength(text('81'), 0)]).toEqual([
      3,
      256,
      undefined,
    ])
    expect([mapLength(text('82'), 0), mapLength(text('df 00000003'), 0), mapLength(text('c0'), 0)]).toEqual([
      2,
      3,
      undefined,
    ])
    expect([insideOf(text('93'), 0), insideOf(text('dc 0001'), 0), insideOf(text('df 00000001'), 0)]).toEqual([1, 3, 5])
  })
})
