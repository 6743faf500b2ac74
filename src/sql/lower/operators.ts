// Arithmetic, bits and || with BigQuery's types, errors and overflow.
import { supertypeOf } from '../coercion.ts'
import { type Offset, SqlError } from '../sql-error.ts'
import { isNumeric, scalar, typeName } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import { coerce, coerceOr, unify } from './coerce.ts'
import { castSql } from './cast.ts'
import { intervalOperation } from './intervals.ts'
import { literalSql } from './literal.ts'
import { looseOf, type Lowered, nullOf, value } from './lowered.ts'
import { sharing } from './share.ts'

export type ArithmeticOperator = '+' | '-' | '*' | '/'
export type BitOperator = '&' | '|' | '^' | '<<' | '>>'

export function noSignature(operator: string, operands: readonly Lowered[], offset: Offset, hint = ''): SqlError {
  const types = operands.map((one) => (one.origin === 'null' ? 'NULL' : typeName(one.type))).join(', ')
  return new SqlError(
    'semantic',
    `No matching signature for operator ${operator} for argument types: ${types}.${hint}`,
    offset,
  )
}

export function arithmetic(operator: ArithmeticOperator, left: Lowered, right: Lowered, offset: Offset): Lowered {
  if (left.origin === 'null' && right.origin === 'null' && !left.parameter && !right.parameter) return nullOf()
  const timed = timeArithmetic(operator, left, right, offset)
  if (timed !== undefined) return timed
  const type = numericType(operator, left, right)
  const a = type && coerce(left, type, offset)
  const b = type && coerce(right, type, offset)
  if (type === undefined || a === undefined || b === undefined) throw noSignature(operator, [left, right], offset)
  if (operator === '/') return divide(a, b, type)
  const folded = fold(operator, a, b, type, offset)
  if (folded !== undefined) return folded
  if (type.kind === 'FLOAT64') return floatChain(operator, a, b)
  if (type.kind === 'INT64') return value(`(${a.sql} ${operator} ${b.sql})`, type, a, b)
  return decimal(operator, a, b, type)
}

function numericType(operator: string, left: Lowered, right: Lowered): SqlType | undefined {
  const common = supertypeOf([left, right])
  if (common === undefined || !isNumeric(common)) return undefined
  return operator === '/' && common.kind === 'INT64' ? scalar.FLOAT64 : common
}

/** Literals only: the sum of two literals is still one. An overflow is found here. */
function fold(operator: string, a: Lowered, b: Lowered, type: SqlType, offset: Offset): Lowered | undefined {
  if (type.kind !== 'INT64' || a.origin !== 'literal' || b.origin !== 'literal') return undefined
  if (typeof a.constant !== 'string' || typeof b.constant !== 'string') return undefined
  const [left, right] = [BigInt(a.constant), BigInt(b.constant)]
  const result = String(operator === '+' ? left + right : operator === '-' ? left - right : left * right)
  const sql = literalSql(result, type)
  if (sql === undefined)
    return { ...value(`error(${quoted(`int64 overflow: ${left} ${operator} ${right}`)})::BIGINT`, type) }
  void offset
  return { sql, type, origin: 'value', constant: result }
}

function quoted(message: string): string {
  return `'${message.replaceAll("'", "''")}'`
}

/** Decimals keep their scale: DuckDB's product has twice the digits, BigQuery's is rounded half away from zero. */
function decimal(operator: string, a: Lowered, b: Lowered, type: SqlType): Lowered {
  if (operator !== '*') return value(`(${a.sql} ${operator} ${b.sql})`, type, a, b)
  return value(`memory.bq.${type.kind.toLowerCase()}_multiply(${a.sql}, ${b.sql})`, type, a, b)
}

function divide(a: Lowered, b: Lowered, type: SqlType): Lowered {
  if (type.kind !== 'FLOAT64') {
    return value(`memory.bq.${type.kind.toLowerCase()}_divide(${a.sql}, ${b.sql})`, type, a, b)
  }
  const divisor = b.origin === 'literal' && typeof b.constant === 'string' ? Math.abs(Number(b.constant)) : 0
  if (divisor >= 1) return value(`(${a.sql} / ${b.sql})`, type, a, b)
  const sql = sharing([a.sql, b.sql], (x, y) => {
    const message = `'division by zero: ' || memory.bq.float_text(${x}) || ' / ' || memory.bq.float_text(${y})`
    const byZero = divisor > 0 ? '' : ` WHEN ${y} = 0 AND ${x} IS NOT NULL THEN error(${message})`
    return `(CASE WHEN isfinite(${x} / ${y}) THEN ${x} / ${y}${byZero} WHEN isfinite(${x}) AND isfinite(${y}) THEN error('double overflow') ELSE ${x} / ${y} END)`
  })
  return value(sql, type, a, b)
}

