// Aggregate functions.
import { aggregate, filterWith, first, limited } from './aggregate-sql.ts'
import type { AggregateCall, AggregateRow } from './function-row.ts'

const everything = ['distinct', 'order', 'limit', 'nulls', 'over'] as const

function simple(signature: string, duck: string): AggregateRow {
  return { signature, allows: ['distinct', 'over'], lower: (call) => aggregate(duck, first(call), call) }
}

/** DuckDB's sum of BIGINT is HUGEINT; the cast brings back the type and the overflow error. */
function sumOfInts(call: AggregateCall): string {
  return `CAST(${aggregate('sum', first(call), call)} AS BIGINT)`
}

/** Months, days and microseconds are summed each for itself. */
function sumOfIntervals(call: AggregateCall): string {
  if (call.modifiers.isDistinct) call.unsupported('SUM(DISTINCT) of INTERVAL')
  const total = (part: string): string => aggregate('sum', part, call)
  const value = first(call)
  return `memory.bq.make_span(${total(`memory.bq.interval_mon(${value})`)}, ${total(`datepart('day', ${value})`)}, ${total(`memory.bq.interval_us(${value})`)})`
}

/** An infinite sum of finite numbers is an error, as in BigQuery. Noughts times infinities are NaN: the cheapest way to see any. */
function ofFloats(duck: 'sum' | 'avg'): (call: AggregateCall) => string {
  return (call) => {
    const noughts = aggregate('sum', `${first(call)} * 0`, call, { isDistinct: false })
    return `memory.bq.finite_total(${aggregate(duck, first(call), call)}, ${noughts})`
  }
}

function average(kind: 'NUMERIC' | 'BIGNUMERIC'): (call: AggregateCall) => string {
  return (call) => {
    const count = `CAST(${aggregate('count', first(call), call)} AS ${kind === 'NUMERIC' ? 'DECIMAL(38,9)' : 'DECIMAL(38,18)'})`
    return `memory.bq.${kind.toLowerCase()}_average(${aggregate('sum', first(call), call)}, ${count})`
  }
}

/** A NaN anywhere makes both NaN. DuckDB's order has it above everything: the greatest of the negatives finds it, and the least. */
function least(call: AggregateCall): string {
  checkOrdered(call, 'MIN')
  if (call.result.kind === 'FLOAT64') return `(-${aggregate('max', `-(${first(call)})`, call, { isDistinct: false })})`
  return aggregate('min', first(call), call, { isDistinct: false })
}

function greatest(call: AggregateCall): string {
  checkOrdered(call, 'MAX')
  return aggregate('max', first(call), call, { isDistinct: false })
}

function checkOrdered(call: AggregateCall, name: string): void {
  if (['ARRAY', 'STRUCT', 'JSON', 'RANGE'].includes(call.result.kind))
    call.invalid(`${name} is not defined for arguments of type ${call.result.kind}`)
}

/** The value of the row with the greatest or least key; a NULL there counts, NULL keys don't. */
function byKey(which: 'max' | 'min', value: string, key: string, call: AggregateCall): string {
  return aggregate(which === 'max' ? 'arg_max_null' : 'arg_min_null', `${value}, ${key}`, call, { isDistinct: false })
}

function anyValue(call: AggregateCall): string {
  const { having } = call.modifiers
  if (having !== undefined) return byKey(having.which, first(call), having.sql, call)
  return aggregate('any_value', first(call), call, { isDistinct: false })
}

function arrayAgg(call: AggregateCall): string {
  if (call.result.kind === 'ARRAY' && call.result.element.kind === 'ARRAY')
    call.invalid('The argument to ARRAY_AGG must not be an array type')
  const where = call.modifiers.nulls === 'ignore' ? `${first(call)} IS NOT NULL` : undefined
  if (call.modifiers.isDistinct && call.modifiers.orderBy !== '' && call.args[0]?.type.kind === 'FLOAT64')
    return limited(
      sortedFloats(aggregate('list', first(call), call, { where }), call.modifiers.orderBy),
      call.modifiers,
    )
  return limited(aggregate('list', first(call), call, { where, orderBy: call.modifiers.orderBy }), call.modifiers)
}

