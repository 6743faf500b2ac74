// SQL in what people give: in every part of an address, in every parameter of every question, in values that queries bind, and in names.
// On a real Millpond: nothing falls over, nothing is shown that one may not see, and nothing changes.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ZodObject } from 'zod'

import { type ApiDeps, buildApi } from '../../src/portal/api/api.ts'
import type { Says } from '../../src/portal/api/says.ts'
import { type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'

const secret = 'geheim'
const hostile = [
  `' OR '1'='1`,
  `" OR "1"="1`,
  `'; DROP TABLE principals; --`,
  `u1') UNION ALL SELECT email FROM vault.users --`,
  `\`; DELETE FROM web.tracks WHERE TRUE; --`,
  `$1`,
  `@region`,
  `%`,
  `_%`,
  `\\'`,
  `u1\u0000`,
  `../../vault`,
  `vault.users`,
  `"vault"."users"`,
  `*`,
]

interface Route {
  readonly method: string
  readonly url: string
  readonly says: Says | undefined
}

let pond: Millpond
let member: string
const routes: Route[] = []

beforeAll(async () => {
  pond = await startMillpond()
  const [web, vault] = [await pond.addSource('web'), await pond.addSource('vault')]
  for (const [key, word] of [
    [web, 'open'],
    [vault, secret],
  ] as const) {
    for (const userId of ['u1', 'u2']) {
      const traits = { email: `${word}-${userId}@example.com` }
      await sendTo(pond.address, { userId, traits }, { key, path: '/v1/identify' })
      await sendTo(pond.address, { userId, event: `${word} event` }, { key, path: '/v1/track' })
    }
  }
  await pond.settled()
  await admin('POST', '/api/principals', { handle: 'ana', kind: 'person', role: 'engineer' })
  await admin('POST', '/api/grants', { grantee: 'ana', dataset: 'web' })
  member = String((await admin('POST', '/api/tokens', { name: 'laptop', for: 'ana' }))['token'])
  const app = buildApi('public', { bigquery: {} } as ApiDeps, (method, url, says) => routes.push({ method, url, says }))
  await app.close()
}, 120_000)

afterAll(async () => {
  await pond.dispose()
})

async function admin(method: string, path: string, body?: object): Promise<Readonly<Record<string, unknown>>> {
  const answer = await pond.api(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`)
  return answer.status === 204 ? {} : ((await answer.json()) as Readonly<Record<string, unknown>>)
}

async function ask(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${pond.address}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${member}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  })
  // A feed never ends: that it began is the answer.
  const isFeed = answer.headers.get('content-type')?.startsWith('text/event-stream') === true
  const text = isFeed ? '' : await answer.text()
  if (isFeed) await answer.body?.cancel()
  return { status: answer.status, text }
}

/** Rows of every table, and what control keeps, as administrators see it. */
async function everything(): Promise<unknown> {
  const tables = await pond.query(
    `SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ('web', 'vault') ORDER BY ALL`,
  )
  const counts = await Promise.all(
    tables.map(async ([dataset, table]) =>
      pond.queryValue(`SELECT count(*) FROM "${String(dataset)}"."${String(table)}"`),
    ),
  )
  const kept = await Promise.all(
    ['/api/principals', '/api/grants', '/api/policies', '/api/users', '/api/queries'].map(async (path) =>
      admin('GET', path),
    ),
  )
  const sources = ((await admin('GET', '/api/sources'))['sources'] as { source: string }[]).map(({ source }) => source)
  return { tables, counts, kept, sources }
}

const fieldsOf = (schema: unknown): string[] => (schema instanceof ZodObject ? Object.keys(schema.shape) : [])

test('in every part of an address and every parameter of a question: no fault, nothing shown, nothing changed', async () => {
  const before = await everything()
  const asked = routes.filter(({ method, url }) => method === 'GET' && url.startsWith('/api/'))
  expect(asked.length).toBeGreaterThan(30)
  const wrong: unknown[] = []
  for (const { url, says } of asked) {
    const isFeed = says?.media === 'text/event-stream'
    for (const value of isFeed ? hostile.slice(0, 3) : hostile) {
      const path = url.replaceAll(/:\w+/g, encodeURIComponent(value))
      const fields = fieldsOf(says?.query)
      // One by one, because what is no number is refused before the rest is looked at.
      const searches = ['', ...fields.map((field) => `?${field}=${encodeURIComponent(value)}`)]
      for (const search of url.includes(':') || fields.length > 0 ? searches : []) {
        const { status, text } = await ask('GET', `${path}${search}`)
        // The feed and what else shows sources is an engineer's; rows of the other dataset are not.
        if (status >= 500 || text.includes(`${secret}-`))
          wrong.push({ url, search, value, status, text: text.slice(0, 200) })
      }
    }
  }
  expect(wrong).toEqual([])
  expect(await everything()).toEqual(before)
}, 180_000)

test('a search finds what was typed, not what it means to a database', async () => {
  const find = async (text: string) => {
    const { text: answer } = await ask('GET', `/api/people?search=${encodeURIComponent(text)}`)
    return (JSON.parse(answer) as { people: unknown[] }).people.length
  }
  expect(await find('open-u1@example.com')).toBe(1)
  for (const value of [`' OR '1'='1`, '%', '_', '*', 'open-%', '%@example.com'])
    expect([value, await find(value)]).toEqual([value, 0])
})

describe('questions that are built of names', () => {
  const plain = { source: 'web', table: 'tracks' }
  const common = { range: { days: 30 }, zone: 'UTC' }
  const counted = { event: plain, measure: { kind: 'events' } }
  const specs = (value: string): readonly object[] => {
    const events = [
      { ...plain, source: value },
      { ...plain, table: value },
      { ...plain, name: value },
      { ...plain, filters: [{ property: value, is: 'set' }] },
      { ...plain, filters: [{ property: 'event', is: 'contains', values: [value] }] },
      { ...plain, filters: [{ property: 'event', is: 'more', values: [value] }] },
    ]
    return [
      ...events.flatMap((event) => [
        { ...common, kind: 'trend', series: [{ event, measure: { kind: 'people' } }] },
        ...['duckdb', 'googlesql'].map((dialect) => ({ ...common, kind: 'funnel', steps: [plain, event], dialect })),
        { ...common, kind: 'retention', born: event, back: plain },
        { ...common, kind: 'trend', series: [counted], among: { did: event } },
      ]),
      { ...common, kind: 'trend', series: [counted], breakdown: { property: value } },
      { ...common, kind: 'trend', series: [{ event: plain, measure: { kind: 'sum', property: value } }] },
      { ...common, kind: 'trend', series: [counted], zone: value },
      { ...common, kind: 'paths', source: 'web', event: value },
      { ...common, kind: 'paths', source: value, event: 'open event' },
    ]
  }

  test('no name and no value is more than that, nor what stands in a cell', async () => {
    const before = await everything()
    const wrong: unknown[] = []
    const look = async (path: string, body: object): Promise<void> => {
      const { status, text } = await ask('POST', path, body)
      // What was asked may be said again; rows of the other dataset may not.
      if (status >= 500 || text.includes(`${secret}-`)) wrong.push({ path, body, status, text: text.slice(0, 200) })
    }
    for (const value of hostile) {
      for (const spec of specs(value)) await look('/api/explore', spec)
      const trend = { ...common, kind: 'trend', series: [counted], breakdown: { property: 'event' } }
      for (const cell of [
        { of: 'trend', series: 0, bucket: value, group: null },
        { of: 'trend', series: 0, bucket: '2026-01-01', group: value },
      ]) {
        await look('/api/explore/people', { spec: trend, cell })
        await look('/api/explore/people', { spec: trend, cell, after: value })
      }
    }
    expect(wrong).toEqual([])
    expect(await everything()).toEqual(before)
    // The same questions, of names that there are, have answers: it was the values that were refused.
    const asked = { ...common, kind: 'trend', series: [counted], breakdown: { property: 'event' } }
    expect((await ask('POST', '/api/explore', asked)).status).toBe(200)
  }, 240_000)
})

describe('values that a query binds are values', () => {
  const rows = (text: string): unknown[] =>
    text
      .split('\n')
      .filter((line) => line.startsWith('{"row"'))
      .map((line) => (JSON.parse(line) as { row: unknown[] }).row)

  test.each([
    ['googlesql', 'SELECT @p AS said, (SELECT COUNT(*) FROM web.identifies WHERE email = @p) AS n'],
    ['duckdb', 'SELECT $p AS said, (SELECT count(*) FROM web.identifies WHERE email = $p) AS n'],
  ])('in %s', async (dialect, sql) => {
    for (const value of hostile.filter((one) => !one.includes('\u0000'))) {
      const parameters = [{ name: 'p', type: 'STRING', value }]
      const { status, text } = await ask('POST', '/api/query', { sql, dialect, parameters })
      expect([value, status, rows(text)]).toEqual([
        value,
        200,
        [[value, '0']].map((row) => expect.toSatisfy(sameRow(row))),
      ])
    }
  })

  test('of saved queries and their choices', async () => {
    const parameter = { name: 'p', type: 'STRING', choicesSql: 'SELECT email FROM web.identifies WHERE email = @q' }
    const saved = await ask('POST', '/api/queries', {
      name: `x ' OR 1=1`,
      sql: 'SELECT @p AS said',
      parameters: [{ name: 'p', type: 'STRING' }],
    })
    const { id } = JSON.parse(saved.text) as { id: string }
    for (const value of hostile.filter((one) => !one.includes('\u0000'))) {
      const run = await ask('POST', `/api/queries/${id}/run`, { parameters: { p: { value } } })
      expect(rows(run.text)).toEqual([[value]])
      const form = await ask('POST', '/api/query/parameters', {
        parameters: [parameter, { name: 'q', type: 'STRING' }],
        zone: 'UTC',
        values: { q: { value } },
      })
      const [first] = (JSON.parse(form.text) as { parameters: { choices?: unknown[] }[] }).parameters
      expect([value, first?.choices]).toEqual([value, []])
    }
    expect((await ask('DELETE', `/api/queries/${id}`)).status).toBe(204)
  })
})

