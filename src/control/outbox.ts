// Rows that are decided in SQLite and belong in the warehouse. They are written in the transaction of what they tell of, and wait
// here until stream `engine` has them (deliver/outbox-relay.ts).
import type { DatabaseSync } from 'node:sqlite'

import { assert } from '../core/errors.ts'
import type { RowTable } from '../core/event.ts'

export interface OutboxRow {
  readonly number: number
  readonly table: RowTable
  /** JSON object with the id by which a repetition is known (warehouse/row-tables.ts). */
  readonly row: string
}

/** What the relay needs. */
export interface OutboxQueue {
  /** The oldest that wait. */
  waiting(rowsMax: number): OutboxRow[]
  /** The stream has every row up to this one. */
  forget(number: number): void
  /** Called when rows may have come; the transaction that brings them may still be open. */
  onRow(listener: () => void): void
}

export class Outbox implements OutboxQueue {
  readonly #database: DatabaseSync
  #listener = (): void => undefined

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  add(table: RowTable, row: Readonly<Record<string, unknown>>): void {
    assert(this.#database.isTransaction, 'a row of the outbox belongs to a transaction')
    this.#database.prepare('INSERT INTO outbox (row_table, row) VALUES (?, ?)').run(table, JSON.stringify(row))
    this.#listener()
  }

  waiting(rowsMax: number): OutboxRow[] {
    const sql = 'SELECT number, row_table AS "table", row FROM outbox ORDER BY number LIMIT ?'
    return this.#database.prepare(sql).all(rowsMax) as unknown as OutboxRow[]
  }

  forget(number: number): void {
    this.#database.prepare('DELETE FROM outbox WHERE number <= ?').run(number)
  }

  onRow(listener: () => void): void {
    this.#listener = listener
  }
}
