// The way of made.duckdb to another engine, when a rebuilt file takes the place of the fed one.
import { readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'

import { beforeEach, describe, expect, test } from 'vitest'

import { blockOf, planTo } from '../../../test/contract/warehouse-plans.ts'
import { smallEngine } from '../../../test/support/duckdb-session.ts'
import { useMade } from '../../../test/support/made-shop.ts'
import { systemClock } from '../../core/clock.ts'
import { createLog } from '../../core/log.ts'
import type { ColumnSpec } from '../driver.ts'
import type { EngineValue } from '../session.ts'
import { openDuckdbWarehouse } from './duckdb.ts'

const rig = useMade()
const { rowsOf, execute, makeShop } = rig
const never = new AbortController().signal
const columns: readonly ColumnSpec[] = [{ name: 'id', type: 'text' }]

describe('another engine takes the place of the present one', () => {
  /** A closed fed file beside, as a rebuild leaves it. */
  async function rebuilt(): Promise<string> {
    const beside = join(rig.folder, `rebuilt-${Math.random()}`)
    const other = await openDuckdbWarehouse({
      folder: beside,
      settings: smallEngine,
      clock: systemClock,
      log: createLog('silent'),
      hasMade: false,
    })
    await other.load(
      planTo(9, {
        changes: [{ kind: 'create-table', table: { dataset: 'web', table: 't' }, columns }],
        blocks: [blockOf({ dataset: 'web', table: 't' }, columns, [{ id: 'new' }])],
      }),
    )
    await other.checkpoint()
    await other.stop()
    expect(await readdir(beside)).not.toContain('made.duckdb')
    return join(beside, 'fed.duckdb')
  }

  /** How often this process has the file open. */
  async function openHandles(): Promise<number> {
    const targets = await Promise.all(
      (await readdir('/proc/self/fd')).map(async (fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    )
    return targets.filter((target) => target === join(rig.folder, 'made.duckdb')).length
  }

  beforeEach(async () => {
    const changes = [{ kind: 'create-table', table: { dataset: 'web', table: 't' }, columns }] as const
    await rig.driver.load(
      planTo(1, { changes, blocks: [blockOf({ dataset: 'web', table: 't' }, columns, [{ id: 'old' }])] }),
    )
    await rig.driver.checkpoint()
    await makeShop()
  })

  test('sessions move to it, with their inline tables and functions, and made tables are there', async () => {
    await rig.session.putInlineTable({ name: 'list', columns: [{ name: 'a', type: 'BIGINT' }], rows: [[7n]] })
    rig.session.putFunction({ id: 'f', parameterNames: ['a'], body: 'return a * 2' })
    expect(await rowsOf(`SELECT memory.bq.js('f', '[4]'), a FROM temp.main.list`)).toEqual([['8', 7n]])
    await rig.driver.maintenance.replaceWith(await rebuilt())
    expect(await rowsOf(`SELECT memory.bq.js('f', '[4]'), a FROM temp.main.list`)).toEqual([['8', 7n]])
    expect(await rowsOf('SELECT id FROM web.t')).toEqual([['new']])
    expect(await execute('INSERT INTO made.shop.orders VALUES (11)')).toBe(1)
    expect(await rowsOf('SELECT count(*) FROM made.shop.orders')).toEqual([[11n]])
    expect(await openHandles()).toBe(1)
  })

  test('whoever reads fed rows goes on over the old ones', async () => {
    const run = await rig.session.run({ sql: 'SELECT id FROM web.t, range(200000)' }, never)
    await rig.driver.maintenance.replaceWith(await rebuilt())
    expect(await openHandles()).toBe(1)
    const ids = new Set<EngineValue>()
    for await (const chunk of run.chunks) for (const id of chunk.columns[0] ?? []) ids.add(id)
    expect([...ids]).toEqual(['old'])
    expect(await rowsOf('SELECT id FROM web.t')).toEqual([['new']])
  })

  test('whoever reads made rows is waited for', async () => {
    const run = await rig.session.run({ sql: 'SELECT id FROM made.shop.orders, range(20000)' }, never)
    const replacing = rig.driver.maintenance.replaceWith(await rebuilt())
    let count = 0
    for await (const chunk of run.chunks) count += chunk.rowCount
    expect(count).toBe(200_000)
    await replacing
    expect(await openHandles()).toBe(1)
    expect(await rowsOf('SELECT count(*) FROM made.shop.orders')).toEqual([[10n]])
  })

  test('whoever does not end is interrupted, and hears why until he rolls back', async () => {
    await rig.session.begin('read-only', never)
    expect(await rowsOf('SELECT count(*) FROM made.shop.orders')).toEqual([[10n]])
    const other = await rig.driver.openSession({ semantics: 'plain' })
    const run = await other.run({ sql: 'SELECT id FROM made.shop.orders, range(2000000)' }, never)
    const idle = await rig.driver.openSession({ semantics: 'plain' })
    await idle.begin('read-only', never)
    expect(await rowsOf('SELECT id FROM web.t', idle)).toEqual([['old']])
    await rig.driver.maintenance.replaceWith(await rebuilt())
    expect(await openHandles()).toBe(1)
    await expect(rowsOf('SELECT 1')).rejects.toMatchObject({ code: 'query-cancelled', message: /made again/ })
    await expect(rowsOf('SELECT 1')).rejects.toMatchObject({ code: 'query-cancelled' })
    await rig.session.rollback()
    expect(await rowsOf('SELECT id FROM web.t')).toEqual([['new']])
    await expect(async () => {
      for await (const chunk of run.chunks) expect(chunk.rowCount).toBeGreaterThan(0)
    }).rejects.toMatchObject({ code: 'query-cancelled' })
    // Of fed rows alone, the open transaction still sees its moment.
    expect(await rowsOf('SELECT id FROM web.t', idle)).toEqual([['old']])
    await expect(rowsOf('SELECT count(*) FROM made.shop.orders', idle)).rejects.toMatchObject({
      code: 'query-cancelled',
    })
    await idle.commit()
    expect(await rowsOf('SELECT count(*) FROM made.shop.orders', idle)).toEqual([[10n]])
    await idle.close()
    await other.close()
  })

  test('writers come before or after', async () => {
    await rig.session.begin('read-write', never)
    await execute('INSERT INTO made.shop.orders VALUES (12)')
    const replacing = rig.driver.maintenance.replaceWith(await rebuilt())
    const other = await rig.driver.openSession({ semantics: 'plain' })
    const late = execute('INSERT INTO made.shop.orders VALUES (13)', other)
    await rig.session.commit()
    await replacing
    expect(await late).toBe(1)
    expect(await rowsOf('SELECT count(*) FROM made.shop.orders')).toEqual([[12n]])
    await other.close()
  })
})
