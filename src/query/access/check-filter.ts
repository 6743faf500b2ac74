// Whether a row filter fits its table, asked before it is kept: one that doesn't would make every query of the table fail.
import type { RowFilter } from '../../control/principals.ts'
import { MillpondError } from '../../core/errors.ts'
import { identifier } from '../../sql/type-names.ts'
import { checkPredicate } from './filter-sql.ts'
import type { PolicyTable } from './policy-table.ts'

/** What of the catalogue's directory is needed. */
export interface TableSource {
  read(options: { readonly isFresh: boolean }): Promise<{
    readonly datasets: ReadonlyMap<string, { readonly tables: ReadonlyMap<string, PolicyTable> }>
  }>
}

/** Errors: table-unknown, query-invalid, query-unsupported. */
export async function checkRowFilter({ dataset, table, predicate }: RowFilter, directory: TableSource): Promise<void> {
  const { datasets } = await directory.read({ isFresh: true })
  const found = datasets.get(dataset)?.tables.get(table)
  if (found === undefined) {
    throw new MillpondError(
      'table-unknown',
      `There is no table ${dataset}.${table}: a row filter is checked against its columns`,
    )
  }
  const relation = [found.origin, dataset, table].map(identifier).join('.')
  checkPredicate({ predicate, dataset, table, columns: found.columns, relation, verdict: 'mp_seen_1' })
}
