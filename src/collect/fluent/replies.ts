// Acks of one connection, in the order of its messages however the disk answers, each in a write of its own: clients
// read one reply as one piece.

interface Slot {
  reply: Buffer | undefined
  isDone: boolean
}

export class Replies {
  readonly #write: (reply: Buffer) => void
  readonly #slots: Slot[] = []

  constructor(write: (reply: Buffer) => void) {
    this.#write = write
  }

  /** Messages not yet answered, those included that want no answer. */
  get waiting(): number {
    return this.#slots.length
  }

  /** Takes the next place; the returned function says that this message is on disk. */
  expect(reply: Buffer | undefined): () => void {
    const slot: Slot = { reply, isDone: false }
    this.#slots.push(slot)
    return () => {
      slot.isDone = true
      this.#flush()
    }
  }

  #flush(): void {
    let done = 0
    for (const { isDone, reply } of this.#slots) {
      if (!isDone) break
      done += 1
      if (reply !== undefined) this.#write(reply)
    }
    this.#slots.splice(0, done)
  }
}
