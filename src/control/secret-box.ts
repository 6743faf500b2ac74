// Seals what has to be read again: secrets of other services. AES-256-GCM under a key made from the installation's secret, which lies
// in a file of its own (0600): whoever has the database alone reads nothing.
//
// sealed  nonce 12 bytes | tag 16 bytes | ciphertext        (base64; `purpose` is authenticated with it)
import { createCipheriv, createDecipheriv } from 'node:crypto'

import { MillpondError } from '../core/errors.ts'
import type { Random } from './write-keys.ts'

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

export class SecretBox {
  readonly #key: Buffer
  readonly #random: Random

  /** `keyHex`: 32 bytes, derived for this box alone. */
  constructor(keyHex: string, random: Random) {
    this.#key = Buffer.from(keyHex, 'hex')
    this.#random = random
  }

  /** `purpose`: what it belongs to; sealed text opens nowhere else. */
  seal(text: string, purpose: string): string {
    const nonce = this.#random(nonceBytes)
    const cipher = createCipheriv(algorithm, this.#key, nonce)
    cipher.setAAD(Buffer.from(purpose))
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')
  }

  /** Error: setting-invalid: another installation's secret has sealed it, or it was changed. */
  open(sealed: string, purpose: string): string {
    const bytes = Buffer.from(sealed, 'base64')
    const decipher = createDecipheriv(algorithm, this.#key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
    decipher.setAAD(Buffer.from(purpose))
    try {
      decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
      return decipher.update(bytes.subarray(nonceBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8')
    } catch (error) {
      throw new MillpondError(
        'setting-invalid',
        `The secrets of ${purpose} can't be read: the file \`secret\` isn't the one that sealed them`,
        { cause: error },
      )
    }
  }
}
