// A change of made datasets as the engine's statements and what the bookkeeping remembers of it.
import { MillpondError } from '../../core/errors.ts'
import { coercionCost } from '../../sql/coercion.ts'
import { columnDdl } from '../../sql/script/columns.ts'
import type { ColumnShape, DdlChange } from '../../sql/script/host.ts'
import { duckType, identifier, typeName } from '../../sql/type-names.ts'
import type { MadeChange, MadeColumn, MadeTable } from '../../warehouse/session.ts'
import { typeOfText } from '../catalog/type-text.ts'

export interface MadeStep {
  /** Run first, in order, inside one transaction. */
  readonly ddl: readonly string[]
  readonly change: MadeChange
}

export type CreateTableChange = Extract<DdlChange, { readonly kind: 'create-table' }>

export function madeName(dataset: string, table: string): string {
  return `made.${identifier(dataset)}.${identifier(table)}`
}

export function tableDdl({ dataset, table, columns, partitioning }: CreateTableChange): string {
  const own = columns.map(columnDdl)
  const hidden =
    partitioning?.column === '_PARTITIONTIME'
      ? [`"_PARTITIONTIME" TIMESTAMPTZ DEFAULT date_trunc('${partitioning.granularity.toLowerCase()}', now())`]
      : []
  return `CREATE TABLE ${madeName(dataset, table)} (${[...own, ...hidden].join(', ')})`
}

export function madeColumn(column: ColumnShape): MadeColumn {
  const mode = column.isRequired ? 'REQUIRED' : column.type.kind === 'ARRAY' ? 'REPEATED' : 'NULLABLE'
  return {
    name: column.name,
    type: column.typeText,
    mode,
    description: column.description,
    defaultSql: column.defaultSql,
  }
}

export function madeTable(change: CreateTableChange, nowMicros: number): MadeTable {
  const { dataset, table, columns, partitioning, clustering, options } = change
  const { require_partition_filter: required, ...rest } = options
  return {
    dataset,
    table,
    kind: 'table',
    columns: columns.map(madeColumn),
    partitioning: partitioning && { ...partitioning, isFilterRequired: required === true },
    clustering,
    options: rest,
    createdAtMicros: nowMicros,
    changedAtMicros: nowMicros,
  }
}

/** With other rows and their columns. Error: query-invalid, if they don't fit the table's partitions and clusters. */
export function overwritten(
  { partitioning, clustering, columns, options }: MadeTable,
  change: CreateTableChange,
): CreateTableChange {
  const has = (name: string, type?: string): boolean =>
    change.columns.some(
      (one) => one.name.toLowerCase() === name.toLowerCase() && (type ?? one.typeText) === one.typeText,
    )
  const partitioned = columns.find(({ name }) => name.toLowerCase() === partitioning?.column.toLowerCase())
  if (partitioned !== undefined && !has(partitioned.name, partitioned.type)) {
    const message = `Incompatible table partitioning specification: the result has no column ${partitioned.name} of type ${partitioned.type}`
    throw new MillpondError('query-invalid', message)
  }
  const clustered = clustering.find((name) => !has(name))
  if (clustered !== undefined)
    throw new MillpondError('query-invalid', `Incompatible table clustering: the result has no column ${clustered}`)
  const kept = { ...options, require_partition_filter: partitioning?.isFilterRequired }
  return { ...change, partitioning, clustering, options: kept }
}

type AlterChange = Extract<DdlChange, { readonly kind: 'alter-table' }>
type AlterStep = AlterChange['actions'][number]

/** Errors: query-invalid. */
export function alteredTable(
  table: MadeTable,
  { actions }: AlterChange,
  nowMicros: number,
): { readonly ddl: readonly string[]; readonly table: MadeTable; readonly renamedTo: string | undefined } {
  const alteration = new Alteration(table)
  for (const action of actions) alteration.apply(action)
  const { ddl, renamedTo } = alteration
  return { ddl, renamedTo, table: { ...alteration.table, changedAtMicros: nowMicros } }
}

/** One ALTER TABLE, step by step: the engine's statements, and the table as the bookkeeping knows it behind them. */
class Alteration {
  readonly ddl: string[] = []
  table: MadeTable
  renamedTo: string | undefined
  readonly #head: string

