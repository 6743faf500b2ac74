// Results as files, and the history of all ports, of a real Millpond: Parquet, Arrow and CSV are read back by other programs; what
// nobody fetches leaves nothing behind; every job stands in millpond.jobs once.
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { DuckDBInstance } from '@duckdb/node-api'
import { tableFromIPC } from 'apache-arrow'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { exchangeFolderOf } from '../../src/warehouse/duckdb/exchange-folder.ts'
import { type Millpond, startMillpond } from '../support/millpond.ts'

let millpond: Millpond
let memberToken: string

beforeAll(async () => {
  millpond = await startMillpond()
  await post('/api/principals', { handle: 'ann', kind: 'person', role: 'member', attributes: {} })
  memberToken = ((await (await post('/api/tokens', { name: 'ann', for: 'ann' })).json()) as { token: string }).token
}, 60_000)

afterAll(async () => {
  await millpond.dispose()
})

async function post(path: string, body: object, token?: string): Promise<Response> {
  if (token === undefined) return millpond.api(path, { method: 'POST', body: JSON.stringify(body) })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  return fetch(`${millpond.address}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function exported(sql: string, format: string, more: object = {}): Promise<Buffer> {
  const response = await post('/api/export', { sql, format, ...more })
  const bytes = Buffer.from(await response.arrayBuffer())
  if (!response.ok) throw new Error(bytes.toString())
  expect(response.headers.get('content-disposition')).toBe(`attachment; filename="rows.${format}"`)
  return bytes
}

const everyType = `SELECT * FROM UNNEST([
  STRUCT(1 AS i, 1.5 AS f, TRUE AS b, 'a,"b"' AS s, b'\\x00\\xff' AS y, DATE '2026-03-01' AS d, TIME '10:11:12.5' AS t,
    DATETIME '2026-03-01 10:11:12' AS dt, TIMESTAMP '2026-03-01 10:11:12.123456+00' AS ts, NUMERIC '1.25' AS n,
    BIGNUMERIC '12345678901234567890.5' AS bn, JSON '{"a":[1,null]}' AS j, ['x', 'y'] AS xs, [1.5, 2] AS fs, [1, 2] AS ns,
    STRUCT(1 AS a, 'z' AS c) AS st, [STRUCT(1 AS a)] AS sts, INTERVAL 1 DAY AS iv),
  STRUCT(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
]) ORDER BY i DESC`

describe('Parquet', () => {
  async function readBack(bytes: Buffer, sql: string): Promise<unknown[][]> {
    const path = join(millpond.data, 'read-back.parquet')
    await writeFile(path, bytes)
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    try {
      const reader = await connection.runAndReadAll(sql.replace('$file', `'${path}'`))
      return reader.getRowsJson()
    } finally {
      connection.closeSync()
      instance.closeSync()
    }
  }

  test('of many rows, all of them', async () => {
    const bytes = await exported(
      'SELECT n, CAST(n AS STRING) AS t FROM UNNEST(GENERATE_ARRAY(1, 300000)) AS n',
      'parquet',
    )
    expect(await readBack(bytes, 'SELECT count(*), sum(n)::VARCHAR, max(length(t)) FROM $file')).toEqual([
      ['300000', '45000150000', '6'],
    ])
  })

  test('of every type, and of NULLs', async () => {
    const bytes = await exported(everyType, 'parquet')
    const [row, nulls] = await readBack(bytes, 'SELECT * FROM $file ORDER BY i NULLS LAST')
    expect(row?.slice(0, 4)).toEqual(['1', 1.5, true, 'a,"b"'])
    expect(nulls?.every((value) => value === null || (Array.isArray(value) && value.length === 0))).toBe(true)
  })

  test('of no rows has its columns; parameters and the other dialect work', async () => {
    expect(
      await readBack(await exported('SELECT 1 AS a, "x" AS b LIMIT 0', 'parquet'), 'SELECT count(*) FROM $file'),
    ).toEqual([['0']])
    const parameters = [{ name: 'p', type: 'INT64', value: '7' }]
    expect(await readBack(await exported('SELECT @p AS a', 'parquet', { parameters }), 'SELECT a FROM $file')).toEqual([
      ['7'],
    ])
    expect(
      await readBack(
        await exported('SELECT range AS a FROM range(3)', 'parquet', { dialect: 'duckdb' }),
        'SELECT max(a) FROM $file',
      ),
    ).toEqual([['2']])
  })

  test('of anything but one SELECT is refused', async () => {
    for (const sql of ['SELECT 1; SELECT 2', 'CREATE SCHEMA ds2', 'SELECT nope']) {
      expect((await post('/api/export', { sql, format: 'parquet' })).status).toBeGreaterThanOrEqual(400)
    }
  })

  test('nothing is left behind, whether it was fetched, broken off or wrong', async () => {
    const leaving = new AbortController()
    const sql = 'SELECT n, GENERATE_UUID() AS u FROM UNNEST(GENERATE_ARRAY(1, 1000000)) AS n'
    const body = JSON.stringify({ sql, format: 'parquet' })
    const response = await millpond.api('/api/export', { method: 'POST', body, signal: leaving.signal })
    await response.body?.getReader().read()
    leaving.abort()
    // And one that leaves while the engine still works.
    const early = new AbortController()
    const waiting = millpond.api('/api/export', { method: 'POST', body, signal: early.signal })
    early.abort()
    await expect(waiting).rejects.toThrow()
    await expect.poll(async () => filesOfExports(), { timeout: 10_000 }).toEqual([])
  })
})

async function filesOfExports(): Promise<string[]> {
  const folder = exchangeFolderOf(join(millpond.data, 'warehouse'))
  return readdir(folder, { recursive: true }).then(
    (names) => names.filter((name) => name.endsWith('.parquet')),
    () => [],
  )
}

describe('Arrow', () => {
  test('of every type, and of NULLs', async () => {
    const table = tableFromIPC(await exported(everyType, 'arrow'))
    expect(table.numRows).toBe(2)
    const [row, nulls] = [table.get(0)?.toJSON(), table.get(1)?.toJSON()]
    expect(row).toMatchObject({
      i: 1n,
      f: 1.5,
      b: true,
      s: 'a,"b"',
      n: expect.stringContaining('1.25'),
      st: '{"a":1,"c":"z"}',
    })
    expect(row?.['y']).toEqual(new Uint8Array([0, 255]))
    expect(new Date(Number(row?.['d'])).toISOString()).toBe('2026-03-01T00:00:00.000Z')
    expect(Math.floor(Number(row?.['ts']))).toBe(Date.UTC(2026, 2, 1, 10, 11, 12, 123))
    expect(Array.from((row?.['xs'] ?? []) as Iterable<string>)).toEqual(['x', 'y'])
    expect(Array.from((row?.['fs'] ?? []) as Iterable<number>)).toEqual([1.5, 2])
    const kept = Object.entries(nulls ?? {}).filter(([, value]) => value !== null)
    // An array is never NULL in BigQuery's results, but may be here: NULL or empty, nothing else.
    for (const [, value] of kept) expect(JSON.stringify(value)).toMatch(/^("\[\]"|\[\])$/)
  })

  test('of several batches, and of none', async () => {
    const table = tableFromIPC(
      await exported(
        'SELECT n, IF(MOD(n, 3) = 0, NULL, n) AS m, MOD(n, 2) = 0 AS b FROM UNNEST(GENERATE_ARRAY(1, 100000)) AS n ORDER BY n',
        'arrow',
      ),
    )
    expect(table.batches.length).toBeGreaterThan(1)
    expect(table.numRows).toBe(100_000)
    const row = table.get(99_998)?.toJSON()
    expect(row).toEqual({ n: 99_999n, m: null, b: false })
    expect(table.getChild('m')?.nullCount).toBe(33_333)
    const empty = tableFromIPC(await exported('SELECT 1 AS a, "x" AS b, [1] AS c LIMIT 0', 'arrow'))
    expect([empty.numRows, empty.schema.fields.map(({ name }) => name)]).toEqual([0, ['a', 'b', 'c']])
  })
})

describe('CSV', () => {
  test('is RFC 4180', async () => {
    const sql = `SELECT 'a,b' AS \`x,y\`, '"q"' AS q, 'l1\\nl2' AS l, '' AS e, CAST(NULL AS STRING) AS n, 1 AS i, [1, 2] AS xs, 'é' AS u`
    expect((await exported(sql, 'csv')).toString()).toBe(
      '"x,y",q,l,e,n,i,xs,u\r\n"a,b","""q""","l1\nl2","",,1,"[1,2]",é\r\n',
    )
    expect((await exported('SELECT 1 AS a LIMIT 0', 'csv')).toString()).toBe('a\r\n')
  })

  test('what is wrong is told as JSON, before anything goes out', async () => {
    const response = await post('/api/export', { sql: 'SELECT nope', format: 'csv' })
    expect([response.status, response.headers.get('content-type')]).toEqual([
      400,
      expect.stringContaining('application/json'),
    ])
    expect(response.headers.get('content-disposition')).toBeNull()
  })

  test('by address, too', async () => {
    const response = await millpond.api(
      `/api/export?${new URLSearchParams({ sql: 'SELECT 7 AS a', format: 'csv' }).toString()}`,
    )
    expect(await response.text()).toBe('a\r\n7\r\n')
  })

  test('an error in the middle ends the download badly', async () => {
    const sql = 'SELECT IF(n < 250000, n, ERROR("late")) AS n FROM UNNEST(GENERATE_ARRAY(1, 300000)) AS n'
    const reading = (async () => (await post('/api/export', { sql, format: 'csv' })).text())()
    // Either it was found before the first line, or the connection breaks: never a short file that looks whole.
    expect(await reading.catch(() => 'late')).toContain('late')
  })
})

