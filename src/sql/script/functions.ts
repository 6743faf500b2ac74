// CREATE TEMP FUNCTION: SQL bodies are compiled in place of every call, JavaScript becomes known to the session under an id.
import { resolveType, type UserFunction, type UserParameter } from '../lower/compile.ts'
import { SqlError } from '../sql-error.ts'
import type { CreateFunction, CreateTableFunction, RoutineParameter } from '../syntax/ast-statement.ts'
import type { RunningScript } from './script-run.ts'

export async function createFunction(
  run: RunningScript,
  statement: CreateFunction | CreateTableFunction,
): Promise<void> {
  const name = statement.name.parts
    .map((part) => part.name)
    .join('.')
    .toLowerCase()
  if (run.names.functions.has(name) && !statement.isReplacing) {
    if (statement.ifNotExists) return
    throw new SqlError('semantic', `Already Exists: Routine ${name}`, statement.offset)
  }
  if (statement.kind === 'create-table-function') {
    run.names.functions.set(name, {
      kind: 'table',
      parameters: parametersOf(statement.parameters),
      query: statement.query,
    })
    return
  }
  run.names.functions.set(name, functionOf(run, statement))
}

function functionOf(run: RunningScript, statement: CreateFunction): UserFunction {
  const { isAggregate, language, returns, body, code, offset, remoteConnection } = statement
  if (isAggregate) throw new SqlError('unsupported', 'CREATE AGGREGATE FUNCTION is not supported locally', offset)
  if (remoteConnection !== undefined)
    throw new SqlError('unsupported', 'Remote functions are not supported locally', offset)
  const parameters = parametersOf(statement.parameters)
  if (language === undefined || language === 'sql') {
    if (body === undefined) throw new SqlError('semantic', 'A SQL function needs a body: AS (expression)', offset)
    return { kind: 'sql', parameters, returns: returns === undefined ? undefined : resolveType(returns).type, body }
  }
  if (language !== 'js') throw new SqlError('unsupported', `Functions in ${language} are not supported locally`, offset)
  if (code === undefined || returns === undefined)
    throw new SqlError('semantic', 'A JavaScript function needs RETURNS and a body: AS """…"""', offset)
  if (statement.options.some(({ name }) => name.name.toLowerCase() === 'library')) {
    throw new SqlError('unsupported', 'OPTIONS (library = …) of JavaScript functions is not supported locally', offset)
  }
  const id = run.nextFunctionId()
  run.host.putFunction({ id, parameterNames: statement.parameters.map(({ name }) => name.name), body: code.value })
  return { kind: 'js', parameters, returns: resolveType(returns).type, id }
}

function parametersOf(parameters: readonly RoutineParameter[]): UserParameter[] {
  return parameters.map(({ name, type }) => ({
    name: name.name,
    type: type.kind === 'any-type' || type.kind === 'table-type' ? undefined : resolveType(type).type,
  }))
}
