// A process to be killed: streams rows into the made table shop.orders of argv[2], through the buffer, and prints the last row of
// every record that was answered. Rows with even numbers have insert ids, and their records are sent twice.
import { join } from 'node:path'

import { openWriter } from '../../src/buffer/writer.ts'
import { appendBody } from '../../src/core/append-record.ts'
import { systemClock } from '../../src/core/clock.ts'
import { diskFiles } from '../../src/core/files.ts'
import { createLog } from '../../src/core/log.ts'
import { startAppender } from '../../src/deliver/appends/appender.ts'
import type { WarehouseSettings } from '../../src/core/settings.ts'
import { openDuckdbWarehouse } from '../../src/warehouse/duckdb/duckdb.ts'
import { appendsBuffer, ordersChange, rowsPerRecord } from './appends-rig.ts'

const [, , folder = '', from = '0'] = process.argv
const log = createLog('silent')
const settings = { threads: 1, memoryBytesMax: 256 * 1024 ** 2 } as WarehouseSettings
const driver = await openDuckdbWarehouse({ folder: join(folder, 'warehouse'), settings, clock: systemClock, log })
if (!driver.made.hasTable('shop', 'orders')) {
  const session = await driver.openSession({ semantics: 'plain' })
  for (const { ddl, change } of ordersChange) await driver.made.change(session, ddl, change)
  await session.close()
}
const deps = { files: diskFiles, clock: systemClock, log }
const writer = await openWriter(appendsBuffer(folder), deps)
const appender = await startAppender(
  { folder: appendsBuffer(folder).folder },
  { ...deps, target: driver.made, release: async (sequence) => writer.release(sequence), append: async () => 0 },
)
writer.onCut(() => {
  appender.wake()
})

async function send(first: number): Promise<void> {
  const rows = Array.from({ length: rowsPerRecord }, (_, index) => first + index)
  const isNamed = (first / rowsPerRecord) % 2 === 0
  const body = appendBody(
    rows.map((n) => ({ insertId: isNamed ? `row ${n}` : undefined, json: JSON.stringify({ n: String(n) }) })),
  )
  const meta = JSON.stringify({ dataset: 'shop', table: 'orders' })
  const record = {
    kind: 'append' as const,
    source: 'shop',
    receivedAtMicros: systemClock.nowMicros(),
    count: rows.length,
    meta,
    body,
  }
  await Promise.all(isNamed ? [writer.append(record), writer.append(record)] : [writer.append(record)])
}

for (let first = Number(from); ; first += rowsPerRecord) {
  await send(first)
  process.stdout.write(`${first + rowsPerRecord}\n`)
}
