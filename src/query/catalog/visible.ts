// The catalogue as one caller sees it: the compiler's, and the list that ports show. Whatever he may not read isn't there.
import { MillpondError } from '../../core/errors.ts'
import type { CatalogRoutine, CatalogTable, SqlCatalog } from '../../sql/catalog.ts'
import type { CompileFacts } from '../../sql/lower/compile.ts'
import { identifier, typeName } from '../../sql/type-names.ts'
import type { MadeStore } from '../../warehouse/session.ts'
import type { Access } from '../access/access.ts'
import type { VisibleTable } from '../contract.ts'
import type { CostBook } from '../cost/estimate.ts'
import type { Directory, DirectoryDataset, DirectoryTable } from './directory.ts'
import { informationSchemaView, type SchemaSource } from './information-schema.ts'
import { jobsRelation } from './jobs-relation.ts'
import { viewRelation } from './view-relation.ts'

export interface CallerCatalogDeps {
  readonly access: Access
  readonly directory: Directory
  readonly project: string
  readonly defaultDataset: string | undefined
  readonly sizes: Pick<CostBook, 'sizeOf'>
  readonly made: MadeStore
}

export class CallerCatalog implements SqlCatalog {
  readonly project: string
  readonly defaultDataset: string | undefined
  readonly #deps: CallerCatalogDeps
  readonly #tables = new Map<DirectoryTable, CatalogTable>()
  readonly #compiling = new Set<DirectoryTable>()
  #isNeverKept = false

  constructor(deps: CallerCatalogDeps) {
    this.#deps = deps
    this.project = deps.project
    this.defaultDataset = deps.defaultDataset
  }

  find(dataset: string, table: string): DirectoryTable | undefined {
    const found = this.#deps.directory.datasets.get(dataset)?.tables.get(table)
    return found !== undefined && this.#deps.access.canRead(dataset, table) ? found : undefined
  }

  table(dataset: string, table: string): CatalogTable | undefined {
    const found = this.find(dataset, table)
    if (found === undefined) return undefined
    const known = this.#tables.get(found)
    if (known !== undefined) return known
    const made = this.#catalogTable(found)
    this.#tables.set(found, made)
    return made
  }

