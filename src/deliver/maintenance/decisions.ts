// Rows of `millpond` that are decided beside the road: a retype, an erasure, what a rebuild was told. They travel in a
// plan of their own, between loads, and are counted in a position that belongs to no stream of the buffer.
import type { LoadPlan, SchemaChange, WarehouseDriver } from '../../warehouse/driver.ts'
import { SystemRows } from '../warehouse/system-rows.ts'

/** Position of what is decided beside the road. */
export const decisionStream = 'decisions'

/** One transaction. Errors: as WarehouseDriver.load. */
export async function loadDecisions(
  driver: WarehouseDriver,
  add: (rows: SystemRows) => void,
  changes: readonly SchemaChange[] = [],
): Promise<void> {
  const rows = new SystemRows()
  add(rows)
  const before = (await driver.positions()).find(({ stream }) => stream === decisionStream)?.sequence ?? 0
  const plan: LoadPlan = {
    changes,
    blocks: rows.blocks(),
    users: [],
    counts: [],
    replayed: [],
    positions: [{ stream: decisionStream, sequence: before + 1 }],
  }
  await driver.load(plan)
}
