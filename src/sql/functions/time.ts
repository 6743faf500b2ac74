// TIME functions: a clock without a day; adding goes round at midnight.
import { sqlOf } from './date.ts'
import { clockParts, microsIn, partOf } from './date-parts.ts'
import type { FunctionRow, LoweringCall } from './function-row.ts'
import { lowerFormat, lowerParse } from './time-text.ts'
import { toLocal, zoneOf } from './time-zone.ts'

function add(call: LoweringCall, sign: '+' | '-', what: string): string {
  const part = partOf(call, call.args[2], clockParts, what)
  // The number is cut to a day first, so that no product overflows.
  const day = 86_400_000_000n / BigInt(microsIn(part))
  return `memory.bq.time_of(epoch_us(${sqlOf(call, 0)}) ${sign} (${sqlOf(call, 1)}) % ${day} * ${microsIn(part)})`
}

function truncate(call: LoweringCall): string {
  const part = partOf(call, call.args[1], clockParts, 'TIME_TRUNC')
  const value = sqlOf(call, 0)
  return `memory.bq.time_of(epoch_us(${value}) - epoch_us(${value}) % ${microsIn(part)})`
}

function difference(call: LoweringCall): string {
  const unit = microsIn(partOf(call, call.args[2], clockParts, 'TIME_DIFF'))
  return `(epoch_us(${sqlOf(call, 0)}) // ${unit} - epoch_us(${sqlOf(call, 1)}) // ${unit})`
}

function extract(call: LoweringCall): string {
  const part = partOf(call, call.args[0], clockParts, 'EXTRACT from TIME')
  const micros = `epoch_us(${sqlOf(call, 1)})`
  if (part === 'HOUR') return `(${micros} // 3600000000)`
  const size = part === 'MINUTE' || part === 'SECOND' ? 60 : part === 'MILLISECOND' ? 1000 : 1_000_000
  return `(${micros} // ${microsIn(part)} % ${size})`
}

export const timeFunctions: readonly FunctionRow[] = [
  {
    signature: 'CURRENT_TIME([STRING]) -> TIME',
    volatile: true,
    lower: (call) => `CAST(${toLocal('now()', zoneOf(call, call.args[0]))} AS TIME)`,
  },
  {
    signature: 'TIME(INT64, INT64, INT64) -> TIME',
    lower: 'memory.bq.time_of(memory.bq.make_clock_checked($1, $2, $3))',
  },
  { signature: 'TIME(TIME) -> TIME', lower: '$1' },
  { signature: 'TIME(DATETIME) -> TIME', lower: 'CAST($1 AS TIME)' },
  {
    signature: 'TIME(TIMESTAMP, [STRING]) -> TIME',
    lower: (call) => `CAST(${toLocal(sqlOf(call, 0), zoneOf(call, call.args[1]))} AS TIME)`,
  },
  { signature: 'TIME_ADD(TIME, INT64, PART) -> TIME', lower: (call) => add(call, '+', 'TIME_ADD') },
  { signature: 'TIME_SUB(TIME, INT64, PART) -> TIME', lower: (call) => add(call, '-', 'TIME_SUB') },
  { signature: 'TIME_DIFF(TIME, TIME, PART) -> INT64', lower: difference },
  { signature: 'TIME_TRUNC(TIME, PART) -> TIME', lower: truncate },
  { signature: 'EXTRACT_FROM_TIME(PART, TIME) -> INT64', lower: extract },
  { signature: 'FORMAT_TIME(STRING, TIME) -> STRING', lower: (call) => lowerFormat(call, 'TIME') },
  { signature: 'PARSE_TIME(STRING, STRING) -> TIME', lower: (call) => lowerParse(call, 'TIME') },
]
