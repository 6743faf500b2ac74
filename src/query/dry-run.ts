// What a query would give and cost, told in milliseconds and without running it.
import { MillpondError } from '../core/errors.ts'
import type { DryRun, QueryRequest } from './contract.ts'
import type { CostBook } from './cost/estimate.ts'
import type { TablePlan } from './cost/table-plan.ts'
import { mergedUses } from './cost/sizes-of-use.ts'
import type { TableUse } from './prepared.ts'
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
  const rows = prepared.kind === 'rows' ? prepared : undefined
  return {
    statementType: prepared.statementType,
    columns: (rows?.columns ?? []).map(({ name, sqlType }) => ({ name, sqlType })),
    referencedTables: mergedUses(tables).map(({ dataset, table, range }) => ({ dataset, table, range })),
    bytesProcessed: bytes,
    bytesBilled: billedBytes,
    dollars,
    bytesOfAllColumns,
    statisticsAgeMs: ageMs,
    lint: rows?.lint ?? [],
    portability: rows?.portability ?? 'both',
    portabilityReasons: rows?.portabilityReasons ?? [],
    undeclaredParameters: rows?.undeclaredParameters ?? [],
    plan: request.wantsPlan === true ? await planOf(deps, request, tables) : undefined,
  }
}

/** Columns and days only of tables of which the caller may know the rows. */
async function planOf(
  deps: DryRunDeps,
  { principal }: QueryRequest,
  tables: readonly TableUse[],
): Promise<TablePlan[]> {
  const plans = await deps.cost.plan(tables)
  const visible = await deps.preparer.visibleTables(principal)
  return plans.map((plan) => {
    const { dataset, table, bytes } = plan
    const isOpen = visible.some((one) => one.dataset === dataset && one.table === table && one.rows !== undefined)
    return isOpen ? plan : { dataset, table, bytes }
  })
}
