// Applies DDL of a script to the made datasets, in a transaction that writes: from its begin to its end nobody else changes what is
// decided on here.
import { MillpondError } from '../../core/errors.ts'
import type { Bindings, DdlChange } from '../../sql/script/host.ts'
import type { MadeCatalog, MadeChange, MadeStore, MadeTable, WarehouseSession } from '../../warehouse/session.ts'
import type { CallerCatalog } from '../catalog/visible.ts'
import { alteredTable, type CreateTableChange, madeName, madeTable, overwritten, tableDdl } from './made-ddl.ts'

/** Made datasets as a transaction that writes sees and changes them. */
export interface MadeInTransaction {
  catalog(): MadeCatalog
  change(ddl: readonly string[], change: MadeChange): Promise<void>
  touch(dataset: string, table: string): void
}

export function madeIn(made: MadeStore, session: WarehouseSession): MadeInTransaction {
  return {
    catalog: () => made.catalog(session),
    change: async (ddl, change) => made.change(session, ddl, change),
    touch: (dataset, table) => {
      made.touch(session, dataset, table)
    },
  }
}

export interface DdlDeps {
  readonly made: MadeInTransaction
  /** Read in that transaction. */
  readonly catalog: CallerCatalog
  /** Of a table that is replaced stays what isn't said of its columns: BigQuery's WRITE_TRUNCATE. */
  readonly keepsShape: boolean
  readonly nowMicros: number
  readonly execute: (sql: string, bindings: Bindings) => Promise<unknown>
  /** A source of this name may have no table yet. */
  readonly isSource?: ((name: string) => boolean) | undefined
}

/** Errors: made-unwritable, table-exists, table-unknown, query-invalid. */
export async function applyDdl(deps: DdlDeps, change: DdlChange): Promise<void> {
  const { catalog } = deps
  const isKnown = change.kind === 'create-schema' && catalog.datasetNames().includes(change.dataset)
  if (!isKnown && !catalog.isDatasetWritable(change.dataset)) throw unwritable(change.dataset, catalog)
  switch (change.kind) {
    case 'create-schema':
    case 'drop-schema':
    case 'set-schema-options':
      return changeSchema(deps, change)
    case 'create-table':
      return createTable(deps, change)
    case 'create-view':
      return createView(deps, change)
    case 'drop-table':
      return dropTable(deps, change)
    case 'alter-table':
      return alterTable(deps, change)
    case 'create-routine':
    case 'drop-routine':
      return changeRoutine(deps, change)
  }
}

function unwritable(dataset: string, catalog: CallerCatalog): MillpondError {
  const isFed = catalog.datasetNames().includes(dataset)
  const why = isFed
    ? `Access Denied: dataset ${dataset} is written by Millpond alone, or you have no grant to write it`
    : `Access Denied: you have no grant to write dataset ${dataset}`
  return new MillpondError('made-unwritable', `${why}; write into a dataset of your own (CREATE SCHEMA …)`)
}

function hasDataset(deps: DdlDeps, dataset: string): boolean {
  return deps.made.catalog().datasets.some((one) => one.dataset === dataset)
}

function tableOf(deps: DdlDeps, dataset: string, table: string): MadeTable | undefined {
  return deps.made.catalog().tables.find((one) => one.dataset === dataset && one.table === table)
}

function demandDataset(deps: DdlDeps, dataset: string): void {
  if (!hasDataset(deps, dataset))
    throw new MillpondError('table-unknown', `Not found: Dataset ${deps.catalog.project}:${dataset}`)
}

async function changeSchema(
  deps: DdlDeps,
  change: Extract<DdlChange, { readonly kind: 'create-schema' | 'drop-schema' | 'set-schema-options' }>,
): Promise<void> {
  const { made, nowMicros } = deps
  const { dataset } = change
  const known = deps.made.catalog().datasets.find((one) => one.dataset === dataset)
  if (change.kind === 'create-schema') {
    if (known !== undefined || deps.catalog.datasetNames().includes(dataset) || deps.isSource?.(dataset) === true) {
      if (change.ifNotExists) return
      throw new MillpondError('table-exists', `Already Exists: Dataset ${deps.catalog.project}:${dataset}`)
    }
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,1023}$/.test(dataset))
      throw new MillpondError('query-invalid', `Invalid dataset ID "${dataset}": letters, digits and underscores only`)
    const put = { dataset, options: change.options, createdAtMicros: nowMicros, changedAtMicros: nowMicros }
    return made.change([`CREATE SCHEMA made.${quoted(dataset)}`], { kind: 'put-dataset', dataset: put })
  }
  if (known === undefined) {
    if (change.kind === 'drop-schema' && change.ifExists) return
    return demandDataset(deps, dataset)
  }
  if (change.kind === 'set-schema-options') {
    const options = { ...known.options, ...change.options }
    const put = { ...known, options, changedAtMicros: nowMicros }
    return made.change([], { kind: 'put-dataset', dataset: put })
  }
  const inside = deps.made.catalog().tables.filter((table) => table.dataset === dataset)
  if (inside.length > 0 && !change.isCascade) {
    throw new MillpondError('query-invalid', `Dataset ${deps.catalog.project}:${dataset} is still in use`)
  }
  await made.change([`DROP SCHEMA made.${quoted(dataset)} CASCADE`], { kind: 'drop-dataset', dataset })
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

