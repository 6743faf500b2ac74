// Files in a bucket on a real Millpond: set up by the command line, read back by DuckDB, and compared with the tables row by row.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'
import { type FakeObjectStorage, startObjectStorage, testKey } from '../vendors/object-storage.ts'
import { runCli } from './cli-support.ts'

let millpond: Millpond
let store: FakeObjectStorage
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-bucket-'))
  store = await startObjectStorage()
  millpond = await startMillpond()
})
afterEach(async () => {
  await millpond.dispose()
  await store.stop()
  await rm(folder, { recursive: true, force: true })
})

const cli = async (...words: string[]) => runCli(['--data', millpond.data, 'destination', ...words])

/** All Parquet files of the bucket. */
async function rowsOf(sql: (files: string) => string): Promise<unknown[][]> {
  for (const [key, bytes] of store.objects) {
    const path = join(folder, key)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, bytes)
  }
  const duckdb = await DuckDBInstance.create(':memory:')
  const connection = await duckdb.connect()
  const files = `read_parquet('${folder}/millpond/*/*/*/*/*/*.parquet', hive_partitioning = true)`
  const rows = (await connection.runAndReadAll(sql(files))).getRowsJS()
  connection.closeSync()
  duckdb.closeSync()
  return rows
}

test('what the tables hold is in the files, with the same ids and times, and a retry is there once', async () => {
  const { stdout } = await cli('types')
  expect(stdout).toContain('object-storage')
  const settings = {
    ...testKey,
    baseUrl: store.url,
    allowPrivateNetwork: 'true',
    format: 'parquet',
    eventsPerFileMax: '7',
  }
  const words = Object.entries(settings).flatMap(([name, value]) => ['--setting', `${name}=${value}`])
  const added = await cli('add', 'object-storage', ...words)
  expect(added.code, added.stderr).toBe(0)
  const shop = await millpond.addSource('shop', 'server')
  const app = await millpond.addSource('app', 'server')
  for (const key of [shop, app, shop]) {
    const batch = Array.from({ length: 7 }, (_, index) => ({
      type: 'track',
      event: 'Order Completed',
      messageId: `m-${index}`,
      userId: `u-${index}`,
      timestamp: `2026-11-20T10:00:00.12${index}Z`,
      properties: { total: index },
    }))
    expect((await sendTo(millpond.address, { batch }, { key })).status).toBe(200)
  }
  await firstAnswer(
    async () => (store.objects.size >= 2 ? true : undefined),
    30_000,
    () => `${store.objects.size} files. ${millpond.output()}`,
  )
  const stored = await millpond.query(
    `SELECT source, id, epoch_us(timestamp)::VARCHAR, epoch_us(received_at)::VARCHAR FROM (
       SELECT 'shop' AS source, * FROM shop.tracks UNION ALL BY NAME SELECT 'app' AS source, * FROM app.tracks) ORDER BY ALL`,
  )
  expect(stored.length).toBe(14)
  const kept = await rowsOf(
    (files) =>
      `SELECT source, message_id, epoch_us(timestamp)::VARCHAR, epoch_us(received_at)::VARCHAR FROM ${files} ORDER BY ALL`,
  )
  expect(kept).toEqual(stored)
  const sums = await rowsOf(
    (files) => `SELECT sum((payload ->> '$.properties.total')::INT)::INT,
      bool_and(strftime(received_at AT TIME ZONE 'UTC', '%Y%m%d%H') = format('{:04d}{:02d}{:02d}{:02d}', year::INT, month::INT, day::INT, hour::INT))
      FROM ${files}`,
  )
  expect(sums).toEqual([[42, true]])
  await firstAnswer(async () => {
    const why = await cli('why', 'object-storage', 'm-3')
    return why.stdout.includes('It is there') ? true : undefined
  }, 30_000)
}, 60_000)
