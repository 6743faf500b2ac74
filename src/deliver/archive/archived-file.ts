// An archived segment as a file that a stream's reader can read. Chunks are decompressed when they are asked for. What
// can't be decompressed reads as zeros, which the reader steps over and reports like any damage in a segment.
import { MillpondError } from '../../core/errors.ts'
import { isErrno, type OpenFile } from '../../core/files.ts'
import type { ObjectInfo, ObjectStore } from '../../objects/store.ts'
import type { ArchivedSegment } from './archived-segment.ts'
import { type Chunk, parseTable, tableBytesMax, unpackChunk, walkChunks } from './seekable.ts'

/** What can't be read any more of an archived segment: `bytes` from `offset` of the segment, before compression. */
export interface ArchiveDamage {
  readonly object: string
  readonly offset: number
  readonly bytes: number
}

export interface ArchivedFileDeps {
  readonly store: ObjectStore
  readonly cache: ChunkCache
  readonly onDamage: (damage: ArchiveDamage) => void
}

/** Chunks that were read last, of all files of one reader: it looks at the head of a segment before it reads on. */
export class ChunkCache {
  readonly #chunks = new Map<string, Buffer>()
  readonly #chunksMax: number

  constructor(chunksMax: number) {
    this.#chunksMax = chunksMax
  }

  get(object: ObjectInfo, chunk: Chunk): Buffer | undefined {
    return this.#chunks.get(keyOf(object, chunk))
  }

  set(object: ObjectInfo, chunk: Chunk, raw: Buffer): void {
    this.#chunks.set(keyOf(object, chunk), raw)
    const oldest = this.#chunks.keys().next().value
    if (oldest !== undefined && this.#chunks.size > this.#chunksMax) this.#chunks.delete(oldest)
  }
}

/** An object may be put anew, with other bytes, without somebody who was erased. */
function keyOf({ name, modifiedAtMicros, bytes }: ObjectInfo, { offset }: Chunk): string {
  return `${name} ${modifiedAtMicros} ${bytes} ${offset}`
}

function isDamage(error: unknown): boolean {
  return (error instanceof MillpondError && error.code === 'object-damaged') || isErrno(error, 'EIO')
}

function gone(object: string): Error {
  return Object.assign(new Error(`ENOENT: ${object} is no longer in the archive`), { code: 'ENOENT' })
}

function replaced(object: string): Error {
  return Object.assign(new Error(`ESTALE: ${object} was put anew while it was read; read again`), { code: 'ESTALE' })
}

/**
 * Bytes of an object; zeros for what the store can't give out undamaged. Rejects with ENOENT if there is no object, with
 * ESTALE if it is another one by now.
 */
async function readRange(store: ObjectStore, object: ObjectInfo, start: number, end: number): Promise<Buffer> {
  const target = Buffer.alloc(Math.max(0, end - start))
  let done = 0
  try {
    const found = await store.get(object.name, { start, end })
    if (found === undefined) throw gone(object.name)
    const { bytes, modifiedAtMicros } = found.info
    const isAnother = bytes !== object.bytes || modifiedAtMicros !== object.modifiedAtMicros
    for await (const part of found.content) {
      if (isAnother) break
      const fitting = part.subarray(0, target.length - done)
      target.set(fitting, done)
      done += fitting.length
    }
    if (isAnother) throw replaced(object.name)
  } catch (error) {
    if (!isDamage(error)) throw error
  }
  return target
}

/** Undefined if it isn't in the store any more. Rejects with errors of the store, never because of damage. */
export async function openArchived(
  archived: Pick<ArchivedSegment, 'object'>,
  deps: ArchivedFileDeps,
): Promise<OpenFile | undefined> {
  try {
    const info = await deps.store.head(archived.object)
    return info && new ArchivedFile(info, await chunksOf(info, deps), deps)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

async function chunksOf(object: ObjectInfo, { store }: ArchivedFileDeps): Promise<readonly Chunk[]> {
  const { bytes } = object
  const tail = await readRange(store, object, Math.max(0, bytes - tableBytesMax), bytes)
  return parseTable(tail, bytes) ?? (await walkChunks((start, end) => readRange(store, object, start, end), bytes))
}

class ArchivedFile implements OpenFile {
  /** What a later header says of its length was heeded when it was archived. */
  readonly isWhole = true
  readonly #object: ObjectInfo
  readonly #chunks: readonly Chunk[]
  readonly #deps: ArchivedFileDeps
  readonly #bytes: number

  constructor(object: ObjectInfo, chunks: readonly Chunk[], deps: ArchivedFileDeps) {
    this.#object = object
    this.#chunks = chunks
    this.#deps = deps
    const last = chunks.at(-1)
    this.#bytes = last === undefined ? 0 : last.start + last.bytes
  }

  async read(target: Uint8Array, offset: number): Promise<number> {
    const bytes = Math.max(0, Math.min(target.byteLength, this.#bytes - offset))
    let done = 0
    while (done < bytes) {
      const at = offset + done
      const chunk = this.#chunks.findLast(({ start }) => start <= at)
      if (chunk === undefined) break
      const raw = await this.#chunk(chunk)
      const part = raw.subarray(at - chunk.start, at - chunk.start + bytes - done)
      target.set(part, done)
      done += part.length
    }
    return done
  }

  size(): Promise<number> {
    return Promise.resolve(this.#bytes)
  }

  write(): Promise<void> {
    return Promise.reject(new MillpondError('bug', 'BUG: an archived segment is never written to'))
  }

  truncate(): Promise<void> {
    return this.write()
  }

  sync(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #chunk(chunk: Chunk): Promise<Buffer> {
    const { cache, store } = this.#deps
    const cached = cache.get(this.#object, chunk)
    if (cached !== undefined) return cached
    const packed = await readRange(store, this.#object, chunk.offset, chunk.offset + chunk.packedBytes)
    const raw = (await unpackIfSound(packed, chunk.bytes)) ?? this.#damaged(chunk)
    cache.set(this.#object, chunk, raw)
    return raw
  }

  #damaged({ start, bytes }: Chunk): Buffer {
    this.#deps.onDamage({ object: this.#object.name, offset: start, bytes })
    return Buffer.alloc(bytes)
  }
}

async function unpackIfSound(packed: Buffer, bytes: number): Promise<Buffer | undefined> {
  try {
    return await unpackChunk(packed, bytes)
  } catch (error) {
    // Whatever zlib says of these bytes, it will say again.
    if (error instanceof Error && 'code' in error && /^(?:Z_|ZSTD_|ERR_BUFFER_TOO_LARGE)/.test(String(error.code))) {
      return undefined
    }
    throw error
  }
}
