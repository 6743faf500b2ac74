// People's own JavaScript functions: `memory.bq.js('id', '[arguments as JSON]')` gives the result as JSON. They run in a thread
// (user-functions-worker.ts), and nobody waits for it but the statement: the engine calls functions on the main thread and holds
// it until they return, so ours return at once, and the engine's own thread sleeps between them. What was measured:
// docs/decisions/0005-javascript-functions.md.
//
//   a chunk of rows ─▶ bq_js_send: to the thread ─▶ sleep_ms ─▶ bq_js_look: answered? ─▶ bq_js_take: the answers
//                                                       └───── no, a little longer ◀─┘
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

import { BIGINT, type DuckDBDataChunk, DuckDBScalarFunction, type DuckDBType, VARCHAR } from '@duckdb/node-api'

import { messageOf } from '../../core/errors.ts'
import type { ScriptFunction } from '../session.ts'
import type { Link } from './link.ts'
import type { FromWorker, ToWorker, WorkerStart } from './user-functions-worker.ts'

export interface UserFunctionLimits {
  /** Calls in one statement. */
  readonly callsMax: number
  /** Time of all calls of one statement together. */
  readonly timeMsMax: number
}

/** The functions of one connection. */
export interface FunctionScope {
  put(definition: ScriptFunction): void
  /** Counts and clock begin anew; what is left of the statement before is ended. */
  beginStatement(): void
  end(): void
}

export interface UserFunctions {
  scopeOf(connectionId: number): FunctionScope
}

/** Once a database. */
export async function registerUserFunctions(link: Link, limits: UserFunctionLimits): Promise<UserFunctions> {
  const scopes = new Map<number, Scope>()
  for (const step of steps) link.api.registerScalarFunction(scalarFunction(step, scopes))
  await link.api.run(waitingMacro(limits.timeMsMax + slackMs))
  return {
    scopeOf(connectionId) {
      const scope = new Scope(limits, () => scopes.delete(connectionId))
      scopes.set(connectionId, scope)
      return scope
    },
  }
}

/** A thread that has not answered by then has not even seen that its time is up, and is ended. It also may have to start first. */
const slackMs = 5_000

/**
 * Each row has a ticket: its batch and its place therein, a chunk being 2,048 rows at most. It is negative once the batch is
 * answered. The first row of a batch sleeps for all.
 */
const rowsOfBatch = 2_048

function waitingMacro(waitMsMax: number): string {
  return `CREATE MACRO memory.bq.js(id, arguments) AS bq_js_take(list_reduce(
    [${waits(waitMsMax).join(', ')}]::BIGINT[],
    lambda ticket, wait: CASE
      WHEN ticket < 0 THEN ticket
      WHEN sleep_ms(CASE WHEN ticket % ${rowsOfBatch} = 0 THEN wait END) IS NOT NULL THEN NULL
      ELSE bq_js_look(ticket) END,
    bq_js_send(id, arguments)))`
}

/** In sum as long as may be; each a part of the time that has gone by, so that there are few of them and none is long by comparison. */
function waits(sumMs: number): number[] {
  const list: number[] = []
  for (let goneMs = 0; goneMs < sumMs; goneMs += list.at(-1) ?? 0) list.push(Math.max(1, Math.floor(goneMs / 8)))
  return list
}

/** What the engine calls, with a chunk of rows at a time; gives a value for each row. */
interface Step {
  readonly name: string
  readonly parameterTypes: DuckDBType[]
  readonly returnType: DuckDBType
  readonly values: (scope: Scope, input: DuckDBDataChunk) => readonly (string | bigint | null)[]
}

const steps: readonly Step[] = [
  {
    name: 'bq_js_send',
    parameterTypes: [VARCHAR, VARCHAR],
    returnType: BIGINT,
    values: (scope, input) => {
      const batch = scope.send(input.getColumnValues(0).map(String), input.getColumnValues(1).map(String))
      return Array.from({ length: input.rowCount }, (_, row) => batch * BigInt(rowsOfBatch) + BigInt(row))
    },
  },
  {
    name: 'bq_js_look',
    parameterTypes: [BIGINT],
    returnType: BIGINT,
    values: (scope, input) => {
      const tickets = input.getColumnValues(0) as bigint[]
      return scope.isAnswered(batchOf(tickets)) ? tickets.map((ticket) => -ticket) : tickets
    },
  },
  {
    name: 'bq_js_take',
    parameterTypes: [BIGINT],
    returnType: VARCHAR,
    values: (scope, input) => {
      const tickets = (input.getColumnValues(0) as bigint[]).map((ticket) => -ticket)
      const answers = scope.take(batchOf(tickets))
      return tickets.map((ticket) => answers[Number(ticket % BigInt(rowsOfBatch))] ?? null)
    },
  },
]

function batchOf(tickets: readonly bigint[]): bigint {
  return (tickets[0] ?? 0n) / BigInt(rowsOfBatch)
}

