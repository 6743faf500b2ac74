// The archive's writing end: finds sealed segments in the buffer's folders, compresses them into the store, and removes the
// oldest when they are no longer wanted. It never touches the buffer: the writer removes what is archived and loaded.
// Rules: docs/specs/archive.md.
//
//   listing the store ──▶ idle ──sweep──▶ per stream: list ─▶ sealed? ─▶ inspect ─▶ compress + check ─▶ put ─▶ counted
//        ▲   fails │        ▲                                    each failure: logged, stream left for the next sweep
//        └─────────┘        └───────────────────────────────────────────────────────────────────────────┘
import { createHash } from 'node:crypto'
import { join } from 'node:path'

import type { StreamName } from '../../buffer/buffer.ts'
import { firstSequenceOf, listSegments, openIfThere } from '../../buffer/segment.ts'
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Files, OpenFile } from '../../core/files.ts'
import type { Log } from '../../core/log.ts'
import type { ArchiveSettings } from '../../core/settings.ts'
import type { ObjectStore } from '../../objects/store.ts'
import type { Archive, ArchiveStatus, ChangeRecord, LookedAt, RewriteRange } from './archive.ts'
import { type ArchiveDamage, ChunkCache, openArchived } from './archived-file.ts'
import { archivedName, type ArchivedSegment, listArchived, type SegmentFacts } from './archived-segment.ts'
import { countChanges, rewritten } from './rewrite.ts'
import { type Chunk, chunkBytes, encodeTable, packChunk } from './seekable.ts'
import { findSealed, inspectSegment, type SealedSegment } from './sealed.ts'

export interface ArchiveOptions {
  /** `folder`: of the stream's segments in the buffer. */
  readonly streams: readonly { readonly stream: StreamName; readonly folder: string }[]
  readonly settings: ArchiveSettings
}

export interface ArchiveDeps {
  readonly files: Files
  readonly store: ObjectStore
  readonly clock: Clock
  readonly log: Log
}

const microsPerDay = 86_400_000_000

interface ArchivedStream {
  readonly stream: StreamName
  readonly folder: string
  /** By name in the buffer, oldest first. */
  readonly archived: Map<string, ArchivedSegment>
  /** Sealed segments without a record: nothing to archive. */
  readonly empty: Set<string>
  /** Segments with records that could not be archived yet. */
  readonly failed: Set<string>
  /** The store's list was read. */
  isListed: boolean
  /** Records from here on may be in the buffer only. */
  unarchivedFrom: number
}

/** Never rejects: a store that can't be listed yet is asked again by the next sweep. */
export async function openArchive(options: ArchiveOptions, deps: ArchiveDeps): Promise<Archive> {
  const archive = new SegmentArchive(options, deps)
  await archive.begin()
  return archive
}

class SegmentArchive implements Archive {
  readonly #settings: ArchiveSettings
  readonly #deps: ArchiveDeps
  readonly #streams: readonly ArchivedStream[]
  #sweeping: Promise<void> | undefined
  /** Sweeps and expiries one after the other. */
  #running: Promise<unknown> = Promise.resolve()
  #stopping = false
  #sweepError: string | null = null
  #expireError: string | null = null

