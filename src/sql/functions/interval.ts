// INTERVAL functions. An interval has months, days and microseconds that don't become one another unless JUSTIFY_* says so.
import { sqlOf } from './date.ts'
import { partOf } from './date-parts.ts'
import type { FunctionRow, LoweringCall } from './function-row.ts'

const parts = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND', 'MILLISECOND', 'MICROSECOND']

function extract(call: LoweringCall): string {
  const part = partOf(call, call.args[0], parts, 'EXTRACT from INTERVAL')
  const value = sqlOf(call, 1)
  if (part === 'MILLISECOND') return `(memory.bq.interval_us(${value}) % 1000000 // 1000)`
  if (part === 'MICROSECOND') return `(memory.bq.interval_us(${value}) % 1000000)`
  return `datepart('${part.toLowerCase()}', ${value})`
}

/** MAKE_INTERVAL(1, 2), MAKE_INTERVAL(hour => 5): by place and by name. */
function make(call: LoweringCall): string {
  const names = ['year', 'month', 'day', 'hour', 'minute', 'second']
  const given = new Map<string, string>()
  for (const [index, { name, sql }] of call.args.entries()) given.set(name?.toLowerCase() ?? names[index] ?? '', sql)
  const of = (name: string): string => given.get(name) ?? '0'
  return `memory.bq.make_span(${of('year')} * 12 + ${of('month')}, ${of('day')}, ${of('hour')} * 3600000000 + ${of('minute')} * 60000000 + ${of('second')} * 1000000)`
}

const months = 'memory.bq.interval_mon($1)'
const days = "datepart('day', $1)"
const micros = 'memory.bq.interval_us($1)'
const hoursJustified = `memory.bq.justified(${days}, ${micros}, 86400000000)`

export const intervalFunctions: readonly FunctionRow[] = [
  { signature: 'MAKE_INTERVAL([INT64], [INT64], [INT64], [INT64], [INT64], [INT64]) -> INTERVAL', lower: make },
  {
    signature:
      'MAKE_INTERVAL([year => INT64], [month => INT64], [day => INT64], [hour => INT64], [minute => INT64], [second => INT64]) -> INTERVAL',
    lower: make,
  },
  { signature: 'EXTRACT_FROM_INTERVAL(PART, INTERVAL) -> INT64', lower: extract },
  {
    signature: 'JUSTIFY_HOURS(INTERVAL) -> INTERVAL',
    lower: `memory.bq.make_span(${months}, ${hoursJustified}, memory.bq.justified_rest(${days}, ${micros}, 86400000000))`,
  },
  {
    signature: 'JUSTIFY_DAYS(INTERVAL) -> INTERVAL',
    lower: `memory.bq.make_span(memory.bq.justified(${months}, ${days}, 30), memory.bq.justified_rest(${months}, ${days}, 30), ${micros})`,
  },
  { signature: 'JUSTIFY_INTERVAL(INTERVAL) -> INTERVAL', lower: 'memory.bq.justify_interval($1)' },
]
