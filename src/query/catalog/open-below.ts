// What a policy on a view leaves open: the tables below it show everything, to whoever may read them, unless they have policies
// of their own. Whoever makes such a policy is told.
import type { ColumnMask, Policies, RowFilter } from '../../control/principals.ts'
import { MillpondError } from '../../core/errors.ts'
import type { SqlCatalog } from '../../sql/catalog.ts'
import { fold, isPlacedOn } from '../access/supersets.ts'
import type { Directory, DirectoryTable } from './directory.ts'
import { viewRelation } from './view-relation.ts'

/** With a column it is a mask's place, else a row filter's. */
export type PolicyPlace = Pick<RowFilter, 'dataset' | 'table'> & { readonly column?: ColumnMask['column'] | undefined }

/** Sentences; none: the place is no view, or policies cover what lies below. `catalog`: an administrator's. */
export function openBelow(
  place: PolicyPlace,
  policies: Policies,
  directory: Directory,
  catalog: SqlCatalog,
): readonly string[] {
  return viewsAt(place, directory).flatMap((view) => {
    const name = `${view.dataset}.${view.table}`
    try {
      const open = tablesBelow(view, directory, catalog).filter((table) => !isCovered(table, place, policies))
      if (open.length === 0) return []
      const names = open.map(({ dataset, table }) => `${dataset}.${table}`).sort()
      const what = place.column === undefined ? 'all its rows' : 'its values'
      return [`${name} is a view: whoever may read ${names.join(', ')} below it still sees ${what} there`]
    } catch (error) {
      if (!(error instanceof MillpondError)) throw error
      return [`${name} is a view, and which tables lie below it can't be told: ${error.message}`]
    }
  })
}

function viewsAt(place: PolicyPlace, { datasets }: Directory): DirectoryTable[] {
  const { column } = place
  return [...datasets.values()]
    .flatMap(({ tables }) => [...tables.values()])
    .filter(
      (one) =>
        one.viewSql !== undefined &&
        isPlacedOn(place, one) &&
        (column === undefined || one.columns.some(({ name }) => fold(name) === fold(column))),
    )
}

function tablesBelow(view: DirectoryTable, { datasets }: Directory, catalog: SqlCatalog): DirectoryTable[] {
  const { facts } = viewRelation(view, catalog, '')
  const tables = facts.tables.flatMap(({ dataset, table }) => datasets.get(dataset)?.tables.get(table) ?? [])
  return [...new Set(tables)].filter(({ viewSql }) => viewSql === undefined)
}

function isCovered(table: DirectoryTable, { column }: PolicyPlace, { masks, filters }: Policies): boolean {
  if (column === undefined) return filters.some((filter) => isPlacedOn(filter, table))
  return masks.some((mask) => isPlacedOn(mask, table) && fold(mask.column) === fold(column))
}
