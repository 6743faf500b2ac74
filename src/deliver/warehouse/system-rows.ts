// Rows of `millpond` that travel in a plan: dead letters, decisions about shapes, names of events.
import { isUtf8 } from 'node:buffer'

import type { RowBlock } from '../../warehouse/driver.ts'
import { systemDataset, systemTables } from '../../warehouse/schema.ts'
import type { Letter } from '../screen/dead-letter.ts'
import { Arena } from './columns.ts'
import type { Decision, EventName } from './schema-state.ts'
import { FedTable } from './tables.ts'

/** A row of millpond.erasures. */
export interface ErasureRow {
  /** Null: every dataset. */
  readonly dataset: string | null
  readonly person: string
  readonly receivedUntilMicros: number
  readonly rows: number
}

/** A row of millpond.plan_violations for each problem. */
export interface Violation {
  readonly source: string
  readonly plan: number
  readonly event: string
  readonly id: string
  readonly problems: readonly string[]
}

export class SystemRows {
  readonly #letters = new FedTable({ dataset: systemDataset, table: 'dead_letters' }, systemTables.dead_letters)
  readonly #changes = new FedTable({ dataset: systemDataset, table: 'schema_changes' }, systemTables.schema_changes)
  readonly #erasures = new FedTable({ dataset: systemDataset, table: 'erasures' }, systemTables.erasures)
  readonly #names = new FedTable({ dataset: systemDataset, table: 'event_names' }, systemTables.event_names)

  readonly #violations = new FedTable(
    { dataset: systemDataset, table: 'plan_violations' },
    systemTables.plan_violations,
  )

  get tables(): readonly FedTable[] {
    return [this.#letters, this.#changes, this.#names, this.#erasures, this.#violations]
  }

  addLetter(letter: Letter): void {
    const table = this.#letters
    const row = table.beginRow()
    table.column('id').builder.putText(row, letter.id)
    table.column('source').builder.putText(row, letter.source)
    table.column('reason').builder.putText(row, letter.reason)
    table.column('received_at').builder.putInteger(row, letter.receivedAtMicros)
    table.column('events').builder.putInteger(row, letter.events)
    // Text columns hold UTF-8 only; intake refuses other bodies, but this is the place where odd things end.
    if (isUtf8(letter.raw)) table.column('raw').builder.putUtf8(row, letter.raw)
    else table.column('raw').builder.putText(row, Buffer.from(letter.raw).toString())
    table.column('meta').builder.putText(row, letter.meta)
    if (letter.replayOf !== null) table.column('replay_of').builder.putText(row, letter.replayOf)
  }

  addDecision(decision: Decision, atMicros: number): void {
    const table = this.#changes
    const row = table.beginRow()
    table.column('changed_at').builder.putInteger(row, atMicros)
    table.column('dataset').builder.putText(row, decision.dataset)
    table.column('table_name').builder.putText(row, decision.table)
    if (decision.column !== null) table.column('column_name').builder.putText(row, decision.column)
    table.column('change').builder.putText(row, decision.change)
    if (decision.detail !== null) table.column('detail').builder.putText(row, decision.detail)
  }

  addErasure({ dataset, person, receivedUntilMicros, rows }: ErasureRow, atMicros: number): void {
    const table = this.#erasures
    const row = table.beginRow()
    table.column('erased_at').builder.putInteger(row, atMicros)
    if (dataset !== null) table.column('dataset').builder.putText(row, dataset)
    table.column('person').builder.putText(row, person)
    table.column('received_until').builder.putInteger(row, receivedUntilMicros)
    table.column('rows').builder.putInteger(row, rows)
  }

  addViolation({ source, plan, event, id, problems }: Violation, receivedAtMicros: number): void {
    const table = this.#violations
    for (const problem of problems) {
      const row = table.beginRow()
      table.column('received_at').builder.putInteger(row, receivedAtMicros)
      table.column('source').builder.putText(row, source)
      table.column('plan').builder.putInteger(row, plan)
      table.column('event').builder.putText(row, event)
      table.column('message_id').builder.putText(row, id)
      table.column('problem').builder.putText(row, problem)
    }
  }

  /** Everything added, for a plan that is made without a worker. */
  blocks(): RowBlock[] {
    const arena = new Arena(this.tables.reduce((bytes, table) => bytes + table.packedBytes(), 0))
    return this.tables.flatMap((table) => table.pack(arena) ?? [])
  }

  addEventName({ source, table: tableName, name }: EventName, atMicros: number): void {
    const table = this.#names
    const row = table.beginRow()
    table.column('source').builder.putText(row, source)
    table.column('table_name').builder.putText(row, tableName)
    table.column('name').builder.putText(row, name)
    table.column('first_seen_at').builder.putInteger(row, atMicros)
  }
}
