// Sessions on a real engine: parameters, transactions, cancelling, what is refused.
import { readFile, rm } from 'node:fs/promises'

import { describe, expect, test } from 'vitest'

import { useSession } from '../../../test/support/duckdb-session.ts'
import { systemClock } from '../../core/clock.ts'
import type { EngineValue } from '../session.ts'

const rig = useSession()
const { rowsOf, valueOf, execute } = rig
const never = new AbortController().signal

describe('a statement that fails behind its first rows', () => {
  test('is told, not cut short', async () => {
    const sql = `SELECT CASE WHEN i > $from::BIGINT THEN error('boom') ELSE i END FROM range(1000000) r(i)`
    await expect(rowsOf(sql, new Map([['from', '500000']]))).rejects.toMatchObject({
      code: 'query-invalid',
      message: 'boom',
    })
    expect((await rowsOf(sql, new Map([['from', '2000000']]))).length).toBe(1_000_000)
    await rig.session.begin('read-only', never)
    await expect(rowsOf(sql, new Map([['from', '500000']]))).rejects.toMatchObject({ message: 'boom' })
    await rig.session.rollback()
    await expect(async () => {
      const run = await rig.driver.query(sql.replace('$from', '500000'), never)
      for await (const rows of run.rows) expect(rows.length).toBeGreaterThan(0)
    }).rejects.toMatchObject({ code: 'query-invalid', message: /boom/ })
  })
})

describe('parameters', () => {
  test('are bound as text, and cast by the statement', async () => {
    const parameters = new Map([
      ['n', '9007199254740993'],
      ['evil', "'; DROP TABLE x; --"],
      ['none', null],
      ['p1', '2026-01-01'],
    ])
    expect(await rowsOf('SELECT $n::BIGINT + 0, $evil, $none::DATE, $p1::DATE, [$evil]', parameters)).toEqual([
      [9_007_199_254_740_993n, "'; DROP TABLE x; --", null, 20_454, ["'; DROP TABLE x; --"]],
    ])
  })

  test('one without a value is named', async () => {
    await expect(rowsOf('SELECT $wanted')).rejects.toMatchObject({ code: 'query-invalid', message: /wanted/ })
  })
})

describe('describe', () => {
  test('tells columns and parameters, and runs nothing', async () => {
    const shape = await rig.session.describe(
      { sql: 'SELECT id, $n::BIGINT AS n FROM web.tracks WHERE id = $id' },
      never,
    )
    expect(shape).toEqual({
      columns: [
        { name: 'id', type: { kind: 'VARCHAR' } },
        { name: 'n', type: { kind: 'BIGINT' } },
      ],
      parameters: [
        { name: 'n', type: { kind: 'BIGINT' } },
        { name: 'id', type: { kind: 'VARCHAR' } },
      ],
      statementType: 'SELECT',
    })
    await rig.session.describe({ sql: 'CREATE TABLE made.main.never (a INTEGER)' }, never)
    expect(await rowsOf(`SELECT table_name FROM duckdb_tables() WHERE table_name = 'never'`)).toEqual([])
  })

  test('columns of untyped parameters are text', async () => {
    const shape = await rig.session.describe({ sql: 'SELECT $a AS x, 1 AS y -- remark' }, never)
    expect(shape.columns).toEqual([
      { name: 'x', type: { kind: 'VARCHAR' } },
      { name: 'y', type: { kind: 'INTEGER' } },
    ])
    expect(shape.parameters).toEqual([{ name: 'a', type: undefined }])
  })
})

describe('one statement at a time', () => {
  test('a second one beside an open one is a mistake of ours', async () => {
    const run = await rig.session.run({ sql: 'FROM range(100000)' }, never)
    await expect(rowsOf('SELECT 1')).rejects.toMatchObject({ code: 'bug' })
    await run.close()
    await run.close()
    expect(await valueOf('SELECT 1')).toBe(1)
  })

  test('breaking off frees the session', async () => {
    const run = await rig.session.run({ sql: 'FROM range(1000000)' }, never)
    for await (const chunk of run.chunks) {
      expect(chunk.rowCount).toBe(2048)
      break
    }
    expect(await valueOf('SELECT 1')).toBe(1)
  })

  test('two statements in one text are refused', async () => {
    await expect(rowsOf('SELECT 1; SELECT 2')).rejects.toMatchObject({ code: 'query-invalid' })
  })
})

