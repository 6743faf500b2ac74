// What is done by the day: rows beyond their retention go, and a closed day is written anew in the order in which people ask.
import type { Catalog, Expiry, TableName } from '../driver.ts'
import { systemDataset } from '../schema.ts'
import { hasColumn, tablesOf } from './catalog.ts'
import { changedRows, type Link, readRows } from './link.ts'
import { quoteName, quoteTable, timestampSql } from './names.ts'

const dayLengthMicros = 24 * 3600 * 1_000_000
const time = quoteName('timestamp')

/** Rows removed. */
export async function expireRows(
  link: Link,
  catalog: Catalog,
  { dataset, table, beforeMicros }: Expiry,
): Promise<number> {
  let rows = 0
  for (const { name, columns } of tablesOf(catalog, dataset)) {
    if ((table ?? name.table) !== name.table || !hasColumn(columns, 'timestamp', 'timestamp')) continue
    rows += await changedRows(link, `DELETE FROM ${quoteTable(name)} WHERE ${time} < ${timestampSql(beforeMicros)}`)
  }
  return rows
}

export async function tablesOfDay(
  link: Link,
  catalog: Catalog,
  dayMicros: number,
  rowsMin: number,
): Promise<TableName[]> {
  const found: TableName[] = []
  for (const { name, columns } of tablesOf(catalog)) {
    if (name.dataset === systemDataset || !hasColumn(columns, 'timestamp', 'timestamp')) continue
    const [row] = await readRows(link, `SELECT count(*) FROM ${quoteTable(name)} WHERE ${isOfDay(dayMicros)}`)
    if (Number(row?.[0] ?? 0) > rowsMin) found.push(name)
  }
  return found
}

/** The ordered copy first, at the end, then away with the rows that were there before. Rows rewritten. */
export async function compactDay(link: Link, catalog: Catalog, name: TableName, dayMicros: number): Promise<number> {
  const found = [...tablesOf(catalog, name.dataset)].find((one) => one.name.table === name.table)
  if (found === undefined || !hasColumn(found.columns, 'timestamp', 'timestamp')) return 0
  const table = quoteTable(name)
  const user = hasColumn(found.columns, 'user_id', 'text') ? `${quoteName('user_id')}, ` : ''
  const [last] = await readRows(link, `SELECT coalesce(max(rowid), -1) FROM ${table}`)
  const rows = await changedRows(
    link,
    `INSERT INTO ${table} SELECT * FROM ${table} WHERE ${isOfDay(dayMicros)} ORDER BY ${user}${time}, rowid`,
  )
  // Rows of this very transaction have numbers far beyond all others.
  await link.api.run(`DELETE FROM ${table} WHERE ${isOfDay(dayMicros)} AND rowid <= ${String(last?.[0])}`)
  return rows
}

function isOfDay(dayMicros: number): string {
  return `${time} >= ${timestampSql(dayMicros)} AND ${time} < ${timestampSql(dayMicros + dayLengthMicros)}`
}
