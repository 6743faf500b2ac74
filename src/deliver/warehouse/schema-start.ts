// What a new worker must know of the shapes that earlier loads decided: the catalog, and two facts that it doesn't hold.
import type { ErasedPerson } from '../maintenance/suppression.ts'
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import type { SchemaDecision } from '../../warehouse/schema.ts'
import type { EventName, SchemaStart } from './schema-state.ts'

export async function readSchemaStart(driver: WarehouseDriver): Promise<SchemaStart> {
  const catalog = await driver.catalog()
  const kept: SchemaDecision = 'keep-integer'
  const retyped: SchemaDecision = 'retype-column'
  const columnsWith = async (decision: SchemaDecision) =>
    readAll(
      driver,
      `SELECT DISTINCT dataset, table_name, column_name FROM millpond.schema_changes WHERE change = '${decision}'`,
    )
  const keptIntegers = await columnsWith(kept)
  const retypedColumns = await columnsWith(retyped)
  const eventNames = await readAll(driver, 'SELECT source, table_name, name FROM millpond.event_names')
  return {
    catalog,
    keptIntegers: keptIntegers.map(columnPath),
    retypedColumns: retypedColumns.map(columnPath),
    eventNames: eventNames.map(([source, table, name]): EventName => {
      return { source: String(source), table: String(table), name: String(name) }
    }),
    erased: await readErased(driver),
  }
}

/** Whoever was erased so far. */
export async function readErased(driver: WarehouseDriver): Promise<ErasedPerson[]> {
  const erased = await readAll(driver, 'SELECT dataset, person, epoch_us(received_until) FROM millpond.erasures')
  return erased.map(([dataset, person, untilMicros]) => ({
    dataset: typeof dataset === 'string' ? dataset : null,
    person: String(person),
    receivedUntilMicros: Number(untilMicros),
  }))
}

function columnPath([dataset, table, column]: readonly unknown[]): readonly [string, string, string] {
  return [String(dataset), String(table), String(column)]
}

/** All rows of a small result. */
export async function readAll(driver: WarehouseDriver, sql: string): Promise<(readonly unknown[])[]> {
  const run = await driver.query(sql, new AbortController().signal)
  const all: (readonly unknown[])[] = []
  for await (const rows of run.rows) all.push(...rows)
  return all
}
