// A body of multipart/related as uploads send it: metadata as JSON, then the file. Read as it comes, so that a file of gigabytes
// passes through a few kilobytes of memory.
import { invalid } from './google-error.ts'

export interface MultipartReader {
  /** Whole, since it is small. */
  readonly metadata: Buffer
  /** Pulled once; ends before the closing boundary. Error: invalid, if the body ends without one. */
  readonly media: AsyncIterable<Buffer>
}

const metadataBytesMax = 4 * 1024 * 1024
const headersBytesMax = 16 * 1024

/** Error: invalid. */
export function boundaryOf(contentType: string | undefined): string {
  const match = /^multipart\/(?:related|mixed|form-data)\b.*?;\s*boundary=(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(
    contentType ?? '',
  )
  const boundary = match?.[1] ?? match?.[2]
  if (boundary === undefined) throw invalid('A multipart upload needs Content-Type: multipart/related; boundary=…')
  return boundary
}

/** Error: invalid. */
export async function readMultipart(body: AsyncIterable<Uint8Array>, boundary: string): Promise<MultipartReader> {
  const source = new Source(body)
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  // The first boundary may be the very beginning, without a line end before it.
  source.unread(Buffer.from('\r\n'))
  await source.until(delimiter, headersBytesMax)
  await skipHeaders(source)
  const metadata = await source.until(delimiter, metadataBytesMax)
  await skipHeaders(source)
  return { metadata, media: source.stream(delimiter) }
}

async function skipHeaders(source: Source): Promise<void> {
  // Behind the boundary comes the rest of its line; a part without headers has an empty line at once.
  const end = Buffer.from('\r\n\r\n')
  const headers = await source.until(end, headersBytesMax)
  if (headers.toString('latin1').startsWith('--')) throw invalid('The multipart body ends before its file')
}

class Source {
  readonly #parts: AsyncIterator<Uint8Array>
  #held: Buffer = Buffer.alloc(0)
  #isEnded = false

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#parts = body[Symbol.asyncIterator]()
  }

  unread(bytes: Buffer): void {
    this.#held = Buffer.concat([bytes, this.#held])
  }

  async #more(): Promise<boolean> {
    if (this.#isEnded) return false
    const next = await this.#parts.next()
    if (next.done === true) {
      this.#isEnded = true
      return false
    }
    this.#held = this.#held.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.#held, next.value])
    return true
  }

  /** What stands before `mark`, which is taken away, too. */
  async until(mark: Buffer, bytesMax: number): Promise<Buffer> {
    let searchFrom = 0
    let at = this.#held.indexOf(mark)
    while (at < 0) {
      searchFrom = Math.max(0, this.#held.length - mark.length)
      if (this.#held.length > bytesMax) throw invalid('A part of the multipart body is too long')
      if (!(await this.#more())) throw invalid('The multipart body ends too early')
      at = this.#held.indexOf(mark, searchFrom)
    }
    const before = this.#held.subarray(0, at)
    this.#held = this.#held.subarray(at + mark.length)
    return before
  }

  async *stream(mark: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.#held.indexOf(mark)
      if (at >= 0) {
        if (at > 0) yield this.#held.subarray(0, at)
        return
      }
      const sure = this.#held.length - mark.length + 1
      if (sure > 0) {
        yield this.#held.subarray(0, sure)
        this.#held = this.#held.subarray(sure)
      }
      if (!(await this.#more())) throw invalid('The multipart body ends without its closing boundary')
    }
  }
}
