// Rows that were streamed into made tables: rows, ids and the stream's position in one transaction, so that a row lands once
// however often it is sent, and however often its record is read.
import { MillpondError } from '../../core/errors.ts'
import type { AppendInsert, AppendPlan, EngineColumn } from '../session.ts'
import { type Link, readRows } from './link.ts'
import { madeCatalogName } from './made-catalog.ts'
import { quoteName, quoteText, timestampSql } from './names.ts'
import type { DuckdbSession } from './session.ts'
import { describeStatement } from './statement.ts'
import { wireOf } from './wire-values.ts'

const books = `${madeCatalogName}._millpond`
const dayMicros = 86_400_000_000
/** An id is known for so long. */
const idAgeMicros = 7 * dayMicros

export async function readAppendPositions(link: Link): Promise<{ stream: string; sequence: number }[]> {
  const rows = await readRows(link, `SELECT stream, sequence FROM ${books}.positions ORDER BY stream`)
  return rows.map(([stream, sequence]) => ({ stream: String(stream), sequence: Number(sequence) }))
}

/** Inside the open transaction. Errors: table-unknown, and those of the engine. */
export async function applyPlan(link: Link, plan: AppendPlan, nowMicros: number): Promise<void> {
  for (const insert of plan.inserts) await applyInsert(link, insert, nowMicros)
  for (const { stream, sequence } of plan.positions) {
    await link.api.run(`DELETE FROM ${books}.positions WHERE stream = $1`, [stream])
    await link.api.run(`INSERT INTO ${books}.positions VALUES ($1, ${sequence})`, [stream])
  }
}

/** Ids that are too old to matter. */
export async function forgetIds(session: DuckdbSession, nowMicros: number): Promise<void> {
  const sql = `DELETE FROM ${books}.inserts WHERE received_at < ${timestampSql(nowMicros - idAgeMicros)}`
  await session.execute({ sql }, session.signal)
}

async function applyInsert(link: Link, insert: AppendInsert, nowMicros: number): Promise<void> {
  const { dataset, table } = insert
  const ids = await newIds(link, insert, nowMicros)
  const seen = new Set<string>()
  const rows = insert.rows.filter((_, index) => {
    const id = insert.insertIds[index]
    if (id === undefined) return true
    if (!ids.has(id) || seen.has(id)) return false
    seen.add(id)
    return true
  })
  if (rows.length === 0) return
  const target = `${madeCatalogName}.${quoteName(dataset)}.${quoteName(table)}`
  const columns = await columnsOf(link, target)
  for (const [present, group] of await groupedByDefaults(link, insert, columns, rows)) {
    await insertRows(link, target, present, group)
  }
  if (seen.size === 0) return
  await link.api.run(
    `INSERT INTO ${books}.inserts SELECT $1, $2, unnest(from_json($3::VARCHAR::JSON, '["VARCHAR"]')), ${timestampSql(nowMicros)}`,
    [dataset, table, JSON.stringify([...seen])],
  )
}

/** Those of the insert's ids that the table doesn't know yet. */
async function newIds(
  link: Link,
  { dataset, table, insertIds }: AppendInsert,
  nowMicros: number,
): Promise<Set<string>> {
  const ids = new Set(insertIds.filter((id) => id !== undefined))
  if (ids.size === 0) return ids
  const known = await readRows(
    link,
    `SELECT insert_id FROM ${books}.inserts WHERE dataset = $1 AND name = $2
       AND received_at >= ${timestampSql(nowMicros - idAgeMicros)}
       AND insert_id IN (SELECT unnest(from_json($3::VARCHAR::JSON, '["VARCHAR"]')))`,
    [dataset, table, JSON.stringify([...ids])],
  )
  for (const [id] of known) ids.delete(String(id))
  return ids
}

async function columnsOf(link: Link, target: string): Promise<readonly EngineColumn[]> {
  try {
    return (await describeStatement(link, { sql: `SELECT * FROM ${target}` })).columns
  } catch (error) {
    throw new MillpondError('table-unknown', `There is no table ${target}`, { cause: error })
  }
}

type Group = readonly [columns: readonly EngineColumn[], rows: readonly string[]]

/** A column that a row doesn't name has its default, so rows that name other columns need another statement. */
async function groupedByDefaults(
  link: Link,
  { dataset, table }: AppendInsert,
  columns: readonly EngineColumn[],
  rows: readonly string[],
): Promise<Group[]> {
  const found = await readRows(
    link,
    `SELECT column_name FROM duckdb_columns() WHERE database_name = '${madeCatalogName}' AND schema_name = $1
       AND table_name = $2 AND column_default IS NOT NULL AND column_default <> 'NULL'`,
    [dataset, table],
  )
  if (found.length === 0) return [[columns, rows]]
  const withDefault = new Set(found.map(([name]) => String(name)))
  const groups = new Map<string, { readonly present: readonly EngineColumn[]; readonly rows: string[] }>()
  for (const row of rows) {
    const json = JSON.parse(row) as object
    const present = columns.filter(({ name }) => !withDefault.has(name) || Object.hasOwn(json, name))
    const key = JSON.stringify(present.map(({ name }) => name))
    const group = groups.get(key) ?? { present, rows: [] }
    groups.set(key, group)
    group.rows.push(row)
  }
  return [...groups.values()].map((group) => [group.present, group.rows])
}

async function insertRows(
  link: Link,
  target: string,
  columns: readonly EngineColumn[],
  rows: readonly string[],
): Promise<void> {
  if (columns.length === 0) {
    for (const _row of rows) await link.api.run(`INSERT INTO ${target} DEFAULT VALUES`)
    return
  }
  const wires = columns.map(({ name, type }) => ({ name, wire: wireOf(type, { json: 'text' }) }))
  const structure = [Object.fromEntries(wires.map(({ name, wire }) => [name, wire.structure]))]
  const list = wires.map(({ name, wire }) => wire.sql(`struct_extract(r, ${quoteText(name)})`))
  const names = columns.map(({ name }) => quoteName(name))
  await link.api.run(
    `INSERT INTO ${target} (${names.join(', ')}) SELECT ${list.join(', ')}
     FROM (SELECT unnest(from_json($1::VARCHAR::JSON, ${quoteText(JSON.stringify(structure))})) AS r)`,
    [`[${rows.join(',')}]`],
  )
}
