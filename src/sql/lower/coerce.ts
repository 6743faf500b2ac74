// Writes what src/sql/coercion.ts allows: a lowered expression as another type.
import { coercionCost, supertypeOf } from '../coercion.ts'
import { type Offset, SqlError } from '../sql-error.ts'
import { duckFields, duckType, sameType, text, typeName } from '../type-names.ts'
import type { SqlType, StructType } from '../types.ts'
import { castSql } from './cast.ts'
import { literalSql } from './literal.ts'
import type { Lowered } from './lowered.ts'
import { parameterSql } from './parameters.ts'
import { timeLiteral } from './time-literals.ts'

/** undefined: it doesn't become that type by itself. */
export function coerce(from: Lowered, to: SqlType, offset: Offset): Lowered | undefined {
  if (from.origin !== 'null' && sameType(from.type, to)) return from
  if (coercionCost(from, to) === undefined) return undefined
  if (from.origin === 'null') return coerceNull(from, to)
  if (from.origin === 'error') return { ...from, sql: failingSql(from.sql, to), type: to }
  if (from.origin === 'made') return coerceMade(from, to, offset)
  if (from.origin === 'literal' && typeof from.constant === 'string') {
    const sql = ofLiteral(from, from.constant, to, offset)
    if (sql !== undefined) return { ...from, sql, type: to }
  }
  const sql = castSql(from.sql, from.type, to)
  return sql === undefined ? undefined : { ...from, sql, type: to, constant: undefined }
}

function coerceNull(from: Lowered, to: SqlType): Lowered {
  const { parameter } = from
  if (parameter === undefined) return { ...from, sql: `CAST(NULL AS ${duckType(to)})`, type: to, origin: 'null' }
  parameter.type ??= to
  return { ...from, sql: parameterSql(parameter.key, to), type: to, origin: 'value' }
}

/** Of that type, for the engine; text becomes every type. No CASE: within the ELSE of another, the engine may reach it for nothing. */
function failingSql(sql: string, to: SqlType): string {
  return `CAST(CAST(${sql} AS VARCHAR) AS ${duckType(to)})`
}

function coerceMade(from: Lowered, to: SqlType, offset: Offset): Lowered | undefined {
  const parts: Lowered[] = []
  for (const [index, part] of (from.parts ?? []).entries()) {
    const target = to.kind === 'ARRAY' ? to.element : to.kind === 'STRUCT' ? to.fields[index]?.type : undefined
    const coerced = target && coerce(part, target, offset)
    if (coerced === undefined) return undefined
    parts.push(coerced)
  }
  return { ...from, sql: madeSql(parts, to), type: to, parts, origin: 'value' }
}

/** An array or a struct of parts that have its types already. */
export function madeSql(parts: readonly Lowered[], type: SqlType): string {
  if (type.kind !== 'STRUCT') {
    if (parts.every(({ origin }) => origin === 'null')) {
      return `CAST([${parts.map(() => 'NULL').join(', ')}] AS ${duckType(type)})`
    }
    return `[${parts.map(({ sql }) => sql).join(', ')}]`
  }
  return structSql(
    parts.map(({ sql }) => sql),
    type,
  )
}

export function structSql(parts: readonly string[], type: StructType): string {
  if (parts.length === 0) return `{'_field_0': NULL::BIGINT}`
  const names = duckFields(type)
  return `{${parts.map((sql, index) => `${text(names[index] ?? '')}: ${sql}`).join(', ')}}`
}

function ofLiteral(from: Lowered, constant: string, to: SqlType, offset: Offset): string | undefined {
  if (from.type.kind === 'STRING') {
    if (to.kind === 'INTERVAL') return undefined
    const sql = timeLiteral(constant, to)
    if (sql === undefined)
      throw new SqlError('semantic', `Could not cast literal "${constant}" to type ${typeName(to)}`, offset)
    return sql
  }
  return literalSql(constant, to)
}

/** As `coerce`; what can't be is refused with these words. */
export function coerceOr(from: Lowered, to: SqlType, offset: Offset, message: () => string): Lowered {
  const coerced = coerce(from, to, offset)
  if (coerced === undefined) throw new SqlError('semantic', message(), offset)
  return coerced
}

/** All as one type; undefined: they have none in common. */
export function unify(
  all: readonly Lowered[],
  offsets: readonly Offset[],
): { readonly type: SqlType; readonly all: Lowered[] } | undefined {
  const type = supertypeOf(all)
  if (type === undefined) return undefined
  const coerced: Lowered[] = []
  for (const [index, one] of all.entries()) {
    const made = coerce(one, type, offsets[index] ?? offsets[0] ?? 0)
    if (made === undefined) return undefined
    coerced.push(made)
  }
  return { type, all: coerced }
}