describe('history', () => {
  test('of every port, once, and shown to those who may know', { timeout: 30_000 }, async () => {
    const answer = await post('/bigquery/v2/projects/millpond/queries', {
      query: 'SELECT 1001 AS bigquery',
      useLegacySql: false,
    })
    expect(answer.status).toBe(200)
    const port = millpond.postgresPort
    const client = new Client({ host: '127.0.0.1', port, user: 'ann', password: memberToken, database: 'millpond' })
    await client.connect()
    await client.query('SELECT 1002 AS postgres')
    await client.end()
    await (await post('/api/query', { sql: 'SELECT 1003 AS api', labels: { team: 'x' } }, memberToken)).text()
    await (await post('/api/query', { sql: 'SELECT 1004 + nope' }, memberToken)).text()
    await exported('SELECT 1005 AS export', 'parquet')
    const endless = post('/api/query', { sql: 'SELECT 1006; LOOP SELECT 1; END LOOP' })
    let id: string | undefined
    while (id === undefined) {
      const { jobs } = (await (await millpond.api('/api/jobs?state=live')).json()) as {
        jobs: { id: string; sql: string; parentId?: string }[]
      }
      id = jobs.find(({ sql, parentId }) => sql.startsWith('SELECT 1006;') && parentId === undefined)?.id
    }
    expect((await millpond.api(`/api/jobs/${id}`, { method: 'DELETE' })).status).toBe(204)
    expect((await endless).status).toBe(409)
    const sql = `SELECT query, owner, port, error_code FROM millpond.jobs WHERE parent_job_id IS NULL AND query LIKE 'SELECT 100%' ORDER BY query`
    await expect.poll(async () => millpond.query(sql).catch(() => []), { timeout: 20_000 }).toHaveLength(6)
    const jobs = (await millpond.query(sql)) as string[][]
    expect(jobs.map(([query, owner, port_, error]) => [query?.slice(7, 11), owner === 'ann', port_, error])).toEqual([
      ['1001', false, 'bigquery', null],
      ['1002', true, 'postgres', null],
      ['1003', true, 'api', null],
      ['1004', true, 'api', 'query-invalid'],
      ['1005', false, 'api', null],
      ['1006', false, 'api', 'query-cancelled'],
    ])
    const shown = async (token?: string): Promise<string> => {
      const asked = {
        sql: `SELECT query FROM INFORMATION_SCHEMA.JOBS WHERE query LIKE 'SELECT 100%' AND parent_job_id IS NULL ORDER BY query`,
      }
      return (await post('/api/query', asked, token)).text()
    }
    expect([...(await shown(memberToken)).matchAll(/100\d/g)].map(([found]) => found)).toEqual(['1002', '1003', '1004'])
    expect([...(await shown()).matchAll(/100\d/g)].map(([found]) => found)).toEqual([
      '1001',
      '1002',
      '1003',
      '1004',
      '1005',
      '1006',
    ])
  })

  test('storage tells of it', async () => {
    const report = (await (await millpond.api('/api/storage')).json()) as {
      datasets: { dataset: string; rows: number; bytes: number }[]
    }
    const found = report.datasets.find(({ dataset }) => dataset === 'millpond')
    expect(found?.rows).toBeGreaterThanOrEqual(6)
    expect(found?.bytes).toBeGreaterThan(100)
  })
})
