// Archive and buffer as one folder: a view of the file system in which a stream's folder also lists the archived segments
// that the buffer has no more, so that the buffer's own reader reads from any position. It asks the store only while the
// reader stands before the buffer's oldest segment. Rules: docs/specs/archive.md §6.
import { basename, dirname } from 'node:path'

import type { StreamName } from '../../buffer/buffer.ts'
import { firstSequenceOf } from '../../buffer/segment.ts'
import { type Files, isErrno, type OpenFile } from '../../core/files.ts'
import type { Log } from '../../core/log.ts'
import type { ObjectStore } from '../../objects/store.ts'
import { ChunkCache, openArchived } from './archived-file.ts'
import { type ArchivedSegment, listArchived } from './archived-segment.ts'

export interface ArchivedFolder {
  readonly stream: StreamName
  /** Of the stream's segments in the buffer. */
  readonly folder: string
  /** The position from which its reader reads. */
  readonly after: number
}

/** Two files may be open at a time, each on the border of two chunks. */
const cachedChunksMax = 4

/**
 * Everything but the segments of these folders is passed on as it is. At most one reader a folder: the view follows it
 * to know what it still needs.
 */
export function withArchive(files: Files, store: ObjectStore, folders: readonly ArchivedFolder[], log: Log): Files {
  const cache = new ChunkCache(cachedChunksMax)
  const merged = new Map(folders.map((one) => [one.folder, new MergedFolder(one, { files, store, cache, log })]))
  return {
    ...files,
    list: async (folder) => (await merged.get(folder)?.list()) ?? (await files.list(folder)),
    async open(path, mode) {
      const folder = mode === 'read' ? merged.get(dirname(path)) : undefined
      const firstSequence = firstSequenceOf(basename(path))
      if (folder === undefined || firstSequence === undefined) return await files.open(path, mode)
      return await folder.open(path, firstSequence)
    },
  }
}

interface MergedDeps {
  readonly files: Files
  readonly store: ObjectStore
  readonly cache: ChunkCache
  readonly log: Log
}

class MergedFolder {
  readonly #options: ArchivedFolder
  readonly #deps: MergedDeps
  /** By name of the segment, as far as the store was listed. */
  readonly #archived = new Map<string, ArchivedSegment>()
  readonly #opened: number[] = []
  #lastObject: string | undefined
  /** The buffer's oldest segment when the store was listed last. */
  #listedAt: number | undefined
  /** The reader needs nothing of segments before the one that holds this sequence. */
  #floor: number

  constructor(options: ArchivedFolder, deps: MergedDeps) {
    this.#options = options
    this.#deps = deps
    this.#floor = options.after
  }

  async list(): Promise<string[]> {
    // The buffer first: what leaves it after this is in the archive already.
    const names = await this.#deps.files.list(this.#options.folder)
    if (this.#opened.length > 0) this.#floor = Math.max(this.#floor, Math.min(...this.#opened))
    const oldest = names.map(firstSequenceOf).find((first) => first !== undefined) ?? Infinity
    if (oldest <= this.#floor) return names
    if (oldest !== this.#listedAt) await this.#listArchive()
    this.#listedAt = oldest
    const there = new Set(names)
    for (const { segment, lastSequence } of this.#archived.values()) {
      if (lastSequence > this.#options.after) there.add(segment)
    }
    return [...there].sort()
  }

  async open(path: string, firstSequence: number): Promise<OpenFile> {
    const file = await this.#open(path)
    this.#opened.push(firstSequence)
    return new FollowedFile(file, () => {
      const index = this.#opened.indexOf(firstSequence)
      if (index !== -1) this.#opened.splice(index, 1)
    })
  }

  async #open(path: string): Promise<OpenFile> {
    try {
      return await this.#deps.files.open(path, 'read')
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error
      const file = await this.#openArchived(basename(path))
      if (file === undefined) throw error
      return file
    }
  }

  async #openArchived(segment: string): Promise<OpenFile | undefined> {
    const { store, cache, log } = this.#deps
    // It may have been archived and released since the list.
    if (!this.#archived.has(segment)) await this.#listArchive()
    const archived = this.#archived.get(segment)
    if (archived === undefined) return undefined
    const file = await openArchived(archived, {
      store,
      cache,
      onDamage: (damage) => {
        log.error({ ...damage }, 'A part of an archived segment is damaged; it is read as zeros and stepped over.')
      },
    })
    if (file === undefined) this.#archived.delete(segment)
    return file
  }

  /** Only what was added since the last time. */
  async #listArchive(): Promise<void> {
    const { store } = this.#deps
    for await (const archived of listArchived(store, this.#options.stream, this.#lastObject)) {
      this.#archived.set(archived.segment, archived)
      this.#lastObject = archived.object
    }
  }
}

/** Tells when it is closed, once. */
class FollowedFile implements OpenFile {
  readonly #file: OpenFile
  readonly #closed: () => void

  constructor(file: OpenFile, closed: () => void) {
    this.#file = file
    this.#closed = closed
  }

  get isWhole(): boolean {
    return this.#file.isWhole === true
  }

  read(target: Uint8Array, offset: number): Promise<number> {
    return this.#file.read(target, offset)
  }

  write(parts: readonly Uint8Array[], offset: number): Promise<void> {
    return this.#file.write(parts, offset)
  }

  truncate(bytes: number): Promise<void> {
    return this.#file.truncate(bytes)
  }

  sync(): Promise<void> {
    return this.#file.sync()
  }

  size(): Promise<number> {
    return this.#file.size()
  }

  async close(): Promise<void> {
    this.#closed()
    await this.#file.close()
  }
}
