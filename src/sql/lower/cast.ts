// CAST and SAFE_CAST: BigQuery's table of what casts to what, its texts and its errors.
import { duckFields, duckType, identifier, sameType, text } from '../type-names.ts'
import { lambdaName } from './share.ts'
import type { SqlType, StructType } from '../types.ts'

/** DuckDB SQL; `isSafe`: NULL instead of an error. undefined: BigQuery knows no such cast. */
export function castSql(sql: string, from: SqlType, to: SqlType, isSafe = false): string | undefined {
  if (sameType(from, to)) return sql
  if (from.kind === 'ARRAY' && to.kind === 'ARRAY') {
    const one = lambdaName('e', sql)
    const element = castSql(one, from.element, to.element, isSafe)
    return element === undefined || element === one
      ? element && sql
      : `list_transform(${sql}, lambda ${one}: ${element})`
  }
  if (from.kind === 'STRUCT' && to.kind === 'STRUCT') return castStruct(sql, from, to, isSafe)
  if (from.kind === 'ARRAY' || from.kind === 'STRUCT' || to.kind === 'ARRAY' || to.kind === 'STRUCT') return undefined
  const how = casts[`${from.kind} ${to.kind}`]
  if (how === undefined) return undefined
  return how(sql, isSafe, duckType(to))
}

function castStruct(sql: string, from: StructType, to: StructType, isSafe: boolean): string | undefined {
  if (from.fields.length !== to.fields.length) return undefined
  const one = lambdaName('s', sql)
  const names = duckFields(to)
  const parts: string[] = []
  for (const [index, name] of duckFields(from).entries()) {
    const source = from.fields[index]
    const target = to.fields[index]
    const part = source && target && castSql(`(${one}).${identifier(name)}`, source.type, target.type, isSafe)
    if (part === undefined) return undefined
    parts.push(`${text(names[index] ?? '')}: ${part}`)
  }
  const rebuilt = `{${parts.join(', ')}}`
  return `list_transform([${sql}], lambda ${one}: CASE WHEN ${one} IS NOT NULL THEN ${rebuilt} END)[1]`
}

type Cast = (sql: string, isSafe: boolean, type: string) => string

const plain: Cast = (sql, isSafe, type) => `${isSafe ? 'TRY_CAST' : 'CAST'}(${sql} AS ${type})`
/** By one of core-macros.ts: to_x fails, try_x gives NULL. */
const reading =
  (name: string): Cast =>
  (sql, isSafe) =>
    `memory.bq.${isSafe ? 'try' : 'to'}_${name}(${sql})`
const writing =
  (name: string): Cast =>
  (sql) =>
    `memory.bq.${name}_text(${sql})`
/** DuckDB's AT TIME ZONE walks a calendar for every row; UTC is plain arithmetic. */
const inUtc: Cast = (sql, _isSafe, type) => `CAST(make_timestamp(epoch_us(${sql})) AS ${type})`

const casts: Readonly<Record<string, Cast | undefined>> = {
  'INT64 FLOAT64': plain,
  'INT64 NUMERIC': plain,
  'INT64 BIGNUMERIC': plain,
  'INT64 BOOL': (sql) => `(${sql} <> 0)`,
  'INT64 STRING': plain,
  'FLOAT64 INT64': reading('float_int'),
  'FLOAT64 NUMERIC': reading('float_numeric'),
  'FLOAT64 BIGNUMERIC': (sql, isSafe, type) => plain(`printf('%.25f', ${sql})`, isSafe, type),
  'FLOAT64 STRING': writing('float'),
  'NUMERIC INT64': plain,
  'NUMERIC FLOAT64': plain,
  'NUMERIC BIGNUMERIC': plain,
  'NUMERIC STRING': writing('decimal'),
  'BIGNUMERIC INT64': plain,
  'BIGNUMERIC FLOAT64': plain,
  'BIGNUMERIC NUMERIC': plain,
  'BIGNUMERIC STRING': writing('decimal'),
  'BOOL INT64': plain,
  'BOOL STRING': plain,
  'STRING INT64': reading('int'),
  'STRING FLOAT64': reading('float'),
  'STRING NUMERIC': reading('numeric'),
  'STRING BIGNUMERIC': reading('bignumeric'),
  'STRING BOOL': reading('bool'),
  'STRING BYTES': (sql) => `encode(${sql})`,
  'STRING DATE': reading('date'),
  'STRING TIME': reading('time'),
  'STRING DATETIME': reading('datetime'),
  'STRING TIMESTAMP': reading('timestamp'),
  'STRING INTERVAL': reading('interval'),
  'BYTES STRING': reading('string'),
  'DATE STRING': plain,
  'DATE DATETIME': plain,
  'DATE TIMESTAMP': (sql) => `make_timestamptz(epoch_us(${sql}))`,
  'TIME STRING': writing('time'),
  'DATETIME STRING': writing('datetime'),
  'DATETIME DATE': plain,
  'DATETIME TIME': plain,
  'DATETIME TIMESTAMP': (sql) => `make_timestamptz(epoch_us(${sql}))`,
  'TIMESTAMP STRING': writing('timestamp'),
  'TIMESTAMP DATE': inUtc,
  'TIMESTAMP TIME': inUtc,
  'TIMESTAMP DATETIME': (sql) => `make_timestamp(epoch_us(${sql}))`,
  'INTERVAL STRING': writing('interval'),
}
