// SELECT: its clauses in the order in which names become visible.
import { SqlError } from '../sql-error.ts'
import { typeName } from '../type-names.ts'
import type * as ast from '../syntax/ast.ts'
import { structSql } from './coerce.ts'
import { isGroupable } from './comparisons.ts'
import { boolSql, condition, lowerFrom } from './from.ts'
import type { Relation } from './from-shapes.ts'
import { groupedBy, type Grouping, groupByAll } from './grouping.ts'
import type { Lowered } from './lowered.ts'
import { expandItems, lowerItems, type SelectEntry } from './select-items.ts'
import { outputColumns, outputText } from './output.ts'
import { lowerTail, type Tail } from './tail.ts'
import { checkGrouped, newSelect, noNames, type Scope } from './scope.ts'
import type { OutputColumn, QueryResult } from './tools.ts'

export type InnerResult = QueryResult & { readonly inner: Scope }

/** AND-ed conditions, each by itself. */
export function conjuncts(node: ast.Expression | undefined): readonly ast.Expression[] {
  if (node === undefined) return []
  return node.kind === 'logical' && node.operator === 'AND' ? node.operands.flatMap(conjuncts) : [node]
}

export function lowerSelect(node: ast.Select, outer: Scope, tail: Tail): InnerResult {
  refuseForms(node)
  const before = outer.state.facts.tables.length
  const conditions = conjuncts(node.where)
  const from = node.from && lowerFrom(node.from, outer, { left: noNames, conditions, isListed: tail.isListed })
  for (const use of outer.state.facts.tables.slice(before)) {
    const isOwn = from?.names.ranges.some(({ columns }) =>
      columns.some(
        ({ source }) =>
          source !== undefined &&
          (source.use === use || source.use.columns === use.columns || source.use.offset === use.offset),
      ),
    )
    if (isOwn === true) use.conditions.push(...conditions)
  }
  if (node.from === undefined) refuseWithoutFrom(node, tail)
  return lowerSelectFrom(node, from, outer, tail)
}

function refuseForms(node: ast.Select): void {
  if (node.privacy !== undefined)
    throw new SqlError('unsupported', `SELECT WITH ${node.privacy.name} is not supported locally`, node.offset)
  if (node.as?.kind === 'type')
    throw new SqlError('unsupported', 'SELECT AS with a type name is not supported locally', node.offset)
}

function refuseWithoutFrom(node: ast.Select, tail: Tail): void {
  const refuse = (what: string, offset: number): never => {
    throw new SqlError('semantic', `Query without FROM clause cannot ${what}`, offset)
  }
  if (node.where !== undefined) refuse('have a WHERE clause', node.where.offset)
  if (node.isDistinct) refuse('use SELECT DISTINCT', node.offset)
  if (node.groupBy !== undefined) refuse('have a GROUP BY clause', node.groupBy.offset)
  if (node.having !== undefined) refuse('have a HAVING clause', node.having.offset)
  if (node.qualify !== undefined) refuse('have a QUALIFY clause', node.qualify.offset)
  const [first] = tail.orderBy
  if (first !== undefined) refuse('have an ORDER BY clause', first.offset)
}

