// Every table there is, fed and made, with what GoogleSQL knows of it. One reading serves all callers; what a caller may see of
// it is decided in visible.ts.
import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import type { Partitioning } from '../../sql/catalog.ts'
import type { SqlType } from '../../sql/types.ts'
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import type { EngineValue, MadeCatalog, MadeTable, WarehouseSession } from '../../warehouse/session.ts'
import { collectRows } from '../../warehouse/collect-rows.ts'
import { valueText } from '../encode/value-text.ts'
import { typeOfText } from './type-text.ts'

export interface DirectoryColumn {
  readonly name: string
  readonly sqlType: SqlType
  /** GoogleSQL type text with parameters (`NUMERIC(10, 2)`). */
  readonly typeText: string
  readonly mode: 'NULLABLE' | 'REQUIRED' | 'REPEATED'
  readonly description?: string | undefined
  readonly defaultSql?: string | undefined
}

export interface DirectoryTable {
  readonly dataset: string
  readonly table: string
  readonly origin: 'fed' | 'made'
  readonly kind: 'table' | 'view' | 'materialized-view'
  readonly columns: readonly DirectoryColumn[]
  readonly partitioning: Partitioning | undefined
  readonly clustering: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  readonly viewSql: string | undefined
  readonly rows: number
  readonly createdAtMicros: number
  readonly changedAtMicros: number
}

export interface Directory {
  readonly datasets: ReadonlyMap<string, DirectoryDataset>
}

export interface DirectoryDataset {
  readonly dataset: string
  readonly origin: 'fed' | 'made'
  readonly tables: ReadonlyMap<string, DirectoryTable>
  readonly options: Readonly<Record<string, unknown>>
  readonly createdAtMicros: number
  readonly changedAtMicros: number
}

/** Counts of rows are at most this old; tables and columns are known at once. */
const ageMsMax = 1_000

interface Shape {
  readonly made: MadeCatalog
  readonly fed: number
}

export class DirectoryReader {
  readonly #driver: Pick<WarehouseDriver, 'openSession' | 'made'>
  readonly #clock: Clock
  #last: { readonly directory: Directory; readonly readAtMicros: number; readonly shape: Shape } | undefined
  #reading: Promise<Directory> | undefined

  constructor(driver: Pick<WarehouseDriver, 'openSession' | 'made'>, clock: Clock) {
    this.#driver = driver
    this.#clock = clock
  }

  /** Errors: warehouse-unavailable. */
  async read({ isFresh = false } = {}): Promise<Directory> {
    const last = this.#last
    const ageMs = last === undefined ? Infinity : (this.#clock.nowMicros() - last.readAtMicros) / 1000
    // Whoever has just made a table looks for it; and a union over the tables that somebody may read must have all of them.
    const { made, fed } = this.#shape()
    const isAsMade = last?.shape.made === made && last.shape.fed === fed
    if (last !== undefined && isAsMade && !isFresh && ageMs < ageMsMax) return last.directory
    // Whoever comes while it is read gets the next one, if he needs it fresh.
    if (this.#reading !== undefined) {
      const shared = await this.#reading
      if (!isFresh && isAsMade) return shared
    }
    this.#reading ??= this.#readNow()
    try {
      return await this.#reading
    } finally {
      this.#reading = undefined
    }
  }

  #shape(): Shape {
    const { made } = this.#driver
    return { made: made.catalog(), fed: made.fedShape() }
  }

  async #readNow(): Promise<Directory> {
    const readAtMicros = this.#clock.nowMicros()
    const shape = this.#shape()
    const session = await this.#driver.openSession({ semantics: 'plain' })
    try {
      const fed = await readFed(session)
      const made = this.#driver.made.catalog()
      const directory = { datasets: joined(fed, made, await readMadeRows(session)) }
      this.#last = { directory, readAtMicros, shape }
      return directory
    } finally {
      await session.close()
    }
  }
}

const fedTypes: Record<string, SqlType> = {
  BOOLEAN: { kind: 'BOOL' },
  BIGINT: { kind: 'INT64' },
  DOUBLE: { kind: 'FLOAT64' },
  'TIMESTAMP WITH TIME ZONE': { kind: 'TIMESTAMP' },
  VARCHAR: { kind: 'STRING' },
  JSON: { kind: 'JSON' },
}

/** Ours alone (warehouse/duckdb): when each trait was learned. */
const hiddenColumns = new Set(['_trait_times'])

/** Days of the event's time. Views too: their members have it. */
const fedPartitionColumn = 'timestamp'

