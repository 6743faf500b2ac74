// Files as those who read them see them: DuckDB opens what the hub wrote.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { outgoingEvent } from '../../../../test/contract/destination.ts'
import { parseExact } from '../../screen/parse.ts'
import { checkSettings } from '../settings.ts'
import { eventFile, rowText } from './file.ts'
import { objectStorage } from './object-storage.ts'

let folder: string
let duckdb: DuckDBInstance
let connection: DuckDBConnection

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-files-'))
  duckdb = await DuckDBInstance.create(':memory:')
  connection = await duckdb.connect()
})
afterAll(async () => {
  connection.closeSync()
  duckdb.closeSync()
  await rm(folder, { recursive: true, force: true })
})

async function rowsOf(sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRowsJS()
}

const nine = Date.UTC(2026, 10, 24, 9) * 1000
const columns = 'message_id, source, type, event, user_id, anonymous_id, timestamp, received_at, payload'

async function written(name: string, events: readonly Parameters<typeof rowText>[0][], format: 'parquet' | 'ndjson') {
  const path = join(folder, name)
  await writeFile(path, eventFile(events.map(rowText), format).body)
  return `'${path}'`
}

describe('Parquet', () => {
  test('has the columns and types of the docs', async () => {
    const path = await written('types.parquet', [outgoingEvent()], 'parquet')
    const described = await rowsOf(
      `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${path}))`,
    )
    expect(described).toEqual([
      ['message_id', 'VARCHAR'],
      ['source', 'VARCHAR'],
      ['type', 'VARCHAR'],
      ['event', 'VARCHAR'],
      ['user_id', 'VARCHAR'],
      ['anonymous_id', 'VARCHAR'],
      ['timestamp', 'TIMESTAMP WITH TIME ZONE'],
      ['received_at', 'TIMESTAMP WITH TIME ZONE'],
      ['payload', 'VARCHAR'],
    ])
  })

  test('holds whatever an event holds: quotes, other scripts, nothing, long numbers, times to the microsecond', async () => {
    const exact = parseExact('{"type":"track","properties":{"n":12345678901234567890}}') as Record<string, unknown>
    const odd = outgoingEvent({ name: 'says ,"payload":{"x":1} 訂單 🫖 \\ "', userId: '', anonymousId: '' })
    const events = [
      { ...odd, atMicros: nine + 1, receivedAtMicros: nine + 999_999 },
      { ...outgoingEvent(), name: '', event: exact, isExact: true, atMicros: -1, receivedAtMicros: nine },
    ]
    const path = await written('odd.parquet', events, 'parquet')
    const rows = await rowsOf(`SELECT event, user_id, anonymous_id, epoch_us(timestamp)::VARCHAR,
      epoch_us(received_at)::VARCHAR, payload ->> '$.properties.n' FROM read_parquet(${path})`)
    expect(rows).toEqual([
      [odd.name, null, null, String(nine + 1), String(nine + 999_999), null],
      [null, events[1]?.userId, events[1]?.anonymousId, '-1', String(nine), '12345678901234567890'],
    ])
  })

  test('20,000 rows, of many row groups, come back in order', async () => {
    const one = outgoingEvent()
    const events = Array.from({ length: 20_000 }, (_, index) => ({ ...one, messageId: `m-${index}` }))
    const path = await written('many.parquet', events, 'parquet')
    const sql = `SELECT count(*)::INT, count(DISTINCT message_id)::INT, min(json_extract_string(payload, '$.event')),
      bool_and(message_id = 'm-' || file_row_number) FROM read_parquet(${path}, file_row_number = true)`
    expect(await rowsOf(sql)).toEqual([[20_000, 20_000, 'Order Completed', true]])
  })
})

test('both formats tell the same, row by row', async () => {
  const events = Array.from({ length: 50 }, (_, index) =>
    outgoingEvent({ name: index % 3 === 0 ? '' : `Event ${index}`, receivedAtMicros: nine + index }),
  )
  const parquet = await written('same.parquet', events, 'parquet')
  const ndjson = await written('same.ndjson.gz', events, 'ndjson')
  const lines = `read_json(${ndjson}, format = 'newline_delimited', columns = {message_id: 'VARCHAR', source: 'VARCHAR', type: 'VARCHAR',
    event: 'VARCHAR', user_id: 'VARCHAR', anonymous_id: 'VARCHAR', timestamp: 'TIMESTAMPTZ', received_at: 'TIMESTAMPTZ', payload: 'VARCHAR'})`
  const sql = `(SELECT ${columns} FROM read_parquet(${parquet}) EXCEPT SELECT ${columns} FROM ${lines})`
  expect(await rowsOf(`SELECT count(*)::INT FROM ${sql}`)).toEqual([[0]])
  expect(await rowsOf(`SELECT count(*)::INT FROM ${lines}`)).toEqual([[50]])
})

test('the folders are partitions', async () => {
  const settings = checkSettings(objectStorage, {
    bucket: 'b1',
    baseUrl: 'http://store',
    accessKeyId: 'id',
    secretAccessKey: 'secret',
    format: 'parquet',
  })
  for (const hours of [0, 1, 15]) {
    const shaped = objectStorage.shape(outgoingEvent({ receivedAtMicros: nine + hours * 3_600_000_000 }), settings)
    const [item] = 'items' in shaped ? shaped.items : []
    const request = objectStorage.request(item?.lane ?? '', [item?.text ?? ''], settings, nine, 'd1-events-1-2')
    const path = join(folder, decodeURIComponent(new URL(request.url).pathname))
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, request.body)
  }
  const from = `read_parquet('${folder}/b1/millpond/*/*/*/*/*/*.parquet', hive_partitioning = true)`
  expect(await rowsOf(`SELECT year::INT, month::INT, day::INT, hour::INT FROM ${from} ORDER BY ALL`)).toEqual([
    [2026, 11, 24, 9],
    [2026, 11, 24, 10],
    [2026, 11, 25, 0],
  ])
})

test.each(['parquet', 'ndjson'] as const)('%s: the same rows are the same bytes', (format) => {
  const rows = Array.from({ length: 100 }, () => rowText(outgoingEvent()))
  expect(eventFile(rows, format).body).toEqual(eventFile([...rows], format).body)
})

test('lines end with a line feed, the last one too', () => {
  const rows = [rowText(outgoingEvent()), rowText(outgoingEvent({ name: 'a\nb' }))]
  expect(gunzipSync(eventFile(rows, 'ndjson').body).toString()).toBe(`${rows.join('\n')}\n`)
})
