// Runs a script, statement by statement. Control flow and variables live here; everything that touches tables goes through the host.
//
//   statement ─▶ query / DML / DDL ─▶ host (a child job)
//            └─▶ DECLARE, SET, IF, LOOP, … ─▶ expressions are asked of the engine, values are kept here as texts
//
// LEAVE, ITERATE and RETURN are thrown to the loop, or the call, that they end.
import { MillpondError } from '../../core/errors.ts'
import { compileQuery, type CompileContext, type ParameterValue, resolveType } from '../lower/compile.ts'
import { locate, SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import type {
  Block,
  CallProcedure,
  Declare,
  For,
  Raise,
  ScriptStatement,
  SetVariables,
  Statement,
} from '../syntax/ast-statement.ts'
import type { SqlType } from '../types.ts'
import { checkScript } from './check-script.ts'
import { lowerDdl } from './ddl.ts'
import { lowerDml } from './dml.ts'
import { bindingsOf, evaluate, statementOf } from './evaluate.ts'
import { contextOf, Frame, type GivenParameter, type HandledError, type Scene, type SessionNames } from './frame.ts'
import { executeImmediate, variableOf } from './execute-immediate.ts'
import { createFunction } from './functions.ts'
import type { ScriptHost } from './host.ts'
import { callProcedure } from './procedures.ts'
import { Jump, type RunningScript } from './script-run.ts'
import { statementTypeName } from './statement-type.ts'
import { withSystemVariables } from './system-variables.ts'

/** A loop that never ends must end some day even if every turn is free. */
const statementsMax = 1_000_000
const callsDeepMax = 50
const forRowsMax = 100_000

export interface ScriptOptions {
  readonly text: string
  readonly statements: readonly Statement[]
  readonly parameters: readonly GivenParameter[]
  /** Nothing runs (the host sees to it): parameters may be missing. */
  readonly isDryRun?: boolean
}

/** Errors: those of the statements, with their place in the text. */
export async function runScript(host: ScriptHost, options: ScriptOptions): Promise<void> {
  const { text, statements, parameters, isDryRun } = options
  const run = new ScriptRun(host)
  try {
    await run.checkedScene({ text, parameters, frame: new Frame(undefined), handled: undefined, isDryRun }, statements)
  } catch (error) {
    if (!(error instanceof Jump)) throw error
    if (error.kind === 'return') return
    const what = error.kind === 'leave' ? 'BREAK' : 'CONTINUE'
    throw new MillpondError('query-invalid', `${what} is only allowed inside of a loop body`, { cause: error })
  }
}

class ScriptRun implements RunningScript {
  readonly host: ScriptHost
  readonly names: SessionNames = { tempTables: new Map(), functions: new Map() }
  rowCount = 0
  #scene: Scene = { text: '', parameters: [], frame: new Frame(undefined), handled: undefined }
  #statements = 0
  #depth = 0
  #functions = 0
  #tempTablesAtBegin: SessionNames['tempTables'] = new Map()
  /** The innermost statement that failed. */
  #failed: { readonly error: unknown; readonly statementText: string } | undefined

  constructor(host: ScriptHost) {
    this.host = host
  }

  get scene(): Scene {
    return this.#scene
  }

  nextFunctionId(): string {
    this.#functions += 1
    return `js${this.#functions}`
  }

  /** Of a text that came from outside: what is wrong with it as a whole is told before anything runs. */
  async checkedScene(scene: Scene, statements: readonly Statement[]): Promise<void> {
    try {
      checkScript(statements)
    } catch (error) {
      if (error instanceof SqlError) throw locate(error, scene.text)
      throw error
    }
    await this.inScene(scene, statements)
  }

  async inScene(scene: Scene, statements: readonly Statement[]): Promise<void> {
    if (this.#depth >= callsDeepMax)
      throw new MillpondError('query-invalid', `Procedures call each other more than ${callsDeepMax} deep`)
    const before = this.#scene
    this.#scene = scene
    this.#depth += 1
    try {
      await this.statements(statements)
    } finally {
      this.#scene = before
      this.#depth -= 1
    }
  }

  async context(): Promise<CompileContext> {
    return contextOf(this.#scene, this.names, await this.host.catalog(), this.host.sessionUser)
  }

  async statements(statements: readonly Statement[]): Promise<void> {
    for (const statement of statements) {
      this.host.check()
      this.#statements += 1
      if (this.#statements > statementsMax)
        throw new MillpondError('query-limit', `The script runs more than ${statementsMax} statements`)
      try {
        await this.#located(async () => this.#statement(statement))
      } catch (error) {
        if (this.#failed?.error !== error) this.#failed = { error, statementText: this.textOf(statement) }
        throw error
      }
    }
  }

  /** Errors of the compiler get their place in this scene's text. */
  async #located(work: () => Promise<void>): Promise<void> {
    const { text } = this.#scene
    try {
      await work()
    } catch (error) {
      if (error instanceof SqlError) throw locate(error, text)
      throw error
    }
  }

  textOf(node: ast.Node): string {
    return this.#scene.text.slice(node.offset, node.end)
  }

  async #statement(statement: Statement): Promise<void> {
    const place = { text: this.textOf(statement), statementType: statementTypeName(statement) }
    switch (statement.kind) {
      case 'query-statement': {
        const compiled = compileQuery(withSystemVariables(statement.query, this), await this.context())
        return this.host.select(place, compiled, bindingsOf(compiled.parameters, this.#scene))
      }
      case 'insert':
      case 'update':
      case 'delete':
      case 'merge':
      case 'truncate': {
        const change = lowerDml(withSystemVariables(statement, this), await this.context(), this.#scene)
        this.rowCount = await this.host.change(place, change)
        return
      }
      case 'create-function':
      case 'create-table-function':
        if (statement.isTemp) return createFunction(this, statement)
        return lowerDdl(this, place, statement)
      case 'create-schema':
      case 'create-table':
      case 'create-table-from':
      case 'create-view':
      case 'create-procedure':
      case 'alter':
      case 'drop':
      case 'drop-function':
      case 'undrop-schema':
        return lowerDdl(this, place, statement)
      case 'other':
        throw new SqlError('unsupported', `${statement.what} is not supported locally`, statement.offset)
      default:
        return this.#control(statement)
    }
  }

  async #control(statement: ScriptStatement): Promise<void> {
    switch (statement.kind) {
      case 'declare':
        return this.#declare(statement)
      case 'set':
        return this.#set(statement)
      case 'if':
        for (const { condition, body } of statement.branches)
          if (await this.isTrue(condition)) return this.statements(body)
        return this.statements(statement.otherwise ?? [])
      case 'case-statement': {
        for (const { when, body } of statement.branches) {
          const { operand } = statement
          const condition: ast.Expression =
            operand === undefined
              ? when
              : { kind: 'binary', operator: '=', left: operand, right: when, offset: when.offset, end: when.end }
          if (await this.isTrue(condition)) return this.statements(body)
        }
        if (statement.otherwise === undefined)
          throw new SqlError('semantic', 'No matching branch of CASE found', statement.offset)
        return this.statements(statement.otherwise)
      }
      case 'block':
        return this.#block(statement)
      case 'loop':
        return this.#loop(statement.label, statement.body, async () => true)
      case 'while':
        return this.#loop(statement.label, statement.body, async () => this.isTrue(statement.condition))
      case 'repeat': {
        let isFirst = true
        return this.#loop(statement.label, statement.body, async () => {
          const goesOn = isFirst || !(await this.isTrue(statement.until))
          isFirst = false
          return goesOn
        })
      }
      case 'for':
        return this.#for(statement)
      case 'leave':
      case 'iterate':
        throw new Jump(statement.kind, statement.label?.name.toLowerCase())
      case 'return':
        throw new Jump('return', undefined)
      case 'raise':
        return this.#raise(statement)
      case 'assert': {
        if (await this.isTrue(statement.condition)) return
        throw new MillpondError('query-invalid', statement.description?.value ?? 'Assertion failed')
      }
      case 'begin-transaction':
        return this.#transaction('begin')
      case 'commit-transaction':
        return this.#transaction('commit')
      case 'rollback-transaction':
        return this.#transaction('rollback')
      case 'call-procedure':
        return this.#call(statement)
      case 'execute-immediate':
        return executeImmediate(this, statement)
    }
  }

  async isTrue(condition: ast.Expression): Promise<boolean> {
    const { value } = await evaluate(this, condition, { kind: 'BOOL' })
    return value === 'true'
  }

  async #declare({ names, type, defaultValue }: Declare): Promise<void> {
    const declared = type === undefined ? undefined : resolveType(type).type
    const first = defaultValue === undefined ? undefined : await evaluate(this, defaultValue, declared)
    for (const name of names) {
      const of = declared ?? first?.type
      if (of === undefined)
        throw new SqlError('semantic', 'DECLARE must specify a type or a default value', name.offset)
      this.#scene.frame.declare(name.name, of, first?.value ?? null, name.offset)
    }
  }

  async #set({ targets, isTuple, value }: SetVariables): Promise<void> {
    const [first] = targets
    if (!isTuple && first !== undefined) {
      if (first.kind === 'system-variable') return setSystemVariable(first)
      const variable = variableOf(this, first)
      variable.value = (await evaluate(this, value, variable.type)).value
      return
    }
    const variables = targets.map((target) => {
      if (target.kind === 'system-variable')
        throw new SqlError('unsupported', 'System variables in SET (…) are not supported locally', target.offset)
      return variableOf(this, target)
    })
    // All are computed before the first is set.
    const fields = variables.map(({ name, type }) => ({ name, type }))
    const { value: all } = await evaluate(this, value, { kind: 'STRUCT', fields })
    const values = Array.isArray(all) ? (all as readonly ParameterValue[]) : []
    for (const [index, variable] of variables.entries()) variable.value = values[index] ?? null
  }

  async #block({ body, handler, label }: Block): Promise<void> {
    const scene = this.#scene
    const outer = scene.frame
    const handledBefore = scene.handled
    try {
      scene.frame = new Frame(outer)
      await this.statements(body)
    } catch (error) {
      if (
        error instanceof Jump &&
        error.kind === 'leave' &&
        error.label !== undefined &&
        error.label === label?.name.toLowerCase()
      )
        return
      if (handler === undefined || !isCatchable(error)) throw error
      if (await this.host.caught(error)) this.names.tempTables.clear()
      scene.frame = new Frame(outer)
      scene.handled = this.#told(error)
      await this.statements(handler)
    } finally {
      scene.frame = outer
      scene.handled = handledBefore
    }
  }

  /** Temp tables go and come back with it. */
  async #transaction(what: 'begin' | 'commit' | 'rollback'): Promise<void> {
    await this.host.transaction(what)
    const { tempTables } = this.names
    if (what === 'begin') this.#tempTablesAtBegin = new Map(tempTables)
    if (what !== 'rollback') return
    tempTables.clear()
    for (const [key, table] of this.#tempTablesAtBegin) tempTables.set(key, table)
  }

  #told(error: unknown): HandledError {
    const message = error instanceof Error ? error.message : String(error)
    return { message, statementText: this.#failed?.statementText ?? '', stack: '' }
  }

  async #loop(
    label: ast.Identifier | undefined,
    body: readonly Statement[],
    goesOn: () => Promise<boolean>,
  ): Promise<void> {
    const own = label?.name.toLowerCase()
    while (await goesOn()) {
      this.host.check()
      this.#statements += 1
      if (this.#statements > statementsMax)
        throw new MillpondError('query-limit', `The script runs more than ${statementsMax} statements`)
      try {
        await this.statements(body)
      } catch (error) {
        if (!(error instanceof Jump) || error.kind === 'return') throw error
        if (error.label !== undefined && error.label !== own) throw error
        if (error.kind === 'leave') return
      }
    }
  }

  async #for({ label, variable, query, body }: For): Promise<void> {
    const compiled = compileQuery(withSystemVariables(query, this), await this.context())
    const types = compiled.columns.map(({ type }) => type)
    const rows = await this.host.rows(statementOf(compiled.sql, compiled, this.#scene), types, forRowsMax)
    const scene = this.#scene
    const outer = scene.frame
    const type: SqlType = { kind: 'STRUCT', fields: compiled.columns }
    let row = 0
    try {
      await this.#loop(label, body, async () => {
        if (row >= rows.length) return false
        scene.frame = new Frame(outer)
        scene.frame.declare(variable.name, type, rows[row] ?? null, variable.offset)
        row += 1
        return true
      })
    } finally {
      scene.frame = outer
    }
  }

  async #raise({ message, offset }: Raise): Promise<void> {
    if (message !== undefined) {
      const { value } = await evaluate(this, message, { kind: 'STRING' })
      throw new MillpondError('query-invalid', typeof value === 'string' ? value : 'NULL')
    }
    const { handled } = this.#scene
    if (handled === undefined)
      throw new SqlError('semantic', 'Cannot re-raise an existing exception outside of an exception handler', offset)
    throw new MillpondError('query-invalid', handled.message)
  }

  async #call(statement: CallProcedure): Promise<void> {
    await callProcedure(this, statement)
  }
}

/** Somebody who cancels, or a limit, isn't talked out of it by the script. */
function isCatchable(error: unknown): boolean {
  if (error instanceof Jump) return false
  return !(error instanceof MillpondError) || !['query-cancelled', 'query-limit', 'bug'].includes(error.code)
}

/** Only those that change nothing: answers in another zone would be other answers. */
function setSystemVariable({ path, offset }: ast.SystemVariable): void {
  const name = path.join('.').toLowerCase()
  if (name === 'query_label' || name === 'dataset_project_id') return
  throw new SqlError('unsupported', `SET @@${name} is not supported locally`, offset)
}
