// A person's data, given out over the real processes: all of it, of nobody else, and no more than the asker may read.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { type CliRun, runCli } from './cli-support.ts'

type Line = Readonly<Record<string, unknown>> & { readonly kind: string }

let millpond: Millpond
let folder = ''
const tokens = new Map<string, string>()
const manyEvents = 3000

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-give-out-'))
  millpond = await startMillpond()
  const key = await millpond.addSource('web', 'server')
  await change('/api/policies/masks', { dataset: 'web', table: '*', column: 'email', kind: 'hash', exempt: [] })
  for (const [handle, role] of [
    ['ana', 'member'],
    ['sue', 'support'],
    ['none', 'member'],
  ] as const) {
    await change('/api/principals', { handle, kind: 'person', role })
    tokens.set(handle, String((await change('/api/tokens', { name: 'test', for: handle }))['token']))
    if (handle !== 'none')
      await change('/api/grants', { grantee: handle, dataset: 'web', table: '*', privilege: 'read' })
  }
  const batch = [
    { type: 'identify', userId: 'u1', anonymousId: 'a1', traits: { email: 'ada@example.com' }, messageId: 'm1' },
    { type: 'page', anonymousId: 'a1', name: 'Home', messageId: 'm2' },
    {
      type: 'track',
      userId: 'u1',
      event: 'Order Completed',
      properties: { total: 19.5, code: 'X-9' },
      messageId: 'm3',
    },
    { type: 'track', userId: 'u2', event: 'Order Completed', properties: { total: 1 }, messageId: 'm4' },
  ]
  await send(key, batch)
  for (let from = 0; from < manyEvents; from += 500) {
    const taps = Array.from({ length: 500 }, (_, n) => {
      const timestamp = new Date(Date.UTC(2026, 9, 1) + (from + n) * 1000).toISOString()
      return { type: 'track', userId: 'u3', event: 'Tapped', messageId: `t${from + n}`, timestamp }
    })
    await send(key, taps)
  }
  await millpond.settled()
  await firstAnswer(async () => ((await call('/api/people/u3')).ok ? true : undefined), 10_000, millpond.output)
})

afterAll(async () => {
  await millpond.dispose()
  await rm(folder, { recursive: true })
})

async function send(key: string, batch: readonly object[]): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`
  const body = JSON.stringify({ batch })
  const response = await fetch(`${millpond.address}/v1/batch`, { method: 'POST', headers: { authorization }, body })
  expect(response.status).toBe(200)
}

async function change(path: string, body: object): Promise<Record<string, unknown>> {
  const response = await millpond.api(path, { method: 'POST', body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
  return response.status === 204 ? {} : ((await response.json()) as Record<string, unknown>)
}

async function call(path: string, as?: string): Promise<Response> {
  if (as === undefined) return millpond.api(path)
  return fetch(`${millpond.address}${path}`, { headers: { authorization: `Bearer ${tokens.get(as) ?? ''}` } })
}

function linesIn(text: string): Line[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

async function given(id: string, as?: string): Promise<Line[]> {
  const response = await call(`/api/people/${id}/export`, as)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toContain('application/x-ndjson')
  return linesIn(await response.text())
}

async function cli(...words: string[]): Promise<CliRun> {
  return runCli(['give-out', ...words], { env: { MILLPOND_DATA: millpond.data }, cwd: folder })
}

test('has everything of the person under all ids, and nothing of anybody else', async () => {
  await change('/api/people/u1/notes', { text: 'Wants her data.' })
  const lines = await given('a1')
  expect(lines[0]).toMatchObject({ kind: 'person', id: 'anonymous:a1', isCut: false })
  expect(new Set(lines[0]?.['ids'] as string[])).toEqual(new Set(['user:u1', 'anonymous:a1']))
  const rows = lines.filter(({ row }) => row !== undefined) as (Line & { readonly row: { readonly id: string } })[]
  expect(new Set(rows.map(({ kind, table, row }) => `${kind} ${String(table)} ${row.id}`))).toEqual(
    new Set(['user web.users u1', 'identify web.identifies m1', 'page web.pages m2', 'track web.order_completed m3']),
  )
  expect(rows[0]).toMatchObject({ kind: 'user', row: { email: 'ada@example.com' } })
  // All of the row, of its own table and not of the view over all events.
  expect(rows.find(({ kind }) => kind === 'track')?.row).toMatchObject({ total: 19.5, code: 'X-9', user_id: 'u1' })
  expect(lines.filter(({ kind }) => kind === 'note')).toMatchObject([{ text: 'Wants her data.' }])
  expect(lines.at(-1)).toEqual({ kind: 'end', lines: lines.length - 2 })
  expect(JSON.stringify(lines)).not.toContain('u2')
})

test('leaves a receipt that tells it from a look', async () => {
  await call('/api/people/u1/export?reason=Asked%20by%20mail')
  const { receipts } = (await (await call('/api/people/u1/receipts')).json()) as { receipts: { reason: string }[] }
  expect(receipts.map(({ reason }) => reason)).toContain('given out: Asked by mail')
})

test('obeys masks, and says which tables were asked', async () => {
  const lines = await given('u1', 'ana')
  expect(lines.find(({ kind }) => kind === 'user')?.['row']).toMatchObject({
    email: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
  })
  expect(lines[0]?.['tables']).not.toContain('millpond.deliveries')
  expect(JSON.stringify(lines)).not.toContain('ada@example.com')
})

test('is refused to support, and finds nobody for whoever may read nothing', async () => {
  expect((await call('/api/people/u1/export', 'sue')).status).toBe(403)
  expect((await call('/api/people/u1/export', 'none')).status).toBe(404)
  expect((await call('/api/people/nobody/export')).status).toBe(404)
})

test('comes line by line in the order of time, however much there is', async () => {
  const taps = (await given('u3')).filter(({ kind }) => kind === 'track').map(({ row }) => row as { timestamp: string })
  expect(taps).toHaveLength(manyEvents)
  expect(taps.map(({ timestamp }) => timestamp)).toEqual(taps.map(({ timestamp }) => timestamp).toSorted())
})

test('the command writes a file for its owner alone, whole or not at all', async () => {
  const made = await cli('--user', 'u3', '--out', 'u3.ndjson')
  expect([made.code, made.stdout, made.stderr]).toEqual([
    0,
    expect.stringMatching(/^u3\.ndjson has \d+ lines\.\n$/),
    '',
  ])
  expect((await stat(join(folder, 'u3.ndjson'))).mode & 0o777).toBe(0o600)
  expect(
    linesIn(await readFile(join(folder, 'u3.ndjson'), 'utf8')).filter(({ kind }) => kind === 'track'),
  ).toHaveLength(manyEvents)
  const printed = await cli('--anonymous', 'a1', '--reason', 'mail')
  expect(linesIn(printed.stdout).at(-1)).toMatchObject({ kind: 'end' })

  await writeFile(join(folder, 'mine'), 'mine')
  expect((await cli('--user', 'u1', '--out', 'mine')).stderr).toContain("mine can't be written")
  expect(await readFile(join(folder, 'mine'), 'utf8')).toBe('mine')
  const nobody = await cli('--user', 'nobody', '--out', 'nobody.ndjson')
  expect(nobody.code).not.toBe(0)
  expect(nobody.stderr).toContain('Nobody with this id was seen')
  await expect(stat(join(folder, 'nobody.ndjson'))).rejects.toThrow('ENOENT')
  expect((await cli()).stderr).toContain('Say who')
})
