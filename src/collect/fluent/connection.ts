// One connection of a Forward sender, from the first byte to the last ack.
//
//   greeting ──PING right──▶ open ──end, stop, unreadable bytes──▶ draining ──last ack written──▶ closed
//      │ PING wrong, or late    │ not kept, too large, reset
//      └────────────────────────┴────────────────────────────────────────────────────────────▶ closed
//
// A port without a shared key begins at `open`. There is no idle timeout: senders wait up to 190 s for an ack, and
// heartbeats are connections that say nothing; the kernel's probes find those that vanished.
import type { Socket } from 'node:net'

import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import { MsgpackInvalid } from '../../core/msgpack.ts'
import type { Budget, BudgetMember } from './budget.ts'
import { anonymousSource, createHandshake, type Handshake, type HandshakeKeys } from './handshake.ts'
import { Input } from './input.ts'
import { type Keeper, messageOverheadBytes, NotKept } from './keeper.ts'
import type { LimitedWarn } from './limited-log.ts'
import type { ForwardMessage } from './message.ts'
import { Replies } from './replies.ts'
import type { ForwardCounters, ForwardRefusal } from './stats.ts'
import { createJsonWire, createMsgpackWire, isJsonStart, type Wire } from './wire.ts'

export interface ConnectionDeps {
  readonly keeper: Keeper
  readonly budget: Budget
  readonly counters: ForwardCounters
  readonly clock: Clock
  readonly log: Log
  readonly warn: LimitedWarn
  readonly random: (bytes: number) => Buffer
  readonly chunkBytesMax: number
  /** Undefined: no handshake. */
  readonly keys: HandshakeKeys | undefined
  readonly handshakeFailed: (ip: string) => void
  readonly closed: (connection: Connection) => void
}

const handshakeTimeoutMs = 15_000
const pingBytesMax = 16 * 1024
/** Whole messages of one connection on their way to disk; more is read when they are there. */
const flightBytesMax = 8 * 1024 * 1024
const flightMessagesMax = 1_000
/** Acks that the sender doesn't read. */
const unreadBytesMax = 64 * 1024
/** Entries may hold so many times their bytes; copying large ones would cost more than it gives back. */
const pinnedFactorMax = 4
/** Messages of one entry that came together share a record. */
const runBytesMax = 1024 * 1024

