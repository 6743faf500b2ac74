// Functions that need OVER: numbering and navigation.
import { failText } from './fail.ts'
import type { AggregateCall, WindowRow } from './function-row.ts'

const first = (call: AggregateCall): string => call.args[0]?.sql ?? 'NULL'
const nullsText = ({ modifiers }: AggregateCall): string => (modifiers.nulls === 'ignore' ? ' IGNORE NULLS' : '')

function numbering(signature: string, duck: string): WindowRow {
  return { signature, needsOrder: true, allowsFrame: false, lower: ({ modifiers }) => `${duck}${modifiers.over}` }
}

function navigation(signature: string, duck: string): WindowRow {
  return {
    signature,
    needsOrder: false,
    allowsFrame: true,
    lower: (call) => `${duck}(${call.args.map(({ sql }) => sql).join(', ')}${nullsText(call)})${call.modifiers.over}`,
  }
}

function positive(call: AggregateCall, index: number, what: string, least: number): string {
  const { constant, sql = '' } = call.args[index] ?? {}
  if (constant === null || (typeof constant === 'string' && Number(constant) < least)) call.invalid(what)
  return sql
}

function shift(name: 'lag' | 'lead'): (call: AggregateCall) => string {
  return (call) => {
    const [value, offset, otherwise] = call.args
    const text = `The offset to the function ${name.toUpperCase()} must not be negative`
    const by = offset === undefined ? '1' : positive(call, 1, text, 0)
    const checked =
      offset?.constant === undefined && offset !== undefined
        ? `CASE WHEN ${by} < 0 THEN ${failText(text, 'BIGINT')} ELSE ${by} END`
        : by
    return `${name}(${value?.sql ?? 'NULL'}, ${checked}${otherwise === undefined ? '' : `, ${otherwise.sql}`})${call.modifiers.over}`
  }
}

function fraction(call: AggregateCall): number {
  const { constant } = call.args[1] ?? {}
  const value = typeof constant === 'string' ? Number(constant) : Number.NaN
  if (!(value >= 0 && value <= 1)) call.invalid('The percentile must be a constant between 0 and 1')
  return value
}

/** Sorted with NaN below everything, NULLs first. */
function sortedList(call: AggregateCall, value: string, isFloat: boolean): string {
  const filter = call.modifiers.nulls === 'respect' ? '' : ` FILTER (WHERE ${value} IS NOT NULL)`
  return `list(${value} ORDER BY ${isFloat ? `isnan(${value}) DESC NULLS FIRST, ` : ''}${value} ASC NULLS FIRST)${filter}${call.modifiers.over}`
}

function percentile(signature: string, lower: (call: AggregateCall) => string): WindowRow {
  return { signature, needsOrder: false, allowsFrame: false, lower }
}

const continuous = (call: AggregateCall): string =>
  `memory.bq.percentile_cont(${sortedList(call, `CAST(${first(call)} AS DOUBLE)`, true)}, ${fraction(call)}::DOUBLE)`

export const windowFunctions: readonly WindowRow[] = [
  { ...numbering('ROW_NUMBER() -> INT64', 'row_number()'), needsOrder: false },
  numbering('RANK() -> INT64', 'rank()'),
  numbering('DENSE_RANK() -> INT64', 'dense_rank()'),
  numbering('PERCENT_RANK() -> FLOAT64', 'percent_rank()'),
  numbering('CUME_DIST() -> FLOAT64', 'cume_dist()'),
  {
    signature: 'NTILE(LITERAL INT64) -> INT64',
    needsOrder: true,
    allowsFrame: false,
    lower: (call) => `ntile(${positive(call, 0, 'The argument to NTILE must be at least 1', 1)})${call.modifiers.over}`,
  },
  navigation('FIRST_VALUE(T) -> T', 'first_value'),
  navigation('LAST_VALUE(T) -> T', 'last_value'),
  {
    signature: 'NTH_VALUE(T, LITERAL INT64) -> T',
    needsOrder: false,
    allowsFrame: true,
    lower: (call) =>
      `nth_value(${first(call)}, ${positive(call, 1, 'The offset to the function NTH_VALUE must be at least 1', 1)}${nullsText(call)})${call.modifiers.over}`,
  },
  { signature: 'LAG(T, [INT64], [T]) -> T', needsOrder: true, allowsFrame: false, lower: shift('lag') },
  { signature: 'LEAD(T, [INT64], [T]) -> T', needsOrder: true, allowsFrame: false, lower: shift('lead') },
  percentile('PERCENTILE_CONT(FLOAT64, LITERAL FLOAT64) -> FLOAT64', continuous),
  percentile('PERCENTILE_CONT(NUMERIC, LITERAL FLOAT64) -> FLOAT64', continuous),
  percentile('PERCENTILE_CONT(BIGNUMERIC, LITERAL FLOAT64) -> FLOAT64', continuous),
  percentile('PERCENTILE_CONT(NUMERIC, LITERAL NUMERIC) -> NUMERIC', (call) => {
    const list = sortedList(call, first(call), false)
    return `memory.bq.percentile_numeric(${list}, memory.bq.numeric_multiply(${fraction(call)}::DECIMAL(38,9), CAST(len(${list}) - 1 AS DECIMAL(38,9))))`
  }),
  percentile(
    'PERCENTILE_DISC(T, LITERAL FLOAT64) -> T',
    (call) =>
      `memory.bq.percentile_disc(${sortedList(call, first(call), call.args[0]?.type.kind === 'FLOAT64')}, ${fraction(call)}::DOUBLE)`,
  ),
]