describe('cancelling', () => {
  const heavy = 'SELECT count(*) FROM range(1000000) a(x), range(1000000) b(y) WHERE hash(x, y) = 7'

  test('interrupts before the first row, and the session lives on', async () => {
    const cancel = new AbortController()
    const running = rig.session.run({ sql: heavy }, cancel.signal).then(async (run) => {
      for await (const chunk of run.chunks) expect(chunk).toBeUndefined()
    })
    systemClock.schedule(() => {
      cancel.abort()
    }, 50)
    await expect(running).rejects.toMatchObject({ code: 'query-cancelled' })
    expect(await valueOf('SELECT 1')).toBe(1)
  })

  test('ends what nobody reads', async () => {
    const cancel = new AbortController()
    const run = await rig.session.run({ sql: 'FROM range(10000000)' }, cancel.signal)
    cancel.abort()
    const reading = (async () => {
      for await (const chunk of run.chunks) expect(chunk).toBeUndefined()
    })()
    await expect(reading).rejects.toMatchObject({ code: 'query-cancelled' })
    expect(await valueOf('SELECT 1')).toBe(1)
  })

  test('closing interrupts, too', async () => {
    const other = await rig.driver.openSession({ semantics: 'plain' })
    const running = rowsOf(heavy, undefined, other)
    const closing = other.close()
    await expect(running).rejects.toMatchObject({ code: 'query-cancelled' })
    await closing
    await other.close()
    await expect(rowsOf('SELECT 1', undefined, other)).rejects.toMatchObject({ code: 'query-cancelled' })
  })
})

describe('writing', () => {
  test('a reading statement cannot write', async () => {
    await expect(rowsOf('CREATE TABLE made.main.x AS SELECT 1')).rejects.toMatchObject({ code: 'made-unwritable' })
    await expect(rowsOf('DELETE FROM web.tracks')).rejects.toMatchObject({ code: 'made-unwritable' })
  })

  test('fed tables and helpers are never written', async () => {
    for (const sql of [
      'DELETE FROM fed.web.tracks',
      `INSERT INTO web.tracks VALUES ('c')`,
      'DROP TABLE fed.web.tracks',
      'CREATE MACRO memory.bq.evil(x) AS x',
      'CREATE TABLE memory.main.x (a INTEGER)',
      'CREATE TABLE nowhere (a INTEGER)',
    ]) {
      await expect(execute(sql), sql).rejects.toMatchObject({ code: 'made-unwritable' })
    }
    expect(await valueOf('SELECT count(*) FROM web.tracks')).toBe(2n)
  })

  test('counts the rows it changed', async () => {
    await execute('CREATE TEMP TABLE t (a INTEGER)')
    expect(await execute('INSERT INTO temp.main.t SELECT * FROM range(5)')).toBe(5)
    expect(await execute('UPDATE temp.main.t SET a = 0 WHERE a > 2')).toBe(2)
    expect(await execute('DELETE FROM temp.main.t WHERE a = 0')).toBe(3)
    expect(await valueOf('SELECT count(*) FROM temp.main.t')).toBe(2n)
  })

  test('files stay out of reach', async () => {
    for (const sql of [
      "COPY (SELECT 1) TO '/tmp/never.csv'",
      "SELECT * FROM read_text('/etc/passwd')",
      "ATTACH '/tmp/never.duckdb'",
      'SET threads = 1',
      'SET GLOBAL integer_division = true',
    ]) {
      await expect(
        execute(sql).then(async () => rowsOf('SELECT 7 / 2')),
        sql,
      ).rejects.toMatchObject({ name: 'MillpondError' })
    }
  })
})

