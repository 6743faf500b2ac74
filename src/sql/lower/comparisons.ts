// =, <, BETWEEN, IN, LIKE and their kin: BigQuery's types, NULLs and NaN.
import { type Offset, SqlError } from '../sql-error.ts'
import { duckFields, identifier, scalar, typeName } from '../type-names.ts'
import type { SqlType, StructType } from '../types.ts'
import { coerce, unify } from './coerce.ts'
import { type Lowered, nullOf, value } from './lowered.ts'
import { noSignature } from './operators.ts'
import { sharing } from './share.ts'

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='

const words: Readonly<Record<Comparison, string>> = {
  '=': 'Equality',
  '<>': 'Inequality',
  '<': 'Less than',
  '<=': 'Less than or equal',
  '>': 'Greater than',
  '>=': 'Greater than or equal',
}

const infinity = "'inf'::DOUBLE"

export function compare(operator: Comparison, left: Lowered, right: Lowered, offset: Offset): Lowered {
  const isNull = (one: Lowered): boolean => one.origin === 'null' && one.parameter === undefined
  if (isNull(left) && isNull(right)) return nullOf(scalar.BOOL)
  const both = unify([left, right], [offset, offset])
  const [a, b] = both?.all ?? []
  if (both === undefined || a === undefined || b === undefined)
    throw noSignature(operator === '<>' ? '!=' : operator, [left, right], offset)
  refuseUncomparable(operator, both.type, offset)
  return value(compareSql(operator, a, b, both.type), scalar.BOOL, a, b)
}

function refuseUncomparable(operator: Comparison, type: SqlType, offset: Offset): void {
  const isEquality = operator === '=' || operator === '<>'
  if (isEquality ? isEquatable(type) : isOrderable(type)) return
  throw new SqlError('semantic', `${words[operator]} is not defined for arguments of type ${typeName(type)}`, offset)
}

/** Also what may stand in GROUP BY, DISTINCT and joins. */
export function isEquatable(type: SqlType): boolean {
  if (type.kind === 'STRUCT') return type.fields.every((field) => isEquatable(field.type))
  return type.kind !== 'ARRAY' && type.kind !== 'JSON'
}

export function isGroupable(type: SqlType): boolean {
  if (type.kind === 'STRUCT') return type.fields.every((field) => isGroupable(field.type))
  if (type.kind === 'ARRAY') return isGroupable(type.element)
  return type.kind !== 'JSON'
}

export function isOrderable(type: SqlType): boolean {
  return type.kind !== 'STRUCT' && type.kind !== 'ARRAY' && type.kind !== 'JSON'
}

interface Side {
  readonly sql: string
  readonly constant?: string | boolean | null | undefined
}

function compareSql(operator: Comparison, a: Side, b: Side, type: SqlType): string {
  if (type.kind === 'STRUCT') return compareStructs(operator, a.sql, b.sql, type)
  const plain = `(${a.sql} ${operator} ${b.sql})`
  return type.kind === 'FLOAT64' ? withNan(operator, a, b, plain) : plain
}

/** To DuckDB NaN is equal to itself and above all; to BigQuery it is neither. Beside a NULL the answer is still NULL. */
function withNan(operator: Comparison, a: Side, b: Side, plain: string): string {
  const isNumber = (one: Side): boolean => typeof one.constant === 'string'
  const guarded = (one: Side, other: Side): string => {
    if (isNumber(one)) return plain
    const test = `${one.sql} <= ${infinity}`
    return `(${plain} AND ${isNumber(other) ? test : `(${test} OR ${other.sql} IS NULL)`})`
  }
  switch (operator) {
    case '>':
    case '>=':
      return guarded(a, b)
    case '<':
    case '<=':
      return guarded(b, a)
    case '=':
      return isNumber(b) ? plain : guarded(a, b)
    case '<>':
      if (isNumber(a) || isNumber(b)) return plain
      return `(${plain} OR (isnan(${a.sql}) AND ${b.sql} IS NOT NULL))`
  }
}

/** By position, field by field: one unlike pair decides even beside NULLs. */
function compareStructs(operator: Comparison, left: string, right: string, type: StructType): string {
  return sharing([left, right], (a, b) => {
    const parts = duckFields(type).map((name, index) => {
      const field = type.fields[index]?.type ?? scalar.INT64
      const side = (one: string): Side => ({ sql: `(${one}).${identifier(name)}` })
      return compareSql('=', side(a), side(b), field)
    })
    const all = parts.length === 0 ? 'true' : parts.join(' AND ')
    return operator === '=' ? `(${all})` : `(NOT (${all}))`
  })
}

export function distinct(isNot: boolean, left: Lowered, right: Lowered, offset: Offset): Lowered {
  const both = unify([left, right], [offset, offset])
  const [a, b] = both?.all ?? []
  if (both === undefined || a === undefined || b === undefined)
    throw noSignature('IS DISTINCT FROM', [left, right], offset)
  refuseUncomparable('=', both.type, offset)
  return value(`(${a.sql} IS ${isNot ? 'NOT ' : ''}DISTINCT FROM ${b.sql})`, scalar.BOOL, a, b)
}

export function between(isNot: boolean, operand: Lowered, low: Lowered, high: Lowered, offset: Offset): Lowered {
  const all = unify([operand, low, high], [offset, offset, offset])
  const [x, a, b] = all?.all ?? []
  if (all === undefined || x === undefined || a === undefined || b === undefined)
    throw noSignature('BETWEEN', [operand, low, high], offset)
  refuseUncomparable('<=', all.type, offset)
  const isPlain = all.type.kind !== 'FLOAT64' || typeof b.constant === 'string'
  const sql = isPlain
    ? `(${x.sql} ${isNot ? 'NOT ' : ''}BETWEEN ${a.sql} AND ${b.sql})`
    : `(${isNot ? 'NOT ' : ''}(${compareSql('>=', x, a, all.type)} AND ${compareSql('<=', x, b, all.type)}))`
  return value(sql, scalar.BOOL, x, a, b)
}

