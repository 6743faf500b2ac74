// What every warehouse driver promises, as tests that each driver runs with a few lines: see
// src/warehouse/duckdb/duckdb.test.ts. SQL here stays within what all engines speak.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, describe, expect, test } from 'vitest'

import type { ColumnSpec, RowBlock, TableName, WarehouseDriver } from '../../src/warehouse/driver.ts'
import { systemTables } from '../../src/warehouse/schema.ts'
import { blockOf, never, planTo, rowsOf } from './warehouse-plans.ts'
import { describeUsers } from './warehouse-users.ts'
import { describeMaintenance } from './warehouse-maintenance.ts'
import { describeRetype } from './warehouse-retype.ts'

export type OpenDriver = (folder: string) => Promise<WarehouseDriver>

const clicks: TableName = { dataset: 'web', table: 'clicks' }
const clickColumns: readonly ColumnSpec[] = [
  { name: 'id', type: 'text' },
  { name: 'at', type: 'timestamp' },
  { name: 'count', type: 'integer' },
  { name: 'ratio', type: 'float' },
  { name: 'ok', type: 'boolean' },
  { name: 'properties', type: 'json' },
]
const createClicks = { kind: 'create-table', table: clicks, columns: clickColumns } as const

export interface Capabilities {
  /** The one file in the driver's folder. Without one, `replaceWith` has no meaning and its tests are left out. */
  readonly fileName?: string
}

