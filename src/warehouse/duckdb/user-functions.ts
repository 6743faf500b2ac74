// People's own JavaScript functions: `bq_js('id', '[arguments as JSON]')` gives the result as JSON. They run in QuickJS, compiled to
// WebAssembly: a program of its own that knows nothing of this one, with bounds of memory, stack, calls and time. What was
// measured, and why it isn't a thread: docs/decisions/0005-javascript-functions.md.
import { DuckDBScalarFunction, VARCHAR } from '@duckdb/node-api'
import {
  getQuickJS,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSWASMModule,
} from 'quickjs-emscripten'

import { assert } from '../../core/errors.ts'
import type { ScriptFunction } from '../session.ts'
import type { Link } from './link.ts'

export interface UserFunctionLimits {
  /** Calls in one statement. */
  readonly callsMax: number
  /** Time of all calls of one statement together. */
  readonly timeMsMax: number
}

/** The functions of one connection. */
export interface FunctionScope {
  put(definition: ScriptFunction): void
  /** Counts and clock begin anew. */
  beginStatement(): Promise<void>
  end(): void
}

export interface UserFunctions {
  scopeOf(connectionId: number): FunctionScope
}

/** Once a database. */
export function registerUserFunctions(link: Link, limits: UserFunctionLimits): UserFunctions {
  const scopes = new Map<number, Scope>()
  link.api.registerScalarFunction(
    DuckDBScalarFunction.create({
      name: 'bq_js',
      parameterTypes: [VARCHAR, VARCHAR],
      returnType: VARCHAR,
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
        const ids = input.getColumnVector(0)
        const texts = input.getColumnVector(1)
        for (let row = 0; row < input.rowCount; row += 1) {
          output.setItem(row, scope.call(String(ids.getItem(row)), String(texts.getItem(row))))
        }
        output.flush()
      },
    }),
  )
  return {
    scopeOf(connectionId) {
      const scope = new Scope(limits, () => scopes.delete(connectionId))
      scopes.set(connectionId, scope)
      return scope
    },
  }
}

const memoryBytesMax = 32 * 1024 ** 2
const stackBytesMax = 256 * 1024

class Scope implements FunctionScope {
  readonly #limits: UserFunctionLimits
  readonly #ended: () => void
  readonly #definitions = new Map<string, ScriptFunction>()
  #module: QuickJSWASMModule | undefined
  #sandbox: Sandbox | undefined
  #calls = 0
  #spentMs = 0

  constructor(limits: UserFunctionLimits, ended: () => void) {
    this.#limits = limits
    this.#ended = ended
  }

  put(definition: ScriptFunction): void {
    this.#definitions.set(definition.id, definition)
    this.#sandbox?.forget(definition.id)
  }

  async beginStatement(): Promise<void> {
    this.#calls = 0
    this.#spentMs = 0
    if (this.#definitions.size > 0) this.#module ??= await getQuickJS()
  }

  /** JSON text, or null. */
  call(id: string, argumentsJson: string): string | null {
    const definition = this.#definitions.get(id)
    if (definition === undefined) throw new Error(`There is no JavaScript function ${id}`)
    assert(this.#module !== undefined, 'a statement begins before its functions are called')
    this.#calls += 1
    if (this.#calls > this.#limits.callsMax) {
      throw new Error(`JavaScript functions were called more than ${this.#limits.callsMax} times (jsUdfRowsMax)`)
    }
    const startMs = performance.now()
    this.#sandbox ??= new Sandbox(this.#module)
    try {
      return this.#sandbox.call(definition, argumentsJson, startMs + this.#limits.timeMsMax - this.#spentMs)
    } catch (error) {
      // What a broken-off call leaves behind, nobody knows.
      this.#dropSandbox()
      const isLate = performance.now() - startMs + this.#spentMs >= this.#limits.timeMsMax
      if (!isLate) throw error
      throw new Error(`JavaScript functions took longer than ${this.#limits.timeMsMax} ms (jsUdfTimeMsMax)`, {
        cause: error,
      })
    } finally {
      this.#spentMs += performance.now() - startMs
    }
  }

  end(): void {
    this.#dropSandbox()
    this.#ended()
  }

  #dropSandbox(): void {
    this.#sandbox?.dispose()
    this.#sandbox = undefined
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
  #deadlineMs = 0

  constructor(module: QuickJSWASMModule) {
    this.#runtime = module.newRuntime()
    this.#runtime.setMemoryLimit(memoryBytesMax)
    this.#runtime.setMaxStackSize(stackBytesMax)
    this.#runtime.setInterruptHandler(() => performance.now() > this.#deadlineMs)
    this.#context = this.#runtime.newContext()
  }

  call(definition: ScriptFunction, argumentsJson: string, deadlineMs: number): string | null {
    this.#deadlineMs = deadlineMs
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
