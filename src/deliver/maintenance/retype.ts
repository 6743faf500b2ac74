// `millpond retype`: a person gives a column another type. The rows that are there are rewritten from their own values
// and from what `_overflow` kept; what comes later, and a rebuild, follow the same rule (warehouse/convert.ts).
import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import type { Catalog, ColumnSpec, TableName, WarehouseDriver } from '../../warehouse/driver.ts'
import { callColumns, commonColumns, systemDataset, tracksView, usersTable } from '../../warehouse/schema.ts'
import { convertValue, type retypeTypes } from '../warehouse/convert.ts'
import { loadDecisions } from './decisions.ts'

export interface RetypeInput {
  readonly dataset: string
  readonly table: string
  readonly column: string
  readonly type: (typeof retypeTypes)[number]
}

export interface RetypeOutcome {
  readonly tables: readonly string[]
  /** Values of that name. */
  readonly rows: number
  /** Rows whose value doesn't fit the new type and stands in `_overflow`. */
  readonly overflowed: number
}

/** Datasets whose tables have the columns that we gave them. */
const fixedDatasets: ReadonlySet<string> = new Set([systemDataset, 'ai', 'logs'])
const ownColumns: ReadonlySet<string> = new Set(
  [...commonColumns, ...Object.values(callColumns).flat()].map(({ name }) => name),
)

/** Between loads. Errors: retype-refused, column-unknown, and those of the warehouse. */
export async function retypeColumn(driver: WarehouseDriver, clock: Clock, input: RetypeInput): Promise<RetypeOutcome> {
  const { column, type, dataset } = input
  const tables = tablesToRetype(await driver.catalog(), input)
  const receipt = await driver.maintenance.retype({
    tables,
    column,
    type,
    convert: (value) => convertValue(type, value),
  })
  await loadDecisions(driver, (rows) => {
    for (const { table } of tables) {
      rows.addDecision({ dataset, table, column, change: 'retype-column', detail: type }, clock.nowMicros())
    }
  })
  return { tables: tables.map(({ table }) => table), ...receipt }
}

function tablesToRetype(catalog: Catalog, { dataset, table, column, type }: RetypeInput): TableName[] {
  if (fixedDatasets.has(dataset))
    refuse(`The tables of ${dataset} have fixed columns; put your own fields where you like`)
  if (table === tracksView) refuse(`${dataset}.tracks is a view over the event tables: name the event's own table`)
  if (table === usersTable) refuse(`Traits have the types of ${dataset}.identifies: retype the column there`)
  if (ownColumns.has(column)) refuse(`${column} is a column of Millpond's own`)
  const tables = catalog.get(dataset)
  const columns = tables?.get(table)
  if (tables === undefined || columns === undefined) {
    throw new MillpondError(
      'column-unknown',
      `There is no table ${dataset}.${table}. SHOW ALL TABLES lists what there is`,
    )
  }
  const spec = specOf(columns, column)
  if (spec === undefined) {
    const names = columns.map(({ name }) => name).filter((name) => !ownColumns.has(name))
    throw new MillpondError('column-unknown', `${dataset}.${table} has no column ${column}, only ${names.join(', ')}`)
  }
  if (spec.type === type) refuse(`${dataset}.${table}.${column} is ${type} already`)
  if (spec.type === 'timestamp')
    refuse('A time has lost the way it was written; a rebuild from the archive brings it back')
  // One type in the whole source, or the view over its tables could not show it.
  const names = column.startsWith('context_')
    ? [...tables].filter(([, one]) => specOf(one, column) !== undefined).map(([name]) => name)
    : [table]
  return names.map((name) => ({ dataset, table: name }))
}

function specOf(columns: readonly ColumnSpec[], name: string): ColumnSpec | undefined {
  return columns.find((one) => one.name === name)
}

function refuse(message: string): never {
  throw new MillpondError('retype-refused', message)
}