/** With DISTINCT no key of its own can say that NaN stands below all numbers. */
function sortedFloats(list: string, orderBy: string): string {
  const [direction, isNullFirst] = [orderBy.includes(' DESC ') ? 'DESC' : 'ASC', orderBy.endsWith('FIRST')]
  const nullRank = isNullFirst === (direction === 'ASC') ? 0 : 3
  const keyed = `list_transform(${list}, lambda e: {k: CASE WHEN e IS NULL THEN ${nullRank} WHEN isnan(e) THEN 1 ELSE 2 END, v: e})`
  return `list_transform(list_sort(${keyed}, '${direction}'), lambda e: e.v)`
}

function arrayConcatAgg(call: AggregateCall): string {
  const lists = aggregate('list', first(call), call, {
    where: `${first(call)} IS NOT NULL`,
    orderBy: call.modifiers.orderBy,
  })
  return `flatten(${limited(lists, call.modifiers)})`
}

function stringAgg(call: AggregateCall): string {
  const delimiter = call.args[1]?.sql ?? "','"
  const { orderBy, limit } = call.modifiers
  if (limit === undefined) return aggregate('string_agg', `${first(call)}, ${delimiter}`, call, { orderBy })
  const list = aggregate('list', first(call), call, { where: `${first(call)} IS NOT NULL`, orderBy })
  return `array_to_string(${limited(list, call.modifiers)}, ${delimiter})`
}

function bytesAgg(call: AggregateCall): string {
  const list = aggregate('list', first(call), call, {
    where: `${first(call)} IS NOT NULL`,
    orderBy: call.modifiers.orderBy,
  })
  return `list_reduce(${limited(list, call.modifiers)}, lambda a, b: a || ${call.args[1]?.sql ?? "','::BLOB"} || b)`
}

function countIf(call: AggregateCall): string {
  if (call.modifiers.isDistinct) return aggregate('count', `CASE WHEN ${first(call)} THEN true END`, call)
  return `count(*)${filterWith(call.modifiers, first(call))}${call.modifiers.over}`
}

function quantiles(call: AggregateCall): string {
  const where = call.modifiers.nulls === 'respect' ? undefined : `${first(call)} IS NOT NULL`
  const isFloat = call.args[0]?.type.kind === 'FLOAT64'
  const orderBy = `${isFloat && !call.modifiers.isDistinct ? `isnan(${first(call)}) DESC NULLS FIRST, ` : ''}${first(call)} ASC NULLS FIRST`
  return `memory.bq.approx_quantiles(${aggregate('list', first(call), call, { where, orderBy })}, ${call.args[1]?.sql ?? '1'})`
}

