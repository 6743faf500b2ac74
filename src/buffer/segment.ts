// What a stream's folder looks like: names of segments, and the JSON inside segment headers and cuts.
// Used by the writer, recovery and readers; the format is docs/specs/buffer.md §2 and §4.
import { join } from 'node:path'

import { type Files, isErrno, type OpenFile } from '../core/files.ts'
import { frameBody, type Frame, frameType, sequencesPerStart } from './frame.ts'
import { FrameScanner } from './scan.ts'

/** Events received since the stream began, per source. A Map, because a source may be called anything. */
export type Totals = Map<string, number>

/** A segment that was ended: its bytes from `bytes` on do not exist, whatever the file holds. */
export interface EndedSegment {
  readonly name: string
  readonly bytes: number
  /** 0 if it holds no record. */
  readonly lastSequence: number
}

export interface SegmentHeader {
  readonly totals: Totals
  readonly previous: readonly EndedSegment[]
}

const namePattern = /^(\d{16})\.seg$/

export const startFileName = 'start'
export const quarantineFolderName = 'quarantine'

export function segmentName(firstSequence: number): string {
  return `${String(firstSequence).padStart(16, '0')}.seg`
}

/** The sequence in a segment's name; undefined for names that are none of ours. */
export function firstSequenceOf(name: string): number | undefined {
  const digits = namePattern.exec(name)?.[1]
  const first = digits === undefined ? undefined : Number(digits)
  return first !== undefined && Number.isSafeInteger(first) && first >= sequencesPerStart ? first : undefined
}

/** Names of the segments in a folder, oldest first. */
export async function listSegments(files: Files, folder: string): Promise<string[]> {
  return (await files.list(folder)).filter((name) => firstSequenceOf(name) !== undefined)
}

export function totalsRecord(totals: Totals): Record<string, number> {
  return Object.fromEntries(totals)
}

function parseJsonBody(frame: Frame): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(frameBody(frame).toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch (error) {
    // The checksum was right, so another program wrote this: it tells us nothing, and stops nothing.
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function totalsOf(value: unknown): Totals {
  const totals: Totals = new Map()
  if (typeof value !== 'object' || value === null) return totals
  for (const [source, count] of Object.entries(value)) if (isCount(count)) totals.set(source, count)
  return totals
}

export function cutTotals(frame: Frame): Totals {
  return totalsOf(parseJsonBody(frame)['totals'])
}

function endedSegmentOf(value: unknown): EndedSegment | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { name, bytes, lastSequence } = value as Partial<Record<string, unknown>>
  if (typeof name !== 'string' || !isCount(bytes) || !isCount(lastSequence)) return undefined
  return { name, bytes, lastSequence }
}

export function segmentHeaderOf(frame: Frame): SegmentHeader {
  const body = parseJsonBody(frame)
  const previous = Array.isArray(body['previous']) ? body['previous'].map(endedSegmentOf) : []
  return { totals: totalsOf(body['totals']), previous: previous.filter((one) => one !== undefined) }
}

/** Opens a file that may have been removed since it was listed. */
export async function openIfThere(files: Files, path: string): Promise<OpenFile | undefined> {
  try {
    return await files.open(path, 'read')
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

/** The header of a segment, if its first frame is one. */
export async function readSegmentHeader(file: OpenFile, firstSequence: number): Promise<SegmentHeader | undefined> {
  const scanner = new FrameScanner(file, { offset: 0, end: Infinity, firstSequence, windowBytes: 16 * 1024 })
  const first = await scanner.next()
  const isHeader = first !== undefined && first.offset === 0 && first.frame.type === frameType.header
  return isHeader ? segmentHeaderOf(first.frame) : undefined
}

/**
 * Keeps the bytes of a damaged range in `quarantine/`, once: the reader and recovery may both meet it.
 * Rejects like any other write when the disk refuses.
 */
export async function keepDamaged(
  files: Files,
  folder: string,
  range: { segment: string; offset: number; bytes: number },
  source: OpenFile,
): Promise<void> {
  const quarantine = join(folder, quarantineFolderName)
  const name = `${range.segment}-${range.offset}-${range.bytes}.bytes`
  if ((await files.list(quarantine)).includes(name)) return
  await files.makeFolder(quarantine)
  await files.syncDirectory(folder)
  const temporary = join(quarantine, `.${name}.tmp`)
  await files.remove(temporary)
  const copy = await files.open(temporary, 'create')
  try {
    const window = Buffer.allocUnsafe(Math.min(range.bytes, 1024 * 1024))
    for (let done = 0; done < range.bytes;) {
      const part = window.subarray(0, Math.min(window.length, range.bytes - done))
      const read = await source.read(part, range.offset + done)
      if (read === 0) break
      await copy.write([part.subarray(0, read)], done)
      done += read
    }
    await copy.sync()
  } finally {
    await copy.close()
  }
  await files.rename(temporary, join(quarantine, name))
  await files.syncDirectory(quarantine)
}
