// The bytes of an archived segment: Zstandard's seekable format. Chunks of one size are compressed apart from each other,
// and a table of their places stands at the end in a frame that `zstd -d` skips. So a reader begins anywhere without
// decompressing what stands before, and a damaged chunk costs itself only. Layout: docs/specs/archive.md §3.
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'

/** Of the segment, before compression. Smaller ones compress worse, larger ones lose more when one is damaged. */
export const chunkBytes = 1024 * 1024
/** Bytes of an object's end that surely hold the table of 8 GiB. */
export const tableBytesMax = 64 * 1024
/** Of a compressed chunk: what can't be compressed grows a little. */
export const packedBytesMax = chunkBytes + 16 * 1024

/**
 * Level 1 measured better than 3 on both counts for bodies of JSON: docs/specs/archive.md §3. The checksum is of the
 * content, and is checked by everybody who decompresses.
 */
const compressParams = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 }

/** Room for what a chunk is compressed to, mostly: each piece of output costs a turn of a thread. */
const packedAtOnce = 256 * 1024

const frameMagic = 0xfd2fb528
const frameMagicBytes = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
const tableMagic = 0x184d2a5e
const footerMagic = 0x8f92eab1
const tableHeadBytes = 8
const entryBytes = 8
const footerBytes = 9

/** Where a chunk lies in the object (`offset`, `packedBytes`), and in the segment (`start`, `bytes`). */
export interface Chunk {
  readonly offset: number
  readonly packedBytes: number
  readonly start: number
  readonly bytes: number
}

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** One zstd frame. Rejects if it doesn't give back the very same bytes: memory errs, and nobody looks again for years. */
export async function packChunk(raw: Buffer): Promise<Buffer> {
  // The size goes into the frame, for `walkChunks` and `zstd -l`; Node's types don't know the option yet.
  const options = { params: compressParams, pledgedSrcSize: raw.length, chunkSize: packedAtOnce }
  const packed = await compress(raw, options)
  const again = await unpackChunk(packed, raw.length)
  if (again?.equals(raw) !== true) throw new Error('A compressed chunk did not give back what went in.')
  return packed
}

/** Rejects with an error of zlib if it is damaged; undefined if it holds another number of bytes. */
export async function unpackChunk(packed: Buffer, bytes: number): Promise<Buffer | undefined> {
  const raw = await decompress(packed, { maxOutputLength: Math.max(1, bytes), chunkSize: Math.max(64, bytes) })
  return raw.length === bytes ? raw : undefined
}

export function encodeTable(chunks: readonly Pick<Chunk, 'packedBytes' | 'bytes'>[]): Buffer {
  const table = Buffer.alloc(tableHeadBytes + chunks.length * entryBytes + footerBytes)
  table.writeUInt32LE(tableMagic, 0)
  table.writeUInt32LE(table.length - tableHeadBytes, 4)
  let at = tableHeadBytes
  for (const { packedBytes, bytes } of chunks) {
    table.writeUInt32LE(packedBytes, at)
    table.writeUInt32LE(bytes, at + 4)
    at += entryBytes
  }
  table.writeUInt32LE(chunks.length, at)
  // The byte between is the descriptor: 0 = no checksums in the table, the frames have their own.
  table.writeUInt32LE(footerMagic, at + 5)
  return table
}

