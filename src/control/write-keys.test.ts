import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { createWriteKey, isOwnWriteKey, looksLikeWriteKey, randomBase62 } from './write-keys.ts'

const secret = fc.string({ minLength: 1 })

test('every key that we issue is recognised as ours, by its secret alone', () => {
  fc.assert(
    fc.property(secret, (checksumSecret) => {
      const key = createWriteKey(randomBytes, checksumSecret)
      expect(key).toMatch(/^[0-9A-Za-z]{32}$/)
      expect(isOwnWriteKey(key, checksumSecret)).toBe(true)
    }),
  )
})

test("another installation's key is not ours", () => {
  fc.assert(
    fc.property(secret, secret, (ours, theirs) => {
      fc.pre(ours !== theirs)
      expect(isOwnWriteKey(createWriteKey(randomBytes, theirs), ours)).toBe(false)
    }),
  )
})

test('a key with one letter changed is not ours any more', () => {
  const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  fc.assert(
    fc.property(fc.nat(31), fc.nat(61), (position, letter) => {
      const key = createWriteKey(randomBytes, 'secret')
      const changed = key.slice(0, position) + (letters[letter] ?? '') + key.slice(position + 1)
      expect(isOwnWriteKey(changed, 'secret')).toBe(changed === key)
    }),
  )
})

test('whatever a stranger sends is judged without an error', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      expect(isOwnWriteKey(text, 'secret')).toBe(false)
      expect(looksLikeWriteKey(text)).toBe(/^[0-9A-Za-z]{32}$/.test(text))
    }),
  )
  for (const text of ['', 'a', 'x'.repeat(33), `${'x'.repeat(32)}\n`]) expect(looksLikeWriteKey(text)).toBe(false)
})

test('random letters come in the asked length, from random bytes that are not all usable too', () => {
  let turn = 0
  const stubborn = (bytes: number): Uint8Array => {
    turn += 1
    return new Uint8Array(bytes).fill(turn % 2 === 0 ? 61 : 255)
  }
  expect(randomBase62(stubborn, 5)).toBe('zzzzz')
  fc.assert(fc.property(fc.nat(100), (length) => randomBase62(randomBytes, length).length === length))
})
