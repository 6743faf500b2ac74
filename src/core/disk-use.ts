// How much a folder takes, and how long the disk will do. A walk over a million files is work: whoever asks often keeps the answer.
import { opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { isErrno } from './files.ts'

const dayMs = 86_400_000

/** With everything below it. */
export async function folderBytes(folder: string): Promise<number> {
  let bytes = 0
  for await (const entry of await opendir(folder, { recursive: true })) {
    if (!entry.isFile()) continue
    try {
      // Allocated, not apparent: files with holes count what they take.
      bytes += (await stat(join(entry.parentPath, entry.name))).blocks * 512
    } catch (error) {
      // Deleted by the running engine since it was listed.
      if (!isErrno(error, 'ENOENT')) throw error
    }
  }
  return bytes
}

export interface DiskUse {
  /** That may still be taken. */
  readonly freeBytes: number
  /** That have gathered. */
  readonly usedBytes: number
  readonly ageMs: number
}

/** At the rate so far; undefined in the first day, and while nothing gathers. */
export function daysUntilFull({ freeBytes, usedBytes, ageMs }: DiskUse): number | undefined {
  if (ageMs < dayMs || usedBytes <= 0) return undefined
  return Math.max(0, freeBytes) / (usedBytes / (ageMs / dayMs))
}
