// A result as a Parquet file: the engine writes it below its exchange folder, from the same rewritten SELECT that every other
// port gets; the caller streams it out and removes it.
import type { JobInfo } from './contract.ts'
import { refuseExpensive, type RowsJobDeps, statisticsOf } from './rows-job.ts'
import { inTurn } from './run-rows.ts'
import type { LiveJob } from './jobs/live-job.ts'
import type { PreparedRows } from './prepared.ts'

export interface ExportedFile {
  readonly path: string
  readonly rows: number
  readonly bytes: number
  readonly job: JobInfo
}

export async function exportParquet(deps: RowsJobDeps, job: LiveJob, prepared: PreparedRows): Promise<ExportedFile> {
  const estimate = await deps.cost.estimate(prepared.tables)
  refuseExpensive(deps, job, estimate)
  deps.cost.spend(job.request.principal.handle, estimate.billedBytes)
  const session = await deps.driver.openSession({ semantics: 'plain' })
  try {
    for (const table of prepared.inlineTables) await session.putInlineTable(table)
    for (const definition of prepared.functions) session.putFunction(definition)
    const { principal } = job.request
    const file = await inTurn(deps.computing, principal.id, job.signal, async () =>
      session.exportRows(prepared.statement, 'parquet', job.signal),
    )
    job.finish({ ...statisticsOf(prepared, estimate), rows: file.rows })
    return { ...file, job: job.info() }
  } finally {
    await session.close()
  }
}
