// What the writer does before it writes: find out what survived in the stream's folder, repair the end of the newest
// segment, take a new start number. Rules: docs/specs/buffer.md §3 and §6. Damage is counted and kept, never a refusal.
import { dirname, join } from 'node:path'

import type { Clock } from '../core/clock.ts'
import { assert } from '../core/errors.ts'
import { type Files, type OpenFile, writeFileAtomic } from '../core/files.ts'
import type { Log } from '../core/log.ts'
import type { DamagedRange } from './buffer.ts'
import { encodeControl, frameSource, frameType, sequencesPerStart, startNumberMax } from './frame.ts'
import { FrameScanner } from './scan.ts'
import {
  cutTotals,
  type EndedSegment,
  firstSequenceOf,
  keepDamaged,
  listSegments,
  quarantineFolderName,
  readSegmentHeader,
  segmentHeaderOf,
  startFileName,
  type Totals,
  totalsRecord,
} from './segment.ts'

export interface RecoveryDeps {
  readonly files: Files
  readonly clock: Clock
  readonly log: Log
}

/** A segment that no writer writes any more. */
export interface OldSegment {
  readonly name: string
  readonly bytes: number
  /** undefined: not looked at; it is below the name of the next one. */
  readonly lastSequence: number | undefined
}

export interface RecoveredStream {
  /** Oldest first. */
  readonly segments: OldSegment[]
  /** What the next segment's header has to tell. */
  readonly ended: EndedSegment[]
  readonly totals: Totals
  /** 0 if the stream holds no record. */
  readonly lastSequence: number
  /** The highest one that any name of a segment shows, also of one that was removed. */
  readonly usedSequence: number
  readonly damaged: readonly DamagedRange[]
}

const scanWindowBytes = 1024 * 1024

/** Takes the next start number, durably: above the last one, and above `usedSequence`. */
export async function claimStartNumber(folder: string, usedSequence: number, files: Files): Promise<number> {
  const path = join(folder, startFileName)
  const text = Buffer.from((await files.readAll(path)) ?? []).toString()
  const stored = /^\d{1,7}\n?$/.test(text) ? Number(text) : 0
  const startNumber = Math.max(stored, Math.floor(usedSequence / sequencesPerStart)) + 1
  assert(startNumber <= startNumberMax, `start number ${startNumber} leaves no safe integers`)
  await writeFileAtomic(files, path, `${startNumber}\n`)
  return startNumber
}

export async function recoverStream(folder: string, deps: RecoveryDeps): Promise<RecoveredStream> {
  const { files, log } = deps
  await files.makeFolder(folder)
  await files.syncDirectory(dirname(folder))
  await files.syncDirectory(dirname(dirname(folder)))
  const names = await listSegments(files, folder)
  for (const name of await files.list(folder)) {
    const ours = names.includes(name) || [startFileName, `.${startFileName}.tmp`, quarantineFolderName].includes(name)
    if (!ours) log.warn({ folder, name }, 'A file that is not of the buffer is left alone.')
  }
  const recovery = new Recovery(folder, deps)
  return await recovery.run(names)
}

interface SegmentScan {
  readonly size: number
  readonly validEnd: number
  readonly frames: number
  readonly lastSequence: number
  readonly lastCut: number
  readonly damaged: readonly DamagedRange[]
}

class Recovery {
  readonly #folder: string
  readonly #files: Files
  readonly #clock: Clock
  readonly #log: Log
  readonly #segments: OldSegment[] = []
  readonly #damaged: DamagedRange[] = []
  #totals: Totals = new Map()
  #touched = new Set<string>()
  #newest: EndedSegment | undefined
  #lastSequence = 0

  constructor(folder: string, deps: RecoveryDeps) {
    this.#folder = folder
    this.#files = deps.files
    this.#clock = deps.clock
    this.#log = deps.log
  }

  async run(names: readonly string[]): Promise<RecoveredStream> {
    const scanFrom = await this.#firstToScan(names)
    for (const name of names.slice(0, scanFrom)) {
      this.#segments.push({ name, bytes: await this.#size(name), lastSequence: undefined })
    }
    // Newest first would do for the repair, but totals add up in the order of time.
    const lastFilled = await this.#scanAll(names.slice(scanFrom))
    if (lastFilled !== undefined) await this.#repairEnd(lastFilled.name, lastFilled.scan)
    const ended = this.#newest === undefined ? [] : [this.#newest]
    return {
      segments: this.#segments,
      ended,
      totals: this.#totals,
      lastSequence: this.#lastSequence,
      usedSequence: firstSequenceOf(names.at(-1) ?? '') ?? 0,
      damaged: this.#damaged,
    }
  }

