// The rows of a tile as charts take them, for whoever draws without a browser.
import type { ChartRows } from '../charts/chart.ts'
import type { JobResult } from '../query/contract.ts'
import { columnType } from '../query/encode/column-type.ts'
import { jsonValue } from '../query/encode/json-value.ts'

/** A browser asks for the lines. */
const drawnRowsMax = 10_000

export async function chartRowsOf({ columns, chunks }: JobResult): Promise<ChartRows> {
  const values: unknown[][] = columns.map(() => [])
  let count = 0
  for await (const chunk of chunks) {
    for (let row = 0; row < chunk.rowCount && count < drawnRowsMax; row += 1) {
      for (const [index, { type }] of columns.entries())
        values[index]?.push(jsonValue(chunk.columns[index]?.[row] ?? null, type))
      count += 1
    }
    if (count === drawnRowsMax) break
  }
  return { columns: columns.map((column) => ({ name: column.name, type: columnType(column) })), values, count }
}
