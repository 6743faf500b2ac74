// All rows of a small result of a statement.
import type { EngineStatement, EngineValue, ResultChunk, WarehouseSession } from './session.ts'

export async function collectRows(session: WarehouseSession, statement: EngineStatement): Promise<EngineValue[][]> {
  const run = await session.run(statement, new AbortController().signal)
  return rowsOf(run.chunks)
}

export async function rowsOf(chunks: AsyncIterable<ResultChunk>): Promise<EngineValue[][]> {
  const rows: EngineValue[][] = []
  for await (const { rowCount, columns } of chunks) {
    for (let row = 0; row < rowCount; row += 1) rows.push(columns.map((column) => column[row] ?? null))
  }
  return rows
}
