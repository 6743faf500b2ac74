// WITH RECURSIVE: the first part of the union gives names and types, the rest may name the table itself.
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import { identifier, typeName } from '../type-names.ts'
import { coerce } from './coerce.ts'
import { newSelect, type Scope } from './scope.ts'
import type { InnerResult } from './select.ts'
import type { QueryResult } from './tools.ts'

/** Does a query name a table anywhere? */
export function refersTo(node: unknown, name: string): boolean {
  if (Array.isArray(node)) return node.some((one) => refersTo(one, name))
  if (typeof node !== 'object' || node === null) return false
  const { kind, parts } = node as { readonly kind?: unknown; readonly parts?: readonly ast.Identifier[] }
  if (kind === 'table' && parts?.length === 1 && parts[0]?.name.toLowerCase() === name.toLowerCase()) return true
  return Object.values(node).some((one) => refersTo(one, name))
}

export function lowerRecursive(
  entry: ast.WithEntry,
  sqlName: string,
  scope: Scope,
  lower: (query: ast.Query, scope: Scope) => InnerResult,
): InnerResult {
  const { query } = entry
  const { body } = query
  const wrong = (message: string, node: ast.Node): SqlError => new SqlError('semantic', message, node.offset)
  if (
    body.kind !== 'set-operation' ||
    body.operator !== 'UNION' ||
    query.orderBy.length > 0 ||
    query.limit !== undefined ||
    query.pipes.length > 0
  ) {
    throw wrong(
      `Recursive query ${entry.name.name} must be a UNION of a part that does not refer to it and parts that do`,
      entry,
    )
  }
  if (body.matching !== undefined)
    throw new SqlError('unsupported', 'Recursive queries BY NAME are not supported locally', body.offset)
  const own: Scope = { ...scope, select: newSelect(scope.select.outer) }
  const bodies = body.inputs.map((input): ast.Query => ({
    kind: 'query',
    with: undefined,
    body: input,
    orderBy: [],
    limit: undefined,
    skip: undefined,
    pipes: [],
    offset: input.offset,
    end: input.end,
  }))
  const [first, ...rest] = bodies
  if (first === undefined || refersTo(first, entry.name.name))
    throw wrong(
      `Recursive reference to ${entry.name.name} is not allowed in the first part of the UNION`,
      first ?? entry,
    )
  const base = lower({ ...first, with: query.with }, own)
  const columns = base.columns.map((column) => ({ ...column, lowered: undefined }))
  const common = { sqlName, columns, isValueTable: false }
  const inner: Scope = { ...own, commonTables: new Map([...own.commonTables, [entry.name.name.toLowerCase(), common]]) }
  const texts = rest.map((one) => recursiveText(lower({ ...one, with: query.with }, inner), columns, one, inner))
  const word = body.isDistinct ? ' UNION ' : ' UNION ALL '
  const recursive = texts.length === 1 ? texts[0] : `(${texts.join(word)})`
  return { sql: `(${base.sql})${word}${recursive}`, columns, isValueTable: false, inner: own }
}

/** The types of the first part hold. */
function recursiveText(result: QueryResult, columns: QueryResult['columns'], node: ast.Query, scope: Scope): string {
  if (result.columns.length !== columns.length)
    throw new SqlError('semantic', 'Parts of a recursive UNION have different numbers of columns', node.offset)
  const relation = scope.state.relationName('step')
  const parts = result.columns.map((column, index) => {
    const wanted = columns[index] ?? column
    const own = `${identifier(relation)}.${identifier(column.sqlName)}`
    const origin = column.lowered?.origin ?? 'value'
    const from = origin === 'literal' || origin === 'null' ? column.lowered : undefined
    const coerced = coerce(from ?? { sql: own, type: column.type, origin: 'value' }, wanted.type, node.offset)
    if (coerced === undefined) {
      throw new SqlError(
        'semantic',
        `Column ${index + 1} of a recursive UNION has incompatible types: ${typeName(wanted.type)}, ${typeName(column.type)}`,
        node.offset,
      )
    }
    return `${coerced.sql} AS ${identifier(wanted.sqlName)}`
  })
  return `(SELECT ${parts.join(', ')} FROM (${result.sql}) AS ${identifier(relation)})`
}
