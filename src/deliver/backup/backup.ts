// `millpond backup`: a folder from which all of this can be made again, taken while everything goes on. Never a copy of
// the fed warehouse file: its rows come from the archive and the buffer, as in a rebuild, and those that the archive no
// longer has are written out as Parquet. What people made is in no archive: that file is copied, held still meanwhile.
//
//   carried rows ─▶ control ─▶ buffer ─▶ made ─▶ archive ─▶ media ─▶ schema ─▶ manifest
//
// The order is what makes it whole though nothing stands still:
//  - Carried rows hold everything up to a position. Records behind it must be in the backup, so buffer and archive come after.
//  - A segment leaves the buffer only when the archive has it. Whatever is gone when the buffer is copied is found in the
//    archive, because that comes later. What is in both is the same, and is read once.
//  - The newest segment is copied while it grows: the backup ends there. What is archived from it on stays out, since a
//    backup with a hole between a half segment and the one behind it could never be balanced again.
//  - Rows of the stream `appends` are in made tables when they leave the buffer, so those come after it.
//  - A media object is durable before the record that names it. So media come after the records.
//  - The schema comes last: it then knows every decision about every record before it. One that came too late is harmless.
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { fedStreamNames, type StreamName, streamNames } from '../../buffer/buffer.ts'
import { firstSequenceOf, listSegments, startFileName } from '../../buffer/segment.ts'
import { type Clock, isoTime } from '../../core/clock.ts'
import { diskFiles } from '../../core/files.ts'
import type { ObjectStore } from '../../objects/store.ts'
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import type { StillFile } from '../../warehouse/session.ts'
import { listArchived } from '../archive/archived-segment.ts'
import type { Beginning } from '../rebuild/beginnings.ts'
import type { Carried } from '../rebuild/job.ts'
import { carryExpired, carryWhole, streamPositions } from '../rebuild/rebuild.ts'
import { keepSnapshot, readSnapshot, schemaFileName } from '../rebuild/snapshot.ts'
import { type CarriedFile, type CarriedFiles, invalid, manifestName } from './manifest.ts'
import { BackupTarget, checkTarget, refusalOf } from './target.ts'

export interface BackupRequest {
  /** Absolute path of a folder that is empty, or isn't there yet. */
  readonly folder: string
}

export type BackupProgress =
  /** Bytes. */
  { readonly done: number; readonly total: number } | { readonly step: 'carrying' } | { readonly end: BackupOutcome }

export interface BackupOutcome {
  readonly folder: string
  readonly files: number
  readonly bytes: number
  readonly seconds: number
  /** Rows received before are carried as Parquet. Null: the archive has everything. */
  readonly archiveBeginsAt: string | null
}

export interface BackupDeps {
  readonly data: string
  /** Undefined: there is no warehouse; then nothing can be carried. */
  readonly driver: WarehouseDriver | undefined
  /** Between two loads of the live loader. */
  readonly exclusively: <Result>(work: () => Promise<Result>) => Promise<Result>
  readonly lostBeginnings: () => Promise<readonly Beginning[]>
  readonly copyControl: (path: string) => Promise<void>
  /** The file of made tables, held still; undefined: nobody has made any. */
  readonly holdMade: () => Promise<StillFile | undefined>
  /** Of the folders `archive` and `media`, where an object's name is its path. */
  readonly archive: ObjectStore
  readonly media: ObjectStore
  /** Of this program. */
  readonly version: string
  readonly clock: Clock
}

const progressIntervalMs = 200

