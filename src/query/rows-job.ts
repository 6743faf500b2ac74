// Runs a job that gives rows: from the cache, or from the engine with the cache filled on the way.
//
//   prepared ─▶ cached? ─yes─▶ kept rows
//                 └─no─▶ guard ─▶ session ─▶ chunks ─▶ the caller, beside it the cache          (streams)
//                                              └────▶ kept rows, then the caller reads by page  (keepsRows)
import { createHash, randomUUID } from 'node:crypto'

import { MillpondError } from '../core/errors.ts'
import type { QuerySettings } from '../core/settings.ts'
import type { WarehouseDriver } from '../warehouse/driver.ts'
import type { ResultChunk, ResultRun, WarehouseSession } from '../warehouse/session.ts'
import type { JobResult, JobStatistics, QueryColumn } from './contract.ts'
import type { CostBook, Estimate } from './cost/estimate.ts'
import type { FairQueue } from './fair-queue.ts'
import type { LiveJob } from './jobs/live-job.ts'
import type { PreparedRows } from './prepared.ts'
import type { ResultStore } from './results/result-store.ts'
import { inTurn, kept, pulledChunks } from './run-rows.ts'
import { emptyStatistics } from './jobs/empty-statistics.ts'

export interface RowsJobDeps {
  readonly driver: Pick<WarehouseDriver, 'openSession' | 'made'>
  readonly settings: QuerySettings
  readonly computing: FairQueue
  readonly results: ResultStore
  readonly cached: Map<string, readonly QueryColumn[]>
  readonly cost: CostBook
}

/** Small results only: a cache of large ones would push the others out. */
const cachedBytesMax = 16 * 1024 * 1024
const cachedResultsMax = 10_000

export interface RowsJobOptions {
  readonly job: LiveJob
  readonly prepared: PreparedRows
  /** Part of the cache's key: the same text may mean other rows to other people. */
  readonly policySetId: string
  /** The session of a conversation; undefined: one of its own, closed at the end. */
  readonly session?: WarehouseSession | undefined
}

export async function runRowsJob(deps: RowsJobDeps, options: RowsJobOptions): Promise<void> {
  const { job, prepared } = options
  const estimate = await deps.cost.estimate(prepared.tables)
  const key = cacheKey(deps, options)
  const columns = key === undefined ? undefined : deps.cached.get(key)
  if (key !== undefined && columns !== undefined && deps.results.has(key)) {
    const hit = { ...statisticsOf(prepared, estimate), bytesProcessed: 0, bytesBilled: 0, cacheHit: true }
    job.rowsKey = key
    const rows = deps.results.rows(key) ?? 0
    job.answer({ columns, chunks: deps.results.read(key), close: async () => {} })
    job.finish({ ...hit, rows })
    return
  }
  // Behind the cache: what is answered from there costs nothing.
  refuseExpensive(deps, job, estimate)
  deps.cost.spend(job.request.principal.handle, estimate.billedBytes)
  const session = options.session ?? (await deps.driver.openSession({ semantics: 'plain' }))
  const release = async (): Promise<void> => {
    if (options.session === undefined) await session.close()
  }
  try {
    await answerRows(deps, options, { session, estimate, key, release })
  } catch (error) {
    await release()
    throw error
  }
}

interface Running {
  readonly session: WarehouseSession
  readonly estimate: Estimate
  readonly key: string | undefined
  readonly release: () => Promise<void>
}

async function answerRows(deps: RowsJobDeps, options: RowsJobOptions, running: Running): Promise<void> {
  const { job, prepared } = options
  const { session, estimate, key, release } = running
  for (const table of prepared.inlineTables) await session.putInlineTable(table)
  for (const definition of prepared.functions) session.putFunction(definition)
  const person = job.request.principal.id
  const run = await inTurn(deps.computing, person, job.signal, async () => session.run(prepared.statement, job.signal))
  const columns = columnsOf(run, prepared)
  let rows = 0
  const pulled = pulledChunks(run, {
    computing: deps.computing,
    person,
    signal: job.signal,
    onRows: (count) => {
      rows += count
    },
  })
  const statistics = (): JobStatistics => ({ ...statisticsOf(prepared, estimate), rows })
  if (job.keepsRows) {
    await keepRows(deps, job, pulled, { columns, key })
    await release()
    job.finish(statistics())
    return
  }
  const chunks =
    key === undefined
      ? pulled
      : kept(pulled, {
          create: async () => deps.results.create(cachedBytesMax),
          keep: async (full) => remember(deps, key, columns, full),
        })
  job.answer(streamed(job, columns, chunks, { run, release, statistics }))
}

async function remember(
  deps: RowsJobDeps,
  key: string,
  columns: readonly QueryColumn[],
  file: Parameters<ResultStore['keep']>[1],
): Promise<void> {
  await deps.results.keep(key, file)
  deps.cached.delete(key)
  deps.cached.set(key, columns)
  for (const old of deps.cached.keys()) {
    if (deps.cached.size <= cachedResultsMax && deps.results.has(old)) break
    deps.cached.delete(old)
  }
}

