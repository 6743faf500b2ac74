// The folder that a backup fills: every file that gets into it is hashed and stands in its list. It is a backup only
// once `finish` has written the manifest; until then nobody will take it for one.
import { createHash } from 'node:crypto'
import { chmod, link, readdir, realpath } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'

import { assert, MillpondError } from '../../core/errors.ts'
import { diskFiles, isErrno, type OpenFile, writeFileAtomic } from '../../core/files.ts'
import { startCopier } from './copier.ts'
import type { FileFacts } from './copy.ts'
import { type BackupFile, type BackupManifest, invalid, listName, manifestName } from './manifest.ts'

const files = diskFiles

/** Where a mount begins there may be this folder of the file system's own. */
const nobodys: ReadonlySet<string> = new Set(['lost+found'])

/** Names in a folder; none if it is absent. Error: backup-invalid if it is no folder. */
export async function entriesOf(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !nobodys.has(name)).sort()
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    if (isErrno(error, 'ENOTDIR')) throw invalid(`${folder} is a file; name a folder`)
    throw error
  }
}

/** Error: backup-invalid: it isn't empty, or one of the two lies in the other. */
export async function checkTarget(folder: string, data: string): Promise<void> {
  const [target, source] = [await realPathOf(folder), await realPathOf(data)]
  if (`${target}${sep}`.startsWith(`${source}${sep}`) || `${source}${sep}`.startsWith(`${target}${sep}`))
    throw invalid(`${folder} and the data folder lie in each other. Choose a folder elsewhere, best on another disk`)
  const entries = await entriesOf(folder)
  if (entries.includes(manifestName)) throw invalid(`${folder} holds a backup already. Choose a new folder for each`)
  if (entries.includes(listName))
    throw invalid(`${folder} holds a backup that was broken off. Remove it, or choose another folder`)
  if (entries.length > 0) throw invalid(`${folder} is not empty. Choose a folder that is empty, or isn't there yet`)
}

/** Also of a path that isn't there yet. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (!isErrno(error, 'ENOENT') || dirname(path) === path) throw error
    return join(await realPathOf(dirname(path)), path.slice(dirname(path).length))
  }
}

/** What the target's disk refuses, in words. */
export function refusalOf(error: unknown, folder: string, what: string): unknown {
  if (error instanceof MillpondError) return error
  if (isErrno(error, 'ENOSPC') || isErrno(error, 'EDQUOT'))
    return new MillpondError('disk-full', `The disk of ${folder} is full, and ${what}. Make room, then begin again`)
  const refused = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].find((code) => isErrno(error, code))
  return refused === undefined ? error : invalid(`${folder} can't be written (${refused})`)
}

export class BackupTarget {
  readonly #folder: string
  readonly #list: OpenFile
  readonly #copier = startCopier()
  readonly #listHash = createHash('sha256')
  readonly #folders = new Set<string>()
  #listBytes = 0
  #files = 0
  #bytes = 0

  private constructor(folder: string, list: OpenFile) {
    this.#folder = folder
    this.#list = list
  }

  /** `checkTarget` has passed. */
  static async open(folder: string): Promise<BackupTarget> {
    await files.makeFolder(folder)
    await closeToOthers(folder)
    const target = new BackupTarget(folder, await files.open(join(folder, listName), 'create'))
    target.#folders.add(folder)
    return target
  }

  pathOf(path: string): string {
    return join(this.#folder, path)
  }

  /** Also in the middle of a file. */
  async close(): Promise<void> {
    await this.#copier.stop()
    await this.#list.close()
  }

  /** A copy of the file as far as it reaches now. False: it isn't there. */
  async *copy(source: string, path: string): AsyncGenerator<number, boolean> {
    await this.makeFolderOf(path)
    const facts = yield* this.#copier.run({ source, to: this.pathOf(path) })
    if (facts === undefined) return false
    await this.#note(path, facts)
    return true
  }

  /**
   * The same file under a second name, for files that are never changed, only replaced or removed; a copy where the disk
   * is another one, or knows no links. False: it isn't there.
   */
  async *linkOrCopy(source: string, path: string): AsyncGenerator<number, boolean> {
    await this.makeFolderOf(path)
    try {
      await link(source, this.pathOf(path))
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false
      const isRefused = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].some((code) =>
        isErrno(error, code),
      )
      if (!isRefused) throw error
      return yield* this.copy(source, path)
    }
    yield* this.add(path)
    return true
  }

  /** A file that was written into the folder by somebody else. */
  async *add(path: string): AsyncGenerator<number, void> {
    // A hash of what can be read back: a file that can't be is found now, and not in bad times.
    const facts = yield* this.#copier.run({ source: this.pathOf(path), to: undefined })
    assert(facts !== undefined, `${path} was just put into the backup`)
    await this.#note(path, facts)
  }

  /** Everything durable, then the manifest. */
  async finish(
    facts: Pick<BackupManifest, 'createdAt' | 'millpond' | 'archiveBeginsAt' | 'carried'>,
  ): Promise<BackupManifest> {
    await this.#list.sync()
    for (const folder of this.#folders) await files.syncDirectory(folder)
    await files.syncDirectory(dirname(this.#folder))
    const counted = { files: this.#files, bytes: this.#bytes, listSha256: this.#listHash.digest('hex') }
    const manifest: BackupManifest = { version: 1, ...facts, ...counted }
    await writeFileAtomic(files, this.pathOf(manifestName), `${JSON.stringify(manifest, null, 2)}\n`)
    return manifest
  }

  async makeFolderOf(path: string): Promise<void> {
    let folder = dirname(this.pathOf(path))
    if (this.#folders.has(folder)) return
    await files.makeFolder(folder)
    for (; !this.#folders.has(folder); folder = dirname(folder)) this.#folders.add(folder)
  }

  async #note(path: string, facts: FileFacts): Promise<void> {
    const file: BackupFile = { path, ...facts }
    const line = Buffer.from(`${JSON.stringify(file)}\n`)
    await this.#list.write([line], this.#listBytes)
    this.#listHash.update(line)
    this.#listBytes += line.byteLength
    this.#files += 1
    this.#bytes += facts.bytes
  }
}

/** Somebody else's folder, or a disk without rights, stays as it is: every file in it is ours alone anyway. */
async function closeToOthers(folder: string): Promise<void> {
  try {
    await chmod(folder, 0o700)
  } catch (error) {
    if (!isErrno(error, 'EPERM') && !isErrno(error, 'ENOTSUP')) throw error
  }
}
