// FROM: tables, joins, UNNEST, queries. Tables by name are in tables.ts, PIVOT and its kin in pivot.ts.
import { SqlError } from '../sql-error.ts'
import { identifier, scalar, typeName } from '../type-names.ts'
import type * as ast from '../syntax/ast.ts'
import { coerce, unify } from './coerce.ts'
import { compare } from './comparisons.ts'
import { columnTable, joinNames, type Relation, valueTable } from './from-shapes.ts'
import { looseOf, type Lowered } from './lowered.ts'
import { relationColumns } from './output.ts'
import { lowerPivot, lowerUnpivot } from './pivot.ts'
import { type FromNames, noNames, type Scope, type ScopeColumn } from './scope.ts'
import { isShort } from './share.ts'
import { lowerTable, lowerTableFunction } from './tables.ts'

/** `left`: names of what stands before it, for UNNEST and array paths. `conditions`: of WHERE, to leave out tables of a wildcard. */
export interface FromPlace {
  readonly left: FromNames
  readonly conditions: readonly ast.Expression[]
  /** The order of arrays must be kept (ARRAY(query)). */
  readonly isListed?: boolean | undefined
}

export function lowerFrom(item: ast.FromItem, scope: Scope, place: FromPlace): Relation {
  switch (item.kind) {
    case 'table':
      return lowerTable(item, scope, place, arrayPath)
    case 'unnest':
      return lowerUnnest(item, scope, place)
    case 'from-query':
      return lowerFromQuery(item, scope, place)
    case 'table-function':
      return lowerTableFunction(item, scope)
    case 'join':
      return lowerJoin(item, scope, place)
    case 'pivot':
      return lowerPivot(lowerFrom(item.input, scope, place), item.clause, item.alias, scope)
    case 'unpivot':
      return lowerUnpivot(lowerFrom(item.input, scope, place), item.clause, item.alias, scope)
    case 'sample':
      return sampled(lowerFrom(item.input, scope, place), item.clause, scope)
    case 'match-recognize':
      throw new SqlError('unsupported', 'MATCH_RECOGNIZE is not supported locally', item.offset)
    case 'graph-table':
      throw new SqlError('unsupported', 'GRAPH_TABLE is not supported locally', item.offset)
  }
}

/** An expression in FROM sees what stands left of it. */
function leftScope(scope: Scope, place: FromPlace): Scope {
  return { ...scope, from: place.left, clause: 'FROM clause', allowsAggregates: false, allowsWindows: false }
}

function lowerUnnest(item: ast.UnnestItem, scope: Scope, place: FromPlace): Relation {
  const array = scope.state.tools.expression(item.array, leftScope(scope, place))
  return unnested(array, item.alias?.name, item, scope, place)
}

/** `FROM t, t.items`: an array reached from a name on the left. */
function arrayPath(item: ast.TableItem, scope: Scope, place: FromPlace): Relation {
  const node: ast.NameExpression = { kind: 'name', parts: item.parts, offset: item.offset, end: item.end }
  const array = scope.state.tools.expression(node, leftScope(scope, place))
  return unnested(array, item.alias?.name ?? item.parts.at(-1)?.name, item, scope, place)
}

function unnested(
  array: Lowered,
  alias: string | undefined,
  item: ast.UnnestItem | ast.TableItem,
  scope: Scope,
  place: FromPlace,
): Relation {
  const { state } = scope
  if (array.origin === 'null') throw new SqlError('semantic', 'UNNEST of NULL needs a typed array', item.offset)
  if (array.type.kind !== 'ARRAY') {
    throw new SqlError(
      'semantic',
      `Values referenced in UNNEST must be arrays. UNNEST contains expression of type ${typeName(array.type)}`,
      item.offset,
    )
  }
  const list = coerce(array, array.type, item.offset) ?? array
  const relation = state.relationName(alias ?? 'unnest')
  const value = { sql: `${identifier(relation)}."value"`, type: array.type.element }
  const offset: ScopeColumn[] =
    item.withOffset === undefined
      ? []
      : [{ name: item.withOffset.alias?.name ?? 'offset', type: scalar.INT64, sql: `${identifier(relation)}."offset"` }]
  const isListed = place.isListed === true
  const sql = unnestText(list.sql, offset.length > 0 || isListed)
  const isLateral =
    looseOf([list])?.some(({ select }) => select === scope.select) === true || namesLeft(list.sql, place.left)
  return {
    sql: `(${sql}) AS ${identifier(relation)}`,
    names: valueTable(alias, value, offset),
    isLateral,
    positions: isListed ? [`${identifier(relation)}."offset"`] : undefined,
  }
}

