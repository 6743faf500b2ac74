// Reads request bodies with every bound there is: bytes of one, bytes of all together, and time.
//
//   headers ──> receiving ──end──> decoding ──> ok ──release()──> gone from the account
//                  │ too many bytes, too slow, sender gone │ bomb, damaged
//                  └───────────> refused / gone <──────────┘
//
// Bytes count from the moment they are in memory until `release`, so bodies that wait for the disk count too.
import type { IncomingMessage } from 'node:http'

import type { Clock } from '../../core/clock.ts'
import type { CollectSettings } from '../../core/settings.ts'
import type { Refusal } from './answer.ts'
import { decode, encodingOf } from './decode.ts'

export type BodyOutcome =
  /** Call `release` when the body is no longer needed. */
  | { readonly kind: 'ok'; readonly body: Buffer; readonly release: () => void }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** The sender hung up before the end: nobody to answer. */
  | { readonly kind: 'gone' }

type Done = (outcome: BodyOutcome) => void

export type BodyLimits = Pick<CollectSettings, 'bodyBytesMax' | 'bodiesBytesMax' | 'bodyTimeoutMs'>

export interface BodyReaderDeps {
  readonly clock: Clock
  /** Whole seconds for Retry-After when there is no room. */
  readonly retryAfterSeconds: () => number
}

interface Reading {
  readonly deadlineMs: number
  readonly expire: () => void
}

const sweepIntervalMsMax = 1_000
/** SDKs write one; a few more do no harm. */
const zstdFramesMax = 100

/** One for all connections: it holds the account. */
export class BodyReader {
  readonly #limits: BodyLimits
  readonly #deps: BodyReaderDeps
  readonly #readings = new Set<Reading>()
  #bytesTotal = 0
  #isSweeping = false

  constructor(limits: BodyLimits, deps: BodyReaderDeps) {
    this.#limits = limits
    this.#deps = deps
  }

  /** Bytes of all bodies in memory. */
  get bytes(): number {
    return this.#bytesTotal
  }

  /** Bodies not yet complete. */
  get reading(): number {
    return this.#readings.size
  }

  /** Calls `done` once. */
  read(request: IncomingMessage, done: Done): void {
    const refusedAtOnce = this.#refuseGrowth(0, Number(request.headers['content-length'] ?? 0))
    if (refusedAtOnce !== undefined) {
      done({ kind: 'refused', refusal: refusedAtOnce })
      return
    }
    const pieces = new Pieces()
    let received = 0
    let settled = false
    const fail = (outcome: BodyOutcome): void => {
      if (settled) return
      settled = true
      this.#readings.delete(reading)
      request.removeListener('data', onData)
      pieces.clear()
      this.#bytesTotal -= received
      done(outcome)
    }
    const onData = (piece: Buffer): void => {
      const refusal = this.#refuseGrowth(received, piece.length)
      if (refusal !== undefined) {
        fail({ kind: 'refused', refusal })
        return
      }
      received += piece.length
      this.#bytesTotal += piece.length
      pieces.push(piece)
    }
    const reading = this.#expect(() => {
      // Not 408: older mobile SDKs delete the batch on any 4xx but 429, and a slow network is nobody's fault.
      const message = `The body was not complete in ${this.#limits.bodyTimeoutMs} ms (collect.bodyTimeoutMs).`
      fail({ kind: 'refused', refusal: this.#busy(message) })
    })
    request.on('data', onData)
    request.on('end', () => {
      if (settled) return
      settled = true
      this.#readings.delete(reading)
      this.#finish(pieces.take(), request.headers['content-encoding'], done)
    })
    request.on('close', () => fail({ kind: 'gone' }))
    request.on('error', () => fail({ kind: 'gone' }))
  }

