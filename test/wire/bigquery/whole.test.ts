// Both processes, from the public port on: intake pipes the API to the engine, rows go through the buffer, and outlive a kill -9.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import type { BigQuery } from '@google-cloud/bigquery'
import { type Millpond, startMillpond } from '../../support/millpond.ts'
import { runCli } from '../../app/cli-support.ts'
import { nodeClient } from './rig.ts'

let millpond: Millpond
let client: BigQuery
let token = ''

beforeAll(async () => {
  millpond = await startMillpond()
  const answer = await millpond.api('/api/tokens', {
    method: 'POST',
    body: JSON.stringify({ name: 'bigquery' }),
    headers: { 'content-type': 'application/json' },
  })
  token = ((await answer.json()) as { token: string }).token
  client = nodeClient(millpond.address, token)
})
afterAll(async () => {
  await millpond.dispose()
})

async function count(): Promise<number> {
  const [rows] = await client.query({ query: 'SELECT COUNT(*) AS n FROM shop.orders', useQueryCache: false })
  return (rows as { n: number }[])[0]?.n ?? 0
}

async function countWithin(ms: number, wanted: number): Promise<number> {
  const deadline = performance.now() + ms
  let found = await count()
  while (found !== wanted && performance.now() < deadline) found = await count()
  return found
}

test('Rows are asked for, streamed in and there within a second', async () => {
  await client.createDataset('shop')
  await client.dataset('shop').createTable('orders', { schema: 'id:INTEGER,name:STRING' })
  await client
    .dataset('shop')
    .table('orders')
    .insert([{ id: 1 }, { id: 2 }])
  expect(await countWithin(1000, 2)).toBe(2)
  const path = join(millpond.data, 'rows.csv')
  await writeFile(path, 'id,name\n3,c\n')
  await client.dataset('shop').table('orders').load(path, { sourceFormat: 'CSV', skipLeadingRows: 1 })
  expect(await countWithin(1000, 3)).toBe(3)
})

test('A key of the command line signs in at the public port', async () => {
  const own = { env: { MILLPOND_DATA: millpond.data } }
  expect((await runCli(['person', 'add', 'etl', '--service'], own)).code).toBe(0)
  const path = join(millpond.data, 'key.json')
  await runCli(['key', 'create', 'etl', '--out', path, '--public-url', millpond.address], own)
  const key = JSON.parse(await readFile(path, 'utf8')) as { token_uri: string }
  const refused = await fetch(key.token_uri, { method: 'POST', body: new URLSearchParams({ grant_type: 'x' }) })
  expect(await refused.json()).toMatchObject({ error: 'unsupported_grant_type' })
})

test('Every mount is reached through intake', async () => {
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: token }
  for (const path of ['/oauth2/token', '/v1/token']) {
    const exchanged = await fetch(millpond.address + path, { method: 'POST', body: new URLSearchParams(form) })
    expect([path, exchanged.status]).toEqual([path, 200])
  }
  const headers = { authorization: `Bearer ${token}` }
  for (const path of ['/projects/millpond/datasets', '/bigquery/v2/projects', '/discovery/v1/apis/bigquery/v2/rest'])
    expect((await fetch(millpond.address + path, { headers })).status).toBe(200)
  expect(await (await fetch(`${millpond.address}/bigquery/v2/projects`)).json()).toMatchObject({ error: { code: 401 } })
  const load = {
    destinationTable: { datasetId: 'shop', tableId: 'loaded' },
    sourceFormat: 'CSV',
    autodetect: true,
    skipLeadingRows: '1',
  }
  const begun = await fetch(
    `${millpond.address}/resumable/upload/bigquery/v2/projects/millpond/jobs?uploadType=resumable`,
    { method: 'POST', headers, body: JSON.stringify({ configuration: { load } }) },
  )
  const address = begun.headers.get('location') ?? ''
  expect(address.startsWith(millpond.address)).toBe(true)
  const range = { ...headers, 'content-range': 'bytes 0-2/*' }
  expect((await fetch(address, { method: 'PUT', headers: range, body: 'id\n' })).status).toBe(308)
  const last = { ...headers, 'content-range': 'bytes 3-4/5' }
  const job = (await (await fetch(address, { method: 'PUT', headers: last, body: '7\n' })).json()) as {
    jobReference: { jobId: string }
  }
  await client.job(job.jobReference.jobId).promise()
  expect((await client.query('SELECT id FROM shop.loaded'))[0]).toEqual([{ id: 7 }])
})

test('What was answered outlives a kill -9', async () => {
  await client
    .dataset('shop')
    .table('orders')
    .insert(Array.from({ length: 100 }, (_, id) => ({ id: 100 + id })))
  await millpond.kill('engine')
  expect(await countWithin(20_000, 103)).toBe(103)
})
