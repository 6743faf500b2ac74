// What two warehouses of the same records must have in common: how many rows, and a hash over all their ids.
import type { Catalog, TableDigest, TableName } from '../driver.ts'
import { systemDataset } from '../schema.ts'
import { hasColumn, tablesOf } from './catalog.ts'
import { type Link, readRows } from './link.ts'
import { quoteName, quoteTable } from './names.ts'

export async function digestTables(link: Link, catalog: Catalog): Promise<TableDigest[]> {
  const digests: TableDigest[] = []
  for (const { name, columns } of tablesOf(catalog)) {
    if (!hasColumn(columns, 'id')) continue
    digests.push(await digestOf(link, name, `SELECT hash(${quoteName('id')}) AS h FROM ${quoteTable(name)}`))
  }
  const ledger: TableName = { dataset: systemDataset, table: 'source_counts' }
  const sums = ['received', 'stored', 'flagged', 'duplicates', 'quarantined'].map((name) => `sum(${name})::BIGINT`)
  const grouped = `SELECT hash(source, stream, hour, ${sums.join(', ')}) AS h FROM ${quoteTable(ledger)}
    GROUP BY source, stream, hour`
  digests.push(await digestOf(link, ledger, grouped))
  return digests
}

/** A sum: neither the order of rows nor how they are spread over groups matters, and an id that is there twice counts twice. */
async function digestOf(link: Link, table: TableName, hashes: string): Promise<TableDigest> {
  const [row] = await readRows(link, `SELECT count(*), coalesce(sum(h::HUGEINT), 0)::VARCHAR FROM (${hashes})`)
  return { table, rows: Number(row?.[0] ?? 0), idsHash: String(row?.[1] ?? '0') }
}
