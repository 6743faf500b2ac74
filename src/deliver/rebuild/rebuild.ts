// `millpond rebuild`: fed tables made again from the archive, beside the present ones, while everything goes on; then
// compared at one and the same position, and swapped. What the archive no longer has is carried over from the old rows.
//
//   carry old rows out ─▶ load after the live loader, round by round ─▶ loader pauses ─▶ last round ─▶ compare ─▶ swap
//                                                                                            └─ differs ─▶ nothing changes
import { createHash } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { type Clock, isoTime } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import type { Files } from '../../core/files.ts'
import type {
  ColumnSpec,
  Expiry,
  SchemaChange,
  StreamPosition,
  TableName,
  WarehouseDriver,
} from '../../warehouse/driver.ts'
import { systemDataset, usersTable } from '../../warehouse/schema.ts'
import { decisionStream } from '../maintenance/decisions.ts'
import type { Beginning } from './beginnings.ts'
import { type Difference, differencesOf } from './compare.ts'
import { type Carried, type RebuildJob, type RebuildOrder, type RebuildResult, rebuildFolder } from './job.ts'
import { readAll } from '../warehouse/schema-start.ts'
import { type SchemaLimits, WarehouseSchema } from '../warehouse/schema-state.ts'
import { addMissingDecisions, readSnapshot } from './snapshot.ts'
import { isSwapPending, swapWarehouse } from './swap.ts'

export interface RebuildRequest {
  /** Gives up at once, up to the swap itself. */
  readonly signal?: AbortSignal | undefined
  /** Only this dataset's tables are taken over. */
  readonly dataset?: string | undefined
  /** Take the rebuilt tables even if their ids differ. */
  readonly force?: boolean | undefined
}

export type RebuildProgress =
  | { readonly done: number; readonly total: number }
  | { readonly step: 'carrying' | 'comparing' | 'swapping' }
  | { readonly end: RebuildOutcome }

export interface RebuildOutcome {
  readonly events: number
  readonly seconds: number
  /** Rows received before are the old ones: the archive no longer has them. Null: it has everything. */
  readonly archiveBeginsAt: string | null
  /** With `force` only. */
  readonly differences: readonly Difference[]
}

export interface RebuildDeps {
  readonly settings: RebuildOrder['settings']
  readonly platforms: () => RebuildOrder['platforms']
  readonly driver: WarehouseDriver
  /** Between two loads of the live loader. */
  readonly exclusively: <Result>(work: () => Promise<Result>) => Promise<Result>
  readonly startJob: (order: RebuildOrder) => Promise<RebuildJob>
  readonly lostBeginnings: () => Promise<readonly Beginning[]>
  readonly expiries: (nowMicros: number) => readonly Expiry[]
  readonly files: Files
  readonly removeFolder: (path: string) => Promise<void>
  readonly warehouseFileName: string
  /** A swap is half done, and only a new start ends it: nothing may be loaded before. */
  readonly onSwapPending: (error: unknown) => void
  readonly clock: Clock
}

/** A round shorter than this leaves little for the pause. */
const lastRoundMsMax = 2_000
const roundsMax = 30
/** Rows may be this much late because of the last round, the comparison and the swap; then the rebuild is given up. */
const pauseMsMax = 120_000
const progressIntervalMs = 500
/** Of the present file's size: the new one, what it spills, and some air. */
const roomFactor = 2

