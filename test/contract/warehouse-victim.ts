// A process to be killed: loads 1,000 rows at a time into the warehouse of argv[2], checkpoints after every second load and
// prints the sequence that the checkpoint covers.
import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import type { WarehouseSettings } from '../../src/core/settings.ts'
import { openDuckdbWarehouse } from '../../src/warehouse/duckdb/duckdb.ts'
import { blockOf, planTo } from './warehouse-plans.ts'

const folder = process.argv[2] ?? ''
const settings = { threads: 2, memoryBytesMax: 512 * 1024 ** 2 } as WarehouseSettings
const driver = await openDuckdbWarehouse({ folder, settings, clock: systemClock, log: createLog('silent') })
const table = { dataset: 'web', table: 'clicks' }
const columns = [{ name: 'id', type: 'text' }] as const
const [position] = await driver.positions()
let sequence = position?.sequence ?? 0
for (;;) {
  sequence += 1
  const rows = Array.from({ length: 1000 }, (_, row) => ({ id: `load ${sequence} row ${row}` }))
  const changes = sequence === 1 ? [{ kind: 'create-table', table, columns } as const] : []
  await driver.load(planTo(sequence, { changes, blocks: [blockOf(table, columns, rows)] }))
  if (sequence % 2 !== 0) continue
  const [covered] = await driver.checkpoint()
  process.stdout.write(`${covered?.sequence}\n`)
}
