// The bytes of an encrypted object: a header with the object's own key, wrapped; then the content in frames of 64 KiB, each
// with its tag. docs/specs/objects.md has the table. Nothing in here reads or writes files.
import { createCipheriv, createDecipheriv } from 'node:crypto'

import { keyBytes, keyIdBytes, type WrappingKey } from './keys.ts'

export const frameBytes = 64 * 1024
export const tagBytes = 16
const nonceBytes = 12
const cipherName = 'aes-256-gcm'
const magic = Buffer.from('MPOB')
const version = 1

const keyIdAt = 8
const nonceAt = keyIdAt + keyIdBytes
const wrappedAt = nonceAt + nonceBytes
const tagAt = wrappedAt + keyBytes
export const headerBytes = tagAt + tagBytes

/** What one object is sealed with. */
export interface ObjectKey {
  readonly header: Buffer
  readonly key: Buffer
}

export type HeaderProblem =
  | { readonly kind: 'no-header' | 'damaged' }
  | { readonly kind: 'unknown-version'; readonly version: number }
  | { readonly kind: 'unknown-key'; readonly keyId: string }

/** `random`: fresh bytes for key and nonce, 44 of them. */
export function makeHeader(wrapping: WrappingKey, name: string, random: Uint8Array): ObjectKey {
  const key = Buffer.from(random.subarray(0, keyBytes))
  const header = Buffer.alloc(headerBytes)
  magic.copy(header)
  header[magic.length] = version
  wrapping.id.copy(header, keyIdAt)
  header.set(random.subarray(keyBytes, keyBytes + nonceBytes), nonceAt)
  const cipher = createCipheriv(cipherName, wrapping.key, header.subarray(nonceAt, wrappedAt))
  cipher.setAAD(wrapData(header, name))
  cipher.update(key).copy(header, wrappedAt)
  cipher.final()
  cipher.getAuthTag().copy(header, tagAt)
  return { header, key }
}

export function openHeader(
  header: Buffer,
  name: string,
  keys: readonly WrappingKey[],
): ObjectKey | { readonly problem: HeaderProblem } {
  if (header.length !== headerBytes || !header.subarray(0, magic.length).equals(magic))
    return { problem: { kind: 'no-header' } }
  const found = header.readUInt8(magic.length)
  if (found !== version) return { problem: { kind: 'unknown-version', version: found } }
  const id = header.subarray(keyIdAt, nonceAt)
  const wrapping = keys.find((one) => one.id.equals(id))
  if (wrapping === undefined) return { problem: { kind: 'unknown-key', keyId: keyIdOf(header) } }
  const nonce = header.subarray(nonceAt, wrappedAt)
  const key = open(wrapping.key, nonce, wrapData(header, name), header.subarray(wrappedAt))
  return key === undefined ? { problem: { kind: 'damaged' } } : { header, key }
}

/** Of the key that wraps the object's own, hexadecimal. */
export function keyIdOf(header: Buffer): string {
  return header.toString('hex', keyIdAt, nonceAt)
}

/** The object's name is part of it: a file moved to another object's place doesn't open there. */
function wrapData(header: Buffer, name: string): Buffer {
  return Buffer.concat([header.subarray(0, nonceAt), Buffer.from(name)])
}

export function sealFrame({ header, key }: ObjectKey, index: number, isLast: boolean, plain: Uint8Array): Buffer {
  const cipher = createCipheriv(cipherName, key, frameNonce(index, isLast))
  cipher.setAAD(header)
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Undefined: not one bit of it can be trusted. */
export function openFrame(
  { header, key }: ObjectKey,
  index: number,
  isLast: boolean,
  sealed: Buffer,
): Buffer | undefined {
  return open(key, frameNonce(index, isLast), header, sealed)
}

function open(key: Buffer, nonce: Buffer, data: Buffer, sealed: Buffer): Buffer | undefined {
  if (sealed.length < tagBytes) return undefined
  const decipher = createDecipheriv(cipherName, key, nonce, { authTagLength: tagBytes })
  decipher.setAAD(data)
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  const plain = decipher.update(sealed.subarray(0, sealed.length - tagBytes))
  try {
    decipher.final()
    return plain
  } catch {
    // The tag is wrong; Node says so by throwing, and in no other case.
    return undefined
  }
}

/** A key seals one object once, so numbers never come twice under it. */
function frameNonce(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(nonceBytes)
  nonce[0] = isLast ? 1 : 0
  nonce.writeBigUInt64BE(BigInt(index), 4)
  return nonce
}

/** How an object of so many bytes on disk is cut. Content of no bytes has one frame, which is empty. */
export interface Layout {
  readonly frames: number
  /** Of the content. */
  readonly bytes: number
}

/** Undefined: no encrypted object has this length. */
export function layoutOf(storedBytes: number): Layout | undefined {
  const body = storedBytes - headerBytes
  if (body < tagBytes) return undefined
  const sealedBytes = frameBytes + tagBytes
  const frames = Math.ceil(body / sealedBytes)
  const lastBytes = body - (frames - 1) * sealedBytes - tagBytes
  if (lastBytes < (frames === 1 ? 0 : 1)) return undefined
  return { frames, bytes: (frames - 1) * frameBytes + lastBytes }
}

/** Where the sealed frame begins in the stored object. */
export function frameStart(index: number): number {
  return headerBytes + index * (frameBytes + tagBytes)
}
