// `users`: one row a user, every trait a register of its own in which the newest identify wins. The times of the values
// that stand there are kept in the row, so the order of arrival (a phone offline for a week, a replayed dead letter)
// doesn't matter and the same identify twice changes nothing.
//
//   plan.users -> newest per user and trait -> compare with the rows' times -> insert new users, replace known ones
import { LIST, listValue, VARCHAR } from '@duckdb/node-api'

import { assert } from '../../core/errors.ts'
import type {
  Catalog,
  ColumnSpec,
  ColumnType,
  PackedColumn,
  RowBlock,
  Scalar,
  TableName,
  UserUpdate,
} from '../driver.ts'
import { usersTable } from '../schema.ts'
import type { AppendBlock } from './append.ts'
import { columnsOf, traitTimesColumn } from './catalog.ts'
import type { Link } from './link.ts'
import { quoteName, quoteTable, typeNameOf } from './names.ts'
import { packColumn } from './pack.ts'

export interface Trait {
  readonly timeMicros: number
  readonly tieBreak: string
  readonly value: Scalar
}

interface UserState {
  receivedAtMicros: number
  readonly traits: Map<string, Trait>
}

/** What the row of a known user says. */
interface KnownUser {
  readonly rowId: bigint
  readonly receivedAtMicros: number
  readonly times: Map<string, TraitTime>
}

export type TraitTime = readonly [timeMicros: number, tieBreak: string]

/** A row to write: all its trait times, and the traits that change. */
export interface UserRow {
  readonly id: string
  readonly rowId: bigint | null
  readonly receivedAtMicros: number
  readonly times: string
  readonly changed: ReadonlyMap<string, Trait>
}

/** Rows written. */
export async function mergeUsers(
  link: Link,
  catalog: Catalog,
  updates: readonly UserUpdate[],
  append: AppendBlock,
): Promise<number> {
  let written = 0
  for (const [dataset, users] of newestPerUser(updates)) {
    const table = { dataset, table: usersTable }
    const columns = columnsOf(catalog, table)
    const known = await readKnown(link, table, [...users.keys()])
    const rows = [...users].flatMap(([id, state]) => rowFor(id, state, known.get(id)) ?? [])
    const added = rows.filter((row) => row.rowId === null)
    const changed = rows.filter((row) => row.rowId !== null)
    if (added.length > 0) await append(link, newUsersBlock(table, columns, added), columns)
    if (changed.length > 0) await replaceUsers(link, table, columns, changed, append)
    written += rows.length
  }
  return written
}

function newestPerUser(updates: readonly UserUpdate[]): Map<string, Map<string, UserState>> {
  const datasets = new Map<string, Map<string, UserState>>()
  for (const update of updates) {
    const users = datasets.get(update.dataset) ?? new Map<string, UserState>()
    datasets.set(update.dataset, users)
    // The engine turns a lone surrogate into U+FFFD; look-ups must speak of the same ids.
    const id = update.userId.toWellFormed()
    const state = users.get(id) ?? { receivedAtMicros: update.receivedAtMicros, traits: new Map<string, Trait>() }
    users.set(id, state)
    state.receivedAtMicros = Math.max(state.receivedAtMicros, update.receivedAtMicros)
    for (const { column, ...told } of update.traits) {
      const trait = { ...told, tieBreak: told.tieBreak.toWellFormed() }
      const before = state.traits.get(column)
      if (before === undefined || isNewer(timeOf(trait), timeOf(before))) state.traits.set(column, trait)
    }
  }
  return datasets
}

/** Equal times: the greater tie break wins. */
export function isNewer([micros, tie]: TraitTime, [otherMicros, otherTie]: TraitTime): boolean {
  return micros === otherMicros ? tie > otherTie : micros > otherMicros
}

export function timeOf({ timeMicros, tieBreak }: Trait): TraitTime {
  return [timeMicros, tieBreak]
}

async function readKnown(link: Link, table: TableName, ids: readonly string[]): Promise<Map<string, KnownUser>> {
  const reader = await link.api.runAndReadAll(
    `SELECT id, rowid, epoch_us(received_at), CAST(${quoteName(traitTimesColumn.name)} AS VARCHAR)
     FROM ${quoteTable(table)} WHERE id IN (SELECT unnest($1))`,
    [listValue(ids)],
    [LIST(VARCHAR)],
  )
  const known = new Map<string, KnownUser>()
  for (const [id, rowId, receivedAt, times] of reader.getRows()) {
    assert(typeof id === 'string' && typeof rowId === 'bigint', 'users are selected by id')
    const state = { rowId, receivedAtMicros: Number(receivedAt ?? 0), times: parseTimes(times) }
    known.set(id, state)
  }
  return known
}

