// Messages of one client in their order, each handed out when the one before is done. A client that sends ahead is read only so
// far; one that sends half a message and then nothing is let go.
import type { Socket } from 'node:net'

import type { Clock } from '../../core/clock.ts'
import { PgError, states } from './sqlstate.ts'
import { type Frame, FrameReader, loginBytesMax } from './wire/frames.ts'

/** Waiting messages of one client; beyond it we read no further. */
const waitingBytesMax = 1024 * 1024
const waitingFramesMax = 10_000
/** From its first byte to its last without any byte between. */
const silentMsMax = 60_000
/** Messages that are not whole, of all connections together: people who prove nothing hold 10 kB at most. */
export const heldBytesMax = 512 * 1024 * 1024

export class FrameQueue {
  readonly #reader = new FrameReader()
  readonly #clock: Clock
  readonly #budget: { held: number }
  #accounted = 0
  #waiting: Frame[] = []
  #waitingBytes = 0
  #socket: Socket | undefined
  #isGone = false
  #broken: unknown
  #wake: (() => void) | undefined
  #gone: (() => void) | undefined
  readonly #onData = (piece: Buffer): void => {
    this.#receive(piece)
  }
  readonly #onEnd = (): void => {
    this.#finish()
  }

  constructor(clock: Clock, budget: { held: number }) {
    this.#clock = clock
    this.#budget = budget
  }

  attach(socket: Socket): void {
    this.#socket = socket
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onEnd)
  }

  /** Resolves with the bytes that were read already. */
  detach(): number {
    this.#socket?.off('data', this.#onData)
    this.#socket?.off('end', this.#onEnd)
    this.#socket?.off('close', this.#onEnd)
    const left = this.#reader.takeRest().length + this.#waiting.length
    this.#account()
    return left
  }

  expectStartup(): void {
    this.#reader.expectStartup()
  }

  setBytesMax(bytesMax: number): void {
    this.#reader.setBytesMax(bytesMax)
  }

  onGone(task: () => void): void {
    this.#gone = task
  }

  /** Of the message behind; '' if none is here yet. */
  nextType(): string {
    return this.#waiting[0]?.type ?? ''
  }

  /** undefined: the client is gone. 'idle': it said nothing for so long. Error: bytes that are no message. */
  async next(): Promise<Frame | undefined>
  async next(idleMs: number): Promise<Frame | 'idle' | undefined>
  async next(idleMs?: number): Promise<Frame | 'idle' | undefined> {
    if (this.#waiting.length === 0 && this.#broken === undefined) this.#pump()
    if (this.#waiting.length === 0 && !this.#isGone && this.#broken === undefined) {
      const isIdle = await this.#wait(idleMs)
      if (isIdle) return 'idle'
    }
    const frame = this.#waiting.shift()
    if (frame === undefined) {
      if (this.#broken !== undefined) throw this.#broken
      return undefined
    }
    this.#waitingBytes -= frame.body.length
    if (this.#mayRead()) this.#socket?.resume()
    return frame
  }

  /** Nothing more is read. */
  stop(): void {
    this.#isGone = true
    this.#waiting = []
    this.#reader.takeRest()
    this.#account()
    this.#wakeUp()
  }

  async #wait(idleMs: number | undefined): Promise<boolean> {
    return new Promise<boolean>((resolve) => {
      let isDone = false
      let cancelIdle = (): void => undefined
      const finish = (isIdle: boolean): void => {
        if (isDone) return
        isDone = true
        cancelIdle()
        this.#wake = undefined
        resolve(isIdle)
      }
      this.#wake = () => {
        finish(false)
      }
      if (idleMs === undefined) return
      cancelIdle = this.#clock.schedule(() => {
        finish(true)
      }, idleMs)
    })
  }

  #receive(piece: Buffer): void {
    if (this.#isGone || this.#broken !== undefined) return
    this.#reader.push(piece)
    this.#pump()
    if (!this.#mayRead()) this.#socket?.pause()
    this.#watchSilence()
    if (this.#waiting.length > 0 || this.#broken !== undefined) this.#wakeUp()
  }

  /** Bytes behind a first message are read when its answer is out: it may be TLS, and they no message at all. */
  #pump(): void {
    try {
      for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
        this.#waiting.push(frame)
        this.#waitingBytes += frame.body.length
        if (frame.type !== '') continue
        this.#reader.setBytesMax(loginBytesMax)
        break
      }
      this.#account()
    } catch (error) {
      this.#broken = error
      this.#reader.takeRest()
      this.#account()
    }
  }

  #cancelSilence: (() => void) | undefined

  #watchSilence(): void {
    this.#cancelSilence?.()
    this.#cancelSilence = undefined
    if (this.#reader.heldBytes === 0 || this.#isGone || !this.#mayRead()) return
    this.#cancelSilence = this.#clock.schedule(() => {
      this.#broken ??= new PgError(states.protocolViolation, 'A message was begun and not finished', { isFatal: true })
      this.#wakeUp()
    }, silentMsMax)
  }

  #account(): void {
    this.#budget.held += this.#reader.heldBytes - this.#accounted
    this.#accounted = this.#reader.heldBytes
    if (this.#accounted > loginBytesMax && this.#budget.held > heldBytesMax) {
      throw new PgError(states.outOfMemory, 'Too many large messages at once: try again later', { isFatal: true })
    }
  }

  #mayRead(): boolean {
    return this.#waitingBytes < waitingBytesMax && this.#waiting.length < waitingFramesMax
  }

  #finish(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#cancelSilence?.()
    this.#reader.takeRest()
    this.#account()
    this.#gone?.()
    this.#wakeUp()
  }

  #wakeUp(): void {
    this.#wake?.()
  }
}
