// The table between two pipe operators: a relation whose columns can be shown anew without losing the names they go by.
import type * as ast from '../syntax/ast.ts'
import { identifier } from '../type-names.ts'
import type { Relation } from './from-shapes.ts'
import { outputColumns } from './output.ts'
import type { FromNames, RangeVariable, Scope, ScopeColumn } from './scope.ts'
import type { QueryResult } from './tools.ts'

/** `SELECT <all> FROM relation <tail>` as a relation of the same names. */
export function rewrapped(relation: Relation, tail: string, scope: Scope, isDistinct = false): Relation {
  return withColumns(relation, relation.names.columns, tail, scope, isDistinct)
}

/** The same with other columns in the order of `*`. Range variables keep theirs. */
export function withColumns(
  relation: Relation,
  columns: readonly ScopeColumn[],
  tail: string,
  scope: Scope,
  isDistinct = false,
): Relation {
  const { names } = relation
  const values = isDistinct
    ? []
    : names.ranges.flatMap(({ value }) => (value === undefined ? [] : [valueColumn(value)]))
  const hidden = isDistinct ? [] : [...names.hidden, ...names.ranges.flatMap((range) => range.columns)]
  const all = unique([...columns, ...hidden, ...values])
  for (const { source } of columns) source?.use.columns.add(source.column)
  const output = outputColumns(all.map(({ name, type, sql }) => ({ name, lowered: { sql, type, origin: 'value' } })))
  const alias = scope.state.relationName('step')
  const moved = new Map(
    all.map((column, index) => [
      column.sql,
      { ...column, sql: `${identifier(alias)}.${identifier(output[index]?.sqlName ?? '')}` },
    ]),
  )
  const at = (column: ScopeColumn): ScopeColumn => ({ ...column, sql: moved.get(column.sql)?.sql ?? column.sql })
  const known = (range: RangeVariable): RangeVariable => ({
    name: range.name,
    columns: range.columns.filter(({ sql }) => moved.has(sql)).map(at),
    value: range.value && moved.has(range.value.sql) ? at(valueColumn(range.value)) : undefined,
  })
  const list = output.map(({ lowered, sqlName }) => `${lowered?.sql} AS ${identifier(sqlName)}`).join(', ')
  const sql = `(SELECT ${isDistinct ? 'DISTINCT ' : ''}${list} FROM ${relation.sql}${tail}) AS ${identifier(alias)}`
  const next: FromNames = {
    ranges: isDistinct ? [{ name: undefined, columns: columns.map(at) }] : names.ranges.map(known),
    columns: columns.map(at),
    hidden: isDistinct ? [] : names.hidden.map(at),
  }
  return { sql, names: next, isLateral: relation.isLateral }
}

function valueColumn(value: { readonly sql: string; readonly type: ScopeColumn['type'] }): ScopeColumn {
  return { name: undefined, ...value }
}

function unique(columns: readonly ScopeColumn[]): ScopeColumn[] {
  const seen = new Set<string>()
  return columns.filter(({ sql }) => !seen.has(sql) && seen.add(sql) !== undefined)
}

/** All its columns as a query. */
export function wholeOf(from: Relation): QueryResult {
  const columns = outputColumns(
    from.names.columns.map(({ name, type, sql, source }) => {
      source?.use.columns.add(source.column)
      return { name, lowered: { sql, type, origin: 'value' } }
    }),
  )
  const list = columns.map(({ lowered, sqlName }) => `${lowered?.sql} AS ${identifier(sqlName)}`).join(', ')
  return { sql: `SELECT ${list} FROM ${from.sql}`, columns, isValueTable: false }
}

export function selectNode(items: readonly ast.SelectItem[], at: ast.Node, more: Partial<ast.Select> = {}): ast.Select {
  return {
    kind: 'select',
    privacy: undefined,
    isDistinct: false,
    as: undefined,
    items,
    from: undefined,
    where: undefined,
    groupBy: undefined,
    having: undefined,
    qualify: undefined,
    windows: [],
    offset: at.offset,
    end: at.end,
    ...more,
  }
}
