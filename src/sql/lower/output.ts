// Columns that a SELECT gives out: unique names for DuckDB, BigQuery's names beside them.
import { identifier } from '../type-names.ts'
import { coerce } from './coerce.ts'
import type { Lowered } from './lowered.ts'
import type { ScopeColumn } from './scope.ts'
import type { OutputColumn, QueryResult } from './tools.ts'

export interface Item {
  readonly name: string | undefined
  readonly lowered: Lowered
}

/** Every column with a type, a NULL too, and a name that no other has. */
export function outputColumns(items: readonly Item[]): OutputColumn[] {
  const taken = new Set(items.flatMap(({ name }) => (name === undefined ? [] : [name.toLowerCase()])))
  const used = new Set<string>()
  return items.map(({ name, lowered }, index) => {
    let sqlName = name ?? `f${index}_`
    const isTaken = (one: string): boolean =>
      used.has(one.toLowerCase()) || (name === undefined && taken.has(one.toLowerCase()))
    for (let count = 1; isTaken(sqlName); count += 1) sqlName = `${name ?? `f${index}_`}_${count}`
    used.add(sqlName.toLowerCase())
    return { name, type: lowered.type, sqlName, lowered: firm(lowered) }
  })
}

/** NULL and parameters without a type become INT64, as in BigQuery. */
function firm(lowered: Lowered): Lowered {
  if (lowered.origin !== 'null') return lowered
  const typed = coerce(lowered, lowered.type, 0) ?? lowered
  return { ...typed, origin: lowered.parameter === undefined ? 'null' : 'value' }
}

export function outputText(columns: readonly OutputColumn[]): string {
  return columns.map(({ lowered, sqlName }) => `${lowered?.sql} AS ${identifier(sqlName)}`).join(', ')
}

/** The names that columns have at the very top: f0_, f1_ for those without. */
export function shownNames(columns: readonly OutputColumn[]): string[] {
  let count = 0
  return columns.map(({ name }) => {
    if (name !== undefined) return name
    count += 1
    return `f${count - 1}_`
  })
}

/** A query's columns as those of the relation that it has become. */
export function relationColumns(relation: string, result: QueryResult): ScopeColumn[] {
  return result.columns.map(({ name, type, sqlName }) => ({
    name,
    type,
    sql: `${identifier(relation)}.${identifier(sqlName)}`,
  }))
}
