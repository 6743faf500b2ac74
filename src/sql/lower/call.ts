// Calls: special forms, the function table, aggregates, windows and people's own functions.
import type { FunctionRow, LoweredArgument } from '../functions/function-row.ts'
import { type Offset, SqlError } from '../sql-error.ts'
import { duckType } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import type * as ast from '../syntax/ast.ts'
import { lowerAggregate } from './aggregate.ts'
import { boundValues, loweringCall, noMatch, resultType } from './bound.ts'
import { callArguments } from './call-arguments.ts'
import { conditionals } from './conditional.ts'
import {
  aggregateTable,
  functionNames,
  type Overloads,
  refusedTable,
  scalarTable,
  windowTable,
} from './function-table.ts'
import { type Lowered, looseOf } from './lowered.ts'
import { nearest } from './nearest.ts'
import { type CallArgument, chooseSignature } from './overload.ts'
import { safely } from './safely.ts'
import type { Scope } from './scope.ts'
import { isShort, sharing } from './share.ts'
import { findUserFunction, lowerUserCall } from './user-functions.ts'
import { lowerWindowFunction } from './window-functions.ts'

export function lowerCall(node: ast.Call, scope: Scope): Lowered {
  const name = node.name.map((part) => part.name.toUpperCase()).join('.')
  const own = findUserFunction(node.name, scope, node.offset)
  if (own !== undefined) return lowerUserCall(own, node, scope)
  const conditional = conditionals[name]
  if (conditional !== undefined) {
    refuseModifiers(node, name)
    return conditional(node, scope)
  }
  const aggregate = aggregateTable.get(name)
  if (aggregate !== undefined) return lowerAggregate(name, aggregate, node, scope)
  const window = windowTable.get(name)
  if (window !== undefined) return lowerWindowFunction(name, window, node, scope)
  const scalarRows = scalarTable.get(name)
  if (scalarRows !== undefined) {
    refuseModifiers(node, name)
    return lowerScalar(name, scalarRows, callArguments(node.args, scope), scope, node)
  }
  throw unknownFunction(node, name)
}

function unknownFunction(node: ast.Call, name: string): SqlError {
  const refused = refusedTable.get(name) ?? refusedTable.get(`${name.split('.')[0]}.*`)
  if (refused !== undefined) return new SqlError('unsupported', `${name}: ${refused}`, node.offset)
  if (name.startsWith('ST_'))
    return new SqlError('unsupported', `${name}: GEOGRAPHY is not supported locally`, node.offset)
  const written = node.name.map((part) => part.name).join('.')
  const close = nearest(written, functionNames())
  return new SqlError(
    'semantic',
    `Function not found: ${written}${close === undefined ? '' : `; Did you mean ${close.toLowerCase()}?`}`,
    node.offset,
  )
}

function refuseModifiers(node: ast.Call, name: string): void {
  const refuse = (what: string): never => {
    throw new SqlError('semantic', `${what} is not allowed in call to non-aggregate function ${name}`, node.offset)
  }
  if (node.over !== undefined)
    throw new SqlError('semantic', `Analytic function call to non-analytic function ${name}`, node.offset)
  if (node.isDistinct) refuse('DISTINCT')
  if (node.orderBy.length > 0) refuse('ORDER BY')
  if (node.limit !== undefined) refuse('LIMIT')
  if (node.nulls !== undefined) refuse('IGNORE NULLS or RESPECT NULLS')
  if (node.having !== undefined) refuse('HAVING')
}

/** Also of EXTRACT, whose rows are called by cast-expression.ts. */
export function lowerScalar(
  name: string,
  overloads: Overloads<FunctionRow>,
  args: readonly CallArgument[],
  scope: Scope,
  node: { readonly offset: Offset; readonly isSafe?: boolean },
): Lowered {
  const match = chooseSignature(overloads.signatures, args)
  if (match === undefined) throw noMatch(name, overloads, args, node.offset)
  const row = overloads.rows.get(match.signature)
  if (row === undefined) throw new Error(`BUG: no row for ${match.signature.text}`)
  if (row.volatile === true) scope.state.facts.isVolatile = true
  const { lowered, values } = boundValues(match, name)
  const result = resultType(match, lowered)
  const write = (...sqls: string[]): string => writeRow(row, name, values, sqls, result, node.offset)
  const sqls = values.map(({ sql }) => sql)
  const sql = node.isSafe === true ? safeCall(sqls, write, result) : nested(sqls, write)
  const origin = row.fails === true && node.isSafe !== true ? 'error' : 'value'
  return { sql: bracketed(sql), type: result, origin, loose: looseOf(lowered) }
}

/** A constant that can only fail is found while compiling; SAFE makes a NULL of it, too. */
function safeCall(sqls: readonly string[], write: (...sqls: string[]) => string, result: SqlType): string {
  try {
    return safely(sqls, write)
  } catch (error) {
    if (error instanceof SqlError && error.kind === 'semantic' && valueFaults.test(error.message))
      return `CAST(NULL AS ${duckType(result)})`
    throw error
  }
}

const valueFaults = /^Invalid (?:empty )?time zone/

function writeRow(
  row: FunctionRow,
  name: string,
  values: readonly LoweredArgument[],
  sqls: readonly string[],
  result: SqlType,
  offset: Offset,
): string {
  const { lower } = row
  if (typeof lower === 'string') return fillTemplate(lower, sqls)
  const args = values.map((value, index) => ({ ...value, sql: sqls[index] ?? value.sql }))
  return lower(loweringCall(name, args, result, offset))
}

export function fillTemplate(template: string, sqls: readonly string[]): string {
  return template.replace(/\$(\d+|\*)/g, (_all, which: string) =>
    which === '*' ? sqls.join(', ') : (sqls[Number(which) - 1] ?? 'NULL'),
  )
}

/**
 * Rows and macros name their arguments many times, so calls within calls would grow without end: a long argument that is named twice, or
 * that is handed from macro to macro, is bound first.
 */
function nested(sqls: readonly string[], write: (...sqls: string[]) => string): string {
  const plain = write(...sqls)
  const long = sqls.filter((sql) => !isShort(sql))
  if (long.length === 0) return plain
  const frame = write(...sqls.map(() => '?'))
  if (frame.includes('SELECT ')) return plain
  const isRepeated = long.some((sql) => plain.indexOf(sql) !== plain.lastIndexOf(sql))
  const isHanded =
    frame.includes('memory.bq.') && long.some((sql) => sql.length > handedMax && sql.includes('memory.bq.'))
  return isRepeated || isHanded ? sharing(sqls, write) : plain
}

const handedMax = 150

/** Operators and CASE need brackets; a call or a name doesn't. */
export function bracketed(sql: string): string {
  if (/^[\w.]+\(/.test(sql) && closesAtEnd(sql)) return sql
  if (/^(?:[\w."$]+|'(?:[^']|'')*')$/.test(sql)) return sql
  return sql.startsWith('(') && closesAtEnd(sql) ? sql : `(${sql})`
}

/** Does the first bracket close at the very end? */
function closesAtEnd(sql: string): boolean {
  let depth = 0
  let quote = ''
  for (let index = 0; index < sql.length; index += 1) {
    const letter = sql[index] ?? ''
    if (quote !== '') {
      if (letter === quote) quote = ''
    } else if (letter === "'" || letter === '"') quote = letter
    else if (letter === '(') depth += 1
    else if (letter === ')') {
      depth -= 1
      if (depth === 0) return index === sql.length - 1
    }
  }
  return false
}
