// Which segments of a buffer folder will never change any more, how much of each file exists, and what is in it.
import { join } from 'node:path'

import { frameType } from '../../buffer/frame.ts'
import { FrameScanner, hopFrames } from '../../buffer/scan.ts'
import { firstSequenceOf, openIfThere, readSegmentHeader, type SegmentHeader } from '../../buffer/segment.ts'
import type { Files, OpenFile } from '../../core/files.ts'
import type { SegmentFacts } from './archived-segment.ts'

export interface SealedSegment {
  readonly name: string
  /** Told by the header behind it: bytes from here on do not exist. Infinity = the whole file does. */
  readonly end: number
}

interface Look {
  readonly header: SegmentHeader | undefined
  readonly hasCut: boolean
}

async function look(files: Files, folder: string, name: string): Promise<Look> {
  const file = await openIfThere(files, join(folder, name))
  if (file === undefined) return { header: undefined, hasCut: false }
  try {
    const header = await readSegmentHeader(file, firstSequenceOf(name) ?? 0)
    if (header === undefined) return { header, hasCut: false }
    let hasCut = false
    await hopFrames(file, ({ control }) => {
      hasCut = control?.type === frameType.cut
      return !hasCut
    })
    return { header, hasCut }
  } finally {
    await file.close()
  }
}

/**
 * Of `wanted`, those that can't change any more, oldest first. `names` are all segments of the folder, oldest first. As for
 * readers (docs/specs/buffer.md §7), the nearest newer header tells where a segment ends. But the archive waits for a cut
 * behind some newer header as well: before it that header may not be durable, and if power went, recovery would open the
 * older segment once more, and could find a record in it that the archive hasn't.
 */
export async function findSealed(
  files: Files,
  folder: string,
  names: readonly string[],
  wanted: ReadonlySet<string>,
): Promise<SealedSegment[]> {
  const oldestWanted = names.findIndex((name) => wanted.has(name))
  if (oldestWanted === -1) return []
  const sealed: SealedSegment[] = []
  let nearest: SegmentHeader | undefined
  let isDurable = false
  for (let index = names.length - 1; index >= oldestWanted; index -= 1) {
    const name = names[index] ?? ''
    if (nearest !== undefined && isDurable && wanted.has(name)) {
      const end = nearest.previous.find((one) => one.name === name)?.bytes ?? Infinity
      sealed.unshift({ name, end })
    }
    if (index === oldestWanted) break
    const { header, hasCut } = await look(files, folder, name)
    nearest = header ?? nearest
    isDurable ||= hasCut
  }
  return sealed
}

export interface SegmentContent extends SegmentFacts {
  readonly records: number
  /** Bytes that belong to no valid frame. */
  readonly damagedBytes: number
}

/** Reads all of a segment up to `end`, with every check. */
export async function inspectSegment(file: OpenFile, firstSequence: number, end: number): Promise<SegmentContent> {
  const scanner = new FrameScanner(file, { offset: 0, end, firstSequence, windowBytes: 1024 * 1024 })
  const content = { firstSequence, lastSequence: 0, receivedAtMicros: 0, records: 0, damagedBytes: 0 }
  for (let found = await scanner.next(); found !== undefined; found = scanner.take() ?? (await scanner.next())) {
    const { frame, offset, damagedFrom } = found
    if (damagedFrom !== undefined) content.damagedBytes += offset - damagedFrom
    if (frame.type !== frameType.record) continue
    if (content.records === 0) content.receivedAtMicros = frame.micros
    content.records += 1
    content.lastSequence = frame.sequence
  }
  content.damagedBytes += scanner.offset - scanner.validEnd
  return content
}
