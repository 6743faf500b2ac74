// `query` and `storage` while a Millpond runs: what they ask, and how they show it. The engine is a stand-in, as in
// cli-engine.test.ts.
import { expect, test } from 'vitest'

import { lines, sendJson, useStandIns } from './cli-support.ts'

const rig = useStandIns()
const { answering, millpond } = rig

const columns = [
  { name: 'event', type: 'VARCHAR' },
  { name: 'n', type: 'BIGINT' },
]

test('options of query go to the engine as they are meant', async () => {
  const { asked } = await answering((_, response) => {
    response.end(lines({ columns }, { end: { rows: 0 } }))
  })
  const body = async (...words: string[]): Promise<unknown> => {
    expect(await millpond('query', ...words, 'select 1')).toMatchObject({ code: 0 })
    return asked.at(-1)?.body
  }
  const sent = { sql: 'select 1', dialect: 'googlesql' }
  expect(await body('--dialect', 'duckdb')).toEqual({ ...sent, dialect: 'duckdb' })
  expect(await body('--dataset', 'web', '--maximum-bytes-billed', '1000')).toEqual({
    ...sent,
    dataset: 'web',
    maximumBytesBilled: 1000,
  })
  const params = ['day:DATE:2026-03-01', 'at:TIMESTAMP:2026-03-01 10:00:00', 'who::a:b', ':INT64:3', 'no:STRING:NULL']
  const nested = ['xs:ARRAY<INT64>:[1,2]', 's:STRUCT<a INT64, b ARRAY<STRING>>:{"a":1,"b":["x:y"]}']
  expect(await body(...[...params, ...nested].flatMap((param) => ['--param', param]))).toEqual({
    ...sent,
    parameters: [
      { name: 'day', type: 'DATE', value: '2026-03-01' },
      { name: 'at', type: 'TIMESTAMP', value: '2026-03-01 10:00:00' },
      { name: 'who', type: 'STRING', value: 'a:b' },
      { type: 'INT64', value: '3' },
      { name: 'no', type: 'STRING', value: null },
      { name: 'xs', type: 'ARRAY<INT64>', value: [1, 2] },
      { name: 's', type: 'STRUCT<a INT64, b ARRAY<STRING>>', value: { a: 1, b: ['x:y'] } },
    ],
  })
})

test('a statement that makes something says that it is done, and counts no rows', async () => {
  await answering((_, response) => {
    response.end(lines({ columns: [] }, { end: { rows: 0 } }))
  })
  expect(await millpond('query', 'create schema reports')).toMatchObject({ code: 0, stdout: '', stderr: 'Done.\n' })
})

test.each([
  [['--param', 'day'], 'It looks like name:TYPE:value'],
  [['--param', 'day:2026'], 'It looks like name:TYPE:value'],
  [['--param', 'xs:ARRAY<INT64>:1,2'], 'is JSON'],
  [['--format', 'xml'], 'Allowed choices are table, json, csv, parquet'],
  [['--format', 'csv', '--json'], 'cannot be used with'],
  [['--dialect', 'mysql'], 'Allowed choices are googlesql, duckdb'],
  [['--maximum-bytes-billed', '1GB'], 'It must be a whole number of bytes'],
])('query %j is refused before anything is asked', async (words, message) => {
  const { asked } = await answering((_, response) => response.end())
  const run = await millpond('query', ...words, 'select 1')
  expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) })
  expect(asked).toEqual([])
})

test('query --format json, csv and parquet', async () => {
  await answering(({ url }, response) => {
    if (url === '/api/export') response.end(Buffer.from([0x50, 0x41, 0x52, 0x31, 0xff, 0x00]))
    else response.end(lines({ columns }, { row: ['', null] }, { end: { rows: 1 } }))
  })
  expect((await millpond('query', '--format', 'json', 'select 1')).stdout).toBe(lines({ event: '', n: null }))
  expect((await millpond('query', '--format', 'csv', 'select 1')).stdout).toBe('event,n\r\n"",\r\n')
  expect((await millpond('query', '--format', 'parquet', 'select 1')).stdout.slice(0, 4)).toBe('PAR1')
})

