// Queries: WITH, set operations, brackets, pipes, and ARRAY(query).
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import { duckType, identifier } from '../type-names.ts'
import { lowerFrom } from './from.ts'
import { type OrderKey, orderText } from './ordering.ts'
import { wholeOf } from './pipe-relation.ts'
import { lowerPipes, relationOf } from './pipes.ts'
import { lowerRecursive, refersTo } from './recursive.ts'
import { type CommonTable, noNames, queryScope, type Scope } from './scope.ts'
import { type InnerResult, lowerSelect } from './select.ts'
import { lowerSetOperation } from './set-operation.ts'
import { type Finished, limitText, noTail, orderedAround, type Tail } from './tail.ts'
import type { ArrayResult, QueryResult } from './tools.ts'

export function lowerQuery(
  node: ast.Query,
  parent: Scope | undefined,
  state: Scope['state'],
  isListed = false,
): InnerResult {
  const scope: Scope = {
    ...queryScope(state, parent),
    locals: parent === undefined || parent.from === noNames ? (parent?.locals ?? new Map()) : new Map(),
  }
  return lowerQueryIn(node, scope, isListed)
}

export function lowerQueryIn(node: ast.Query, scope: Scope, isListed = false): InnerResult {
  const withs = node.with === undefined ? { text: '', scope } : lowerWith(node.with, scope)
  const tail: Tail = {
    orderBy: node.orderBy,
    limit: node.limit,
    skip: node.skip,
    isListed: isListed && node.pipes.length === 0,
  }
  if (node.limit !== undefined) scope.state.facts.lint.push({ kind: 'limit', offset: node.limit.offset })
  const result = node.pipes.length === 0 ? lowerBody(node.body, withs.scope, tail) : lowerPiped(node, withs.scope, tail)
  return { ...result, sql: `${withs.text}${result.sql}` }
}

function lowerPiped(node: ast.Query, scope: Scope, tail: Tail): InnerResult {
  const start =
    node.body.kind === 'from-first'
      ? lowerFrom(node.body.from, scope, { left: noNames, conditions: [] })
      : relationOf(lowerBody(node.body, scope, tail), undefined, scope)
  return lowerPipes(start, node.pipes, scope, { query: lowerQueryIn, with: lowerWith })
}

function lowerBody(body: ast.QueryBody, scope: Scope, tail: Tail): InnerResult {
  switch (body.kind) {
    case 'select':
      return lowerSelect(body, scope, tail)
    case 'brackets': {
      const inner = lowerQueryIn(body.query, scope, tail.isListed === true && isEmpty(tail))
      return isEmpty(tail) ? inner : { ...inner, ...ended(inner, tail, scope) }
    }
    case 'set-operation': {
      const result = lowerSetOperation(body, scope, (one) => lowerBody(one, scope, noTail))
      return { ...result, ...(isEmpty(tail) ? {} : ended(result, tail, scope)), inner: scope }
    }
    case 'from-first': {
      const from = lowerFrom(body.from, scope, { left: noNames, conditions: [] })
      return { ...wholeOf(from), inner: scope }
    }
  }
}

function isEmpty({ orderBy, limit, skip }: Tail): boolean {
  return orderBy.length === 0 && limit === undefined && skip === undefined
}

function ended(result: QueryResult, tail: Tail, scope: Scope): Finished {
  return orderedAround(
    result.sql,
    tail,
    limitText(tail, scope),
    result.columns,
    { ...scope, clause: 'ORDER BY clause' },
    [],
  )
}

/** A name is visible to the entries after its own; to itself only if it is recursive. */
function lowerWith(node: ast.With, scope: Scope): { readonly text: string; readonly scope: Scope } {
  const texts: string[] = []
  const names = new Set<string>()
  let inner = scope
  let isRecursive = false
  for (const entry of node.entries) {
    const key = entry.name.name.toLowerCase()
    if (names.has(key))
      throw new SqlError('semantic', `Duplicate alias ${entry.name.name} for WITH subquery`, entry.name.offset)
    names.add(key)
    const sqlName = scope.state.relationName(entry.name.name)
    const isSelf = node.isRecursive && refersTo(entry.query, entry.name.name)
    isRecursive ||= isSelf
    const result = isSelf
      ? lowerRecursive(entry, sqlName, inner, lowerQueryIn)
      : lowerQueryIn(entry.query, nested(inner))
    const common: CommonTable = { sqlName, columns: result.columns, isValueTable: result.isValueTable }
    inner = { ...inner, commonTables: new Map([...inner.commonTables, [key, common]]) }
    const columns = isSelf ? ` (${result.columns.map((column) => identifier(column.sqlName)).join(', ')})` : ''
    texts.push(`${identifier(sqlName)}${columns} AS (${result.sql})`)
  }
  return { text: `WITH ${isRecursive ? 'RECURSIVE ' : ''}${texts.join(', ')} `, scope: inner }
}

/** A query of WITH sees the outer queries of the one that it stands in, not its columns. */
function nested(scope: Scope): Scope {
  return { ...scope, from: noNames }
}

/** ARRAY(query): in the order of ORDER BY, else of the arrays that it reads. No rows make an empty array. */
export function lowerArrayQuery(
  node: ast.Query,
  parent: Scope,
  state: Scope['state'],
): ArrayResult & { readonly inner: Scope } {
  const { sql, columns, inner, order = [] } = lowerQuery(node, parent, state, true)
  const [column] = columns
  if (column === undefined || columns.length > 1) {
    throw new SqlError(
      'semantic',
      'ARRAY subquery cannot have more than one column unless using SELECT AS STRUCT to build STRUCT values',
      node.offset,
    )
  }
  const relation = identifier(state.relationName('rows'))
  const keys = order.map(({ sqlName, type, direction, nulls }): OrderKey => ({
    lowered: { sql: `${relation}.${identifier(sqlName)}`, type, origin: 'value' },
    direction,
    nulls,
  }))
  const orderBy = keys.length === 0 ? '' : ` ORDER BY ${orderText(keys)}`
  const list = `list(${relation}.${identifier(column.sqlName)}${orderBy})`
  const empty = `CAST([] AS ${duckType({ kind: 'ARRAY', element: column.type })})`
  return { sql: `(SELECT coalesce(${list}, ${empty}) FROM (${sql}) AS ${relation})`, element: column.type, inner }
}