export function parseTimes(text: unknown): Map<string, TraitTime> {
  if (typeof text !== 'string') return new Map()
  return new Map(Object.entries(JSON.parse(text) as Record<string, TraitTime>))
}

/** undefined: nothing of this update is news. */
function rowFor(id: string, state: UserState, known: KnownUser | undefined): UserRow | undefined {
  const times = known?.times ?? new Map<string, TraitTime>()
  const changed = new Map<string, Trait>()
  for (const [column, trait] of state.traits) {
    const standing = times.get(column)
    if (standing !== undefined && !isNewer(timeOf(trait), standing)) continue
    changed.set(column, trait)
    times.set(column, timeOf(trait))
  }
  const receivedAtMicros = Math.max(state.receivedAtMicros, known?.receivedAtMicros ?? 0)
  if (known !== undefined && changed.size === 0 && receivedAtMicros === known.receivedAtMicros) return undefined
  const text = JSON.stringify(Object.fromEntries(times))
  return { id, rowId: known?.rowId ?? null, receivedAtMicros, times: text, changed }
}

function newUsersBlock(table: TableName, columns: readonly ColumnSpec[], rows: readonly UserRow[]): RowBlock {
  checkTraitColumns(columns, rows)
  const packed = columns.map(({ name, type }) => {
    if (name === 'id') return packOf(rows, name, type, (row) => row.id)
    if (name === 'received_at') return packOf(rows, name, type, (row) => row.receivedAtMicros)
    if (name === traitTimesColumn.name) return packOf(rows, name, type, (row) => row.times)
    return packOf(rows, name, type, (row) => row.changed.get(name)?.value ?? null)
  })
  return { table, rowCount: rows.length, columns: packed }
}

function checkTraitColumns(columns: readonly ColumnSpec[], rows: readonly UserRow[]): void {
  const names = new Set(columns.map((column) => column.name))
  for (const row of rows) {
    for (const name of row.changed.keys()) assert(names.has(name), `users has no column ${name}`)
  }
}

const stage: TableName = { dataset: 'main', table: 'millpond_changed_users' }

/**
 * Known users change through a temporary table: for each trait its value and whether it changes at all. The changed rows
 * are written anew and the old ones deleted, because an UPDATE that any running query started before would hold up the
 * next checkpoint (docs/decisions/0002-duckdb.md).
 */
export async function replaceUsers(
  link: Link,
  table: TableName,
  columns: readonly ColumnSpec[],
  rows: readonly UserRow[],
  append: AppendBlock,
): Promise<void> {
  checkTraitColumns(columns, rows)
  const touched = new Set(rows.flatMap((row) => [...row.changed.keys()]))
  const staged: PackedColumn[] = [
    packOf(rows, 'row_id', 'integer', (row) => row.rowId),
    packOf(rows, 'received_at', 'timestamp', (row) => row.receivedAtMicros),
    packOf(rows, 'times', 'json', (row) => row.times),
  ]
  const values = columns.map(({ name, type }, index) => {
    if (name === 'received_at') return 's.received_at'
    if (name === traitTimesColumn.name) return 's.times'
    if (!touched.has(name)) return `u.${quoteName(name)}`
    staged.push(
      packOf(rows, `value_${index}`, type, (row) => row.changed.get(name)?.value ?? null),
      packOf(rows, `changes_${index}`, 'boolean', (row) => row.changed.has(name)),
    )
    return `CASE WHEN s.changes_${index} THEN s.value_${index} ELSE u.${quoteName(name)} END`
  })
  const definition = staged.map(({ name, type }) => `${name} ${typeNameOf(type)}`).join(', ')
  await link.api.run(`CREATE TEMP TABLE ${stage.table} (${definition})`)
  await append(link, { table: stage, rowCount: rows.length, columns: staged }, staged, 'temp')
  const target = quoteTable(table)
  await link.api.run(
    `INSERT INTO ${target} SELECT ${values.join(', ')}
     FROM ${target} AS u JOIN temp.main.${stage.table} AS s ON u.rowid = s.row_id;
     DELETE FROM ${target} WHERE rowid IN (SELECT row_id FROM temp.main.${stage.table});
     DROP TABLE temp.main.${stage.table}`,
  )
}

function packOf(
  rows: readonly UserRow[],
  name: string,
  type: ColumnType,
  cell: (row: UserRow) => Scalar,
): PackedColumn {
  return packColumn({ name, type }, rows.map(cell))
}