/** Also of pipe operators, whose FROM is the step before. */
export function lowerSelectFrom(node: ast.Select, from: Relation | undefined, outer: Scope, tail: Tail): InnerResult {
  const select = newSelect(outer.select.outer)
  const base: Scope = { ...outer, select, from: from?.names ?? noNames, allowsAggregates: false, allowsWindows: false }
  for (const { name, window } of node.windows) select.windows.set(name.name.toLowerCase(), window)
  const where = node.where === undefined ? '' : ` WHERE ${condition(node.where, base, 'WHERE clause')}`
  const entries = expandItems(node.items, base)
  let grouping: Grouping | undefined
  if (node.groupBy !== undefined && !node.groupBy.isAll) grouping = groupedBy(node.groupBy, entries, base)
  const listScope: Scope = { ...base, clause: 'SELECT list', allowsAggregates: true, allowsWindows: true }
  const lowered = lowerItems(entries, listScope)
  if (node.groupBy?.isAll === true) grouping = groupByAll(lowered, select)
  const items = lowered.map(({ name, lowered: one }) => ({ name, lowered: one }))
  const aliases = aliasesOf(
    entries,
    items.map((one) => one.lowered),
  )
  const after: Scope = { ...base, locals: new Map([...base.locals, ...aliases]), allowsAggregates: true }
  const having = node.having === undefined ? '' : ` HAVING ${havingText(node.having, after, grouping !== undefined)}`
  const qualify = node.qualify === undefined ? '' : ` QUALIFY ${qualifyText(node.qualify, after)}`
  const columns = packed(node, outputColumns(items))
  const end = lowerTail(tail, {
    node,
    columns,
    scope: { ...after, clause: 'ORDER BY clause', allowsWindows: true },
    items,
    positions: from?.positions ?? [],
  })
  if (node.from === undefined && from === undefined && select.hasAggregates) {
    throw new SqlError('semantic', 'SELECT without FROM clause cannot use aggregation', node.offset)
  }
  if (grouping !== undefined || select.hasAggregates)
    for (const one of [...items.map(({ lowered: item }) => item), ...end.keys])
      checkGrouped(one, { ...base, clause: 'SELECT list' })
  const groupBy = grouping === undefined ? '' : ` GROUP BY ${grouping.text}`
  const source = from === undefined ? '' : ` FROM ${from.sql}`
  const sql = `SELECT ${node.isDistinct ? 'DISTINCT ' : ''}${outputText([...columns, ...end.hidden])}${source}${where}${groupBy}${having}${qualify}`
  if (node.isDistinct) checkDistinct(columns, node)
  return { ...end.finish(sql), isValueTable: node.as !== undefined, inner: base }
}

function checkDistinct(columns: readonly OutputColumn[], node: ast.Select): void {
  const wrong = columns.find(({ type }) => !isGroupable(type))
  if (wrong !== undefined)
    throw new SqlError(
      'semantic',
      `Column of type ${typeName(wrong.type)} cannot be used in SELECT DISTINCT`,
      node.offset,
    )
}

/** Names of SELECT that later clauses see; of two with one name neither. */
function aliasesOf(entries: readonly SelectEntry[], lowered: readonly Lowered[]): Map<string, Lowered> {
  const aliases = new Map<string, Lowered>()
  const twice = new Set<string>()
  for (const [index, { name, isAlias }] of entries.entries()) {
    const one = lowered[index]
    if (name === undefined || one === undefined) continue
    const key = name.toLowerCase()
    if (!isAlias && aliases.has(key)) continue
    if (aliases.has(key) && aliases.get(key)?.sql !== one.sql) twice.add(key)
    aliases.set(key, one)
  }
  for (const key of twice) aliases.delete(key)
  return aliases
}

function havingText(having: ast.Expression, scope: Scope, isGrouped: boolean): string {
  const lowered = scope.state.tools.expression(having, { ...scope, clause: 'HAVING clause' })
  if (!isGrouped && !scope.select.hasAggregates) {
    throw new SqlError('semantic', 'The HAVING clause requires GROUP BY or aggregation to be present', having.offset)
  }
  checkGrouped(lowered, { ...scope, clause: 'HAVING clause' })
  return boolSql(lowered, having, 'HAVING clause')
}

function qualifyText(qualify: ast.Expression, scope: Scope): string {
  const lowered = scope.state.tools.expression(qualify, { ...scope, clause: 'QUALIFY clause', allowsWindows: true })
  if (!scope.select.hasWindows)
    throw new SqlError('semantic', 'The QUALIFY clause requires analytic function to be present', qualify.offset)
  if (scope.select.hasAggregates || scope.select.isGrouped)
    checkGrouped(lowered, { ...scope, clause: 'QUALIFY clause' })
  return boolSql(lowered, qualify, 'QUALIFY clause')
}

/** SELECT AS STRUCT makes one column of all, SELECT AS VALUE has one. */
function packed(node: ast.Select, columns: readonly OutputColumn[]): readonly OutputColumn[] {
  if (node.as?.kind === 'struct') {
    const type = {
      kind: 'STRUCT' as const,
      fields: columns.map((column) => ({ name: column.name, type: column.type })),
    }
    const sql = structSql(
      columns.map(({ lowered }) => lowered?.sql ?? 'NULL'),
      type,
    )
    return [{ name: undefined, type, sqlName: 'value', lowered: { sql, type, origin: 'value' } }]
  }
  const [only] = columns
  if (node.as?.kind !== 'value') return columns
  if (only === undefined || columns.length > 1)
    throw new SqlError('semantic', 'SELECT AS VALUE query must have exactly one column', node.offset)
  return [{ ...only, name: undefined, sqlName: 'value' }]
}
