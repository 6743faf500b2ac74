// The writing end of a stream: gathers appends into groups, answers them once synced, writes cuts.
//
//   append ──▶ queue ──▶ group: write + fsync ──▶ resolve ──▶ cut, if due
//                ▲                   │
//                └── gathers while ──┘
//
// Rules: docs/specs/buffer.md §5 and §8. Files: segment-log.ts. Refusing: disk-guard.ts.
import { MillpondError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Cut, StreamWriter, WriterDeps, WriterOptions, WriterStatus } from './buffer.ts'
import { DiskGuard, refusalOf } from './disk-guard.ts'
import { checkRecord, recordFrameBytes } from './frame.ts'
import type { NewRecord } from './record.ts'
import { logRecovered, recoverStream } from './recovery.ts'
import { SegmentLog } from './segment-log.ts'
import { totalsRecord } from './segment.ts'

/** Bounds the time that the first record of a group waits for the last. */
const groupBytesMax = 8 * 1024 * 1024
const cutRetryMs = 1000
const fullRetryAfterSeconds = 5

interface QueuedRecord {
  readonly record: NewRecord
  readonly bytes: number
  readonly resolve: (sequence: number) => void
  readonly reject: (error: MillpondError) => void
}

/**
 * Opens the only writer of `options.folder` after recovering what is there. Never rejects because of damage or a full
 * disk; then appends are refused until it is better. A record's body must not be changed before its append has resolved.
 */
export async function openWriter(options: WriterOptions, deps: WriterDeps): Promise<StreamWriter> {
  const recovered = await recoverStream(options.folder, deps)
  logRecovered(recovered, deps.log)
  const writer = new Writer(options, deps, recovered)
  await writer.claimStart()
  return writer
}

class Writer implements StreamWriter {
  readonly #options: WriterOptions
  readonly #deps: WriterDeps
  readonly #log: Log
  readonly #segments: SegmentLog
  readonly #guard: DiskGuard
  readonly #listeners: ((cut: Cut) => void)[] = []
  #queue: QueuedRecord[] = []
  #queuedBytes = 0
  #running: Promise<void> | undefined
  #stopping = false
  #lastCutAtMs = -Infinity
  #cutDue = false
  #cancelCut: (() => void) | undefined
  /** Size of the last record that found no room in the budget; 0 = none did. */
  #refusedBytes = 0

  constructor(options: WriterOptions, deps: WriterDeps, recovered: Awaited<ReturnType<typeof recoverStream>>) {
    this.#options = options
    this.#deps = deps
    this.#log = deps.log
    const cutWritten = (sequence: number): void => {
      this.#cutWritten(sequence)
    }
    const { files, clock, log } = deps
    this.#segments = new SegmentLog(options, { files, clock, log, cutWritten }, recovered)
    this.#guard = new DiskGuard(options, deps)
  }