/** From the end of an object of `objectBytes`. Undefined unless everything in it fits: then `walkChunks` finds the chunks. */
export function parseTable(tail: Buffer, objectBytes: number): Chunk[] | undefined {
  const footer = tail.length - footerBytes
  if (footer < 0 || tail.readUInt32LE(footer + 5) !== footerMagic || tail[footer + 4] !== 0) return undefined
  const count = tail.readUInt32LE(footer)
  const first = footer - count * entryBytes
  const head = first - tableHeadBytes
  if (head < 0 || tail.readUInt32LE(head) !== tableMagic) return undefined
  if (tail.readUInt32LE(head + 4) !== tail.length - first) return undefined
  const chunks: Chunk[] = []
  let offset = 0
  let start = 0
  for (let index = 0; index < count; index += 1) {
    const packedBytes = tail.readUInt32LE(first + index * entryBytes)
    const bytes = tail.readUInt32LE(first + index * entryBytes + 4)
    const isSized = index < count - 1 ? bytes === chunkBytes : bytes > 0 && bytes <= chunkBytes
    if (!isSized || packedBytes > packedBytesMax) return undefined
    chunks.push({ offset, packedBytes, start, bytes })
    offset += packedBytes
    start += bytes
  }
  return offset === objectBytes - (tail.length - head) ? chunks : undefined
}

/** RFC 8878 §3.1.1. Sizes of the zstd frame that begins at `at`, from its headers alone; undefined if no frame of ours does. */
function frameAt(window: Buffer, at: number): { packedBytes: number; bytes: number } | undefined {
  if (window.length - at < 18 || window.readUInt32LE(at) !== frameMagic) return undefined
  const descriptor = window[at + 4] ?? 0
  const isSingle = (descriptor & 0b0010_0000) !== 0
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
  // A checksum, no dictionary, and a size that is told.
  if ((descriptor & 0b0000_1111) !== 0b0000_0100 || sizeBytes === 0) return undefined
  const sizeAt = at + (isSingle ? 5 : 6)
  const content = window.readUIntLE(sizeAt, Math.min(sizeBytes, 6)) + (sizeBytes === 2 ? 256 : 0)
  if (content === 0 || content > chunkBytes) return undefined
  for (let block = sizeAt + sizeBytes; block + 3 <= window.length;) {
    const head = window.readUIntLE(block, 3)
    const isRunLength = ((head >> 1) & 3) === 1
    block += 3 + (isRunLength ? 1 : head >> 3)
    if ((head & 1) === 0) continue
    const packedBytes = block + 4 - at
    return block + 4 <= window.length ? { packedBytes, bytes: content } : undefined
  }
  return undefined
}

/**
 * Finds the chunks of an object whose table is damaged, by looking at every frame. Bytes in which none begins come as
 * a chunk of as many bytes, so that whoever reads the segment meets them as damage.
 */
export async function walkChunks(
  read: (start: number, end: number) => Promise<Buffer>,
  objectBytes: number,
): Promise<Chunk[]> {
  const chunks: Chunk[] = []
  let start = 0
  const push = (offset: number, packedBytes: number, bytes: number): void => {
    chunks.push({ offset, packedBytes, start, bytes })
    start += bytes
  }
  let lostFrom: number | undefined
  let window: Buffer = Buffer.alloc(0)
  let windowOffset = 0
  for (let at = 0; at < objectBytes;) {
    if (windowOffset + window.length < Math.min(objectBytes, at + packedBytesMax)) {
      windowOffset = at
      window = await read(at, Math.min(objectBytes, at + 4 * packedBytesMax))
    }
    const frame = frameAt(window, at - windowOffset)
    if (frame !== undefined) {
      if (lostFrom !== undefined) push(lostFrom, at - lostFrom, at - lostFrom)
      lostFrom = undefined
      push(at, frame.packedBytes, frame.bytes)
      at += frame.packedBytes
      continue
    }
    lostFrom ??= at
    const next = window.indexOf(frameMagicBytes, at - windowOffset + 1)
    // A magic may begin in the last three bytes of the window and go on behind it.
    at = next === -1 ? Math.max(at + 1, windowOffset + window.length - 3) : windowOffset + next
    // A damaged gap is given out in pieces that memory can hold.
    if (at - lostFrom >= chunkBytes) {
      push(lostFrom, at - lostFrom, at - lostFrom)
      lostFrom = undefined
    }
  }
  if (lostFrom !== undefined) push(lostFrom, objectBytes - lostFrom, objectBytes - lostFrom)
  return chunks
}