/** No check where none is needed: a small number added, or a factor up to 1. */
function floatChain(operator: '+' | '-' | '*', a: Lowered, b: Lowered): Lowered {
  const raw = `(${a.chain?.raw ?? a.sql} ${operator} ${b.chain?.raw ?? b.sql})`
  const small = (one: Lowered): boolean =>
    one.origin === 'literal' &&
    typeof one.constant === 'string' &&
    Math.abs(Number(one.constant)) <= (operator === '*' ? 1 : 1e200)
  const needed = !small(a) && !small(b)
  const leaves = [...(a.chain?.leaves ?? [a.sql]), ...(b.chain?.leaves ?? [b.sql])]
  const isChecked = needed || a.chain !== undefined || b.chain !== undefined
  if (!isChecked) return value(raw, scalar.FLOAT64, a, b)
  const columns = [...new Set(leaves)].filter((leaf) => !/^\(?-?[\d.]+(e[-+]?\d+)?\)?$/.test(leaf))
  const finite = columns.map((leaf) => `isfinite(${leaf})`).join(' AND ')
  const sql = `CASE WHEN isfinite(${raw}) THEN ${raw} WHEN ${finite === '' ? 'true' : finite} THEN error('double overflow') ELSE ${raw} END`
  const loose = looseOf([a, b])
  const chained: Lowered = { sql: `(${sql})`, type: scalar.FLOAT64, origin: 'value', chain: { raw, leaves } }
  return loose === undefined ? chained : { ...chained, loose }
}

/** Years end at 9999. */
function shiftedDate(sql: string): string {
  return `memory.bq.date_in_range(${sql})`
}

function timeArithmetic(
  operator: ArithmeticOperator,
  left: Lowered,
  right: Lowered,
  offset: Offset,
): Lowered | undefined {
  const kinds = `${left.type.kind} ${operator} ${right.type.kind}`
  if (left.type.kind === 'INTERVAL' || right.type.kind === 'INTERVAL')
    return intervalOperation(operator, left, right, offset)
  switch (kinds) {
    case 'DATE + INT64':
    case 'DATE - INT64':
      return value(shiftedDate(`${left.sql} ${operator} CAST(${right.sql} AS INTEGER)`), scalar.DATE, left, right)
    case 'INT64 + DATE':
      return value(shiftedDate(`${right.sql} + CAST(${left.sql} AS INTEGER)`), scalar.DATE, left, right)
    case 'DATE - DATE':
      return value(`to_days(CAST((${left.sql} - ${right.sql}) AS INTEGER))`, scalar.INTERVAL, left, right)
    case 'TIMESTAMP - TIMESTAMP':
    case 'DATETIME - DATETIME':
      return value(`to_microseconds(epoch_us(${left.sql}) - epoch_us(${right.sql}))`, scalar.INTERVAL, left, right)
    default:
      return undefined
  }
}

export function negative(operand: Lowered, offset: Offset): Lowered {
  if (operand.origin === 'null' && operand.parameter === undefined) return nullOf()
  if (operand.origin === 'literal' && typeof operand.constant === 'string' && isNumeric(operand.type)) {
    const constant = operand.constant.startsWith('-') ? operand.constant.slice(1) : `-${operand.constant}`
    const sql = literalSql(constant, operand.type)
    if (sql !== undefined) return { ...operand, sql, constant }
  }
  if (operand.type.kind === 'INTERVAL') return value(`(-${operand.sql})`, scalar.INTERVAL, operand)
  const type = operand.origin === 'null' ? scalar.INT64 : operand.type
  const coerced = isNumeric(type) ? coerce(operand, type, offset) : undefined
  if (coerced === undefined) throw noSignature('-', [operand], offset)
  return value(`(-${coerced.sql})`, type, coerced)
}