/** Counts come as numbers or texts, by dialect. */
function sameRow(expected: readonly string[]) {
  return (row: unknown): boolean => Array.isArray(row) && row.map(String).join('\n') === expected.join('\n')
}

test('names of datasets, tables and columns are names, also an administrator’s', async () => {
  const before = await everything()
  const key = { authorization: `Bearer ${pond.token}`, 'content-type': 'application/json' }
  const base = '/bigquery/v2/projects/millpond/datasets'
  for (const value of hostile) {
    const part = encodeURIComponent(value)
    const calls: readonly (readonly [method: string, path: string, body?: object])[] = [
      ['POST', '/api/maintenance/retype', { dataset: value, table: 'tracks', column: 'event', type: 'text' }],
      ['POST', '/api/maintenance/retype', { dataset: 'web', table: value, column: 'event', type: 'text' }],
      ['POST', '/api/maintenance/retype', { dataset: 'web', table: 'open_event', column: value, type: 'text' }],
      ['POST', '/api/sources', { source: value }],
      ['POST', '/api/principals', { handle: 'x', attributes: { [value]: 'y' } }],
      ['POST', base, { datasetReference: { datasetId: value } }],
      ['GET', `${base}/${part}/tables`],
      ['GET', `${base}/web/tables/${part}/data`],
      ['GET', `${base}/web/tables/tracks/data?selectedFields=${part}`],
      ['POST', `${base}/web/tables/${part}/insertAll`, { rows: [{ json: { [value]: 1 } }] }],
      ['DELETE', `${base}/${part}?deleteContents=true`],
    ]
    for (const [method, path, body] of calls) {
      const answer = await fetch(`${pond.address}${path}`, {
        method,
        headers: key,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      expect([method, path, value, answer.status, text.slice(0, 300)]).toEqual([
        method,
        path,
        value,
        expect.toSatisfy((status) => Number(status) >= 400 && Number(status) < 500),
        expect.not.stringContaining(`${secret}-`),
      ])
    }
  }
  expect(await everything()).toEqual(before)
}, 120_000)
