// Work on fed tables between loads: the parts of the driver's `maintenance`, each in one transaction on the loader's link.
import type { Catalog, TableName, WarehouseMaintenance } from '../driver.ts'
import type { AppendBlock } from './append.ts'
import { replaceDataset } from './dataset.ts'
import { compactDay, expireRows, tablesOfDay } from './days.ts'
import { digestTables } from './digest.ts'
import { erasePerson } from './erase.ts'
import { exportRows, importRows } from './exchange.ts'
import type { Link } from './link.ts'
import { retypeColumn } from './retype.ts'
import { systemDataset } from '../schema.ts'

/** What a transaction has done. */
export interface Work<Result> {
  readonly result: Result
  /** Rows that were written or removed: what the next checkpoint has to write. */
  readonly rows: number
  /** If shapes changed. */
  readonly catalog?: Catalog
  /** Tables of `millpond` were replaced: where the file stands must be read again. */
  readonly bookkeeping?: boolean
}

export interface MaintenanceHost {
  readonly exchangeFolder: string
  readonly append: AppendBlock
  readonly transact: <Result>(work: (link: Link, catalog: Catalog) => Promise<Work<Result>>) => Promise<Result>
  /** On a connection of its own, beside loads. */
  readonly read: <Result>(work: (link: Link, catalog: Catalog) => Promise<Result>) => Promise<Result>
  readonly replaceWith: (path: string) => Promise<void>
}

export function createMaintenance(host: MaintenanceHost): WarehouseMaintenance {
  const { exchangeFolder, append, transact } = host

  async function changeRows(change: (link: Link, catalog: Catalog) => Promise<number>): Promise<number> {
    return transact(async (link, catalog) => {
      const rows = await change(link, catalog)
      return { result: rows, rows }
    })
  }

  async function readOnly<Result>(read: (link: Link, catalog: Catalog) => Promise<Result>): Promise<Result> {
    return transact(async (link, catalog) => ({ result: await read(link, catalog), rows: 0 }))
  }

  return {
    exchangeFolder,
    retype: async (request) =>
      transact(async (link, catalog) => {
        const retyped = await retypeColumn(link, catalog, request, append)
        return { result: retyped.receipt, rows: retyped.rowsWritten, catalog: retyped.catalog }
      }),
    erase: async (erasure) => changeRows(async (link, catalog) => erasePerson(link, catalog, erasure, append)),
    expire: async (expiry) => changeRows(async (link, catalog) => expireRows(link, catalog, expiry)),
    compactDay: async (table: TableName, dayMicros) =>
      changeRows(async (link, catalog) => compactDay(link, catalog, table, dayMicros)),
    tablesOfDay: async (dayMicros, rowsMin) =>
      host.read(async (link, catalog) => tablesOfDay(link, catalog, dayMicros, rowsMin)),
    exportTable: async (request) =>
      readOnly(async (link, catalog) => exportRows(link, catalog, request, exchangeFolder)),
    importRows: async (table, path, replace) =>
      transact(async (link, catalog) => {
        const rows = await importRows(link, catalog, { table, path, replace }, exchangeFolder)
        return { result: rows, rows, bookkeeping: table.dataset === systemDataset }
      }),
    replaceDataset: async (replacement) =>
      transact(async (link, catalog) => {
        const replaced = await replaceDataset(link, catalog, replacement, exchangeFolder)
        return { result: replaced.rows, rows: replaced.rows, catalog: replaced.catalog }
      }),
    digest: async () => readOnly(digestTables),
    replaceWith: host.replaceWith,
  }
}
