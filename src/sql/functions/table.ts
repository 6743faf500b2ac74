// The function table: the lists of all categories in one lookup by upper-case name (`STARTS_WITH`, `NET.HOST`).
import { aggregates } from './aggregate.ts'
import { approximateAggregates, approximateFunctions } from './approximate.ts'
import { arrayFunctions } from './array.ts'
import { dateFunctions } from './date.ts'
import { datetimeFunctions } from './datetime.ts'
import { formatFunctions } from './format.ts'
import type { AggregateRow, FunctionRow, RefusedFunctions, WindowRow } from './function-row.ts'
import { hashFunctions } from './hash.ts'
import { intervalFunctions } from './interval.ts'
import { jsonFunctions } from './json.ts'
import { mathFunctions } from './math.ts'
import { netFunctions } from './net.ts'
import { numericFunctions } from './numeric.ts'
import { rangeFunctions } from './range.ts'
import { refusedFunctions } from './refused.ts'
import { regexpFunctions } from './regexp.ts'
import { statisticalAggregates } from './statistical.ts'
import { stringFunctions } from './string.ts'
import { timeFunctions } from './time.ts'
import { timestampFunctions } from './timestamp.ts'
import { utilityFunctions } from './utility.ts'
import { windowFunctions } from './window.ts'

export interface FunctionTable {
  readonly scalars: ReadonlyMap<string, readonly FunctionRow[]>
  readonly aggregates: ReadonlyMap<string, readonly AggregateRow[]>
  /** Only with OVER; aggregates may have it, too. */
  readonly windows: ReadonlyMap<string, readonly WindowRow[]>
  /** Name -> the reason. */
  readonly refused: ReadonlyMap<string, string>
}

/** Rows of one name stay in their order: overloads are tried in it. */
function byName<Row extends { readonly signature: string }>(
  lists: readonly (readonly Row[])[],
): ReadonlyMap<string, readonly Row[]> {
  const rows = new Map<string, Row[]>()
  for (const row of lists.flat()) {
    const name = row.signature.slice(0, row.signature.indexOf('(')).toUpperCase()
    const same = rows.get(name)
    if (same === undefined) rows.set(name, [row])
    else same.push(row)
  }
  return rows
}

const scalarLists: readonly (readonly FunctionRow[])[] = [
  stringFunctions,
  regexpFunctions,
  formatFunctions,
  hashFunctions,
  netFunctions,
  jsonFunctions,
  utilityFunctions,
  approximateFunctions,
  dateFunctions,
  timeFunctions,
  datetimeFunctions,
  timestampFunctions,
  intervalFunctions,
  mathFunctions,
  numericFunctions,
  arrayFunctions,
  rangeFunctions,
]

const aggregateLists: readonly (readonly AggregateRow[])[] = [aggregates, statisticalAggregates, approximateAggregates]

const windowLists: readonly (readonly WindowRow[])[] = [windowFunctions]

function refusedByName(refused: RefusedFunctions): ReadonlyMap<string, string> {
  return new Map(Object.entries(refused))
}

export const functionTable: FunctionTable = {
  scalars: byName(scalarLists),
  aggregates: byName(aggregateLists),
  windows: byName(windowLists),
  refused: refusedByName(refusedFunctions),
}
