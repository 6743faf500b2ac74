// A warehouse's reading side that keeps the driver's contract and lets a test decide when each query answers. The number
// in the SQL is how many rows it gives, in chunks of ten. It holds no tables: loading and maintenance are tested with DuckDB.
import { MillpondError } from '../../src/core/errors.ts'
import type { QueryRun, WarehouseDriver } from '../../src/warehouse/driver.ts'

export interface FakeQuery {
  readonly sql: string
  /** Lets it give its next chunk, or its end. */
  step(): void
  readonly isOpen: boolean
}

export class FakeWarehouse implements Pick<WarehouseDriver, 'query'> {
  /** In the order in which they reached the engine. */
  readonly queries: FakeQuery[] = []

  get open(): FakeQuery[] {
    return this.queries.filter((query) => query.isOpen)
  }

  async query(sql: string, signal: AbortSignal): Promise<QueryRun> {
    refuseAborted(signal)
    if (sql === 'bad') throw new MillpondError('query-invalid', 'Parser Error: bad')
    let isOpen = true
    let steps = Promise.withResolvers<void>()
    const close = async (): Promise<void> => {
      isOpen = false
    }
    this.queries.push({
      sql,
      step() {
        steps.resolve()
      },
      get isOpen() {
        return isOpen
      },
    })
    const rows = async function* (): AsyncGenerator<readonly (readonly unknown[])[]> {
      try {
        for (let left = Number(sql); left > 0; left -= 10) {
          await aborted(signal, steps.promise)
          steps = Promise.withResolvers<void>()
          yield Array.from({ length: Math.min(10, left) }, (_, row) => [row])
          refuseAborted(signal)
        }
      } finally {
        await close()
      }
    }
    return { columns: [{ name: 'row', type: 'INTEGER' }], rows: rows(), close }
  }
}

function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new MillpondError('query-cancelled', 'The query was cancelled')
}

async function aborted(signal: AbortSignal, otherwise: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const listener = (): void => {
    resolve()
  }
  signal.addEventListener('abort', listener)
  if (signal.aborted) resolve()
  await Promise.race([promise, otherwise])
  signal.removeEventListener('abort', listener)
  refuseAborted(signal)
}
