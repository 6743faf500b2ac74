// The file system as a dependency, reduced to what durable code needs. `diskFiles` is the real one; tests pass a
// simulated one that loses unsynced writes, tears them, fills up and fails on command (test/faults/).
//
// Rules that every implementation keeps:
//  - bytes written are durable only after `sync` of their file has returned;
//  - a file's name (created, renamed, removed) is durable only after `syncDirectory` of its folder has returned;
//  - after a failed `sync` nothing may be assumed of the bytes since the last good one: the caller gives the file up.
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface OpenFile {
  /** Every byte of it exists, whatever a later segment's header says: it is no longer as long as that header knew it. */
  readonly isWhole?: boolean
  /** Reads into `target` from `offset`; resolves with the bytes read, fewer than asked only at the end of the file. */
  read(target: Uint8Array, offset: number): Promise<number>
  /** Writes all parts one after the other from `offset`. Rejects (e.g. ENOSPC) after any number of bytes were written. */
  write(parts: readonly Uint8Array[], offset: number): Promise<void>
  truncate(bytes: number): Promise<void>
  /** fdatasync. */
  sync(): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

export interface Files {
  /** 'create' fails with EEXIST if the file is there; 'write' opens an existing file for reading and writing. */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<OpenFile>
  /** Names in a folder, sorted; an absent folder is empty. */
  list(folder: string): Promise<string[]>
  readAll(path: string): Promise<Uint8Array | undefined>
  rename(from: string, to: string): Promise<void>
  /** Missing is fine. */
  remove(path: string): Promise<void>
  /** Creates parents too. */
  makeFolder(path: string): Promise<void>
  syncDirectory(folder: string): Promise<void>
  /** Bytes that this process may still write on the disk that holds `path`. */
  freeBytes(path: string): Promise<number>
}

class DiskFile implements OpenFile {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async read(target: Uint8Array, offset: number): Promise<number> {
    let done = 0
    while (done < target.byteLength) {
      const { bytesRead } = await this.#handle.read(target, done, target.byteLength - done, offset + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    return done
  }

  async write(parts: readonly Uint8Array[], offset: number): Promise<void> {
    const total = parts.reduce((sum, part) => sum + part.byteLength, 0)
    const { bytesWritten } = await this.#handle.writev(parts, offset)
    if (bytesWritten === total) return
    // A short write: go on from where it stopped, so that the reason (ENOSPC) surfaces as an error.
    const rest = Buffer.concat(parts).subarray(bytesWritten)
    let done = 0
    while (done < rest.byteLength) {
      const result = await this.#handle.write(rest, done, rest.byteLength - done, offset + bytesWritten + done)
      if (result.bytesWritten === 0) throw new Error('The file system took no byte and gave no reason.')
      done += result.bytesWritten
    }
  }

  async truncate(bytes: number): Promise<void> {
    await this.#handle.truncate(bytes)
  }

  async sync(): Promise<void> {
    await this.#handle.datasync()
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}

const openFlags = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
}

export const diskFiles: Files = {
  async open(path, mode) {
    return new DiskFile(await open(path, openFlags[mode], 0o600))
  },
  async list(folder) {
    try {
      return (await readdir(folder)).sort()
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return []
      throw error
    }
  },
  async readAll(path) {
    try {
      return await readFile(path)
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined
      throw error
    }
  },
  async rename(from, to) {
    await rename(from, to)
  },
  async remove(path) {
    await rm(path, { force: true })
  },
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: 0o700 })
  },
  async syncDirectory(folder) {
    const handle = await open(folder, constants.O_RDONLY)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  async freeBytes(path) {
    const disk = await statfs(path)
    return disk.bavail * disk.bsize
  },
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** All or nothing, and durable when it returns: temp file, fsync, rename, fsync of the folder. */
export async function writeFileAtomic(files: Files, path: string, content: Uint8Array | string): Promise<void> {
  const folder = dirname(path)
  const temporary = join(folder, `.${path.slice(folder.length + 1)}.tmp`)
  await files.remove(temporary)
  const file = await files.open(temporary, 'create')
  try {
    await file.write([typeof content === 'string' ? Buffer.from(content) : content], 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await files.rename(temporary, path)
  await files.syncDirectory(folder)
}

/** With everything in it. Missing is fine. */
export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
}

/** True if the path exists, whatever it is. */
export async function pathExists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
}
