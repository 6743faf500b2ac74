// An archived segment with other records in it: each frame that doesn't change keeps its bytes, and so does what is damaged.
// docs/specs/archive.md §8.
import { setImmediate as turn } from 'node:timers/promises'

import { encodeRecord, frameRecord, frameType } from '../../buffer/frame.ts'
import { FrameScanner, type ScannedFrame } from '../../buffer/scan.ts'
import type { OpenFile } from '../../core/files.ts'
import type { ChangeRecord } from './archive.ts'
import { chunkBytes } from './seekable.ts'

const windowBytes = 1024 * 1024
/** Whoever waits for the thread gets it after so much. */
const turnBytes = 256 * 1024

async function* framesOf(file: OpenFile, firstSequence: number): AsyncGenerator<ScannedFrame> {
  const scanner = new FrameScanner(file, { offset: 0, end: Infinity, firstSequence, windowBytes })
  let unturned = 0
  for (let found = await scanner.next(); found !== undefined; found = await scanner.next()) {
    yield found
    unturned += found.frame.length
    if (unturned < turnBytes) continue
    unturned = 0
    await turn()
  }
}

function changedOf({ frame }: ScannedFrame, change: ChangeRecord): ReturnType<ChangeRecord> {
  return frame.type === frameType.record ? change(frameRecord(frame)) : undefined
}

/** How many records `change` gives back. */
export async function countChanges(file: OpenFile, firstSequence: number, change: ChangeRecord): Promise<number> {
  let changes = 0
  for await (const found of framesOf(file, firstSequence)) if (changedOf(found, change) !== undefined) changes += 1
  return changes
}

/** The bytes of the segment in chunks of the archive's size. */
export async function* rewritten(file: OpenFile, firstSequence: number, change: ChangeRecord): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = []
  let waitingBytes = 0
  for await (const part of partsOf(file, firstSequence, change)) {
    waiting.push(part)
    waitingBytes += part.length
    if (waitingBytes < chunkBytes) continue
    const bytes = Buffer.concat(waiting)
    const whole = bytes.length - (bytes.length % chunkBytes)
    for (let at = 0; at < whole; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
    waiting = [bytes.subarray(whole)]
    waitingBytes = bytes.length - whole
  }
  if (waitingBytes > 0) yield Buffer.concat(waiting)
}

async function* partsOf(file: OpenFile, firstSequence: number, change: ChangeRecord): AsyncGenerator<Buffer> {
  let at = 0
  for await (const found of framesOf(file, firstSequence)) {
    // Damaged bytes before it.
    yield* bytesOf(file, at, found.offset)
    at = found.offset + found.frame.length
    const changed = changedOf(found, change)
    const parts: Uint8Array[] = changed === undefined ? [found.frame.bytes] : []
    if (changed !== undefined) encodeRecord(changed, changed.sequence, parts)
    for (const part of parts) yield Buffer.from(part.buffer, part.byteOffset, part.byteLength)
  }
  yield* bytesOf(file, at, await file.size())
}

async function* bytesOf(file: OpenFile, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; at += windowBytes) {
    const bytes = Buffer.alloc(Math.min(windowBytes, end - at))
    await file.read(bytes, at)
    yield bytes
  }
}