  constructor(table: MadeTable) {
    this.table = table
    this.#head = `ALTER TABLE ${madeName(table.dataset, table.table)}`
  }

  apply(action: AlterStep): void {
    switch (action.kind) {
      case 'add-column':
        return this.#add(action)
      case 'drop-column':
        return this.#drop(action.name, action.ifExists)
      case 'rename-column':
        if (!this.#has(action.from) && action.ifExists) return
        this.#run(`RENAME COLUMN ${this.#column(action.from)} TO ${identifier(action.to)}`)
        return this.#change(action.from, { name: action.to })
      case 'set-type':
        this.#demandWidening(action)
        this.#run(`ALTER COLUMN ${this.#column(action.name)} SET DATA TYPE ${duckType(action.column.type)}`)
        return this.#change(action.name, { type: action.column.typeText })
      case 'drop-not-null':
        this.#run(`ALTER COLUMN ${this.#column(action.name)} DROP NOT NULL`)
        return this.#change(action.name, { mode: 'NULLABLE' })
      case 'set-default':
        return this.#change(action.name, { defaultSql: action.defaultSql })
      case 'set-column-options': {
        const { description } = action.options
        return this.#change(action.name, { description: typeof description === 'string' ? description : undefined })
      }
      case 'set-options':
        return this.#setOptions(action.options)
      case 'rename-to':
        this.#run(`RENAME TO ${identifier(action.table)}`)
        this.renamedTo = action.table
        this.table = { ...this.table, table: action.table }
    }
  }

  #run(step: string): void {
    this.ddl.push(`${this.#head} ${step}`)
  }

  #find(name: string): MadeColumn {
    const found = this.table.columns.find((column) => column.name.toLowerCase() === name.toLowerCase())
    if (found === undefined) throw new MillpondError('query-invalid', `Column not found: ${name}`)
    return found
  }

  #has(name: string): boolean {
    return this.table.columns.some((column) => column.name.toLowerCase() === name.toLowerCase())
  }

  #column(name: string): string {
    return identifier(this.#find(name).name)
  }

  #change(name: string, changed: Partial<MadeColumn>): void {
    const old = this.#find(name)
    const columns = this.table.columns.map((column) => (column === old ? { ...old, ...changed } : column))
    this.table = { ...this.table, columns }
  }

  /** Every value that is there must stay what it is. */
  #demandWidening({ name, column }: Extract<AlterStep, { readonly kind: 'set-type' }>): void {
    const type = typeOfText(this.#find(name).type)
    if (coercionCost({ type, origin: 'value' }, column.type) !== undefined) return
    const message = `ALTER TABLE ALTER COLUMN SET DATA TYPE requires that the existing column type (${typeName(type)}) is assignable to the new type (${typeName(column.type)})`
    throw new MillpondError('query-invalid', message)
  }

  #add({ column, ifNotExists }: Extract<AlterStep, { readonly kind: 'add-column' }>): void {
    if (this.#has(column.name)) {
      if (ifNotExists) return
      throw new MillpondError('query-invalid', `Column already exists: ${column.name}`)
    }
    if (column.isRequired) {
      throw new MillpondError('query-invalid', `Cannot add required column ${column.name} to an existing table`)
    }
    this.#run(`ADD COLUMN ${identifier(column.name)} ${duckType(column.type)}`)
    this.table = { ...this.table, columns: [...this.table.columns, madeColumn(column)] }
  }

  #drop(name: string, ifExists: boolean): void {
    if (!this.#has(name) && ifExists) return
    const gone = this.#find(name)
    if (this.table.columns.length === 1) throw new MillpondError('query-invalid', 'A table needs at least one column')
    this.#run(`DROP COLUMN ${identifier(gone.name)}`)
    this.table = { ...this.table, columns: this.table.columns.filter((column) => column !== gone) }
  }

  #setOptions({ require_partition_filter: required, ...rest }: Readonly<Record<string, unknown>>): void {
    const { partitioning } = this.table
    const options = Object.fromEntries(
      Object.entries({ ...this.table.options, ...rest }).filter(([, value]) => value !== null),
    )
    const isFilterRequired = typeof required === 'boolean' ? required : partitioning?.isFilterRequired === true
    this.table = { ...this.table, options, partitioning: partitioning && { ...partitioning, isFilterRequired } }
  }
}