function scalarFunction(
  { name, parameterTypes, returnType, values }: Step,
  scopes: ReadonlyMap<number, Scope>,
): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    name,
    parameterTypes,
    returnType,
    specialHandling: true,
    // The same arguments may give another answer: never computed ahead, never once for many rows.
    volatile: true,
    bindFunction(info) {
      info.setBindData({ connectionId: info.clientContext.connectionId })
    },
    mainFunction(info, input, output) {
      const { connectionId } = info.bindData as { readonly connectionId: number }
      const scope = scopes.get(connectionId)
      if (scope === undefined) throw new Error('There are no JavaScript functions here')
      for (const [row, value] of values(scope, input).entries()) output.setItem(row, value)
      output.flush()
    },
  })
}

/** Calls that went to the thread together. */
interface Batch {
  readonly lateAtMs: number
  answers: readonly (string | null)[] | undefined
}

class Scope implements FunctionScope {
  readonly #limits: UserFunctionLimits
  readonly #lateMessage: string
  readonly #ended: () => void
  readonly #definitions = new Map<string, ScriptFunction>()
  readonly #batches = new Map<bigint, Batch>()
  #batchesBegun = 0n
  #calls = 0
  #worker: Worker | undefined
  /** Why nothing more is answered in this statement. */
  #failure: string | undefined

  constructor(limits: UserFunctionLimits, ended: () => void) {
    this.#limits = limits
    this.#ended = ended
    this.#lateMessage = `JavaScript functions took longer than ${limits.timeMsMax} ms (jsUdfTimeMsMax)`
  }

  put(definition: ScriptFunction): void {
    this.#definitions.set(definition.id, definition)
    this.#post({ kind: 'define', definition })
  }

  beginStatement(): void {
    this.#calls = 0
    this.#failure = undefined
    const isBusy = [...this.#batches.values()].some(({ answers }) => answers === undefined)
    this.#batches.clear()
    if (isBusy) this.#stopWorker()
    else this.#post({ kind: 'begin' })
  }

  /** Gives the number of the batch. */
  send(ids: readonly string[], texts: readonly string[]): bigint {
    this.#calls += ids.length
    if (this.#calls > this.#limits.callsMax) {
      throw new Error(`JavaScript functions were called more than ${this.#limits.callsMax} times (jsUdfRowsMax)`)
    }
    this.#worker ??= this.#startWorker()
    this.#batchesBegun += 1n
    const batch = this.#batchesBegun
    const lateAtMs = performance.now() + this.#limits.timeMsMax + slackMs
    this.#batches.set(batch, { lateAtMs, answers: undefined })
    this.#post({ kind: 'call', batch, ids, texts })
    return batch
  }

  isAnswered(batch: bigint): boolean {
    const { answers, lateAtMs } = this.#batch(batch)
    if (answers === undefined && performance.now() > lateAtMs) this.#fail(this.#lateMessage)
    if (this.#failure !== undefined) throw new Error(this.#failure)
    return answers !== undefined
  }

  take(batch: bigint): readonly (string | null)[] {
    const { answers } = this.#batch(batch)
    if (answers === undefined) throw new Error(this.#lateMessage)
    this.#batches.delete(batch)
    return answers
  }

  #batch(number: bigint): Batch {
    const batch = this.#batches.get(number)
    if (batch === undefined) throw new Error('BUG: nothing was sent to the JavaScript functions')
    return batch
  }

  end(): void {
    this.#stopWorker()
    this.#ended()
  }

  #startWorker(): Worker {
    const start: WorkerStart = { timeMsMax: this.#limits.timeMsMax, lateMessage: this.#lateMessage }
    // This file's neighbour, .ts as developed, .js as installed.
    const file = new URL(`./user-functions-worker${extname(import.meta.url)}`, import.meta.url)
    const worker = new Worker(file, { workerData: start, name: 'functions' })
    worker.on('message', (message: FromWorker) => {
      if (this.#worker === worker) this.#hear(message)
    })
    const died = (error: unknown): void => {
      if (this.#worker === worker) this.#fail(`The thread of JavaScript functions died: ${messageOf(error)}`)
    }
    worker.on('error', died)
    worker.on('exit', died)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
    for (const definition of this.#definitions.values()) worker.postMessage({ kind: 'define', definition })
    return worker
  }

  #hear(message: FromWorker): void {
    const batch = this.#batches.get(message.batch)
    if (batch === undefined) return
    if (message.kind === 'answered') batch.answers = message.answers
    else this.#failure = message.message
  }

  #post(message: ToWorker): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
    this.#worker?.postMessage(message)
  }

  #fail(message: string): void {
    this.#failure = message
    this.#stopWorker()
  }

  #stopWorker(): void {
    void this.#worker?.terminate()
    this.#worker = undefined
  }
}