/** Breaking off gives up and changes nothing. Errors: request-invalid, rebuild-differs, and those of the warehouse. */
export async function* rebuild(request: RebuildRequest, deps: RebuildDeps): AsyncGenerator<RebuildProgress> {
  const { settings, driver, clock, removeFolder } = deps
  await checkDataset(driver, request.dataset)
  await checkRoom(deps)
  const startMs = clock.monotonicMs()
  const work = rebuildFolder(settings.data)
  await removeFolder(work)
  await deps.files.makeFolder(work)
  const boundaryMicros = Math.max(0, ...(await deps.lostBeginnings()).map((one) => one.receivedAtMicros))
  let job: RebuildJob | undefined
  let isPending = false
  try {
    yield { step: 'carrying' }
    const begun = await deps.exclusively(async () => ({
      expired: boundaryMicros === 0 ? [] : await carryExpired(driver, work, boundaryMicros),
      snapshot: await readSnapshot(driver),
      until: await streamPositions(driver),
    }))
    job = await deps.startJob({ settings, platforms: deps.platforms(), snapshot: begun.snapshot, until: begun.until })
    endOnAbort(job, request.signal)
    yield* follow(job, deps)
    yield { step: 'comparing' }
    const { expired } = begun
    const finished = job
    const differences = await deps.exclusively(async () =>
      withinPause(finished, clock, async () => {
        await finished.advance(await streamPositions(driver))
        return finish(request, deps, { job: finished, expired, isExpired: boundaryMicros > 0 })
      }),
    )
    const seconds = Math.round((clock.monotonicMs() - startMs) / 100) / 10
    const archiveBeginsAt = boundaryMicros === 0 ? null : isoTime(boundaryMicros)
    yield { end: { events: job.eventsLoaded(), seconds, archiveBeginsAt, differences } }
  } catch (error) {
    isPending = isSwapPending(error)
    throw error
  } finally {
    await job?.stop()
    if (!isPending) await removeFolder(work)
  }
}

async function checkDataset(driver: WarehouseDriver, dataset: string | undefined): Promise<void> {
  const names = [...(await driver.catalog()).keys()].filter((name) => name !== systemDataset)
  if (dataset === undefined || names.includes(dataset)) return
  throw new MillpondError('request-invalid', `There is no dataset ${dataset} to make again, only ${names.join(', ')}`)
}