export class Connection implements BudgetMember {
  readonly #socket: Socket
  readonly #deps: ConnectionDeps
  readonly #ip: string
  readonly #input = new Input()
  readonly #replies: Replies
  #handshake: Handshake | undefined
  #cancelHandshake: (() => void) | undefined
  #source = anonymousSource
  #wire: Wire | undefined
  #run: ForwardMessage[] = []
  #runBytes = 0
  #flightBytes = 0
  #unfinished = 0
  #isDraining = false
  #isClosed = false
  #toldSignal = false

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.#socket = socket
    this.#deps = deps
    this.#ip = addressOf(socket)
    this.#replies = new Replies((reply) => {
      if (!socket.writable) return
      deps.counters.acks += 1
      socket.write(reply)
    })
  }

  get unfinishedBytes(): number {
    return this.#unfinished
  }

  start(): void {
    const { budget, keys, random, clock } = this.#deps
    const socket = this.#socket
    budget.join(this)
    socket.on('data', (piece: Buffer) => {
      this.#receive(piece)
    })
    socket.once('end', () => {
      this.#ended()
    })
    socket.on('drain', () => {
      this.#readOrWait()
    })
    // A reset is said by 'close' too.
    socket.on('error', () => undefined)
    socket.once('close', () => {
      this.#gone()
    })
    if (keys === undefined) return
    this.#handshake = createHandshake(keys, random)
    socket.write(this.#handshake.helo)
    this.#cancelHandshake = clock.schedule(() => {
      // Who never said a word may be a heartbeat; nothing is held against it.
      socket.destroy()
    }, handshakeTimeoutMs)
  }

  readonly memoryChanged = (): void => {
    this.#readOrWait()
  }

  readonly giveUp = (): void => {
    this.#refuse(
      'memory',
      'Memory for Forward messages is short (forward.chunksBytesMax), and this one did not become whole.',
    )
  }

  /** Messages that are whole are still kept and acknowledged; then the connection ends. */
  drain(): void {
    this.#isDraining = true
    this.#socket.pause()
    this.#dropInput()
    this.#endIfAnswered()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #receive(piece: Buffer): void {
    if (this.#isDraining || this.#isClosed) return
    try {
      this.#input.push(piece, this.#wire?.walker.bytesMin ?? 0)
      const taken = this.#takeWhole()
      this.#sendRun()
      this.#input.compact()
      this.#account(taken > 0)
      this.#readOrWait()
    } catch (error) {
      this.#sendRun()
      if (error instanceof MsgpackInvalid) this.#unreadable(error.message)
      else this.#fail(error)
    }
  }

  /** The number of values that were whole. */
  #takeWhole(): number {
    const input = this.#input
    let taken = 0
    while (input.length > 0 && !this.#isDraining && !this.#isClosed) {
      this.#wire ??= this.#chooseWire()
      const { walker } = this.#wire
      const end = walker.advance(input.bytes, input.start, input.end)
      const bytes = end === -1 ? Math.max(input.length, walker.bytesMin) : end - input.start
      if (bytes > this.#bytesMax) {
        this.#tooLarge()
        return taken
      }
      if (end === -1) return taken
      this.#take(this.#wire, input.start, end)
      input.consume(end)
      taken += 1
    }
    return taken
  }

  #chooseWire(): Wire {
    const isJson = this.#handshake === undefined && isJsonStart(this.#input.bytes[this.#input.start])
    return isJson ? createJsonWire() : createMsgpackWire()
  }

  get #bytesMax(): number {
    if (this.#handshake !== undefined) return pingBytesMax
    return Math.min(this.#deps.chunkBytesMax, this.#wire?.messageBytesMax ?? Number.POSITIVE_INFINITY)
  }

  #take(wire: Wire, start: number, end: number): void {
    const { bytes } = this.#input
    if (this.#handshake !== undefined) {
      this.#judgePing(this.#handshake, bytes.subarray(start, end))
      return
    }
    const message = wire.read(bytes, start, end)
    if (message === 'heartbeat') {
      this.#deps.counters.heartbeats += 1
    } else if (message.signal !== 'logs') {
      this.#refuseSignal(message, wire)
    } else if (message.mode === 'single' && message.chunk === undefined) {
      this.#addToRun(message)
    } else {
      this.#sendRun()
      this.#keep(message, wire)
    }
  }

  #addToRun(message: ForwardMessage): void {
    if (this.#runBytes > runBytesMax || (this.#run[0] !== undefined && this.#run[0].tag !== message.tag))
      this.#sendRun()
    this.#run.push(message)
    this.#runBytes += message.entries.length
  }

  #sendRun(): void {
    const [first, ...more] = this.#run
    if (first === undefined || this.#wire === undefined) return
    this.#run = []
    this.#runBytes = 0
    const entries =
      more.length === 0 ? first.entries : Buffer.concat([first, ...more].map((message) => message.entries))
    this.#keep({ ...first, entries }, this.#wire)
  }

  #keep(read: ForwardMessage, wire: Wire): void {
    const message = unpinned(read)
    const bytes = message.entries.length + messageOverheadBytes
    const kept = this.#replies.expect(message.chunk === undefined ? undefined : wire.ack(message.chunk))
    this.#flightBytes += bytes
    const sender = { source: this.#source, ip: this.#ip === '' ? undefined : this.#ip }
    this.#deps.keeper
      .keep(message, sender)
      .then(kept, (error: unknown) => {
        if (error instanceof NotKept) this.#refuse(error.reason, error.message, error.cause)
        else this.#fail(error)
      })
      .finally(() => {
        this.#flightBytes -= bytes
        this.#readOrWait()
        this.#endIfAnswered()
      })
      .catch((error: unknown) => {
        this.#fail(error)
      })
  }

  /** Acknowledged all the same: the next try would bring the same, and with it nothing that belongs here. */
  #refuseSignal(message: ForwardMessage, wire: Wire): void {
    this.#sendRun()
    this.#deps.counters.refuse('signal')
    if (!this.#toldSignal) {
      this.#toldSignal = true
      const fields = { ip: this.#ip, signal: message.signal, tag: message.tag }
      this.#deps.log.warn(fields, 'A Forward sender sends metrics or traces; only logs are kept. Mend its match rule.')
    }
    this.#replies.expect(message.chunk === undefined ? undefined : wire.ack(message.chunk))()
  }

  #judgePing(handshake: Handshake, ping: Buffer): void {
    this.#cancelHandshake?.()
    const { pong, source, reason } = handshake.answer(ping)
    if (source === undefined) {
      this.#deps.handshakeFailed(this.#ip)
      this.#note('handshake', `A Forward sender was refused: ${reason}`)
      this.#isDraining = true
      this.#socket.end(pong, () => this.#socket.destroy())
      return
    }
    this.#socket.write(pong)
    this.#source = source
    this.#handshake = undefined
  }

  #unreadable(message: string): void {
    if (this.#handshake !== undefined) {
      this.#deps.handshakeFailed(this.#ip)
      this.#refuse('handshake', `A Forward sender was refused: ${message}`)
      return
    }
    this.#note('unreadable', `Bytes that are no Forward message: ${message}`)
    this.drain()
  }

  #tooLarge(): void {
    if (this.#handshake !== undefined) {
      this.#unreadable('A PING was expected.')
      return
    }
    const { chunkBytesMax } = this.#deps
    const bytesMax = this.#bytesMax
    const message =
      bytesMax < chunkBytesMax
        ? `A message in JSON is larger than ${bytesMax} bytes: let its sender speak msgpack, or send less at once.`
        : `A message is larger than ${chunkBytesMax} bytes (forward.chunkBytesMax).`
    this.#note('too_large', message)
    this.drain()
  }

  #ended(): void {
    if (this.#isDraining) return
    this.#noteCutOff()
    this.drain()
  }

  #noteCutOff(): void {
    const { bytes, start, end } = this.#input
    if (this.#wire === undefined || this.#wire.isBlank(bytes.subarray(start, end))) return
    const reason = this.#handshake === undefined ? 'cut_off' : 'handshake'
    this.#note(reason, 'A sender went away in the middle of a message; that message is not kept.')
  }

  /** Closes at once: what was acknowledged stays, the sender has to send the rest again. */
  #refuse(reason: ForwardRefusal, message: string, cause?: unknown): void {
    this.#note(reason, message, cause)
    this.#isDraining = true
    this.#socket.destroy()
  }

  #note(reason: ForwardRefusal, message: string, cause?: unknown): void {
    this.#deps.counters.refuse(reason)
    const fields = { ip: this.#ip, ...(cause === undefined ? {} : { err: cause }) }
    this.#deps.warn(reason, fields, `${message} The connection is closed.`)
  }

  #fail(error: unknown): void {
    this.#deps.log.error({ err: error }, 'A Forward connection failed; its sender will try again.')
    this.#isDraining = true
    this.#socket.destroy()
  }

  #account(isNew: boolean): void {
    const held = this.#input.heldBytes
    const change = held - this.#unfinished
    this.#unfinished = held
    if (change !== 0 || isNew) this.#deps.budget.holdUnfinished(this, change, isNew)
  }

  #dropInput(): void {
    this.#input.clear()
    this.#account(true)
  }

  #readOrWait(): void {
    if (this.#isDraining || this.#isClosed) return
    const isBusy = this.#flightBytes > flightBytesMax || this.#replies.waiting > flightMessagesMax
    const isDeaf = this.#socket.writableLength > unreadBytesMax
    if (isBusy || isDeaf || !this.#deps.budget.mayRead(this)) this.#socket.pause()
    else if (this.#socket.isPaused()) this.#socket.resume()
  }

  #endIfAnswered(): void {
    if (!this.#isDraining || this.#isClosed || this.#replies.waiting > 0) return
    // Destroyed once the acks are out: a peer that never closes its half would hold the connection.
    this.#socket.end(() => this.#socket.destroy())
  }

  #gone(): void {
    if (!this.#isDraining) this.#noteCutOff()
    this.#isDraining = true
    this.#isClosed = true
    this.#cancelHandshake?.()
    this.#dropInput()
    this.#deps.budget.leave(this)
    this.#deps.closed(this)
  }
}

/** A message waits for the disk: a small one must not hold the whole read that it came in, of 64 KiB or more. */
function unpinned(message: ForwardMessage): ForwardMessage {
  const { entries, chunk } = message
  if (entries.length * pinnedFactorMax >= entries.buffer.byteLength) return message
  // In memory of their own: Buffer.from would take it from a pool, which is as large.
  return { ...message, entries: new Uint8Array(entries), chunk: chunk && new Uint8Array(chunk) }
}

function addressOf(socket: Socket): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '')
}