  /** Index of the newest segment with a readable header: it knows the totals of everything before it. */
  async #firstToScan(names: readonly string[]): Promise<number> {
    for (let index = names.length - 1; index > 0; index -= 1) {
      const name = names[index] ?? ''
      const header = await this.#withFile(name, (file) => readSegmentHeader(file, firstSequenceOf(name) ?? 0))
      if (header !== undefined) return index
    }
    return 0
  }

  async #scanAll(names: readonly string[]): Promise<{ name: string; scan: SegmentScan } | undefined> {
    let lastFilled: { name: string; scan: SegmentScan } | undefined
    for (const name of names) {
      const scan = await this.#withFile(name, (file) => this.#scan(name, file))
      if (scan !== undefined && scan.frames === 0) {
        await this.#removeUnfinished(name, scan)
        continue
      }
      this.#segments.push({ name, bytes: scan?.validEnd ?? 0, lastSequence: scan?.lastSequence })
      if (scan === undefined) continue
      lastFilled = { name, scan }
      for (const range of scan.damaged) await this.#keep(range)
    }
    return lastFilled
  }

  async #scan(name: string, file: OpenFile): Promise<SegmentScan> {
    const firstSequence = firstSequenceOf(name) ?? 0
    const size = await file.size()
    const damaged: DamagedRange[] = []
    const scanner = new FrameScanner(file, { offset: 0, end: size, firstSequence, windowBytes: scanWindowBytes })
    let totals = new Map(this.#totals)
    const touched = new Set<string>()
    let frames = 0
    let lastSequence = 0
    let lastCut = 0
    for (let found = await scanner.next(); found !== undefined; found = scanner.take() ?? (await scanner.next())) {
      const { frame, offset, damagedFrom } = found
      frames += 1
      if (damagedFrom !== undefined) damaged.push({ segment: name, offset: damagedFrom, bytes: offset - damagedFrom })
      if (frame.type === frameType.header) totals = segmentHeaderOf(frame).totals
      else if (frame.type === frameType.cut) {
        for (const [source, count] of cutTotals(frame)) totals.set(source, count)
        lastCut = Math.max(lastCut, frame.sequence)
        touched.clear()
      } else if (frame.type === frameType.record) {
        const source = frameSource(frame)
        totals.set(source, (totals.get(source) ?? 0) + frame.count)
        touched.add(source)
        lastSequence = frame.sequence
      }
    }
    this.#totals = totals
    this.#touched = touched
    this.#lastSequence = Math.max(this.#lastSequence, lastSequence)
    return { size, validEnd: scanner.validEnd, frames, lastSequence, lastCut, damaged }
  }

  /** Step 1 and 3 of the specification's §6: no torn tail, and a cut behind the last record. */
  async #repairEnd(name: string, scan: SegmentScan): Promise<void> {
    this.#newest = { name, bytes: scan.validEnd, lastSequence: scan.lastSequence }
    await this.#attempt(`repair the end of ${name}`, async () => {
      const file = await this.#files.open(join(this.#folder, name), 'write')
      try {
        if (scan.size > scan.validEnd) {
          this.#log.info({ segment: name, bytes: scan.size - scan.validEnd }, 'A torn tail was cut off.')
          await file.truncate(scan.validEnd)
        }
        // Bytes that survived a killed process may still be in memory only; a reader is about to believe them.
        await file.sync()
        if (scan.lastSequence > scan.lastCut) {
          const totals = Object.fromEntries([...this.#touched].map((source) => [source, this.#totals.get(source)]))
          const micros = this.#clock.nowMicros()
          await file.write([encodeControl(frameType.cut, scan.lastSequence, micros, { totals })], scan.validEnd)
        }
      } finally {
        await file.close()
      }
    })
  }

  async #removeUnfinished(name: string, scan: SegmentScan): Promise<void> {
    this.#log.warn({ segment: name, bytes: scan.size }, 'A segment without a single valid frame is removed.')
    if (scan.size > 0) await this.#keep({ segment: name, offset: 0, bytes: scan.size })
    await this.#attempt(`remove ${name}`, async () => {
      await this.#files.remove(join(this.#folder, name))
      await this.#files.syncDirectory(this.#folder)
    })
  }

  async #keep(range: DamagedRange): Promise<void> {
    this.#damaged.push(range)
    this.#log.error({ ...range }, 'A damaged range was found; what follows it is read.')
    await this.#attempt('copy a damaged range to quarantine', async () => {
      const file = await this.#files.open(join(this.#folder, range.segment), 'read')
      try {
        await keepDamaged(this.#files, this.#folder, range, file)
      } finally {
        await file.close()
      }
    })
  }

  async #size(name: string): Promise<number> {
    return (await this.#withFile(name, (file) => file.size())) ?? 0
  }

  async #withFile<T>(name: string, task: (file: OpenFile) => Promise<T>): Promise<T | undefined> {
    const read = async (): Promise<T> => {
      const file = await this.#files.open(join(this.#folder, name), 'read')
      try {
        return await task(file)
      } finally {
        await file.close()
      }
    }
    return await this.#attempt(`read ${name}`, async () => {
      try {
        return await read()
      } catch (error) {
        // Once more: the totals of all that ever came hang on it, and some read errors pass.
        this.#log.warn({ err: error, segment: name }, 'A segment is read again after an error.')
        return await read()
      }
    })
  }

  /** A start is never refused because of one file: what can't be done is told, and the writer goes on. */
  async #attempt<T>(what: string, task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await task()
    } catch (error) {
      this.#log.error({ err: error, folder: this.#folder }, `Recovery could not ${what}.`)
      return undefined
    }
  }
}

export function logRecovered(recovered: RecoveredStream, log: Log): void {
  const { segments, lastSequence, damaged, totals } = recovered
  if (segments.length === 0) return
  const fields = { segments: segments.length, lastSequence, damaged: damaged.length, totals: totalsRecord(totals) }
  log.info(fields, 'The buffer was read in.')
}
