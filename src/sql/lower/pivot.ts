// PIVOT and UNPIVOT.
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import { identifier, scalar, text, typeName } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import { coerceOr, structSql, unify } from './coerce.ts'
import { compare } from './comparisons.ts'
import { columnTable, type Relation } from './from-shapes.ts'
import type { Lowered } from './lowered.ts'
import { impliedName } from './names.ts'
import { type Item, outputColumns, outputText, relationColumns } from './output.ts'
import { newSelect, type Scope, type ScopeColumn } from './scope.ts'

/** One aggregate for each value, grouped by all columns that the clause doesn't name. */
export function lowerPivot(
  input: Relation,
  clause: ast.PivotClause,
  alias: ast.Identifier | undefined,
  scope: Scope,
): Relation {
  const inner: Scope = {
    ...scope,
    from: input.names,
    select: newSelect(),
    clause: 'PIVOT clause',
    allowsAggregates: false,
    allowsWindows: false,
  }
  const { tools } = scope.state
  const column = tools.expression(clause.input, inner)
  const used = new Set<string>()
  const items: Item[] = []
  for (const pivotValue of clause.values) {
    const wanted = coerceOr(
      tools.expression(pivotValue.value, inner),
      column.type,
      pivotValue.offset,
      () => `PIVOT value does not have the type ${typeName(column.type)} of the FOR expression`,
    )
    const test =
      wanted.constant === null ? `${column.sql} IS NULL` : compare('=', column, wanted, pivotValue.offset).sql
    const name = pivotValue.alias?.name ?? valueName(wanted, pivotValue)
    for (const aggregate of clause.aggregates) {
      const lowered = tools.expression(aggregate.call, {
        ...inner,
        allowsAggregates: true,
        filter: ` FILTER (WHERE ${test})`,
      })
      if (!inner.select.overRows.has(lowered.sql))
        throw new SqlError('semantic', 'PIVOT expression must be an aggregate function call', aggregate.call.offset)
      items.push({ name: aggregate.alias === undefined ? name : `${aggregate.alias.name}_${name}`, lowered })
      noteUsed(aggregate.call, used)
    }
  }
  noteUsed(clause.input, used)
  const groups = input.names.columns.filter(({ name }) => name === undefined || !used.has(name.toLowerCase()))
  const grouped = groups.map((one) => readColumn(one))
  const columns = outputColumns([...grouped, ...items])
  const groupBy = groups.length === 0 ? '' : ` GROUP BY ${groups.map(({ sql }) => sql).join(', ')}`
  return derived(
    `SELECT ${outputText(columns)} FROM ${input.sql}${groupBy}`,
    columns,
    alias?.name,
    input.isLateral,
    scope,
  )
}

function readColumn(column: ScopeColumn): Item {
  column.source?.use.columns.add(column.source.column)
  return { name: column.name, lowered: { sql: column.sql, type: column.type, origin: 'value' } }
}

export function derived(
  sql: string,
  columns: ReturnType<typeof outputColumns>,
  alias: string | undefined,
  isLateral: boolean,
  scope: Scope,
): Relation {
  const relation = scope.state.relationName(alias ?? 'query')
  const shown = relationColumns(relation, { sql, columns, isValueTable: false })
  return { sql: `(${sql}) AS ${identifier(relation)}`, names: columnTable(alias, shown), isLateral }
}

/** Names of columns in an expression: the last part and the first of each path. */
function noteUsed(node: unknown, used: Set<string>): void {
  if (Array.isArray(node)) {
    for (const one of node) noteUsed(one, used)
    return
  }
  if (typeof node !== 'object' || node === null) return
  const { kind, parts } = node as { readonly kind?: unknown; readonly parts?: readonly ast.Identifier[] }
  if (kind === 'name' && parts !== undefined) for (const part of parts.slice(0, 2)) used.add(part.name.toLowerCase())
  for (const one of Object.values(node)) noteUsed(one, used)
}

