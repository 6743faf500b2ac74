// SQL of people -> rows: the only road to the warehouse's reading side. Gives everybody a fair turn, a time limit and a
// row limit, and knows what is running, so that it can be shown and stopped.
//
//   run -> waiting -> running -> ended
//            \__________\________ cancel, timeout, the caller leaves, stop -> interrupted -> ended
//
// A running query computes only while the engine works on its next rows, and only queriesComputingMax do at one time:
// twelve heavy questions on two cores would otherwise all be slow, hold twelve hash tables, and press the loader's fresh
// rows out of memory. Somebody who reads slowly computes nothing meanwhile and blocks nobody.
import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Part } from '../core/part.ts'
import type { QuerySettings } from '../core/settings.ts'
import type { QueryRun, WarehouseDriver } from '../warehouse/driver.ts'
import { FairQueue, type Release } from './fair-queue.ts'

export interface QueryRoadDeps {
  readonly clock: Clock
  /** A new unguessable id each call. */
  readonly createId: () => string
}

export interface ListedQuery {
  readonly id: string
  readonly owner: string
  readonly sql: string
  readonly state: 'waiting' | 'running'
  /** ISO 8601; of waiting queries when they came. */
  readonly startedAt: string
}

export interface QueryRoad extends Part {
  /**
   * `principal` is whoever asks: queries take turns by it. The run ends by itself after queryTimeoutMs or resultRowsMax
   * rows, with query-limit from `rows`; what was read before is right. Errors: query-invalid, query-refused,
   * query-cancelled, query-limit, queries-waiting.
   */
  run(sql: string, principal: string, signal: AbortSignal): Promise<QueryRun>
  /** Oldest first. */
  running(): readonly ListedQuery[]
  /** Errors: not-found. */
  cancel(id: string): void
}

export function createQueryRoad(
  driver: Pick<WarehouseDriver, 'query'>,
  settings: QuerySettings,
  deps: QueryRoadDeps,
): QueryRoad {
  return new Road(driver, settings, deps)
}

class Road implements QueryRoad {
  readonly #driver: Pick<WarehouseDriver, 'query'>
  readonly #settings: QuerySettings
  readonly #deps: QueryRoadDeps
  readonly #queue: FairQueue
  readonly #computing: FairQueue
  readonly #asked = new Map<string, Asked>()

  constructor(driver: Pick<WarehouseDriver, 'query'>, settings: QuerySettings, deps: QueryRoadDeps) {
    this.#driver = driver
    this.#settings = settings
    this.#deps = deps
    const { queriesRunningMax, queriesWaitingMax, queriesComputingMax } = settings
    this.#queue = new FairQueue({ runningMax: queriesRunningMax, waitingMax: queriesWaitingMax })
    this.#computing = new FairQueue({ runningMax: queriesComputingMax, waitingMax: queriesRunningMax })
  }

