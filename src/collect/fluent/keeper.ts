// Brings one message to disk: undoes the compression, counts and cuts the entries, appends the records.
//
//   message ──▶ signal? ──▶ decompressed (two at a time, bounded while it grows) ──▶ cut into records ──▶ appended, synced
import type { Append, NewRecord } from '../../buffer/record.ts'
import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import type { ForwardMeta } from '../../core/event.ts'
import { decode, type DecodeOutcome, type Encoding, encodingOf } from '../http/decode.ts'
import type { Budget } from './budget.ts'
import { cutEntries, type EntryPart, unreadableEntry } from './entries.ts'
import type { LimitedWarn } from './limited-log.ts'
import type { ForwardMessage } from './message.ts'
import type { ForwardCounters, ForwardRefusal } from './stats.ts'

export interface KeeperDeps {
  readonly append: Append
  readonly clock: Clock
  readonly warn: LimitedWarn
  readonly counters: ForwardCounters
  readonly budget: Budget
  readonly chunkBytesMax: number
}

export interface Sender {
  readonly source: string
  readonly ip: string | undefined
}

/** The message was not kept, wholly or in part; its sender must not be told that it was. */
export class NotKept extends Error {
  override name = 'NotKept'
  readonly reason: ForwardRefusal

  constructor(reason: ForwardRefusal, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** What a message in memory costs beyond its entries; keeps floods of tiny ones in the account. */
export const messageOverheadBytes = 1024
/** Inflating uses the thread pool that also syncs files. */
const decodingMax = 2
/** Fluentd appends a frame for each emit. More than this would hold a turn of decoding for long, with very few bytes. */
const bytesPerZstdFrame = 4 * 1024
const retryIntervalMs = 1_000

export class Keeper {
  readonly #deps: KeeperDeps
  readonly #waitingToDecode: (() => void)[] = []
  readonly #retries = new Set<() => void>()
  #decoding = 0
  #isStopping = false

  constructor(deps: KeeperDeps) {
    this.#deps = deps
  }

  /** Resolves when all of it is synced. Error: NotKept. */
  async keep(message: ForwardMessage, sender: Sender): Promise<void> {
    const { budget } = this.#deps
    // With what lies around them in memory, and stays as long as they do.
    let held = message.entries.buffer.byteLength + messageOverheadBytes
    budget.hold(held)
    try {
      const receivedAtMicros = this.#deps.clock.nowMicros()
      const hold = (bytes: number): void => {
        held += bytes
        budget.hold(bytes)
      }
      const entries = await this.#entriesOf(message, hold)
      await this.#appendAll(message, sender, { parts: cutEntries(entries), receivedAtMicros, hold })
    } finally {
      budget.hold(-held)
    }
  }

  /** Senders that ask for no acks have nobody who tries again but us; that ends here. */
  stop(): void {
    this.#isStopping = true
    for (const retry of this.#retries) retry()
  }

  async #entriesOf(message: ForwardMessage, hold: (bytes: number) => void): Promise<Uint8Array> {
    const { entries } = message
    // The bytes know better than the option: an entry never begins like gzip or zstd.
    const encoding = message.mode === 'packed' ? encodingOf(undefined, entries) : undefined
    if (encoding === undefined || encoding === 'unknown') return entries
    await this.#decodingTurn()
    try {
      return await this.#decodeAll(Buffer.from(entries.buffer, entries.byteOffset, entries.length), encoding, hold)
    } finally {
      this.#decoding -= 1
      this.#waitingToDecode.shift()?.()
    }
  }

  async #decodingTurn(): Promise<void> {
    if (this.#decoding >= decodingMax) await new Promise<void>((turn) => this.#waitingToDecode.push(turn))
    this.#decoding += 1
  }

  /** Error: NotKept, for what becomes too large. Sending damaged bytes again would not mend them: they become one entry. */
  async #decodeAll(body: Buffer, encoding: Encoding, hold: (bytes: number) => void): Promise<Uint8Array> {
    const { chunkBytesMax, warn } = this.#deps
    let decodedBytes = 0
    const grow = (bytes: number): boolean => {
      if (decodedBytes + bytes > chunkBytesMax) return false
      decodedBytes += bytes
      hold(bytes)
      return true
    }
    const framesMax = Math.floor(chunkBytesMax / bytesPerZstdFrame)
    const outcome = await new Promise<DecodeOutcome>((resolve) => {
      decode(body, encoding, { grow, framesMax }, resolve)
    })
    if (outcome.kind === 'decoded') return outcome.body
    if (outcome.kind === 'damaged') {
      warn('damaged', { reason: outcome.message }, 'Compressed entries are damaged; they are kept as a dead letter.')
      return unreadableEntry(body)
    }
    const message =
      outcome.kind === 'stopped'
        ? `The entries are larger than ${chunkBytesMax} bytes when decompressed (forward.chunkBytesMax).`
        : `A message is made of more than ${framesMax} zstd frames (one for each 4 KiB of forward.chunkBytesMax): let its sender make smaller chunks.`
    throw new NotKept('too_large', message)
  }

  async #appendAll(message: ForwardMessage, sender: Sender, cut: CutMessage): Promise<void> {
    const { parts, receivedAtMicros, hold } = cut
    const records = parts
      .filter(({ count }) => count > 0)
      .map(({ body, count }, part): NewRecord => {
        const meta = JSON.stringify(metaOf(message, sender, parts.length > 1 ? part : undefined))
        return { kind: 'forward', source: sender.source, receivedAtMicros, count, meta, body }
      })
    // A long tag stands in each of many parts.
    hold(records.reduce((sum, { meta }) => sum + meta.length, 0))
    await Promise.all(records.map(async (record) => this.#append(record, message.chunk !== undefined)))
    this.#deps.counters.messages += 1
  }

  async #append(record: NewRecord, isAcked: boolean): Promise<void> {
    const { append, counters, warn } = this.#deps
    for (;;) {
      try {
        await append(record)
        counters.entries += record.count
        counters.bytes += record.body.length
        return
      } catch (error) {
        if (!(error instanceof MillpondError) || error.kind !== 'retry') throw error
        if (isAcked)
          throw new NotKept('not_kept', 'The message was not acknowledged; its sender will try again.', {
            cause: error,
          })
        warn('waiting', { err: error }, 'A message whose sender asks for no acks waits in memory until it can be kept.')
        await this.#retryTime(record)
      }
    }
  }

  async #retryTime(record: NewRecord): Promise<void> {
    if (!this.#isStopping) {
      await new Promise<void>((resolve) => {
        const retry = (): void => {
          cancel()
          this.#retries.delete(retry)
          resolve()
        }
        const cancel = this.#deps.clock.schedule(retry, retryIntervalMs)
        this.#retries.add(retry)
      })
    }
    if (this.#isStopping) {
      throw new NotKept(
        'not_kept',
        `${record.count} entries could not be kept before the stop, and their sender asked for no acks.`,
      )
    }
  }
}

interface CutMessage {
  readonly parts: readonly EntryPart[]
  readonly receivedAtMicros: number
  readonly hold: (bytes: number) => void
}

function metaOf({ tag, chunk }: ForwardMessage, { ip }: Sender, part: number | undefined): ForwardMeta {
  return {
    tag,
    ...(chunk === undefined || chunk.length === 0 ? {} : { chunk: Buffer.from(chunk).toString('base64') }),
    ...(part === undefined ? {} : { part }),
    ...(ip === undefined ? {} : { ip }),
  }
}