  constructor({ streams, settings }: ArchiveOptions, deps: ArchiveDeps) {
    this.#settings = settings
    this.#deps = deps
    const fresh = { isListed: false, unarchivedFrom: 0 }
    this.#streams = streams.map(({ stream, folder }) => {
      return { stream, folder, archived: new Map(), empty: new Set(), failed: new Set(), ...fresh }
    })
  }

  async begin(): Promise<void> {
    await this.#eachStream(async (stream) => {
      await this.#list(stream)
      noteUnarchived(stream, await listSegments(this.#deps.files, stream.folder))
    })
  }

  sweep(): Promise<void> {
    this.#sweeping ??= this.#inTurn(async () => {
      try {
        await this.#eachStream((stream) => this.#sweepStream(stream))
      } finally {
        this.#sweeping = undefined
      }
    })
    return this.#sweeping
  }

  archivedUpTo(name: StreamName): number {
    const stream = this.#streams.find((one) => one.stream === name)
    if (stream === undefined) return 0
    return Math.max(0, Math.min(newestOf(stream)?.lastSequence ?? 0, stream.unarchivedFrom - 1))
  }

  expire(): Promise<number> {
    return this.#inTurn(async () => {
      let removed = 0
      try {
        for await (const { object } of this.#expired()) {
          removed += 1
          this.#deps.log.info({ object }, 'An archived segment has expired and was removed.')
        }
        this.#expireError = null
      } catch (error) {
        this.#expireError = messageOf(error)
        this.#deps.log.error({ err: error }, 'Expired segments of the archive could not be removed.')
      }
      return removed
    })
  }

  async *rewrite(range: RewriteRange, change: ChangeRecord): AsyncGenerator<LookedAt> {
    const { stream: name, after, receivedUntilMicros } = range
    const stream = this.#streams.find((one) => one.stream === name)
    if (stream === undefined) return
    await this.#inTurn(() => this.#list(stream))
    const inBuffer = new Set(await listSegments(this.#deps.files, stream.folder))
    for (const { segment, lastSequence, receivedAtMicros } of stream.archived.values()) {
      if (lastSequence <= after || receivedAtMicros > receivedUntilMicros) continue
      if (inBuffer.has(segment)) return
      const changed = await this.#inTurn(() => this.#rewriteSegment(stream, segment, change))
      yield { lastSequence, changed }
    }
  }

  /** Records changed. Damage stays as it lies there, as zeros. */
  async #rewriteSegment(stream: ArchivedStream, segment: string, change: ChangeRecord): Promise<number> {
    if (this.#stopping) throw new Error('The archive is stopping.')
    const { store, log } = this.#deps
    const archived = stream.archived.get(segment)
    const onDamage = (damage: ArchiveDamage): void => {
      log.error({ ...damage }, 'A part of an archived segment is damaged; nobody can be erased from it.')
    }
    const file = archived && (await openArchived(archived, { store, cache: new ChunkCache(2), onDamage }))
    // It has expired meanwhile.
    if (archived === undefined || file === undefined) return 0
    const changed = await countChanges(file, archived.firstSequence, change)
    if (changed === 0) return 0
    // Twice, so that the store can refuse what isn't the same: the old object is the only one until then.
    const chunks = (): AsyncIterable<Buffer> => rewritten(file, archived.firstSequence, change)
    const hash = createHash('sha256')
    for await (const part of this.#compress(chunks())) hash.update(part)
    const { bytes } = await store.put(archived.object, this.#compress(chunks()), { sha256: hash.digest('hex') })
    stream.archived.set(segment, { ...archived, bytes })
    log.info({ object: archived.object, records: changed, archivedBytes: bytes }, 'An archived segment was put anew.')
    return changed
  }

  status(): ArchiveStatus {
    const archived = this.#streams.flatMap((stream) => [...stream.archived.values()])
    const oldest = archived.reduce((least, { receivedAtMicros }) => Math.min(least, receivedAtMicros), Infinity)
    return {
      segments: archived.length,
      bytes: archived.reduce((sum, { bytes }) => sum + bytes, 0),
      oldestMicros: archived.length === 0 ? 0 : oldest,
      lastError: this.#sweepError ?? this.#expireError,
    }
  }

  /** A segment under way is broken off; nothing of it stays. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#running
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#running.then(task)
    this.#running = turn.catch(() => undefined)
    return turn
  }

  /** One stream's trouble is not the others'. */
  async #eachStream(task: (stream: ArchivedStream) => Promise<void>): Promise<void> {
    let firstError: string | null = null
    for (const stream of this.#streams) {
      if (this.#stopping) return
      try {
        await task(stream)
      } catch (error) {
        if (this.#stopping) return
        firstError ??= `${stream.stream}: ${messageOf(error)}`
        this.#deps.log.error({ err: error, stream: stream.stream }, 'Segments could not be archived; they are kept.')
      }
    }
    this.#sweepError = firstError
  }

  async #list(stream: ArchivedStream): Promise<void> {
    if (stream.isListed) return
    stream.archived.clear()
    for await (const one of listArchived(this.#deps.store, stream.stream)) stream.archived.set(one.segment, one)
    stream.isListed = true
  }

  async #sweepStream(stream: ArchivedStream): Promise<void> {
    const { files } = this.#deps
    await this.#list(stream)
    const names = await listSegments(files, stream.folder)
    this.#tellVanished(stream, names)
    const newest = firstSequenceOf(names.at(-1) ?? '') ?? Infinity
    if (newest <= (newestOf(stream)?.lastSequence ?? 0)) {
      noteUnarchived(stream, [])
      stream.unarchivedFrom = 0
      throw new Error(
        `The buffer counts from ${newest} while the archive ends at ${newestOf(stream)?.lastSequence}: the buffer was ` +
          'replaced without its file `start`. Stop, write a greater number of starts into it, and start again.',
      )
    }
    noteUnarchived(stream, names)
    const wanted = new Set(names.slice(0, -1).filter((name) => !stream.archived.has(name) && !stream.empty.has(name)))
    for (const sealed of await findSealed(files, stream.folder, names, wanted)) {
      await this.#archiveSegment(stream, sealed)
      noteUnarchived(stream, names)
    }
  }

  async #archiveSegment(stream: ArchivedStream, { name, end }: SealedSegment): Promise<void> {
    const { files, log } = this.#deps
    const file = await openIfThere(files, join(stream.folder, name))
    if (file === undefined) {
      stream.empty.add(name)
      log.error({ stream: stream.stream, segment: name }, 'A segment left the buffer before it was archived.')
      return
    }
    try {
      const bytes = Math.min(await file.size(), end)
      const content = await inspectSegment(file, firstSequenceOf(name) ?? 0, bytes)
      const { records, damagedBytes } = content
      if (damagedBytes > 0) log.error({ segment: name, damagedBytes }, 'A damaged segment is archived as it is.')
      if (records === 0) {
        stream.empty.add(name)
        return
      }
      stream.failed.add(name)
      const archived = await this.#put(stream.stream, name, file, bytes, content)
      stream.archived.set(name, archived)
      stream.failed.delete(name)
      log.info({ object: archived.object, records, bytes, archivedBytes: archived.bytes }, 'A segment was archived.')
    } finally {
      await file.close()
    }
  }

  /** Every chunk was decompressed and compared before the store had it; the store says what it has kept. */
  async #put(
    stream: StreamName,
    segment: string,
    file: OpenFile,
    bytes: number,
    facts: SegmentFacts,
  ): Promise<ArchivedSegment> {
    const { store } = this.#deps
    const object = archivedName(stream, facts)
    const { firstSequence, lastSequence, receivedAtMicros } = facts
    const hash = createHash('sha256')
    const receipt = await store.put(
      object,
      this.#compress(chunksOf(file, bytes), (part) => hash.update(part)),
    )
    if (receipt.sha256 !== hash.digest('hex')) {
      await store.remove(object)
      throw new Error(`The store kept other bytes of ${object} than it was given; the object was removed.`)
    }
    return { object, segment, firstSequence, lastSequence, receivedAtMicros, bytes: receipt.bytes }
  }

  async *#compress(
    raws: AsyncIterable<Buffer>,
    passing: (part: Buffer) => void = () => undefined,
  ): AsyncGenerator<Buffer> {
    const chunks: Pick<Chunk, 'packedBytes' | 'bytes'>[] = []
    for await (const raw of raws) {
      if (this.#stopping) throw new Error('The archive is stopping.')
      const packed = await packChunk(raw)
      chunks.push({ packedBytes: packed.length, bytes: raw.length })
      passing(packed)
      yield packed
    }
    const table = encodeTable(chunks)
    passing(table)
    yield table
  }

  #tellVanished(stream: ArchivedStream, names: readonly string[]): void {
    const there = new Set(names)
    for (const name of stream.empty) if (!there.has(name)) stream.empty.delete(name)
    for (const name of stream.failed) {
      if (there.has(name)) continue
      stream.failed.delete(name)
      const fields = { stream: stream.stream, segment: name }
      this.#deps.log.error(fields, 'A segment left the buffer before it was archived; a rebuild will miss its records.')
    }
  }

  /** Removes, and then gives out, what is too old or too much. */
  async *#expired(): AsyncGenerator<ArchivedSegment> {
    const { archiveRetentionDays, archiveBytesMax } = this.#settings
    if (archiveRetentionDays === 0 && archiveBytesMax === 0) return
    const days = archiveRetentionDays === 0 ? Infinity : archiveRetentionDays
    const oldestKeptMicros = this.#deps.clock.nowMicros() - days * microsPerDay
    const inBuffer = new Map<ArchivedStream, ReadonlySet<string>>()
    for (const stream of this.#streams) {
      await this.#list(stream)
      inBuffer.set(stream, new Set(await listSegments(this.#deps.files, stream.folder)))
    }
    let total = this.status().bytes
    for (;;) {
      if (this.#stopping) return
      const candidates = this.#streams.flatMap((stream) => {
        const [oldest, following] = stream.archived.values()
        // The newest stays, since its name says how far the archive reaches; and what the buffer has would come again.
        if (oldest === undefined || following === undefined || inBuffer.get(stream)?.has(oldest.segment)) return []
        return [{ stream, oldest, endMicros: following.receivedAtMicros }]
      })
      candidates.sort((a, b) => a.oldest.receivedAtMicros - b.oldest.receivedAtMicros)
      const isTooMuch = archiveBytesMax > 0 && total > archiveBytesMax
      const due = candidates.find(({ endMicros }) => isTooMuch || endMicros < oldestKeptMicros)
      if (due === undefined) return
      const { stream, oldest } = due
      await this.#deps.store.remove(oldest.object)
      stream.archived.delete(oldest.segment)
      total -= oldest.bytes
      yield oldest
    }
  }
}

async function* chunksOf(file: OpenFile, bytes: number): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < bytes; offset += chunkBytes) {
    const raw = Buffer.allocUnsafe(Math.min(chunkBytes, bytes - offset))
    if ((await file.read(raw, offset)) !== raw.length) throw new Error('A sealed segment became shorter.')
    yield raw
  }
}

function newestOf(stream: ArchivedStream): ArchivedSegment | undefined {
  let newest: ArchivedSegment | undefined
  for (const one of stream.archived.values()) newest = one
  return newest
}

function noteUnarchived(stream: ArchivedStream, names: readonly string[]): void {
  const oldest = names.find((name) => !stream.archived.has(name) && !stream.empty.has(name))
  stream.unarchivedFrom = firstSequenceOf(oldest ?? '') ?? Infinity
}
