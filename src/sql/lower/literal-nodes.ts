// Literals with a type in front: DATE '…', NUMERIC '…', JSON '…', RANGE<DATE> '…'.
import { parseJson, printJson } from '../functions/json-model.ts'
import { type Offset, SqlError } from '../sql-error.ts'
import { duckType, scalar, text, typeName } from '../type-names.ts'
import type * as ast from '../syntax/ast.ts'
import { literalSql } from './literal.ts'
import { type Lowered, value } from './lowered.ts'
import { timeLiteral } from './time-literals.ts'
import { resolveType } from './type-node.ts'

export function lowerTypedLiteral(node: ast.TypedLiteral): Lowered {
  const type = scalar[node.type]
  const constant = node.value.value
  if (node.type === 'JSON') return value(`CAST(${text(normalJson(constant, node.offset))} AS JSON)`, type)
  const isNumber = node.type === 'NUMERIC' || node.type === 'BIGNUMERIC'
  const sql = isNumber ? literalSql(constant.trim(), type) : timeLiteral(constant, type)
  if (sql !== undefined) return { sql, type, origin: 'value', constant }
  if (node.type === 'BIGNUMERIC' && literalSql(constant.trim(), scalar.FLOAT64) !== undefined) {
    throw new SqlError('unsupported', 'BIGNUMERIC beyond 20 + 18 digits is not supported locally', node.offset)
  }
  throw new SqlError('semantic', `Invalid ${node.type} literal`, node.offset)
}

/** BigQuery keeps a JSON value, not its text. */
function normalJson(source: string, offset: Offset): string {
  try {
    return printJson(parseJson(source, 'exact'))
  } catch (error) {
    throw new SqlError('semantic', `Invalid JSON literal: ${error instanceof Error ? error.message : ''}`, offset)
  }
}

export function rangeLiteral(node: ast.RangeLiteral): Lowered {
  const { type } = resolveType(node.type)
  if (type.kind !== 'RANGE') throw new Error('BUG: a range of no range type')
  const match = /^\[(.*?),\s?(.*)\)$/.exec(node.value.value)
  if (match === null) throw new SqlError('semantic', `Invalid ${typeName(type)} literal`, node.offset)
  const bounds = [match[1] ?? '', match[2] ?? ''].map((bound) => {
    if (/^(unbounded|null)$/i.test(bound.trim())) return `CAST(NULL AS ${duckType(type.element)})`
    const sql = timeLiteral(bound.trim(), type.element)
    if (sql === undefined) throw new SqlError('semantic', `Invalid ${typeName(type)} literal`, node.offset)
    return sql
  })
  return value(`{'start': ${bounds[0]}, 'end': ${bounds[1]}}`, type)
}
