// Where what can still be read of a stream begins, and what came before it: a rebuild keeps the old rows from before.
import { join } from 'node:path'

import type { StreamName } from '../../buffer/buffer.ts'
import { FrameScanner } from '../../buffer/scan.ts'
import { firstSequenceOf, listSegments, openIfThere, readSegmentHeader } from '../../buffer/segment.ts'
import type { Files, OpenFile } from '../../core/files.ts'
import type { ObjectStore } from '../../objects/store.ts'
import { ChunkCache, openArchived } from './archived-file.ts'
import { listArchived } from './archived-segment.ts'
import { inspectSegment } from './sealed.ts'

export interface ArchiveBeginning {
  /** Nothing that can still be read has a smaller sequence. */
  readonly firstSequence: number
  /** Of the first record that can still be read. */
  readonly receivedAtMicros: number
  /**
   * Events that the stream had received before it, per source: they have expired, or came before there was an archive.
   * Empty: nothing is missing. Undefined: the header that says so is damaged.
   */
  readonly eventsBefore: Readonly<Record<string, number>> | undefined
}

/**
 * Where the archive of a stream begins. If nothing is archived, where the buffer begins, provided its folder is given: what
 * came before an archive was kept may be gone all the same. Undefined: there is no record at all.
 */
export async function archiveBegins(
  store: ObjectStore,
  stream: StreamName,
  buffer?: { readonly files: Files; readonly folder: string },
): Promise<ArchiveBeginning | undefined> {
  for await (const archived of listArchived(store, stream)) {
    const file = await openArchived(archived, { store, cache: new ChunkCache(1), onDamage: () => undefined })
    // Expired since it was listed.
    if (file === undefined) continue
    const { firstSequence, receivedAtMicros } = archived
    return { firstSequence, receivedAtMicros, eventsBefore: await eventsBefore(file, firstSequence) }
  }
  return buffer === undefined ? undefined : await bufferBegins(buffer.files, buffer.folder)
}

async function bufferBegins(files: Files, folder: string): Promise<ArchiveBeginning | undefined> {
  /** Of a segment without a record, which tells of events before it all the same. */
  let empty: ArchiveBeginning | undefined
  for (const name of await listSegments(files, folder)) {
    const file = await openIfThere(files, join(folder, name))
    if (file === undefined) continue
    try {
      const firstSequence = firstSequenceOf(name) ?? 0
      const { records, receivedAtMicros } = await inspectSegment(file, firstSequence, Infinity)
      const before = await eventsBefore(file, firstSequence)
      if (records > 0) return { firstSequence, receivedAtMicros, eventsBefore: before }
      empty ??= await emptyBeginning(file, firstSequence, before)
    } finally {
      await file.close()
    }
  }
  return empty
}

/** Everything before it was released while no archive was kept: what the stream has begins when its header was written. */
async function emptyBeginning(
  file: OpenFile,
  firstSequence: number,
  before: ArchiveBeginning['eventsBefore'],
): Promise<ArchiveBeginning | undefined> {
  // Without a header nothing is known of it: an end that a crash left, or damage, which recovery puts aside.
  if (before === undefined || Object.keys(before).length === 0) return undefined
  const header = await new FrameScanner(file, {
    offset: 0,
    end: Infinity,
    firstSequence,
    windowBytes: 16 * 1024,
  }).next()
  return header === undefined
    ? undefined
    : { firstSequence, receivedAtMicros: header.frame.micros, eventsBefore: before }
}

async function eventsBefore(file: OpenFile, firstSequence: number): Promise<ArchiveBeginning['eventsBefore']> {
  const header = await readSegmentHeader(file, firstSequence)
  return header === undefined ? undefined : Object.fromEntries(header.totals)
}