function namesLeft(sql: string, left: FromNames): boolean {
  return [...left.columns, ...left.hidden].some((column) => {
    const relation = /"(?:[^"]|"")*"\./.exec(column.sql)?.[0]
    return relation !== undefined && sql.includes(relation)
  })
}

/** Both functions of one SELECT walk the list in step, in order. */
function unnestText(list: string, hasOffset: boolean): string {
  if (!hasOffset) return `SELECT unnest(${list}) AS "value"`
  if (isShort(list)) return `SELECT unnest(${list}) AS "value", generate_subscripts(${list}, 1) - 1 AS "offset"`
  return `SELECT unnest("l"."list") AS "value", generate_subscripts("l"."list", 1) - 1 AS "offset" FROM (SELECT ${list} AS "list") AS "l"`
}

function lowerFromQuery(item: ast.FromQuery, scope: Scope, place: FromPlace): Relation {
  if (item.isLateral) throw new SqlError('unsupported', 'LATERAL queries are not supported locally', item.offset)
  const result = scope.state.tools.query(item.query, { ...scope, from: noNames })
  const alias = item.alias?.name
  const relation = scope.state.relationName(alias ?? 'query')
  void place
  const columns = relationColumns(relation, result)
  const [only] = columns
  const names = result.isValueTable && only !== undefined ? valueTable(alias, only) : columnTable(alias, columns)
  return { sql: `(${result.sql}) AS ${identifier(relation)}`, names, isLateral: false }
}

function lowerJoin(item: ast.JoinItem, scope: Scope, place: FromPlace): Relation {
  const left = lowerFrom(item.left, scope, place)
  const inner = joinNames(place.left, left.names)
  const right = lowerFrom(item.right, scope, { ...place, left: inner })
  const isNested = item.right.kind === 'join'
  return joined(item, left, isNested ? { ...right, sql: `(${right.sql})` } : right, scope, place.left)
}

export interface JoinClause extends ast.Node {
  readonly join: ast.JoinKind
  readonly on: ast.Expression | undefined
  readonly using: readonly ast.Identifier[] | undefined
}

export function joined(item: JoinClause, left: Relation, right: Relation, scope: Scope, before: FromNames): Relation {
  checkJoin(item, right)
  const isPlain = item.join === 'CROSS' || item.join === 'COMMA'
  const lateral = right.isLateral ? 'LATERAL ' : ''
  const rightSql = `${lateral}${right.sql}`
  const names = joinNames(left.names, right.names)
  const isLateral = left.isLateral
  const positions = left.positions === undefined ? undefined : [...left.positions, ...(right.positions ?? [])]
  if (isPlain || (item.on === undefined && item.using === undefined && item.join === 'INNER')) {
    if (!right.isLateral && !right.sql.startsWith('(SELECT unnest('))
      scope.state.facts.lint.push({ kind: 'cross-join', offset: item.offset })
    return { sql: `${left.sql} CROSS JOIN ${rightSql}`, names, isLateral, positions }
  }
  if (item.using !== undefined) return joinUsing(item, item.using, left, right, rightSql)
  const on =
    item.on === undefined ? 'true' : condition(item.on, { ...scope, from: joinNames(before, names) }, 'JOIN ON clause')
  if (item.join !== 'INNER' && on.includes('SELECT ')) {
    return { sql: `${left.sql} ${filteredJoin(item, right, on)}`, names, isLateral, positions }
  }
  return { sql: `${left.sql} ${item.join} JOIN ${rightSql} ON ${on}`, names, isLateral, positions }
}

/** DuckDB has no subqueries in the conditions of outer joins, but in a WHERE of the right side. */
function filteredJoin(item: JoinClause, right: Relation, on: string): string {
  const alias = /AS ("(?:[^"]|"")*")$/.exec(right.sql)?.[1]
  if (item.join !== 'LEFT' || alias === undefined || right.isLateral)
    throw new SqlError(
      'unsupported',
      `Subqueries in the condition of this ${item.join} JOIN are not supported locally`,
      item.offset,
    )
  return `LEFT JOIN LATERAL (SELECT ${alias}.* FROM ${right.sql} WHERE ${on}) AS ${alias} ON true`
}

function checkJoin(item: JoinClause, right: Relation): void {
  if (right.isLateral && (item.join === 'RIGHT' || item.join === 'FULL')) {
    throw new SqlError(
      'semantic',
      `Array scan is not allowed with ${item.join} JOIN: it refers to the left side`,
      item.offset,
    )
  }
  const needs = item.join === 'LEFT' || item.join === 'RIGHT' || item.join === 'FULL'
  if (
    needs &&
    item.on === undefined &&
    item.using === undefined &&
    !right.isLateral &&
    !right.sql.startsWith('(SELECT unnest(')
  ) {
    throw new SqlError(
      'semantic',
      `${item.join} JOIN must have an immediately following ON or USING clause`,
      item.offset,
    )
  }
}

