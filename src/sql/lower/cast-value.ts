// A lowered value cast to a type: literals while compiling, constructed values part by part.
import { type Offset, SqlError } from '../sql-error.ts'
import { duckType, sameType, typeName } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import { castSql } from './cast.ts'
import { coerce, madeSql } from './coerce.ts'
import { literalSql } from './literal.ts'
import { type Lowered, value } from './lowered.ts'
import { safely } from './safely.ts'
import { isShort, sharing } from './share.ts'
import { timeLiteral } from './time-literals.ts'

/** A cast value coerces no further by itself: it is no literal any more. */
export function castTo(operand: Lowered, type: SqlType, isSafe: boolean, offset: Offset): Lowered {
  const refuse = (): never => {
    throw new SqlError('semantic', `Invalid cast from ${typeName(operand.type)} to ${typeName(type)}`, offset)
  }
  if (operand.origin === 'null') {
    const { sql, loose } = coerce(operand, type, offset) ?? operand
    const isParameter = operand.parameter !== undefined
    return { sql, type, origin: 'value', loose, ...(isParameter ? {} : { constant: null }) }
  }
  if (operand.origin === 'error') return { ...(coerce(operand, type, offset) ?? operand), origin: 'value' }
  const isAtomic =
    isSafe && (operand.type.kind === 'ARRAY' || (operand.type.kind === 'STRUCT' && operand.origin !== 'made'))
  if (isAtomic && operand.parts?.length !== 0 && !sameType(operand.type, type)) return castWhole(operand, type, refuse)
  if (operand.origin === 'made' && operand.parts !== undefined) return castMade(operand, type, isSafe, offset)
  const folded = foldCast(operand, type)
  if (folded !== undefined) return { ...value(folded.sql, type, operand), constant: folded.constant }
  const write = (sql: string): string => castSql(sql, operand.type, type, isSafe) ?? refuse()
  const isNested = operand.sql.includes('memory.bq.') && !isShort(operand.sql) && write('?').includes('memory.bq.')
  return value(isNested ? sharing([operand.sql], write) : write(operand.sql), type, operand)
}

/** One element that can't be cast makes NULL of all. */
function castWhole(operand: Lowered, type: SqlType, refuse: () => never): Lowered {
  const sql = safely([operand.sql], (one) => castSql(one, operand.type, type) ?? refuse())
  return value(sql, type, operand)
}

function castMade(operand: Lowered, type: SqlType, isSafe: boolean, offset: Offset): Lowered {
  const refuse = (): never => {
    throw new SqlError('semantic', `Invalid cast from ${typeName(operand.type)} to ${typeName(type)}`, offset)
  }
  const parts = operand.parts ?? []
  if (operand.type.kind !== type.kind) return refuse()
  if (type.kind === 'STRUCT' && type.fields.length !== parts.length) return refuse()
  const cast = parts.map((part, index) => {
    const target = type.kind === 'ARRAY' ? type.element : type.kind === 'STRUCT' ? type.fields[index]?.type : undefined
    return target === undefined ? refuse() : castTo(part, target, isSafe, offset)
  })
  if (cast.length === 0) return value(`CAST([] AS ${duckType(type)})`, type, operand)
  return value(madeSql(cast, type), type, ...cast)
}

/** Literals are cast here, so that partitions can be pruned by them. What can't be read fails when it runs. */
function foldCast(operand: Lowered, type: SqlType): { readonly sql: string; readonly constant: string } | undefined {
  if (operand.origin !== 'literal' || typeof operand.constant !== 'string') return undefined
  const { constant } = operand
  if (operand.type.kind === 'STRING') {
    const sql = timeLiteral(constant, type)
    return sql === undefined ? undefined : { sql, constant }
  }
  if (operand.type.kind !== 'INT64') return undefined
  const sql = literalSql(constant, type)
  return sql === undefined ? undefined : { sql, constant }
}
