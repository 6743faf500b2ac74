// A machine for JavaScript that somebody else wrote: QuickJS, compiled to WebAssembly. A program of its own that knows nothing of
// this one, without files, network, timers or modules, and with bounds of memory, stack and time. Use it in a worker thread:
// while it computes, its thread does nothing else. docs/decisions/0005-javascript-functions.md.
import {
  newQuickJSWASMModule,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSWASMModule,
  RELEASE_SYNC,
} from 'quickjs-emscripten'

/** Node has it, but only the types of browsers name it. */
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => {
    readonly buffer: ArrayBuffer
    grow(pages: number): number
    toFixedLengthBuffer(): ArrayBuffer
    toResizableBuffer(): ArrayBuffer
  }
}

/** A function within the machine, of texts in and a text out (a NUL ends one: JSON has none). Gone with its machine. */
export type ScriptFace = QuickJSHandle

/** Of WebAssembly, 64 KiB each. */
const memoryPagesMin = 256
const memoryPagesMax = 1024
/**
 * What QuickJS counts when it is built for WebAssembly: eight bytes an allocation, whatever its size; and no single one may be
 * larger than what is left of it. It tells of an end in good order, where a memory that is full of small things ends in a trap.
 */
const countedBytesMax = 6 * 1024 ** 2
const stackBytesMax = 256 * 1024

/** Time that this thread has computed: it gives way to others, and their haste is no fault of the scripts. */
export function computedMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

export class ScriptMachine {
  readonly #runtime: QuickJSRuntime
  readonly #context: QuickJSContext
  /** By `computedMs`: what computes beyond it is broken off. */
  deadlineMs = Infinity
  readonly #faces = new Set<ScriptFace>()
  #isBroken = false

  private constructor(module: QuickJSWASMModule) {
    this.#runtime = module.newRuntime()
    this.#runtime.setMemoryLimit(countedBytesMax)
    this.#runtime.setMaxStackSize(stackBytesMax)
    this.#runtime.setInterruptHandler(() => computedMs() > this.deadlineMs)
    this.#context = this.#runtime.newContext()
  }

  /** Each has a memory of its own, of 64 MiB at most. */
  static async open(): Promise<ScriptMachine> {
    const wasmMemory = new WebAssembly.Memory({ initial: memoryPagesMin, maximum: memoryPagesMax })
    return new ScriptMachine(await newQuickJSWASMModule(newVariant(RELEASE_SYNC, { wasmMemory })))
  }

  /** A bound was met: nobody knows what is left, so it is good for nothing any more but `dispose`. */
  get isBroken(): boolean {
    return this.#isBroken || this.isLate
  }

  get isLate(): boolean {
    return computedMs() >= this.deadlineMs
  }

  /** What a text of code evaluates to. Throws what it throws, as "Name: message". */
  evaluate(code: string, fileName: string): ScriptFace {
    const face = this.#value(() => this.#context.evalCode(code, fileName))
    this.#faces.add(face)
    return face
  }

  /** Nobody will call it again. */
  release(face: ScriptFace): void {
    if (this.#faces.delete(face) && !this.#isBroken) face.dispose()
  }

  /** Null: it gave no text. Throws what it throws, as "Name: message". */
  call(face: ScriptFace, ...words: readonly string[]): string | null {
    const context = this.#context
    const handles = words.map((word) => context.newString(word))
    try {
      using result = this.#value(() => context.callFunction(face, context.undefined, ...handles))
      return context.typeof(result) === 'string' ? context.getString(result) : null
    } finally {
      for (const handle of handles) handle.dispose()
    }
  }

  /** Somebody heard otherwise that a bound was met. */
  giveUp(): void {
    this.#isBroken = true
  }

  /** Lets promises go on, until all of them wait. */
  runPromises(): void {
    const ran = this.#guarded(() => this.#runtime.executePendingJobs())
    if (ran.error === undefined) return
    using error = ran.error
    throw this.#told(error)
  }

  dispose(): void {
    // One that is broken may break once more; its memory goes with it.
    if (this.#isBroken) return
    for (const face of this.#faces) face.dispose()
    this.#context.dispose()
    this.#runtime.dispose()
  }

  #value(work: () => ReturnType<QuickJSContext['callFunction']>): QuickJSHandle {
    const result = this.#guarded(work)
    if (result.error === undefined) return result.value
    using error = result.error
    throw this.#told(error)
  }

  #told(error: QuickJSHandle): Error {
    const told = this.#guarded((): unknown => this.#context.dump(error))
    // Without memory for an error it throws null.
    const words = told === null || told === '' ? 'InternalError: out of memory, or null was thrown' : messageIn(told)
    if (words.startsWith('InternalError')) this.#isBroken = true
    return new Error(words)
  }

  /** A trap of WebAssembly is the end of the machine, and of nothing else. */
  #guarded<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      this.#isBroken = true
      throw new Error('InternalError: out of memory, or of stack', { cause: error })
    }
  }
}

/** As BigQuery tells it: the name of the error, and its message. */
function messageIn(told: unknown): string {
  if (typeof told !== 'object' || told === null) return String(told)
  const { name, message } = told as { readonly name?: unknown; readonly message?: unknown }
  return `${typeof name === 'string' ? name : 'Error'}: ${typeof message === 'string' ? message : JSON.stringify(told)}`
}
