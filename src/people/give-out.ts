// Everything that is kept of one person, as they may ask for it (GDPR, articles 15 and 20): one object a line, table by table, each
// in the order of time. Asked in the name of whoever gives it out: what is masked or filtered for them is so here.
import type { Note, Receipt } from '../control/people-store.ts'
import type { QueryRoad, VisibleTable } from '../query/contract.ts'
import { askRows, type Caller, isoOf, quoted, type Row } from './ask.ts'
import { idsOf, idText, type PersonId } from './ids.ts'
import { idValues, unionOf } from './person-sql.ts'
import { type PersonTable, relationOf } from './sources.ts'

/**
 * `person` is the first line: their ids, and the tables that were asked. `user` and the kinds of a timeline (`track`, `identify`,
 * `inference`, …, `delivery`) have `table` and `row`. Then `note` and `receipt`. `end` is the last: a file without it is torn.
 */
export type GivenOut = { readonly kind: string } & Readonly<Record<string, unknown>>

export interface Given {
  readonly id: string
  readonly ids: readonly PersonId[]
  /** More ids belong to them than were looked at. */
  readonly isCut: boolean
  readonly caller: Caller
  readonly users: readonly VisibleTable[]
  readonly tables: readonly PersonTable[]
  readonly notes: readonly Note[]
  readonly receipts: readonly Receipt[]
}

export async function* giveOut(road: QueryRoad, given: Given): AsyncGenerator<GivenOut> {
  const { id, ids, isCut, users, tables } = given
  yield { kind: 'person', id, ids: ids.map(idText), isCut, tables: [...users, ...tables].map(nameOf) }
  let lines = 0
  for await (const line of linesOf(road, given)) {
    yield line
    lines += 1
  }
  yield { kind: 'end', lines }
}

async function* linesOf(road: QueryRoad, given: Given): AsyncGenerator<GivenOut> {
  const { caller, ids, users, tables, notes, receipts } = given
  const named = idsOf(ids, 'user')
  for (const table of named.length === 0 ? [] : users) {
    const sql = `SELECT * FROM ${quoted(table.dataset)}.${quoted(table.table)} WHERE id IN UNNEST(@ids)`
    for await (const row of askRows(road, caller, sql, { ids: named }))
      yield { kind: 'user', table: nameOf(table), row: present(row) }
  }
  const values = idValues(ids)
  for (const table of tables) {
    const union = unionOf(
      [table],
      values,
      {},
      (one, condition) => `SELECT * FROM ${relationOf(one)} WHERE ${condition}`,
    )
    if (union === undefined) continue
    const sql = `SELECT * FROM (${union}) ORDER BY timestamp, id`
    for await (const row of askRows(road, caller, sql, values))
      yield { kind: table.kind, table: nameOf(table), row: present(row) }
  }
  for (const { createdAtMicros, ...note } of notes) yield { kind: 'note', ...note, createdAt: isoOf(createdAtMicros) }
  for (const { firstAtMicros, lastAtMicros, ...receipt } of receipts)
    yield { kind: 'receipt', ...receipt, firstAt: isoOf(firstAtMicros), lastAt: isoOf(lastAtMicros) }
}

function nameOf({ dataset, table }: Pick<PersonTable, 'dataset' | 'table'>): string {
  return `${dataset}.${table}`
}

/** Tables are wide: what a row doesn't say is left out. */
function present(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
}
