// Queries within expressions: scalar, EXISTS, IN, LIKE ANY, ARRAY.
import { SqlError } from '../sql-error.ts'
import { identifier, scalar, typeName } from '../type-names.ts'
import type * as ast from '../syntax/ast.ts'
import { castSql } from './cast.ts'
import { coerce, unify } from './coerce.ts'
import { compare, inList, inUnnest, like, likeAnyAll } from './comparisons.ts'
import { type Lowered, type LooseColumn, value } from './lowered.ts'
import { noSignature } from './operators.ts'
import type { Scope } from './scope.ts'
import type { QueryResult, Tools } from './tools.ts'

/** Columns of outer queries that the inner one uses. */
function outerLoose(inner: Scope): readonly LooseColumn[] | undefined {
  const { outer } = inner.select
  return outer.length === 0 ? undefined : outer
}

export function lowerScalarQuery(node: ast.ScalarSubquery, scope: Scope): Lowered {
  refuseInAggregateLambda(scope, node)
  const result = scope.state.tools.query(node.query, scope)
  const [column] = result.columns
  if (column === undefined || result.columns.length > 1) {
    throw new SqlError(
      'semantic',
      'Scalar subquery cannot have more than one column unless using SELECT AS STRUCT to build STRUCT values',
      node.offset,
    )
  }
  return { sql: `(${result.sql})`, type: column.type, origin: 'value', loose: outerLoose(result.inner) }
}

