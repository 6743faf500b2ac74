// Write keys: 26 random letters and 6 that are a checksum under the installation's secret. With it intake can tell a
// key that we once issued, and lost from the list, from one that was never ours: the first is kept, the second refused.
import { createHmac } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const randomLetters = 26
const checksumLetters = 6
const shape = new RegExp(`^[0-9A-Za-z]{${randomLetters + checksumLetters}}$`)

/** Cryptographically random bytes. */
export type Random = (bytes: number) => Uint8Array

/** Letters and digits, each equally likely. */
export function randomBase62(random: Random, length: number): string {
  let text = ''
  while (text.length < length) {
    // 248 = 4 * 62: bytes above it would make the first letters likelier.
    for (const byte of random(length)) if (byte < 248 && text.length < length) text += alphabet[byte % 62]
  }
  return text
}

export function createWriteKey(random: Random, checksumSecret: string): string {
  const body = randomBase62(random, randomLetters)
  return body + checksumOf(body, checksumSecret)
}

/** True for 32 letters and digits, whatever they are. */
export function looksLikeWriteKey(key: string): boolean {
  return shape.test(key)
}

/** True if this installation issued the key. A stranger guesses right once in 5.6 * 10^10. */
export function isOwnWriteKey(key: string, checksumSecret: string): boolean {
  if (!looksLikeWriteKey(key)) return false
  return checksumOf(key.slice(0, randomLetters), checksumSecret) === key.slice(randomLetters)
}

function checksumOf(body: string, checksumSecret: string): string {
  let value = createHmac('sha256', checksumSecret).update(body).digest().readUIntBE(0, 6)
  let text = ''
  for (let index = 0; index < checksumLetters; index += 1) {
    text += alphabet[value % 62]
    value = Math.floor(value / 62)
  }
  return text
}
