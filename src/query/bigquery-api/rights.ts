// What a caller may do where no SQL of the road checks it: appends, loads, and which datasets a list shows.
import type { Principal } from '../../control/principals.ts'
import { createAccess } from '../access/access.ts'
import type { Api } from './api.ts'
import { GoogleError } from './google-error.ts'

/** `table` undefined: making and dropping tables. */
export function mayWrite(
  { deps }: Pick<Api, 'deps'>,
  principal: Principal,
  dataset: string,
  table: string | undefined,
): boolean {
  return createAccess(deps.control.policies(), principal).canWrite(dataset, table)
}

/** All of it, also what was made a moment ago or isn't a table. */
export function maySeeDataset({ deps }: Pick<Api, 'deps'>, principal: Principal, dataset: string): boolean {
  return createAccess(deps.control.policies(), principal).canRead(dataset, '*')
}

/** Error: accessDenied. */
export function checkWrite(
  api: Pick<Api, 'deps'>,
  principal: Principal,
  dataset: string,
  table: string | undefined,
): void {
  if (mayWrite(api, principal, dataset, table)) return
  throw accessDenied(api, dataset, table, 'bigquery.tables.updateData')
}

export function accessDenied(
  { deps }: Pick<Api, 'deps'>,
  dataset: string,
  table: string | undefined,
  permission: string,
): GoogleError {
  const { project } = deps
  const what = table === undefined ? `Dataset ${project}:${dataset}` : `Table ${project}:${dataset}.${table}`
  return new GoogleError(
    'accessDenied',
    `Access Denied: ${what}: Permission ${permission} denied on it (or it may not exist). Ask an administrator for a write grant.`,
  )
}
