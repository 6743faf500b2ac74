// SQL of people -> jobs: the only road to the warehouse's asking side, whichever port it comes through. Gives everybody a fair
// turn, limits of time, rows and bytes, one history, and knows what is running, so that it can be shown and stopped.
//
//   submit ─▶ waiting ─(fair queue per person)─▶ running: prepare ─▶ rows (rows-job.ts) ─▶ done ─▶ history
//                                                           └──▶ script (script-job.ts): child jobs
import { MillpondError } from '../core/errors.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { QuerySettings } from '../core/settings.ts'
import type { Principal } from '../control/principals.ts'
import type { WarehouseDriver } from '../warehouse/driver.ts'
import type { WarehouseSession } from '../warehouse/session.ts'
import type {
  DryRun,
  ExportedFile,
  Job,
  JobInfo,
  Port,
  QueryColumn,
  QueryRequest,
  QueryRoad,
  QuerySession,
  VisibleTable,
} from './contract.ts'
import type { CostBook } from './cost/estimate.ts'
import { dryRunOf } from './dry-run.ts'
import { exportParquet } from './export-job.ts'
import type { ExportRoom } from './export-room.ts'
import { FairQueue } from './fair-queue.ts'
import { JobList } from './jobs/job-list.ts'
import { childrenMax, LiveJob } from './jobs/live-job.ts'
import type { Preparer } from './prepare.ts'
import { openConversation } from './conversation.ts'
import type { ResultStore } from './results/result-store.ts'
import { type RowsJobDeps, runRowsJob } from './rows-job.ts'
import { runScriptJob } from './script-job.ts'
import { runSessionWrite } from './session-write.ts'

export interface QueryRoadDeps {
  readonly driver: Pick<WarehouseDriver, 'openSession' | 'made'>
  readonly preparer: Preparer
  readonly cost: CostBook
  readonly results: ResultStore
  readonly exports: ExportRoom
  /** Told of every job that has ended. */
  readonly history: (job: JobInfo) => void
  readonly clock: Clock
  readonly log: Log
  /** A new unguessable id each call. */
  readonly createId: () => string
}

/** The session of a conversation, as it stands when a statement comes. */
export interface SessionPlace {
  readonly session: WarehouseSession
  /** Somebody else ends it. */
  readonly isInTransaction: boolean
  /** It has the turn to write. */
  readonly isWriting: boolean
}

/** Ended jobs that can still be asked for, besides their age. */
const endedJobsMax = 10_000

export function createQueryRoad(settings: QuerySettings, deps: QueryRoadDeps): QueryRoad {
  return new Road(settings, deps)
}

export class Road implements QueryRoad {
  readonly settings: QuerySettings
  readonly deps: QueryRoadDeps
  readonly rowsDeps: RowsJobDeps
  readonly #queue: FairQueue
  readonly #jobs: JobList
  readonly #sessions = new Set<QuerySession>()
  #isStopped = false

  constructor(settings: QuerySettings, deps: QueryRoadDeps) {
    this.settings = settings
    this.deps = deps
    const { queriesRunningMax, queriesWaitingMax, queriesComputingMax, resultAgeMsMax } = settings
    this.#queue = new FairQueue({ runningMax: queriesRunningMax, waitingMax: queriesWaitingMax })
    this.#jobs = new JobList({ endedJobsMax, resultAgeMsMax }, deps.clock)
    const computing = new FairQueue({ runningMax: queriesComputingMax, waitingMax: queriesRunningMax })
    const { driver, results, cost } = deps
    this.rowsDeps = { driver, settings, computing, results, cached: new Map<string, readonly QueryColumn[]>(), cost }
  }

  async submit(request: QueryRequest, signal: AbortSignal): Promise<Job> {
    const job = this.#add(request, signal)
    void this.#work(job, undefined)
    return job
  }

  /** As submit, on the session of a conversation. */
  async submitOn(place: SessionPlace, request: QueryRequest, signal: AbortSignal): Promise<Job> {
    const job = this.#add(request, signal)
    void this.#work(job, place)
    return job
  }

