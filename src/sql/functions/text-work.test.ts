// Texts, encodings and addresses: the laws that they keep.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { fromBase32, fromBase64, fromHex, toBase32 } from './decodings.ts'
import { bytesLiteral, textLiteral } from './literal-text.ts'
import { addressOf, addressText, hostOf, registeredDomainOf } from './net-work.ts'
import {
  bytesToText,
  caseFold,
  editDistance,
  initcap,
  inText,
  latin,
  soundex,
  translate,
  unlatin,
} from './text-work.ts'

const bytes = fc.uint8Array({ maxLength: 40 })

describe('encodings', () => {
  test('read back', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const plain = Buffer.from(value)
        expect(Buffer.from(fromBase32(toBase32(value)))).toEqual(plain)
        expect(Buffer.from(fromBase64(plain.toString('base64')))).toEqual(plain)
        expect(Buffer.from(fromHex(plain.toString('hex')))).toEqual(plain)
        expect(Buffer.from(unlatin(latin(value)))).toEqual(plain)
      }),
    )
  })

  test.each(['A', 'AAAA', 'ab======', 'A=======', 'MFRGGZDF74'])('%s is no base 32', (text) => {
    expect(() => fromBase32(text)).toThrow('invalid base32')
  })

  test.each(['A', 'YQ=', '_-A=', 'YQ==='])('%s is no base 64', (text) => {
    expect(() => fromBase64(text)).toThrow('invalid base64')
  })
})

describe('bytesToText', () => {
  test('keeps UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(bytesToText(Buffer.from(text))).toBe(Buffer.from(text).toString())
      }),
    )
  })

  test('takes any bytes', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(bytesToText(value).isWellFormed()).toBe(true)
      }),
    )
    expect(bytesToText(Buffer.from('f09f987a', 'hex'))).toBe('\ufffd\ufffd\ufffdz')
  })
})

describe('editDistance', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), maxLength: 8 })
  const far = 1000n

  test('is a distance', () => {
    fc.assert(
      fc.property(word, word, word, (one, other, third) => {
        expect(editDistance(one, one, far)).toBe(0n)
        expect(editDistance(one, other, far)).toBe(editDistance(other, one, far))
        expect(editDistance(one, third, far) <= editDistance(one, other, far) + editDistance(other, third, far)).toBe(
          true,
        )
        expect(editDistance(one, other, 2n) <= 2n).toBe(true)
      }),
    )
  })

  test('is bounded', () => {
    expect(() => editDistance('a'.repeat(10_000), 'b'.repeat(10_000), far)).toThrow('not supported locally')
  })
})

describe('inText', () => {
  test('finds what indexOf finds', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 }),
        fc.constantFrom('a', 'ab', 'aa'),
        (text, part) => {
          expect(inText(text, part, 1n, 1n)).toBe(BigInt(text.indexOf(part) + 1))
          expect(inText(text, part, -1n, 1n)).toBe(BigInt(text.lastIndexOf(part) + 1))
        },
      ),
    )
  })
})

test.each([
  ['Straße ẞ ς ŉ K', 'strasse ss σ ʼn k'],
  ['ı', 'ı'],
  ['Ꭰꭰ', 'ᎠᎠ'],
])('%s folds to %s', (text, folded) => {
  expect(caseFold(text)).toBe(folded)
})

test.each([
  ['Ashcraft', 'A261'],
  ['Tymczak', 'T520'],
  ['', ''],
  ['é1', ''],
])('%s sounds like %s', (text, code) => {
  expect(soundex(text)).toBe(code)
})

test('translate and initcap', () => {
  expect(translate('This is a cookie', 'sco', 'zku')).toBe('Thiz iz a kuukie')
  expect(() => translate('a', 'aa', 'b')).toThrow('Duplicate character "a"')
  expect(initcap('hELLO wORLD-x', ' ')).toBe('Hello World-x')
})

describe('literals', () => {
  test('have one quote and no control letters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), bytes, (text, value) => {
        expect(textLiteral(text, '')).toMatch(/^(["'])(?:(?!\1)[^\\]|\\.)*\1$/su)
        expect(bytesLiteral(value, true)).toMatch(/^b(["'])[\u0020-\u007e]*\1$/)
      }),
    )
  })
})

describe('addresses', () => {
  test('read back', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const address = addressOf(text)
        if (address === null) throw new Error(`${text} is an address`)
        expect(addressOf(addressText(address))).toEqual(address)
      }),
    )
  })

  test.each(['1.2.3', '01.2.3.4', '::1%eth0', '1::2::3', ''])('%s is none', (text) => {
    expect(addressOf(text)).toBeNull()
  })

  test('hosts never fail', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('ab.:/@[]?#\\ é')), maxLength: 20 }), (url) => {
        hostOf(url)
        registeredDomainOf(url)
      }),
    )
    expect(registeredDomainOf('http://www.Example.Co.UK/x')).toBe('Example.Co.UK')
  })
})