async function keepRows(
  deps: RowsJobDeps,
  job: LiveJob,
  chunks: AsyncIterable<ResultChunk>,
  { columns, key }: { readonly columns: readonly QueryColumn[]; readonly key: string | undefined },
): Promise<void> {
  const file = await deps.results.create()
  try {
    for await (const chunk of chunks) await file.append(chunk)
    await file.seal()
  } catch (error) {
    await file.remove()
    throw error
  }
  // Not by its id, which callers choose, and choose again.
  job.rowsKey = key ?? `job:${randomUUID()}`
  if (key === undefined) await deps.results.keep(job.rowsKey, file)
  else await remember(deps, key, columns, file)
  job.answer({ columns, chunks: deps.results.read(job.rowsKey), close: async () => {} })
}

/** The job ends when its rows have been read, when the reader breaks off, or by an error on the way. */
function streamed(
  job: LiveJob,
  columns: readonly QueryColumn[],
  chunks: AsyncGenerator<ResultChunk>,
  {
    run,
    release,
    statistics,
  }: { readonly run: ResultRun; readonly release: () => Promise<void>; readonly statistics: () => JobStatistics },
): JobResult {
  let ending: Promise<void> | undefined
  const end = async (): Promise<void> => {
    ending ??= (async () => {
      await chunks.return(undefined)
      await run.close()
      await release()
      if (job.stopReason === undefined) job.finish(statistics())
      else job.fail(job.stopReason, statistics())
    })()
    return ending
  }
  // Nobody may be reading: then its place must not stay taken.
  job.signal.addEventListener('abort', () => void end(), { once: true })
  if (job.signal.aborted) void end()
  async function* rows(): AsyncGenerator<ResultChunk> {
    try {
      yield* chunks
      // Ended from outside, the engine's rows just end: nobody may take that for all of them.
      if (job.stopReason !== undefined) throw job.stopReason
    } catch (error) {
      const told = job.fail(error, statistics())
      throw told
    } finally {
      await end()
    }
  }
  return { columns, chunks: rows(), close: end }
}

function columnsOf(run: ResultRun, { columns }: PreparedRows): QueryColumn[] {
  return run.columns.map((column, index) => {
    const known = columns?.[index]
    return { ...column, name: known?.name ?? column.name, sqlType: known?.sqlType }
  })
}

export function statisticsOf(prepared: PreparedRows, estimate: Estimate): JobStatistics {
  const names = new Map(prepared.tables.map(({ dataset, table }) => [`${dataset}.${table}`, { dataset, table }]))
  return {
    ...emptyStatistics(prepared.statementType),
    bytesProcessed: estimate.bytes,
    bytesBilled: estimate.billedBytes,
    referencedTables: [...names.values()],
  }
}

/** Errors: query-too-expensive. */
export function refuseExpensive(deps: Pick<RowsJobDeps, 'settings' | 'cost'>, job: LiveJob, estimate: Estimate): void {
  const { queryBytesMax, personBytesPerDayMax } = deps.settings
  const { bytesBilledMax, principal } = job.request
  const wanted = [bytesBilledMax, queryBytesMax === 0 ? undefined : queryBytesMax].filter((max) => max !== undefined)
  const bound = Math.min(...wanted)
  if (estimate.billedBytes > bound) {
    const message = `Query exceeded limit for bytes billed: ${bound}. ${estimate.billedBytes} or higher required.`
    throw new MillpondError('query-too-expensive', message)
  }
  const spent = deps.cost.spentToday(principal.handle)
  if (personBytesPerDayMax > 0 && spent + estimate.billedBytes > personBytesPerDayMax) {
    const message = `Quota exceeded: ${principal.handle} has read ${spent} of ${personBytesPerDayMax} bytes today (UTC), and this query would be billed ${estimate.billedBytes}`
    throw new MillpondError('query-too-expensive', message)
  }
}

/** undefined: the answer is no matter of text, policies and tables alone, or the caller wants it fresh. */
function cacheKey(
  { driver }: RowsJobDeps,
  { job, prepared, policySetId, session }: RowsJobOptions,
): string | undefined {
  const isPlain = !prepared.isVolatile && prepared.functions.length === 0 && prepared.inlineTables.length === 0
  if (!isPlain || job.request.usesCache === false || session !== undefined) return undefined
  const versions = prepared.tables.map(({ dataset, table }) => [dataset, table, driver.made.version(dataset, table)])
  const parameters = [...(prepared.statement.parameters ?? [])]
  // The engine's text alone doesn't say the types: a JSON value and a STRING may be written the same.
  const { columns, statement } = prepared
  const parts = [job.request.dialect, statement.sql, parameters, columns, policySetId, versions]
  // Callers choose ids of jobs, and rows are kept under both: none may look like the other.
  return `cache:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`
}