export function condition(node: ast.Expression, scope: Scope, clause: string): string {
  const lowered = scope.state.tools.expression(node, {
    ...scope,
    clause,
    allowsAggregates: false,
    allowsWindows: false,
  })
  return boolSql(lowered, node, clause)
}

/** SQL of what must be BOOL; the error names the clause. */
export function boolSql(lowered: Lowered, node: ast.Expression, clause: string): string {
  const bool = coerce(lowered, scalar.BOOL, node.offset)
  if (bool === undefined)
    throw new SqlError(
      'semantic',
      `${clause} should return type BOOL, but returns ${typeName(lowered.type)}`,
      node.offset,
    )
  return bool.sql
}

/** The columns of USING come first and only once; those of either side can still be named by its alias. */
function joinUsing(
  item: JoinClause,
  using: readonly ast.Identifier[],
  left: Relation,
  right: Relation,
  rightSql: string,
): Relation {
  const merged: ScopeColumn[] = []
  const tests: string[] = []
  const gone = new Set<ScopeColumn>()
  for (const column of using) {
    const a = usingColumn(column, left.names, 'left')
    const b = usingColumn(column, right.names, 'right')
    gone.add(a).add(b)
    const sides = [a, b].map((side): Lowered => ({ sql: side.sql, type: side.type, origin: 'value' }))
    const both = unify(sides, [column.offset, column.offset])
    const [x, y] = both?.all ?? []
    if (both === undefined || x === undefined || y === undefined) {
      throw new SqlError(
        'semantic',
        `Column ${column.name} in USING has incompatible types on either side of the join: ${typeName(a.type)}, ${typeName(b.type)}`,
        column.offset,
      )
    }
    tests.push(compare('=', x, y, column.offset).sql)
    a.source?.use.columns.add(a.source.column)
    b.source?.use.columns.add(b.source.column)
    merged.push(mergedColumn(item.join, column.name, a, b, { sql: `coalesce(${x.sql}, ${y.sql})`, type: both.type }))
  }
  const rest = [...left.names.columns, ...right.names.columns].filter((column) => !gone.has(column))
  const names: FromNames = {
    ranges: [...left.names.ranges, ...right.names.ranges],
    columns: [...merged, ...rest],
    hidden: [...left.names.hidden, ...right.names.hidden],
  }
  return {
    sql: `${left.sql} ${item.join} JOIN ${rightSql} ON ${tests.join(' AND ')}`,
    names,
    isLateral: left.isLateral,
  }
}

function mergedColumn(
  join: ast.JoinKind,
  name: string,
  a: ScopeColumn,
  b: ScopeColumn,
  full: Pick<ScopeColumn, 'sql' | 'type'>,
): ScopeColumn {
  if (join === 'FULL') return { name, ...full }
  const side = join === 'RIGHT' ? b : a
  return { name, type: side.type, sql: side.sql, source: side.source }
}

function usingColumn(column: ast.Identifier, names: FromNames, side: string): ScopeColumn {
  const wanted = column.name.toLowerCase()
  const found = [...names.columns, ...names.hidden].filter(({ name }) => name?.toLowerCase() === wanted)
  if (found.length > 1)
    throw new SqlError(
      'semantic',
      `Column ${column.name} in USING clause is ambiguous on ${side} side of join`,
      column.offset,
    )
  const [only] = found
  if (only === undefined)
    throw new SqlError(
      'semantic',
      `Column ${column.name} in USING clause not found on ${side} side of join`,
      column.offset,
    )
  return only
}

export function sampled(input: Relation, clause: ast.SampleClause, scope: Scope): Relation {
  const size = scope.state.tools.expression(clause.size, { ...scope, from: noNames, clause: 'TABLESAMPLE clause' })
  if (typeof size.constant !== 'string')
    throw new SqlError('unsupported', 'TABLESAMPLE needs a literal', clause.size.offset)
  if (clause.method !== 'SYSTEM' || clause.unit !== 'PERCENT') {
    throw new SqlError('semantic', 'Only TABLESAMPLE SYSTEM (n PERCENT) is supported', clause.offset)
  }
  const percent = Number(size.constant)
  if (!(percent >= 0 && percent <= 100))
    throw new SqlError('semantic', 'TABLESAMPLE percent must be between 0 and 100', clause.size.offset)
  scope.state.facts.isVolatile = true
  return { ...input, sql: `${input.sql} TABLESAMPLE SYSTEM (${percent} PERCENT)` }
}