  /** Undoes the encoding of a complete body, whose bytes are in the account. */
  #finish(whole: Buffer, contentEncoding: string | undefined, done: Done): void {
    const receivedBytes = whole.length
    let held = receivedBytes
    const hold = (bytes: number): void => {
      held += bytes
      this.#bytesTotal += bytes
    }
    const release = (): void => hold(-held)
    const refuse = (refusal: Refusal): void => {
      release()
      done({ kind: 'refused', refusal })
    }
    const encoding = encodingOf(contentEncoding, whole)
    if (encoding === undefined) {
      done({ kind: 'ok', body: whole, release })
      return
    }
    if (encoding === 'unknown') {
      refuse({ code: 'body-unreadable', message: `Content-Encoding "${contentEncoding}" is not understood.` })
      return
    }
    let stoppedBy: Refusal | undefined
    let decodedBytes = 0
    const grow = (bytes: number): boolean => {
      stoppedBy = this.#refuseGrowth(decodedBytes, bytes)
      if (stoppedBy !== undefined) return false
      decodedBytes += bytes
      hold(bytes)
      return true
    }
    decode(whole, encoding, { grow, framesMax: zstdFramesMax }, (outcome) => {
      if (outcome.kind === 'decoded') {
        hold(-receivedBytes)
        done({ kind: 'ok', body: outcome.body, release })
      } else {
        refuse(stoppedBy ?? { code: 'body-unreadable', message: outcome.message })
      }
    })
  }

  /** Undefined: there is room for `bytes` more in a body of `bodyBytes` and in all together. */
  #refuseGrowth(bodyBytes: number, bytes: number): Refusal | undefined {
    const { bodyBytesMax, bodiesBytesMax } = this.#limits
    if (bodyBytes + bytes > bodyBytesMax) {
      const message = `The body is larger than ${bodyBytesMax} bytes (collect.bodyBytesMax).`
      return { code: 'body-too-large', message, close: true }
    }
    if (this.#bytesTotal + bytes > bodiesBytesMax) return this.#busy('Too many bodies are in memory at the moment.')
    return undefined
  }

  #busy(message: string): Refusal {
    return { code: 'intake-busy', message, retryAfterSeconds: this.#deps.retryAfterSeconds(), close: true }
  }

  #expect(expire: () => void): Reading {
    const reading = { deadlineMs: this.#deps.clock.monotonicMs() + this.#limits.bodyTimeoutMs, expire }
    this.#readings.add(reading)
    if (!this.#isSweeping) this.#sweepLater()
    return reading
  }

  // One timer for all slow senders instead of one a request; none when nobody sends.
  #sweepLater(): void {
    this.#isSweeping = true
    const intervalMs = Math.min(sweepIntervalMsMax, this.#limits.bodyTimeoutMs)
    this.#deps.clock.schedule(() => {
      const nowMs = this.#deps.clock.monotonicMs()
      // In the order of their deadlines, since all have the same time.
      for (const reading of this.#readings) {
        if (reading.deadlineMs > nowMs) break
        reading.expire()
      }
      this.#isSweeping = false
      if (this.#readings.size > 0) this.#sweepLater()
    }, intervalMs)
  }
}

/** Below this a piece is copied together with its neighbours: a Buffer of one byte costs two hundred. */
const pieceBytesMin = 1_024
const tailBytes = 4 * 1_024

/** What came so far. Bodies in one piece, which most are, are never copied. */
class Pieces {
  #list: Buffer[] = []
  #tail: Buffer | undefined
  #tailUsed = 0

  push(piece: Buffer): void {
    if (piece.length >= pieceBytesMin || this.#list.length === 0) {
      this.#closeTail()
      this.#list.push(piece)
      return
    }
    if (this.#tailUsed + piece.length > tailBytes) this.#closeTail()
    this.#tail ??= Buffer.allocUnsafeSlow(tailBytes)
    this.#tailUsed += piece.copy(this.#tail, this.#tailUsed)
  }

  /** All of it; nothing is held afterwards. */
  take(): Buffer {
    this.#closeTail()
    const [first] = this.#list
    const whole = this.#list.length === 1 && first !== undefined ? first : Buffer.concat(this.#list)
    this.#list = []
    return whole
  }

  clear(): void {
    this.#list = []
    this.#tail = undefined
  }

  #closeTail(): void {
    if (this.#tail === undefined) return
    this.#list.push(this.#tail.subarray(0, this.#tailUsed))
    this.#tail = undefined
    this.#tailUsed = 0
  }
}
