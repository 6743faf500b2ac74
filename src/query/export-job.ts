// A result as a Parquet file: the engine writes it below its exchange folder, from the same rewritten SELECT that every other
// port gets; the caller streams it out and removes it.
import { rm } from 'node:fs/promises'

import type { ExportedFile } from './contract.ts'
import type { ExportPlace, ExportRoom } from './export-room.ts'
import { refuseExpensive, type RowsJobDeps, statisticsOf } from './rows-job.ts'
import { inTurn } from './run-rows.ts'
import type { LiveJob } from './jobs/live-job.ts'
import type { PreparedRows } from './prepared.ts'

export interface ExportJobDeps extends RowsJobDeps {
  readonly exports: ExportRoom
}

export async function exportParquet(deps: ExportJobDeps, job: LiveJob, prepared: PreparedRows): Promise<ExportedFile> {
  const estimate = await deps.cost.estimate(prepared.tables)
  refuseExpensive(deps, job, estimate)
  deps.cost.spend(job.request.principal.handle, estimate.billedBytes)
  const place = deps.exports.enter()
  try {
    const { path, rows, bytes } = await written(deps, job, prepared, place)
    job.finish({ ...statisticsOf(prepared, estimate), rows })
    const remove = async (): Promise<void> => {
      await rm(path, { force: true })
      place.leave()
    }
    return { path, rows, bytes, remove }
  } catch (error) {
    place.leave()
    throw error
  }
}

async function written(deps: ExportJobDeps, job: LiveJob, prepared: PreparedRows, place: ExportPlace) {
  const session = await deps.driver.openSession({ semantics: 'plain' })
  try {
    for (const table of prepared.inlineTables) await session.putInlineTable(table)
    for (const definition of prepared.functions) session.putFunction(definition)
    const { principal } = job.request
    return await inTurn(deps.computing, principal.id, job.signal, async () =>
      session.exportRows(prepared.statement, 'parquet', job.signal, async (bytes) => place.grow(bytes)),
    )
  } finally {
    await session.close()
  }
}