async function readFed(session: WarehouseSession): Promise<Map<string, DirectoryTable[]>> {
  const rows = await collectRows(session, {
    sql: `SELECT c.schema_name, c.table_name, c.column_name, c.data_type, t.estimated_size
     FROM duckdb_columns() c LEFT JOIN duckdb_tables() t USING (database_name, schema_name, table_name)
     WHERE c.database_name = 'fed' AND NOT c.internal ORDER BY c.schema_name, c.table_name, c.column_index`,
  })
  const datasets = new Map<string, DirectoryTable[]>()
  let columns: DirectoryColumn[] = []
  let last = ''
  for (const [dataset, table, name, typeName, size] of rows) {
    const key = JSON.stringify([dataset, table])
    if (key !== last) {
      last = key
      columns = []
      const tables = datasets.get(valueText(dataset ?? null)) ?? []
      datasets.set(valueText(dataset ?? null), tables)
      tables.push(fedTable(valueText(dataset ?? null), valueText(table ?? null), columns, size ?? null))
    }
    const sqlType = fedTypes[valueText(typeName ?? null)]
    if (sqlType === undefined || hiddenColumns.has(valueText(name ?? null))) continue
    columns.push({ name: valueText(name ?? null), sqlType, typeText: sqlType.kind, mode: 'NULLABLE' })
  }
  for (const tables of datasets.values()) tables.forEach((table, index) => (tables[index] = partitioned(table)))
  return datasets
}

/** A view has no size of its own. */
function fedTable(
  dataset: string,
  table: string,
  columns: readonly DirectoryColumn[],
  size: EngineValue,
): DirectoryTable {
  return {
    dataset,
    table,
    origin: 'fed',
    kind: size === null ? 'view' : 'table',
    columns,
    partitioning: undefined,
    clustering: [],
    options: {},
    viewSql: undefined,
    rows: Number(size ?? 0),
    createdAtMicros: 0,
    changedAtMicros: 0,
  }
}

function partitioned(table: DirectoryTable): DirectoryTable {
  const has = table.columns.some(({ name, sqlType }) => name === fedPartitionColumn && sqlType.kind === 'TIMESTAMP')
  if (!has) return table
  return { ...table, partitioning: { column: fedPartitionColumn, granularity: 'DAY', isFilterRequired: false } }
}

async function readMadeRows(session: WarehouseSession): Promise<Map<string, number>> {
  const rows = await collectRows(session, {
    sql: `SELECT schema_name, table_name, estimated_size FROM duckdb_tables() WHERE database_name = 'made'`,
  })
  return new Map(rows.map(([dataset, table, size]) => [JSON.stringify([dataset, table]), Number(size)]))
}

function joined(
  fed: ReadonlyMap<string, readonly DirectoryTable[]>,
  made: MadeCatalog,
  madeRows: ReadonlyMap<string, number>,
): Map<string, DirectoryDataset> {
  const datasets = new Map<string, DirectoryDataset>()
  for (const { dataset, options, createdAtMicros, changedAtMicros } of made.datasets) {
    const own = made.tables.filter((table) => table.dataset === dataset)
    const tables = new Map<string, DirectoryTable>()
    for (const table of own) {
      const found = madeTable(table, madeRows)
      if (found !== undefined) tables.set(table.table, found)
    }
    datasets.set(dataset, { dataset, origin: 'made', tables, options, createdAtMicros, changedAtMicros })
  }
  // Last: a fed dataset wins its name.
  for (const [dataset, list] of fed) {
    const tables = new Map(list.map((table) => [table.table, table]))
    datasets.set(dataset, { dataset, origin: 'fed', tables, options: {}, createdAtMicros: 0, changedAtMicros: 0 })
  }
  return new Map([...datasets].sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** undefined: a type in it can't be read, perhaps of a newer Millpond; one such table must not hide all others. */
function madeTable(table: MadeTable, madeRows: ReadonlyMap<string, number>): DirectoryTable | undefined {
  if (!table.columns.every(({ type }) => isReadable(type))) return undefined
  const { dataset, kind, clustering, options, viewSql, createdAtMicros, changedAtMicros } = table
  return {
    dataset,
    table: table.table,
    origin: 'made',
    kind,
    columns: table.columns.map(({ name, type, mode, description, defaultSql }) => {
      const element = typeOfText(type)
      const isArray = mode === 'REPEATED' && element.kind !== 'ARRAY'
      return {
        name,
        sqlType: isArray ? { kind: 'ARRAY', element } : element,
        typeText: isArray ? `ARRAY<${type}>` : type,
        mode,
        description,
        defaultSql,
      }
    }),
    partitioning: table.partitioning,
    clustering,
    options,
    viewSql,
    rows: madeRows.get(JSON.stringify([dataset, table.table])) ?? 0,
    createdAtMicros,
    changedAtMicros,
  }
}

function isReadable(type: string): boolean {
  try {
    typeOfText(type)
    return true
  } catch (error) {
    if (error instanceof MillpondError && error.code === 'request-invalid') return false
    throw error
  }
}