  #catalogTable(found: DirectoryTable): CatalogTable {
    const { dataset, table, origin, kind, columns, partitioning, viewSql } = found
    const name = [origin, dataset, table].map(identifier).join('.')
    const { relation: policed, facts } = this.#policed(found)
    const isView = viewSql !== undefined && policed === undefined
    const byIngestion = partitioning?.column === ingestionColumn && policed === undefined
    return {
      dataset,
      table,
      kind: kind === 'table' ? 'table' : 'view',
      columns: [
        ...columns.map((column) => ({
          name: column.name,
          type: column.sqlType,
          description: column.description,
          defaultSql: column.defaultSql,
          isRequired: column.mode === 'REQUIRED',
          typeText: column.typeText,
        })),
        ...(byIngestion ? ingestionColumns : []),
      ],
      // A view of people is compiled with the caller's own rights: the policies of the tables below hold in it.
      relation: policed ?? (byIngestion ? ingestionRelation(name) : name),
      partitioning,
      // Whoever sees less than is there would change, or find out, what he can't see.
      isWritable: origin === 'made' && policed === undefined && this.#deps.access.canWrite(dataset, table),
      target: origin === 'made' ? name : undefined,
      facts,
      viewSql: isView ? viewSql : undefined,
    }
  }

  /** What the caller sees of it, if that is less than there is. */
  #policed(found: DirectoryTable): { readonly relation: string | undefined; readonly facts?: CompileFacts } {
    const { access } = this.#deps
    const siblings = [...this.#siblings(found.dataset)]
    const relation = access.relationFor(found, siblings)
    if (relation === undefined) return { relation }
    if (access.isVolatile) this.#isNeverKept = true
    if (found.viewSql === undefined) return { relation }
    if (this.#compiling.has(found)) {
      throw new MillpondError('query-invalid', `The view ${found.dataset}.${found.table} refers to itself`)
    }
    this.#compiling.add(found)
    try {
      const { relation: base, facts } = viewRelation(found, this, access.principal.handle)
      return { relation: access.relationFor(found, siblings, base), facts }
    } finally {
      this.#compiling.delete(found)
    }
  }

  /** Seen or not: policies of one table reach into the others that repeat it. */
  #siblings(dataset: string): Iterable<DirectoryTable> {
    return this.#deps.directory.datasets.get(dataset)?.tables.values() ?? []
  }

  tableNames(dataset: string): readonly string[] | undefined {
    const found = this.#dataset(dataset)
    return found === undefined
      ? undefined
      : this.#visibleIn(found)
          .map(({ table }) => table)
          .sort()
  }

  datasetNames(): readonly string[] {
    return this.#datasets().map(({ dataset }) => dataset)
  }

  isDatasetWritable(dataset: string): boolean {
    return (
      this.#deps.directory.datasets.get(dataset)?.origin !== 'fed' && this.#deps.access.canWrite(dataset, undefined)
    )
  }

  #visibleIn({ dataset, tables }: DirectoryDataset): DirectoryTable[] {
    return [...tables.values()].filter(({ table }) => this.#deps.access.canRead(dataset, table))
  }

  /** A dataset without a table that he may read is there for whoever may write into it. */
  #datasets(): DirectoryDataset[] {
    return [...this.#deps.directory.datasets.values()].filter(
      (one) => this.#visibleIn(one).length > 0 || this.#deps.access.canWrite(one.dataset, undefined),
    )
  }

  #dataset(dataset: string): DirectoryDataset | undefined {
    return this.#datasets().find((one) => one.dataset === dataset)
  }

  routine(dataset: string, name: string): CatalogRoutine | undefined {
    if (this.#dataset(dataset) === undefined) return undefined
    return this.#deps.made
      .catalog()
      .routines.find((one) => one.dataset === dataset && one.name.toLowerCase() === name.toLowerCase())
  }

  informationSchema(view: string, dataset: string | undefined): ReturnType<SqlCatalog['informationSchema']> {
    if (dataset !== undefined && this.#dataset(dataset) === undefined) return undefined
    this.#isNeverKept = true
    return informationSchemaView(this.#schemaSource(), view, dataset)
  }

  /** INFORMATION_SCHEMA and filters by the time tell what no table's change count does: such answers are not kept. */
  isNeverKept(): boolean {
    return this.#isNeverKept
  }

  #schemaSource(): SchemaSource {
    const names = new Set(this.datasetNames())
    return {
      project: this.project,
      datasets: this.#datasets(),
      tables: this.visibleTables(),
      routines: this.#deps.made.catalog().routines.filter(({ dataset }) => names.has(dataset)),
      typeText: (table, column) => {
        const own = this.find(table.dataset, table.table)?.columns.find(({ name }) => name === column)
        return own?.typeText ?? 'STRING'
      },
      jobs: jobsRelation(this.#deps),
    }
  }

  visibleTables(): readonly VisibleTable[] {
    return this.#datasets().flatMap((dataset) => this.#visibleIn(dataset).map((table) => this.#visible(table)))
  }

  #visible(found: DirectoryTable): VisibleTable {
    const { dataset, table, kind, origin, columns, options, partitioning, clustering, viewSql, rows } = found
    const { bytes, partitions } = this.#deps.sizes.sizeOf(dataset, table)
    const hidesRows = this.#deps.access.hidesRows(found, this.#siblings(dataset))
    const { description } = options
    return {
      dataset,
      table,
      kind,
      origin,
      isWritable: origin === 'made' && this.#deps.access.canWrite(dataset, table),
      columns: columns.map((column) => ({
        name: column.name,
        sqlType: column.sqlType,
        mode: column.mode,
        description: column.description,
      })),
      description: typeof description === 'string' ? description : undefined,
      options,
      partitioning,
      clustering,
      viewSql,
      rows: hidesRows ? undefined : rows,
      logicalBytes: hidesRows ? undefined : bytes,
      partitions: hidesRows ? undefined : partitions,
      createdAtMicros: found.createdAtMicros,
      changedAtMicros: found.changedAtMicros,
    }
  }
}

const ingestionColumn = '_PARTITIONTIME'

/** Of a table that is partitioned by the time at which its rows came. */
const ingestionColumns: CatalogTable['columns'] = [
  { name: ingestionColumn, type: { kind: 'TIMESTAMP' }, isHidden: true },
  { name: '_PARTITIONDATE', type: { kind: 'DATE' }, isHidden: true },
]

function ingestionRelation(name: string): string {
  return `(SELECT *, CAST("${ingestionColumn}" AT TIME ZONE 'UTC' AS DATE) AS "_PARTITIONDATE" FROM ${name})`
}

/** Of a column, as people read it. */
export function columnTypeName(table: VisibleTable, column: string): string | undefined {
  const found = table.columns.find(({ name }) => name === column)
  return found === undefined ? undefined : typeName(found.sqlType)
}