describe('transactions', () => {
  test('are visible to others only after the commit', async () => {
    await rig.session.begin('read-write', never)
    await execute('CREATE TABLE made.main.orders (id BIGINT)')
    await execute('INSERT INTO made.main.orders VALUES (1), (2)')
    await execute('CREATE TEMP TABLE beside AS SELECT 1 AS one')
    expect(await valueOf('SELECT count(*) FROM made.main.orders')).toBe(2n)
    const other = await rig.driver.openSession({ semantics: 'plain' })
    await expect(rowsOf('FROM made.main.orders', undefined, other)).rejects.toMatchObject({ code: 'query-invalid' })
    await rig.session.commit()
    expect(await rowsOf('SELECT id FROM made.main.orders ORDER BY id', undefined, other)).toEqual([[1n], [2n]])
    await other.close()
  })

  test('roll back as a whole, also after an error in them', async () => {
    await rig.session.begin('read-write', never)
    await execute('CREATE TABLE made.main.gone (id BIGINT)')
    await expect(rowsOf('FROM made.main.nothing')).rejects.toMatchObject({ code: 'query-invalid' })
    await rig.session.rollback()
    await rig.session.rollback()
    await expect(rowsOf('FROM made.main.gone')).rejects.toMatchObject({ code: 'query-invalid' })
    await expect(rig.session.commit()).rejects.toMatchObject({ code: 'query-invalid' })
  })

  test('a read-only one sees one moment', async () => {
    await execute('CREATE OR REPLACE TABLE made.main.counter AS SELECT 1 AS n')
    await rig.session.begin('read-only', never)
    expect(await valueOf('SELECT n FROM made.main.counter')).toBe(1)
    const other = await rig.driver.openSession({ semantics: 'plain' })
    await other.execute({ sql: 'UPDATE made.main.counter SET n = 2' }, never)
    expect(await valueOf('SELECT n FROM made.main.counter')).toBe(1)
    await expect(execute('UPDATE made.main.counter SET n = 3')).rejects.toMatchObject({ code: 'made-unwritable' })
    await rig.session.rollback()
    expect(await valueOf('SELECT n FROM made.main.counter')).toBe(2)
    await other.close()
  })

  test('writers take turns, and may leave the queue', async () => {
    await execute('CREATE OR REPLACE TABLE made.main.sums AS SELECT 0::BIGINT AS n')
    const others = await Promise.all(
      Array.from({ length: 8 }, async () => rig.driver.openSession({ semantics: 'plain' })),
    )
    await rig.session.begin('read-write', never)
    const waiting = others.map(async (other) => other.execute({ sql: 'UPDATE made.main.sums SET n = n + 1' }, never))
    const cancel = new AbortController()
    const leaving = await rig.driver.openSession({ semantics: 'plain' })
    const waiter = await rig.driver.openSession({ semantics: 'plain' })
    const left = leaving.execute({ sql: 'UPDATE made.main.sums SET n = 100' }, cancel.signal)
    const begun = new AbortController()
    const beginning = waiter.begin('read-write', begun.signal)
    cancel.abort()
    await expect(left).rejects.toMatchObject({ code: 'query-cancelled' })
    begun.abort()
    await expect(beginning).rejects.toMatchObject({ code: 'query-cancelled' })
    expect(await valueOf('SELECT n FROM made.main.sums')).toBe(0n)
    await execute('UPDATE made.main.sums SET n = n + 1')
    await rig.session.commit()
    await Promise.all(waiting)
    expect(await valueOf('SELECT n FROM made.main.sums')).toBe(9n)
    for (const other of [...others, leaving, waiter]) await other.close()
  })
})

describe('the session of a Postgres client', () => {
  test('divides and sorts as Postgres does, and nobody else does', async () => {
    const pg = await rig.driver.openSession({ semantics: 'pg' })
    expect(await rowsOf('SELECT 7 / 2', undefined, pg)).toEqual([[3]])
    const sorted = 'SELECT x FROM (VALUES (1), (NULL), (2)) t(x) ORDER BY x'
    expect(await rowsOf(sorted, undefined, pg)).toEqual([[1], [2], [null]])
    expect(await rowsOf(`${sorted} DESC`, undefined, pg)).toEqual([[null], [2], [1]])
    expect(await valueOf('SELECT 7 / 2')).toBe(3.5)
    await pg.close()
  })
})

