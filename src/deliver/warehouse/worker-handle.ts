// The loading thread's hold on its worker: questions with answers, and one way to fail. After any failure the handle is
// dead: every open and later question rejects, and a new worker is started from the warehouse's position.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

import type { SourcePlatform } from '../../control/control.ts'
import { MillpondError, messageOf } from '../../core/errors.ts'
import type {
  DedupeStatus,
  FromWorker,
  PreparedPlan,
  PrepareOrder,
  RecordPlace,
  ToWorker,
  WorkerStart,
} from './worker-messages.ts'

export interface WorkerHandle {
  /** Resolves when verdicts are cut to the position and the dedupe index stands. */
  readonly ready: Promise<DedupeStatus>
  prepare(order: PrepareOrder): Promise<PreparedPlan>
  /** Resolves when all verdicts given so far are durable. */
  sync(hour: number): Promise<void>
  forgetPlatforms(): void
  /** Orderly: files closed. */
  stop(): Promise<void>
  /** At once. Fine to call twice. */
  end(): Promise<void>
}

/** The worker threw, or died. */
export class WorkerFailure extends MillpondError {
  /** While it judged this record. */
  readonly record: RecordPlace | undefined
  /** Out of memory, or a hard exit: perhaps the plan as a whole was too much. */
  readonly isDeath: boolean

  constructor(message: string, record: RecordPlace | undefined, isDeath: boolean, cause?: unknown) {
    super('bug', message, { cause })
    this.record = record
    this.isDeath = isDeath
  }
}

interface Question<Answer> {
  readonly promise: Promise<Answer>
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

function ask<Answer>(): Question<Answer> {
  const question = Promise.withResolvers<Answer>()
  // Whoever asked hears of a failure; a question that nobody waits for any more must not end the process.
  question.promise.catch(() => undefined)
  return question
}

type FailureOf = (message: string, isDeath: boolean, cause?: unknown) => WorkerFailure

function watch(worker: Worker, fail: (error: Error) => void, failureOf: FailureOf): void {
  worker.on('error', (error) => {
    fail(failureOf(`The loader's worker died: ${messageOf(error)}`, true, error))
  })
  worker.on('exit', (code) => {
    fail(failureOf(`The loader's worker ended with code ${code}`, true))
  })
}

/** The worker's file: this one's neighbour, .ts as developed, .js as installed. */
function workerFile(): URL {
  return new URL(`./loader-worker${extname(import.meta.url)}`, import.meta.url)
}

/** Failures name the record at hand, even when the thread died too suddenly to tell. */
function openThread(options: Omit<WorkerStart, 'recordAtHand'>): { worker: Worker; failureOf: FailureOf } {
  const shared = new SharedArrayBuffer(16)
  const start: WorkerStart = { ...options, recordAtHand: shared }
  const atHand = new Float64Array(shared)
  return {
    worker: new Worker(workerFile(), { workerData: start, name: 'loader' }),
    failureOf(message, isDeath, cause) {
      const [place = 0, sequence = 0] = atHand
      const stream = options.streams[place - 1]?.stream
      const record = stream === undefined ? undefined : { stream, sequence }
      return new WorkerFailure(message, record, isDeath, cause)
    },
  }
}

export function startWorker(
  options: Omit<WorkerStart, 'recordAtHand'>,
  platformOf: (source: string) => SourcePlatform,
): WorkerHandle {
  const { worker, failureOf } = openThread(options)
  const ready = ask<DedupeStatus>()
  const stopped = ask<undefined>()
  let prepared = ask<PreparedPlan>()
  let synced = ask<undefined>()
  let failure: Error | undefined

  function fail(error: Error): void {
    if (failure !== undefined) return
    failure = error
    for (const question of [ready, stopped, prepared, synced]) question.reject(error)
  }

  function send(message: ToWorker): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
    if (failure === undefined) worker.postMessage(message)
  }

  worker.on('message', (message: FromWorker) => {
    switch (message.kind) {
      case 'ready':
        ready.resolve(message.dedupe)
        return
      case 'plan':
        prepared.resolve(message.prepared)
        return
      case 'ask-platforms':
        send({ kind: 'platforms', platforms: Object.fromEntries(message.sources.map((one) => [one, platformOf(one)])) })
        return
      case 'synced':
        synced.resolve(undefined)
        return
      case 'stopped':
        stopped.resolve(undefined)
        return
      case 'failed':
        fail(failureOf(`The loader's worker failed: ${message.message}`, false))
    }
  })
  watch(worker, fail, failureOf)

  return {
    ready: ready.promise,
    async prepare(order) {
      if (failure !== undefined) throw failure
      prepared = ask()
      send({ kind: 'prepare', ...order })
      return prepared.promise
    },
    async sync(hour) {
      if (failure !== undefined) throw failure
      synced = ask()
      send({ kind: 'sync', hour })
      await synced.promise
    },
    forgetPlatforms() {
      send({ kind: 'forget-platforms' })
    },
    async stop() {
      if (failure !== undefined) throw failure
      send({ kind: 'stop' })
      await stopped.promise
      fail(new MillpondError('bug', "The loader's worker is stopped"))
      await worker.terminate()
    },
    async end() {
      fail(new MillpondError('bug', "The loader's worker was ended"))
      await worker.terminate()
    },
  }
}