export function inList(isNot: boolean, operand: Lowered, list: readonly Lowered[], offset: Offset): Lowered {
  const all = unify([operand, ...list], [offset])
  const [x, ...values] = all?.all ?? []
  if (all === undefined || x === undefined) throw noSignature('IN', [operand, ...list], offset)
  refuseUncomparable('=', all.type, offset)
  const isPlain =
    all.type.kind !== 'STRUCT' &&
    (all.type.kind !== 'FLOAT64' || values.every(({ constant }) => typeof constant === 'string'))
  const sql = isPlain
    ? `(${x.sql} ${isNot ? 'NOT ' : ''}IN (${values.map((one) => one.sql).join(', ')}))`
    : `(${isNot ? 'NOT ' : ''}(${values.map((one) => compareSql('=', x, one, all.type)).join(' OR ')}))`
  return value(sql, scalar.BOOL, x, ...values)
}

/** `x IN UNNEST(list)`: NULL if it isn't there but a NULL is; an absent list has no elements. */
export function inUnnest(isNot: boolean, operand: Lowered, list: Lowered, offset: Offset): Lowered {
  if (list.type.kind !== 'ARRAY' && list.origin !== 'null') {
    throw new SqlError(
      'semantic',
      `Second argument of IN UNNEST must be an array but was ${typeName(list.type)}`,
      offset,
    )
  }
  const element = list.type.kind === 'ARRAY' ? list.type.element : operand.type
  const firm: Lowered = {
    sql: 'NULL',
    type: element,
    origin: list.origin === 'value' ? 'value' : list.origin === 'made' ? 'literal' : 'null',
  }
  const both = unify([operand, firm], [offset, offset])
  const [x] = both?.all ?? []
  const values = both && coerceList(list, { kind: 'ARRAY', element: both.type }, offset)
  if (both === undefined || x === undefined || values === undefined)
    throw noSignature('IN UNNEST', [operand, list], offset)
  refuseUncomparable('=', both.type, offset)
  const sql = sharing([x.sql, values.sql], (one, all) => {
    if (both.type.kind === 'STRUCT') return structIn(one, all, both.type)
    const isNumber = both.type.kind === 'FLOAT64' && typeof x.constant !== 'string' ? ` AND NOT isnan(${one})` : ''
    return `CASE WHEN coalesce(len(${all}), 0) = 0 THEN false WHEN ${one} IS NULL THEN NULL WHEN list_contains(${all}, ${one})${isNumber} THEN true WHEN list_count(${all}) < len(${all}) THEN NULL ELSE false END`
  })
  return value(`(${isNot ? 'NOT ' : ''}(${sql}))`, scalar.BOOL, x, values)
}

function coerceList(list: Lowered, type: SqlType, offset: Offset): Lowered | undefined {
  return coerce(list, type, offset)
}

/** A pair of structs may be neither equal nor unequal, if fields are NULL. */
function structIn(one: string, all: string, type: StructType): string {
  const each = `list_transform(${all}, lambda _m1: ${compareStructs('=', '_m1', one, type)})`
  return `CASE WHEN coalesce(len(${all}), 0) = 0 THEN false ELSE ${anyOf(each)} END`
}

/** OR over a list of BOOLs. */
export function anyOf(list: string): string {
  return `list_reduce(${list}, lambda _x1, _y1: _x1 OR _y1)`
}

/** AND over a list of BOOLs. */
export function allOf(list: string): string {
  return `list_reduce(${list}, lambda _x1, _y1: _x1 AND _y1)`
}

export type Quantifier = 'ANY' | 'ALL'

/** LIKE with backslash as BigQuery's only escape. */
export function like(isNot: boolean, operand: Lowered, pattern: Lowered, offset: Offset): Lowered {
  const kind = [operand, pattern].some((one) => one.origin !== 'null' && one.type.kind === 'BYTES')
    ? scalar.BYTES
    : scalar.STRING
  const a = coerce(operand, kind, offset)
  const b = coerce(pattern, kind, offset)
  if (a === undefined || b === undefined) throw noSignature('LIKE', [operand, pattern], offset)
  const not = isNot ? 'NOT ' : ''
  if (kind.kind === 'BYTES')
    return value(`(bq_js_latin(${a.sql}) ${not}LIKE bq_js_latin(${b.sql}) ESCAPE '\\')`, scalar.BOOL, a, b)
  if (typeof pattern.constant === 'string') {
    if (/(^|[^\\])(\\\\)*\\$/.test(pattern.constant))
      throw new SqlError('semantic', 'LIKE pattern ends with a backslash', offset)
    const escape = pattern.constant.includes('\\') ? ` ESCAPE '\\'` : ''
    return value(`(${a.sql} ${not}LIKE ${b.sql}${escape})`, scalar.BOOL, a, b)
  }
  return value(`(${a.sql} ${not}LIKE ${b.sql} ESCAPE '\\')`, scalar.BOOL, a, b)
}

export function likeAnyAll(
  isNot: boolean,
  quantifier: Quantifier,
  operand: Lowered,
  patterns: readonly Lowered[],
  offset: Offset,
): Lowered {
  const parts = patterns.map((pattern) => like(false, operand, pattern, offset))
  const joined = parts.map(({ sql }) => sql).join(quantifier === 'ANY' ? ' OR ' : ' AND ')
  return value(`(${isNot ? 'NOT ' : ''}(${joined}))`, scalar.BOOL, ...parts)
}
