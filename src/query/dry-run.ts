// What a query would give and cost, told in milliseconds and without running it.
import { MillpondError } from '../core/errors.ts'
import type { DryRun, QueryRequest } from './contract.ts'
import type { CostBook } from './cost/estimate.ts'
import { type DryHostDeps, foreseenUses } from './script/dry-host.ts'

export interface DryRunDeps extends DryHostDeps {
  readonly cost: CostBook
}

/** Errors: as a job's; but what BigQuery alone can do is a verdict, unless the caller takes us for BigQuery. */
export async function dryRunOf(deps: DryRunDeps, request: QueryRequest): Promise<DryRun> {
  try {
    return await told(deps, request)
  } catch (error) {
    const isVerdict = error instanceof MillpondError && error.code === 'query-unsupported'
    if (!isVerdict || request.port === 'bigquery' || request.dialect === 'duckdb') throw error
    return { ...nothing, portabilityReasons: [error.message] }
  }
}

const nothing: DryRun = {
  statementType: 'OTHER',
  columns: [],
  referencedTables: [],
  bytesProcessed: 0,
  bytesBilled: 0,
  dollars: 0,
  bytesOfAllColumns: 0,
  statisticsAgeMs: 0,
  lint: [],
  portability: 'bigquery-only',
  portabilityReasons: [],
  undeclaredParameters: [],
}

async function told(deps: DryRunDeps, request: QueryRequest): Promise<DryRun> {
  const prepared = await deps.preparer.prepare({ ...request, isDryRun: true })
  const tables = prepared.kind === 'rows' ? prepared.tables : await foreseenUses(deps, request, prepared)
  const { bytes, billedBytes, dollars, bytesOfAllColumns, ageMs } = await deps.cost.estimate(tables)
  const names = new Map(tables.map(({ dataset, table }) => [JSON.stringify([dataset, table]), { dataset, table }]))
  const rows = prepared.kind === 'rows' ? prepared : undefined
  return {
    statementType: prepared.statementType,
    columns: (rows?.columns ?? []).map(({ name, sqlType }) => ({ name, sqlType })),
    referencedTables: [...names.values()],
    bytesProcessed: bytes,
    bytesBilled: billedBytes,
    dollars,
    bytesOfAllColumns,
    statisticsAgeMs: ageMs,
    lint: rows?.lint ?? [],
    portability: rows?.portability ?? 'both',
    portabilityReasons: rows?.portabilityReasons ?? [],
    undeclaredParameters: rows?.undeclaredParameters ?? [],
  }
}
