// The second dialect on the road: a request in DuckDB's SQL becomes a statement that shows what its caller may see.
import { MillpondError } from '../../core/errors.ts'
import type { CatalogTable } from '../../sql/catalog.ts'
import { bindParameter, parameterSql } from '../../sql/lower/parameters.ts'
import { SqlError } from '../../sql/sql-error.ts'
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import { viewRelation } from '../catalog/view-relation.ts'
import type { CallerCatalog } from '../catalog/visible.ts'
import type { QueryParameter, QueryRequest } from '../contract.ts'
import type { PreparedRows, TableUse } from '../prepared.ts'
import { createDialectRewriter, type Rewritten } from './rewrite-select.ts'

/** Errors: query-invalid, query-refused, query-unsupported, table-unknown. */
export async function rewriteDuckdb(
  driver: Pick<WarehouseDriver, 'parseSelect' | 'printSelect'>,
  { catalog }: { readonly catalog: CallerCatalog },
  request: QueryRequest,
): Promise<PreparedRows> {
  const { principal, defaultDataset, parameters = [], inlineTableNames = [] } = request
  const views = new CompiledViews(catalog, principal.handle)
  const rewritten = await createDialectRewriter(driver).rewrite({
    sql: request.sql,
    names: catalog,
    searchPath: defaultDataset === undefined ? [] : [defaultDataset],
    handle: principal.handle,
    viewRelation: (view) => views.relationOf(view),
    inlineTables: inlineTableNames,
    parameterSql: (identifier) => {
      const parameter = givenParameter(parameters, identifier)
      return parameter === undefined ? undefined : parameterSql(keyOf(identifier), parameter.type)
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
    tables: [...usesOf(rewritten, catalog), ...views.uses],
    isVolatile: rewritten.isVolatile || views.isVolatile,
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

function keyOf(identifier: string): string | number {
  return /^\d+$/.test(identifier) ? Number(identifier) : identifier
}

function givenParameter(given: readonly QueryParameter[], identifier: string): QueryParameter | undefined {
  const key = keyOf(identifier)
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

function usesOf({ tables }: Rewritten, catalog: CallerCatalog): TableUse[] {
  return tables.map(({ dataset, table, columns, namedColumns }) => {
    const partitioning = catalog.table(dataset, table)?.partitioning
    const hasPartitionFilter = partitioning !== undefined && namedColumns.includes(partitioning.column)
    if (partitioning?.isFilterRequired === true && !hasPartitionFilter) {
      throw new MillpondError(
        'query-invalid',
        `Cannot query over table '${dataset}.${table}' without a filter over column(s) '${partitioning.column}' that can be used for partition elimination`,
      )
    }
    return { dataset, table, columns, range: undefined, hasPartitionFilter }
  })
}

/** Views that people made, in GoogleSQL: compiled with the caller's own rights. */
class CompiledViews {
  readonly uses: TableUse[] = []
  isVolatile = false
  readonly #catalog: CallerCatalog
  readonly #handle: string

  constructor(catalog: CallerCatalog, handle: string) {
    this.#catalog = catalog
    this.#handle = handle
  }

  relationOf(view: CatalogTable): string {
    const { relation, facts } = viewRelation(view, this.#catalog, this.#handle)
    for (const { dataset, table, columns } of facts.tables) {
      this.uses.push({ dataset, table, columns: [...columns], range: undefined, hasPartitionFilter: true })
    }
    this.isVolatile ||= facts.isVolatile || facts.usesUserCode
    return relation
  }
}