/** A second warehouse stands beside the first for a while: senders must not be refused because of it. */
async function checkRoom({ driver, files, settings }: RebuildDeps): Promise<void> {
  const neededBytes = (await driver.fileBytes()) * roomFactor
  const freeBytes = await files.freeBytes(settings.data)
  if (freeBytes >= neededBytes) return
  const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2)} MiB`
  throw new MillpondError(
    'disk-full',
    `A rebuild needs ${mebibytes(neededBytes)}, and ${mebibytes(freeBytes)} are free`,
  )
}

/** Rounds behind the live loader until it is nearly reached. */
async function* follow(job: RebuildJob, deps: RebuildDeps): AsyncGenerator<RebuildProgress> {
  const { clock, driver } = deps
  for (let round = 0; round < roundsMax; round++) {
    const roundStartMs = clock.monotonicMs()
    const until = await streamPositions(driver)
    const total = await eventsReceived(driver)
    const advancing = job.advance(until)
    // Whoever watches may leave before the round ends; its failure is heard below, or by nobody.
    advancing.catch(() => undefined)
    let isDone = false
    const done = advancing.finally(() => (isDone = true))
    done.catch(() => undefined)
    for (;;) {
      await Promise.race([done, pause(clock, progressIntervalMs)])
      yield { done: job.eventsLoaded(), total }
      if (isDone) break
    }
    await advancing
    if (clock.monotonicMs() - roundStartMs < lastRoundMsMax) return
  }
}

/** What waits for the job then fails, and nothing is changed. */
function endOnAbort(job: RebuildJob, signal: AbortSignal | undefined): void {
  const end = (): void => void job.stop()
  if (signal?.aborted === true) end()
  else signal?.addEventListener('abort', end, { once: true })
}

/** Loading waits meanwhile: a rebuild that hangs must not hold it for ever. */
async function withinPause<Result>(job: RebuildJob, clock: Clock, work: () => Promise<Result>): Promise<Result> {
  let isLate = false
  const cancel = clock.schedule(() => {
    isLate = true
    void job.stop()
  }, pauseMsMax)
  try {
    return await work()
  } catch (error) {
    if (!isLate) throw error
    const message = `The end of the rebuild took longer than ${pauseMsMax / 1000} s, and nothing was changed`
    throw new MillpondError('warehouse-unavailable', message, { cause: error })
  } finally {
    cancel()
  }
}

async function pause(clock: Clock, ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    clock.schedule(resolve, ms)
  })
}

/** Positions of the buffer's streams; others count what was decided beside them. */
export async function streamPositions(driver: WarehouseDriver): Promise<StreamPosition[]> {
  const positions = await driver.positions()
  return positions.filter(({ stream }) => stream !== decisionStream && stream !== 'pieces')
}

async function eventsReceived(driver: WarehouseDriver): Promise<number> {
  const [row] = await readAll(driver, 'SELECT sum(received) FROM millpond.source_counts')
  return Number(row?.[0] ?? 0)
}

/** Every table's rows from before the archive begins, as files in the folder `work`. */
export async function carryExpired(driver: WarehouseDriver, work: string, beforeMicros: number): Promise<Carried[]> {
  const carried: Carried[] = []
  for (const [dataset, tables] of await driver.catalog()) {
    if (dataset === systemDataset) continue
    for (const [table, columns] of tables) {
      // One row a user, folded from all of history: taken as it is, later.
      if (table === usersTable || !hasIds(columns)) continue
      carried.push({ ...(await carryOut(driver, work, { dataset, table }, beforeMicros)), replaces: 'same-ids' })
    }
  }
  return carried
}

function hasIds(columns: readonly ColumnSpec[]): boolean {
  return ['id', 'received_at'].every((name) => columns.some((one) => one.name === name))
}

async function carryOut(
  driver: WarehouseDriver,
  work: string,
  table: TableName,
  receivedBeforeMicros?: number,
): Promise<{ table: TableName; path: string }> {
  const name = `${table.dataset}.${table.table}.${receivedBeforeMicros === undefined ? 'whole' : 'expired'}.parquet`
  // Names of tables may hold anything, and be long: the file's name must not.
  const safeName = createHash('sha256').update(name).digest('hex')
  const path = join(driver.maintenance.exchangeFolder, `${safeName}.parquet`)
  await driver.maintenance.exportTable({ table, receivedBeforeMicros, path })
  const own = join(work, `${safeName}.parquet`)
  await rename(path, own)
  return { table, path: own }
}

interface FinishParts {
  readonly job: RebuildJob
  readonly expired: readonly Carried[]
  readonly isExpired: boolean
}

/** The live loader is paused, and both warehouses stand at one position. */
async function finish(request: RebuildRequest, deps: RebuildDeps, parts: FinishParts): Promise<readonly Difference[]> {
  const { driver, settings } = deps
  const { job, expired, isExpired } = parts
  const work = rebuildFolder(settings.data)
  const asTheyAre = await carryWhole(driver, work, isExpired)
  // What tonight's work would remove goes now, on both sides: they must not differ by the days since the last night.
  const expiries = deps.expiries(deps.clock.nowMicros())
  for (const expiry of expiries) await driver.maintenance.expire(expiry)
  const before = await driver.maintenance.digest()
  const snapshot = await readSnapshot(driver)
  const { dataset, signal } = request
  const result = await job.finish({ expiries, expired, asTheyAre, snapshot, dataset })
  const isCompared = comparedTables(request, isExpired, snapshot.erasures.length > 0)
  const differences = differencesOf(before, result.digest, isCompared)
  if (differences.length > 0 && request.force !== true) throw differs(differences)
  if (signal?.aborted === true)
    throw new MillpondError('query-cancelled', 'The rebuild was given up; nothing was changed')
  if (dataset === undefined) {
    // The present verdicts know the ids of what has expired, too; both stand at this position.
    if (isExpired) await deps.removeFolder(join(work, 'verdicts'))
    const install = async (path: string) => driver.maintenance.replaceWith(path)
    await swapWarehouse(settings.data, deps.warehouseFileName, install, deps).catch((error: unknown) => {
      if (isSwapPending(error)) deps.onSwapPending(error)
      throw error
    })
  } else {
    await takeDataset(driver, dataset, result, settings.warehouse)
  }
  return differences
}

/** Tables that are taken as they are, as files in the folder `work`. */
export async function carryWhole(driver: WarehouseDriver, work: string, isExpired: boolean): Promise<Carried[]> {
  const carried: Carried[] = []
  for (const table of await tablesTakenWhole(driver, isExpired)) {
    carried.push({ ...(await carryOut(driver, work, table)), replaces: 'all' })
  }
  return carried
}

/** What tells of the past and isn't made of records; and with an expired archive, what folds all of it. */
async function tablesTakenWhole(driver: WarehouseDriver, isExpired: boolean): Promise<TableName[]> {
  const system = ['loads', 'dead_letters', ...(isExpired ? ['source_counts'] : [])]
  const users = isExpired ? [...(await driver.catalog())].filter(([, tables]) => tables.has(usersTable)) : []
  return [
    ...system.map((table) => ({ dataset: systemDataset, table })),
    ...users.map(([dataset]) => ({ dataset, table: usersTable })),
  ]
}

/**
 * Of an expired archive the ledger, the letters and the users can't be made again; letters of erased people are made again,
 * and must not be: all of these are taken as they are.
 */
function comparedTables(
  { dataset }: RebuildRequest,
  isExpired: boolean,
  hasErasures: boolean,
): (name: string) => boolean {
  return (name) => {
    if (dataset !== undefined && !name.startsWith(`${dataset}.`)) return false
    if (hasErasures && name === `${systemDataset}.dead_letters`) return false
    return !isExpired || (!name.startsWith(`${systemDataset}.`) && !name.endsWith(`.${usersTable}`))
  }
}

function differs(differences: readonly Difference[]): MillpondError {
  const list = differences.map(
    ({ table, rowsBefore, rowsRebuilt }) => `${table} (${rowsBefore} rows, rebuilt ${rowsRebuilt})`,
  )
  const tables = list.slice(0, 10).join(', ')
  return new MillpondError(
    'rebuild-differs',
    `The rebuilt tables don't hold the same ids, and nothing was changed: ${tables}. --force takes them all the same`,
  )
}

