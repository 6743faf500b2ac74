// What says that a folder is a whole backup, and of which files it consists. Two files: `millpond-backup.json`, small and
// written last, and `files.ndjson`, one line a file, so that neither side holds a million names in memory.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { MillpondError } from '../../core/errors.ts'
import { diskFiles, isErrno } from '../../core/files.ts'
import type { StreamPosition, TableName } from '../../warehouse/driver.ts'

export const manifestName = 'millpond-backup.json'
export const listName = 'files.ndjson'

/** What may stand at the top of a backup. `made`: the file of datasets that people make, and its log. */
export const backupParts: ReadonlySet<string> = new Set([
  'control.sqlite',
  'secret',
  'sources.json',
  'buffer',
  'archive',
  'media',
  'carried',
  'made',
])

/** Rows that the archive no longer gives, as a Parquet file of the backup. */
export interface CarriedFile {
  readonly table: TableName
  readonly path: string
  readonly replaces: 'same-ids' | 'all'
}

export interface CarriedFiles {
  /** What the rows hold: everything up to here, and nothing behind. */
  readonly positions: readonly StreamPosition[]
  readonly expired: readonly CarriedFile[]
  readonly asTheyAre: readonly CarriedFile[]
}

export interface BackupManifest {
  readonly version: 1
  readonly createdAt: string
  /** Version of the program that made it. */
  readonly millpond: string
  readonly files: number
  readonly bytes: number
  readonly listSha256: string
  /** Rows received before are carried, not made again: the archive has lost its beginning. Null: it has everything. */
  readonly archiveBeginsAt: string | null
  readonly carried: CarriedFiles | null
}

export interface BackupFile {
  /** Below the backup's folder, with `/`. */
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

export function invalid(message: string): MillpondError {
  return new MillpondError('backup-invalid', message)
}

/** Error: backup-invalid. */
export async function readManifest(folder: string): Promise<BackupManifest> {
  const bytes = await diskFiles.readAll(join(folder, manifestName)).catch((error: unknown) => {
    if (isErrno(error, 'ENOTDIR')) return undefined
    throw error
  })
  if (bytes === undefined)
    throw invalid(`${folder} is no whole backup: it has no ${manifestName}, which is written at the very end`)
  const manifest = parse(Buffer.from(bytes).toString())
  if (typeof manifest['version'] === 'number' && manifest['version'] > 1)
    throw invalid(`${folder} was made by a newer Millpond (${String(manifest['millpond'])}): restore it with that one`)
  if (!isManifest(manifest)) throw invalid(`${join(folder, manifestName)} is damaged`)
  return manifest
}

function isManifest(value: Record<string, unknown>): value is Record<string, unknown> & BackupManifest {
  const { version, files, bytes, listSha256, createdAt, carried } = value
  const isPlain = version === 1 && typeof files === 'number' && typeof bytes === 'number'
  return isPlain && typeof listSha256 === 'string' && typeof createdAt === 'string' && typeof carried === 'object'
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

/** Every file of the backup, in the order in which it was written. Ends with an error if the list isn't the manifest's. */
export async function* readList(folder: string, manifest: BackupManifest): AsyncGenerator<BackupFile> {
  const path = join(folder, listName)
  const hash = createHash('sha256')
  const stream = createReadStream(path)
  stream.on('data', (part) => hash.update(part))
  let files = 0
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      const file = parse(line)
      if (!isFile(file)) throw invalid(`${path} is damaged`)
      files += 1
      yield file
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) throw invalid(`${path} is missing`)
    throw error
  } finally {
    stream.destroy()
  }
  if (files !== manifest.files || hash.digest('hex') !== manifest.listSha256) throw invalid(`${path} is damaged`)
}

/** The list may come from anywhere: no path leads out of the folder, or to what only a running Millpond writes. */
function isFile(value: Record<string, unknown>): value is Record<string, unknown> & BackupFile {
  const { path, bytes, sha256 } = value
  if (typeof path !== 'string' || typeof bytes !== 'number' || typeof sha256 !== 'string') return false
  const parts = path.split('/')
  return (
    backupParts.has(parts[0] ?? '') && parts.every((part) => /^[\w.-]+$/.test(part) && part !== '.' && part !== '..')
  )
}
