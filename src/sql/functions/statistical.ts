// Statistical aggregates.
import { aggregate, first } from './aggregate-sql.ts'
import type { AggregateCall, AggregateRow } from './function-row.ts'

function spread(name: string, duck: string): AggregateRow {
  return {
    signature: `${name}(FLOAT64) -> FLOAT64`,
    allows: ['distinct', 'over'],
    lower: (call) => ofFinite(duck, call),
  }
}

/** DuckDB fails for infinities and NaN in the input, where the answer is NaN. */
function ofFinite(duck: string, call: AggregateCall): string {
  const value = first(call)
  const spread = aggregate(duck, `CASE WHEN isfinite(${value}) THEN ${value} END`, call)
  const isFinite = aggregate('bool_and', `isfinite(${value})`, call, { isDistinct: false })
  return `CASE WHEN NOT ${isFinite} THEN 'nan'::DOUBLE ELSE ${spread} END`
}

function pairwise(name: string, duck: string, rowsMin: number): AggregateRow {
  return {
    signature: `${name}(FLOAT64, FLOAT64) -> FLOAT64`,
    allows: ['over'],
    lower: (call) => {
      const both = `${first(call)}, ${call.args[1]?.sql ?? 'NULL'}`
      const pair = aggregate(duck, both, call)
      if (rowsMin < 2) return pair
      return `CASE WHEN ${aggregate('regr_count', both, call)} >= 2 THEN ${pair} END`
    },
  }
}

export const statisticalAggregates: readonly AggregateRow[] = [
  spread('STDDEV', 'stddev_samp'),
  spread('STDDEV_SAMP', 'stddev_samp'),
  spread('STDDEV_POP', 'stddev_pop'),
  spread('VARIANCE', 'var_samp'),
  spread('VAR_SAMP', 'var_samp'),
  spread('VAR_POP', 'var_pop'),
  pairwise('CORR', 'corr', 2),
  pairwise('COVAR_SAMP', 'covar_samp', 2),
  pairwise('COVAR_POP', 'covar_pop', 1),
]
