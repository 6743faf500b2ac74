// Reads the body of one message, never beyond its end.
import { PgError, states } from '../sqlstate.ts'

export class BodyReader {
  readonly #body: Buffer
  #at = 0

  constructor(body: Buffer) {
    this.#body = body
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#body.length
  }

  byte(): number {
    return this.#body[this.#step(1)] ?? 0
  }

  int16(): number {
    return this.#body.readInt16BE(this.#step(2))
  }

  uint16(): number {
    return this.#body.readUInt16BE(this.#step(2))
  }

  int32(): number {
    return this.#body.readInt32BE(this.#step(4))
  }

  uint32(): number {
    return this.#body.readUInt32BE(this.#step(4))
  }

  bytes(length: number): Buffer {
    const at = this.#step(length)
    return this.#body.subarray(at, at + length)
  }

  rest(): Buffer {
    return this.bytes(this.#body.length - this.#at)
  }

  /** Text up to the zero byte. */
  text(): string {
    const end = this.#body.indexOf(0, this.#at)
    if (end === -1) throw broken()
    const text = this.#body.toString('utf8', this.#at, end)
    this.#at = end + 1
    return text
  }

  #step(bytes: number): number {
    const at = this.#at
    if (bytes < 0 || at + bytes > this.#body.length) throw broken()
    this.#at += bytes
    return at
  }
}

function broken(): PgError {
  return new PgError(states.protocolViolation, 'A message ends before it should', { isFatal: true })
}