/** The rows of one dataset are replaced, all at once; what the rebuilt one has decided about its tables comes along. */
async function takeDataset(
  driver: WarehouseDriver,
  dataset: string,
  result: RebuildResult,
  limits: SchemaLimits,
): Promise<void> {
  const files = []
  for (const { table, columns, path } of result.tables) {
    const own = join(driver.maintenance.exchangeFolder, path.slice(path.lastIndexOf('/') + 1))
    await rename(path, own)
    files.push({ table, columns, path: own })
  }
  try {
    const changes = await unionsOf(driver, dataset, result, limits)
    await driver.maintenance.replaceDataset({ dataset, tables: files, changes })
    const { decisions, eventNames } = result.snapshot
    await addMissingDecisions(driver, {
      ...result.snapshot,
      decisions: decisions.filter((one) => one.dataset === dataset),
      eventNames: eventNames.filter((one) => one.source === dataset),
      erasures: [],
    })
  } finally {
    for (const { path } of files) await rm(path, { force: true })
  }
}

/** `tracks` over all tables that the dataset then has, those of the present warehouse and those of the rebuilt one. */
async function unionsOf(
  driver: WarehouseDriver,
  dataset: string,
  { tables }: RebuildResult,
  limits: SchemaLimits,
): Promise<SchemaChange[]> {
  const merged = new Map((await driver.catalog()).get(dataset))
  for (const { table, columns } of tables) {
    const known = merged.get(table) ?? []
    const widened = known.map((column) => {
      const type = columns.find(({ name }) => name === column.name)?.type
      return column.type === 'integer' && type === 'float' ? { ...column, type } : column
    })
    const added = columns.filter(({ name }) => !known.some((column) => column.name === name))
    merged.set(table, [...widened, ...added])
  }
  const nothingElse = { keptIntegers: [], retypedColumns: [], eventNames: [], erased: [] }
  const catalog = new Map([[dataset, merged]])
  return new WarehouseSchema(limits, () => 'client', { catalog, ...nothingElse }).unions()
}
