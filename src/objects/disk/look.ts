// Looking at folders and files without opening them: what core/files.ts leaves out, because only this store needs it.
import { readdir, stat } from 'node:fs/promises'

import { isErrno } from '../../core/files.ts'

export interface FolderEntry {
  readonly name: string
  readonly isFolder: boolean
}

export interface FileFacts {
  readonly bytes: number
  readonly modifiedAtMicros: number
}

export interface Look {
  /** Files and folders of a folder, in any order; an absent folder is empty. */
  entries(folder: string): Promise<readonly FolderEntry[]>
  /** Undefined: there is no file at this path. */
  file(path: string): Promise<FileFacts | undefined>
}

export const diskLook: Look = {
  async entries(folder) {
    try {
      const found = await readdir(folder, { withFileTypes: true })
      return found
        .filter((entry) => entry.isFile() || entry.isDirectory())
        .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
    } catch (error) {
      if (isAbsent(error)) return []
      throw error
    }
  },
  async file(path) {
    try {
      const found = await stat(path, { bigint: true })
      if (!found.isFile()) return undefined
      return { bytes: Number(found.size), modifiedAtMicros: Number(found.mtimeNs / 1000n) }
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  },
}

/** ENOTDIR: what would be its folder is a file. */
export function isAbsent(error: unknown): boolean {
  return isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')
}
