// Into a value: fields of structs, elements of arrays, members of JSON.
import { type Offset, SqlError } from '../sql-error.ts'
import { duckFields, identifier, scalar, text, typeName } from '../type-names.ts'
import type * as ast from '../syntax/ast.ts'
import { coerce } from './coerce.ts'
import { type Lowered, looseOf, value } from './lowered.ts'
import { sharing } from './share.ts'

export function fieldOf(operand: Lowered, name: string, offset: Offset): Lowered {
  const { type } = operand
  if (type.kind === 'JSON') return value(jsonMember(operand.sql, name), scalar.JSON, operand)
  if (type.kind !== 'STRUCT') {
    throw new SqlError('semantic', `Cannot access field ${name} on a value with type ${typeName(type)}`, offset)
  }
  const wanted = name.toLowerCase()
  const found = type.fields.flatMap((field, index) => (field.name?.toLowerCase() === wanted ? [index] : []))
  const [index] = found
  if (index === undefined)
    throw new SqlError('semantic', `Field name ${name} does not exist in ${typeName(type)}`, offset)
  if (found.length > 1) throw new SqlError('semantic', `Struct field name ${name} is ambiguous`, offset)
  const loose = looseOf([operand])
  const part = operand.parts?.[index]
  const sql = part?.sql ?? `(${operand.sql}).${identifier(duckFields(type)[index] ?? '')}`
  return { sql, type: type.fields[index]?.type ?? type, origin: 'value', loose }
}

export function jsonMember(sql: string, name: string): string {
  const path = name.includes('"') ? `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}` : `$."${name}"`
  return `json_extract(${sql}, ${text(path)})`
}

/** `a[0]`, `a[OFFSET(0)]`, `a[SAFE_ORDINAL(1)]`, `json['x']`. */
export function elementAt(operand: Lowered, index: Lowered, mode: ast.Subscript['mode'], node: ast.Subscript): Lowered {
  const { type } = operand
  if (type.kind === 'JSON') return jsonAt(operand, index, mode, node)
  if (type.kind !== 'ARRAY') {
    throw new SqlError(
      'semantic',
      `Element access using [] is not supported on values of type ${typeName(type)}`,
      node.offset,
    )
  }
  if (mode === 'key' || mode === 'safe-key')
    throw new SqlError('semantic', 'Array element access with KEY is not supported', node.offset)
  const at = coerce(index, scalar.INT64, node.index.offset)
  if (at === undefined) {
    throw new SqlError(
      'semantic',
      `Array position in [] must be coercible to INT64 type, but has type ${typeName(index.type)}`,
      node.index.offset,
    )
  }
  const isOrdinal = mode === 'ordinal' || mode === 'safe-ordinal'
  const isSafe = mode === 'safe-offset' || mode === 'safe-ordinal'
  const known = typeof at.constant === 'string' ? Number(at.constant) : undefined
  const position = isOrdinal ? at.sql : known === undefined ? `(${at.sql} + 1)` : `${known + 1}::BIGINT`
  const list = coerce(operand, type, node.offset) ?? operand
  if (isSafe && known !== undefined) {
    const sql = known + (isOrdinal ? 0 : 1) < 1 ? 'NULL' : `list_extract(${list.sql}, ${position})`
    return value(sql, type.element, list, at)
  }
  const sql = sharing([list.sql, position, at.sql], (all, here, shown) =>
    isSafe ? `memory.bq.safe_at(${all}, ${here})` : `memory.bq.at(${all}, ${here}, ${shown})`,
  )
  return value(sql, type.element, list, at)
}

function jsonAt(operand: Lowered, index: Lowered, mode: ast.Subscript['mode'], node: ast.Subscript): Lowered {
  if (mode !== 'plain') throw new SqlError('semantic', 'JSON is read with [index] or [name] only', node.offset)
  if (index.type.kind === 'STRING' && typeof index.constant === 'string') {
    return value(jsonMember(operand.sql, index.constant), scalar.JSON, operand)
  }
  if (index.type.kind === 'STRING') {
    const path = `'$."' || replace(${index.sql}, '"', '\\"') || '"'`
    return value(`json_extract(${operand.sql}, ${path})`, scalar.JSON, operand, index)
  }
  const at = coerce(index, scalar.INT64, node.index.offset)
  if (at === undefined)
    throw new SqlError('semantic', 'JSON is read with an INT64 or a STRING in []', node.index.offset)
  const sql =
    typeof at.constant === 'string'
      ? Number(at.constant) < 0
        ? 'NULL::JSON'
        : `json_extract(${operand.sql}, '$[${at.constant}]')`
      : undefined
  return value(
    sql ?? `json_extract(${operand.sql}, CASE WHEN ${at.sql} >= 0 THEN '$[' || ${at.sql} || ']' END)`,
    scalar.JSON,
    operand,
    at,
  )
}
