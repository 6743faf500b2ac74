// Parquet exports and the disk: all of them together have a bound, and one that comes to nothing leaves nothing.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { exchangeFolderOf } from '../../src/warehouse/duckdb/exchange-folder.ts'
import { openRig, principal, type Rig } from './asking-rig.ts'

const MiB = 1024 * 1024
let rig: Rig

beforeAll(async () => {
  rig = await openRig({ settings: { exportsBytesMax: 4 * MiB } })
})

afterAll(async () => {
  await rig.close()
})

/** 36 letters a row that nothing compresses much. */
const uuids = (rows: number): string =>
  `SELECT GENERATE_UUID() AS u FROM UNNEST(GENERATE_ARRAY(1, 1000)) AS a, UNNEST(GENERATE_ARRAY(1, ${rows / 1000})) AS b`

async function exported(sql: string, signal = new AbortController().signal) {
  return rig.side.road.exportParquet({ sql, dialect: 'googlesql', principal: principal('root'), port: 'api' }, signal)
}

async function files(): Promise<string[]> {
  return readdir(exchangeFolderOf(join(rig.folder, 'warehouse')))
}

test('one that is larger than all may be is stopped while it is written, and its file is gone', async () => {
  await expect(exported(uuids(100_000_000))).rejects.toMatchObject({
    code: 'query-limit',
    message: expect.stringContaining('more than 4 MiB'),
  })
  expect(await files()).toEqual([])
})

test('what nobody has fetched yet counts, until it is removed', async () => {
  const first = await exported(uuids(160_000))
  expect(first.bytes).toBeGreaterThan(2 * MiB)
  await expect(exported(uuids(160_000))).rejects.toMatchObject({ code: 'query-limit' })
  expect(await files()).toHaveLength(1)
  await first.remove()
  await first.remove()
  expect(await files()).toEqual([])
  await (await exported(uuids(160_000))).remove()
  expect(await files()).toEqual([])
})

test('one that is left, cancelled or wrong leaves no file', async () => {
  const leaving = new AbortController()
  const left = exported(uuids(100_000), leaving.signal)
  leaving.abort()
  await expect(left).rejects.toMatchObject({ code: 'query-cancelled' })
  const endless = 'UNNEST(GENERATE_ARRAY(1, 300000))'
  const cancelled = exported(`SELECT a FROM ${endless} AS a, ${endless} AS b WHERE a * b < 0`)
  cancelled.catch(() => undefined)
  const road = rig.side.road
  await expect.poll(files).toHaveLength(1)
  const [job] = road.jobs(principal('root')).filter(({ state }) => state === 'running')
  await road.cancel(job?.id ?? '', principal('root'))
  await expect(cancelled).rejects.toMatchObject({ code: 'query-cancelled' })
  await expect(
    exported('SELECT IF(n < 900000, n, ERROR("late")) AS n FROM UNNEST(GENERATE_ARRAY(1, 1000000)) AS n'),
  ).rejects.toMatchObject({ code: 'query-invalid' })
  expect(await files()).toEqual([])
})
