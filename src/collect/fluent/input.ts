// The bytes of one connection that are not yet a whole value. Grows by doubling, so a value in many pieces is copied a
// few times and not once a piece; small rests don't hold large pieces in memory.

const growthBytesMin = 256

/** Bytes given out by `bytes` are never written again: what was framed may wait for the disk while more arrives. */
export class Input {
  #buffer: Buffer = Buffer.alloc(0)
  #start = 0
  #end = 0
  /** Only memory of our own may be written behind `#end`. */
  #isOwn = false

  get bytes(): Buffer {
    return this.#buffer
  }

  get start(): number {
    return this.#start
  }

  get end(): number {
    return this.#end
  }

  get length(): number {
    return this.#end - this.#start
  }

  /** What it really takes: a small rest may hold the whole read that it came in, and growth is ahead of its bytes. */
  get heldBytes(): number {
    return this.length === 0 ? 0 : this.#buffer.buffer.byteLength
  }

  /** `bytesMin`: what the value that begins at `start` is known to need; more room than that would lie idle. */
  push(piece: Buffer, bytesMin: number): void {
    if (this.length === 0) {
      this.#hold(piece, piece.length, false)
      return
    }
    const needed = this.length + piece.length
    if (!this.#isOwn || this.#end + piece.length > this.#buffer.length) {
      const doubled = Math.max(growthBytesMin, needed * 2)
      const room = bytesMin > needed ? Math.min(doubled, bytesMin) : doubled
      const larger = Buffer.allocUnsafeSlow(room)
      this.#buffer.copy(larger, 0, this.#start, this.#end)
      this.#hold(larger, this.length, true)
    }
    piece.copy(this.#buffer, this.#end)
    this.#end += piece.length
  }

  /** Everything before `offset` was taken. */
  consume(offset: number): void {
    this.#start = offset
  }

  /** Called when no whole value is left: lets go of memory that only holds what was consumed. */
  compact(): void {
    if (this.#start === 0 && this.#isOwn) return
    if (this.length === 0) this.clear()
    else if (this.length * 2 < this.#buffer.buffer.byteLength) {
      const rest = Buffer.allocUnsafeSlow(Math.max(growthBytesMin, this.length))
      this.#buffer.copy(rest, 0, this.#start, this.#end)
      this.#hold(rest, this.length, true)
    }
  }

  clear(): void {
    this.#hold(Buffer.alloc(0), 0, false)
  }

  #hold(buffer: Buffer, length: number, isOwn: boolean): void {
    this.#buffer = buffer
    this.#start = 0
    this.#end = length
    this.#isOwn = isOwn
  }
}
