// Names of the DuckDB dialect against what the caller may see. DuckDB doesn't tell `A` from `a` in ASCII; BigQuery does, so a
// name as it is written goes first.
import { MillpondError } from '../../core/errors.ts'
import type { CatalogTable, SqlCatalog } from '../../sql/catalog.ts'

/** What of a catalogue the dialect needs. */
export type VisibleNames = Pick<SqlCatalog, 'project' | 'table' | 'tableNames' | 'datasetNames'>

export interface WrittenName {
  readonly catalog: string
  readonly schema: string
  readonly table: string
}

/** The engine's own catalogues of tables; clients may write them, or the project. */
const tableCatalogs: ReadonlySet<string> = new Set(['fed', 'made'])

export function fold(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** The table that is meant. undefined: there is none, or the caller may not know of it: nobody can tell. */
export function findTable(
  names: VisibleNames,
  searchPath: readonly string[],
  { catalog, schema, table }: WrittenName,
): CatalogTable | undefined {
  if (catalog !== '' && !isTableCatalog(names, catalog)) return undefined
  if (schema !== '') return tableIn(names, schema, table)
  for (const dataset of searchPath) {
    const found = tableIn(names, dataset, table)
    if (found !== undefined) return found
  }
  return undefined
}

export function isTableCatalog(names: Pick<VisibleNames, 'project'>, catalog: string): boolean {
  return tableCatalogs.has(fold(catalog)) || fold(catalog) === fold(names.project)
}

function tableIn(names: VisibleNames, schema: string, table: string): CatalogTable | undefined {
  const exact = names.table(schema, table)
  if (exact !== undefined) return exact
  for (const dataset of names.datasetNames()) {
    if (fold(dataset) !== fold(schema)) continue
    const name = names.tableNames(dataset)?.find((one) => fold(one) === fold(table))
    const found = name === undefined ? undefined : names.table(dataset, name)
    if (found !== undefined) return found
  }
  return undefined
}

/** One answer to what isn't there and what may not be seen. */
export function noSuchTable({ catalog, schema, table }: WrittenName): MillpondError {
  const name = [catalog, schema, table].filter((part) => part !== '').join('.')
  const hint = schema === '' ? ' Write `dataset.table`, or set a default dataset.' : ''
  return new MillpondError(
    'table-unknown',
    `Not found: Table ${name.slice(0, 300)} does not exist, or you may not read it.${hint}`,
  )
}
