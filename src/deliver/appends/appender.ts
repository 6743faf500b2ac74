// The consumer of stream `appends`: rows that programs streamed in (BigQuery API) go into made tables, once. The position is kept in
// the transaction of the rows, in a file with a write-ahead log: what is committed may leave the buffer at once.
//
//   asleep ──wake──▶ read ──▶ plan ──▶ commit ──▶ release ──▶ read again, or asleep
//                      └────── fails ──▶ pause ──▶ a new reader, from the position in the warehouse
import type { StreamReader } from '../../buffer/buffer.ts'
import { openReader } from '../../buffer/reader.ts'
import type { Append } from '../../buffer/record.ts'
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Files } from '../../core/files.ts'
import type { Log } from '../../core/log.ts'
import type { Part } from '../../core/part.ts'
import { createSignal, waitForAny } from '../warehouse/signal.ts'
import type { AppendTarget } from './append-target.ts'
import { applyRecords, readRecord, type RefusedRows, stream } from './plan.ts'

export interface AppenderOptions {
  /** Of the stream's segments. */
  readonly folder: string
}

export interface AppenderDeps {
  readonly target: AppendTarget
  /** Everything up to here is in its table. */
  readonly release: (sequence: number) => Promise<void>
  /** Appends to stream `engine`, by which rows that can't be stored become dead letters. */
  readonly append: Append
  readonly files: Files
  readonly clock: Clock
  readonly log: Log
}

export interface AppenderStatus {
  readonly position: number
  /** Since this start; duplicates are counted here, too. */
  readonly rows: number
  readonly refusedRows: number
  readonly lastError: string | null
}

export interface Appender extends Part {
  /** Something new may be readable. Cheap, never fails. */
  wake(): void
  status(): AppenderStatus
  /** Resolves when everything readable now is in its table. */
  caughtUp(): Promise<void>
}

const limits = { eventsMax: 100_000, bytesMax: 32 * 1024 * 1024 }
const pauseMsMin = 250
const pauseMsMax = 30_000
/** Few large commits cost less than many small ones: rests as long as it worked, within what freshness allows. */
const restMsMax = 250

/** Errors: warehouse-unavailable. */
export async function startAppender(options: AppenderOptions, deps: AppenderDeps): Promise<Appender> {
  const appender = new StreamAppender(options, deps)
  await appender.begin()
  return appender
}

class StreamAppender implements Appender {
  readonly #options: AppenderOptions
  readonly #deps: AppenderDeps
  readonly #woken = createSignal()
  readonly #stopping = createSignal()
  #idle: (() => void)[] = []
  #reader: StreamReader | undefined
  #running: Promise<void> = Promise.resolve()
  #failures = 0
  #status: AppenderStatus = { position: 0, rows: 0, refusedRows: 0, lastError: null }

  constructor(options: AppenderOptions, deps: AppenderDeps) {
    this.#options = options
    this.#deps = deps
  }

  wake(): void {
    this.#woken.set()
  }

  status(): AppenderStatus {
    return this.#status
  }

  async caughtUp(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.#idle.push(() => {
      resolve(undefined)
    })
    this.#woken.set()
    await promise
  }

  async begin(): Promise<void> {
    await this.#open()
    // What waited while we were away.
    this.#woken.set()
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.set()
    await this.#running
    await this.#reader?.stop()
    for (const resolve of this.#idle) resolve()
  }

  async #open(): Promise<StreamReader> {
    const { target, files, clock, log } = this.#deps
    const positions = await target.positions()
    const after = positions.find((position) => position.stream === stream)?.sequence ?? 0
    this.#reader = await openReader({ stream, folder: this.#options.folder, after }, { files, clock, log })
    this.#status = { ...this.#status, position: after }
    return this.#reader
  }

  async #run(): Promise<void> {
    while (!this.#stopping.isSet) {
      try {
        await this.#step()
        this.#failures = 0
      } catch (error) {
        await this.#recover(error)
      }
    }
  }

  async #step(): Promise<void> {
    const { clock } = this.#deps
    const waiting = this.#idle
    if (!this.#woken.isSet) await waitForAny([this.#woken, this.#stopping])
    if (this.#stopping.isSet) return
    this.#woken.clear()
    const startedAtMs = clock.monotonicMs()
    const reader = this.#reader ?? (await this.#open())
    const batch = await reader.read(limits)
    if (batch.damaged.length > 0)
      this.#deps.log.error({ damaged: batch.damaged }, 'Damaged records of stream appends were stepped over.')
    if (batch.sequence > this.#status.position) await this.#apply(batch.records.map(readRecord), batch.sequence)
    if (batch.more) this.#woken.set()
    else this.#tellIdle(waiting)
    const restMs = Math.min(restMsMax, clock.monotonicMs() - startedAtMs)
    if (batch.records.length > 0) await waitForAny([this.#stopping], { clock, ms: restMs })
  }

  /** Those who asked before the reading that found nothing more. */
  #tellIdle(waiting: readonly (() => void)[]): void {
    this.#idle = this.#idle.filter((resolve) => !waiting.includes(resolve))
    for (const resolve of waiting) resolve()
  }

  async #apply(records: readonly ReturnType<typeof readRecord>[], sequence: number): Promise<void> {
    const { target, release } = this.#deps
    await applyRecords(records, sequence, { target, refuse: async (refused) => this.#refuse(refused) })
    const rows = records.reduce((sum, record) => sum + record.rows.length, 0)
    this.#status = { ...this.#status, position: sequence, rows: this.#status.rows + rows, lastError: null }
    await release(sequence)
  }

  /** A row for a table that is none of ours becomes a dead letter of it (deliver/rows). */
  async #refuse({ dataset, table, receivedAtMicros, rows, reason }: RefusedRows): Promise<void> {
    const { append, log } = this.#deps
    await append({
      kind: 'row',
      source: dataset,
      receivedAtMicros,
      count: rows.length,
      meta: JSON.stringify({ table: `${dataset}.${table}`, appended: true }),
      body: Buffer.from(rows.map(({ json }) => json).join('\n')),
    })
    this.#status = { ...this.#status, refusedRows: this.#status.refusedRows + rows.length }
    log.warn(
      { dataset, table, rows: rows.length, reason },
      'Streamed rows could not be stored; they are dead letters now.',
    )
  }

  async #giveUpReader(): Promise<void> {
    const reader = this.#reader
    this.#reader = undefined
    try {
      await reader?.stop()
    } catch (error) {
      this.#deps.log.debug({ err: error }, 'A reader of stream appends could not be closed.')
    }
  }

  async #recover(error: unknown): Promise<void> {
    const { clock, log } = this.#deps
    this.#failures += 1
    this.#status = { ...this.#status, lastError: messageOf(error) }
    log.error({ err: error, failures: this.#failures }, 'Streamed rows could not be stored yet; it is tried again.')
    await this.#giveUpReader()
    this.#woken.set()
    const ms = Math.min(pauseMsMax, pauseMsMin * 2 ** (this.#failures - 1))
    await waitForAny([this.#stopping], { clock, ms })
  }
}
