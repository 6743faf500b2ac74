// Sessions of a warehouse that keep the contract and let a test decide when each statement answers. The number in the SQL is how
// many rows it gives, in chunks of ten. They hold no tables: everything else is tested with DuckDB.
import { MillpondError } from '../../src/core/errors.ts'
import type { ResultChunk, ResultRun, WarehouseSession } from '../../src/warehouse/session.ts'

export interface FakeRun {
  readonly sql: string
  /** Lets it give its next chunk, or its end. */
  step(): void
  readonly isOpen: boolean
}

export class FakeSessions {
  /** In the order in which they reached the engine. */
  readonly runs: FakeRun[] = []
  /** Sessions that have not been closed. */
  sessions = 0

  get open(): FakeRun[] {
    return this.runs.filter((run) => run.isOpen)
  }

  async openSession(): Promise<WarehouseSession> {
    this.sessions += 1
    let isClosed = false
    const unused = async (): Promise<never> => {
      throw new Error('A fake session only runs')
    }
    return {
      run: async ({ sql }, signal) => this.#run(sql, signal),
      execute: unused,
      describe: unused,
      putInlineTable: unused,
      putFunction: () => undefined,
      setTimeZone: async () => undefined,
      exportRows: unused,
      begin: unused,
      commit: unused,
      rollback: unused,
      close: async () => {
        if (!isClosed) this.sessions -= 1
        isClosed = true
      },
    }
  }

  async #run(sql: string, signal: AbortSignal): Promise<ResultRun> {
    refuseAborted(signal)
    if (sql === 'bad') throw new MillpondError('query-invalid', 'Parser Error: bad')
    let isOpen = true
    let steps = Promise.withResolvers<void>()
    const close = async (): Promise<void> => {
      isOpen = false
    }
    this.runs.push({
      sql,
      step() {
        steps.resolve()
      },
      get isOpen() {
        return isOpen
      },
    })
    const chunks = async function* (): AsyncGenerator<ResultChunk> {
      try {
        for (let left = Number(sql); left > 0; left -= 10) {
          await aborted(signal, steps.promise)
          steps = Promise.withResolvers<void>()
          const rowCount = Math.min(10, left)
          yield { rowCount, columns: [Array.from({ length: rowCount }, (_, row) => row)] }
          refuseAborted(signal)
        }
      } finally {
        await close()
      }
    }
    return { columns: [{ name: 'row', type: { kind: 'INTEGER' } }], chunks: chunks(), close }
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
  await Promise.race([promise, otherwise])
  signal.removeEventListener('abort', listener)
  refuseAborted(signal)
}
