// RANGE functions. A range is a struct of its bounds, "start" and "end"; an unbounded side is NULL.
import { sqlOf } from './date.ts'
import { microsIn, partOf } from './date-parts.ts'
import { failText } from './fail.ts'
import type { FunctionRow, LoweringCall, RefusedFunctions } from './function-row.ts'
import { duckType } from '../type-names.ts'

const elements = ['DATE', 'DATETIME', 'TIMESTAMP'] as const

function construct(call: LoweringCall): string {
  const [start, end] = [sqlOf(call, 0), sqlOf(call, 1)]
  const type = duckType(call.result)
  return `CASE WHEN ${start} >= ${end} THEN ${failText('Range start element must be less than range end element', type)} ELSE CAST({'start': ${start}, 'end': ${end}} AS ${type}) END`
}

export const rangeFunctions: readonly FunctionRow[] = [
  ...elements.map((type): FunctionRow => ({
    signature: `RANGE(${type}, ${type}) -> RANGE<${type}>`,
    lower: construct,
  })),
  { signature: 'RANGE_START(RANGE<T>) -> T', lower: '($1)."start"' },
  { signature: 'RANGE_END(RANGE<T>) -> T', lower: '($1)."end"' },
  { signature: 'RANGE_CONTAINS(RANGE<T>, RANGE<T>) -> BOOL', lower: 'memory.bq.range_contains($1, $2)' },
  { signature: 'RANGE_CONTAINS(RANGE<T>, T) -> BOOL', lower: 'memory.bq.range_holds($1, $2)' },
  { signature: 'RANGE_OVERLAPS(RANGE<T>, RANGE<T>) -> BOOL', lower: 'memory.bq.range_overlaps($1, $2)' },
  {
    signature: 'RANGE_INTERSECT(RANGE<T>, RANGE<T>) -> RANGE<T>',
    lower: (call) =>
      `memory.bq.range_intersect(${sqlOf(call, 0)}, ${sqlOf(call, 1)}, ${failText('Provided RANGE inputs do not overlap', duckType(call.result))})`,
  },
  {
    signature: 'GENERATE_RANGE_ARRAY(RANGE<TIMESTAMP>, INT64, PART) -> ARRAY<RANGE<TIMESTAMP>>',
    lower: (call) => {
      const part = partOf(
        call,
        call.args[2],
        ['MICROSECOND', 'MILLISECOND', 'SECOND', 'MINUTE', 'HOUR', 'DAY'],
        'GENERATE_RANGE_ARRAY',
      )
      return `memory.bq.split_instants(${sqlOf(call, 0)}, (${sqlOf(call, 1)}) * ${microsIn(part)})`
    },
  },
  ...(['DATE', 'DATETIME'] as const).map((type): FunctionRow => ({
    signature: `GENERATE_RANGE_ARRAY(RANGE<${type}>, INT64, PART) -> ARRAY<RANGE<${type}>>`,
    lower: (call) => call.unsupported(`ranges of ${type} are not split locally`),
  })),
]

export const refusedRangeFunctions: RefusedFunctions = {
  RANGE_SESSIONIZE: 'RANGE_SESSIONIZE is not known to the local engine',
}
