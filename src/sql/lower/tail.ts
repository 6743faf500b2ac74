// ORDER BY, LIMIT and OFFSET behind a SELECT or a set operation.
import { type Offset, SqlError } from '../sql-error.ts'
import { identifier, scalar, typeName } from '../type-names.ts'
import type * as ast from '../syntax/ast.ts'
import { coerce } from './coerce.ts'
import { columnTable } from './from-shapes.ts'
import type { Lowered } from './lowered.ts'
import { orderKey, type OrderKey, orderText } from './ordering.ts'
import { type Item, relationColumns } from './output.ts'
import { noNames, type Scope } from './scope.ts'
import type { ListOrder, OutputColumn, QueryResult } from './tools.ts'

export interface Tail {
  readonly orderBy: readonly ast.OrderItem[]
  readonly limit: ast.Expression | undefined
  readonly skip: ast.Expression | undefined
  /** The keys of the order come out as columns (ARRAY(query)). */
  readonly isListed?: boolean | undefined
}

export const noTail: Tail = { orderBy: [], limit: undefined, skip: undefined }

export interface Ended {
  /** What was ordered by, for the check of grouping. */
  readonly keys: readonly Lowered[]
  /** Columns beside those of the SELECT list. */
  readonly hidden: readonly OutputColumn[]
  finish(sql: string): Finished
}

export type Finished = Pick<QueryResult, 'sql' | 'columns' | 'order'>

interface Selected {
  readonly node: { readonly isDistinct: boolean }
  readonly columns: readonly OutputColumn[]
  readonly scope: Scope
  readonly items: readonly Item[]
  readonly positions: readonly string[]
}

export function lowerTail(tail: Tail, selected: Selected): Ended {
  const { node, columns, scope, items } = selected
  const limit = limitText(tail, scope)
  const isListed = tail.isListed === true
  if (node.isDistinct && tail.orderBy.length > 0) {
    return { keys: [], hidden: [], finish: (sql) => orderedAround(sql, tail, limit, columns, scope, items) }
  }
  const keys =
    tail.orderBy.length === 0 && isListed
      ? positionKeys(selected)
      : tail.orderBy.map((item) => selectKey(item, items, scope))
  const ordering = keys.filter((key) => !isConstant(key))
  const hidden = isListed ? hiddenColumns(ordering) : []
  const order = ordering.length === 0 || (isListed && limit === '') ? '' : ` ORDER BY ${orderText(ordering)}`
  return {
    keys: keys.map(({ lowered }) => lowered),
    hidden,
    finish: (sql) => ({ sql: `${sql}${order}${limit}`, columns, order: isListed ? listOrder(ordering) : undefined }),
  }
}

function positionKeys({ node, scope, positions }: Selected): OrderKey[] {
  if (node.isDistinct || scope.select.isGrouped || scope.select.hasAggregates) return []
  return positions.map((sql) => ({
    lowered: { sql, type: scalar.INT64, origin: 'value' },
    direction: 'ASC',
    nulls: 'LAST',
  }))
}

function hiddenColumns(keys: readonly OrderKey[]): OutputColumn[] {
  return keys.map(({ lowered }, index) => ({ name: undefined, type: lowered.type, sqlName: `_key${index}`, lowered }))
}

function listOrder(keys: readonly OrderKey[]): ListOrder[] {
  return keys.map(({ lowered, direction, nulls }, index) => ({
    sqlName: `_key${index}`,
    type: lowered.type,
    direction,
    nulls,
  }))
}

/** Constants order nothing, and DuckDB refuses them. */
function isConstant({ lowered }: OrderKey): boolean {
  return lowered.constant !== undefined || lowered.origin === 'null'
}

function selectKey(item: ast.OrderItem, items: readonly Item[], scope: Scope): OrderKey {
  const index = ordinal(item, items.length)
  const lowered = index === undefined ? scope.state.tools.expression(item.value, scope) : items[index]?.lowered
  return orderKey(item, lowered as Lowered)
}

function ordinal(item: ast.OrderItem, count: number): number | undefined {
  if (item.value.kind !== 'int') return undefined
  const number = Number(item.value.text)
  if (number >= 1 && number <= count) return number - 1
  throw new SqlError('semantic', `ORDER BY is out of SELECT column number range: ${item.value.text}`, item.value.offset)
}

/** Ordered by its own columns: of DISTINCT and set operations. */
export function orderedAround(
  sql: string,
  tail: Tail,
  limit: string,
  columns: readonly OutputColumn[],
  scope: Scope,
  items: readonly Item[],
): Finished {
  const relation = scope.state.relationName('result')
  const own = relationColumns(relation, { sql, columns, isValueTable: false })
  const names = columnTable(undefined, own)
  const keys = tail.orderBy.map((item) => {
    const index = ordinal(item, columns.length) ?? matching(item, items, scope)
    const column = index === undefined ? undefined : own[index]
    if (column !== undefined) return orderKey(item, { sql: column.sql, type: column.type, origin: 'value' })
    const inner: Scope = { ...scope, from: names, locals: new Map(), allowsAggregates: false, allowsWindows: true }
    return orderKey(item, scope.state.tools.expression(item.value, inner))
  })
  const ordering = keys.filter((key) => !isConstant(key))
  const list = own.map((column, index) => `${column.sql} AS ${identifier(columns[index]?.sqlName ?? '')}`)
  const isListed = tail.isListed === true
  if (isListed) list.push(...ordering.map(({ lowered }, index) => `${lowered.sql} AS "_key${index}"`))
  const order = ordering.length === 0 ? '' : ` ORDER BY ${orderText(ordering)}`
  const text = `SELECT ${list.join(', ')} FROM (${sql}) AS ${identifier(relation)}${order}${limit}`
  return { sql: text, columns, order: isListed ? listOrder(ordering) : undefined }
}

/** The item of SELECT that is the very expression. */
function matching(item: ast.OrderItem, items: readonly Item[], scope: Scope): number | undefined {
  if (scope.from === noNames) return undefined
  try {
    const { sql } = scope.state.tools.expression(item.value, scope)
    const index = items.findIndex(({ lowered }) => lowered.sql === sql)
    return index < 0 ? undefined : index
  } catch (error) {
    if (error instanceof SqlError) return undefined
    throw error
  }
}

export function limitText({ limit, skip }: Tail, scope: Scope): string {
  const take = limit === undefined ? '' : ` LIMIT ${rowCount(limit, scope, 'LIMIT')}`
  return skip === undefined ? take : `${take} OFFSET ${rowCount(skip, scope, 'OFFSET')}`
}

/** How many rows LIMIT or OFFSET names, of a query or of an aggregate: no columns stand there. */
export function rowCount(node: ast.Expression, scope: Scope, what: string): string {
  const lowered = scope.state.tools.expression(node, {
    ...scope,
    from: noNames,
    locals: new Map(),
    clause: what,
    allowsAggregates: false,
    allowsWindows: false,
  })
  const number = coerce(lowered, scalar.INT64, node.offset)
  if (number === undefined) throw wrongCount(what, `expects an integer, not ${typeName(lowered.type)}`, node.offset)
  if (typeof number.constant !== 'string') return number.sql
  if (number.constant.startsWith('-')) throw wrongCount(what, 'expects a non-negative integer', node.offset)
  return number.constant
}

function wrongCount(what: string, why: string, offset: Offset): SqlError {
  return new SqlError('semantic', `${what} ${why}`, offset)
}
