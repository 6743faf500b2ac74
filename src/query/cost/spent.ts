// What persons were billed today, summed up from the history: for the quota behind a restart.
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import { collectRows } from '../../warehouse/collect-rows.ts'
import { valueText } from '../encode/value-text.ts'

/** By handle, since midnight UTC. Empty while there is no history. */
export async function spentOfDay(
  driver: Pick<WarehouseDriver, 'openSession'>,
  nowMicros: number,
): Promise<(readonly [string, number])[]> {
  const session = await driver.openSession({ semantics: 'plain' })
  try {
    const known = await collectRows(session, {
      sql: `SELECT 1 FROM duckdb_tables() WHERE database_name = 'fed' AND schema_name = 'millpond' AND table_name = 'jobs'`,
    })
    if (known.length === 0) return []
    const midnight = `${new Date(nowMicros / 1000).toISOString().slice(0, 10)} 00:00:00+00`
    const rows = await collectRows(session, { sql: spentSql(midnight) })
    return rows.map(([owner, bytes]) => [valueText(owner ?? null), Number(bytes)])
  } finally {
    await session.close()
  }
}

/** A script tells the sum of its statements; of one that failed only the statements tell. */
function spentSql(midnight: string): string {
  return `SELECT owner, sum(billed)::DOUBLE FROM (
      SELECT any_value(owner) AS owner, greatest(
        coalesce(sum(bytes_billed) FILTER (parent_job_id IS NULL), 0),
        coalesce(sum(bytes_billed) FILTER (parent_job_id IS NOT NULL), 0)) AS billed
      FROM "fed"."millpond"."jobs" WHERE created_at >= TIMESTAMPTZ '${midnight}' AND cache_hit IS NOT TRUE
      GROUP BY coalesce(parent_job_id, job_id))
    WHERE owner IS NOT NULL GROUP BY owner`
}
