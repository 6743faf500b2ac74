// People's own functions: SQL bodies are compiled in place of the call, JavaScript is called by its id.
import { type Offset, SqlError } from '../sql-error.ts'
import { parseStatement } from '../syntax/parser.ts'
import type * as ast from '../syntax/ast.ts'
import { text, typeName } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import { isExpression } from './call-arguments.ts'
import { castTo } from './cast-value.ts'
import { coerceOr } from './coerce.ts'
import type { UserFunction } from './context.ts'
import { fromJsonSql, toJsonSql } from './json-values.ts'
import { type Lowered, value } from './lowered.ts'
import { queryScope, type Scope } from './scope.ts'
import { isShort, sharing } from './share.ts'
import { resolveType } from './type-node.ts'

type Called = Exclude<UserFunction, { readonly kind: 'table' }>
type TableFunction = Extract<UserFunction, { readonly kind: 'table' }>

/** undefined: nobody has made one of that name. Functions of the script come first. */
export function findUserFunction(name: readonly ast.Identifier[], scope: Scope, offset: Offset): Called | undefined {
  const found = findFunction(name, scope, offset)
  return found === undefined || found.kind === 'table' ? undefined : found
}

export function findTableFunction(name: readonly ast.Identifier[], scope: Scope): TableFunction | undefined {
  const found = findFunction(name, scope, name[0]?.offset ?? 0)
  return found?.kind === 'table' ? found : undefined
}

function findFunction(name: readonly ast.Identifier[], scope: Scope, offset: Offset): UserFunction | undefined {
  const { catalog, functions } = scope.state.context
  const parts = name.map((part) => part.name)
  const own = functions?.get(parts.join('.').toLowerCase())
  if (own !== undefined) return own
  const [routine = '', dataset, project] = parts.toReversed()
  if (project !== undefined && project.toLowerCase() !== catalog.project.toLowerCase()) return undefined
  const home = dataset ?? catalog.defaultDataset
  const saved = home === undefined ? undefined : catalog.routine(home, routine)
  if (saved === undefined) return undefined
  scope.state.facts.routines.push({ dataset: saved.dataset, name: saved.name })
  return savedFunction(saved.definition, `${saved.dataset}.${saved.name}`, offset)
}

function savedFunction(definition: string, name: string, offset: Offset): UserFunction | undefined {
  const statement = parseStatement(definition)
  if (statement.kind === 'create-function') {
    const made = functionOf(statement, `routine:${name}`)
    if (made === undefined)
      throw new SqlError('unsupported', `Function ${name} is not written in SQL or JavaScript`, offset)
    return made
  }
  if (statement.kind !== 'create-table-function') return undefined
  return { kind: 'table', parameters: parametersOf(statement.parameters), query: statement.query }
}

interface FunctionStatement {
  readonly parameters: readonly { readonly name: ast.Identifier; readonly type: ast.TypeNode }[]
  readonly returns: ast.TypeNode | undefined
  readonly language: string | undefined
  readonly body: ast.Expression | undefined
}

/** `id`: under which the session knows a JavaScript function. undefined: of another language. */
export function functionOf(statement: FunctionStatement, id: string): UserFunction | undefined {
  const parameters = parametersOf(statement.parameters)
  const returns = statement.returns === undefined ? undefined : resolveType(statement.returns).type
  if (statement.body !== undefined) return { kind: 'sql', parameters, returns, body: statement.body }
  if (statement.language !== 'js' && statement.language !== 'javascript') return undefined
  return returns === undefined ? undefined : { kind: 'js', parameters, returns, id }
}

export function parametersOf(
  parameters: FunctionStatement['parameters'],
): { readonly name: string; readonly type: SqlType | undefined }[] {
  return parameters.map(({ name, type }) => ({
    name: name.name,
    type: type.kind === 'any-type' ? undefined : resolveType(type).type,
  }))
}

export function lowerUserCall(own: Called, node: ast.Call, scope: Scope): Lowered {
  const name = node.name.map((part) => part.name).join('.')
  if (node.over !== undefined || node.isDistinct || node.orderBy.length > 0) {
    throw new SqlError('semantic', `${name} is not an aggregate or analytic function`, node.offset)
  }
  if (node.isSafe) throw new SqlError('unsupported', `SAFE is not supported locally for ${name}`, node.offset)
  const args = userArguments(own, name, node, scope)
  if (own.kind === 'js') {
    scope.state.facts.usesUserCode = true
    const json = `[${args.map((arg) => toJsonSql(arg.sql, arg.type)).join(', ')}]`
    return value(
      fromJsonSql(`memory.bq.js(${text(own.id)}, CAST(to_json(${json}) AS VARCHAR))`, own.returns),
      own.returns,
      ...args,
    )
  }
  return scope.state.within(`Function ${name}`, node.offset, () => sqlCall(own, args, name, node, scope))
}

function userArguments(own: Called, name: string, node: ast.Call, scope: Scope): Lowered[] {
  if (own.parameters.length !== node.args.length) {
    throw new SqlError(
      'semantic',
      `No matching signature for function ${name}: it takes ${own.parameters.length} arguments, not ${node.args.length}`,
      node.offset,
    )
  }
  return own.parameters.map(({ name: parameter, type }, index) => {
    const argument = node.args[index]
    if (argument === undefined || !isExpression(argument)) {
      throw new SqlError('semantic', `Argument ${index + 1} of ${name} must be an expression`, node.offset)
    }
    const lowered = scope.state.tools.expression(argument, scope)
    const wanted = type ?? lowered.type
    const coerced = coerceOr(
      lowered,
      wanted,
      argument.offset,
      () => `Argument ${parameter} of ${name} must be ${typeName(wanted)}, not ${typeName(lowered.type)}`,
    )
    return { ...castTo({ ...coerced, origin: 'value' }, wanted, false, argument.offset), constant: coerced.constant }
  })
}

function sqlCall(
  own: Extract<Called, { readonly kind: 'sql' }>,
  args: readonly Lowered[],
  name: string,
  node: ast.Call,
  scope: Scope,
): Lowered {
  const body = (sqls: readonly string[]): Lowered => {
    const inner = queryScope(scope.state, undefined)
    const locals = new Map(
      own.parameters.map((parameter, index) => [
        parameter.name.toLowerCase(),
        { ...(args[index] as Lowered), sql: sqls[index] ?? '' },
      ]),
    )
    return inFunction(name, node.offset, () => {
      const lowered = scope.state.tools.expression(own.body, { ...inner, locals, clause: `function ${name}` })
      const wanted = own.returns
      if (wanted === undefined) return lowered
      return coerceOr(
        lowered,
        wanted,
        node.offset,
        () => `Function declared to return ${typeName(wanted)}, but its body produces ${typeName(lowered.type)}`,
      )
    })
  }
  const sqls = args.map(({ sql }) => sql)
  const plain = body(sqls)
  const isLong = sqls.some((sql) => !isShort(sql) && plain.sql.split(sql).length > 2)
  const isBindable = !plain.sql.includes('SELECT ')
  const sql = isLong && isBindable ? sharing(sqls, (...names) => body(names).sql) : plain.sql
  return value(sql, plain.type, ...args)
}

/** Mistakes in a body are told where it is called. */
function inFunction<T>(name: string, offset: Offset, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof SqlError) throw new SqlError(error.kind, `In function ${name}: ${error.message}`, offset)
    throw error
  }
}