/** DuckDB knows no subqueries in lambdas; the parameter's name shows that one is around. */
function refuseInAggregateLambda(scope: Scope, node: ast.Node): void {
  for (const { sql } of scope.locals.values()) {
    if (/^\(?_l\d+/.test(sql))
      throw new SqlError('unsupported', 'Subqueries in lambdas are not supported locally', node.offset)
  }
}

export function lowerExists(node: ast.Exists, scope: Scope): Lowered {
  refuseInAggregateLambda(scope, node)
  const result = scope.state.tools.query(node.query, scope)
  return { sql: `EXISTS(${result.sql})`, type: scalar.BOOL, origin: 'value', loose: outerLoose(result.inner) }
}

export function lowerArrayQuery(node: ast.ArrayQuery, scope: Scope): Lowered {
  refuseInAggregateLambda(scope, node)
  const { sql, element, inner } = scope.state.tools.arrayQuery(node.query, scope)
  if (element.kind === 'ARRAY') {
    throw new SqlError(
      'semantic',
      'Cannot use array subquery with column of type ARRAY because nested arrays are not supported',
      node.offset,
    )
  }
  return { sql, type: { kind: 'ARRAY', element }, origin: 'value', loose: outerLoose(inner) }
}

export function lowerIn(node: ast.In, scope: Scope): Lowered {
  const { tools } = scope.state
  const operand = tools.expression(node.operand, scope)
  const { source } = node
  if (source.kind === 'list') {
    const items = source.items.map((item) => tools.expression(item, scope))
    return inList(node.isNot, operand, items, node.offset)
  }
  if (source.kind === 'unnest') return inUnnest(node.isNot, operand, tools.expression(source.array, scope), node.offset)
  return inQuery(node, operand, source.query, scope)
}

function inQuery(node: ast.In, operand: Lowered, query: ast.Query, scope: Scope): Lowered {
  refuseInAggregateLambda(scope, node)
  const result = scope.state.tools.query(query, scope)
  const [column] = result.columns
  if (column === undefined || result.columns.length > 1) {
    throw new SqlError('semantic', 'Subquery of type IN must have only one output column', node.offset)
  }
  const found: Lowered = { sql: '?', type: column.type, origin: 'value' }
  const both = unify([operand, found], [node.offset, node.offset])
  const [a] = both?.all ?? []
  if (both === undefined || a === undefined) throw noSignature('IN', [operand, found], node.offset)
  if (both.type.kind === 'STRUCT') return structInQuery(node, operand, result, scope)
  const sql = `(${a.sql} ${node.isNot ? 'NOT ' : ''}IN (${asType(result, both.type, scope)}))`
  return value(sql, scalar.BOOL, a, { ...found, loose: outerLoose(result.inner) })
}

/** The only column of a query as another type. */
function asType(result: QueryResult, type: Lowered['type'], scope: Scope): string {
  const [column] = result.columns
  if (column === undefined) return result.sql
  const name = scope.state.relationName('in')
  const sql = `"${name}"."${column.sqlName.replaceAll('"', '""')}"`
  const cast = castSql(sql, column.type, type)
  if (cast === undefined) throw new Error(`BUG: ${typeName(column.type)} does not become ${typeName(type)}`)
  // To DuckDB NaN is in a list with NaN, to BigQuery it is in none.
  const where = type.kind === 'FLOAT64' ? ` WHERE NOT coalesce(isnan(${cast}), false)` : ''
  return cast === sql && where === '' ? result.sql : `SELECT ${cast} FROM (${result.sql}) AS "${name}"${where}`
}

/** A pair of structs may be neither equal nor unequal, if fields are NULL. */
function structInQuery(node: ast.In, operand: Lowered, result: ReturnType<Tools['query']>, scope: Scope): Lowered {
  return anyOfQuery(node.isNot, operand, result, node, scope, (item) => compare('=', operand, item, node.offset))
}

/** `test` of any row of a query, as OR has it: a NULL among them makes no out of it no more. */
function anyOfQuery(
  isNot: boolean,
  operand: Lowered,
  result: ReturnType<Tools['query']>,
  node: ast.Node,
  scope: Scope,
  test: (item: Lowered) => Lowered,
  quantifier: 'ANY' | 'ALL' = 'ANY',
): Lowered {
  if (scope.select.hasAggregates || scope.select.isGrouped || scope.select.hasWindows)
    throw new SqlError('unsupported', 'This subquery is not supported locally beside aggregates', node.offset)
  const [column] = result.columns
  if (column === undefined) throw new Error('BUG: no column')
  const name = scope.state.relationName('any')
  const item = { sql: `${identifier(name)}.${identifier(column.sqlName)}`, type: column.type, origin: 'value' } as const
  const tested = test(item)
  const [fold, found] = quantifier === 'ANY' ? ['bool_or', 'true'] : ['bool_and', 'false']
  const rest = quantifier === 'ANY' ? 'false' : 'true'
  const inner = `SELECT CASE WHEN ${fold}("match") = ${found} THEN ${found} WHEN count(*) > count("match") THEN NULL ELSE ${rest} END FROM (SELECT ${tested.sql} AS "match" FROM (${result.sql}) AS ${identifier(name)})`
  return value(`(${isNot ? 'NOT ' : ''}(${inner}))`, scalar.BOOL, operand, { ...item, loose: outerLoose(result.inner) })
}

export function lowerLikeQuantified(node: ast.LikeQuantified, scope: Scope): Lowered {
  const { tools } = scope.state
  const operand = tools.expression(node.operand, scope)
  const quantifier = node.quantifier === 'SOME' ? 'ANY' : node.quantifier
  if (node.source.kind === 'list') {
    const patterns = node.source.items.map((item) => tools.expression(item, scope))
    return likeAnyAll(node.isNot, quantifier, operand, patterns, node.offset)
  }
  if (node.source.kind === 'query') {
    refuseInAggregateLambda(scope, node)
    const result = tools.query(node.source.query, scope)
    if (result.columns.length !== 1)
      throw new SqlError('semantic', 'Subquery of type LIKE must have only one output column', node.offset)
    const test = (item: Lowered): Lowered => like(false, operand, item, node.offset)
    return anyOfQuery(node.isNot, operand, result, node, scope, test, quantifier)
  }
  const list = tools.expression(node.source.array, scope)
  const patterns = coerce(list, { kind: 'ARRAY', element: scalar.STRING }, node.offset)
  const text = coerce(operand, scalar.STRING, node.offset)
  if (patterns === undefined || text === undefined) throw noSignature('LIKE', [operand, list], node.offset)
  const each = `list_transform(${patterns.sql}, lambda _m1: ${text.sql} LIKE _m1 ESCAPE '\\')`
  const [all, some] = quantifier === 'ANY' ? ['list_bool_or', 'true'] : ['list_bool_and', 'false']
  const known = `${all}(${each})`
  const sql = `CASE WHEN ${known} = ${some} THEN ${some} WHEN len(list_filter(${each}, lambda _m1: _m1 IS NULL)) > 0 THEN NULL ELSE NOT ${some} END`
  return value(`(${node.isNot ? 'NOT ' : ''}(${sql}))`, scalar.BOOL, text, patterns)
}
