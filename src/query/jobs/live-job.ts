// One job of this process, from being asked to having let go of everything.
//
//   waiting ──begin──▶ running ──rows read, or closed──▶ done
//      \_________________\__ cancel, timeout, the caller leaves, a mistake, stop ──▶ done, with an error
//
// Whoever works on it calls begin, answer and finish; everybody else sees info, result and pages.
import { randomUUID } from 'node:crypto'

import type { Clock } from '../../core/clock.ts'
import { messageOf, MillpondError } from '../../core/errors.ts'
import type { ResultChunk } from '../../warehouse/session.ts'
import type { Job, JobInfo, JobResult, JobStatistics, QueryRequest } from '../contract.ts'
import { type ResultFile, sliceChunk } from '../results/result-file.ts'
import type { ResultStore } from '../results/result-store.ts'

export interface LiveJobDeps {
  readonly clock: Clock
  readonly results: ResultStore
}

/** Statements of a script that are known as jobs while the process lives: a loop may run a million. */
export const childrenMax = 1_000

export type JobPage = Awaited<ReturnType<Job['page']>>

const emptyResult: JobResult = {
  columns: [],
  chunks: (async function* () {})(),
  close: async () => {},
}

export class LiveJob implements Job {
  readonly id: string
  readonly parentId: string | undefined
  readonly request: QueryRequest
  /** The first childrenMax of a script; the history knows all. */
  readonly children: LiveJob[] = []
  /** As BigQuery calls them. Nobody can guess it: whoever had taken such an id would end the script. */
  readonly #childrenName = `script_job_${randomUUID().replaceAll('-', '')}`
  #childCount = 0
  /** Where its rows are kept, if they are. */
  rowsKey: string | undefined
  /** Read by page later, or by a script that answers with them. */
  keepsRows: boolean
  /** Neither shown once it has ended well, nor kept in the history. */
  isQuiet = false
  readonly ended: Promise<JobInfo>
  readonly #deps: LiveJobDeps
  readonly #abort = new AbortController()
  readonly #createdAtMicros: number
  readonly #answered = Promise.withResolvers<JobResult>()
  readonly #settle: (info: JobInfo) => void
  #state: JobInfo['state'] = 'waiting'
  #startedAtMicros: number | undefined
  #endedAtMicros: number | undefined
  #error: MillpondError | undefined
  #statistics: JobStatistics | undefined
  #atEnd: (() => void)[] = []

  constructor(deps: LiveJobDeps, id: string, request: QueryRequest, parentId?: string) {
    this.id = id
    this.parentId = parentId
    this.request = request
    this.keepsRows = request.keepsRows === true
    this.#deps = deps
    this.#createdAtMicros = deps.clock.nowMicros()
    const { promise, resolve } = Promise.withResolvers<JobInfo>()
    this.ended = promise
    this.#settle = resolve
    // Nobody may ever ask for it.
    this.#answered.promise.catch(() => undefined)
  }

