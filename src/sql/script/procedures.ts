// CALL: the procedure's body runs in a scene of its own, with its arguments as variables; OUT values come back at the end.
import { MillpondError } from '../../core/errors.ts'
import { resolveType } from '../lower/compile.ts'
import { locate, SqlError } from '../sql-error.ts'
import type { SqlCatalog } from '../catalog.ts'
import type * as ast from '../syntax/ast.ts'
import type { CallProcedure, CreateProcedure } from '../syntax/ast-statement.ts'
import { parseScript } from '../syntax/parser.ts'
import { evaluate } from './evaluate.ts'
import { Frame, type Variable } from './frame.ts'
import { Jump, type RunningScript } from './script-run.ts'
import { placedName } from './names.ts'

export async function callProcedure(run: RunningScript, call: CallProcedure): Promise<void> {
  const catalog = await run.host.catalog()
  const { dataset, name } = placedName(call.name, catalog)
  if (`${dataset}.${name}`.toLowerCase() === 'bq.refresh_materialized_view') return refresh(run, call, catalog)
  const definition = catalog.routine(dataset, name)?.definition
  const procedure = definition === undefined ? undefined : parsed(definition)
  if (definition === undefined || procedure === undefined) {
    throw new SqlError('semantic', `Procedure is not found: ${dataset}.${name}`, call.offset)
  }
  if (procedure.body === undefined)
    throw new SqlError(
      'unsupported',
      `Procedures in other languages than SQL are not supported locally: ${name}`,
      call.offset,
    )
  const { parameters, body } = procedure
  if (call.args.length !== parameters.length) {
    throw new SqlError(
      'semantic',
      `Procedure ${name} takes ${parameters.length} arguments, not ${call.args.length}`,
      call.offset,
    )
  }
  const frame = new Frame(undefined)
  const back: { readonly from: string; readonly to: Variable }[] = []
  for (const [index, parameter] of parameters.entries()) {
    const argument = call.args[index] as ast.Expression
    const type = resolveType(parameter.type).type
    const isOut = parameter.mode === 'OUT' || parameter.mode === 'INOUT'
    if (isOut) back.push({ from: parameter.name.name, to: variableOf(run, argument) })
    const value = parameter.mode === 'OUT' ? null : (await evaluate(run, argument, type)).value
    frame.declare(parameter.name.name, type, value, parameter.offset)
  }
  try {
    await run.inScene({ text: definition, parameters: [], frame, handled: undefined }, [body])
  } catch (error) {
    if (!(error instanceof Jump) || error.kind !== 'return') throw error
  }
  for (const { from, to } of back) to.value = frame.find(from)?.value ?? null
}

/** A materialized view is computed when it is asked: there is nothing to do, but clients call it. */
async function refresh(run: RunningScript, { args, offset }: CallProcedure, catalog: SqlCatalog): Promise<void> {
  const [argument, more] = args
  const value =
    argument === undefined || more !== undefined
      ? null
      : (await evaluate(run, argument as ast.Expression, { kind: 'STRING' })).value
  if (typeof value !== 'string')
    throw new SqlError('semantic', 'BQ.REFRESH_MATERIALIZED_VIEW takes the name of one view, as a text', offset)
  const [table = '', dataset = ''] = value.split('.').toReversed()
  if (catalog.table(dataset, table)?.kind !== 'view')
    throw new SqlError('semantic', `${dataset}.${table} is not a view`, offset)
}

function variableOf(run: RunningScript, argument: ast.Expression): Variable {
  const [first, second] = argument.kind === 'name' ? argument.parts : []
  const variable = first === undefined || second !== undefined ? undefined : run.scene.frame.find(first.name)
  if (variable === undefined)
    throw new SqlError('semantic', 'An OUT or INOUT argument must be a variable', argument.offset)
  return variable
}

function parsed(definition: string): CreateProcedure | undefined {
  try {
    const [statement] = parseScript(definition).statements
    return statement?.kind === 'create-procedure' ? statement : undefined
  } catch (error) {
    if (error instanceof SqlError) throw locate(error, definition)
    throw new MillpondError('bug', 'BUG: a saved procedure is not readable', { cause: error })
  }
}