/** Breaking off leaves a folder without a manifest. Errors: backup-invalid, disk-full, warehouse-unavailable. */
export async function* backup({ folder }: BackupRequest, deps: BackupDeps): AsyncGenerator<BackupProgress> {
  const { clock } = deps
  const startMs = clock.monotonicMs()
  const createdAt = isoTime(clock.nowMicros())
  try {
    await checkTarget(folder, deps.data)
    const target = await BackupTarget.open(folder)
    try {
      const boundaryMicros = Math.max(0, ...(await deps.lostBeginnings()).map((one) => one.receivedAtMicros))
      const archiveBeginsAt = boundaryMicros === 0 ? null : isoTime(boundaryMicros)
      if (boundaryMicros > 0) yield { step: 'carrying' }
      const rows = await carryRows(deps, boundaryMicros)
      const total = await bytesToCopy(deps)
      let done = 0
      let toldAtMs = startMs
      for await (const bytes of fill(target, deps, rows)) {
        done += bytes
        if (clock.monotonicMs() - toldAtMs < progressIntervalMs) continue
        toldAtMs = clock.monotonicMs()
        yield { done, total: Math.max(done, total) }
      }
      const carried = rows === undefined ? null : filesOf(rows)
      const { files, bytes } = await target.finish({ createdAt, millpond: deps.version, archiveBeginsAt, carried })
      const seconds = Math.round((clock.monotonicMs() - startMs) / 100) / 10
      yield { end: { folder, files, bytes, seconds, archiveBeginsAt } }
    } finally {
      await target.close()
      await emptyExchange(deps.driver)
    }
  } catch (error) {
    throw refusalOf(error, folder, `the backup is not whole: it has no ${manifestName}`)
  }
}

/** Nobody else exchanges anything meanwhile. */
async function emptyExchange(driver: WarehouseDriver | undefined): Promise<void> {
  const folder = driver?.maintenance.exchangeFolder
  if (folder === undefined) return
  for (const name of await diskFiles.list(folder)) await diskFiles.remove(join(folder, name))
}

/** Lines of work that nothing else of its kind may run beside. Error: that of `alone`, thrown by the first step. */
export async function* aloneWhile<Line>(
  alone: (work: () => Promise<void>) => Promise<void>,
  lines: () => AsyncIterable<Line>,
): AsyncGenerator<Line> {
  const begun = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  const turn = alone(async () => {
    begun.resolve()
    await ended.promise
  })
  await Promise.race([begun.promise, turn])
  try {
    yield* lines()
  } finally {
    ended.resolve()
    await turn
  }
}

interface CarriedRows {
  readonly positions: CarriedFiles['positions']
  readonly expired: readonly Carried[]
  readonly asTheyAre: readonly Carried[]
  readonly all: readonly Carried[]
}

/** What the archive can't give any more; the files wait in the exchange folder. */
async function carryRows(
  { driver, exclusively }: BackupDeps,
  boundaryMicros: number,
): Promise<CarriedRows | undefined> {
  if (boundaryMicros === 0 || driver === undefined) return undefined
  const { exchangeFolder } = driver.maintenance
  return exclusively(async () => {
    const positions = await streamPositions(driver)
    const expired = await carryExpired(driver, exchangeFolder, boundaryMicros)
    const asTheyAre = await carryWhole(driver, exchangeFolder, true)
    return { positions, expired, asTheyAre, all: [...expired, ...asTheyAre] }
  })
}

function filesOf({ positions, expired, asTheyAre, all }: CarriedRows): CarriedFiles {
  const file = (one: Carried): CarriedFile => ({ ...one, path: carriedPath(all.indexOf(one)) })
  return { positions, expired: expired.map(file), asTheyAre: asTheyAre.map(file) }
}

function carriedPath(index: number): string {
  return `carried/${String(index).padStart(5, '0')}.parquet`
}

/** As things stand: what comes and goes meanwhile is little. */
async function bytesToCopy({ data, driver, archive, media }: BackupDeps): Promise<number> {
  let bytes = (await driver?.made.fileBytes()) ?? 0
  for (const stream of streamNames) {
    const folder = join(data, 'buffer', stream)
    for (const name of await listSegments(diskFiles, folder)) bytes += await sizeOf(join(folder, name))
  }
  for (const store of [archive, media]) for await (const object of store.list('')) bytes += object.bytes
  return bytes
}

