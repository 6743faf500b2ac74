// All rows of a small result of a statement of ours.
import type { EngineValue, WarehouseSession } from '../warehouse/session.ts'

export async function collectRows(session: WarehouseSession, sql: string): Promise<EngineValue[][]> {
  const run = await session.run({ sql }, new AbortController().signal)
  const rows: EngineValue[][] = []
  for await (const { rowCount, columns } of run.chunks) {
    for (let row = 0; row < rowCount; row += 1) rows.push(columns.map((column) => column[row] ?? null))
  }
  return rows
}
