// Are two warehouses of the same records the same? By the ids of their rows: per table, and for events per dataset, since
// a rebuilt event may have got a table of its own meanwhile.
import type { TableDigest } from '../../warehouse/driver.ts'
import { fixedTables, otherEventsTable, systemDataset } from '../../warehouse/schema.ts'

export interface Difference {
  /** `dataset.table`; `dataset.tracks` = all event tables together. */
  readonly table: string
  readonly rowsBefore: number
  readonly rowsRebuilt: number
}

/** Tables about the platform that a rebuild must give again; the others tell of loads and decisions. */
const comparedSystemTables: ReadonlySet<string> = new Set(['dead_letters', 'source_counts'])

interface Sum {
  rows: number
  hash: bigint
}

export function differencesOf(
  before: readonly TableDigest[],
  rebuilt: readonly TableDigest[],
  isCompared: (name: string) => boolean,
): Difference[] {
  const old = sumsOf(before)
  const fresh = sumsOf(rebuilt)
  const nothing: Sum = { rows: 0, hash: 0n }
  return [...new Set([...old.keys(), ...fresh.keys()])].sort().flatMap((table) => {
    const one = old.get(table) ?? nothing
    const other = fresh.get(table) ?? nothing
    if (!isCompared(table) || (one.rows === other.rows && one.hash === other.hash)) return []
    return [{ table, rowsBefore: one.rows, rowsRebuilt: other.rows }]
  })
}

function sumsOf(digests: readonly TableDigest[]): Map<string, Sum> {
  const sums = new Map<string, Sum>()
  for (const { table, rows, idsHash } of digests) {
    if (table.dataset === systemDataset && !comparedSystemTables.has(table.table)) continue
    const name = comparedName(table.dataset, table.table)
    const sum = sums.get(name) ?? { rows: 0, hash: 0n }
    sums.set(name, { rows: sum.rows + rows, hash: sum.hash + BigInt(idsHash) })
  }
  return sums
}

function comparedName(dataset: string, table: string): string {
  const isOwn = dataset === systemDataset || dataset === 'ai' || dataset === 'logs'
  const isEvents = !isOwn && (!fixedTables.has(table) || table === otherEventsTable)
  return `${dataset}.${isEvents ? 'tracks' : table}`
}
