// What was committed to made tables is there after kill -9, wherever it came: before, in or behind a checkpoint.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

import { expect, test } from 'vitest'

import { systemClock } from '../../core/clock.ts'
import { createLog } from '../../core/log.ts'
import type { WarehouseSettings } from '../../core/settings.ts'
import { openDuckdbWarehouse } from './duckdb.ts'

const victim = resolve(import.meta.dirname, '../../../test/contract/warehouse-made-victim.ts')

/** Runs it until it has said so many lines; the last count that it told. */
async function killAfter(folder: string, linesMax: number): Promise<number> {
  const child = spawn(process.execPath, [victim, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  let told = 0
  let lines = 0
  for await (const line of createInterface({ input: child.stdout })) {
    told = Number(line)
    lines += 1
    if (lines === linesMax) child.kill('SIGKILL')
  }
  return told
}

test('nothing committed is lost, nothing comes twice', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-made-kill-'))
  try {
    for (const lines of [3, 5, 9]) {
      const told = await killAfter(folder, lines)
      const settings = { threads: 2, memoryBytesMax: 512 * 1024 ** 2 } as WarehouseSettings
      const driver = await openDuckdbWarehouse({ folder, settings, clock: systemClock, log: createLog('silent') })
      const session = await driver.openSession({ semantics: 'plain' })
      const sql = 'SELECT count(*), count(DISTINCT id), max(id) FROM made.shop.orders'
      const run = await session.run({ sql }, new AbortController().signal)
      for await (const { columns } of run.chunks) {
        const [count, distinct, last] = columns.map((column) => Number(column[0]))
        expect(count).toBeGreaterThanOrEqual(told)
        expect(distinct).toBe(count)
        expect(last).toBe((count ?? 0) - 1)
        // A position is never ahead of its rows.
        for (const { sequence } of await driver.made.positions()) expect(sequence).toBeLessThanOrEqual(count ?? 0)
      }
      await driver.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 60_000)
