// Ended jobs on their way into `millpond.jobs`: as rows of stream `engine`, like everything that becomes a row. Gathered for a
// moment, because a dashboard ends twenty at a time.
import { type Clock, isoTime } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { type Append, ownRows } from '../buffer/record.ts'
import type { JobInfo } from './contract.ts'

export interface JobHistoryDeps {
  readonly append: Append
  readonly clock: Clock
  readonly log: Log
}

const gatherMs = 1_000
/** Beyond it the oldest are forgotten: history must not hold up the work that it tells of. */
const waitingJobsMax = 20_000
/** SQL of a job as it is kept; BigQuery's own bound is a million. */
const sqlLengthMax = 100_000

export class JobHistory {
  readonly #deps: JobHistoryDeps
  #waiting: JobInfo[] = []
  #cancelTimer: (() => void) | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(deps: JobHistoryDeps) {
    this.#deps = deps
  }

  add(job: JobInfo): void {
    if (this.#waiting.length >= waitingJobsMax) this.#waiting.shift()
    this.#waiting.push(job)
    this.#cancelTimer ??= this.#deps.clock.schedule(() => {
      this.#writing = this.#write()
    }, gatherMs)
  }

  async stop(): Promise<void> {
    this.#cancelTimer?.()
    await this.#writing
    await this.#write()
  }

  async #write(): Promise<void> {
    this.#cancelTimer = undefined
    const jobs = this.#waiting
    this.#waiting = []
    try {
      await Promise.all(jobs.map(async (job) => this.#append(job)))
    } catch (error) {
      this.#deps.log.warn({ error: messageOf(error), jobs: jobs.length }, 'Ended queries are missing in millpond.jobs')
    }
  }

  async #append(job: JobInfo): Promise<void> {
    const json = JSON.stringify(jobRow(job), wellFormed)
    await this.#deps.append(ownRows('millpond.jobs', [json], this.#deps.clock.nowMicros()))
  }
}

/** As the columns of millpond.jobs (warehouse/row-tables.ts). */
export function jobRow(job: JobInfo): Readonly<Record<string, unknown>> {
  const { statistics, error, createdAtMicros, startedAtMicros, endedAtMicros } = job
  const took =
    startedAtMicros === undefined || endedAtMicros === undefined ? undefined : endedAtMicros - startedAtMicros
  return {
    job_id: job.id,
    parent_job_id: job.parentId,
    owner: job.owner,
    port: job.port,
    dialect: job.dialect,
    statement_type: statistics?.statementType,
    query: job.sql.slice(0, sqlLengthMax),
    error_code: error?.code,
    error_message: error?.message,
    bytes_processed: statistics?.bytesProcessed,
    bytes_billed: statistics?.bytesBilled,
    rows: statistics?.rows,
    affected_rows: statistics?.affectedRows,
    cache_hit: statistics?.cacheHit,
    created_at: isoOf(createdAtMicros),
    started_at: isoOf(startedAtMicros),
    ended_at: isoOf(endedAtMicros),
    took_ms: took === undefined ? undefined : took / 1000,
    labels: job.labels,
    referenced_tables: statistics?.referencedTables,
  }
}

/** Half a character, in SQL, a label or an error that quotes them, is no text that a table can keep. */
function wellFormed(_key: string, value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toWellFormed(), inner]))
}

function isoOf(micros: number | undefined): string | undefined {
  return micros === undefined ? undefined : isoTime(micros)
}
