// HLL_COUNT: sketches that hold every value's hash, so their counts are exact. Google's estimate within a per cent or two; neither reads
// the other's sketches. (APPROX_* are in aggregate.ts.)
import { failText } from './fail.ts'
import type { AggregateCall, AggregateRow, FunctionRow } from './function-row.ts'

const note = "Counts exactly. The sketch is Millpond's own: BigQuery can't read it, nor Millpond BigQuery's."

function init(call: AggregateCall): string {
  const precision = call.args[1]?.constant
  if (typeof precision === 'string' && (Number(precision) < 10 || Number(precision) > 24)) {
    call.invalid(`HLL++ precision must be between 10 and 24, got ${precision}`)
  }
  const value = call.args[0]?.sql ?? 'NULL'
  return sketchOf(`list(DISTINCT CASE WHEN ${value} IS NOT NULL THEN hash(${value}) END)${call.modifiers.filter}`)
}

/** NULL of a list that is empty or holds NULLs only. */
function sketchOf(hashes: string): string {
  return `encode(nullif(CAST(list_sort(list_filter(${hashes}, lambda bq_hash: bq_hash IS NOT NULL)) AS VARCHAR), '[]'))`
}

function merged(call: AggregateCall): string {
  return `list_distinct(flatten(list(memory.bq.sketch_hashes(${call.args[0]?.sql}))${call.modifiers.filter}))`
}

const counted = ['INT64', 'STRING', 'BYTES', 'NUMERIC', 'BIGNUMERIC']

export const approximateAggregates: readonly AggregateRow[] = [
  ...counted.map((type): AggregateRow => ({
    signature: `HLL_COUNT.INIT(${type}, [LITERAL INT64]) -> BYTES`,
    allows: [],
    lower: init,
    note,
  })),
  {
    signature: 'HLL_COUNT.MERGE(BYTES) -> INT64',
    allows: [],
    lower: (call) => `CAST(coalesce(len(${merged(call)}), 0) AS BIGINT)`,
    note,
  },
  { signature: 'HLL_COUNT.MERGE_PARTIAL(BYTES) -> BYTES', allows: [], lower: (call) => sketchOf(merged(call)), note },
]

export const approximateFunctions: readonly FunctionRow[] = [
  {
    signature: 'HLL_COUNT.EXTRACT(BYTES) -> INT64',
    lower: 'CAST(coalesce(len(memory.bq.sketch_hashes($1)), 0) AS BIGINT)',
    note,
  },
]

const notOurs = 'This HLL sketch was not made here: BigQuery and Millpond do not read each other’s sketches'

/** Macro text: the hashes of a sketch, an error if it isn't one of ours. Bound by a lambda: TRY takes no aggregate, and INIT is one. */
export const sketchHashes = `list_transform([b], lambda bq_sketch: CASE WHEN bq_sketch IS NULL THEN NULL ELSE
  coalesce(TRY(TRY_CAST(decode(bq_sketch) AS UBIGINT[])), ${failText(notOurs, 'UBIGINT[]')}) END)[1]`
