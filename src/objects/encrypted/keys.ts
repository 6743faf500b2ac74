// The keys that wrap every object's own key. One of them wraps what is written; all of them may read, so that a new
// `mediaKey` doesn't lock anybody out of what was written before.
import { createHmac, hkdfSync } from 'node:crypto'

export const keyBytes = 32
export const keyIdBytes = 8

export interface WrappingKey {
  /** Says which key is meant without giving it away. */
  readonly id: Buffer
  readonly key: Buffer
}

export function wrappingKey(key: Uint8Array): WrappingKey {
  const id = createHmac('sha256', key).update('millpond object key id').digest().subarray(0, keyIdBytes)
  return { id, key: Buffer.from(key) }
}

/** `mediaKey`: 32 bytes in base64. Without it the key made from the installation's secret writes; it can always read. */
export function wrappingKeys(secret: Uint8Array, mediaKey: string | undefined): [WrappingKey, ...WrappingKey[]] {
  const derived = wrappingKey(new Uint8Array(hkdfSync('sha256', secret, '', 'millpond media key', keyBytes)))
  return mediaKey === undefined ? [derived] : [wrappingKey(Buffer.from(mediaKey, 'base64')), derived]
}
