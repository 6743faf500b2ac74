// One person's rows go: from every table that knows who sent a row, from `users`, and from the letters that were kept out.
import { listValue, LIST, VARCHAR } from '@duckdb/node-api'

import type { Catalog, ColumnSpec, Erasure, TableName } from '../driver.ts'
import { rowTables } from '../row-tables.ts'
import { callTables, systemDataset, usersTable } from '../schema.ts'
import type { AppendBlock } from './append.ts'
import { hasColumn, tablesOf } from './catalog.ts'
import { changedRows, type Link, readRows } from './link.ts'
import { names } from './letters.ts'
import { quoteTable, timestampSql } from './names.ts'
import { foldUsersAgain, noteIdentifies } from './refold-users.ts'

/** Rows removed, letters among them. */
export async function erasePerson(
  link: Link,
  catalog: Catalog,
  erasure: Erasure,
  append: AppendBlock,
): Promise<number> {
  let rows = 0
  const datasets = [...catalog.keys()].filter((one) => one !== systemDataset)
  for (const dataset of datasets.filter((one) => one === (erasure.dataset ?? one))) {
    rows += await eraseFromDataset(link, catalog, dataset, erasure, append)
  }
  rows += await eraseDeliveries(link, catalog, erasure)
  return rows + (await eraseLetters(link, erasure))
}

async function eraseFromDataset(
  link: Link,
  catalog: Catalog,
  dataset: string,
  erasure: Erasure,
  append: AppendBlock,
): Promise<number> {
  const identifies = { dataset, table: callTables.identify }
  const found = personIn(identifies, catalog.get(dataset)?.get(identifies.table) ?? [], erasure)
  const hasUsers = catalog.get(dataset)?.has(usersTable) === true
  const isFolded = hasUsers && found !== undefined && (await noteIdentifies(link, dataset, found))
  let rows = 0
  for (const { name, columns } of tablesOf(catalog, dataset)) {
    const person = personIn(name, columns, erasure)
    if (person === undefined) continue
    rows += await changedRows(link, `DELETE FROM ${quoteTable(name)} WHERE ${person.where}`, person.values)
  }
  return isFolded
    ? rows + (await foldUsersAgain(link, catalog, dataset, untilSql(erasure.receivedUntilMicros), append))
    : rows
}

/** The rows of a person in a table. undefined: it has none of anybody. */
function personIn(
  table: TableName,
  columns: readonly ColumnSpec[],
  { userId, anonymousId, receivedUntilMicros }: Erasure,
): { readonly where: string; readonly values: string[] } | undefined {
  // An alias speaks of whom its user was before: by either kind of id.
  const previous = table.table === callTables.alias ? 'previous_id' : undefined
  const wanted = [
    [table.table === usersTable ? 'id' : 'user_id', userId],
    ['anonymous_id', anonymousId],
    [previous, userId],
    [previous, anonymousId],
  ].flatMap(([column, id]) =>
    column !== undefined && id !== undefined && hasColumn(columns, column, 'text') ? [{ column, id }] : [],
  )
  if (wanted.length === 0) return undefined
  const isPerson = wanted.map(({ column }, index) => `${column} = $${index + 1}`).join(' OR ')
  const isOld = hasColumn(columns, 'received_at', 'timestamp') ? ` AND ${untilSql(receivedUntilMicros)}` : ''
  return { where: `(${isPerson})${isOld}`, values: wanted.map(({ id }) => id.toWellFormed()) }
}

function untilSql(micros: number): string {
  return `received_at <= ${timestampSql(micros)}`
}

/** What was passed on of a person. Its source is whose dataset it was in. */
async function eraseDeliveries(link: Link, catalog: Catalog, erasure: Erasure): Promise<number> {
  const name = rowTables['millpond.deliveries'].table
  const person = personIn(name, catalog.get(name.dataset)?.get(name.table) ?? [], erasure)
  if (person === undefined) return 0
  const { where, values } = person
  const { dataset } = erasure
  const [source, all] =
    dataset === undefined ? ['', values] : [` AND event_source = $${values.length + 1}`, [...values, dataset]]
  return changedRows(link, `DELETE FROM ${quoteTable(name)} WHERE ${where}${source}`, all)
}

const tableOfLetter = `json_extract_string(meta, '$.table')`
/** Of one row: its table's. Of others it is the source's, though entries of the Forward protocol would go to `ai` or `logs`. */
const datasetOfLetter = `CASE WHEN json_valid(meta::VARCHAR) AND json_extract_string(meta, '$.kind') = 'row'
  AND contains(${tableOfLetter}, '.') THEN split_part(${tableOfLetter}, '.', 1) ELSE source END`

/** Letters looked at in one piece: each may have hundreds of kilobytes. */
const lettersMax = 64

async function eraseLetters(link: Link, erasure: Erasure): Promise<number> {
  const letters = quoteTable({ dataset: systemDataset, table: 'dead_letters' })
  const source = erasure.dataset === undefined ? '' : ` AND ${datasetOfLetter} = $1`
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
