// Verdicts on disk, one log a stream: what became of every event, and the hashes from which the dedupe index is rebuilt.
// Frames are written in sequence order. They are synced before the warehouse's checkpoint, so every frame at or below
// the position that the warehouse stored is whole; what lies behind it is cut off at a start and judged again.
//
// frame  crc32 of the rest u32 | sequence f64 | hour of receiving u32 | events of the record u32 | entries u32 | entry …
// entry  verdict u8 | id hash low u32 | id hash high u32 | content hash u32        (all little-endian)
// Events without an entry are quarantined. Files are named by their first sequence: <16 digits>.verdicts
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

import { assert } from '../../core/errors.ts'
import type { Files, OpenFile } from '../../core/files.ts'
import type { DedupeIndex } from './dedupe-index.ts'

const headBytes = 24
const entryBytes = 13
const fileBytesMax = 16 * 1024 * 1024

/** Numbers on disk, never change. */
export const verdictCodes = { stored: 1, duplicate: 2, flagged: 3, quarantined: 4 } as const
type VerdictCode = (typeof verdictCodes)[keyof typeof verdictCodes]

/** Frames being collected until the next write. */
export class VerdictFrames {
  #buffer = Buffer.allocUnsafe(64 * 1024)
  #used = 0
  #frameAt = 0
  #entries = 0
  firstSequence = 0

