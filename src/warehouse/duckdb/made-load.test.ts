// Files into made tables: NDJSON, CSV and Parquet, what their rows may hold, and what is told of those that can't be read.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { systemClock } from '../../core/clock.ts'
import { createLog } from '../../core/log.ts'
import type { WarehouseSettings } from '../../core/settings.ts'
import type { EngineValue, LoadedFile, LoadFileRequest, MadeColumn, WarehouseSession } from '../session.ts'
import { collectRows } from '../collect-rows.ts'
import { type DuckdbWarehouse, openDuckdbWarehouse } from './duckdb.ts'

let folder: string
let driver: DuckdbWarehouse
let session: WarehouseSession
let files = 0
const never = new AbortController().signal

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-load-'))
  const settings = { threads: 2, memoryBytesMax: 512 * 1024 ** 2 } as WarehouseSettings
  driver = await openDuckdbWarehouse({ folder, settings, clock: systemClock, log: createLog('silent') })
  session = await driver.openSession({ semantics: 'plain' })
})
afterAll(async () => {
  await driver.stop()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  const times = { createdAtMicros: 1, changedAtMicros: 1 }
  await driver.made.change(session, [], { kind: 'drop-dataset', dataset: 'shop' })
  await driver.made.change(session, [], { kind: 'put-dataset', dataset: { dataset: 'shop', options: {}, ...times } })
})

const rowsOf = async (sql: string): Promise<EngineValue[][]> => collectRows(session, { sql })

const all = async (): Promise<EngineValue[][]> => rowsOf('SELECT * FROM made.shop.orders')

const csv: LoadFileRequest['csv'] = {
  delimiter: ',',
  quote: '"',
  skipRows: 0,
  nullMarker: '',
  allowsJaggedRows: false,
  allowsQuotedNewlines: false,
  encoding: 'UTF-8',
}

/** `columns`: `a INT64, b ARRAY<STRING>`. */
function columnsOf(text: string): MadeColumn[] {
  return text.split('; ').map((one) => {
    const [name = '', ...rest] = one.split(' ')
    const isRequired = rest.at(-1) === 'REQUIRED'
    const type = (isRequired ? rest.slice(0, -1) : rest).join(' ')
    return { name, type, mode: isRequired ? 'REQUIRED' : type.startsWith('ARRAY') ? 'REPEATED' : 'NULLABLE' }
  })
}

async function load(
  content: string | Uint8Array,
  columns: string | undefined,
  more: Partial<Omit<LoadFileRequest, 'csv'>> & { readonly csv?: Partial<LoadFileRequest['csv']> } = {},
): Promise<LoadedFile> {
  files += 1
  const path = join(driver.maintenance.exchangeFolder, `file [${files}]*.dat`)
  await writeFile(path, content)
  return driver.made.loadFile(
    {
      dataset: 'shop',
      table: 'orders',
      path,
      format: 'json',
      columns: columns === undefined ? undefined : columnsOf(columns),
      detects: false,
      create: 'if-needed',
      write: 'append',
      addsColumns: false,
      ignoresUnknown: false,
      badRecordsMax: 0,
      ...more,
      csv: { ...csv, ...more.csv },
    },
    never,
  )
}

