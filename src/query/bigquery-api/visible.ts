// Tables and datasets as a caller sees them.
import type { Principal } from '../../control/principals.ts'
import type { MadeDataset, MadeTable } from '../../warehouse/session.ts'
import type { VisibleTable } from '../contract.ts'
import type { Api } from './api.ts'
import { notFound } from './google-error.ts'
import { maySeeDataset } from './rights.ts'

export interface VisibleDataset extends MadeDataset {
  readonly isMade: boolean
}

/** By name. Empty ones too, if they were made by somebody whom the caller may know of. */
export async function visibleDatasets(api: Pick<Api, 'deps'>, principal: Principal): Promise<VisibleDataset[]> {
  const datasets = new Map<string, VisibleDataset>()
  for (const { dataset } of await api.deps.road.visibleTables(principal)) {
    if (datasets.has(dataset)) continue
    datasets.set(dataset, { dataset, options: {}, createdAtMicros: 0, changedAtMicros: 0, isMade: false })
  }
  for (const made of api.deps.made.catalog().datasets) {
    if (datasets.has(made.dataset) || maySeeDataset(api, principal, made.dataset))
      datasets.set(made.dataset, { ...made, isMade: true })
  }
  return [...datasets.values()].sort((one, other) => (one.dataset < other.dataset ? -1 : 1))
}

export async function findDataset(
  api: Pick<Api, 'deps'>,
  principal: Principal,
  dataset: string,
): Promise<VisibleDataset | undefined> {
  return (await visibleDatasets(api, principal)).find((one) => one.dataset === dataset)
}

/** Error: notFound. */
export async function requireDataset(
  api: Pick<Api, 'deps'>,
  principal: Principal,
  dataset: string,
): Promise<VisibleDataset> {
  const found = await findDataset(api, principal, dataset)
  if (found !== undefined) return found
  throw notFound(`Dataset ${api.deps.project}:${dataset.slice(0, 300)}`)
}

export async function findTable(
  api: Pick<Api, 'deps'>,
  principal: Principal,
  dataset: string,
  table: string,
): Promise<VisibleTable | undefined> {
  const tables = await api.deps.road.visibleTables(principal)
  return tables.find((one) => one.dataset === dataset && one.table === table)
}

/** Error: notFound, in the words that clients look for. */
export async function requireTable(
  api: Pick<Api, 'deps'>,
  principal: Principal,
  dataset: string,
  table: string,
): Promise<VisibleTable> {
  const found = await findTable(api, principal, dataset, table)
  if (found !== undefined) return found
  if ((await findDataset(api, principal, dataset)) === undefined)
    throw notFound(`Dataset ${api.deps.project}:${dataset.slice(0, 300)}`)
  throw notFound(`Table ${api.deps.project}:${dataset.slice(0, 300)}.${table.slice(0, 300)}`)
}

/** What GoogleSQL was told when it was made: types with their parameters, defaults, ranges. */
export function madeTable({ deps }: Pick<Api, 'deps'>, dataset: string, table: string): MadeTable | undefined {
  return deps.made.catalog().tables.find((one) => one.dataset === dataset && one.table === table)
}