  begin(sequence: number, hour: number, count: number): void {
    this.#reserve(headBytes)
    if (this.#used === 0) this.firstSequence = sequence
    this.#frameAt = this.#used
    this.#entries = 0
    this.#buffer.writeDoubleLE(sequence, this.#used + 4)
    this.#buffer.writeUInt32LE(hour, this.#used + 12)
    this.#buffer.writeUInt32LE(count, this.#used + 16)
    this.#used += headBytes
  }

  add(verdict: VerdictCode, low: number, high: number, content: number): void {
    this.#reserve(entryBytes)
    const at = this.#used
    this.#buffer[at] = verdict
    this.#buffer.writeUInt32LE(low, at + 1)
    this.#buffer.writeUInt32LE(high, at + 5)
    this.#buffer.writeUInt32LE(content, at + 9)
    this.#used += entryBytes
    this.#entries += 1
  }

  end(): void {
    this.#buffer.writeUInt32LE(this.#entries, this.#frameAt + 20)
    this.#buffer.writeUInt32LE(crc32(this.#buffer.subarray(this.#frameAt + 4, this.#used)), this.#frameAt)
  }

  /** Everything ended so far; valid until the next begin. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.#used)
    this.#used = 0
    return bytes
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe((this.#used + bytes) * 2)
    this.#buffer.copy(grown, 0, 0, this.#used)
    this.#buffer = grown
  }
}

/** A frame as read; `bytes` counts it whole. */
interface FrameHead {
  readonly sequence: number
  readonly hour: number
  readonly entries: number
  readonly bytes: number
}

/** Undefined: the file ends here, torn or not. */
function frameAt(content: Buffer, at: number): FrameHead | undefined {
  if (at + headBytes > content.length) return undefined
  const entries = content.readUInt32LE(at + 20)
  const bytes = headBytes + entries * entryBytes
  if (at + bytes > content.length) return undefined
  if (crc32(content.subarray(at + 4, at + bytes)) !== content.readUInt32LE(at)) return undefined
  return { sequence: content.readDoubleLE(at + 4), hour: content.readUInt32LE(at + 12), entries, bytes }
}

function fileName(sequence: number): string {
  return `${String(sequence).padStart(16, '0')}.verdicts`
}

const fileNamePattern = /^(\d{16})\.verdicts$/

/** First sequence of a verdict file; undefined: it is none. */
export function verdictFileSequence(name: string): number | undefined {
  const start = fileNamePattern.exec(name)?.[1]
  return start === undefined ? undefined : Number(start)
}

/** A frame for whoever reads beside the writer; undefined: not all of it is there. */
export function verdictFrameAt(
  content: Buffer,
  at: number,
): { readonly sequence: number; readonly bytes: number; readonly verdicts: () => Uint8Array } | undefined {
  const frame = frameAt(content, at)
  if (frame === undefined) return undefined
  const verdicts = (): Uint8Array =>
    Uint8Array.from({ length: frame.entries }, (_, index) => content[at + headBytes + index * entryBytes] ?? 0)
  return { sequence: frame.sequence, bytes: frame.bytes, verdicts }
}

export interface VerdictLogOptions {
  readonly files: Files
  readonly folder: string
  /** The warehouse holds everything up to here; frames behind it are cut off. */
  readonly position: number
  /** Older files than are needed for so many ids are not read. */
  readonly idsMax: number
}

/** Reads one log in order for a rebuild, frame by frame; several logs are merged by hour. */
export interface VerdictCursor {
  /** Hour of the frame at hand; undefined: the end. */
  readonly hour: number | undefined
  rememberInto(index: DedupeIndex): void
  advance(): Promise<void>
}

export class VerdictLog {
  readonly #files: Files
  readonly #folder: string
  /** First sequences of the files, ascending. */
  #starts: number[]
  /** Newest hour a file holds, as far as known: decides when it may go. */
  readonly #hours = new Map<number, number>()
  #file: OpenFile | undefined
  #fileBytes = 0
  #isSynced = true
  /** Sequence of the last frame at or below the position; 0 = none. */
  lastSequence = 0

  private constructor(files: Files, folder: string, starts: number[]) {
    this.#files = files
    this.#folder = folder
    this.#starts = starts
  }

  /** Cuts off what lies behind the position and resolves with the log and a cursor over what is left. */
  static async open({
    files,
    folder,
    position,
    idsMax,
  }: VerdictLogOptions): Promise<{ log: VerdictLog; cursor: VerdictCursor }> {
    await files.makeFolder(folder)
    const starts: number[] = []
    for (const name of await files.list(folder)) {
      const start = verdictFileSequence(name)
      if (start === undefined) continue
      if (start <= position) starts.push(start)
      else await files.remove(join(folder, name))
    }
    const log = new VerdictLog(files, folder, starts)
    await log.#cut(position)
    const cursor = new LogCursor(files, folder, await log.#startsFor(idsMax), log.#hours)
    await cursor.advance()
    return { log, cursor }
  }

  /** The last file may hold frames behind the position, or a torn one. */
  async #cut(position: number): Promise<void> {
    const start = this.#starts.at(-1)
    if (start === undefined) return
    const path = join(this.#folder, fileName(start))
    const content = Buffer.from((await this.#files.readAll(path)) ?? [])
    let at = 0
    for (
      let frame = frameAt(content, at);
      frame !== undefined && frame.sequence <= position;
      frame = frameAt(content, at)
    ) {
      this.lastSequence = frame.sequence
      at += frame.bytes
    }
    this.#file = await this.#files.open(path, 'write')
    if (at < content.length) await this.#file.truncate(at)
    this.#fileBytes = at
    this.#isSynced = false
  }

  async #startsFor(idsMax: number): Promise<readonly number[]> {
    let bytes = 0
    let first = this.#starts.length
    while (first > 0 && bytes < idsMax * entryBytes) {
      first -= 1
      // Sizes by reading would cost the whole history; files are full except the last.
      bytes += first === this.#starts.length - 1 ? this.#fileBytes : fileBytesMax / 2
    }
    return this.#starts.slice(first)
  }

  /** Frames must continue behind lastSequence. Not durable before `sync`. */
  async write(frames: VerdictFrames, lastSequence: number, hour: number): Promise<void> {
    const bytes = frames.take()
    if (bytes.length === 0) return
    assert(frames.firstSequence > this.lastSequence, 'verdicts are written in sequence order')
    if (this.#file === undefined || this.#fileBytes >= fileBytesMax) await this.#begin(frames.firstSequence)
    assert(this.#file !== undefined, 'a verdict file is open')
    await this.#file.write([bytes], this.#fileBytes)
    this.#fileBytes += bytes.length
    this.#isSynced = false
    this.lastSequence = lastSequence
    const start = this.#starts.at(-1) ?? 0
    this.#hours.set(start, Math.max(hour, this.#hours.get(start) ?? 0))
  }

  async #begin(sequence: number): Promise<void> {
    await this.sync()
    await this.#file?.close()
    this.#file = await this.#files.open(join(this.#folder, fileName(sequence)), 'create')
    await this.#files.syncDirectory(this.#folder)
    this.#fileBytes = 0
    this.#starts.push(sequence)
  }

  async sync(): Promise<void> {
    if (this.#isSynced) return
    await this.#file?.sync()
    // Calls don't overlap: nothing was written meanwhile.
    this.#isSynced = true
  }

  /** Removes files that no answer can need any more: all of their ids are older than `hour`. */
  async release(hour: number): Promise<void> {
    while (this.#starts.length > 1) {
      const start = this.#starts[0] ?? 0
      // Unknown = not even read at the start, because newer files hold idsMax ids.
      if ((this.#hours.get(start) ?? 0) >= hour) return
      await this.#files.remove(join(this.#folder, fileName(start)))
      this.#starts.shift()
      this.#hours.delete(start)
    }
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }
}

class LogCursor implements VerdictCursor {
  readonly #files: Files
  readonly #folder: string
  readonly #starts: readonly number[]
  readonly #hours: Map<number, number>
  #content = Buffer.alloc(0)
  #nextFile = 0
  #at = 0
  #frame: FrameHead | undefined

  constructor(files: Files, folder: string, starts: readonly number[], hours: Map<number, number>) {
    this.#files = files
    this.#folder = folder
    this.#starts = starts
    this.#hours = hours
  }

  get hour(): number | undefined {
    return this.#frame?.hour
  }

  async advance(): Promise<void> {
    this.#at += this.#frame?.bytes ?? 0
    this.#frame = frameAt(this.#content, this.#at)
    while (this.#frame === undefined && this.#nextFile < this.#starts.length) {
      const start = this.#starts[this.#nextFile] ?? 0
      this.#content = Buffer.from((await this.#files.readAll(join(this.#folder, fileName(start)))) ?? [])
      this.#nextFile += 1
      this.#at = 0
      this.#frame = frameAt(this.#content, 0)
    }
    const start = this.#starts[this.#nextFile - 1]
    if (this.#frame !== undefined && start !== undefined) {
      this.#hours.set(start, Math.max(this.#frame.hour, this.#hours.get(start) ?? 0))
    }
  }

  rememberInto(index: DedupeIndex): void {
    const frame = this.#frame
    if (frame === undefined) return
    const end = this.#at + frame.bytes
    for (let at = this.#at + headBytes; at < end; at += entryBytes) {
      const verdict = this.#content[at]
      if (verdict !== verdictCodes.stored && verdict !== verdictCodes.flagged) continue
      const low = this.#content.readUInt32LE(at + 1)
      const high = this.#content.readUInt32LE(at + 5)
      index.remember(low, high, this.#content.readUInt32LE(at + 9), frame.hour)
    }
  }
}

/** Fills an index from several logs in the order of hours, as it was filled when the verdicts were given. */
export async function rebuildIndex(index: DedupeIndex, cursors: readonly VerdictCursor[]): Promise<void> {
  for (;;) {
    let next: VerdictCursor | undefined
    for (const cursor of cursors) {
      if (cursor.hour !== undefined && (next?.hour === undefined || cursor.hour < next.hour)) next = cursor
    }
    if (next === undefined) return
    next.rememberInto(index)
    await next.advance()
  }
}
