// Bytes of a client -> whole messages. The first message of a connection has no letter; all others are a letter, a length
// and a body. A length is believed only below a bound, and bytes are held once.
import { PgError, states } from '../sqlstate.ts'

export interface Frame {
  /** '' for the first message. */
  readonly type: string
  readonly body: Buffer
}

/** The longest first message: Postgres' own bound. */
export const startupBytesMax = 10_000
/** Until somebody has proved who they are. */
export const loginBytesMax = 10_000
export const messageBytesMax = 64 * 1024 * 1024

const empty = Buffer.alloc(0)
const lengthBytes = 4

export class FrameReader {
  #pieces: Buffer[] = []
  #held = 0
  #isFirst = true
  #bytesMax = startupBytesMax
  /** Bytes that the message being read needs in all; 0: not known yet. */
  #wanted = 0

  /** Held for messages that are not whole. */
  get heldBytes(): number {
    return this.#held
  }

  /** After SSLRequest and its kin another first message comes. */
  expectStartup(): void {
    this.#isFirst = true
    this.#bytesMax = startupBytesMax
  }

  setBytesMax(bytesMax: number): void {
    this.#bytesMax = bytesMax
  }

  push(piece: Buffer): void {
    if (piece.length === 0) return
    this.#pieces.push(piece)
    this.#held += piece.length
  }

  /** Unread bytes, taken away: for TLS, which must begin after the request for it. */
  takeRest(): Buffer {
    const rest = this.#pieces.length === 1 ? (this.#pieces[0] ?? empty) : Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#held = 0
    this.#wanted = 0
    return rest
  }

  /** The next whole message; undefined: more bytes are needed. Error: a length that can't be. */
  next(): Frame | undefined {
    const headBytes = this.#isFirst ? lengthBytes : 1 + lengthBytes
    if (this.#held < headBytes) return undefined
    if (this.#wanted === 0) this.#wanted = this.#lengthOf(headBytes)
    if (this.#held < this.#wanted) return undefined
    const all = this.#pieces.length === 1 ? (this.#pieces[0] ?? empty) : Buffer.concat(this.#pieces, this.#held)
    const frame = {
      type: this.#isFirst ? '' : String.fromCharCode(all[0] ?? 0),
      body: all.subarray(headBytes, this.#wanted),
    }
    const rest = all.subarray(this.#wanted)
    this.#pieces = rest.length === 0 ? [] : [rest]
    this.#held = rest.length
    this.#wanted = 0
    this.#isFirst = false
    return frame
  }

  #lengthOf(headBytes: number): number {
    const head = this.#head(headBytes)
    const length = head.readInt32BE(headBytes - lengthBytes)
    const least = this.#isFirst ? 2 * lengthBytes : lengthBytes
    if (length < least || length > this.#bytesMax) {
      throw new PgError(states.protocolViolation, `A message of ${length} bytes can't be read here`, { isFatal: true })
    }
    return length + headBytes - lengthBytes
  }

  #head(bytes: number): Buffer {
    const [first = empty] = this.#pieces
    if (first.length >= bytes) return first
    const all = Buffer.concat(this.#pieces, this.#held)
    this.#pieces = [all]
    return all
  }
}
