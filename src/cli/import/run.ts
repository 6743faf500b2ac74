// The import itself: file after file, row after row, into batches that the engine confirms. How far it is, is noted only
// behind what was confirmed, so a run that ends anywhere is gone on with by the same command.
//
//   file ──known and done?──▶ left out
//     └─▶ rows behind the noted one ─▶ convert ─▶ batch ─▶ send ─▶ confirmed ─▶ note
//              └── a row that can't be read: said, counted, left out
import { MillpondError } from '../../core/errors.ts'
import type { Batch, Sender } from './sender.ts'
import type { Journal } from './journal.ts'
import type { MappingOptions } from './mapping.ts'
import type { ImportProgress } from './progress.ts'
import type { Report } from './report.ts'
import { openRows, type Row, type RowReader } from './rows.ts'
import { type ImportFormat, type KnownFile, lookAt, type SourceFile } from './source-file.ts'

/** Small enough to be parsed by the engine between two queries, large enough to share a sync. */
const batchBytesMax = 1024 * 1024
const batchEventsMax = 2000
/** A file that begins with so many bad rows is not what it was taken for. */
const badRowsFirstMax = 1000
const noteIntervalMs = 1000

export interface ImportDeps {
  /** Undefined: a dry run. */
  readonly sender: Sender | undefined
  readonly journal: Journal | undefined
  readonly report: Report
  readonly progress: ImportProgress
  readonly monotonicMs: () => number
  readonly signal: AbortSignal
  /** First events of a dry run. */
  readonly show: (event: string) => void
}

export interface ImportOptions extends MappingOptions {
  readonly format: ImportFormat | undefined
  readonly restart: boolean
  /** The engine's own bound. */
  readonly batchEventsMax: number
}

const shownMax = 3

export class ImportRun {
  readonly #options: ImportOptions
  readonly #deps: ImportDeps
  #bytesBefore = 0
  #events: Uint8Array[] = []
  #eventBytes = 0
  #notedAtMs = 0
  #shown = 0
  #said = ''

  constructor(options: ImportOptions, deps: ImportDeps) {
    this.#options = options
    this.#deps = deps
  }

  /** Resolves when every file is in, or when the signal said stop. Errors: those of the engine. */
  async run(files: readonly SourceFile[]): Promise<void> {
    const { sender, journal, signal } = this.#deps
    try {
      for (const file of files) {
        if (signal.aborted) break
        await this.#importFile(file)
        this.#bytesBefore += file.bytes
      }
      await sender?.drained()
    } catch (error) {
      // Told to stop, it no longer waits for an engine that is full or away.
      if (!signal.aborted) throw error
    } finally {
      await journal?.flush()
    }
  }

  async #importFile(file: SourceFile): Promise<void> {
    const { journal, report } = this.#deps
    const known = await this.#tryOn(async () => this.#lookAt(file))
    if (known === undefined) return
    report.files += 1
    if (known === 'empty') return
    const before = this.#options.restart ? undefined : journal?.positionOf(known.id)
    if (before?.isDone === true) {
      report.filesDoneBefore += 1
      return
    }
    const reader = await this.#tryOn(async () => openRows(known, this.#options))
    if (reader === undefined) return
    try {
      this.#sayChosen(known, reader)
      await this.#importRows(known, reader, before?.rows ?? 0)
    } finally {
      reader.close()
    }
  }

  async #lookAt(file: SourceFile): Promise<KnownFile | 'empty'> {
    const { format, map, event } = this.#options
    return lookAt(file, format, JSON.stringify([map, event]))
  }

  /** Columns are chosen anew for each file; said only when the choice changes. */
  #sayChosen({ format }: KnownFile, { chosen }: RowReader): void {
    if (chosen === undefined || chosen === this.#said) return
    this.#said = chosen
    this.#deps.progress.say(`Reading ${format}: ${chosen}; the rest becomes properties.`)
  }

  /** A file that can't be read is said and left out; the next one may be good. */
  async #tryOn<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof MillpondError) || error.code !== 'import-unreadable') throw error
      this.#deps.report.unreadable(error.message)
      return undefined
    }
  }

  async #importRows(file: KnownFile, reader: RowReader, from: number): Promise<void> {
    const { report, signal } = this.#deps
    let position = from
    let good = 0
    let bad = 0
    const isDone = await this.#tryOn(async () => {
      for await (const rows of reader.rows(from)) {
        for (const row of rows) {
          position = Math.max(position, row.number)
          if (!this.#take(file, row)) bad += 1
          else good += 1
          if (this.#isFull()) await this.#flush(file, { rows: position, isDone: false })
          if (good === 0 && bad >= badRowsFirstMax && from === 0) {
            const message = `${file.path}: not one of its first ${bad} lines is an event of format ${file.format}`
            throw new MillpondError('import-unreadable', `${message}. Say what it is with --format`)
          }
        }
        this.#move(reader)
        if (signal.aborted) return false
      }
      report.skipFurther(reader.skippedFurther())
      return true
    })
    // What was taken for something else has no place to go on from.
    if (isDone !== undefined || good > 0) await this.#flush(file, { rows: position, isDone: isDone === true })
  }

  /** False: skipped. */
  #take(file: KnownFile, { number, converted }: Row): boolean {
    const { report, sender, show } = this.#deps
    if (converted.kind === 'skipped') {
      report.skip(file.path, number, converted.reason)
      return false
    }
    report.events += 1
    if (!converted.hasTime) report.eventsWithoutTime += 1
    if (sender === undefined) {
      if (this.#shown++ < shownMax) show(Buffer.from(converted.bytes).toString())
      return true
    }
    this.#events.push(converted.bytes)
    this.#eventBytes += converted.bytes.length
    return true
  }

  #isFull(): boolean {
    const countMax = Math.min(batchEventsMax, this.#options.batchEventsMax)
    return this.#eventBytes >= batchBytesMax || this.#events.length >= countMax
  }

  async #flush(file: KnownFile, position: { rows: number; isDone: boolean }): Promise<void> {
    const { sender, journal } = this.#deps
    if (sender === undefined) return
    const onKept = (): void => {
      journal?.note(file, position)
    }
    const events = this.#events
    this.#events = []
    this.#eventBytes = 0
    await sender.send({ events, onKept } satisfies Batch)
    await this.#noteSometimes()
  }

  async #noteSometimes(): Promise<void> {
    const nowMs = this.#deps.monotonicMs()
    if (nowMs - this.#notedAtMs < noteIntervalMs) return
    this.#notedAtMs = nowMs
    await this.#deps.journal?.flush()
  }

  #move(reader: RowReader): void {
    const { progress, report, sender } = this.#deps
    progress.update(this.#bytesBefore + reader.bytesRead(), report.events, sender?.waitingFor() ?? '')
  }
}