describe('inline tables', () => {
  test('hold every kind of value, are replaced, and outlive a rollback', async () => {
    const put = async (rows: readonly (readonly EngineValue[])[]): Promise<void> =>
      rig.session.putInlineTable({
        name: 'odd "name"',
        columns: [
          { name: 'b', type: 'BIGINT' },
          { name: 't', type: 'VARCHAR' },
          { name: 'z', type: 'TIMESTAMP WITH TIME ZONE' },
          { name: 'l', type: 'VARCHAR[]' },
          { name: 'f', type: 'DOUBLE' },
          { name: 'x', type: 'BOOLEAN' },
          { name: 'd', type: 'DATE' },
          { name: 'y', type: 'BLOB' },
          { name: 's', type: 'STRUCT(a BIGINT, b VARCHAR)[]' },
          { name: 'n', type: 'DECIMAL(38,9)' },
        ],
        rows,
      })
    await put([[1n, 'old', 0n, [], 0, true, 0, null, null, null]])
    await rig.session.begin('read-only', never)
    await put([
      [
        2n ** 63n - 1n,
        'it\'s "quoted" [1]',
        1_700_000_000_000_001n,
        ['a', 'b,c'],
        Infinity,
        false,
        20_454,
        new Uint8Array([1, 255]),
        [],
        '-1.5',
      ],
      [null, null, null, null, null, null, null, null, null, null],
    ])
    await rig.session.rollback()
    expect(await rowsOf('SELECT * FROM temp.main."odd ""name""" ORDER BY b NULLS LAST')).toEqual([
      [
        2n ** 63n - 1n,
        'it\'s "quoted" [1]',
        1_700_000_000_000_001n,
        ['a', 'b,c'],
        Infinity,
        false,
        20_454,
        new Uint8Array([1, 255]),
        [],
        '-1.500000000',
      ],
      [null, null, null, null, null, null, null, null, null, null],
    ])
    const other = await rig.driver.openSession({ semantics: 'plain' })
    await expect(rowsOf('FROM temp.main."odd ""name"""', undefined, other)).rejects.toMatchObject({
      code: 'query-invalid',
    })
    await other.close()
  })
})

describe('exports', () => {
  test.each(['parquet', 'csv', 'json'] as const)('%s', async (format) => {
    const parameters = new Map([['least', '1']])
    const sql = `SELECT i, 'text ' || i AS t FROM range(3) r(i) WHERE i >= $least::BIGINT ORDER BY i;`
    const made = await rig.session.exportRows({ sql, parameters }, format, never, async () => undefined)
    const bytes = await readFile(made.path)
    expect(made).toMatchObject({ rows: 2, bytes: bytes.byteLength })
    if (format === 'csv') expect(bytes.toString()).toBe('i,t\n1,text 1\n2,text 2\n')
    if (format === 'json') expect(bytes.toString()).toBe('{"i":1,"t":"text 1"}\n{"i":2,"t":"text 2"}\n')
    await rm(made.path)
  })
})

describe('trees', () => {
  test('come and go with all their digits', async () => {
    const sql =
      'SELECT 9007199254740993, 12345678901234567890.123456789012345678, 1.10 AS x FROM web.tracks LIMIT 18446744073709551615'
    const text = await rig.driver.parseSelect(sql)
    expect(text).toContain('9007199254740993')
    const printed = await rig.driver.printSelect(text)
    for (const digits of [
      '9007199254740993',
      '12345678901234567890.123456789012345678',
      '1.10',
      '18446744073709551615',
    ]) {
      expect(printed).toContain(digits)
    }
    // As a caller changes one: JSON.parse keeps every number's text, and writes it back.
    type Raw = typeof JSON & { rawJSON(text: string): unknown }
    const tree: unknown = JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
      typeof value === 'number' ? (JSON as Raw).rawJSON(context?.source ?? '') : value,
    )
    expect(await rig.driver.printSelect(JSON.stringify(tree))).toBe(printed)
  })

  test('only of one SELECT', async () => {
    await expect(rig.driver.parseSelect('DELETE FROM web.tracks')).rejects.toMatchObject({ code: 'query-refused' })
    await expect(rig.driver.parseSelect('SELECT 1; SELECT 2')).rejects.toMatchObject({ code: 'query-refused' })
    await expect(rig.driver.parseSelect('SELEC 1')).rejects.toMatchObject({ code: 'query-invalid' })
    await expect(rig.driver.parseSelect('')).rejects.toMatchObject({ code: 'query-invalid' })
    await expect(rig.driver.printSelect('{}')).rejects.toMatchObject({ code: 'query-invalid' })
  })
})
