// `users` after some identifies were erased: what came from them goes. A trait becomes the newest value of the identifies that
// are left, by the rule of users.ts; a user whom none of them speaks of any more goes as a whole.
//
//   noteIdentifies (what will go) ─▶ rows are erased ─▶ users without an identify go ─▶ traits of the others are folded again
import { type DuckDBValue, LIST, listValue, VARCHAR } from '@duckdb/node-api'

import type { Catalog, ColumnSpec } from '../driver.ts'
import { callTables, usersColumns, usersTable } from '../schema.ts'
import type { AppendBlock } from './append.ts'
import { columnsOf, hasColumn, traitTimesColumn } from './catalog.ts'
import { changedRows, type Link, readRows } from './link.ts'
import { quoteName, quoteTable } from './names.ts'
import { scalarOf } from './retype-users.ts'
import { isNewer, parseTimes, replaceUsers, timeOf, type Trait, type TraitTime, type UserRow } from './users.ts'

const notedTable = 'temp.main.millpond_erased_identifies'
/** Users in one piece. */
const usersMax = 256

interface User {
  readonly id: string
  readonly rowId: bigint
  readonly receivedAtMicros: number
  readonly times: Map<string, TraitTime>
}

/** Keeps whom the rows speak of, and when. False: there are none, and nothing is kept. */
export async function noteIdentifies(
  link: Link,
  dataset: string,
  { where, values }: { readonly where: string; readonly values: string[] },
): Promise<boolean> {
  await link.api.run('CREATE TEMP TABLE millpond_erased_identifies (user_id VARCHAR, micros VARCHAR, id VARCHAR)')
  const noted = await changedRows(
    link,
    `INSERT INTO ${notedTable} SELECT DISTINCT user_id, epoch_us("timestamp")::VARCHAR, id
     FROM ${quoteTable({ dataset, table: callTables.identify })} WHERE (${where}) AND user_id IS NOT NULL`,
    values,
  )
  if (noted === 0) await link.api.run(`DROP TABLE ${notedTable}`)
  return noted > 0
}

/** After noteIdentifies and the erasure. Users removed; `isOld`: a condition over a row that may go. */
export async function foldUsersAgain(
  link: Link,
  catalog: Catalog,
  dataset: string,
  isOld: string,
  append: AppendBlock,
): Promise<number> {
  const table = { dataset, table: usersTable }
  const identifies = quoteTable({ dataset, table: callTables.identify })
  const removed = await changedRows(
    link,
    `DELETE FROM ${quoteTable(table)} WHERE ${isOld} AND id IN (SELECT user_id FROM ${notedTable})
     AND id NOT IN (SELECT user_id FROM ${identifies} WHERE user_id IS NOT NULL)`,
  )
  const left = await readRows(
    link,
    `SELECT id FROM ${quoteTable(table)} WHERE id IN (SELECT user_id FROM ${notedTable}) ORDER BY id`,
  )
  const columns = columnsOf(catalog, table)
  for (let start = 0; start < left.length; start += usersMax) {
    const ids = left.slice(start, start + usersMax).map(([id]) => String(id))
    const rows = await foldedRows(link, catalog, dataset, ids)
    if (rows.length > 0) await replaceUsers(link, table, columns, rows, append)
  }
  await link.api.run(`DROP TABLE ${notedTable}`)
  return removed
}

/** Users of whom something changes. */
async function foldedRows(link: Link, catalog: Catalog, dataset: string, ids: readonly string[]): Promise<UserRow[]> {
  const identifies = columnsOf(catalog, { dataset, table: callTables.identify })
  const traits = columnsOf(catalog, { dataset, table: usersTable }).filter(
    ({ name }) => name !== traitTimesColumn.name && !hasColumn(usersColumns, name),
  )
  const erased = await erasedOf(link, ids)
  const users = (await readUsers(link, dataset, ids)).map((user) => {
    const gone = erased.get(user.id) ?? new Set<string>()
    const lost = traits.filter(({ name }) => {
      const time = user.times.get(name)
      return time !== undefined && gone.has(keyOf(time))
    })
    return { user, lost }
  })
  const lostNames = new Set(users.flatMap(({ lost }) => lost.map(({ name }) => name)))
  const sought = identifies.filter(({ name }) => lostNames.has(name))
  const left = await newestOf(link, dataset, ids, sought)
  return users.flatMap(({ user, lost }) => {
    const { receivedAtMicros = user.receivedAtMicros, newest = new Map<string, Trait>() } = left.get(user.id) ?? {}
    if (lost.length === 0 && receivedAtMicros === user.receivedAtMicros) return []
    return [foldedRow({ ...user, receivedAtMicros }, lost, newest)]
  })
}

