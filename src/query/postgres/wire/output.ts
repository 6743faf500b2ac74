// What goes to the client: messages are put together in one growing buffer and leave in large pieces. Whoever sends many
// rows waits for the socket, so that a slow reader holds no memory.
import type { Writable } from 'node:stream'

const pieceBytes = 64 * 1024

export class Output {
  #buffer: Buffer = Buffer.allocUnsafe(512)
  #length = 0
  /** Where the length of the message being written stands. */
  #start = 0
  #socket: Writable
  #isClosed = false
  #waiting: (() => void) | undefined
  bytesWritten = 0

  constructor(socket: Writable) {
    this.#socket = socket
    this.#listen(socket)
  }

  /** After TLS has been agreed on. */
  moveTo(socket: Writable): void {
    this.#socket = socket
    this.#listen(socket)
  }

  #listen(socket: Writable): void {
    const wake = (): void => {
      this.#waiting?.()
      this.#waiting = undefined
    }
    socket.on('drain', wake)
    socket.once('close', () => {
      if (socket !== this.#socket) return
      this.#isClosed = true
      wake()
    })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  begin(type: string): this {
    this.#room(5)
    this.#buffer[this.#length] = type.charCodeAt(0)
    this.#start = this.#length + 1
    this.#length += 5
    return this
  }

  /** Fills in the length. */
  end(): this {
    this.#buffer.writeInt32BE(this.#length - this.#start, this.#start)
    return this
  }

  byte(value: number): this {
    this.#room(1)
    this.#buffer[this.#length] = value
    this.#length += 1
    return this
  }

  int16(value: number): this {
    this.#room(2)
    this.#length = this.#buffer.writeInt16BE((value << 16) >> 16, this.#length)
    return this
  }

  int32(value: number): this {
    this.#room(4)
    this.#length = this.#buffer.writeInt32BE(value | 0, this.#length)
    return this
  }

  int64(value: bigint): this {
    this.#room(8)
    this.#length = this.#buffer.writeBigInt64BE(value, this.#length)
    return this
  }

  float(value: number): this {
    this.#room(4)
    this.#length = this.#buffer.writeFloatBE(value, this.#length)
    return this
  }

  double(value: number): this {
    this.#room(8)
    this.#length = this.#buffer.writeDoubleBE(value, this.#length)
    return this
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  /** With the zero byte that ends it. A zero byte inside would end it early. */
  text(value: string): this {
    const clean = value.includes('\0') ? value.replaceAll('\0', '') : value
    this.#room(clean.length * 3 + 1)
    this.#length += this.#buffer.write(clean, this.#length)
    return this.byte(0)
  }

  /** Without an end. */
  chars(value: string): this {
    this.#room(value.length * 3)
    this.#length += this.#buffer.write(value, this.#length)
    return this
  }

  /** Length and text, as a field of a row. */
  field(value: string): this {
    const at = this.skipLength()
    this.chars(value)
    return this.fillLength(at)
  }

  skipLength(): number {
    this.#room(4)
    this.#length += 4
    return this.#length
  }

  /** `at`: what skipLength gave back. */
  fillLength(at: number): this {
    this.#buffer.writeInt32BE(this.#length - at, at - 4)
    return this
  }

  get length(): number {
    return this.#length
  }

  /** What was written since then is gone: a row that can't be told. */
  rewind(length: number): void {
    this.#length = length
  }

  /** Everything so far goes out; nobody waits. */
  flush(): void {
    if (this.#length === 0) return
    const piece = this.#buffer.subarray(0, this.#length)
    this.#buffer = Buffer.allocUnsafe(512)
    this.#length = 0
    this.bytesWritten += piece.length
    if (!this.#isClosed && this.#socket.writable) this.#socket.write(piece)
  }

  get isFull(): boolean {
    return this.#length >= pieceBytes
  }

  /** Sends, and resolves when the client has taken enough of it, or is gone. */
  async drain(): Promise<void> {
    this.flush()
    if (this.#isClosed || !this.#socket.writableNeedDrain) return
    await new Promise<void>((resolve) => {
      this.#waiting = resolve
    })
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, Math.min(this.#buffer.length * 4, needed + pieceBytes * 2)))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}
