// The second dialect on the road: a request in DuckDB's SQL becomes a statement that shows what its caller may see.
import { MillpondError } from '../../core/errors.ts'
import type { CatalogTable } from '../../sql/catalog.ts'
import type { CompileFacts } from '../../sql/lower/compile.ts'
import { bindParameter, parameterSql } from '../../sql/lower/parameters.ts'
import { SqlError } from '../../sql/sql-error.ts'
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import { viewRelation } from '../catalog/view-relation.ts'
import type { CallerCatalog } from '../catalog/visible.ts'
import type { QueryParameter, QueryRequest, TableReference } from '../contract.ts'
import { missingFilter, useContextOf, useOf } from '../prepare-compiled.ts'
import type { PreparedRows, TableUse } from '../prepared.ts'
import { createDialectRewriter, type Rewritten } from './rewrite-select.ts'

/** Errors: query-invalid, query-refused, query-unsupported, table-unknown. */
export async function rewriteDuckdb(
  driver: Pick<WarehouseDriver, 'parseSelect' | 'printSelect'>,
  { catalog }: { readonly catalog: CallerCatalog },
  request: QueryRequest,
  nowMicros: number,
): Promise<PreparedRows> {
  const { principal, defaultDataset, parameters = [], inlineTableNames = [] } = request
  const views = new CompiledViews(catalog, principal.handle, nowMicros)
  const rewritten = await createDialectRewriter(driver).rewrite({
    sql: request.sql,
    names: catalog,
    searchPath: defaultDataset === undefined ? [] : [defaultDataset],
    handle: principal.handle,
    viewRelation: (view) => views.relationOf(view),
    inlineTables: inlineTableNames,
    parameterSql: (identifier) => {
      const parameter = givenParameter(parameters, identifier)
      return parameter === undefined ? undefined : parameterSql(parameterKey(identifier), parameter.type)
    },
  })
  const bound = rewritten.parameters.flatMap((identifier): [string, string | null][] => {
    const parameter = givenParameter(parameters, identifier)
    const name = /^\d+$/.test(identifier) ? `p${identifier}` : identifier
    return parameter === undefined ? [] : [[name, textOf(parameter)]]
  })
  const isKnown = (identifier: string): boolean => givenParameter(parameters, identifier) !== undefined
  return {
    kind: 'rows',
    statementType: 'SELECT',
    statement: { sql: rewritten.sql, parameters: new Map(bound) },
    columns: undefined,
    tables: rewritten.tables.flatMap((table) => usesOf(table, catalog, views)),
    isVolatile: rewritten.isVolatile || rewritten.tables.some((table) => views.isVolatile(table)),
    functions: [],
    inlineTables: [],
    lint: [],
    portability: 'local-only',
    portabilityReasons: ["It is written in DuckDB's dialect"],
    undeclaredParameters: rewritten.parameters
      .filter((identifier) => !isKnown(identifier))
      .map((identifier) => ({ name: /^\d+$/.test(identifier) ? undefined : identifier, sqlType: undefined })),
  }
}

function parameterKey(identifier: string): string | number {
  return /^\d+$/.test(identifier) ? Number(identifier) : identifier
}

function givenParameter(given: readonly QueryParameter[], identifier: string): QueryParameter | undefined {
  const key = parameterKey(identifier)
  return typeof key === 'number'
    ? given.filter(({ name }) => name === undefined)[key - 1]
    : given.find(({ name }) => name?.toLowerCase() === key.toLowerCase())
}

function textOf({ type, value }: QueryParameter): string | null {
  try {
    return bindParameter(type, value)
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    throw new MillpondError('query-invalid', error.message, { cause: error })
  }
}

type NamedTable = Rewritten['tables'][number]

/** Of a view: of the tables below it. Error: query-invalid, when a partition filter is required and missing. */
function usesOf(named: NamedTable, catalog: CallerCatalog, views: CompiledViews): TableUse[] {
  const { dataset, table, columns, namedColumns } = named
  const below = views.usesOf(named) ?? [{ dataset, table, columns, range: undefined, hasPartitionFilter: false }]
  return below.map((use) => {
    const partitioning = catalog.table(use.dataset, use.table)?.partitioning
    // Naming the column is enough: what a text in this dialect asks of it isn't looked at.
    const isNamed = partitioning !== undefined && namedColumns.includes(partitioning.column)
    const told = { ...use, hasPartitionFilter: use.hasPartitionFilter || isNamed }
    const missing = missingFilter(told, partitioning)
    if (missing !== undefined) throw new MillpondError('query-invalid', missing)
    return told
  })
}

/** Views that people made, in GoogleSQL: compiled with the caller's own rights. */
class CompiledViews {
  readonly #facts = new Map<string, CompileFacts>()
  readonly #catalog: CallerCatalog
  readonly #handle: string
  readonly #nowMicros: number

  constructor(catalog: CallerCatalog, handle: string, nowMicros: number) {
    this.#catalog = catalog
    this.#handle = handle
    this.#nowMicros = nowMicros
  }

  relationOf(view: CatalogTable): string {
    const { relation, facts } = viewRelation(view, this.#catalog, this.#handle)
    this.#facts.set(keyOf(view), facts)
    return relation
  }

  #factsOf(table: TableReference): CompileFacts | undefined {
    return this.#facts.get(keyOf(table)) ?? this.#catalog.table(table.dataset, table.table)?.facts
  }

  /** undefined: it is no view. */
  usesOf(table: TableReference): TableUse[] | undefined {
    const context = useContextOf(this.#catalog, this.#nowMicros)
    return this.#factsOf(table)?.tables.map((use) => useOf(use, context))
  }

  isVolatile(table: TableReference): boolean {
    const facts = this.#factsOf(table)
    return facts !== undefined && (facts.isVolatile || facts.usesUserCode)
  }
}

function keyOf({ dataset, table }: TableReference): string {
  return JSON.stringify([dataset, table])
}