async function sizeOf(path: string): Promise<number> {
  const file = await diskFiles.open(path, 'read').catch(() => undefined)
  if (file === undefined) return 0
  try {
    return await file.size()
  } finally {
    await file.close()
  }
}

/** Gives out the bytes of each step. */
async function* fill(target: BackupTarget, deps: BackupDeps, rows: CarriedRows | undefined): AsyncGenerator<number> {
  const { data } = deps
  for (const [index, { path }] of (rows?.all ?? []).entries()) {
    yield* target.linkOrCopy(path, carriedPath(index))
    await rm(path)
  }
  await deps.copyControl(target.pathOf('control.sqlite'))
  yield* target.add('control.sqlite')
  for (const name of ['secret', 'sources.json']) {
    if (!(yield* target.copy(join(data, name), name))) throw invalid(`There is no ${join(data, name)}`)
  }
  const ends = new Map<StreamName, number>()
  for (const stream of streamNames) ends.set(stream, yield* copyStream(target, data, stream))
  yield* copyMade(target, deps)
  for (const stream of fedStreamNames) yield* copyArchived(target, deps, stream, ends.get(stream) ?? 0)
  for await (const { name } of deps.media.list('')) {
    yield* target.linkOrCopy(join(data, 'media', name), `media/${name}`)
  }
  yield* copySchema(target, deps)
}

/** The log goes first: what it says of the file is in the file by then. */
async function* copyMade(target: BackupTarget, { holdMade }: BackupDeps): AsyncGenerator<number> {
  const still = await holdMade()
  if (still === undefined) return
  try {
    yield* target.copy(still.log, `made/${basename(still.log)}`)
    if (!(yield* target.copy(still.file, `made/${basename(still.file)}`))) throw invalid(`There is no ${still.file}`)
  } finally {
    still.release()
  }
}

/** How often the newest segment may get old, and go, between two looks. */
const looksMax = 100

/** Segments of a stream that the buffer still has. Gives back the first sequence of the newest; 0 = there is none. */
async function* copyStream(target: BackupTarget, data: string, stream: StreamName): AsyncGenerator<number, number> {
  const folder = join(data, 'buffer', stream)
  const pathOf = (name: string): string => `buffer/${stream}/${name}`
  for (let look = 0; look < looksMax; look++) {
    const names = await listSegments(diskFiles, folder)
    const newest = names.at(-1)
    if (newest === undefined) break
    // First, since it alone decides where the backup ends. A torn tail is for recovery, as after a power cut.
    if (!(yield* target.copy(join(folder, newest), pathOf(newest)))) continue
    // The others are whole. Newest first, since they leave oldest first: once one has left, so have all before it, and they
    // are in the archive. The other way round a later one could be missing between two, and no reader looks back for it.
    for (const name of names.slice(0, -1).toReversed()) {
      if (!(yield* target.copy(join(folder, name), pathOf(name)))) break
    }
    yield* target.copy(join(folder, startFileName), pathOf(startFileName))
    return firstSequenceOf(newest) ?? 0
  }
  yield* target.copy(join(folder, startFileName), pathOf(startFileName))
  return 0
}

/** Archived segments before the newest of the buffer. */
async function* copyArchived(
  target: BackupTarget,
  { data, archive }: BackupDeps,
  stream: StreamName,
  end: number,
): AsyncGenerator<number> {
  for await (const { object, firstSequence } of listArchived(archive, stream)) {
    if (end > 0 && firstSequence >= end) return
    if (!(yield* target.linkOrCopy(join(data, 'archive', object), `archive/${object}`)))
      throw invalid(`${object} left the archive while it was copied. Begin again with an empty folder`)
  }
}

async function* copySchema(target: BackupTarget, { data, driver }: BackupDeps): AsyncGenerator<number> {
  const path = `archive/${schemaFileName}`
  if (driver === undefined) {
    yield* target.copy(join(data, 'archive', schemaFileName), path)
    return
  }
  await target.makeFolderOf(path)
  await keepSnapshot(diskFiles, target.pathOf('archive'), await readSnapshot(driver))
  yield* target.add(path)
}
