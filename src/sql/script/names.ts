// Names of tables, datasets and routines in DDL and DML: `project.dataset.name`, `dataset.name`, `name`.
import type { SqlCatalog } from '../catalog.ts'
import { SqlError } from '../sql-error.ts'
import type { ObjectName } from '../syntax/ast-statement.ts'

export interface PlacedName {
  readonly dataset: string
  readonly name: string
}

export function placedName({ parts, offset }: ObjectName, catalog: SqlCatalog): PlacedName {
  const names = parts.map(({ name }) => name)
  const name = names.pop() ?? ''
  const dataset = names.pop() ?? catalog.defaultDataset
  if (dataset === undefined) {
    throw new SqlError('semantic', `Table "${name}" must be qualified with a dataset (e.g. dataset.table)`, offset)
  }
  checkProject(names.pop(), catalog, offset)
  if (names.length > 0)
    throw new SqlError('semantic', `Invalid name: ${parts.map((part) => part.name).join('.')}`, offset)
  return { dataset, name }
}

/** Of CREATE SCHEMA and its kin. */
export function datasetName({ parts, offset }: ObjectName, catalog: SqlCatalog): string {
  const names = parts.map(({ name }) => name)
  const dataset = names.pop() ?? ''
  checkProject(names.pop(), catalog, offset)
  return dataset
}

function checkProject(project: string | undefined, catalog: SqlCatalog, offset: number): void {
  if (project === undefined || project === catalog.project) return
  throw new SqlError('semantic', `Access Denied: Project ${project}: there is only ${catalog.project} here`, offset)
}
