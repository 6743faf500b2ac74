// SET of UPDATE and MERGE: one new value a column, fields of structs put into a copy of the struct around them.
import type { CatalogColumn } from '../catalog.ts'
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import type { Assignment, DmlValue } from '../syntax/ast-statement.ts'
import { parseExpression } from '../syntax/parser.ts'
import type { SqlType } from '../types.ts'
import { type DmlTarget, targetColumn } from './dml-target.ts'
import { TreeMaker } from './tree.ts'

export interface AssignedColumn {
  readonly column: CatalogColumn
  readonly value: ast.Expression
}

/** `alias`: of the target, whose present values stay where only a field changes. */
export function assignedColumns(
  assignments: readonly Assignment[],
  target: DmlTarget,
  alias: string,
): AssignedColumn[] {
  const byColumn = new Map<CatalogColumn, Assignment[]>()
  for (const assignment of assignments) {
    const column = targetColumn(target, assignment.path[0]?.name ?? '', assignment.offset)
    byColumn.set(column, [...(byColumn.get(column) ?? []), assignment])
  }
  return [...byColumn].map(([column, own]) => {
    const [first, second] = own
    if (first === undefined) throw new SqlError('semantic', 'SET needs an assignment', 0)
    const isWhole = own.some(({ path }) => path.length === 1)
    if (isWhole && second !== undefined) {
      throw new SqlError('semantic', `Update item ${column.name} assigned more than once`, second.offset)
    }
    const make = new TreeMaker(first)
    const value = isWhole
      ? valueOrDefault(first.value, column)
      : withFields(make.name(alias, column.name), column.type, own, 1)
    return { column, value }
  })
}

export function valueOrDefault(value: DmlValue, column: CatalogColumn): ast.Expression {
  if (value.kind !== 'default') return value
  if (column.defaultSql !== undefined) return parseExpression(column.defaultSql)
  return { kind: 'null', offset: value.offset, end: value.end }
}

/** The struct again, with the named fields of it replaced. */
function withFields(
  present: ast.Expression,
  type: SqlType,
  assignments: readonly Assignment[],
  depth: number,
): ast.Expression {
  const [first] = assignments
  if (first === undefined) return present
  if (type.kind !== 'STRUCT')
    throw new SqlError(
      'semantic',
      `${first.path[depth - 1]?.name ?? ''} is no struct: it has no field ${first.path[depth]?.name ?? ''}`,
      first.offset,
    )
  for (const { path, offset } of assignments) {
    const name = path[depth]?.name.toLowerCase()
    if (!type.fields.some((field) => field.name?.toLowerCase() === name)) {
      throw new SqlError('semantic', `Field name ${path[depth]?.name ?? ''} does not exist`, offset)
    }
  }
  const { offset, end } = first
  const make = new TreeMaker(first)
  const fields = type.fields.map((field) => {
    const own = assignments.filter(({ path }) => path[depth]?.name.toLowerCase() === field.name?.toLowerCase())
    const inside: ast.Expression = {
      kind: 'field',
      operand: present,
      field: make.identifier(field.name ?? ''),
      offset,
      end,
    }
    const [only, second] = own
    if (only === undefined)
      return { value: inside, alias: field.name === undefined ? undefined : make.identifier(field.name) }
    if (only.path.length === depth + 1) {
      if (second !== undefined)
        throw new SqlError('semantic', `Update item ${field.name ?? ''} assigned more than once`, second.offset)
      if (only.value.kind === 'default')
        throw new SqlError('semantic', 'DEFAULT is not allowed for a field', only.offset)
      return { value: only.value, alias: make.identifier(field.name ?? '') }
    }
    return { value: withFields(inside, field.type, own, depth + 1), alias: make.identifier(field.name ?? '') }
  })
  return { kind: 'struct', isTuple: false, type: undefined, fields, offset, end }
}
