// `users` after a retype of `identifies`: for every user the newest value that fits now, by the rule of users.ts. Values
// whose rows are gone (expired, or never came by this road) are converted from what `users` holds.
import { assert } from '../../core/errors.ts'
import type { ColumnSpec, Scalar } from '../driver.ts'
import { callTables } from '../schema.ts'
import type { AppendBlock } from './append.ts'
import { specOf, traitTimesColumn } from './catalog.ts'
import { type Retyping, sentValue } from './judge.ts'
import { type Link, readRows } from './link.ts'
import { quoteName, quoteTable } from './names.ts'
import { bytesOf, rewriteTable, rowIdOf, type StagedRow, type TableShapes } from './rewrite.ts'
import { isNewer, type TraitTime } from './users.ts'

const newestTable = 'temp.main.millpond_newest'

interface Candidate {
  readonly time: TraitTime
  readonly value: Scalar
}

interface UserRow {
  readonly rowId: bigint
  readonly standing: unknown
  readonly times: Record<string, TraitTime>
  /** Newest of the values that fit. */
  newest: Candidate | undefined
}

/** Inside the link's transaction, after `identifies`. Rows written. */
export async function retypeUsers(
  link: Link,
  { table, before, after }: TableShapes,
  retyping: Retyping,
  append: AppendBlock,
): Promise<number> {
  const column = quoteName(retyping.column)
  const identifies = quoteTable({ dataset: table.dataset, table: callTables.identify })
  // All of the newest moment: ties are broken below, as text is compared elsewhere.
  await link.api.run(
    `CREATE TEMP TABLE millpond_newest AS
     SELECT user_id, epoch_us("timestamp") AS micros, id, ${column} AS value FROM ${identifies}
     WHERE ${column} IS NOT NULL AND user_id IS NOT NULL
     QUALIFY rank() OVER (PARTITION BY user_id ORDER BY "timestamp" DESC) = 1`,
  )
  const types = { before: specOf(before, retyping.column), after: specOf(after, retyping.column) }
  const stage = async (range: string): Promise<StagedRow[]> => {
    const rows = await readRows(
      link,
      `SELECT t.rowid, t.${column}, t.${traitTimesColumn.name}::VARCHAR, n.micros, n.id, n.value
       FROM ${quoteTable(table)} AS t LEFT JOIN ${newestTable} AS n ON n.user_id = t.id
       WHERE ${range} AND (t.${column} IS NOT NULL OR n.user_id IS NOT NULL)`,
    )
    return [...gather(rows, types).values()].map((user) => stagedRow(user, retyping))
  }
  const rows = await rewriteTable(
    link,
    {
      table,
      columns: after,
      changed: [
        { name: retyping.column, isRetyped: true },
        { name: traitTimesColumn.name, isRetyped: false },
      ],
      bytesSql: `${bytesOf(types.before)} + ${bytesOf(traitTimesColumn)}`,
      stage,
    },
    append,
  )
  await link.api.run(`DROP TABLE ${newestTable}`)
  return rows
}

function gather(
  rows: Awaited<ReturnType<typeof readRows>>,
  types: { readonly before: ColumnSpec; readonly after: ColumnSpec },
): Map<bigint, UserRow> {
  const users = new Map<bigint, UserRow>()
  for (const [id, standing, times, micros, eventId, value] of rows) {
    const rowId = rowIdOf(id)
    const user: UserRow = users.get(rowId) ?? {
      rowId,
      standing: sentValue(standing ?? null, types.before.type),
      times: typeof times === 'string' ? (JSON.parse(times) as Record<string, TraitTime>) : {},
      newest: undefined,
    }
    users.set(rowId, user)
    if (micros === null || value === null || value === undefined) continue
    const time: TraitTime = [Number(micros), String(eventId)]
    if (user.newest === undefined || isNewer(time, user.newest.time)) {
      user.newest = { time, value: scalarOf(value, types.after) }
    }
  }
  return users
}

/** What the engine gives of a column of ours. */
export function scalarOf(value: unknown, { name, type }: ColumnSpec): Scalar {
  if (type === 'timestamp') return (value as { readonly micros: bigint }).micros
  assert(typeof value !== 'object' && typeof value !== 'undefined', `${name} holds a ${type}`)
  return value as Scalar
}

function stagedRow({ rowId, standing, times, newest }: UserRow, { column, convert }: Retyping): StagedRow {
  const standingTime = times[column]
  const isNews = newest !== undefined && (standingTime === undefined || !isNewer(standingTime, newest.time))
  if (isNews) return staged(rowId, newest.value, { ...times, [column]: newest.time })
  // Newer than every row: a trait that was taken away, a row that has expired, or a value that doesn't fit any more.
  if (standing === undefined) return staged(rowId, null, times)
  const fitting = convert(standing)
  if (fitting !== undefined) return staged(rowId, fitting, times)
  const { [column]: _gone, ...others } = times
  if (newest === undefined) return staged(rowId, null, others)
  return staged(rowId, newest.value, { ...others, [column]: newest.time })
}

function staged(rowId: bigint, value: Scalar, times: Readonly<Record<string, TraitTime>>): StagedRow {
  return { rowId, values: [value, JSON.stringify(times)] }
}
