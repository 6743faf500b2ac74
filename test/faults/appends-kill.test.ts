// kill -9 of the engine while rows stream in: every row that was answered is in its table, once, with an insert id or without.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { expect, test } from 'vitest'

import { openWriter } from '../../src/buffer/writer.ts'
import { systemClock } from '../../src/core/clock.ts'
import { diskFiles } from '../../src/core/files.ts'
import { createLog } from '../../src/core/log.ts'
import type { WarehouseSettings } from '../../src/core/settings.ts'
import { startAppender } from '../../src/deliver/appends/appender.ts'
import { openDuckdbWarehouse } from '../../src/warehouse/duckdb/duckdb.ts'
import { seededRandom } from '../support/random.ts'
import { appendsBuffer, rowsPerRecord } from './appends-rig.ts'

const victim = join(import.meta.dirname, 'appends-victim.ts')

/** Resolves with the first row that was not answered, once it has been killed. */
async function runUntilKilled(folder: string, from: number, records: number): Promise<number> {
  const child = spawn(process.execPath, [victim, folder, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve()
    })
  })
  let answered = from
  let seen = 0
  for await (const line of createInterface({ input: child.stdout })) {
    answered = Number(line)
    seen += 1
    if (seen === records) child.kill('SIGKILL')
  }
  await exited
  return answered
}

async function storedRows(folder: string): Promise<Map<number, number>> {
  const log = createLog('silent')
  const settings = { threads: 1, memoryBytesMax: 256 * 1024 ** 2 } as WarehouseSettings
  const driver = await openDuckdbWarehouse({ folder: join(folder, 'warehouse'), settings, clock: systemClock, log })
  const deps = { files: diskFiles, clock: systemClock, log }
  // Ends the stream that was cut off, as every start does.
  const writer = await openWriter(appendsBuffer(folder), deps)
  const target = driver.made
  const appender = await startAppender(
    { folder: appendsBuffer(folder).folder },
    { ...deps, target, release: async (sequence) => writer.release(sequence), append: async () => 0 },
  )
  await appender.caughtUp()
  const session = await driver.openSession({ semantics: 'plain' })
  const run = await session.run(
    { sql: 'SELECT n, count(*) FROM made.shop.orders GROUP BY n' },
    new AbortController().signal,
  )
  const rows = new Map<number, number>()
  for await (const { rowCount, columns } of run.chunks)
    for (let row = 0; row < rowCount; row += 1) rows.set(Number(columns[0]?.[row]), Number(columns[1]?.[row]))
  await session.close()
  await appender.stop()
  await writer.stop()
  await driver.stop()
  return rows
}

test('Nothing answered is lost or doubled through four kills', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-appends-'))
  await mkdir(join(folder, 'warehouse'))
  const random = seededRandom(4)
  try {
    let from = 0
    const underWay = new Set<number>()
    for (let round = 0; round < 4; round += 1) {
      from = await runUntilKilled(folder, from, 5 + Math.floor(random() * 60))
      underWay.add(from)
    }
    const rows = await storedRows(folder)
    const missing = Array.from({ length: from }, (_, n) => n).filter((n) => !rows.has(n))
    expect(missing).toEqual([])
    // What was under way when a kill came is sent again by the next life: without an id it may be there twice.
    const isExcused = (first: number): boolean => underWay.has(first) && (first / rowsPerRecord) % 2 === 1
    const doubled = [...rows].filter(([n, count]) => count > 1 && !isExcused(n - (n % rowsPerRecord)))
    expect(doubled).toEqual([])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
