// The first half of `millpond restore`: the files of a backup, checked and copied into an empty data folder. The second
// half is a rebuild from what was copied (rebuild-offline.ts). A marker in the data folder keeps everybody else away
// until both are done; a second run goes on where the first one stopped.
//
//   manifest, names and sizes right? ─▶ folder empty? ─▶ marker ─▶ copy + hash ─▶ `copied` ─▶ rebuild ─▶ marker removed
import { dirname, join } from 'node:path'

import { restoreMarker } from '../../control/lock.ts'
import { diskFiles, pathExists, removeFolder, writeFileAtomic } from '../../core/files.ts'
import { openIfThere } from '../../buffer/segment.ts'
import type { Carried } from '../rebuild/job.ts'
import { readHashed } from './copy.ts'
import { type BackupFile, type BackupManifest, type CarriedFiles, invalid, readList, readManifest } from './manifest.ts'
import { entriesOf } from './target.ts'

const files = diskFiles
/** What a lock leaves in a folder, and the beginnings of a restore that has not got as far as its marker. */
const harmless: ReadonlySet<string> = new Set(['lock', 'lock-journal', dirname(restoreMarker)])

/** Looks at names and sizes only. Error: backup-invalid, naming the file. */
export async function checkBackup(folder: string): Promise<BackupManifest> {
  const manifest = await readManifest(folder)
  for await (const file of readList(folder, manifest)) await closing(await openPart(folder, file))
  return manifest
}

/** Reads every byte; gives out how many each step was. Error: backup-invalid, naming the file. */
export async function* verifyBackup(folder: string, manifest: BackupManifest): AsyncGenerator<number> {
  for await (const file of readList(folder, manifest)) {
    const part = await openPart(folder, file)
    try {
      const { sha256 } = yield* readHashed(files, part)
      if (sha256 !== file.sha256) throw changed(folder, file)
    } finally {
      await part.close()
    }
  }
}

/** Error: backup-invalid if there is anything in it but the beginnings of a restore of this very backup. */
export async function checkDataFolder(data: string, manifest: BackupManifest): Promise<void> {
  const begun = await files.readAll(join(data, restoreMarker))
  if (begun !== undefined) {
    const other = await readManifest(dirname(join(data, restoreMarker)))
    if (other.listSha256 === manifest.listSha256) return
    throw invalid(`Another backup is being restored into ${data}. Finish that, or empty the folder`)
  }
  const found = (await entriesOf(data)).filter((name) => !harmless.has(name))
  if (found.length === 0) return
  throw invalid(`${data} is not empty: it holds ${found.slice(0, 3).join(', ')}. Restore into an empty folder`)
}

/** Under the data lock, behind both checks. Gives out bytes. Errors: backup-invalid, and those of the disk. */
export async function* copyBackup(folder: string, data: string, manifest: BackupManifest): AsyncGenerator<number> {
  if (await pathExists(copiedMark(data))) return
  await files.makeFolder(dirname(join(data, restoreMarker)))
  await files.syncDirectory(data)
  await writeFileAtomic(files, join(data, restoreMarker), JSON.stringify(manifest))
  const folders = new Set<string>([data])
  for await (const file of readList(folder, manifest)) {
    const path = placeOf(data, file.path)
    await files.makeFolder(dirname(path))
    for (let one = dirname(path); !folders.has(one); one = dirname(one)) folders.add(one)
    yield* copyPart(folder, file, path)
  }
  for (const one of folders) await files.syncDirectory(one)
  await writeFileAtomic(files, copiedMark(data), '')
}

/** Rows that the archive doesn't give, as they were copied. */
export function carriedIn(data: string, { carried }: BackupManifest) {
  if (carried === null) return undefined
  const own = (list: CarriedFiles['expired']): Carried[] =>
    list.map((one) => ({ ...one, path: placeOf(data, one.path) }))
  return { positions: carried.positions, expired: own(carried.expired), asTheyAre: own(carried.asTheyAre) }
}

/** The data folder is whole. The marker goes first: without it the rest means nothing. */
export async function endRestore(data: string): Promise<void> {
  const folder = dirname(join(data, restoreMarker))
  await files.remove(join(data, restoreMarker))
  await files.syncDirectory(folder)
  await removeFolder(folder)
  await files.syncDirectory(data)
}

function copiedMark(data: string): string {
  return join(data, dirname(restoreMarker), 'copied')
}

/** Carried rows belong to the restore alone; what people made stands beside the tables that are made again. */
function placeOf(data: string, path: string): string {
  if (path.startsWith('made/')) return join(data, 'warehouse', path.slice('made/'.length))
  return path.startsWith('carried/') ? join(data, dirname(restoreMarker), path) : join(data, path)
}

/** What an earlier run has copied is read, and kept if it is right. */
async function* copyPart(folder: string, file: BackupFile, path: string): AsyncGenerator<number> {
  const there = await openIfThere(files, path)
  if (there !== undefined) {
    try {
      const isWhole = (await there.size()) === file.bytes && (yield* readHashed(files, there)).sha256 === file.sha256
      if (isWhole) return
    } finally {
      await there.close()
    }
    await files.remove(path)
  }
  const part = await openPart(folder, file)
  try {
    const { sha256 } = yield* readHashed(files, part, path)
    if (sha256 === file.sha256) return
    await files.remove(path)
    throw changed(folder, file)
  } finally {
    await part.close()
  }
}

async function openPart(folder: string, file: BackupFile) {
  const path = join(folder, file.path)
  const part = await openIfThere(files, path)
  if (part === undefined) throw invalid(`${path} is missing from the backup. Fetch it again, or take another backup`)
  const bytes = await part.size()
  if (bytes === file.bytes) return part
  await part.close()
  throw invalid(`${path} has ${bytes} bytes instead of ${file.bytes}. Fetch it again, or take another backup`)
}

function changed(folder: string, { path }: BackupFile): Error {
  return invalid(`${join(folder, path)} has changed since the backup was made. Fetch it again, or take another backup`)
}

async function closing(file: { close(): Promise<void> }): Promise<void> {
  await file.close()
}
