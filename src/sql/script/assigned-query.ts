// A query whose rows go into a table: each column becomes the table's, by the rules of assignment.
import type { NamedColumn, StatementCompiler } from '../lower/compile.ts'
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import { TreeMaker } from './tree.ts'

/** SQL of a SELECT with exactly `columns`. SqlError, if their number or their types don't fit. */
export function assignedQuerySql(
  compiler: StatementCompiler,
  query: ast.Query,
  columns: readonly NamedColumn[],
): string {
  try {
    return compiler.queryAs(literalsAssigned(query, columns), columns).sql
  } catch (error) {
    const types = error instanceof SqlError && /operator CASE: results of types (.*) have no/.exec(error.message)
    if (!types || !(error instanceof SqlError)) throw error
    throw new SqlError('semantic', `A query column of another type cannot be inserted: ${types[1] ?? ''}`, error.offset)
  }
}

/** Literals of a plain SELECT list become what their columns are. */
function literalsAssigned(query: ast.Query, columns: readonly NamedColumn[]): ast.Query {
  const { body } = query
  if (body.kind !== 'select' || body.isDistinct || body.as !== undefined || body.groupBy !== undefined) return query
  if (query.pipes.length > 0 || query.orderBy.length > 0 || body.items.length !== columns.length) return query
  const items: ast.SelectItem[] = []
  for (const [index, item] of body.items.entries()) {
    const column = columns[index]
    if (item.kind !== 'select-expression' || column === undefined) return query
    const make = new TreeMaker(item)
    const value = isLiteral(item.value) ? make.assigned(item.value, column.type) : item.value
    items.push({ ...item, value, alias: item.alias ?? make.identifier(`c${index + 1}`) })
  }
  return { ...query, body: { ...body, items } }
}

function isLiteral(value: ast.Expression): boolean {
  switch (value.kind) {
    case 'null':
    case 'string':
    case 'int':
    case 'float':
    case 'array':
    case 'struct':
      return true
    case 'unary':
      return isLiteral(value.operand)
    default:
      return false
  }
}

/** A table's columns need names; `f0_` is none. */
export function refuseUnnamed(query: ast.Query): void {
  const items = leadingItems(query)
  for (const [index, item] of items.entries()) {
    if (item.kind === 'select-star') return
    const isNamed = item.alias !== undefined || item.value.kind === 'name' || item.value.kind === 'field'
    if (!isNamed && query.pipes.length === 0) {
      throw new SqlError(
        'semantic',
        `CREATE TABLE columns must be named, but column ${index + 1} has no name`,
        item.offset,
      )
    }
  }
}

/** The first SELECT names the columns of a set operation. */
function leadingItems({ body, pipes }: ast.Query): readonly ast.SelectItem[] {
  if (pipes.length > 0) return []
  let first: ast.QueryBody | undefined = body
  for (;;) {
    if (first === undefined || first.kind === 'from-first') return []
    if (first.kind === 'select') return first.as === undefined ? first.items : []
    if (first.kind === 'brackets') return leadingItems(first.query)
    ;[first] = first.inputs
  }
}