test('query --dry-run tells bytes, cost, hints and columns, or why only BigQuery can', async () => {
  const told = {
    columns: [{ name: 'n', type: 'INT64' }],
    bytesProcessed: 5 * 1024 ** 2,
    bytesBilled: 10 * 1024 ** 2,
    dollars: 0.0000596,
    bytesOfAllColumns: 9 * 1024 ** 2,
    lint: [{ code: 'select-star', message: 'SELECT * reads every column of web.a', line: 1, column: 8 }],
    portability: 'both',
    portabilityReasons: [],
  }
  const { asked } = await answering(({ body }, response) => {
    const isForeign = (body as { readonly sql: string }).sql.includes('ML')
    const cannot = {
      portability: 'bigquery-only',
      portabilityReasons: ['ML.PREDICT is not supported locally'],
      columns: [],
    }
    sendJson(response, isForeign ? { ...told, lint: [], ...cannot } : told)
  })
  const run = await millpond('query', '--dry-run', 'select n')
  expect(asked[0]?.body).toEqual({ sql: 'select n', dialect: 'googlesql', dryRun: true })
  expect(run.stdout).toMatch(/^It reads 5(\.0)? M.?B\. BigQuery would bill 10(\.0)? M.?B \(about \$0\.00006/)
  expect(run.stdout).toContain('SELECT * reads every column of web.a at [1:8]\nIt runs here and on BigQuery.\n')
  expect(run.stdout).toMatch(/column +type\n─+ +─+\nn +INT64\n$/)
  expect((await millpond('query', '--dry-run', 'select ML')).stdout).toBe(
    'It runs on BigQuery only: ML.PREDICT is not supported locally.\n',
  )
  expect((await millpond('query', '--dry-run', '--json', 'select n')).stdout).toBe(lines(told))
})

test('storage shows tables, datasets, days or months', async () => {
  const gigabyte = 1024 ** 3
  const answer = {
    datasets: [{ dataset: 'web', tables: 1, rows: 3, bytes: gigabyte, dollarsPerMonth: 0.02 }],
    days: [{ day: '2026-03-01', dataset: 'web', rows: 3, bytes: gigabyte }],
    months: [{ month: '2026-03', dataset: 'web', rows: 3, bytes: gigabyte }],
    largest: [{ dataset: 'web', table: 'a\u001b[31m', rows: 3, bytes: gigabyte, share: 1, bytesPerRow: 100 }],
    bytes: gigabyte,
    dollarsPerMonth: 0.02,
  }
  const { asked } = await answering((_, response) => sendJson(response, answer))
  const shown = await millpond('storage')
  expect(shown.stdout).toMatch(
    /^table +rows +bytes +share +a row\n.*\nweb\.a\\x1b\[31m +3 +1\.0 GiB +100\.0 % +100 bytes\n$/,
  )
  expect(shown.stderr).toMatch(/^1(\.0)? G.?B in all; BigQuery would charge about \$0\.02 a month for keeping it\.\n$/)
  expect((await millpond('storage', '--by', 'dataset')).stdout).toMatch(/BigQuery, a month\n.*\nweb .*\$0\.02\n$/)
  expect((await millpond('storage', '--by', 'day')).stdout).toMatch(/^day .*\n.*\n2026-03-01 +web +3 /)
  expect((await millpond('storage', '--by', 'month')).stdout).toMatch(/^month .*\n.*\n2026-03 +web +3 /)
  expect((await millpond('storage', '--json')).stdout).toBe(lines(answer))
  expect((await millpond('storage', '--by', 'hour')).code).toBe(2)
  expect(asked.every(({ url }) => url === '/api/storage')).toBe(true)
})