export const aggregates: readonly AggregateRow[] = [
  {
    signature: 'COUNT(*) -> INT64',
    allows: ['over'],
    lower: ({ modifiers }) => `count(*)${modifiers.filter}${modifiers.over}`,
  },
  {
    signature: 'COUNT(ANY) -> INT64',
    allows: ['distinct', 'over'],
    lower: (call) => aggregate('count', first(call), call),
  },
  { signature: 'COUNTIF(BOOL) -> INT64', allows: ['distinct', 'over'], lower: countIf },
  { signature: 'SUM(INT64) -> INT64', allows: ['distinct', 'over'], lower: sumOfInts },
  { signature: 'SUM(FLOAT64) -> FLOAT64', allows: ['distinct', 'over'], lower: ofFloats('sum') },
  {
    signature: 'SUM(NUMERIC) -> NUMERIC',
    allows: ['distinct', 'over'],
    lower: (call) => aggregate('sum', first(call), call),
  },
  {
    signature: 'SUM(BIGNUMERIC) -> BIGNUMERIC',
    allows: ['distinct', 'over'],
    lower: (call) => aggregate('sum', first(call), call),
  },
  {
    signature: 'SUM(INTERVAL) -> INTERVAL',
    allows: ['distinct', 'over'],
    lower: sumOfIntervals,
  },
  simple('AVG(INT64) -> FLOAT64', 'avg'),
  { signature: 'AVG(FLOAT64) -> FLOAT64', allows: ['distinct', 'over'], lower: ofFloats('avg') },
  { signature: 'AVG(NUMERIC) -> NUMERIC', allows: ['distinct', 'over'], lower: average('NUMERIC') },
  { signature: 'AVG(BIGNUMERIC) -> BIGNUMERIC', allows: ['distinct', 'over'], lower: average('BIGNUMERIC') },
  {
    signature: 'AVG(INTERVAL) -> INTERVAL',
    allows: ['distinct', 'over'],
    lower: (call) => call.unsupported('AVG of INTERVAL'),
  },
  { signature: 'MAX(T) -> T', allows: ['distinct', 'over'], lower: greatest },
  { signature: 'MIN(T) -> T', allows: ['distinct', 'over'], lower: least },
  {
    signature: 'MAX_BY(T, T1) -> T',
    allows: ['over'],
    lower: (call) => byKey('max', first(call), call.args[1]?.sql ?? 'NULL', call),
  },
  {
    signature: 'MIN_BY(T, T1) -> T',
    allows: ['over'],
    lower: (call) => byKey('min', first(call), call.args[1]?.sql ?? 'NULL', call),
  },
  { signature: 'ANY_VALUE(T) -> T', allows: ['distinct', 'having', 'over'], lower: anyValue },
  { signature: 'ARRAY_AGG(T) -> ARRAY<T>', allows: everything, lower: arrayAgg },
  { signature: 'ARRAY_CONCAT_AGG(ARRAY<T>) -> ARRAY<T>', allows: ['order', 'limit'], lower: arrayConcatAgg },
  {
    signature: 'STRING_AGG(STRING, [STRING]) -> STRING',
    allows: ['distinct', 'order', 'limit', 'over'],
    lower: stringAgg,
  },
  { signature: 'STRING_AGG(BYTES, [BYTES]) -> BYTES', allows: ['distinct', 'order', 'limit', 'over'], lower: bytesAgg },
  simple('LOGICAL_AND(BOOL) -> BOOL', 'bool_and'),
  simple('LOGICAL_OR(BOOL) -> BOOL', 'bool_or'),
  simple('BIT_AND(INT64) -> INT64', 'bit_and'),
  simple('BIT_OR(INT64) -> INT64', 'bit_or'),
  simple('BIT_XOR(INT64) -> INT64', 'bit_xor'),
  { signature: 'GROUPING(ANY) -> INT64', allows: [], lower: (call) => `grouping(${first(call)})` },
  {
    signature: 'APPROX_COUNT_DISTINCT(ANY) -> INT64',
    allows: ['over'],
    lower: (call) => aggregate('count', first(call), call, { isDistinct: true }),
    note: 'exact here',
  },
  {
    signature: 'APPROX_QUANTILES(T, LITERAL INT64) -> ARRAY<T>',
    allows: ['distinct', 'nulls'],
    lower: quantiles,
    note: 'exact here',
  },
  {
    signature: 'APPROX_TOP_COUNT(T, LITERAL INT64) -> ARRAY<STRUCT<value T, count INT64>>',
    allows: [],
    lower: (call) =>
      `memory.bq.top_count(${aggregate('histogram', `{'v': ${first(call)}}`, call)}, ${call.args[1]?.sql ?? '1'})`,
    note: 'exact here',
  },
  ...(['INT64', 'NUMERIC', 'BIGNUMERIC', 'FLOAT64'] as const).map((weight): AggregateRow => ({
    signature: `APPROX_TOP_SUM(T, ${weight}, LITERAL INT64) -> ARRAY<STRUCT<value T, sum ${weight}>>`,
    allows: [],
    lower: (call) =>
      `memory.bq.top_sum(${aggregate('list', `{'v': ${first(call)}, 'w': ${call.args[1]?.sql ?? 'NULL'}}`, call)}, ${call.args[2]?.sql ?? '1'})`,
    note: 'exact here',
  })),
]