/** `Q1` of 'Q1', `_2020` of 2020, `minus_1`, `2020_01_01` of a date: BigQuery's names. */
function valueName(lowered: Lowered, pivotValue: ast.PivotValue): string {
  const { constant, type } = lowered
  if (constant === null) return 'NULL'
  if (typeof constant === 'boolean') return String(constant)
  if (typeof constant !== 'string') {
    const implied = impliedName(pivotValue.value)
    if (implied !== undefined) return implied
    throw new SqlError('semantic', 'PIVOT values must be constants; give an alias to others', pivotValue.offset)
  }
  if (type.kind === 'STRING') return constant
  const plain = constant
    .replace(/^-/, 'minus_')
    .replaceAll('.', '_point_')
    .replaceAll(/[-: +]/g, '_')
  return `_${plain}`
}

/** For each input row one row a column set; rows whose values are all NULL are left out unless INCLUDE NULLS. */
export function lowerUnpivot(
  input: Relation,
  clause: ast.UnpivotClause,
  alias: ast.Identifier | undefined,
  scope: Scope,
): Relation {
  const { names } = input
  const used = new Set<ScopeColumn>()
  const sets = clause.inputs.map((one) => one.columns.flat().map((column) => find(column, names.columns, used)))
  const values = clause.values.map((value, index) => {
    const parts = sets.map((set, row): Lowered => {
      const column = set[index]
      if (column === undefined || set.length !== clause.values.length) {
        throw new SqlError(
          'semantic',
          'UNPIVOT: every column set needs as many columns as there are values',
          clause.inputs[row]?.offset ?? clause.offset,
        )
      }
      return { sql: column.sql, type: column.type, origin: 'value' }
    })
    const all = unify(
      parts,
      clause.inputs.map(({ offset }) => offset),
    )
    if (all === undefined)
      throw new SqlError('semantic', `UNPIVOT: columns of ${value.name} have no common type`, value.offset)
    return { name: value.name, type: all.type, parts: all.all }
  })
  const labels = clause.inputs.map((one) => label(one, scope))
  const labelType: SqlType = labels.every(({ type }) => type.kind === 'INT64') ? scalar.INT64 : scalar.STRING
  const type: SqlType = {
    kind: 'STRUCT',
    fields: [
      ...values.map((value) => ({ name: value.name, type: value.type })),
      { name: clause.name.name, type: labelType },
    ],
  }
  const rows = labels.map((one, row) =>
    structSql([...values.map(({ parts }) => parts[row]?.sql ?? 'NULL'), one.sql], type),
  )
  const kept = names.columns.filter((column) => !used.has(column)).map(readColumn)
  const inner = outputColumns([
    ...kept,
    { name: undefined, lowered: { sql: `unnest([${rows.join(', ')}])`, type, origin: 'value' } },
  ])
  const relation = scope.state.relationName('unpivot')
  const columns = relationColumns(relation, { sql: '', columns: inner, isValueTable: false })
  const last = columns.at(-1)?.sql ?? ''
  const fields = type.fields.map((field) => ({
    name: field.name,
    lowered: { sql: `(${last}).${identifier(field.name ?? '')}`, type: field.type, origin: 'value' as const },
  }))
  const output = outputColumns([
    ...columns
      .slice(0, -1)
      .map(({ name, sql, type: own }) => ({ name, lowered: { sql, type: own, origin: 'value' as const } })),
    ...fields,
  ])
  const isAllNull = fields
    .slice(0, -1)
    .map(({ lowered }) => `${lowered.sql} IS NULL`)
    .join(' AND ')
  const where = clause.nulls === 'INCLUDE' ? '' : ` WHERE NOT (${isAllNull})`
  const sql = `SELECT ${outputText(output)} FROM (SELECT ${outputText(inner)} FROM ${input.sql}) AS ${identifier(relation)}${where}`
  return derived(sql, output, alias?.name, input.isLateral, scope)
}

function find(column: ast.Identifier, columns: readonly ScopeColumn[], used: Set<ScopeColumn>): ScopeColumn {
  const found = columns.find(({ name }) => name?.toLowerCase() === column.name.toLowerCase())
  if (found === undefined)
    throw new SqlError('semantic', `Column ${column.name} not found in UNPIVOT operator`, column.offset)
  used.add(found)
  found.source?.use.columns.add(found.source.column)
  return found
}

function label(one: ast.UnpivotInput, scope: Scope): { readonly sql: string; readonly type: SqlType } {
  if (one.alias !== undefined) return scope.state.tools.expression(one.alias, scope)
  const names = one.columns.flat().map(({ name }) => name)
  return { sql: text(names.join('_')), type: scalar.STRING }
}