  nextChildId(): string {
    this.#childCount += 1
    return `${this.#childrenName}_${this.#childCount}`
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Why it was ended from outside; undefined while it lives, or when it ended by itself. */
  get stopReason(): MillpondError | undefined {
    const reason: unknown = this.#abort.signal.reason
    return this.#abort.signal.aborted && reason instanceof MillpondError ? reason : undefined
  }

  /** The caller's leaving ends it. */
  follow(callers: AbortSignal): void {
    const leave = (): void => {
      this.stop(new MillpondError('query-cancelled', 'The query was cancelled'))
    }
    callers.addEventListener('abort', leave)
    this.#atEnd.push(() => {
      callers.removeEventListener('abort', leave)
    })
    if (callers.aborted) leave()
  }

  /** It is its turn: from here the time counts. */
  begin(release: () => void, timeoutMs: number): void {
    this.#state = 'running'
    this.#startedAtMicros = this.#deps.clock.nowMicros()
    const cancelTimeout = this.#deps.clock.schedule(() => {
      this.stop(tookTooLong(timeoutMs))
    }, timeoutMs)
    this.#atEnd.push(cancelTimeout, release)
  }

  /** The columns are known and rows can be read. */
  answer(result: JobResult): void {
    this.#answered.resolve(result)
  }

  finish(statistics: JobStatistics): void {
    if (this.#state === 'done') return
    this.#statistics = statistics
    this.#answered.resolve(emptyResult)
    this.#end()
  }

  /** Returns the error that callers are told: the reason of a stop goes before its consequences. */
  fail(error: unknown, statistics?: JobStatistics): MillpondError {
    const told = this.stopReason ?? asMillpondError(error)
    if (this.#state === 'done') return told
    this.#error = told
    this.#statistics = statistics
    this.#answered.reject(told)
    this.#end()
    return told
  }

  #end(): void {
    this.#state = 'done'
    this.#endedAtMicros = this.#deps.clock.nowMicros()
    for (const task of this.#atEnd) task()
    this.#atEnd = []
    this.#settle(this.info())
  }

  stop(reason: MillpondError): void {
    if (this.#state !== 'done') this.#abort.abort(reason)
  }

  async result(): Promise<JobResult> {
    return this.#answered.promise
  }

  async page(startRow: number, rowsMax: number, bytesMax: number): Promise<JobPage> {
    const use = async (file: ResultFile): Promise<JobPage> => {
      const chunks: ResultChunk[] = []
      let rows = 0
      let bytes = 0
      if (rowsMax > 0) {
        for await (const chunk of file.read(startRow)) {
          const fitting = sliceChunk(
            chunk,
            0,
            Math.min(rowsMax - rows, rowsWithin(chunk, bytesMax - bytes, rows === 0)),
          )
          if (fitting.rowCount === 0) break
          chunks.push(fitting)
          rows += fitting.rowCount
          bytes += sizeOf(fitting)
          if (rows >= rowsMax || fitting.rowCount < chunk.rowCount) break
        }
      }
      return { chunks, rows, totalRows: file.rows }
    }
    // A job without rows has none: its id is a name that the caller chose, never a key.
    const page = this.rowsKey === undefined ? undefined : await this.#deps.results.use(this.rowsKey, use)
    if (page === undefined) throw new MillpondError('not-found', `The rows of job ${this.id} are not kept any more`)
    return page
  }

  info(): JobInfo {
    const { principal, port, dialect, labels = {}, sql, clientSql } = this.request
    return {
      id: this.id,
      parentId: this.parentId,
      owner: principal.handle,
      port,
      dialect,
      labels,
      sql: clientSql ?? sql,
      state: this.#state,
      createdAtMicros: this.#createdAtMicros,
      startedAtMicros: this.#startedAtMicros,
      endedAtMicros: this.#endedAtMicros,
      error: this.#error === undefined ? undefined : { code: this.#error.code, message: this.#error.message },
      statistics: this.#statistics,
    }
  }
}

export function tookTooLong(timeoutMs: number): MillpondError {
  const message = `The query took longer than ${timeoutMs / 1000} s: ask for less at once`
  return new MillpondError('query-limit', message)
}

function asMillpondError(error: unknown): MillpondError {
  if (error instanceof MillpondError) return error
  return new MillpondError('bug', messageOf(error), { cause: error })
}

/** Rows of a chunk that fit; at least one if nothing has gone out yet. */
function rowsWithin(chunk: ResultChunk, bytesMax: number, isFirst: boolean): number {
  const size = sizeOf(chunk)
  if (size <= bytesMax) return chunk.rowCount
  const fitting = Math.floor((chunk.rowCount * Math.max(0, bytesMax)) / size)
  return isFirst ? Math.max(1, fitting) : fitting
}

/** About what the rows take as JSON; measured on a few of them. */
function sizeOf(chunk: ResultChunk): number {
  const step = Math.max(1, Math.floor(chunk.rowCount / 16))
  let size = 0
  let sampled = 0
  for (let row = 0; row < chunk.rowCount; row += step) {
    sampled += 1
    for (const column of chunk.columns) size += valueSize(column[row])
  }
  return Math.ceil((size * chunk.rowCount) / Math.max(1, sampled))
}

function valueSize(value: unknown): number {
  if (typeof value === 'string') return value.length + 8
  if (value instanceof Uint8Array) return value.length * 1.4 + 8
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + valueSize(item), 16)
  return 24
}
