// Array functions. NULL arrays give NULL; DuckDB would often take them for empty ones.
import { sqlOf, longSpan } from './date.ts'
import { microsIn, partOf } from './date-parts.ts'
import { failText } from './fail.ts'
import type { FunctionRow, LoweringCall } from './function-row.ts'
import { duckType } from '../type-names.ts'

function element(call: LoweringCall, name: 'first' | 'last'): string {
  const list = sqlOf(call, 0)
  const message = `ARRAY_${name.toUpperCase()} cannot get the ${name} element of an empty array`
  return `CASE WHEN len(${list}) = 0 THEN ${failText(message, duckType(call.result))} ELSE ${list}[${name === 'first' ? '1' : '-1'}] END`
}

function concat(call: LoweringCall): string {
  const lists = call.args.map(({ sql }) => sql)
  if (lists.length === 1) return sqlOf(call, 0)
  const joined = lists.reduce((left, right) => `list_concat(${left}, ${right})`)
  return `CASE WHEN ${lists.map((list) => `${list} IS NOT NULL`).join(' AND ')} THEN ${joined} END`
}

/** NULL elements are left out, or become the third argument; any argument NULL gives NULL. */
function joined(call: LoweringCall): string {
  const [list = 'NULL', delimiter = 'NULL', nullText] = call.args.map(({ sql }) => sql)
  const filled = nullText === undefined ? list : `list_transform(${list}, lambda e: coalesce(e, ${nullText}))`
  const text = `array_to_string(${filled}, ${delimiter})`
  const guarded = call.args.slice(1).filter(({ constant }) => typeof constant !== 'string')
  if (guarded.length === 0) return text
  return `CASE WHEN ${guarded.map(({ sql }) => `${sql} IS NOT NULL`).join(' AND ')} THEN ${text} END`
}

function joinedBytes(call: LoweringCall): string {
  const [list = 'NULL', delimiter = 'NULL', nullText] = call.args.map(({ sql }) => sql)
  const filled =
    nullText === undefined
      ? `list_filter(${list}, lambda e: e IS NOT NULL)`
      : `list_transform(${list}, lambda e: coalesce(e, ${nullText}))`
  const text = `list_reduce(${filled}, lambda a, b: a || ${delimiter} || b)`
  const isGiven = [delimiter, nullText ?? delimiter].map((sql) => `${sql} IS NOT NULL`).join(' AND ')
  return `CASE WHEN ${isGiven} THEN CASE WHEN len(${filled}) = 0 THEN ''::BLOB ELSE ${text} END END`
}

/** FLOAT64 and NUMERIC: start + n × step, as long as the end isn't passed. */
function fractional(type: string): (call: LoweringCall) => string {
  return (call) => {
    const [start, end, step] = [sqlOf(call, 0), sqlOf(call, 1), call.args[2]?.sql ?? `1::${type}`]
    return `memory.bq.generate_${type === 'DOUBLE' ? 'floats' : 'decimals'}(${start}, ${end}, ${step})`
  }
}

function dates(call: LoweringCall): string {
  const part =
    call.args[3] === undefined
      ? 'DAY'
      : partOf(call, call.args[3], ['DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR'], 'GENERATE_DATE_ARRAY')
  const step = call.args[2]?.sql ?? '1'
  const span = longSpan(`(${step})`, part)
  const series = `generate_series(CAST(${sqlOf(call, 0)} AS TIMESTAMP), CAST(${sqlOf(call, 1)} AS TIMESTAMP), ${span})`
  return `CASE WHEN ${step} = 0 THEN ${failText('Sequence step cannot be 0.', 'DATE[]')} ELSE CAST(${series} AS DATE[]) END`
}

function timestamps(call: LoweringCall): string {
  const parts = ['MICROSECOND', 'MILLISECOND', 'SECOND', 'MINUTE', 'HOUR', 'DAY']
  const part = partOf(call, call.args[3], parts, 'GENERATE_TIMESTAMP_ARRAY')
  const step = `((${sqlOf(call, 2)}) * ${microsIn(part)})`
  const micros = `memory.bq.generate_ints(epoch_us(${sqlOf(call, 0)}), epoch_us(${sqlOf(call, 1)}), ${step})`
  return `list_transform(${micros}, lambda us: make_timestamptz(us))`
}

export const arrayFunctions: readonly FunctionRow[] = [
  { signature: 'ARRAY_LENGTH(ARRAY<T>) -> INT64', lower: 'CAST(len($1) AS BIGINT)' },
  { signature: 'ARRAY_CONCAT(ARRAY<T>, ARRAY<T>...) -> ARRAY<T>', lower: concat },
  { signature: 'ARRAY_TRANSFORM(ARRAY<T>, LAMBDA(T, INT64) -> R) -> ARRAY<R>', lower: 'list_transform($1, $2)' },
  { signature: 'ARRAY_FILTER(ARRAY<T>, LAMBDA(T, INT64) -> BOOL) -> ARRAY<T>', lower: 'list_filter($1, $2)' },
  { signature: 'ARRAY_REVERSE(ARRAY<T>) -> ARRAY<T>', lower: 'list_reverse($1)' },
  { signature: 'ARRAY_FIRST(ARRAY<T>) -> T', lower: (call) => element(call, 'first') },
  { signature: 'ARRAY_LAST(ARRAY<T>) -> T', lower: (call) => element(call, 'last') },
  { signature: 'ARRAY_SLICE(ARRAY<T>, INT64, INT64) -> ARRAY<T>', lower: 'memory.bq.list_part($1, $2, $3)' },
  { signature: 'ARRAY_TO_STRING(ARRAY<STRING>, STRING, [STRING]) -> STRING', lower: joined },
  { signature: 'ARRAY_TO_STRING(ARRAY<BYTES>, BYTES, [BYTES]) -> BYTES', lower: joinedBytes },
  {
    signature: 'GENERATE_ARRAY(INT64, INT64, [INT64]) -> ARRAY<INT64>',
    lower: (call) =>
      `memory.bq.generate_ints(${sqlOf(call, 0)}, ${sqlOf(call, 1)}, ${call.args[2]?.sql ?? '1::BIGINT'})`,
  },
  { signature: 'GENERATE_ARRAY(NUMERIC, NUMERIC, [NUMERIC]) -> ARRAY<NUMERIC>', lower: fractional('DECIMAL(38,9)') },
  { signature: 'GENERATE_ARRAY(FLOAT64, FLOAT64, [FLOAT64]) -> ARRAY<FLOAT64>', lower: fractional('DOUBLE') },
  { signature: 'GENERATE_DATE_ARRAY(DATE, DATE, [INT64], [PART]) -> ARRAY<DATE>', lower: dates },
  { signature: 'GENERATE_TIMESTAMP_ARRAY(TIMESTAMP, TIMESTAMP, INT64, PART) -> ARRAY<TIMESTAMP>', lower: timestamps },
]
