// The bytes of a file as its writer meant them: as they are, or out of gzip or zstd, whatever number of packed parts stand
// one behind the other (`cat a.zst b.zst`, pzstd, archives that are appended to).
import { createReadStream, type ReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'

import { MillpondError, messageOf } from '../../core/errors.ts'

export type Compression = 'none' | 'gzip' | 'zstd'

const chunkBytes = 256 * 1024
/** Each costs a decoder, and nothing comes of it: ten thousand take about a second. */
const emptyFramesMax = 10_000

/** By the first bytes of a file. */
export function compressionOf(head: Buffer): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  if (head.length < 4) return 'none'
  const mark = head.readUInt32LE(0)
  // pzstd begins with a frame that is to be skipped: it says how long the next one is.
  const isSkippable = mark >= 0x184d2a50 && mark <= 0x184d2a5f
  return mark === 0xfd2fb528 || isSkippable ? 'zstd' : 'none'
}

export interface Unpacked {
  readonly bytes: AsyncIterable<Buffer>
  /** Bytes of the file that were read so far. */
  readonly bytesRead: () => number
}

/** Faults of the file, and of what is packed in it, reach whoever reads the bytes. */
export function openUnpacked(path: string, compression: Compression): Unpacked {
  const file = createReadStream(path, { highWaterMark: chunkBytes })
  const bytesRead = (): number => file.bytesRead
  switch (compression) {
    case 'none':
      return { bytes: file, bytesRead }
    case 'zstd':
      return { bytes: unpackZstd(file), bytesRead }
    case 'gzip':
  }
  const unpack = createGunzip({ chunkSize: chunkBytes })
  pipeline(file, unpack, () => undefined)
  return { bytes: unpack, bytesRead }
}

/** Error: import-unreadable, if what is packed doesn't come to a proper end. */
export async function checkEnd(path: string, compression: Compression): Promise<void> {
  try {
    for await (const _ of openUnpacked(path, compression).bytes);
  } catch (error) {
    throw new MillpondError('import-unreadable', `${path} can't be read to its end: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** A decoder for each frame: Node's ends behind the first and drops what else it was given. */
async function* unpackZstd(file: ReadStream): AsyncGenerator<Buffer> {
  const feed = new Feed(file)
  let emptyFrames = 0
  try {
    while (await feed.hasMore()) {
      emptyFrames += 1
      const decoder = createZstdDecompress({ chunkSize: chunkBytes })
      feed.writeInto(decoder)
      for await (const chunk of decoder as AsyncIterable<Buffer>) {
        emptyFrames = 0
        // A few bytes must not hold the room that they were unpacked into: they may wait in a batch.
        yield chunk.length < chunkBytes / 4 ? Buffer.from(chunk) : chunk
      }
      feed.takeBack(decoder)
      if (emptyFrames > emptyFramesMax) throw new Error(`more than ${emptyFramesMax} frames in a row have no content`)
    }
  } finally {
    file.destroy()
  }
}

type Decoder = ReturnType<typeof createZstdDecompress>

/** Chunks of the file, of which a decoder may leave a part to the next one. */
class Feed {
  readonly #chunks: AsyncIterator<Buffer>
  #chunk: Buffer | undefined
  /** Bytes given to the present decoder before `#chunk`. */
  #given = 0

  constructor(file: ReadStream) {
    this.#chunks = (file as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
  }

  async hasMore(): Promise<boolean> {
    if (this.#chunk === undefined || this.#chunk.length === 0) this.#chunk = await this.#next()
    return this.#chunk !== undefined
  }

  /** One chunk at a time, so that what a decoder leaves is of the last one. */
  writeInto(decoder: Decoder): void {
    this.#given = 0
    const write = async (): Promise<void> => {
      while (this.#chunk !== undefined) {
        const { length } = this.#chunk
        await new Promise<void>((resolve) => decoder.write(this.#chunk, () => resolve()))
        // Its frame ended inside of the chunk, or it failed.
        if (decoder.bytesWritten < this.#given + length || decoder.destroyed) return
        this.#given += length
        this.#chunk = await this.#next()
      }
      decoder.end()
    }
    write().catch((error: unknown) => decoder.destroy(error instanceof Error ? error : new Error(String(error))))
  }

  /** Once the decoder has ended. */
  takeBack(decoder: Decoder): void {
    this.#chunk = this.#chunk?.subarray(decoder.bytesWritten - this.#given)
    decoder.destroy()
  }

  async #next(): Promise<Buffer | undefined> {
    const next = await this.#chunks.next()
    return next.done === true ? undefined : next.value
  }
}
