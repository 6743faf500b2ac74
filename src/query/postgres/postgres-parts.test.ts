import * as fc from 'fast-check'
import { Writable } from 'node:stream'
import { expect, it } from 'vitest'

import { splitStatements, tokenize } from './rewrite/lexer.ts'
import { outputNames } from './rewrite/output-names.ts'
import { textOf, treeOf } from './rewrite/tree.ts'
import { CopyLines } from './statements/copy-lines.ts'
import { PgError } from './sqlstate.ts'
import { arrayElementText, readArray } from './values/arrays.ts'
import { floatText } from './values/encode-text.ts'
import { readNumeric, writeNumeric } from './values/numeric.ts'
import { castTypeOf, readParameter } from './values/parameters.ts'
import { dateText, intervalText, timestamptzText, utcZone, zoneOf } from './values/time-text.ts'
import { BodyReader } from './wire/body.ts'
import { FrameReader } from './wire/frames.ts'
import { Output } from './wire/output.ts'

it('tokens lie in the text as they stood, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (text) => {
      let tokens: ReturnType<typeof tokenize>
      try {
        tokens = tokenize(text)
      } catch (error) {
        expect(error).toBeInstanceOf(PgError)
        return
      }
      for (const token of tokens) expect(text.slice(token.offset, token.offset + token.text.length)).toBe(token.text)
    }),
  )
})

it('a statement that nothing is rewritten in keeps its tokens', () => {
  const words = fc.constantFrom(
    'a',
    '"B c"',
    "'it''s'",
    "E'\\n'",
    '$$x$$',
    '$1',
    '1.5',
    '(',
    ')',
    '[',
    ']',
    '::',
    '->>',
    '-',
    '=',
    ',',
    '.',
    'SELECT',
    '/* c */',
    '-- x\n',
  )
  fc.assert(
    fc.property(fc.array(words, { maxLength: 20 }), (parts) => {
      const [source] = splitStatements(parts.join(' '))
      if (source === undefined) return
      try {
        const again = tokenize(textOf(treeOf(source)))
        expect(again.map(({ text }) => text)).toEqual(source.tokens.map(({ text }) => text))
      } catch (error) {
        expect(error).toBeInstanceOf(PgError)
      }
    }),
  )
})

it('semicolons in strings, names and comments cut nothing', () => {
  const texts = splitStatements(`SELECT ';' AS ";" /* ; /* ; */ */; SELECT $a$;$a$ -- ;\n;;SELECT E'\\';'`).map(
    ({ text }) => text,
  )
  expect(texts).toEqual([`SELECT ';' AS ";"`, 'SELECT $a$;$a$', `SELECT E'\\';'`])
  expect(outputNames(splitStatements('SELECT a.b, count(*), 1')[0] ?? { tokens: [], text: '', offset: 0 })).toEqual([
    'b',
    'count',
    '?column?',
  ])
})

function bytesOf(write: (out: Output) => void): Buffer {
  const pieces: Buffer[] = []
  const out = new Output(new Writable({ write: (piece: Buffer, _, done) => (pieces.push(piece), done()) }))
  write(out)
  out.flush()
  return Buffer.concat(pieces)
}

it('numerics go to binary and back', () => {
  const digits = fc.stringMatching(/^-?(?:0|[1-9]\d{0,28})(?:\.\d{1,9})?$/)
  fc.assert(
    fc.property(digits, (text) => {
      const bytes = bytesOf((out) => writeNumeric(out, text))
      const isNegativeZero = /^-[0.]+$/.test(text)
      expect(readNumeric(new BodyReader(bytes))).toBe(isNegativeZero ? text.slice(1) : text)
    }),
  )
})

it('arrays go to text and back', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.string({ unit: 'grapheme' }))), (items) => {
      const text = `{${items.map((item) => (item === null ? 'NULL' : arrayElementText(item))).join(',')}}`
      expect(readArray(text)).toEqual(items)
    }),
  )
})

it('floats are the shortest text that reads back as the same', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      (double, single) => {
        expect(Number(floatText(double, false))).toBe(double)
        expect(Math.fround(Number(floatText(single, true)))).toBe(single)
      },
    ),
  )
  expect([1e15, 123456789012345, 1e-5, 0.0001, 1e21, -0].map((value) => floatText(value, false))).toEqual([
    '1e+15',
    '123456789012345',
    '1e-05',
    '0.0001',
    '1e+21',
    '-0',
  ])
})

it('times are those of Postgres', () => {
  expect([dateText(0), dateText(-719_528), dateText(2_932_897), dateText(Number.POSITIVE_INFINITY)]).toEqual([
    '1970-01-01',
    '0001-01-01 BC',
    '10000-01-01',
    'infinity',
  ])
  expect(timestamptzText(-1n, utcZone)).toBe('1969-12-31 23:59:59.999999+00')
  expect(timestamptzText(0n, zoneOf('Asia/Kathmandu') ?? utcZone)).toBe('1970-01-01 05:30:00+05:30')
  expect(intervalText({ months: -14, days: 3, micros: -3_600_000_000n })).toBe('-1 years -2 mons +3 days -01:00:00')
  expect(intervalText({ months: 0, days: 0, micros: 0n })).toBe('00:00:00')
})

it('frames come whole, however they are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
      (bodies, cuts) => {
        const reader = new FrameReader()
        const all = Buffer.concat([
          Buffer.from([0, 0, 0, 8, 0, 3, 0, 0]),
          ...bodies.map((body) => Buffer.concat([Buffer.from('d'), Buffer.from([0, 0, 0, body.length + 4]), body])),
        ])
        const got: Buffer[] = []
        for (let at = 0, turn = 0; at < all.length; turn += 1) {
          const length = cuts[turn % cuts.length] ?? 1
          reader.push(all.subarray(at, at + length))
          at += length
          for (let frame = reader.next(); frame !== undefined; frame = reader.next()) got.push(frame.body)
        }
        expect(got.slice(1)).toEqual(bodies.map((body) => Buffer.from(body)))
      },
    ),
  )
  const huge = new FrameReader()
  huge.push(Buffer.from([0x7f, 0xff, 0xff, 0xff, 0]))
  expect(() => huge.next()).toThrow(PgError)
})

it('lines of COPY come whole, however they are cut', () => {
  const options = {
    format: 'csv',
    delimiter: ',',
    nullText: '',
    header: 'no',
    quote: '"',
    escape: '"',
    forceQuote: [],
  } as const
  const text = 'a,"b\n""c""",\r\n,"",é\n'
  for (let cut = 0; cut <= Buffer.byteLength(text); cut += 1) {
    const lines = new CopyLines(options)
    const bytes = Buffer.from(text)
    expect([...lines.push(bytes.subarray(0, cut)), ...lines.push(bytes.subarray(cut)), ...lines.end()]).toEqual([
      ['a', 'b\n"c"', null],
      [null, '', 'é'],
    ])
  }
})

it('any bytes as a parameter are a value or an error of the client', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(16, 17, 20, 21, 23, 25, 700, 701, 1007, 1082, 1083, 1114, 1184, 1186, 1700, 2950, 3802, 1009),
      fc.boolean(),
      (bytes, oid, isBinary) => {
        expect(castTypeOf(oid)).toMatch(/^[A-Z]/)
        try {
          readParameter(Buffer.from(bytes), oid, isBinary, utcZone)
        } catch (error) {
          expect(error).toBeInstanceOf(PgError)
        }
      },
    ),
    { numRuns: 500 },
  )
})
