// The thread in which people's JavaScript functions run: QuickJS, compiled to WebAssembly, a program of its own that knows nothing
// of this one, with bounds of memory, stack and time. It belongs to one connection, and takes one batch of calls at a time.
//
//   define …  begin ─▶ call ─▶ answered, or failed ─▶ call …
import { parentPort, workerData } from 'node:worker_threads'

import { assert, messageOf } from '../../core/errors.ts'
import { computedMs, type ScriptFace, ScriptMachine } from '../../core/script-machine.ts'
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

/** The functions of the connection, and the time they have taken in its present statement. */
class Functions {
  readonly #bounds: WorkerStart
  readonly #definitions = new Map<string, ScriptFunction>()
  #sandbox: Sandbox | undefined
  #spentMs = 0

  constructor(bounds: WorkerStart) {
    this.#bounds = bounds
  }

  define(definition: ScriptFunction): void {
    this.#definitions.set(definition.id, definition)
    this.#sandbox?.forget(definition.id)
  }

  begin(): void {
    this.#spentMs = 0
  }

  async answers(ids: readonly string[], texts: readonly string[]): Promise<(string | null)[]> {
    this.#sandbox ??= new Sandbox(await ScriptMachine.open())
    const startMs = computedMs()
    this.#sandbox.deadlineMs = startMs + this.#bounds.timeMsMax - this.#spentMs
    try {
      const sandbox = this.#sandbox
      return ids.map((id, row) => {
        const definition = this.#definitions.get(id)
        if (definition === undefined) throw new Error(`There is no JavaScript function ${id}`)
        return sandbox.call(definition, texts[row] ?? 'null')
      })
    } catch (error) {
      const { isLate } = this.#sandbox
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

/** A machine, with the functions that were called in it. */
class Sandbox {
  readonly #machine: ScriptMachine
  readonly #functions = new Map<string, ScriptFace>()

  constructor(machine: ScriptMachine) {
    this.#machine = machine
  }

  set deadlineMs(deadlineMs: number) {
    this.#machine.deadlineMs = deadlineMs
  }

  get isLate(): boolean {
    return this.#machine.isLate
  }

  /** JSON text, or null. */
  call(definition: ScriptFunction, argumentsJson: string): string | null {
    return this.#machine.call(this.#functions.get(definition.id) ?? this.#made(definition), argumentsJson)
  }

  #made({ id, parameterNames, body }: ScriptFunction): ScriptFace {
    for (const name of parameterNames) {
      if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) throw new Error(`${name} can't be the name of an argument`)
    }
    const made = this.#machine.evaluate(wrapper(parameterNames.join(', '), body), 'function.js')
    this.#functions.set(id, made)
    return made
  }

  forget(id: string): void {
    const face = this.#functions.get(id)
    if (face !== undefined) this.#machine.release(face)
    this.#functions.delete(id)
  }

  dispose(): void {
    this.#machine.dispose()
  }
}

async function runWorker(): Promise<void> {
  const port = parentPort
  assert(port !== null, 'this file runs in a worker thread')
  const functions = new Functions(workerData as WorkerStart)
  // Not before: somebody waits for the start, and it is short.
  stepBack()
  const answer = async ({ batch, ids, texts }: ToWorker & { kind: 'call' }): Promise<FromWorker> => {
    try {
      return { kind: 'answered', batch, answers: await functions.answers(ids, texts) }
    } catch (error) {
      return { kind: 'failed', batch, message: messageOf(error) }
    }
  }
  const take = async (message: ToWorker): Promise<void> => {
    if (message.kind === 'define') functions.define(message.definition)
    else if (message.kind === 'begin') functions.begin()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
    else port.postMessage(await answer(message))
  }
  // One after the other: a machine is opened in between.
  let taken = Promise.resolve()
  port.on('message', (message: ToWorker) => {
    taken = taken.then(async () => take(message))
  })
}

await runWorker()