async function createTable(deps: DdlDeps, asked: CreateTableChange): Promise<void> {
  const { made, execute, nowMicros } = deps
  const { dataset, table, mode, rows, columns } = asked
  demandDataset(deps, dataset)
  const old = tableOf(deps, dataset, table)
  if (old !== undefined && mode === 'if-not-exists') return
  if (old !== undefined && mode === 'new') throw exists(deps, dataset, table)
  const change = deps.keepsShape && old?.kind === 'table' ? overwritten(old, asked) : asked
  const name = madeName(dataset, table)
  const drop = old?.kind === 'table' ? [`DROP TABLE ${name}`] : []
  const put = { kind: 'put-table', table: madeTable(change, nowMicros) } as const
  if (rows === undefined) await made.change([...drop, tableDdl(change)], put)
  else {
    // The rows may come from the very table that is replaced: they are read into a new one first.
    const making = `_making_${table}`
    const list = columns.map((column) => quoted(column.name)).join(', ')
    await execute(tableDdl({ ...change, table: making }), new Map())
    await execute(`INSERT INTO ${madeName(dataset, making)} (${list}) ${rows.sql}`, rows.bindings)
    const rename = `ALTER TABLE ${madeName(dataset, making)} RENAME TO ${quoted(table)}`
    await made.change([...drop, rename], put)
  }
  made.touch(dataset, table)
}

function exists({ catalog }: DdlDeps, dataset: string, table: string): MillpondError {
  return new MillpondError('table-exists', `Already Exists: Table ${catalog.project}:${dataset}.${table}`)
}

function unknown({ catalog }: DdlDeps, dataset: string, table: string): MillpondError {
  return new MillpondError('table-unknown', `Not found: Table ${catalog.project}:${dataset}.${table}`)
}

async function createView(deps: DdlDeps, change: Extract<DdlChange, { readonly kind: 'create-view' }>): Promise<void> {
  const { made, nowMicros } = deps
  const { dataset, table, mode, columns, options, viewSql, isMaterialized } = change
  demandDataset(deps, dataset)
  const old = tableOf(deps, dataset, table)
  if (old !== undefined && mode === 'if-not-exists') return
  if (old !== undefined && (mode === 'new' || old.kind === 'table')) throw exists(deps, dataset, table)
  const put: MadeTable = {
    dataset,
    table,
    kind: isMaterialized ? 'materialized-view' : 'view',
    columns: columns.map(({ name, typeText }) => ({ name, type: typeText, mode: 'NULLABLE' })),
    clustering: [],
    options,
    viewSql,
    createdAtMicros: nowMicros,
    changedAtMicros: nowMicros,
  }
  await made.change([], { kind: 'put-table', table: put })
}

async function dropTable(deps: DdlDeps, change: Extract<DdlChange, { readonly kind: 'drop-table' }>): Promise<void> {
  const { made } = deps
  const { dataset, table, what, ifExists } = change
  const old = tableOf(deps, dataset, table)
  if (old === undefined) {
    if (ifExists) return
    throw unknown(deps, dataset, table)
  }
  if (old.kind !== what) {
    throw new MillpondError(
      'query-invalid',
      `${dataset}.${table} is a ${old.kind.replace('-', ' ')}: DROP ${old.kind.replace('-', ' ').toUpperCase()} drops it`,
    )
  }
  const ddl = old.kind === 'table' ? [`DROP TABLE ${madeName(dataset, table)}`] : []
  await made.change(ddl, { kind: 'drop-table', dataset, table })
}

async function alterTable(deps: DdlDeps, change: Extract<DdlChange, { readonly kind: 'alter-table' }>): Promise<void> {
  const { made, nowMicros } = deps
  const { dataset, table, ifExists } = change
  const old = tableOf(deps, dataset, table)
  if (old === undefined) {
    if (ifExists) return
    throw unknown(deps, dataset, table)
  }
  // Under another name its masks and filters would no longer be its own.
  if (deps.catalog.table(dataset, table)?.isWritable !== true) {
    throw new MillpondError(
      'made-unwritable',
      `Access Denied: Table ${dataset}.${table} has masks or row filters for you`,
    )
  }
  const altered = alteredTable(old, change, nowMicros)
  if (altered.renamedTo !== undefined && tableOf(deps, dataset, altered.renamedTo) !== undefined)
    throw exists(deps, dataset, altered.renamedTo)
  const ddl = old.kind === 'table' ? altered.ddl : []
  if (altered.renamedTo !== undefined) await made.change([], { kind: 'drop-table', dataset, table })
  await made.change(ddl, { kind: 'put-table', table: altered.table })
  made.touch(dataset, altered.table.table)
}

async function changeRoutine(
  deps: DdlDeps,
  change: Extract<DdlChange, { readonly kind: 'create-routine' | 'drop-routine' }>,
): Promise<void> {
  const { made, nowMicros } = deps
  const { dataset, name } = change
  demandDataset(deps, dataset)
  const old = deps.made.catalog().routines.find((one) => one.dataset === dataset && one.name === name)
  if (change.kind === 'drop-routine') {
    if (old === undefined) {
      if (change.ifExists) return
      throw new MillpondError('table-unknown', `Not found: Routine ${deps.catalog.project}:${dataset}.${name}`)
    }
    return made.change([], { kind: 'drop-routine', dataset, name })
  }
  if (old !== undefined && change.mode === 'if-not-exists') return
  if (old !== undefined && change.mode === 'new') {
    throw new MillpondError('table-exists', `Already Exists: Routine ${deps.catalog.project}:${dataset}.${name}`)
  }
  const routine = { dataset, name, definition: change.definition, createdAtMicros: old?.createdAtMicros ?? nowMicros }
  await made.change([], { kind: 'put-routine', routine })
}
