// What a query would give and cost, told in milliseconds and without running it.
import type { DryRun, QueryRequest } from './contract.ts'
import type { CostBook } from './cost/estimate.ts'
import type { Preparer } from './prepare.ts'

export async function dryRunOf(preparer: Preparer, cost: CostBook, request: QueryRequest): Promise<DryRun> {
  const prepared = await preparer.prepare(request)
  const tables = prepared.kind === 'rows' ? prepared.tables : []
  const { bytes, billedBytes, dollars, bytesOfAllColumns, ageMs } = await cost.estimate(tables)
  const names = new Map(tables.map(({ dataset, table }) => [JSON.stringify([dataset, table]), { dataset, table }]))
  const told = prepared.kind === 'rows' ? prepared : undefined
  return {
    statementType: prepared.statementType,
    columns: (told?.columns ?? []).map(({ name, sqlType }) => ({ name, sqlType })),
    referencedTables: [...names.values()],
    bytesProcessed: bytes,
    bytesBilled: billedBytes,
    dollars,
    bytesOfAllColumns,
    statisticsAgeMs: ageMs,
    lint: told?.lint ?? [],
    portability: told?.portability ?? 'both',
    portabilityReasons: told?.portabilityReasons ?? [],
    undeclaredParameters: told?.undeclaredParameters ?? [],
  }
}
