// Reads a file line by line as bytes, decompressing on the way; memory holds a chunk and one line.
import { MillpondError, messageOf } from '../../core/errors.ts'
import { type Compression, openUnpacked } from './unpack.ts'

export interface Line {
  /** From 1. */
  readonly number: number
  /** Without its end; undefined: longer than `lineBytesMax`. */
  readonly bytes: Buffer | undefined
}

/** No event that is stored is longer; a file without line ends must not fill the memory. */
export const lineBytesMax = 4 * 1024 * 1024
const newline = 0x0a
const carriageReturn = 0x0d

/**
 * Lines behind the first `skip`, many at a time; a last line without end counts. `onRead` hears how many bytes of the
 * file are read by now. Error: import-unreadable, behind the lines that could be read.
 */
export async function* readLines(
  path: string,
  compression: Compression,
  skip = 0,
  onRead: (bytes: number) => void = () => undefined,
): AsyncGenerator<readonly Line[]> {
  const cutter = new LineCutter(skip)
  try {
    const { bytes, bytesRead } = openUnpacked(path, compression)
    for await (const chunk of bytes) {
      onRead(bytesRead())
      yield cutter.cut(chunk)
    }
    yield cutter.end()
  } catch (error) {
    const where = cutter.number > 0 ? ` behind line ${cutter.number}` : ''
    throw new MillpondError('import-unreadable', `${path} can't be read${where}: ${messageOf(error)}`, { cause: error })
  }
}

class LineCutter {
  /** Lines cut so far. */
  number = 0
  readonly #skip: number
  #rest: Buffer[] = []
  #restBytes = 0
  #isTooLong = false

  constructor(skip: number) {
    this.#skip = skip
  }

  cut(chunk: Buffer): Line[] {
    const lines: Line[] = []
    let start = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#take(chunk.subarray(start, end))
      this.#finish(lines)
      start = end + 1
    }
    this.#take(chunk.subarray(start))
    return lines
  }

  end(): Line[] {
    const lines: Line[] = []
    if (this.#restBytes > 0 || this.#isTooLong) this.#finish(lines)
    return lines
  }

  #take(bytes: Buffer): void {
    if (bytes.length === 0 || this.#isTooLong) return
    this.#restBytes += bytes.length
    if (this.#restBytes > lineBytesMax) {
      this.#isTooLong = true
      this.#rest = []
    } else this.#rest.push(bytes)
  }

  #finish(lines: Line[]): void {
    this.number += 1
    const [first] = this.#rest
    if (this.number > this.#skip) {
      const bytes = first !== undefined && this.#rest.length === 1 ? first : Buffer.concat(this.#rest)
      lines.push({ number: this.number, bytes: this.#isTooLong ? undefined : trimmed(bytes, this.number) })
    }
    this.#rest = []
    this.#restBytes = 0
    this.#isTooLong = false
  }
}

/** Without the carriage return of Windows and the byte order mark of a file's first line. */
function trimmed(bytes: Buffer, number: number): Buffer {
  const start = number === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  const end = bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length
  return bytes.subarray(start, end)
}
