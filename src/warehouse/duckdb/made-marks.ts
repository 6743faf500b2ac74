// Marks: rows in the file of made tables that stand for transactions. A mark is written by the transaction itself, so it is there
// exactly if the transaction's changes are.
import type { Mark } from '../session.ts'
import { type Link, readRows } from './link.ts'
import { madeCatalogName } from './made-catalog.ts'
import { quoteName, timestampSql } from './names.ts'

const marks = `${madeCatalogName}._millpond.marks`

/** Inside the open transaction. */
export async function writeMark(link: Link, { key, rowsOf }: Mark, nowMicros: number): Promise<void> {
  const rows = `SELECT count(*) FROM temp.main.${quoteName(rowsOf)}`
  await link.api.run(`INSERT INTO ${marks} SELECT $1, (${rows}), ${timestampSql(nowMicros)}`, [key])
}

export async function readMarks(link: Link, keys: readonly string[]): Promise<Map<string, number>> {
  const rows = await readRows(
    link,
    `SELECT key, rows FROM ${marks} WHERE key IN (SELECT unnest(from_json($1::VARCHAR::JSON, '["VARCHAR"]')))`,
    [JSON.stringify(keys)],
  )
  return new Map(rows.map(([key, count]) => [String(key), Number(count)]))
}

export function forgetMarksSql(beforeMicros: number): string {
  return `DELETE FROM ${marks} WHERE marked_at < ${timestampSql(beforeMicros)}`
}
