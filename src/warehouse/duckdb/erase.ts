// One person's rows go: from every table that knows who sent a row, from `users`, and from the letters that were kept out.
import { listValue, LIST, VARCHAR } from '@duckdb/node-api'

import type { Catalog, ColumnSpec, Erasure, TableName } from '../driver.ts'
import { systemDataset, usersTable } from '../schema.ts'
import { hasColumn, tablesOf } from './catalog.ts'
import { changedRows, type Link, readRows } from './link.ts'
import { names } from './letters.ts'
import { quoteTable, timestampSql } from './names.ts'

/** Rows removed, letters among them. */
export async function erasePerson(link: Link, catalog: Catalog, erasure: Erasure): Promise<number> {
  let rows = 0
  for (const { name, columns } of tablesOf(catalog, erasure.dataset)) {
    if (name.dataset === systemDataset) continue
    rows += await eraseFrom(link, name, columns, erasure)
  }
  return rows + (await eraseLetters(link, erasure))
}

async function eraseFrom(
  link: Link,
  table: TableName,
  columns: readonly ColumnSpec[],
  { userId, anonymousId, receivedUntilMicros }: Erasure,
): Promise<number> {
  const userColumn = table.table === usersTable ? 'id' : 'user_id'
  const wanted = [
    [userColumn, userId],
    ['anonymous_id', anonymousId],
  ].flatMap(([column, id]) =>
    column !== undefined && id !== undefined && hasColumn(columns, column, 'text') ? [{ column, id }] : [],
  )
  if (wanted.length === 0) return 0
  const isPerson = wanted.map(({ column }, index) => `${column} = $${index + 1}`).join(' OR ')
  const isOld = hasColumn(columns, 'received_at', 'timestamp') ? ` AND ${untilSql(receivedUntilMicros)}` : ''
  return changedRows(
    link,
    `DELETE FROM ${quoteTable(table)} WHERE (${isPerson})${isOld}`,
    wanted.map(({ id }) => id.toWellFormed()),
  )
}

function untilSql(micros: number): string {
  return `received_at <= ${timestampSql(micros)}`
}

/** Letters looked at in one piece: each may have hundreds of kilobytes. */
const lettersMax = 64

async function eraseLetters(link: Link, erasure: Erasure): Promise<number> {
  const letters = quoteTable({ dataset: systemDataset, table: 'dead_letters' })
  const source = erasure.dataset === undefined ? '' : ' AND source = $1'
  const values = erasure.dataset === undefined ? [] : [erasure.dataset]
  const found = await readRows(
    link,
    `SELECT rowid FROM ${letters} WHERE ${untilSql(erasure.receivedUntilMicros)}${source} ORDER BY rowid`,
    values,
  )
  const gone: string[] = []
  for (let start = 0; start < found.length; start += lettersMax) {
    const ids = found.slice(start, start + lettersMax).map(([id]) => String(id))
    const piece = await readRows(
      link,
      `SELECT rowid::VARCHAR, raw, meta::VARCHAR FROM ${letters} WHERE rowid IN (${ids.join(', ')})`,
    )
    for (const [id, raw, meta] of piece) {
      if (names({ raw: String(raw ?? ''), meta: String(meta ?? '') }, erasure)) gone.push(String(id))
    }
  }
  if (gone.length === 0) return 0
  const reader = await link.api.runAndReadAll(
    `DELETE FROM ${letters} WHERE rowid IN (SELECT unnest($1)::BIGINT)`,
    [listValue(gone)],
    [LIST(VARCHAR)],
  )
  return Number(reader.getRows()[0]?.[0] ?? 0)
}