const lines = (...rows: unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\n')

describe('NDJSON', () => {
  const cases: readonly (readonly [string, string, EngineValue])[] = [
    ['INT64', '9223372036854775807', 2n ** 63n - 1n],
    ['INT64', '"42"', 42n],
    ['INT64', '7.0', 7n],
    ['FLOAT64', '"Infinity"', Infinity],
    ['FLOAT64', '1e3', 1000],
    ['NUMERIC', '12345678901234567890.123456789', '12345678901234567890.123456789'],
    ['NUMERIC', '"1.10"', '1.100000000'],
    ['BOOL', 'true', true],
    ['BOOL', '"no"', false],
    ['STRING', '12.50', '12.5'],
    ['STRING', '"žluť"', 'žluť'],
    ['BYTES', '"AP8="', new Uint8Array([0, 255])],
    ['DATE', '"2026-3-1"', 20_513],
    ['TIME', '"1:2:3.5"', 3_723_500_000n],
    ['DATETIME', '"1970-01-01T00:00:01"', 1_000_000n],
    ['TIMESTAMP', '"1970-01-01T00:00:01Z"', 1_000_000n],
    ['TIMESTAMP', '"1970-01-01 00:00:01.5 UTC"', 1_500_000n],
    ['TIMESTAMP', '"1970-01-01 05:30:00+5:30"', 0n],
    ['TIMESTAMP', '"1970-01-01"', 0n],
    ['TIMESTAMP', '1.5', 1_500_000n],
    ['TIMESTAMP', '"1772325000"', 1_772_325_000_000_000n],
    ['INTERVAL', '"0-1 2 3:0:0"', { months: 1, days: 2, micros: 10_800_000_000n }],
    ['JSON', '{"b":[1,null]}', '{"b":[1,null]}'],
    ['JSON', '"text"', '"text"'],
    ['ARRAY<INT64>', '["1",2]', [1n, 2n]],
    ['ARRAY<INT64>', 'null', []],
    ['STRUCT<a INT64, b ARRAY<STRUCT<c DATE>>>', '{"b":[{"c":"1970-01-02"},{}]}', [null, [[1], [null]]]],
    ['STRUCT<a INT64>', 'null', null],
  ]
  test.each(cases)('%s from %s', async (type, json, expected) => {
    expect(await load(`{"v":${json}}\n\n{}\n`, `v ${type}`)).toEqual({ rows: 2, badRecords: 0 })
    expect(await all()).toEqual([[expected], [type.startsWith('ARRAY') ? [] : null]])
  })

  test.each([
    ['INT64', '1.5', /row 2: Could not parse 1.5 as INT64 for field v/],
    ['INT64', '9223372036854775808', /INT64/],
    ['NUMERIC', '0.1234567891', /NUMERIC/],
    ['BOOL', '"maybe"', /BOOL/],
    ['DATE', '"2026-02-30"', /DATE/],
    ['TIMESTAMP', '"noon"', /TIMESTAMP/],
    ['STRING', '{"a":1}', /field v/],
    ['ARRAY<INT64>', '5', /field v/],
    ['ARRAY<INT64>', '[1,null]', /field v/],
    ['STRUCT<a INT64>', '{"b":1}', /field v/],
    ['STRUCT<a INT64>', '[1]', /field v/],
    ['INT64 REQUIRED', 'null', /Missing required field: v/],
  ])('%s refuses %s', async (type, json, message) => {
    const text = `{"v":${type.startsWith('ARRAY') ? '[]' : type.startsWith('STRUCT') ? '{}' : type === 'BOOL' ? 'true' : type === 'DATE' || type === 'TIMESTAMP' ? '"2026-01-01"' : '1'}}\n{"v":${json}}`
    await expect(load(text, `v ${type}`)).rejects.toMatchObject({ code: 'query-invalid', message })
    expect(driver.made.catalog().tables).toEqual([])
    expect(await load(text, `v ${type}`, { badRecordsMax: 1 })).toEqual({ rows: 1, badRecords: 1 })
  })

  test('what is no JSON, no object, or has unknown fields is a bad row', async () => {
    const text = '{"v":1}\n{oops\n[1]\n{"v":2,"w":3}\n{"v":4}'
    await expect(load(text, 'v INT64', { badRecordsMax: 2 })).rejects.toMatchObject({
      message:
        /3 bad rows, more than 2 allowed\. row 2: it is no JSON; row 3: it is no JSON object; row 4: .*no column/,
    })
    expect(await load(text, 'v INT64', { badRecordsMax: 3 })).toEqual({ rows: 2, badRecords: 3 })
    expect(await load(text, 'v INT64', { badRecordsMax: 2, ignoresUnknown: true })).toEqual({ rows: 3, badRecords: 2 })
    expect(await all()).toEqual([[1n], [4n], [1n], [2n], [4n]])
  })

  test('columns are found, and new ones added', async () => {
    await load(lines({ id: 1, tags: ['a'], when: '2026-01-01T00:00:00Z' }), undefined, { detects: true })
    const [table] = driver.made.catalog().tables
    expect(table?.columns.map(({ name, type, mode }) => `${name} ${type} ${mode}`)).toEqual([
      'id INT64 NULLABLE',
      'tags ARRAY<STRING> REPEATED',
      'when TIMESTAMP NULLABLE',
    ])
    const wider = 'id INT64; note STRING'
    await expect(load(lines({ id: 2, note: 'x' }), wider)).rejects.toMatchObject({ message: /Cannot add fields.*note/ })
    await load(lines({ id: 2, note: 'x' }), wider, { addsColumns: true })
    expect(await rowsOf('SELECT id, note FROM made.shop.orders ORDER BY id')).toEqual([
      [1n, null],
      [2n, 'x'],
    ])
    expect(driver.made.catalog().tables[0]?.columns.map(({ name }) => name)).toEqual(['id', 'tags', 'when', 'note'])
  })

  test('a hundred thousand rows', async () => {
    const text = Array.from({ length: 100_000 }, (_, id) => `{"id":${id},"t":"text ${id}"}`).join('\n')
    expect(await load(text, 'id INT64; t STRING')).toEqual({ rows: 100_000, badRecords: 0 })
    expect(await rowsOf('SELECT sum(id)::BIGINT FROM made.shop.orders')).toEqual([[4_999_950_000n]])
  })
})

describe('into a table', () => {
  test('append, truncate, if-empty, and never made', async () => {
    const row = lines({ v: 1 })
    await expect(load(row, 'v INT64', { create: 'never' })).rejects.toMatchObject({ code: 'table-unknown' })
    await expect(load(row, 'v INT64', { dataset: 'nowhere' })).rejects.toMatchObject({ code: 'table-unknown' })
    await expect(load(row, undefined)).rejects.toMatchObject({ code: 'query-invalid' })
    await load(row, 'v INT64', { write: 'if-empty' })
    await expect(load(row, 'v INT64', { write: 'if-empty' })).rejects.toMatchObject({ code: 'table-exists' })
    await load(row, undefined)
    expect(await all()).toEqual([[1n], [1n]])
    const version = driver.made.version('shop', 'orders')
    await load(lines({ v: 2 }), undefined, { write: 'truncate' })
    expect(await all()).toEqual([[2n]])
    expect(driver.made.version('shop', 'orders')).toBeGreaterThan(version)
    await load(lines({ w: 'x' }), 'w STRING', { write: 'truncate' })
    expect(await all()).toEqual([['x']])
    await expect(load('{', undefined, { write: 'truncate' })).rejects.toMatchObject({ code: 'query-invalid' })
    expect(await all()).toEqual([['x']])
  })

  test('only from the exchange folder', async () => {
    for (const path of ['/etc/passwd', join(driver.maintenance.exchangeFolder, '..', 'made.duckdb')]) {
      await expect(load('', 'v STRING', { path })).rejects.toMatchObject({ code: 'query-refused' })
    }
  })

  test('a load that was cancelled leaves nothing', async () => {
    const cancel = new AbortController()
    cancel.abort()
    const path = join(driver.maintenance.exchangeFolder, 'cancelled')
    await writeFile(path, '{"v":1}')
    const request = { dataset: 'shop', table: 'orders', path, format: 'json', columns: columnsOf('v INT64') } as const
    const rest = {
      detects: false,
      create: 'if-needed',
      write: 'append',
      addsColumns: false,
      ignoresUnknown: false,
    } as const
    const loading = driver.made.loadFile({ ...request, ...rest, badRecordsMax: 0, csv }, cancel.signal)
    await expect(loading).rejects.toMatchObject({ code: 'query-cancelled' })
    expect(driver.made.catalog().tables).toEqual([])
  })
})

describe('CSV', () => {
  test('quotes, empty cells, and a head', async () => {
    const text = 'id,name,day\n1,"a ""b"", c",2026-01-01\n 2 ,,\n3,"",1970-01-01\n'
    const loaded = await load(text, 'id INT64; name STRING; day DATE', { format: 'csv', csv: { skipRows: 1 } })
    expect(loaded).toEqual({ rows: 3, badRecords: 0 })
    expect(await all()).toEqual([
      [1n, 'a "b", c', 20_454],
      [2n, '', null],
      [3n, '', 0],
    ])
  })

  test('bad rows are told by their line', async () => {
    const text = 'id,name\n1,a\nx,b\n3\n4,d,e\n5,"f\ng"\n6,h\n'
    const request = { format: 'csv', csv: { skipRows: 1 } } as const
    await expect(load(text, 'id INT64; name STRING', request)).rejects.toMatchObject({
      message: /4 bad rows.*row 3: Could not parse x as INT64 for field id.*line feed.*line 4.*line 5/s,
    })
    expect(await load(text, 'id INT64; name STRING', { ...request, badRecordsMax: 4 })).toEqual({
      rows: 2,
      badRecords: 4,
    })
  })

  test('other signs: a tab, a null marker, no quotes, jagged rows, line feeds in quotes, Latin-1', async () => {
    const tabs = { delimiter: '\t', nullMarker: '\\N', quote: '', allowsJaggedRows: true } as const
    await load('1\t\\N\t"q"\n2\n', 'a INT64; b STRING; c STRING', { format: 'csv', csv: tabs })
    expect(await all()).toEqual([
      [1n, null, '"q"'],
      [2n, null, null],
    ])
    await load('"a\nb"\n', 'v STRING', { format: 'csv', write: 'truncate', csv: { allowsQuotedNewlines: true } })
    expect(await all()).toEqual([['a\nb']])
    const latin = Buffer.from('café\n', 'latin1')
    await load(latin, 'v STRING', { format: 'csv', write: 'truncate', csv: { encoding: 'ISO-8859-1' } })
    expect(await all()).toEqual([['café']])
  })

  test('holds no arrays', async () => {
    await expect(load('1', 'v ARRAY<INT64>', { format: 'csv' })).rejects.toMatchObject({ code: 'query-invalid' })
  })
})

describe('Parquet', () => {
  async function parquet(select: string, columns?: string, more: Parameters<typeof load>[2] = {}): Promise<LoadedFile> {
    const made = await session.exportRows({ sql: select }, 'parquet', never, async () => undefined)
    const request = { format: 'parquet', detects: columns === undefined, path: made.path, ...more } as const
    return load('', columns, request)
  }

  test('brings its columns', async () => {
    const select = `SELECT 1::INTEGER AS i, 1.5::DECIMAL(5,2) AS n, ['a'] AS l, {'x': 1::BIGINT} AS s, 'b'::BLOB AS b,
      TIMESTAMPTZ '1970-01-01 00:00:01+00' AS t`
    expect(await parquet(select)).toEqual({ rows: 1, badRecords: 0 })
    expect(driver.made.catalog().tables[0]?.columns.map(({ type }) => type)).toEqual([
      'INT64',
      'NUMERIC',
      'ARRAY<STRING>',
      'STRUCT<`x` INT64>',
      'BYTES',
      'TIMESTAMP',
    ])
    expect(await all()).toEqual([[1n, '1.500000000', ['a'], [1n], new Uint8Array([98]), 1_000_000n]])
  })

  test('into columns that it fits, by name', async () => {
    await parquet(`SELECT 'x' AS name, 7::SMALLINT AS id`, 'id INT64; name STRING; more DATE')
    expect(await all()).toEqual([[7n, 'x', null]])
    await expect(parquet(`SELECT 'x' AS id`, 'id INT64; name STRING')).rejects.toMatchObject({
      code: 'query-invalid',
      message: /Column id is VARCHAR in the file, and BIGINT in the table/,
    })
    await expect(parquet(`SELECT 18446744073709551615::UBIGINT AS id`, 'id INT64')).rejects.toMatchObject({
      code: 'query-invalid',
    })
  })

  test('that is none is told', async () => {
    await expect(load('no parquet', undefined, { format: 'parquet', detects: true })).rejects.toMatchObject({
      code: 'query-invalid',
    })
  })
})
