// Made datasets on a real engine: bookkeeping that commits with its DDL, versions, and the log that keeps it all.
import { copyFile, mkdir, readFile, readdir, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { blockOf, planTo } from '../../../test/contract/warehouse-plans.ts'
import { openMade, orders, times, useMade } from '../../../test/support/made-shop.ts'
import type { ColumnSpec } from '../driver.ts'
import type { EngineValue } from '../session.ts'

const rig = useMade()
const { rowsOf, execute, putDataset, makeShop } = rig
const never = new AbortController().signal
const columns: readonly ColumnSpec[] = [{ name: 'id', type: 'text' }]

describe('bookkeeping', () => {
  test('stands with its tables, and again after a restart', async () => {
    await makeShop()
    const routine = { dataset: 'shop', name: 'double', definition: 'CREATE FUNCTION …', createdAtMicros: 3 }
    await rig.driver.made.change(rig.session, [], { kind: 'put-routine', routine })
    const expected = {
      datasets: [{ dataset: 'shop', options: { location: 'EU' }, ...times }],
      tables: [orders],
      routines: [routine],
    }
    expect(rig.driver.made.catalog()).toEqual(expected)
    await rig.restart()
    expect(rig.driver.made.catalog()).toEqual(expected)
    expect(await rowsOf('SELECT count(*) FROM made.shop.orders')).toEqual([[10n]])
    await rig.driver.made.change(rig.session, ['DROP TABLE made.shop.orders'], {
      kind: 'drop-table',
      dataset: 'shop',
      table: 'orders',
    })
    await rig.driver.made.change(rig.session, [], { kind: 'drop-routine', dataset: 'shop', name: 'double' })
    expect(rig.driver.made.catalog()).toMatchObject({ tables: [], routines: [] })
  })

  test('is as its transaction is: seen inside, gone with a rollback', async () => {
    await rig.session.begin('read-write', never)
    await makeShop()
    expect(rig.driver.made.catalog().datasets).toEqual([])
    expect(rig.driver.made.catalog(rig.session).tables).toEqual([orders])
    await rig.session.rollback()
    expect(rig.driver.made.catalog(rig.session)).toEqual({ datasets: [], tables: [], routines: [] })
    await rig.session.begin('read-write', never)
    await makeShop()
    await rig.session.commit()
    expect(rig.driver.made.catalog().tables).toEqual([orders])
  })

  test('a failing statement leaves nothing', async () => {
    await putDataset('shop')
    const table = { ...orders, table: 'bad' }
    const ddl = ['CREATE TABLE made.shop.bad (a BIGINT)', 'CREATE TABLE made.shop.bad (a BIGINT)']
    await expect(rig.driver.made.change(rig.session, ddl, { kind: 'put-table', table })).rejects.toMatchObject({
      code: 'table-exists',
    })
    expect(rig.driver.made.catalog().tables).toEqual([])
    await expect(rowsOf('FROM made.shop.bad')).rejects.toMatchObject({ code: 'query-invalid' })
    const gone = { kind: 'drop-table', dataset: 'shop', table: 'bad' } as const
    await expect(rig.driver.made.change(rig.session, ['DROP TABLE made.shop.bad'], gone)).rejects.toMatchObject({
      code: 'table-unknown',
    })
  })

  test('a dataset goes with all that is in it', async () => {
    await makeShop()
    await rig.driver.made.change(rig.session, [], { kind: 'drop-dataset', dataset: 'shop' })
    expect(rig.driver.made.catalog()).toEqual({ datasets: [], tables: [], routines: [] })
    await expect(rowsOf('FROM made.shop.orders')).rejects.toMatchObject({ code: 'query-invalid' })
  })

  test('names that are taken are refused', async () => {
    await rig.driver.load(
      planTo(1, { changes: [{ kind: 'create-table', table: { dataset: 'web', table: 't' }, columns }] }),
    )
    for (const name of [
      'web',
      'WEB',
      'millpond',
      '_millpond',
      'logs',
      'ai',
      'main',
      'information_schema',
      'pg_catalog',
    ]) {
      await expect(putDataset(name), name).rejects.toMatchObject({ code: 'table-exists' })
    }
    for (const name of ['', 'a-b', 'a.b', '"', 'ä']) {
      await expect(putDataset(name), name).rejects.toMatchObject({ code: 'query-invalid' })
    }
    await putDataset('Shop')
    await expect(putDataset('shop')).rejects.toMatchObject({ code: 'table-exists' })
    await putDataset('Shop')
  })
})

describe('versions', () => {
  test('grow with every commit of a table, fed or made, and with nothing else', async () => {
    const fed = { dataset: 'web', table: 't' }
    const load = async (sequence: number): Promise<unknown> =>
      rig.driver.load(
        planTo(sequence, {
          changes: sequence === 1 ? [{ kind: 'create-table', table: fed, columns }] : [],
          blocks: [blockOf(fed, columns, [{ id: `${sequence}` }])],
        }),
      )
    const of = (dataset: string, table: string): number => rig.driver.made.version(dataset, table)
    expect(of('web', 't')).toBe(0)
    await load(1)
    const first = of('web', 't')
    expect(first).toBeGreaterThan(0)
    const view = of('web', 'all_events')
    await load(2)
    expect(of('web', 't')).toBe(first + 1)
    expect(of('web', 'all_events')).toBeGreaterThan(view)
    await makeShop()
    const made = of('shop', 'orders')
    expect(made).toBeGreaterThan(0)
    await rig.session.begin('read-write', never)
    rig.driver.made.touch(rig.session, 'shop', 'orders')
    expect(of('shop', 'orders')).toBe(made)
    await rig.session.commit()
    expect(of('shop', 'orders')).toBe(made + 1)
    await rig.session.begin('read-write', never)
    rig.driver.made.touch(rig.session, 'shop', 'orders')
    await rig.session.rollback()
    expect(of('shop', 'orders')).toBe(made + 1)
    const before = of('web', 't')
    await rig.driver.maintenance.erase({
      dataset: 'web',
      userId: 'nobody',
      anonymousId: undefined,
      receivedUntilMicros: 1,
    })
    expect(of('web', 't')).toBeGreaterThan(before)
  })
})

describe('the log', () => {
  const filePath = (): string => join(rig.folder, 'made.duckdb')
  const logPath = (): string => `${filePath()}.wal`

  async function copyTo(name: string): Promise<string> {
    const copy = join(rig.folder, name)
    await mkdir(copy)
    const { file, log, release } = await rig.driver.made.holdStill()
    if ((await stat(log).catch(() => undefined)) !== undefined) await copyFile(log, join(copy, 'made.duckdb.wal'))
    await copyFile(file, join(copy, 'made.duckdb'))
    release()
    return copy
  }

  async function countIn(at: string): Promise<EngineValue> {
    const other = await openMade(at)
    try {
      const reader = await other.openSession({ semantics: 'plain' })
      return (await rowsOf('SELECT count(*) FROM made.shop.orders', reader))[0]?.[0] ?? null
    } finally {
      await other.stop()
    }
  }

  test('what is committed is on disk before any checkpoint', async () => {
    await makeShop()
    expect((await stat(logPath())).size).toBeGreaterThan(0)
    // What kill -9 would leave at this moment.
    const copy = join(rig.folder, 'killed')
    await mkdir(copy)
    await copyFile(logPath(), join(copy, 'made.duckdb.wal'))
    await copyFile(filePath(), join(copy, 'made.duckdb'))
    expect(await countIn(copy)).toBe(10n)
    expect(await rig.driver.made.checkpoint()).toBe(true)
    expect(await countIn(await copyTo('checkpointed'))).toBe(10n)
  })

  test('a torn one opens, with all that was whole', async () => {
    await makeShop()
    const whole = (await stat(logPath())).size
    await execute('INSERT INTO made.shop.orders SELECT * FROM range(1000)')
    const longer = (await stat(logPath())).size
    for (const [index, size] of [longer - 1, whole + 9, whole + 1, whole].entries()) {
      const copy = join(rig.folder, `torn-${index}`)
      await mkdir(copy)
      await copyFile(logPath(), join(copy, 'made.duckdb.wal'))
      await copyFile(filePath(), join(copy, 'made.duckdb'))
      await truncate(join(copy, 'made.duckdb.wal'), size)
      expect(await countIn(copy), String(size)).toBe(10n)
      // And goes on from there.
      expect(await countIn(copy)).toBe(10n)
    }
  })

  test.each(['zeros', 'noise'])('%s at its end, as a power cut may leave, are cut off', async (kind) => {
    await makeShop()
    const copy = join(rig.folder, kind)
    await mkdir(copy)
    const tail = Buffer.alloc(4096, kind === 'zeros' ? 0 : 'noise')
    await writeFile(join(copy, 'made.duckdb.wal'), Buffer.concat([await readFile(logPath()), tail]))
    await copyFile(filePath(), join(copy, 'made.duckdb'))
    expect(await countIn(copy)).toBe(10n)
    expect(await countIn(copy)).toBe(10n)
  })

  test('a last entry with a wrong byte is cut off, and the log kept aside', async () => {
    await makeShop()
    await execute('INSERT INTO made.shop.orders SELECT * FROM range(1000)')
    const bytes = await readFile(logPath())
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 40) ^ 255, bytes.length - 40)
    const copy = join(rig.folder, 'rotten')
    await mkdir(copy)
    await writeFile(join(copy, 'made.duckdb.wal'), bytes)
    await copyFile(filePath(), join(copy, 'made.duckdb'))
    expect(await countIn(copy)).toBe(10n)
    expect(await countIn(copy)).toBe(10n)
    expect((await stat(join(copy, 'made.duckdb.wal.torn'))).size).toBe(bytes.length)
  })

  test('a copy taken while others write is whole', async () => {
    await makeShop()
    let isDone = false
    const writing = (async () => {
      const writer = await rig.driver.openSession({ semantics: 'plain' })
      while (!isDone) {
        await execute('INSERT INTO made.shop.orders SELECT * FROM range(5000)', writer)
        await rig.driver.made.checkpoint()
      }
      await writer.close()
    })()
    for (let round = 0; round < 3; round += 1) {
      const count = await countIn(await copyTo(`copy-${round}`))
      expect((Number(count) - 10) % 5000).toBe(0)
    }
    isDone = true
    await writing
  })

  test('checkpoints pass while loads, readers and a fed checkpoint go on', async () => {
    await makeShop()
    const fed = { dataset: 'web', table: 't' }
    await rig.driver.load(planTo(1, { changes: [{ kind: 'create-table', table: fed, columns }] }))
    const reader = await rig.driver.openSession({ semantics: 'plain' })
    const open = await reader.run({ sql: 'SELECT id FROM made.shop.orders, range(100000)' }, never)
    for (let round = 2; round < 8; round += 1) {
      await execute('INSERT INTO made.shop.orders SELECT * FROM range(100)')
      const rows = Array.from({ length: 1000 }, (_, row) => ({ id: `${round} ${row}` }))
      const [, checkpointed] = await Promise.all([
        rig.driver
          .load(planTo(round, { blocks: [blockOf(fed, columns, rows)] }))
          .then(async () => rig.driver.checkpoint()),
        rig.driver.made.checkpoint(),
      ])
      expect(checkpointed).toBeTypeOf('boolean')
    }
    let count = 0
    for await (const chunk of open.chunks) count += chunk.rowCount
    expect(count).toBe(1_000_000)
    await reader.close()
    expect(await rowsOf('SELECT count(*) FROM made.shop.orders')).toEqual([[610n]])
  })

  test('a log without its file is not played into a new one', async () => {
    const empty = join(rig.folder, 'empty')
    await mkdir(empty)
    await writeFile(join(empty, 'made.duckdb.wal'), 'left over')
    const other = await openMade(empty)
    expect(other.made.catalog().datasets).toEqual([])
    await other.stop()
    expect(await readdir(empty)).toContain('made.duckdb.wal.unused')
  })

  test('a folder has one owner', async () => {
    expect(await rig.driver.made.fileBytes()).toBeGreaterThan(10_000)
  })
})
