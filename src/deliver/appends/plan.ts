// Records of stream `appends` -> plans. What the warehouse refuses is halved until the rows at fault are known; they become dead
// letters, and all others land, once.
//
//   plan ──refused──▶ halves … ──▶ one record ──refused──▶ pieces of its rows, each row with an id ──▶ the rows at fault
//
// Pieces are committed without the record's position. If the engine ends between them the whole record is read again; then the ids,
// which are the same again, keep out what is in already.
import { type AppendMeta, type AppendRow, readAppendBody } from '../../core/append-record.ts'
import { MillpondError } from '../../core/errors.ts'
import type { StoredRecord } from '../../buffer/record.ts'
import type { AppendInsert } from '../../warehouse/session.ts'
import type { AppendTarget } from './append-target.ts'

export interface ReadRecord extends AppendMeta {
  readonly sequence: number
  readonly receivedAtMicros: number
  readonly rows: readonly AppendRow[]
}

/** Rows that can't be stored, and why. */
export interface RefusedRows extends AppendMeta {
  readonly receivedAtMicros: number
  readonly rows: readonly AppendRow[]
  readonly reason: string
}

export interface ApplyDeps {
  readonly target: AppendTarget
  /** Keeps them as a dead letter; resolves when that is durable. */
  readonly refuse: (rows: RefusedRows) => Promise<void>
}

export const stream = 'appends'

export function readRecord({ sequence, receivedAtMicros, meta, body }: StoredRecord): ReadRecord {
  const { dataset, table } = JSON.parse(meta) as AppendMeta
  return { dataset, table, sequence, receivedAtMicros, rows: readAppendBody(body) }
}

/** `sequence`: the position afterwards, at or behind the last record. Errors: those of the target that aren't refusals, and of `refuse`. */
export async function applyRecords(records: readonly ReadRecord[], sequence: number, deps: ApplyDeps): Promise<void> {
  const { target, refuse } = deps
  const there = records.filter(({ dataset, table }) => target.hasTable(dataset, table))
  for (const { dataset, table, receivedAtMicros, rows } of records) {
    if (rows.length > 0 && !target.hasTable(dataset, table))
      await refuse({ dataset, table, receivedAtMicros, rows, reason: 'The table is gone.' })
  }
  try {
    await target.appendPlan({ positions: [{ stream, sequence }], inserts: insertsOf(there) })
  } catch (error) {
    if (!isRefusal(error)) throw error
    await applyHalves(there, sequence, deps)
  }
}

async function applyHalves(records: readonly ReadRecord[], sequence: number, deps: ApplyDeps): Promise<void> {
  const [only] = records
  if (only !== undefined && records.length === 1) {
    await applyRows(only, deps)
    await deps.target.appendPlan({ positions: [{ stream, sequence }], inserts: [] })
    return
  }
  const middle = Math.ceil(records.length / 2)
  const first = records.slice(0, middle)
  await applyRecords(first, first.at(-1)?.sequence ?? sequence, deps)
  await applyRecords(records.slice(middle), sequence, deps)
}

async function applyRows(record: ReadRecord, deps: ApplyDeps): Promise<void> {
  const { dataset, table, receivedAtMicros, sequence } = record
  const rows = record.rows.map(({ json, insertId }, index) => ({ json, insertId: insertId ?? `~${sequence}:${index}` }))
  const refused: AppendRow[] = []
  let reason = ''
  const tryRows = async (some: readonly AppendRow[]): Promise<void> => {
    try {
      await deps.target.appendPlan({ positions: [], inserts: insertsOf([{ ...record, rows: some }]) })
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (some.length === 1) {
        refused.push(...some)
        reason = error.message
        return
      }
      const middle = Math.ceil(some.length / 2)
      await tryRows(some.slice(0, middle))
      await tryRows(some.slice(middle))
    }
  }
  if (rows.length > 0) await tryRows(rows)
  if (refused.length > 0) await deps.refuse({ dataset, table, receivedAtMicros, rows: refused, reason })
}

function isRefusal(error: unknown): error is MillpondError {
  return error instanceof MillpondError && error.kind === 'user'
}

/** One a table, since a transaction of few large inserts is the cheapest. */
function insertsOf(records: readonly ReadRecord[]): AppendInsert[] {
  const byTable = new Map<
    string,
    { dataset: string; table: string; rows: string[]; insertIds: (string | undefined)[] }
  >()
  for (const { dataset, table, rows } of records) {
    const key = JSON.stringify([dataset, table])
    const insert = byTable.get(key) ?? { dataset, table, rows: [], insertIds: [] }
    byTable.set(key, insert)
    for (const { json, insertId } of rows) {
      insert.rows.push(json)
      insert.insertIds.push(insertId)
    }
  }
  return [...byTable.values()]
}
