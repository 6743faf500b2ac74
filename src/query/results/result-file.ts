// Rows of one result on disk: written once, piece by piece, then read by page from anywhere. Pieces are compressed one by
// one, so that a page costs its own pieces only; where they lie is kept in memory (a few bytes a piece). The file is open while
// it is written and while somebody reads, not while it is kept: thousands are.
import { type FileHandle, open, rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'

import { assert, MillpondError } from '../../core/errors.ts'
import type { ResultChunk } from '../../warehouse/session.ts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)
/** Fast rather than small: a result lives for a day. */
const compression = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
/** Small chunks are gathered up to this many rows: fewer, larger pieces. */
const pieceRows = 8_192

interface Piece {
  readonly startRow: number
  readonly rows: number
  readonly offset: number
  readonly bytes: number
}

export interface ResultBounds {
  readonly rowsMax: number
  readonly bytesMax: number
}

export class ResultFile {
  readonly path: string
  /** While it is written. */
  #writing: FileHandle | undefined
  readonly #bounds: ResultBounds
  readonly #pieces: Piece[] = []
  #waiting: ResultChunk[] = []
  #waitingRows = 0
  #rows = 0
  #bytes = 0

  private constructor(path: string, handle: FileHandle, bounds: ResultBounds) {
    this.path = path
    this.#writing = handle
    this.#bounds = bounds
  }

  /** The file is new. */
  static async create(path: string, bounds: ResultBounds): Promise<ResultFile> {
    return new ResultFile(path, await open(path, 'wx', 0o600), bounds)
  }

  get rows(): number {
    return this.#rows + this.#waitingRows
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Error: query-limit, when the file would grow beyond its bounds. */
  async append(chunk: ResultChunk): Promise<void> {
    assert(this.#writing !== undefined, 'a sealed result takes no rows')
    if (chunk.rowCount === 0) return
    const { rowsMax } = this.#bounds
    if (this.rows + chunk.rowCount > rowsMax)
      throw new MillpondError(
        'query-limit',
        `The result has more than ${rowsMax} rows: ask for less, or write it into a table`,
      )
    this.#waiting.push(chunk)
    this.#waitingRows += chunk.rowCount
    if (this.#waitingRows >= pieceRows) await this.#writePiece()
  }

  async seal(): Promise<void> {
    if (this.#waitingRows > 0) await this.#writePiece()
    await this.#endWriting()
  }

  async #writePiece(): Promise<void> {
    const chunks = this.#waiting
    const rows = this.#waitingRows
    this.#waiting = []
    this.#waitingRows = 0
    const packed = await compress(serialize(chunks), compression)
    const { bytesMax } = this.#bounds
    if (this.#bytes + packed.length > bytesMax) {
      const message = `The result is larger than ${Math.floor(bytesMax / 1024 / 1024)} MiB: ask for less, or write it into a table`
      throw new MillpondError('query-limit', message)
    }
    await this.#writing?.write(packed, 0, packed.length, this.#bytes)
    this.#pieces.push({ startRow: this.#rows, rows, offset: this.#bytes, bytes: packed.length })
    this.#rows += rows
    this.#bytes += packed.length
  }

  /** Chunks from `startRow` on, the first one cut to begin there. */
  async *read(startRow = 0): AsyncGenerator<ResultChunk> {
    assert(this.#writing === undefined, 'a result is read when it is complete')
    const handle = await open(this.path, 'r')
    try {
      for (const piece of this.#pieces) {
        if (piece.startRow + piece.rows <= startRow) continue
        const packed = Buffer.alloc(piece.bytes)
        await handle.read(packed, 0, piece.bytes, piece.offset)
        let at = piece.startRow
        for (const chunk of deserialize(await decompress(packed)) as ResultChunk[]) {
          const skip = Math.max(0, startRow - at)
          at += chunk.rowCount
          if (skip < chunk.rowCount) yield sliceChunk(chunk, skip, chunk.rowCount)
        }
      }
    } finally {
      await handle.close()
    }
  }

  async #endWriting(): Promise<void> {
    const handle = this.#writing
    this.#writing = undefined
    await handle?.close()
  }

  async remove(): Promise<void> {
    await this.#endWriting()
    await rm(this.path, { force: true })
  }
}

export function sliceChunk(chunk: ResultChunk, from: number, to: number): ResultChunk {
  if (from === 0 && to >= chunk.rowCount) return chunk
  const end = Math.min(to, chunk.rowCount)
  return { rowCount: end - from, columns: chunk.columns.map((column) => column.slice(from, end)) }
}
