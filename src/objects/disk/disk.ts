// Objects as files of one folder: an object's name is its path in there. Safe for one writing process and any number of
// readers. docs/specs/objects.md says what is promised.
//
//   content ──▶ ~uploading/<pid>.<random> ──synced──▶ renamed to its name ──folders synced──▶ put resolves
//                        └── fails, differs, is too much for the disk: removed
import { createHash, type Hash, randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'

import { systemClock, type Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import { diskFiles, type Files, isErrno, type OpenFile } from '../../core/files.ts'
import type { Log } from '../../core/log.ts'
import { checkObjectName, isObjectName, nameInvalid } from '../name.ts'
import type { ByteRange, ObjectContent, ObjectInfo, ObjectStore, PutOptions, PutReceipt } from '../store.ts'
import { diskLook, type FolderEntry, isAbsent, type Look } from './look.ts'

export interface DiskStoreOptions {
  readonly folder: string
  readonly files?: Files
  readonly look?: Look
  readonly clock?: Clock
  readonly log?: Log
}

/** No object's name has this character, so it is nobody's folder. */
const uploadingName = '~uploading'
const readBytes = 128 * 1024
const retryAfterSeconds = 5
/** Folders known to be durable; forgetting them costs a few syncs. */
const foldersKnownMax = 10_000

/** Removes what dead uploads left. Works on a full disk and without the folder; both matter to the first `put` only. */
export async function openDiskStore(options: DiskStoreOptions): Promise<ObjectStore> {
  const store = new DiskStore(options)
  await store.removeLeftOvers()
  return store
}

class DiskStore implements ObjectStore {
  readonly #folder: string
  readonly #files: Files
  readonly #look: Look
  readonly #clock: Clock
  readonly #log: Log | undefined
  /** Their names, and those of all folders above them, are durable. */
  readonly #durableFolders = new Set<string>()

  constructor({ folder, files = diskFiles, look = diskLook, clock = systemClock, log }: DiskStoreOptions) {
    this.#folder = folder
    this.#files = files
    this.#look = look
    this.#clock = clock
    this.#log = log
  }

  async put(name: string, content: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<PutReceipt> {
    checkObjectName(name)
    const upload = join(this.#folder, uploadingName, `${process.pid}.${randomBytes(8).toString('hex')}`)
    try {
      await this.#makeFolder(dirname(upload))
      const receipt = await this.#write(upload, content, options)
      await this.#moveIn(upload, name)
      return receipt
    } catch (error) {
      // Somebody may have removed the folders behind our back: the next try makes them again.
      if (isErrno(error, 'ENOENT')) this.#durableFolders.clear()
      await this.#dropUpload(upload)
      throw refusalOf(error)
    }
  }

  async get(name: string, range?: ByteRange): Promise<ObjectContent | undefined> {
    checkObjectName(name)
    const path = join(this.#folder, name)
    const facts = await this.#look.file(path)
    if (facts === undefined) return undefined
    let file: OpenFile
    try {
      file = await this.#files.open(path, 'read')
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
    try {
      // Of the opened file, which may be a newer one than the facts are of.
      const info = { name, bytes: await file.size(), modifiedAtMicros: facts.modifiedAtMicros }
      return { info, content: contentOf(file, info, range) }
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async head(name: string): Promise<ObjectInfo | undefined> {
    checkObjectName(name)
    const facts = await this.#look.file(join(this.#folder, name))
    return facts === undefined ? undefined : { name, ...facts }
  }

  async *list(prefix: string, after = ''): AsyncIterable<ObjectInfo> {
    yield* this.#listBelow('', prefix, after)
  }

  async remove(name: string): Promise<void> {
    checkObjectName(name)
    const path = join(this.#folder, name)
    if ((await this.#look.file(path)) === undefined) return
    await this.#files.remove(path)
    await this.#files.syncDirectory(dirname(path))
  }

  /** Of processes that have ended. Those of this process and of others that live may be at work on theirs. */
  async removeLeftOvers(): Promise<void> {
    const folder = join(this.#folder, uploadingName)
    const startedAtMicros = this.#clock.nowMicros() - process.uptime() * 1e6
    for (const { name } of await this.#look.entries(folder)) {
      const path = join(folder, name)
      const facts = await this.#look.file(path)
      const pid = Number(name.split('.')[0])
      // An earlier process had our pid: containers number theirs alike at every start.
      const isOurs = pid === process.pid && (facts?.modifiedAtMicros ?? 0) >= startedAtMicros
      if (isOurs || (pid !== process.pid && isAlive(pid))) continue
      await this.#files.remove(path)
      this.#log?.info({ bytes: facts?.bytes ?? 0 }, 'An upload that was never finished was removed.')
    }
  }

  /** The whole content, synced. */
  async #write(path: string, content: AsyncIterable<Uint8Array>, { sha256 }: PutOptions): Promise<PutReceipt> {
    const file = await this.#files.open(path, 'create')
    try {
      const hash = createHash('sha256')
      let bytes = 0
      for await (const part of content) {
        if (part.byteLength === 0) continue
        await file.write([part], bytes)
        hash.update(part)
        bytes += part.byteLength
      }
      const receipt = { bytes, sha256: finish(hash, sha256) }
      await file.sync()
      return receipt
    } finally {
      await file.close()
    }
  }

  async #moveIn(upload: string, name: string): Promise<void> {
    const path = join(this.#folder, name)
    try {
      await this.#makeFolder(dirname(path))
      await this.#files.rename(upload, path)
    } catch (error) {
      const isTaken = ['EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY'].some((code) => isErrno(error, code))
      throw isTaken ? nameInvalid(name, 'an object of a part of this name, or below it, is there already') : error
    }
    await this.#files.syncDirectory(dirname(path))
  }

  async #dropUpload(upload: string): Promise<void> {
    try {
      await this.#files.remove(upload)
    } catch (error) {
      this.#log?.warn({ err: error }, 'A failed upload could not be removed; the next start does it.')
    }
  }

  /** The folder, durable with all folders above it. */
  async #makeFolder(folder: string): Promise<void> {
    if (this.#durableFolders.has(folder)) return
    await this.#files.makeFolder(folder)
    const parent = dirname(folder)
    if (folder !== this.#folder) await this.#makeFolder(parent)
    await this.#files.syncDirectory(parent)
    if (this.#durableFolders.size >= foldersKnownMax) this.#durableFolders.clear()
    this.#durableFolders.add(folder)
  }

  /** `at`: name of a folder with its slash, or nothing. One folder's entries are in memory at a time, for each level. */
  async *#listBelow(at: string, prefix: string, after: string): AsyncIterable<ObjectInfo> {
    for (const name of sortedNames(at, await this.#look.entries(join(this.#folder, at)))) {
      if (name.endsWith('/')) {
        const mayMatch = name.startsWith(prefix) || prefix.startsWith(name)
        if (mayMatch && (name > after || after.startsWith(name))) yield* this.#listBelow(name, prefix, after)
      } else if (name > after && name.startsWith(prefix)) {
        const facts = await this.#look.file(join(this.#folder, name))
        if (facts !== undefined) yield { name, ...facts }
      }
    }
  }
}

/** With a slash behind folders: so `a.b` comes before what is in `a`, as it does by full names. */
function sortedNames(at: string, entries: readonly FolderEntry[]): string[] {
  const names = entries.flatMap(({ name, isFolder }) =>
    isObjectName(at + name) ? [isFolder ? `${at}${name}/` : at + name] : [],
  )
  // All of it is ASCII, so the order of characters is the order of bytes.
  return names.sort()
}

async function* contentOf(file: OpenFile, info: ObjectInfo, range: ByteRange | undefined): AsyncIterable<Uint8Array> {
  try {
    const end = Math.min(info.bytes, range?.end ?? info.bytes)
    let at = Math.max(0, range?.start ?? 0)
    while (at < end) {
      const target = Buffer.allocUnsafeSlow(Math.min(readBytes, end - at))
      const read = await file.read(target, at)
      if (read < target.length) {
        throw new MillpondError('object-damaged', `${info.name} ends at ${at + read} bytes instead of ${info.bytes}.`)
      }
      at += read
      yield target
    }
  } finally {
    await file.close()
  }
}

function finish(hash: Hash, expected: string | undefined): string {
  const sha256 = hash.digest('hex')
  if (expected === undefined || expected.toLowerCase() === sha256) return sha256
  throw new MillpondError('object-damaged', `The content's SHA-256 is ${sha256}, but ${expected} was announced.`)
}

function refusalOf(error: unknown): unknown {
  if (!isErrno(error, 'ENOSPC') && !isErrno(error, 'EDQUOT')) return error
  const message = 'The disk is full; nothing was kept, try again later.'
  return new MillpondError('disk-full', message, { cause: error, retryAfterSeconds })
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return isErrno(error, 'EPERM')
  }
}
