// A store that keeps what it is given encrypted in another store. Each write has a fresh key of its own; what comes out was
// authenticated before: a frame that isn't exactly as it was written gives object-damaged, and not one of its bytes.
// What was written under a key we don't have, or by a newer version, may be whole: that is object-unreadable.
import { createHash, randomBytes } from 'node:crypto'

import { MillpondError } from '../../core/errors.ts'
import type { ByteRange, ObjectContent, ObjectInfo, ObjectStore, PutOptions, PutReceipt } from '../store.ts'
import {
  frameBytes,
  frameStart,
  headerBytes,
  type HeaderProblem,
  keyIdOf,
  type Layout,
  layoutOf,
  makeHeader,
  type ObjectKey,
  openFrame,
  openHeader,
  sealFrame,
  tagBytes,
} from './format.ts'
import type { WrappingKey } from './keys.ts'

export interface EncryptedStoreOptions {
  /** Where the encrypted objects live. */
  readonly store: ObjectStore
  /** The first one wraps what is written, all of them may read. */
  readonly keys: readonly [WrappingKey, ...WrappingKey[]]
  readonly random?: (bytes: number) => Uint8Array
}

/** An object may be replaced between the looks at it, and is then looked at anew. Damage isn't: it shows at once. */
const attemptsMax = 100
const randomBytesNeeded = 44

export function encryptedStore(options: EncryptedStoreOptions): ObjectStore {
  return new EncryptedStore(options)
}

/** What is known of an object from its header and its length. */
interface Opened {
  readonly info: ObjectInfo
  readonly layout: Layout
  readonly key: ObjectKey
}

class EncryptedStore implements ObjectStore {
  readonly #store: ObjectStore
  readonly #keys: readonly [WrappingKey, ...WrappingKey[]]
  readonly #random: (bytes: number) => Uint8Array

  constructor({ store, keys, random = randomBytes }: EncryptedStoreOptions) {
    this.#store = store
    this.#keys = keys
    this.#random = random
  }