function foldedRow(user: User, lost: readonly ColumnSpec[], newest: ReadonlyMap<string, Trait>): UserRow {
  const times = new Map(user.times)
  const changed = new Map<string, Trait>()
  for (const { name } of lost) {
    const trait = newest.get(name)
    if (trait === undefined) times.delete(name)
    else times.set(name, [trait.timeMicros, trait.tieBreak])
    changed.set(name, trait ?? { timeMicros: 0, tieBreak: '', value: null })
  }
  const { id, rowId, receivedAtMicros } = user
  return { id, rowId, receivedAtMicros, times: JSON.stringify(Object.fromEntries(times)), changed }
}

function keyOf([micros, tieBreak]: TraitTime): string {
  return `${micros} ${tieBreak}`
}

/** Moments and ids of the identifies that are gone, by user. */
async function erasedOf(link: Link, ids: readonly string[]): Promise<Map<string, Set<string>>> {
  const rows = await rowsOfUsers(
    link,
    `SELECT user_id, micros, id FROM ${notedTable} WHERE user_id IN (SELECT unnest($1))`,
    ids,
  )
  const erased = new Map<string, Set<string>>()
  for (const [userId, micros, id] of rows) {
    const keys = erased.get(String(userId)) ?? new Set<string>()
    erased.set(String(userId), keys.add(`${String(micros)} ${String(id)}`))
  }
  return erased
}

async function readUsers(link: Link, dataset: string, ids: readonly string[]): Promise<User[]> {
  const rows = await rowsOfUsers(
    link,
    `SELECT id, rowid::VARCHAR, epoch_us(received_at), ${traitTimesColumn.name}::VARCHAR
     FROM ${quoteTable({ dataset, table: usersTable })} WHERE id IN (SELECT unnest($1))`,
    ids,
  )
  return rows.map(([id, rowId, receivedAt, times]) => ({
    id: String(id),
    rowId: BigInt(String(rowId)),
    receivedAtMicros: Number(receivedAt ?? 0),
    times: parseTimes(times),
  }))
}

interface Left {
  readonly receivedAtMicros: number
  readonly newest: Map<string, Trait>
}

/** What the identifies that are left say, by user. */
async function newestOf(
  link: Link,
  dataset: string,
  ids: readonly string[],
  columns: readonly ColumnSpec[],
): Promise<Map<string, Left>> {
  const identifies = quoteTable({ dataset, table: callTables.identify })
  const users = await rowsOfUsers(
    link,
    `SELECT user_id, epoch_us(max(received_at)) FROM ${identifies} WHERE user_id IN (SELECT unnest($1)) GROUP BY user_id`,
    ids,
  )
  const left = new Map(
    users.map(([userId, receivedAt]): [string, Left] => [
      String(userId),
      { receivedAtMicros: Number(receivedAt ?? 0), newest: new Map() },
    ]),
  )
  for (const column of columns) {
    const value = quoteName(column.name)
    // All of the newest moment, as they stand: arg_max would order texts in its own way, and make 0 of -0.
    const rows = await rowsOfUsers(
      link,
      `SELECT user_id, epoch_us("timestamp"), id, ${value} FROM ${identifies}
       WHERE user_id IN (SELECT unnest($1)) AND "timestamp" IS NOT NULL AND ${value} IS NOT NULL
       QUALIFY rank() OVER (PARTITION BY user_id ORDER BY "timestamp" DESC) = 1`,
      ids,
    )
    for (const [userId, micros, id, said] of rows) {
      const newest = left.get(String(userId))?.newest
      const trait = { timeMicros: Number(micros), tieBreak: String(id), value: scalarOf(said, column) }
      const before = newest?.get(column.name)
      if (before === undefined || isNewer(timeOf(trait), timeOf(before))) newest?.set(column.name, trait)
    }
  }
  return left
}

/** `$1` of the text: the users' ids. */
async function rowsOfUsers(link: Link, sql: string, ids: readonly string[]): Promise<DuckDBValue[][]> {
  const reader = await link.api.runAndReadAll(sql, [listValue(ids)], [LIST(VARCHAR)])
  return reader.getRows()
}
