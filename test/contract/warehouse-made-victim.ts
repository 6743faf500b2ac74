// A process to be killed: commits rows to a made table of the warehouse of argv[2], some of them by streamed plans, checkpoints now
// and then, and prints after each commit how many rows there must be.
import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import type { WarehouseSettings } from '../../src/core/settings.ts'
import { openDuckdbWarehouse } from '../../src/warehouse/duckdb/duckdb.ts'

const folder = process.argv[2] ?? ''
const settings = { threads: 2, memoryBytesMax: 512 * 1024 ** 2 } as WarehouseSettings
const { made, ...driver } = await (async () => {
  const opened = await openDuckdbWarehouse({ folder, settings, clock: systemClock, log: createLog('silent') })
  return { made: opened.made, openSession: opened.openSession.bind(opened) }
})()
const session = await driver.openSession({ semantics: 'plain' })
const times = { createdAtMicros: 1, changedAtMicros: 1 }
if (made.catalog().datasets.length === 0) {
  await made.change(session, [], { kind: 'put-dataset', dataset: { dataset: 'shop', options: {}, ...times } })
  const table = {
    dataset: 'shop',
    table: 'orders',
    kind: 'table',
    columns: [],
    clustering: [],
    options: {},
    ...times,
  } as const
  await made.change(session, ['CREATE TABLE made.shop.orders (id BIGINT)'], { kind: 'put-table', table })
}
const run = await session.run({ sql: 'SELECT count(*) FROM made.shop.orders' }, new AbortController().signal)
let count = 0
for await (const chunk of run.chunks) count = Number(chunk.columns[0]?.[0])
for (let round = 0; ; round += 1) {
  if (round % 2 === 0) {
    await session.execute(
      { sql: `INSERT INTO made.shop.orders SELECT * FROM range(${count}, ${count + 1000})` },
      new AbortController().signal,
    )
  } else {
    const rows = Array.from({ length: 1000 }, (_, row) => `{"id":"${count + row}"}`)
    const insertIds = rows.map((_, row) => `row ${count + row}`)
    const inserts = [{ dataset: 'shop', table: 'orders', rows, insertIds }]
    await made.appendPlan({ positions: [{ stream: 'appends', sequence: count + 1000 }], inserts })
  }
  count += 1000
  process.stdout.write(`${count}\n`)
  if (round % 5 === 4) await made.checkpoint()
}