  async run(sql: string, principal: string, signal: AbortSignal): Promise<QueryRun> {
    const asked = new Asked(this.#deps, principal, sql, signal)
    this.#asked.set(asked.id, asked)
    asked.onEnd(() => {
      this.#asked.delete(asked.id)
    })
    try {
      asked.begin(await this.#queue.enter(principal, asked.signal), this.#settings.queryTimeoutMs)
      const run = await this.#compute(asked, async () => this.#driver.query(sql, asked.signal))
      asked.closes(async () => run.close())
      return { columns: run.columns, rows: this.#rows(asked, run), close: async () => asked.end() }
    } catch (error) {
      await asked.end()
      throw asked.stopReason ?? error
    }
  }

  async *#rows(asked: Asked, run: QueryRun): AsyncGenerator<readonly (readonly unknown[])[]> {
    const { resultRowsMax } = this.#settings
    const pulled = run.rows[Symbol.asyncIterator]()
    let rows = 0
    try {
      for (;;) {
        const next = await this.#compute(asked, async () => pulled.next())
        if (next.done === true) return
        const fitting = next.value.slice(0, resultRowsMax - rows)
        rows += fitting.length
        if (fitting.length > 0) yield fitting
        if (fitting.length < next.value.length) throw tooManyRows(resultRowsMax)
      }
    } catch (error) {
      throw asked.stopReason ?? error
    } finally {
      await asked.end()
    }
  }

  /** Everybody's turn comes round here too: one person's twelve queries don't hold up another's first. */
  async #compute<Result>(asked: Asked, work: () => Promise<Result>): Promise<Result> {
    const release = await this.#computing.enter(asked.owner, asked.signal)
    try {
      return await work()
    } finally {
      release()
    }
  }

  running(): readonly ListedQuery[] {
    return [...this.#asked.values()].map((asked) => asked.listed())
  }

  cancel(id: string): void {
    const asked = this.#asked.get(id)
    if (asked === undefined) throw new MillpondError('not-found', `There is no running query ${id}`)
    asked.stop(new MillpondError('query-cancelled', 'The query was cancelled'))
  }

  /** Interrupts everything, and waits until the engine has let go of it. */
  async stop(): Promise<void> {
    this.#queue.stop()
    this.#computing.stop()
    const left = [...this.#asked.values()]
    for (const asked of left) asked.stop(new MillpondError('query-cancelled', 'The engine is stopping'))
    await Promise.all(left.map(async (asked) => asked.ended))
  }
}

/** One query from being asked to having let go of everything. */
class Asked {
  readonly id: string
  readonly owner: string
  readonly ended: Promise<void>
  /** Why we ended it; undefined while it lives, or when it ended by itself. */
  stopReason: MillpondError | undefined
  readonly #clock: Clock
  readonly #sql: string
  readonly #stop = new AbortController()
  readonly #settled: () => void
  readonly #callers: AbortSignal
  readonly #callerLeft = (): void => {
    this.stop(new MillpondError('query-cancelled', 'The query was cancelled'))
  }
  #state: ListedQuery['state'] = 'waiting'
  #startedAtMicros: number
  #close: () => Promise<void> = async () => {}
  #isOpen = false
  #ending: Promise<void> | undefined
  #atEnd: (() => void)[] = []

  constructor({ clock, createId }: QueryRoadDeps, owner: string, sql: string, callers: AbortSignal) {
    this.id = createId()
    this.#clock = clock
    this.owner = owner
    this.#sql = sql
    this.#startedAtMicros = clock.nowMicros()
    this.#callers = callers
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    this.#settled = resolve
    callers.addEventListener('abort', this.#callerLeft)
    if (callers.aborted) this.#callerLeft()
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  onEnd(task: () => void): void {
    this.#atEnd.push(task)
  }

  /** It is its turn: from here the time counts. */
  begin(release: Release, timeoutMs: number): void {
    this.#state = 'running'
    this.#startedAtMicros = this.#clock.nowMicros()
    const cancelTimeout = this.#clock.schedule(() => {
      const message = `The query took longer than ${timeoutMs / 1000} s: ask for less at once`
      this.stop(new MillpondError('query-limit', message))
    }, timeoutMs)
    this.#atEnd.push(cancelTimeout, release)
  }

  /** The engine has it; from here on an end must close it. */
  closes(close: () => Promise<void>): void {
    this.#close = close
    this.#isOpen = true
    if (this.stopReason !== undefined) void this.end()
  }

  stop(reason: MillpondError): void {
    if (this.#ending !== undefined) return
    this.stopReason ??= reason
    this.#stop.abort()
    // Nobody may be reading its rows: then its place must not stay taken. Before the engine has it, `run` ends it.
    if (this.#isOpen) void this.end()
  }

  async end(): Promise<void> {
    this.#ending ??= this.#release()
    return this.#ending
  }

  async #release(): Promise<void> {
    this.#callers.removeEventListener('abort', this.#callerLeft)
    try {
      await this.#close()
    } finally {
      for (const task of this.#atEnd) task()
      this.#settled()
    }
  }

  listed(): ListedQuery {
    const startedAt = new Date(this.#startedAtMicros / 1000).toISOString()
    return { id: this.id, owner: this.owner, sql: this.#sql, state: this.#state, startedAt }
  }
}

function tooManyRows(resultRowsMax: number): MillpondError {
  const message = `The result has more than ${resultRowsMax} rows: add a LIMIT, or aggregate`
  return new MillpondError('query-limit', message)
}