  readonly append = (record: NewRecord): Promise<number> => {
    const bytes = recordFrameBytes(record)
    const refusal = checkRecord(record, bytes) ?? this.#refusal(bytes)
    if (refusal !== undefined) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      this.#queue.push({ record, bytes, resolve, reject })
      this.#queuedBytes += bytes
      this.#wake()
    })
  }

  onCut(listener: (cut: Cut) => void): void {
    this.#listeners.push(listener)
  }

  async release(sequence: number): Promise<void> {
    await this.#segments.release(sequence)
  }

  status(): WriterStatus {
    const waitingBytes = this.#segments.waitingBytes
    const isFull = this.#refusedBytes > 0 && waitingBytes + this.#refusedBytes > this.#options.streamBytesMax
    const refusing = this.#guard.refusing ?? (isFull ? 'buffer-full' : undefined)
    const totals = totalsRecord(this.#segments.totals)
    return { lastSequence: this.#segments.lastSequence, waitingBytes, refusing, totals }
  }

  /** What is queued is still written and answered. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#cancelCut?.()
    this.#cancelCut = undefined
    await this.#running
    await this.#segments.close()
    await this.#guard.stop()
  }

  /** At open: on a full disk the ballast makes room; if even that doesn't help, the first append tries again. */
  async claimStart(): Promise<void> {
    try {
      await this.#segments.claimStart()
    } catch (error) {
      await this.#guard.failed(error)
      if (this.#guard.refusing !== 'disk-full' || this.#deps.ballast === undefined) return
      try {
        await this.#segments.claimStart()
      } catch (second) {
        this.#log.error({ err: second }, 'No start number could be taken yet.')
      }
    }
  }

  #refusal(bytes: number): MillpondError | undefined {
    if (this.#stopping) return new MillpondError('buffer-closed', 'The buffer is closing.', { retryAfterSeconds: 1 })
    if (this.#segments.waitingBytes + this.#queuedBytes + bytes > this.#options.streamBytesMax) {
      this.#refusedBytes = bytes
      const message = `The buffer of ${this.#options.stream} is full; nothing was kept, try again later.`
      return new MillpondError('buffer-full', message, { retryAfterSeconds: fullRetryAfterSeconds })
    }
    return this.#guard.refusal
  }

  #wake(): void {
    // Not at once but after the current callback, so that appends made together share a group.
    this.#running ??= Promise.resolve().then(() => this.#run())
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0 || this.#cutDue) {
      if (this.#queue.length > 0) await this.#commit(this.#takeGroup())
      if (this.#cutDue) await this.#cut()
    }
    this.#running = undefined
  }

  #takeGroup(): QueuedRecord[] {
    let count = 0
    let bytes = 0
    for (const queued of this.#queue) {
      if (count > 0 && bytes + queued.bytes > groupBytesMax) break
      bytes += queued.bytes
      count += 1
    }
    this.#queuedBytes -= bytes
    if (count < this.#queue.length) return this.#queue.splice(0, count)
    const group = this.#queue
    this.#queue = []
    return group
  }

  async #commit(group: readonly QueuedRecord[]): Promise<void> {
    const refusal = await this.#guard.check()
    if (refusal !== undefined) {
      for (const { reject } of group) reject(refusal)
      return
    }
    try {
      const first = await this.#segments.commit(group.map(({ record }) => record))
      this.#guard.succeeded()
      for (const [index, { resolve }] of group.entries()) resolve(first + index)
    } catch (error) {
      // With a sound next segment the records behind this group need not be refused.
      const failure = this.#segments.isSound ? refusalOf(error) : await this.#guard.failed(error)
      for (const { reject } of group) reject(failure)
    }
    this.#planCut()
  }

  /** Now, if the last cut is old enough, or else by the clock; only while something waits for it. */
  #planCut(): void {
    if (!this.#segments.hasUncut || this.#cutDue || this.#cancelCut !== undefined) return
    const waitMs = this.#lastCutAtMs + this.#options.cutIntervalMs - this.#deps.clock.monotonicMs()
    if (waitMs <= 0 || this.#stopping) this.#cutDue = true
    else this.#scheduleCut(waitMs)
  }

  #scheduleCut(delayMs: number): void {
    this.#cancelCut = this.#deps.clock.schedule(() => {
      this.#cancelCut = undefined
      if (this.#stopping) return
      this.#cutDue = true
      this.#wake()
    }, delayMs)
  }

  async #cut(): Promise<void> {
    this.#cutDue = false
    if (!this.#segments.hasUncut) return
    try {
      if (await this.#segments.cut()) return
    } catch (error) {
      await this.#guard.failed(error)
    }
    if (this.#cancelCut === undefined && !this.#stopping) {
      this.#scheduleCut(Math.max(cutRetryMs, this.#options.cutIntervalMs))
    }
  }

  #cutWritten(sequence: number): void {
    this.#lastCutAtMs = this.#deps.clock.monotonicMs()
    const cut = { stream: this.#options.stream, sequence }
    // Apart from the writing: a listener that throws is a bug of its own, not a failed write.
    for (const listener of this.#listeners) {
      queueMicrotask(() => {
        listener(cut)
      })
    }
  }
}