  async put(name: string, content: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<PutReceipt> {
    const key = makeHeader(this.#keys[0], name, this.#random(randomBytesNeeded))
    const sealing = new Sealing(content, key, options.sha256)
    await this.#store.put(name, sealing.run())
    return sealing.receipt
  }

  async get(name: string, range?: ByteRange): Promise<ObjectContent | undefined> {
    for (let attempt = 1; ; attempt++) {
      const opened = await this.#open(name)
      if (opened === undefined) return undefined
      try {
        const content = await this.#frames(opened, range)
        return content === undefined ? undefined : { info: opened.info, keyId: keyIdOf(opened.key.header), content }
      } catch (error) {
        if (attempt === attemptsMax || !(await this.#isReplaced(opened, error))) throw error
      }
    }
  }

  async head(name: string): Promise<ObjectInfo | undefined> {
    const stored = await this.#store.head(name)
    return stored === undefined ? undefined : plainInfo(stored)
  }

  async *list(prefix: string, after?: string): AsyncIterable<ObjectInfo> {
    for await (const stored of this.#store.list(prefix, after)) yield plainInfo(stored)
  }

  async remove(name: string): Promise<void> {
    await this.#store.remove(name)
  }

  async #open(name: string): Promise<Opened | undefined> {
    const stored = await this.#store.get(name, { start: 0, end: headerBytes })
    if (stored === undefined) return undefined
    const header = await collect(stored.content)
    const key = openHeader(header, name, this.#keys)
    if ('problem' in key) throw headerError(name, key.problem)
    const layout = layoutOf(stored.info.bytes)
    if (layout === undefined) throw damaged(name, 'its length is not that of an encrypted object')
    return { info: plainInfo(stored.info), layout, key }
  }

  /** Undefined: it was removed meanwhile. The first frame has been read when this resolves. */
  async #frames(opened: Opened, range: ByteRange | undefined): Promise<AsyncIterable<Uint8Array> | undefined> {
    const { info, layout } = opened
    const start = Math.max(0, range?.start ?? 0)
    const end = Math.min(layout.bytes, range?.end ?? layout.bytes)
    const last = layout.frames - 1
    const to = start < end ? Math.floor((end - 1) / frameBytes) : -1
    // The last frame proves the length; a range that doesn't reach it would not notice that something was cut off.
    if (to !== last && !(await this.#prove(opened, last))) return undefined
    if (to === -1) return nothing()
    const from = Math.floor(start / frameBytes)
    const stored = await this.#store.get(info.name, { start: frameStart(from), end: frameStart(to + 1) })
    if (stored === undefined) return undefined
    const frames = openFrames(opened, stored.content, from, to)
    const first = await frames.next()
    const plain = resume(first, frames)
    return cut(plain, start - from * frameBytes, end - start)
  }

  async #prove(opened: Opened, index: number): Promise<boolean> {
    const range = { start: frameStart(index), end: frameStart(index + 1) }
    const stored = await this.#store.get(opened.info.name, range)
    if (stored === undefined) return false
    for await (const _ of openFrames(opened, stored.content, index, index)) continue
    return true
  }

  /** True if another object of the name is there by now, and so the damage may be none. */
  async #isReplaced({ info, key }: Opened, error: unknown): Promise<boolean> {
    if (!(error instanceof MillpondError) || error.code !== 'object-damaged') return false
    const stored = await this.#store.get(info.name, { start: 0, end: headerBytes })
    return stored === undefined || !(await collect(stored.content)).equals(key.header)
  }
}

/** From content to stored bytes. A frame is sealed when it is known whether another one follows. */
class Sealing {
  readonly #content: AsyncIterable<Uint8Array>
  readonly #key: ObjectKey
  readonly #expected: string | undefined
  #receipt: PutReceipt | undefined

  constructor(content: AsyncIterable<Uint8Array>, key: ObjectKey, expected: string | undefined) {
    this.#content = content
    this.#key = key
    this.#expected = expected
  }

  get receipt(): PutReceipt {
    if (this.#receipt === undefined) throw new MillpondError('bug', 'BUG: a store put an object without reading it')
    return this.#receipt
  }

  async *run(): AsyncIterable<Uint8Array> {
    const hash = createHash('sha256')
    const frame = Buffer.alloc(frameBytes)
    let used = 0
    let index = 0
    yield this.#key.header
    for await (const part of this.#content) {
      hash.update(part)
      for (let at = 0; at < part.byteLength;) {
        if (used === frameBytes) {
          yield sealFrame(this.#key, index++, false, frame)
          used = 0
        }
        const taken = part.subarray(at, at + frameBytes - used)
        frame.set(taken, used)
        used += taken.byteLength
        at += taken.byteLength
      }
    }
    const sha256 = hash.digest('hex')
    if (this.#expected !== undefined && this.#expected.toLowerCase() !== sha256) {
      const message = `The content's SHA-256 is ${sha256}, but ${this.#expected} was announced.`
      throw new MillpondError('object-damaged', message)
    }
    this.#receipt = { bytes: index * frameBytes + used, sha256 }
    yield sealFrame(this.#key, index, true, frame.subarray(0, used))
  }
}

/** Plain frames `from` to `to` of stored bytes that begin with frame `from`. */
async function* openFrames(
  { info, layout, key }: Opened,
  stored: AsyncIterable<Uint8Array>,
  from: number,
  to: number,
): AsyncGenerator<Buffer, void> {
  // One buffer for all frames as they are stored; their content gets a buffer of its own.
  const sealed = Buffer.allocUnsafeSlow(frameBytes + tagBytes)
  let index = from
  let used = 0
  for await (const part of stored) {
    for (let at = 0; at < part.byteLength && index <= to;) {
      const wanted = sealedBytesOf(layout, index)
      const taken = part.subarray(at, at + wanted - used)
      sealed.set(taken, used)
      used += taken.byteLength
      at += taken.byteLength
      if (used < wanted) break
      const plain = openFrame(key, index, index === layout.frames - 1, sealed.subarray(0, wanted))
      if (plain === undefined) throw damaged(info.name, `frame ${index} is not what was written`)
      index++
      used = 0
      yield plain
    }
  }
  if (index <= to) throw damaged(info.name, `it ends within frame ${index}`)
}

function sealedBytesOf({ frames, bytes }: Layout, index: number): number {
  const end = index === frames - 1 ? frameStart(index) + bytes - index * frameBytes + tagBytes : frameStart(index + 1)
  return end - frameStart(index)
}

async function* resume(
  first: IteratorResult<Buffer, void>,
  rest: AsyncGenerator<Buffer, void>,
): AsyncGenerator<Buffer, void> {
  try {
    if (first.done !== true) yield first.value
    yield* rest
  } finally {
    await rest.return()
  }
}

/** Leaves out the first `skip` bytes and ends after `bytes`. */
async function* cut(parts: AsyncIterable<Buffer>, skip: number, bytes: number): AsyncIterable<Uint8Array> {
  let skipping = skip
  let wanted = bytes
  for await (const part of parts) {
    const piece = part.subarray(skipping, skipping + wanted)
    skipping = 0
    wanted -= piece.length
    yield piece
  }
}

async function* nothing(): AsyncIterable<Uint8Array> {
  // Content of no bytes.
}

async function collect(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of content) parts.push(part)
  return Buffer.concat(parts)
}

/** By the length alone; only `get` proves it. An impossible length says 0. */
function plainInfo(stored: ObjectInfo): ObjectInfo {
  return { ...stored, bytes: layoutOf(stored.bytes)?.bytes ?? 0 }
}

function headerError(name: string, problem: HeaderProblem): MillpondError {
  if (problem.kind === 'unknown-version') {
    return unreadable(name, `it is of version ${problem.version}, which a newer Millpond writes`)
  }
  if (problem.kind === 'unknown-key') {
    return unreadable(name, `it was written under another media key, whose id is ${problem.keyId}`)
  }
  const isHeader = problem.kind === 'damaged'
  return damaged(name, isHeader ? 'its header is not what was written under this name' : 'it is no encrypted object')
}

/** Not damage: with the right key or version it may be whole, so nothing may take its place. */
function unreadable(name: string, reason: string): MillpondError {
  return new MillpondError('object-unreadable', `${name} can't be read: ${reason}.`)
}

function damaged(name: string, reason: string): MillpondError {
  return new MillpondError('object-damaged', `${name} can't be read: ${reason}.`)
}
