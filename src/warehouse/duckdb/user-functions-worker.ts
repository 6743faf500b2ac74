// The thread in which people's JavaScript functions run: QuickJS, compiled to WebAssembly, a program of its own that knows nothing
// of this one, with bounds of memory, stack and time. It belongs to one connection, and takes one batch of calls at a time.
//
//   define …  begin ─▶ call ─▶ answered, or failed ─▶ call …
import { parentPort, workerData } from 'node:worker_threads'

import {
  getQuickJS,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSWASMModule,
} from 'quickjs-emscripten'

import { assert, messageOf } from '../../core/errors.ts'
import { stepBack } from '../../core/thread-priority.ts'
import type { ScriptFunction } from '../session.ts'

export interface WorkerStart {
  /** Computing of all calls of one statement together. */
  readonly timeMsMax: number
  /** What is told of calls that took longer. */
  readonly lateMessage: string
}

export type ToWorker =
  | { readonly kind: 'define'; readonly definition: ScriptFunction }
  /** Another statement: the clock begins anew. */
  | { readonly kind: 'begin' }
  | {
      readonly kind: 'call'
      readonly batch: bigint
      readonly ids: readonly string[]
      readonly texts: readonly string[]
    }

export type FromWorker =
  | { readonly kind: 'answered'; readonly batch: bigint; readonly answers: readonly (string | null)[] }
  | { readonly kind: 'failed'; readonly batch: bigint; readonly message: string }

/** Time that this thread has computed: it gives way to others, and their haste is no fault of the functions. */
function computedMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

const memoryBytesMax = 32 * 1024 ** 2
const stackBytesMax = 256 * 1024

/** The functions of the connection, and the time they have taken in its present statement. */
class Functions {
  readonly #module: QuickJSWASMModule
  readonly #bounds: WorkerStart
  readonly #definitions = new Map<string, ScriptFunction>()
  #sandbox: Sandbox | undefined
  #spentMs = 0

  constructor(module: QuickJSWASMModule, bounds: WorkerStart) {
    this.#module = module
    this.#bounds = bounds
  }

  define(definition: ScriptFunction): void {
    this.#definitions.set(definition.id, definition)
    this.#sandbox?.forget(definition.id)
  }

  begin(): void {
    this.#spentMs = 0
  }

  answers(ids: readonly string[], texts: readonly string[]): (string | null)[] {
    const startMs = computedMs()
    this.#sandbox ??= new Sandbox(this.#module)
    this.#sandbox.deadlineMs = startMs + this.#bounds.timeMsMax - this.#spentMs
    try {
      const sandbox = this.#sandbox
      return ids.map((id, row) => {
        const definition = this.#definitions.get(id)
        if (definition === undefined) throw new Error(`There is no JavaScript function ${id}`)
        return sandbox.call(definition, texts[row] ?? 'null')
      })
    } catch (error) {
      const isLate = computedMs() >= this.#sandbox.deadlineMs
      // What a broken-off call leaves behind, nobody knows.
      this.#sandbox.dispose()
      this.#sandbox = undefined
      throw isLate ? new Error(this.#bounds.lateMessage, { cause: error }) : error
    } finally {
      this.#spentMs += computedMs() - startMs
    }
  }
}

/** Gives every function a face of one text in, one text out. What JSON can't say goes as text: 64-bit integers, NaN, infinities. */
const wrapper = (names: string, body: string): string => `((f) => {
  const say = (_, v) =>
    typeof v === 'bigint' || (typeof v === 'number' && !Number.isFinite(v)) ? String(v) : v;
  return (text) => JSON.stringify(f.apply(null, JSON.parse(text)), say);
})(function (${names}) {
${body}
})`

class Sandbox {
  readonly #runtime: QuickJSRuntime
  readonly #context: QuickJSContext
  readonly #functions = new Map<string, QuickJSHandle>()
  deadlineMs = 0

  constructor(module: QuickJSWASMModule) {
    this.#runtime = module.newRuntime()
    this.#runtime.setMemoryLimit(memoryBytesMax)
    this.#runtime.setMaxStackSize(stackBytesMax)
    this.#runtime.setInterruptHandler(() => computedMs() > this.deadlineMs)
    this.#context = this.#runtime.newContext()
  }

  /** JSON text, or null. */
  call(definition: ScriptFunction, argumentsJson: string): string | null {
    const context = this.#context
    const known = this.#functions.get(definition.id)
    const face = known ?? this.#made(definition)
    using text = context.newString(argumentsJson)
    using result = this.#value(context.callFunction(face, context.undefined, text))
    return context.typeof(result) === 'string' ? context.getString(result) : null
  }

  #made({ id, parameterNames, body }: ScriptFunction): QuickJSHandle {
    for (const name of parameterNames) {
      if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) throw new Error(`${name} can't be the name of an argument`)
    }
    const made = this.#value(this.#context.evalCode(wrapper(parameterNames.join(', '), body), 'function.js'))
    this.#functions.set(id, made)
    return made
  }

  #value(result: ReturnType<QuickJSContext['callFunction']>): QuickJSHandle {
    if (result.error === undefined) return result.value
    using error = result.error
    const told: unknown = this.#context.dump(error)
    throw new Error(messageIn(told))
  }

  forget(id: string): void {
    this.#functions.get(id)?.dispose()
    this.#functions.delete(id)
  }

  dispose(): void {
    for (const handle of this.#functions.values()) handle.dispose()
    this.#context.dispose()
    this.#runtime.dispose()
  }
}

/** As BigQuery tells it: the name of the error, and its message. */
function messageIn(told: unknown): string {
  if (typeof told !== 'object' || told === null) return String(told)
  const { name, message } = told as { readonly name?: unknown; readonly message?: unknown }
  return `${typeof name === 'string' ? name : 'Error'}: ${typeof message === 'string' ? message : JSON.stringify(told)}`
}

async function runWorker(): Promise<void> {
  const port = parentPort
  assert(port !== null, 'this file runs in a worker thread')
  const functions = new Functions(await getQuickJS(), workerData as WorkerStart)
  // Not before: somebody waits for the start, and it is short.
  stepBack()
  const answer = ({ batch, ids, texts }: ToWorker & { kind: 'call' }): FromWorker => {
    try {
      return { kind: 'answered', batch, answers: functions.answers(ids, texts) }
    } catch (error) {
      return { kind: 'failed', batch, message: messageOf(error) }
    }
  }
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'define') functions.define(message.definition)
    else if (message.kind === 'begin') functions.begin()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
    else port.postMessage(answer(message))
  })
}

await runWorker()