export function describeWarehouseDriver(name: string, openDriver: OpenDriver, capabilities: Capabilities = {}): void {
  const ends: (() => Promise<void>)[] = []
  afterEach(async () => {
    while (ends.length > 0) await ends.pop()?.()
  })
  const openFresh = async (): Promise<{ driver: WarehouseDriver; folder: string }> => {
    const folder = await mkdtemp(join(tmpdir(), 'millpond-warehouse-'))
    ends.push(async () => rm(folder, { recursive: true, force: true }))
    return { driver: await openIn(folder), folder }
  }
  const openIn = async (folder: string): Promise<WarehouseDriver> => {
    const driver = await openDriver(folder)
    ends.push(async () => driver.stop())
    return driver
  }

  describe(`${name}: loads`, () => {
    test('a new warehouse has the tables of millpond, no rows and no positions', async () => {
      const { driver } = await openFresh()
      const catalog = await driver.catalog()
      expect(Object.fromEntries(catalog.get('millpond') ?? [])).toEqual(systemTables)
      expect(await driver.positions()).toEqual([])
      expect(await rowsOf(driver, 'SELECT count(*) FROM millpond.loads')).toEqual([[0]])
    })

    test('rows, counts, position and the load itself become visible together', async () => {
      const { driver } = await openFresh()
      const count = { source: 'web', stream: 'events', hourMicros: 3_600_000_000, received: 3, stored: 2 }
      const receipt = await driver.load(
        planTo(7, {
          changes: [createClicks],
          blocks: [
            blockOf(clicks, clickColumns, [
              { id: 'a', at: 1_700_000_000_123_456, count: 1, ratio: 0.5, ok: true, properties: '{"a":[1,null]}' },
              { id: 'b', at: null, count: 9_007_199_254_740_993n, ratio: null, ok: false, properties: null },
            ]),
          ],
          counts: [{ ...count, flagged: 0, duplicates: 1, quarantined: 0 }],
        }),
      )
      expect(receipt).toMatchObject({ loadId: 1, rows: 2 })
      expect(await rowsOf(driver, 'SELECT * FROM web.clicks ORDER BY id')).toEqual([
        ['a', '2023-11-14T22:13:20.123456Z', 1, 0.5, true, { a: [1, null] }],
        ['b', null, '9007199254740993', null, false, null],
      ])
      expect(await driver.positions()).toEqual([{ stream: 'events', sequence: 7 }])
      expect(await rowsOf(driver, 'SELECT stream, sequence FROM millpond.positions')).toEqual([['events', 7]])
      expect(
        await rowsOf(driver, 'SELECT load_id, stream, sequence_first, sequence_last, events FROM millpond.loads'),
      ).toEqual([[1, 'events', 0, 7, 3]])
      expect(await rowsOf(driver, 'SELECT received, stored, duplicates FROM millpond.source_counts')).toEqual([
        [3, 2, 1],
      ])
    })

    // A plan that no sound deliver/ can make is a bug of ours, and no event's fault: nothing is to be hunted for.
    test('a load that fails leaves nothing behind, and the next one works', async () => {
      const { driver } = await openFresh()
      await driver.load(planTo(1, { changes: [createClicks] }))
      const good = blockOf(clicks, clickColumns, [{ id: 'a' }])
      const strange = blockOf(clicks, [{ name: 'stranger', type: 'text' }], [{ stranger: 'x' }])
      const table = { dataset: 'shop', table: 'orders' }
      const changes = [{ kind: 'create-table', table, columns: clickColumns }] as const
      await expect(driver.load(planTo(2, { changes, blocks: [good, strange] }))).rejects.toMatchObject({
        code: 'warehouse-unavailable',
      })
      expect(await rowsOf(driver, 'SELECT count(*) FROM web.clicks')).toEqual([[0]])
      expect((await driver.catalog()).has('shop')).toBe(false)
      expect(await driver.positions()).toEqual([{ stream: 'events', sequence: 1 }])
      await driver.load(planTo(2, { changes, blocks: [good] }))
      expect(await rowsOf(driver, 'SELECT count(*) FROM web.clicks')).toEqual([[1]])
      expect(await rowsOf(driver, 'SELECT count(*) FROM shop.orders')).toEqual([[0]])
    })

    test('text that is not UTF-8 is refused, never stored', async () => {
      const { driver } = await openFresh()
      const broken = Buffer.concat([Buffer.from('long enough to need a pointer'), Buffer.from([0xff, 0xfe])])
      const offsets = Uint32Array.of(0, broken.byteLength)
      const column = { name: 'id', type: 'text', present: undefined, values: undefined, heap: broken, offsets } as const
      const block = { table: clicks, rowCount: 1, columns: [column] }
      await expect(driver.load(planTo(1, { changes: [createClicks], blocks: [block] }))).rejects.toMatchObject({
        code: 'load-refused',
      })
      const short = { ...column, heap: Uint8Array.of(0xc3), offsets: Uint32Array.of(0, 1) }
      const shortBlock = { table: clicks, rowCount: 1, columns: [short] }
      await expect(driver.load(planTo(1, { changes: [createClicks], blocks: [shortBlock] }))).rejects.toMatchObject({
        code: 'load-refused',
      })
    })

    test('a position that goes back, or rows without a step, are refused', async () => {
      const { driver } = await openFresh()
      await driver.load(planTo(5, { changes: [createClicks] }))
      const blocks = [blockOf(clicks, clickColumns, [{ id: 'again' }])]
      await expect(driver.load(planTo(4, { blocks }))).rejects.toMatchObject({ code: 'warehouse-unavailable' })
      await expect(driver.load(planTo(5, { blocks }))).rejects.toMatchObject({ code: 'warehouse-unavailable' })
      expect(await rowsOf(driver, 'SELECT count(*) FROM web.clicks')).toEqual([[0]])
    })

    test('counts of the same source, stream and hour add up; replayed letters are marked once', async () => {
      const { driver } = await openFresh()
      const count = { source: 'web', stream: 'events', hourMicros: 0, received: 1, stored: 1, flagged: 0 }
      const one = { ...count, duplicates: 0, quarantined: 0 }
      const letters = { dataset: 'millpond', table: 'dead_letters' }
      const letter = { id: 'events-1-0', source: 'web', reason: 'too_deep', received_at: 0, events: 1, raw: '{}' }
      await driver.load(
        planTo(1, { counts: [one, one], blocks: [blockOf(letters, systemTables.dead_letters, [letter])] }),
      )
      await driver.load(planTo(2, { counts: [one, { ...one, hourMicros: 3_600_000_000 }], replayed: ['events-1-0'] }))
      expect(await rowsOf(driver, 'SELECT received, stored FROM millpond.source_counts ORDER BY hour')).toEqual([
        [3, 3],
        [1, 1],
      ])
      const replayed = await rowsOf(driver, 'SELECT replayed_at FROM millpond.dead_letters')
      expect(replayed[0]?.[0]).not.toBe(null)
      await driver.load(planTo(3, { replayed: ['events-1-0'] }))
      expect(await rowsOf(driver, 'SELECT replayed_at FROM millpond.dead_letters')).toEqual(replayed)
    })

    test('many rows keep their order and every kind of text', async () => {
      const { driver } = await openFresh()
      const texts = ['', 'ü', 'twelve bytes', 'thirteen byte', '水'.repeat(5000), '\u0000 inside', null, 'x'.repeat(12)]
      const rows = Array.from({ length: 5000 }, (_, row) => ({ count: row, id: texts[row % texts.length] ?? null }))
      await driver.load(planTo(1, { changes: [createClicks], blocks: [blockOf(clicks, clickColumns, rows)] }))
      expect(await rowsOf(driver, 'SELECT id FROM web.clicks ORDER BY "count"')).toEqual(rows.map(({ id }) => [id]))
    })
  })

  describe(`${name}: shapes`, () => {
    test('tables, columns, a wider type and the union change inside the load that needs them', async () => {
      const { driver } = await openFresh()
      const views = { dataset: 'web', table: 'views' }
      const union = {
        kind: 'define-union',
        table: { dataset: 'web', table: 'tracks' },
        columns: [
          { name: 'id', type: 'text' },
          { name: 'page', type: 'text' },
          { name: 'properties', type: 'json' },
        ],
        members: [
          { table: 'clicks', columns: ['id', 'properties'] },
          { table: 'views', columns: ['id', 'page'] },
        ],
      } as const
      await driver.load(
        planTo(1, {
          changes: [createClicks],
          blocks: [blockOf(clicks, clickColumns, [{ id: 'a', count: 2, properties: '{}' }])],
        }),
      )
      const wider = clickColumns.map((column) =>
        column.name === 'count' ? { ...column, type: 'float' as const } : column,
      )
      const page = { name: 'page', type: 'text' } as const
      await driver.load(
        planTo(2, {
          changes: [
            { kind: 'create-table', table: views, columns: [{ name: 'id', type: 'text' }] },
            { kind: 'add-column', table: views, column: page },
            { kind: 'widen-column', table: clicks, column: 'count' },
            union,
          ],
          blocks: [
            blockOf(views, [{ name: 'id', type: 'text' }, page], [{ id: 'v', page: '/home' }]),
            blockOf(clicks, wider, [{ id: 'b', count: 2.5 }]),
          ],
        }),
      )
      expect(await rowsOf(driver, 'SELECT id, "count" FROM web.clicks ORDER BY id')).toEqual([
        ['a', 2],
        ['b', 2.5],
      ])
      expect(await rowsOf(driver, 'SELECT * FROM web.tracks ORDER BY id')).toEqual([
        ['a', null, {}],
        ['b', null, null],
        ['v', '/home', null],
      ])
      const catalog = await driver.catalog()
      expect(catalog.get('web')?.get('clicks')).toEqual(wider)
      expect(catalog.get('web')?.get('views')).toEqual([{ name: 'id', type: 'text' }, page])
      expect(catalog.get('web')?.has('tracks')).toBe(false)
    })

    test('names may be reserved words, other scripts, or hold quotes and spaces', async () => {
      const { driver, folder } = await openFresh()
      const table = { dataset: '选择', table: 'select "from" 购买' }
      const columns = ['at', 'select', 'ä "ö"', '__proto__', 'rowid_', 'Ａ'].map(
        (name) => ({ name, type: 'text' }) as const,
      )
      const row = Object.fromEntries(columns.map((column) => [column.name, column.name]))
      const changes = [{ kind: 'create-table', table, columns }] as const
      await driver.load(planTo(1, { changes, blocks: [blockOf(table, columns, [row])] }))
      expect(await rowsOf(driver, 'SELECT * FROM "选择"."select ""from"" 购买"')).toEqual([
        columns.map((column) => row[column.name] ?? null),
      ])
      await driver.checkpoint()
      await driver.stop()
      const again = await openIn(folder)
      expect((await again.catalog()).get('选择')?.get(table.table)).toEqual(columns)
    })
  })

  describeUsers(name, openFresh)
  describeRetype(name, openFresh)
  describeMaintenance(name, { openFresh, openIn, ...capabilities })

  describe(`${name}: durability`, () => {
    test('a checkpoint says what it covers; exactly that is there after a start without a goodbye', async () => {
      const { driver, folder } = await openFresh()
      const row = (id: string): RowBlock => blockOf(clicks, clickColumns, [{ id }])
      await driver.load(planTo(1, { changes: [createClicks], blocks: [row('covered')] }))
      expect(await driver.checkpoint()).toEqual([{ stream: 'events', sequence: 1 }])
      await driver.load(planTo(2, { blocks: [row('not covered')] }))
      expect(await rowsOf(driver, 'SELECT count(*) FROM web.clicks')).toEqual([[2]])
      await driver.stop()
      const again = await openIn(folder)
      expect(await again.positions()).toEqual([{ stream: 'events', sequence: 1 }])
      expect(await rowsOf(again, 'SELECT id FROM web.clicks')).toEqual([['covered']])
      await again.load(planTo(2, { blocks: [row('not covered')] }))
      expect(await rowsOf(again, 'SELECT count(*) FROM web.clicks')).toEqual([[2]])
    })
  })

  describe(`${name}: queries`, () => {
    test('a query ends early when nobody reads on, and when it is aborted', async () => {
      const { driver } = await openFresh()
      const rows = Array.from({ length: 50_000 }, (_, row) => ({ count: row }))
      await driver.load(planTo(1, { changes: [createClicks], blocks: [blockOf(clicks, clickColumns, rows)] }))
      const run = await driver.query('SELECT a."count" FROM web.clicks a, web.clicks b', never)
      for await (const chunk of run.rows) {
        expect(chunk.length).toBeGreaterThan(0)
        break
      }
      const abort = new AbortController()
      const endless = driver.query(
        'SELECT count(*) FROM web.clicks a, web.clicks b WHERE a."count" < b."count"',
        abort.signal,
      )
      const failed = expect(endless.then(async (it) => Array.fromAsync(it.rows))).rejects.toMatchObject({
        code: 'query-cancelled',
      })
      setImmediate(() => {
        abort.abort()
      })
      await failed
      const unread = await driver.query('SELECT 1', never)
      await unread.close()
      await unread.close()
      await expect(driver.query('SELECT 1', AbortSignal.abort())).rejects.toMatchObject({ code: 'query-cancelled' })
    })

    test('a query sees one moment while loads go on', async () => {
      const { driver } = await openFresh()
      const rows = Array.from({ length: 10_000 }, (_, row) => ({ count: row }))
      await driver.load(planTo(1, { changes: [createClicks], blocks: [blockOf(clicks, clickColumns, rows)] }))
      const run = await driver.query('SELECT "count" FROM web.clicks', never)
      await driver.load(planTo(2, { blocks: [blockOf(clicks, clickColumns, rows)] }))
      await driver.checkpoint()
      let seen = 0
      for await (const chunk of run.rows) seen += chunk.length
      expect(seen).toBe(10_000)
      expect(await rowsOf(driver, 'SELECT count(*) FROM web.clicks')).toEqual([[20_000]])
    })

    test.each([
      ['SELECT nonsense', 'query-invalid'],
      ['SELEKT 1', 'query-invalid'],
      ['', 'query-invalid'],
      ["SELECT CAST('x' AS INTEGER)", 'query-invalid'],
      ['SELECT 1; SELECT 2', 'query-refused'],
      ["INSERT INTO millpond.positions VALUES ('x', 1)", 'query-refused'],
      ['DELETE FROM millpond.positions', 'query-refused'],
      ['DROP TABLE millpond.positions', 'query-refused'],
      ['CREATE TABLE millpond.mine AS SELECT 1 AS one', 'query-refused'],
    ])('%s is answered with %s', async (sql, code) => {
      const { driver } = await openFresh()
      await expect(rowsOf(driver, sql)).rejects.toMatchObject({ code })
      expect(await rowsOf(driver, 'SELECT count(*) FROM millpond.positions')).toEqual([[0]])
    })
  })
}