export function bits(operator: BitOperator, left: Lowered, right: Lowered, offset: Offset): Lowered {
  if (left.origin === 'null' && right.origin === 'null') return nullOf()
  if (left.type.kind === 'BYTES' || (right.type.kind === 'BYTES' && left.origin === 'null'))
    return bytesBits(operator, left, right, offset)
  const a = coerce(left, scalar.INT64, offset)
  const b = coerce(right, scalar.INT64, offset)
  if (a === undefined || b === undefined) throw noSignature(operator, [left, right], offset)
  if (operator === '^') return value(`xor(${a.sql}, ${b.sql})`, scalar.INT64, a, b)
  if (operator === '<<') return value(`memory.bq.shift_left(${a.sql}, ${b.sql})`, scalar.INT64, a, b)
  if (operator === '>>') return value(`memory.bq.shift_right(${a.sql}, ${b.sql})`, scalar.INT64, a, b)
  return value(`(${a.sql} ${operator} ${b.sql})`, scalar.INT64, a, b)
}

/** DuckDB's BIT knows the same operators, but no empty value. Different lengths are its error, too. */
function bytesBits(operator: BitOperator, left: Lowered, right: Lowered, offset: Offset): Lowered {
  const isShift = operator === '<<' || operator === '>>'
  const a = coerce(left, scalar.BYTES, offset)
  const b = coerce(right, isShift ? scalar.INT64 : scalar.BYTES, offset)
  if (a === undefined || b === undefined) throw noSignature(operator, [left, right], offset)
  const sql = sharing([a.sql, b.sql], (x, y) => {
    const bits = `CAST(${x} AS BIT)`
    if (isShift) {
      const shifted = `CAST((${bits} ${operator} CAST(least(${y}, 2000000000) AS INTEGER)) AS BLOB)`
      return `CASE WHEN ${y} < 0 THEN error('Bitwise shift by negative offset.') WHEN octet_length(${x}) = 0 THEN ${x} ELSE ${shifted} END`
    }
    const both = operator === '^' ? `xor(${bits}, CAST(${y} AS BIT))` : `(${bits} ${operator} CAST(${y} AS BIT))`
    return `CASE WHEN octet_length(${x}) = 0 AND octet_length(${y}) = 0 THEN ${x} ELSE CAST(${both} AS BLOB) END`
  })
  return value(`(${sql})`, scalar.BYTES, a, b)
}

export function bitNot(operand: Lowered, offset: Offset): Lowered {
  if (operand.type.kind === 'BYTES') {
    const sql = sharing(
      [operand.sql],
      (x) => `CASE WHEN octet_length(${x}) = 0 THEN ${x} ELSE CAST(~CAST(${x} AS BIT) AS BLOB) END`,
    )
    return value(`(${sql})`, scalar.BYTES, operand)
  }
  const a = coerceOr(operand, scalar.INT64, offset, () => noSignature('~', [operand], offset).message)
  return value(`(~${a.sql})`, scalar.INT64, a)
}

export function concatenate(left: Lowered, right: Lowered, offset: Offset): Lowered {
  if (left.type.kind === 'ARRAY' || right.type.kind === 'ARRAY') return concatenateArrays(left, right, offset)
  const bothBytes = [left, right].every((one) => one.origin === 'null' || one.type.kind === 'BYTES')
  const type = bothBytes && [left, right].some(({ type: { kind } }) => kind === 'BYTES') ? scalar.BYTES : scalar.STRING
  const parts = [left, right].map((one) => {
    const coerced = coerce(one, type, offset)
    if (coerced !== undefined) return coerced
    const cast = type.kind === 'STRING' && one.type.kind !== 'BYTES' ? castSql(one.sql, one.type, type) : undefined
    if (cast === undefined) throw noSignature('||', [left, right], offset)
    return value(cast, type, one)
  })
  const [a, b] = parts
  return value(`(${a?.sql} || ${b?.sql})`, type, a, b)
}

/** NULL || [1] is NULL; DuckDB would say [1]. */
function concatenateArrays(left: Lowered, right: Lowered, offset: Offset): Lowered {
  const both = unify([left, right], [offset, offset])
  const [a, b] = both?.all ?? []
  if (both === undefined || a === undefined || b === undefined) throw noSignature('||', [left, right], offset)
  const sql = sharing(
    [a.sql, b.sql],
    (x, y) => `CASE WHEN ${x} IS NOT NULL AND ${y} IS NOT NULL THEN list_concat(${x}, ${y}) END`,
  )
  return value(sql.startsWith('CASE') ? `(${sql})` : sql, both.type, a, b)
}