  /** A statement of a script: it takes no place of its own. */
  addChild(parent: LiveJob, sql: string): LiveJob {
    const { jobId: _, ...request } = parent.request
    const job = new LiveJob(this.deps, parent.nextChildId(), { ...request, sql }, parent.id)
    if (parent.children.length < childrenMax) {
      parent.children.push(job)
      this.#jobs.add(job)
    }
    job.follow(parent.signal)
    this.#remember(job)
    return job
  }

  #add(request: QueryRequest, signal: AbortSignal): LiveJob {
    if (this.#isStopped) throw new MillpondError('query-cancelled', 'The engine is stopping')
    const job = new LiveJob(this.deps, request.jobId ?? this.deps.createId(), request)
    this.#jobs.add(job)
    job.follow(signal)
    this.#remember(job)
    return job
  }

  #remember(job: LiveJob): void {
    void job.ended.then((info) => {
      if (job.isQuiet && info.error === undefined) this.#jobs.forget(job)
      else this.deps.history(info)
    })
  }

  async #work(job: LiveJob, place: SessionPlace | undefined): Promise<void> {
    try {
      const { principal, timeoutMs = this.settings.queryTimeoutMs } = job.request
      // All places may be with those who wait for this very writer; there is one at a time.
      const release =
        place?.isWriting === true
          ? () => {}
          : await this.#queue.enter(principal.id, job.signal, job.request.isBackground)
      job.begin(release, Math.min(timeoutMs, this.settings.queryTimeoutMs))
      const { write, readsCatalog } = job.request
      if (write !== undefined) return await runSessionWrite(this, job, write, place)
      const prepared = await this.deps.preparer.prepare(job.request)
      const { policySetId } = prepared
      if (prepared.kind === 'rows') {
        job.isQuiet = readsCatalog === true && prepared.tables.length === 0
        await runRowsJob(this.rowsDeps, { job, prepared, policySetId, session: place?.session })
      } else await runScriptJob(this, job, prepared, place)
    } catch (error) {
      const told = job.fail(error)
      if (told.kind === 'bug') this.deps.log.error({ err: error, job: job.id }, 'A query failed by a fault of ours.')
    }
  }

  async exportParquet(request: QueryRequest, signal: AbortSignal): Promise<ExportedFile> {
    const job = this.#add(request, signal)
    try {
      job.begin(await this.#queue.enter(request.principal.id, job.signal), this.settings.queryTimeoutMs)
      const prepared = await this.deps.preparer.prepare(request)
      if (prepared.kind === 'rows')
        return await exportParquet({ ...this.rowsDeps, exports: this.deps.exports }, job, prepared)
      throw new MillpondError('query-refused', 'Only the rows of one SELECT can be exported')
    } catch (error) {
      throw job.fail(error)
    }
  }

  async dryRun(request: QueryRequest): Promise<DryRun> {
    return dryRunOf(this.deps, request)
  }

  async openSession(principal: Principal, port: Port): Promise<QuerySession> {
    const conversation = await openConversation(this, principal, port)
    this.#sessions.add(conversation)
    return {
      ...conversation,
      close: async () => {
        this.#sessions.delete(conversation)
        await conversation.close()
      },
    }
  }

  jobs(principal: Principal): readonly JobInfo[] {
    return this.#jobs.list(principal)
  }

  job(id: string, principal: Principal): Job {
    return this.#jobs.find(id, principal)
  }

  async cancel(id: string, principal: Principal): Promise<JobInfo> {
    const job = this.#jobs.find(id, principal)
    job.stop(new MillpondError('query-cancelled', 'The query was cancelled'))
    return job.ended
  }

  async visibleTables(principal: Principal): Promise<readonly VisibleTable[]> {
    return this.deps.preparer.visibleTables(principal)
  }

  /** Interrupts everything, and waits until the engine has let go of it. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#queue.stop()
    this.rowsDeps.computing.stop()
    const left = this.#jobs.live()
    for (const job of left) job.stop(new MillpondError('query-cancelled', 'The engine is stopping'))
    await Promise.all(left.map(async (job) => job.ended))
    await Promise.all([...this.#sessions].map(async (session) => session.close()))
    await this.deps.results.stop()
  }
}
