// What the archive's fault tests share: a stream on a simulated disk, and an object store on the same disk, so that one
// power cut reaches both.
import type { ReadBatch, StreamReader } from '../../src/buffer/buffer.ts'
import { openReader } from '../../src/buffer/reader.ts'
import type { ArchiveSettings } from '../../src/core/settings.ts'
import { withArchive } from '../../src/deliver/archive/archive-files.ts'
import type { Archive } from '../../src/deliver/archive/archive.ts'
import { openArchive } from '../../src/deliver/archive/archiver.ts'
import { openDiskStore } from '../../src/objects/disk/disk.ts'
import type { Look } from '../../src/objects/disk/look.ts'
import type { ObjectStore } from '../../src/objects/store.ts'
import { folder, type Harness, log, newHarness } from './buffer-harness.ts'
import type { SimulatedDisk } from './simulated-files.ts'

const root = '/data/archive'

/** The real store of the disk, on a simulated one. */
function storeOn(disk: SimulatedDisk): Promise<ObjectStore> {
  const look: Look = {
    entries: (path) => {
      const folder = path.replace(/\/$/, '')
      const failure = disk.begin('list', folder)
      if (failure !== undefined) return Promise.reject(failure)
      const isFolder = (name: string): boolean => disk.node(`${folder}/${name}`)?.isFolder === true
      return Promise.resolve(disk.children(folder).map((name) => ({ name, isFolder: isFolder(name) })))
    },
    file: (path) => {
      const node = disk.node(path)
      if (node === undefined || node.isFolder) return Promise.resolve(undefined)
      // Never older than this process, so that no store takes another's upload for a left-over.
      return Promise.resolve({ bytes: node.current.length, modifiedAtMicros: Number.MAX_SAFE_INTEGER })
    },
  }
  return openDiskStore({ folder: root, files: disk.files(), look, log })
}

/** The store, but some of its calls are others. */
export function overriding(store: ObjectStore, change: Partial<ObjectStore>): ObjectStore {
  return new Proxy(store, {
    get: (target, name: keyof ObjectStore) => change[name] ?? target[name].bind(target),
  })
}

/** Counts calls of a store by name. */
export function countCalls(store: ObjectStore): { store: ObjectStore; calls: Record<string, number> } {
  const calls: Record<string, number> = {}
  const counted = new Proxy(store, {
    get(target, name: keyof ObjectStore) {
      calls[name] ??= 0
      return (...args: never[]) => {
        calls[name] = (calls[name] ?? 0) + 1
        return (target[name] as (...all: never[]) => unknown)(...args)
      }
    },
  })
  return { store: counted, calls }
}

export interface ArchiveHarness extends Harness {
  readonly store: () => Promise<ObjectStore>
  archive(settings?: Partial<ArchiveSettings>): Promise<Archive>
  /** A reader of archive and buffer. */
  mergedReader(after?: number, store?: ObjectStore): Promise<StreamReader>
  readMerged(after?: number): Promise<ReadBatch>
  /** Names of objects, oldest first. */
  objects(): Promise<string[]>
}

export async function newArchiveHarness(
  options: { seed?: number; capacityBytes?: number } = {},
): Promise<ArchiveHarness> {
  const harness = await newHarness(options)
  const { disk, clock } = harness
  const store = (): Promise<ObjectStore> => storeOn(disk)
  const mergedReader = async (after = 0, given?: ObjectStore): Promise<StreamReader> => {
    const from = given ?? (await store())
    const files = withArchive(disk.files(), from, [{ stream: 'events', folder, after }], log)
    return await openReader({ stream: 'events', folder, after }, { files, clock, log })
  }
  return {
    ...harness,
    store,
    archive: async (more = {}) =>
      await openArchive(
        {
          streams: [{ stream: 'events', folder }],
          settings: { archiveRetentionDays: 0, archiveBytesMax: 0, ...more },
        },
        { files: disk.files(), store: await store(), clock, log },
      ),
    mergedReader,
    async readMerged(after = 0) {
      const reader = await mergedReader(after)
      const batch = await reader.read({ eventsMax: Infinity, bytesMax: Infinity })
      await reader.stop()
      return batch
    },
    objects: async () => (await disk.files().list(`${root}/events`)).filter((name) => !name.startsWith('.')),
  }
}

export function objectPath(name: string): string {
  return `${root}/events/${name}`
}

export function sequences(batch: ReadBatch): number[] {
  return batch.records.map(({ sequence }) => sequence)
}
