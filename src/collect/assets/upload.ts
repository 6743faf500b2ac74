// The body of an upload, piece by piece as somebody asks for it: never more of it in memory than one read of the socket.
// Ends with an error when it is too long, stands still, differs from its digest, or when the disk gets too full.
//
//   waiting ──piece──▶ with the reader ──asks again──▶ waiting ──the end──▶ done
//      │ stands still, sender gone         │ too long, too little free
//      └────────────────▶ failed ◀─────────┘
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'

export interface UploadLimits {
  readonly assetBytesMax: number
  /** `progressBytesMin` must come in this time, again and again. */
  readonly stallTimeoutMs: number
  readonly diskFreeBytesMin: number
}

export interface UploadDeps {
  readonly clock: Clock
  /** Of the disk that the content goes to. */
  readonly freeBytes: () => Promise<number>
  readonly retryAfterSeconds: () => number
}

/** The sender hung up: there is nobody to answer. */
export class SenderGone extends Error {}

/** A trickle must not hold a place for ever. With 30 s (collect.bodyTimeoutMs) that is 2 KB/s; any phone is faster. */
const progressBytesMin = 64 * 1024
/** So much is written between two looks at the disk. */
const freeCheckBytes = 32 * 1024 * 1024

export class Upload {
  bytes = 0
  readonly #body: PulledBody
  readonly #limits: UploadLimits
  readonly #deps: UploadDeps
  readonly #expectedSha256: string | undefined
  #sha256 = ''
  #waitedMs = 0
  #progressBytes = 0

  constructor(request: IncomingMessage, limits: UploadLimits, deps: UploadDeps, expectedSha256: string | undefined) {
    this.#body = new PulledBody(request)
    this.#limits = limits
    this.#deps = deps
    this.#expectedSha256 = expectedSha256
  }

  /** Hexadecimal, when all has come. */
  get sha256(): string {
    return this.#sha256
  }

  content(): AsyncGenerator<Uint8Array, void> {
    return whileFree(this.#content(), this.#limits, this.#deps)
  }

  async *#content(): AsyncGenerator<Uint8Array, void> {
    const hash = createHash('sha256')
    try {
      for (let piece = await this.#next(); piece !== undefined; piece = await this.#next()) {
        this.bytes += piece.length
        if (this.bytes > this.#limits.assetBytesMax) throw tooLarge(this.#limits.assetBytesMax)
        hash.update(piece)
        yield piece
      }
      if (this.bytes === 0) throw new MillpondError('asset-invalid', 'The body is empty: send the file as the body.')
      this.#sha256 = hash.digest('hex')
      if (this.#expectedSha256 !== undefined && this.#expectedSha256 !== this.#sha256) {
        const message = `The content's SHA-256 is ${this.#sha256}, but ${this.#expectedSha256} was announced.`
        throw new MillpondError('asset-invalid', message)
      }
    } finally {
      this.#body.letGo()
    }
  }

  /** Reads to the end for the hash alone. */
  async consume(): Promise<void> {
    for await (const _ of this.#content()) continue
  }

  async #next(): Promise<Buffer | undefined> {
    const { clock } = this.#deps
    const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>()
    const sinceMs = clock.monotonicMs()
    // Only the waiting for the sender counts, not that for the disk.
    const cancel = clock.schedule(() => reject(this.#stalled()), this.#limits.stallTimeoutMs - this.#waitedMs)
    this.#body.next().then(resolve, reject)
    try {
      const piece = await promise
      this.#waitedMs += clock.monotonicMs() - sinceMs
      this.#progressBytes += piece?.length ?? 0
      if (this.#progressBytes >= progressBytesMin) {
        this.#progressBytes = 0
        this.#waitedMs = 0
      }
      return piece
    } finally {
      cancel()
    }
  }

  #stalled(): MillpondError {
    const message = `Less than ${progressBytesMin} bytes came in ${this.#limits.stallTimeoutMs} ms (collect.bodyTimeoutMs).`
    return new MillpondError('intake-busy', message, { retryAfterSeconds: this.#deps.retryAfterSeconds() })
  }
}

export function tooLarge(assetBytesMax: number): MillpondError {
  return new MillpondError('asset-too-large', `The file is larger than ${assetBytesMax} bytes (media.assetBytesMax).`)
}

/** `bytes`: what is known to come. Error: disk-full. */
export async function checkFree(limits: UploadLimits, deps: UploadDeps, bytes: number): Promise<void> {
  const free = await deps.freeBytes()
  if (free - bytes >= limits.diskFreeBytesMin) return
  const message = `Only ${free} bytes are free on the disk; nothing was kept, try again later.`
  throw new MillpondError('disk-full', message, { retryAfterSeconds: deps.retryAfterSeconds() })
}

/** Gives out what is to be written, and looks at the disk on the way. Error: disk-full. */
export async function* whileFree(
  content: AsyncIterable<Uint8Array>,
  limits: UploadLimits,
  deps: UploadDeps,
): AsyncGenerator<Uint8Array, void> {
  let uncheckedBytes = 0
  for await (const piece of content) {
    uncheckedBytes += piece.byteLength
    if (uncheckedBytes >= freeCheckBytes) {
      uncheckedBytes = 0
      await checkFree(limits, deps, 0)
    }
    yield piece
  }
}

/**
 * A request read on demand. Not its async iterator: that one leaves the request unreadable when it is left early, and a
 * sender whose rest nobody takes in doesn't get to read our answer.
 */
class PulledBody {
  readonly #request: IncomingMessage
  readonly #pieces: Buffer[] = []
  #isEnded = false
  #isGone = false
  #wake: (() => void) | undefined
  readonly #onData = (piece: Buffer): void => {
    this.#pieces.push(piece)
    this.#request.pause()
    this.#wake?.()
  }

  constructor(request: IncomingMessage) {
    this.#request = request
    const end = (): void => {
      this.#isEnded = true
      this.#wake?.()
    }
    const leave = (): void => {
      this.#isGone = !this.#isEnded
      this.#wake?.()
    }
    request.once('end', end)
    request.once('close', leave)
    request.once('error', leave)
  }

  /** Undefined: the end. Rejects with SenderGone. */
  async next(): Promise<Buffer | undefined> {
    if (this.#request.listenerCount('data') === 0) this.#request.on('data', this.#onData)
    for (;;) {
      const piece = this.#pieces.shift()
      if (piece !== undefined) return piece
      if (this.#isEnded) return undefined
      if (this.#isGone || this.#request.destroyed) throw new SenderGone('The sender hung up.')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#request.resume()
      })
    }
  }

  /** What still comes is somebody else's. */
  letGo(): void {
    this.#request.removeListener('data', this.#onData)
    this.#pieces.length = 0
  }
}
