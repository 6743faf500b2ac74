// What a new worker must know of the shapes that earlier loads decided: the catalog, and two facts that it doesn't hold.
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import type { SchemaDecision } from '../../warehouse/schema.ts'
import type { EventName, SchemaStart } from './schema-state.ts'

export async function readSchemaStart(driver: WarehouseDriver): Promise<SchemaStart> {
  const catalog = await driver.catalog()
  const kept: SchemaDecision = 'keep-integer'
  const keptIntegers = await readAll(
    driver,
    `SELECT DISTINCT dataset, table_name, column_name FROM millpond.schema_changes WHERE change = '${kept}'`,
  )
  const eventNames = await readAll(driver, 'SELECT source, table_name, name FROM millpond.event_names')
  return {
    catalog,
    keptIntegers: keptIntegers.map(
      ([dataset, table, column]) => [String(dataset), String(table), String(column)] as const,
    ),
    eventNames: eventNames.map(([source, table, name]): EventName => {
      return { source: String(source), table: String(table), name: String(name) }
    }),
  }
}

async function readAll(driver: WarehouseDriver, sql: string): Promise<(readonly unknown[])[]> {
  const run = await driver.query(sql, new AbortController().signal)
  const all: (readonly unknown[])[] = []
  for await (const rows of run.rows) all.push(...rows)
  return all
}
