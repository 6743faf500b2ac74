// SQL that one person has written and another's page runs by itself, with the rights of whoever looks: tiles of dashboards, choices of
// parameters. It may read, which shows them no more than they may see; it changes nothing, because the writer might not be allowed to.
import { afterAll, beforeAll, expect, test } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'

let pond: Millpond
let writer: string

beforeAll(async () => {
  pond = await startMillpond()
  const key = await pond.addSource('vault')
  await sendTo(pond.address, { userId: 'u1', event: 'Secret' }, { key, path: '/v1/track' })
  await pond.settled()
  await admin('POST', '/api/query', { sql: 'CREATE SCHEMA daily' })
  await admin('POST', '/api/query', { sql: 'CREATE TABLE daily.kept AS SELECT 1 AS n' })
  await admin('POST', '/api/principals', { handle: 'ben', kind: 'person', role: 'analyst' })
  await admin('POST', '/api/grants', { grantee: 'ben', dataset: 'daily', privilege: 'write' })
  writer = String(JSON.parse(await admin('POST', '/api/tokens', { name: 'x', for: 'ben' }))['token' as never])
}, 60_000)

afterAll(async () => {
  await pond.dispose()
})

async function admin(method: string, path: string, body?: object): Promise<string> {
  const answer = await pond.api(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  return answer.text()
}

async function asWriter(path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(`${pond.address}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${writer}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return JSON.parse(text) as Readonly<Record<string, unknown>>
}

const attempts: readonly (readonly [dialect: 'googlesql' | 'duckdb', sql: string])[] = [
  ['googlesql', 'DROP TABLE daily.kept'],
  ['googlesql', 'DELETE FROM daily.kept WHERE TRUE'],
  ['googlesql', 'UPDATE daily.kept SET n = 2 WHERE TRUE'],
  ['googlesql', 'INSERT INTO daily.kept (n) SELECT COUNT(*) FROM vault.tracks'],
  ['googlesql', 'CREATE TABLE daily.stolen AS SELECT event FROM vault.tracks'],
  ['googlesql', 'CREATE OR REPLACE VIEW daily.stolen AS SELECT event FROM vault.tracks'],
  ['googlesql', 'EXECUTE IMMEDIATE "DROP TABLE daily.kept"'],
  ['googlesql', 'BEGIN DROP TABLE daily.kept; END'],
  ['googlesql', 'SELECT 1; DROP TABLE daily.kept'],
  ['googlesql', 'SELECT 1; DROP TABLE daily.kept; SELECT 1'],
  ['googlesql', 'DECLARE x INT64; DROP TABLE daily.kept; SELECT x'],
  ['googlesql', 'TRUNCATE TABLE daily.kept'],
  ['googlesql', 'DROP SCHEMA daily CASCADE'],
  ['googlesql', 'FROM vault.tracks |> SELECT event |> CALL daily.x()'],
  ['duckdb', 'CREATE TABLE daily.stolen AS SELECT * FROM vault.tracks'],
  ['duckdb', 'INSERT INTO daily.kept SELECT 1'],
  ['duckdb', 'DROP TABLE daily.kept'],
]

/** What can't be compiled is invalid, before anybody asks what it would change. */
const isRefused = (status: number): boolean => status === 400 || status === 403

async function state(): Promise<unknown> {
  const tables = await pond.query(
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'daily' ORDER BY ALL",
  )
  return { tables, rows: await pond.query('SELECT n FROM daily.kept') }
}

const place = { x: 0, y: 0, width: 6, height: 6 }

test.each(attempts)('of a tile: %s: %s', async (dialect, sql) => {
  const before = await state()
  const slug = `x${Math.random().toString(36).slice(2)}`
  const { id } = await asWriter('/api/queries', { name: slug, sql, dialect })
  const tiles = [
    { id: 'own', sql, dialect, place },
    { id: 'saved', query: id, place: { ...place, x: 6 } },
  ]
  await asWriter('/api/dashboards', { slug, title: slug, tiles })
  for (const tile of ['own', 'saved']) {
    const rows = await pond.api(`/api/dashboards/${slug}/tiles/${tile}/rows`, { method: 'POST', body: '{}' })
    expect([rows.status, (await rows.text()).includes('"end"')]).toEqual([expect.toSatisfy(isRefused), false])
    expect((await pond.api(`/api/dashboards/${slug}/tiles/${tile}/picture.svg`)).status).toSatisfy(isRefused)
  }
  expect(await state()).toEqual(before)
})

test.each(attempts.filter(([dialect]) => dialect === 'googlesql'))(
  'of the choices of a parameter: %s: %s',
  async (_dialect, choicesSql) => {
    const before = await state()
    const asked = { parameters: [{ name: 'p', type: 'STRING', choicesSql }], zone: 'UTC', values: {} }
    const told = JSON.parse(await admin('POST', '/api/query/parameters', asked)) as {
      error?: { code: string }
      parameters?: { error?: string; choices?: unknown }[]
    }
    const [field] = told.parameters ?? []
    expect([told.error?.code ?? typeof field?.error, field?.choices]).toEqual([
      expect.stringMatching(/^(?:request-invalid|string)$/),
      undefined,
    ])
    expect(await state()).toEqual(before)
  },
)

test('of a saved query: until whoever runs it has verified that version', async () => {
  const before = await state()
  const { id } = await asWriter('/api/queries', { name: 'clear', sql: 'DELETE FROM daily.kept WHERE n = 1' })
  const run = async () => pond.api(`/api/queries/${String(id)}/run`, { method: 'POST', body: '{}' })
  expect((await run()).status).toBe(403)
  expect(await state()).toEqual(before)
  await admin('POST', `/api/queries/${String(id)}/verify`, { version: 1 })
  expect((await run()).status).toBe(200)
  expect(await pond.query('SELECT n FROM daily.kept')).toEqual([])
  await admin('POST', '/api/query', { sql: 'INSERT INTO daily.kept (n) VALUES (1)' })
})

test('what only reads is answered', async () => {
  await asWriter('/api/dashboards', {
    slug: 'reads',
    title: 'reads',
    tiles: [
      { id: 'a', sql: '-- all\nWITH x AS (SELECT n FROM daily.kept) SELECT n FROM x;', place },
      { id: 'b', sql: 'FROM daily.kept SELECT n', dialect: 'duckdb', place: { ...place, x: 6 } },
    ],
  })
  for (const tile of ['a', 'b']) {
    const rows = await pond.api(`/api/dashboards/reads/tiles/${tile}/rows`, { method: 'POST', body: '{}' })
    expect([rows.status, await rows.text()]).toEqual([200, expect.stringContaining('"row":')])
  }
})
