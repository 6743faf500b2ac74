// Asks the pond as the road does: prepared for a caller, run on a session; and everything that comes back, as one text.
import { systemClock } from '../../src/core/clock.ts'
import { MillpondError } from '../../src/core/errors.ts'
import type { Policies, Principal } from '../../src/control/principals.ts'
import { DirectoryReader } from '../../src/query/catalog/directory.ts'
import type { Dialect } from '../../src/query/contract.ts'
import type { CostBook } from '../../src/query/cost/estimate.ts'
import { Preparer } from '../../src/query/prepare.ts'
import { rowsOf } from '../../src/warehouse/collect-rows.ts'
import type { EngineValue } from '../../src/warehouse/session.ts'
import type { Pond } from './pond.ts'

export interface Outcome {
  /** undefined: an answer. */
  readonly code: string | undefined
  readonly columns: readonly string[]
  readonly rows: readonly (readonly EngineValue[])[]
  /** Columns, values and messages, the messages of causes left out: they stay inside. */
  readonly text: string
}

export type Ask = (principal: Principal, dialect: Dialect, sql: string) => Promise<Outcome>

const sizes = { sizeOf: () => ({ bytes: 0, partitions: undefined }) } as unknown as CostBook

export function createAsker({ driver }: Pond, policies: Policies): Ask {
  const preparer = new Preparer({
    driver,
    directory: new DirectoryReader(driver, systemClock),
    sizes,
    policies: () => ({ ...policies, version: 1 }),
    project: 'millpond',
    clock: systemClock,
  })
  return async (principal, dialect, sql) => {
    const session = await driver.openSession({ semantics: 'plain' })
    try {
      const prepared = await preparer.prepare({ sql, dialect, principal, port: 'api', defaultDataset: 'web' })
      if (prepared.kind !== 'rows') throw new MillpondError('query-refused', 'a script')
      const run = await session.run(prepared.statement, new AbortController().signal)
      const rows = await rowsOf(run.chunks)
      const columns = run.columns.map(({ name }) => name)
      return { code: undefined, columns, rows, text: JSON.stringify([columns, rows], plain) }
    } catch (error) {
      if (!(error instanceof MillpondError)) throw error
      return { code: error.code, columns: [], rows: [], text: error.message }
    } finally {
      await session.close()
    }
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value
}
