// Saved cohorts over the real processes: whose they are, what people with other rights see of them, and what can't be one.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { ExploreAnswer, PeopleAnswer, ShownSql } from '../../src/portal/api/answers.ts'
import type { CohortAnswer } from '../../src/portal/api/cohort-answers.ts'
import { type Millpond, startMillpond } from '../support/millpond.ts'
import { runCli } from './cli-support.ts'

let millpond: Millpond
const tokens = new Map<string, string>()
const range = { from: '2026-11-01', to: '2026-11-03' }

type Json = Readonly<Record<string, unknown>>

beforeAll(async () => {
  millpond = await startMillpond()
  const key = await millpond.addSource('shop')
  const roles = { ana: 'analyst', amy: 'analyst', vic: 'viewer', eva: 'analyst', max: 'analyst', out: 'analyst' }
  for (const [handle, role] of Object.entries(roles)) {
    await admin('/api/principals', { handle, kind: 'person', role, attributes: {} })
    tokens.set(handle, String((await admin('/api/tokens', { name: 'test', for: handle }))['token']))
  }
  for (const grantee of ['ana', 'amy', 'vic', 'eva', 'max']) await admin('/api/grants', { grantee, dataset: 'shop' })
  const track = (who: Json, event: string, hour: number): Json => ({
    type: 'track',
    ...who,
    event,
    messageId: `${event}-${JSON.stringify(who)}-${hour}`,
    timestamp: new Date(Date.UTC(2026, 10, 1, hour)).toISOString(),
  })
  const batch = [
    track({ anonymousId: 'a1' }, 'Page Seen', 1),
    { type: 'identify', userId: 'u1', anonymousId: 'a1', messageId: 'i1', timestamp: '2026-11-01T02:00:00Z' },
    track({ userId: 'u1' }, 'Order Paid', 3),
    track({ userId: 'u2' }, 'Page Seen', 4),
    track({ userId: 'u2' }, 'Order Paid', 5),
    track({ userId: 'u3' }, 'Page Seen', 6),
  ]
  const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`
  const body = JSON.stringify({ batch })
  const sent = await fetch(`${millpond.address}/v1/batch`, { method: 'POST', headers: { authorization }, body })
  expect(sent.status).toBe(200)
  await millpond.settled()
  // Eva sees u2 and nobody else.
  const exempt = ['ana', 'amy', 'vic', 'max']
  for (const table of ['tracks', 'identifies', 'users']) {
    const predicate = table === 'users' ? "id = 'u2'" : "user_id = 'u2'"
    await admin('/api/policies/filters', { dataset: 'shop', table, predicate, exempt })
  }
}, 90_000)

afterAll(async () => {
  await millpond.dispose()
})

async function admin(path: string, body: object): Promise<Json> {
  const response = await millpond.api(path, { method: 'POST', body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
  const [line = ''] = (await response.text()).split('\n')
  return line === '' ? {} : (JSON.parse(line) as Json)
}

async function as(handle: string, call: string, body?: object): Promise<{ status: number; body: Json; text: string }> {
  const [method = '', path = ''] = call.split(' ')
  const authorization = `Bearer ${tokens.get(handle) ?? ''}`
  const type = { 'content-type': 'application/json' }
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const headers = { authorization, ...(body === undefined ? {} : type) }
  const response = await fetch(`${millpond.address}${path}`, { method, headers, ...sent })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Json), text }
}

async function save(handle: string, name: string, definition: Json, more: Json = {}): Promise<string> {
  const { status, body } = await as(handle, 'POST /api/cohorts', { name, definition, ...more })
  expect(status, JSON.stringify(body)).toBe(201)
  return (body as unknown as CohortAnswer).id
}

async function query(handle: string, name: string, sql: string, more: Json = {}): Promise<string> {
  const { status, body } = await as(handle, 'POST /api/queries', { name, sql, ...more })
  expect(status, JSON.stringify(body)).toBe(201)
  return String(body['id'])
}

async function ids(handle: string, cohort: string): Promise<readonly string[]> {
  const { status, body } = await as(handle, `GET /api/cohorts/${encodeURIComponent(cohort)}/people`)
  expect(status, JSON.stringify(body)).toBe(200)
  return (body as unknown as PeopleAnswer).people.map(({ id }) => id)
}

async function size(handle: string, cohort: string): Promise<unknown> {
  return (await as(handle, `GET /api/cohorts/${cohort}/size`)).body['people']
}

const cli = async (...words: string[]) => runCli(['cohort', ...words], { env: { MILLPOND_DATA: millpond.data } })

const seen = { source: 'shop', table: 'page_seen' }
const paid = { source: 'shop', table: 'order_paid' }
const funnel = { kind: 'funnel', steps: [seen, paid], range }
const buyers = { kind: 'question', spec: funnel, cell: { of: 'funnel', step: 1, who: 'reached', group: '' } }

test('each kind is counted, listed and asked with; a list can be kept of it', async () => {
  const made = {
    buyers: await save('ana', 'Buyers', buyers),
    sql: await save('ana', 'By SQL', {
      kind: 'query',
      query: await query('ana', 'ids', 'SELECT anonymous_id FROM shop.page_seen WHERE user_id IS NULL'),
    }),
    list: await save('ana', 'By hand', { kind: 'ids', ids: ['a1', 'u3', 'u3', 'never seen'] }),
  }
  expect(await ids('ana', made.buyers)).toEqual(['u1', 'u2'])
  expect(await ids('ana', made.sql)).toEqual(['u1'])
  expect(await ids('ana', 'By hand')).toEqual(['u1', 'u3'])
  expect(await size('ana', made.list)).toBe(2)
  const asked = await as('ana', 'POST /api/explore', {
    ...funnel,
    cohorts: [{ cohort: made.buyers }, { cohort: 'By SQL', is: 'out' }],
    breakdown: { cohort: made.list },
  })
  const told = asked.body as unknown as ExploreAnswer
  expect(
    told.kind === 'funnel' && told.groups.map(({ group, steps }) => [group, ...steps.map(({ people }) => people)]),
  ).toEqual([['out', 1, 1]])
  // A query-made cohort has no other dialect.
  expect(told.statements.map(({ dialect }) => dialect)).toEqual(['googlesql'])
  const [{ sql = '', dialect = '', parameters = [] } = {}] = told.statements as readonly Partial<ShownSql>[]
  const given = parameters.map((one) => ({
    ...one,
    value: one.type === 'ARRAY<STRING>' ? JSON.parse(one.value) : one.value,
  }))
  expect((await as('ana', 'POST /api/query', { sql, dialect, parameters: given, dryRun: true })).status).toBe(200)
  const kept = await as('ana', `POST /api/cohorts/${made.buyers}/freeze`, { name: 'Buyers of today' })
  expect(kept.body).toMatchObject({ definition: { kind: 'ids', ids: ['u1', 'u2'] }, idCount: 2 })
})

describe('rights', () => {
  test('nobody sees more in a cohort than without it, whoever made it', async () => {
    const all = await query('ana', 'everybody', 'SELECT user_id FROM shop.tracks')
    const cohorts = [
      await save('ana', 'All buyers', buyers),
      await save('ana', 'All by SQL', { kind: 'query', query: all }),
      await save('ana', 'All by hand', { kind: 'ids', ids: ['u1', 'u2', 'a1'] }),
    ]
    for (const cohort of cohorts) {
      expect(await ids('eva', cohort)).toEqual(['u2'])
      expect(await size('eva', cohort)).toBe(1)
      // Who may read no events at all.
      const without = await as('out', `GET /api/cohorts/${cohort}/people`)
      expect([without.status, without.body['people'] ?? without.body['error']]).toEqual(
        cohort !== cohorts[1] ? [200, []] : [400, expect.objectContaining({ code: 'query-invalid' })],
      )
      const asked = await as('eva', 'POST /api/explore', { ...funnel, cohorts: [{ cohort }] })
      expect((asked.body['groups'] as { steps: { people: number }[] }[])[0]?.steps.map(({ people }) => people)).toEqual(
        [1, 1],
      )
    }
    const [list = ''] = cohorts.slice(-1)
    for (const path of ['', '/sql', '/people', '/size']) {
      const { status, text } = await as('eva', `GET /api/cohorts/${list}${path}`)
      expect([path, status, text.includes('u1'), text.includes('a1')]).toEqual([path, 200, false, false])
    }
    // Nor in the SQL of a question, or of a cohort that names it.
    const inside = await save('ana', 'Inside', {
      ...buyers,
      spec: { ...funnel, cohorts: [{ cohort: list }] },
    })
    for (const cohort of [list, inside]) {
      const { status, text } = await as('eva', 'POST /api/explore', { ...funnel, cohorts: [{ cohort }] })
      expect([status, text.includes('u1')]).toEqual([200, false])
      expect((await as('ana', 'POST /api/explore', { ...funnel, cohorts: [{ cohort }] })).text).toContain('u1')
    }
    expect((await as('eva', `POST /api/cohorts/${list}/freeze`, { name: 'Hers' })).body).toMatchObject({
      definition: { ids: ['u2'] },
    })
  })

  test('who sees ids as hashes finds nobody by an id, and hashes where others find ids', async () => {
    const list = await save('ana', 'Before the mask', { kind: 'ids', ids: ['u1', 'u2', 'u3'] })
    const asked = await save('ana', 'Asked before the mask', buyers)
    const exempt = ['ana', 'amy', 'eva', 'vic', 'out']
    await admin('/api/policies/masks', { dataset: 'shop', table: '*', column: 'user_id', kind: 'hash', exempt })
    expect(await ids('max', list)).toEqual([])
    const found = await ids('max', asked)
    expect([found.length, found.some((id) => /^u\d$/.test(id))]).toEqual([2, false])
    for (const cohort of [list, asked]) {
      for (const path of ['', '/sql', '/people']) {
        expect((await as('max', `GET /api/cohorts/${cohort}${path}`)).text).not.toMatch(/"u\d"/)
      }
    }
  })

  test('a viewer sees sizes and nobody', async () => {
    const cohort = await save('ana', 'For viewers', buyers)
    expect(await size('vic', cohort)).toBe(2)
    expect((await as('vic', `GET /api/cohorts/${cohort}/people`)).status).toBe(403)
    expect((await as('vic', 'POST /api/cohorts', { name: 'x', definition: buyers })).status).toBe(403)
    expect((await as('vic', `POST /api/cohorts/${cohort}/freeze`, { name: 'x' })).status).toBe(403)
  })

  test('one of its owner alone is there for nobody else, and no part of one that is for everybody', async () => {
    const own = await save('ana', 'Hers alone', buyers, { audience: 'owner' })
    for (const named of [own, 'Hers%20alone']) {
      for (const path of ['', '/size', '/sql', '/people']) {
        expect((await as('amy', `GET /api/cohorts/${named}${path}`)).status, path).toBe(404)
      }
    }
    expect((await as('amy', 'GET /api/cohorts')).text).not.toContain('Hers alone')
    expect((await as('amy', 'POST /api/explore', { ...funnel, cohorts: [{ cohort: own }] })).status).toBe(404)
    const part = { ...buyers, spec: { ...funnel, cohorts: [{ cohort: own }] } }
    const open = await as('ana', 'POST /api/cohorts', { name: 'Open', definition: part })
    expect([open.status, open.text]).toEqual([400, expect.stringContaining('is not')])
    const sql = await query('ana', 'hers', 'SELECT user_id FROM shop.tracks', { audience: 'owner' })
    const bySql = { name: 'Open', definition: { kind: 'query', query: sql } }
    expect((await as('ana', 'POST /api/cohorts', bySql)).status).toBe(400)
    expect((await as('amy', 'POST /api/cohorts', bySql)).status).toBe(404)
    expect((await as('ana', 'POST /api/cohorts', { ...bySql, audience: 'owner' })).status).toBe(201)
  })

  test('SQL changes nothing, and is a whole query of its own', async () => {
    await admin('/api/query', { sql: 'CREATE SCHEMA daily' })
    await admin('/api/query', { sql: "CREATE TABLE daily.kept AS SELECT 'u1' AS user_id" })
    const hostile = [
      'DROP TABLE daily.kept',
      'SELECT user_id FROM daily.kept; DROP TABLE daily.kept',
      "SELECT user_id FROM daily.kept) AS x; DROP TABLE daily.kept; SELECT person FROM (SELECT 'u1' AS person",
      'SELECT user_id FROM daily.kept) UNION ALL (SELECT user_id FROM shop.tracks',
      'SELECT person AS user_id FROM found',
      'SELECT @v1 AS user_id',
      'SELECT user_id, 1 AS n FROM daily.kept',
      'SELECT 1 AS user_id',
      'SELECT user_id AS id FROM daily.kept',
      'SELECT user_id FROM daily.kept /* no end',
    ]
    for (const [index, sql] of hostile.entries()) {
      const id = String((await admin('/api/queries', { name: `hostile ${index}`, sql }))['id'])
      const made = await millpond.api('/api/cohorts', {
        method: 'POST',
        body: JSON.stringify({ name: `hostile ${index}`, definition: { kind: 'query', query: id } }),
      })
      expect([sql, made.status]).toEqual([sql, expect.toSatisfy((status) => status >= 400 && status < 500)])
    }
    // One that was good when it was saved, and isn't any more.
    const id = String((await admin('/api/queries', { name: 'turns', sql: 'SELECT user_id FROM daily.kept' }))['id'])
    const cohort = String(
      (await admin('/api/cohorts', { name: 'Turns', definition: { kind: 'query', query: id } }))['id'],
    )
    await millpond.api(`/api/queries/${id}`, {
      method: 'PUT',
      body: JSON.stringify({ name: 'turns', sql: 'DELETE FROM daily.kept WHERE TRUE' }),
    })
    for (const path of ['/size', '/people', '/sql']) {
      expect((await millpond.api(`/api/cohorts/${cohort}${path}`)).status).toSatisfy(
        (one) => one === 400 || one === 403,
      )
    }
    // One of somebody who may not write there, opened and asked with by somebody who may.
    const hers = await query('ana', 'hers turns', 'SELECT user_id FROM shop.tracks')
    const borrowed = await save('ana', 'Hers turns', { kind: 'query', query: hers })
    for (const sql of ['DELETE FROM daily.kept WHERE TRUE', 'SELECT user_id FROM daily.kept; DROP TABLE daily.kept']) {
      expect((await as('ana', `PUT /api/queries/${hers}`, { name: 'hers turns', sql })).status).toBe(200)
      const asked = { ...funnel, cohorts: [{ cohort: borrowed }] }
      const answers = [
        await millpond.api(`/api/cohorts/${borrowed}/people`),
        await millpond.api('/api/explore', { method: 'POST', body: JSON.stringify(asked) }),
      ]
      for (const { status } of answers) expect(status).toSatisfy((one) => one === 400 || one === 403)
    }
    expect(await millpond.query('SELECT user_id FROM daily.kept')).toEqual([['u1']])
  })
})

describe('cohorts of cohorts', () => {
  const of = (cohort: string) => ({ ...buyers, spec: { ...funnel, cohorts: [{ cohort }] } })

  test('go in no circle, not deep without end, and hold what they are made of', async () => {
    const first = await save('ana', 'First', buyers)
    const second = await save('ana', 'Second', of('First'))
    const change = async (definition: Json) => as('ana', `PUT /api/cohorts/${first}`, { name: 'First', definition })
    for (const definition of [
      of(first),
      of('Second'),
      { ...buyers, spec: { ...funnel, breakdown: { cohort: second } } },
    ]) {
      const refused = await change(definition)
      expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('made of itself')])
    }
    const third = await save('ana', 'Third', of('Second'))
    const fourth = await save('ana', 'Fourth', of('Third'))
    expect(await ids('ana', fourth)).toEqual(['u1', 'u2'])
    expect((await as('ana', 'POST /api/cohorts', { name: 'Fifth', definition: of('Fourth') })).status).toBe(400)
    const hidden = { name: 'Second', definition: of('First'), audience: 'owner' }
    expect((await as('ana', `PUT /api/cohorts/${second}`, hidden)).body).toMatchObject({
      error: { code: 'cohort-used' },
    })
    const kept = await as('ana', `DELETE /api/cohorts/${second}`)
    expect([kept.status, kept.text]).toEqual([409, expect.stringContaining('Third')])
    expect((await as('ana', `GET /api/cohorts/${second}`)).body).toMatchObject({
      uses: [{ name: 'First' }],
      usedBy: [{ name: 'Third' }],
    })
    for (const id of [fourth, third, second, first]) {
      expect((await as('ana', `DELETE /api/cohorts/${id}`)).status).toBe(204)
    }
    const gone = await as('ana', 'POST /api/explore', { ...funnel, cohorts: [{ cohort: first }] })
    expect([gone.status, gone.text]).toEqual([404, expect.stringContaining('There is no cohort')])
    const audit = (await (await millpond.api('/api/audit?action=cohort.remove')).json()) as { entries: readonly Json[] }
    expect(audit.entries.map(({ target }) => target)).toContain(first)
  })

  test('another name doesn’t take its place', async () => {
    const one = await save('ana', 'Renamed', { kind: 'ids', ids: ['u1'] })
    const outer = await save('ana', 'Of renamed', of('Renamed'))
    await as('ana', `PUT /api/cohorts/${one}`, { name: 'Otherwise', definition: { kind: 'ids', ids: ['u1'] } })
    await save('amy', 'Renamed', { kind: 'ids', ids: ['u2'] })
    expect(await ids('ana', outer)).toEqual(['u1'])
  })
})

test('a number of one day stays that day’s; a whole line goes on with today', async () => {
  const spec = {
    kind: 'trend',
    series: [{ event: seen, measure: { kind: 'events' } }],
    range: { days: 60 },
    interval: 'day',
  }
  const point = async (bucket: string | null) =>
    save('ana', `Point ${bucket ?? 'whole'}`, {
      kind: 'question',
      spec,
      cell: { of: 'trend', series: 0, bucket, group: '' },
    })
  const { body } = await as('ana', 'POST /api/explore', spec)
  const bucket = (body['buckets'] as string[]).at(-1) ?? ''
  const kept = await as('ana', `GET /api/cohorts/${await point(bucket)}`)
  expect((kept.body as unknown as CohortAnswer).definition).toMatchObject({
    spec: { range: { to: bucket.slice(0, 10) } },
  })
  const whole = await as('ana', `GET /api/cohorts/${await point(null)}`)
  expect((whole.body as unknown as CohortAnswer).definition).toMatchObject({ spec: { range: { days: 60 } } })
})

test.each<[string, Json]>([
  ['nothing', {}],
  [
    'a number that the question doesn’t have',
    { ...buyers, cell: { of: 'funnel', step: 7, who: 'reached', group: '' } },
  ],
  ['a table that nobody knows', { ...buyers, spec: { ...funnel, steps: [seen, { source: 'shop', table: 'x' }] } }],
  ['too many ids', { kind: 'ids', ids: Array.from({ length: 10_001 }, (_none, n) => `u${n}`) }],
  ['no ids', { kind: 'ids', ids: [] }],
  ['a query that nobody knows', { kind: 'query', query: 'none' }],
  ['a field that nobody knows', { ...buyers, more: 1 }],
])('%s is refused', async (_name, definition) => {
  const { status } = await as('ana', 'POST /api/cohorts', { name: 'Refused', definition })
  expect(status).toSatisfy((one) => one === 400 || one === 404)
  expect((await as('ana', 'GET /api/cohorts/Refused')).status).toBe(404)
})

test('the command line lists, shows, adds and removes them', async () => {
  const path = join(millpond.data, 'testers.csv')
  await writeFile(path, 'user_id,name\r\n"u1",One\nu3,Three\n\n')
  expect((await cli('add', 'Testers', '--ids', path, '--private')).stdout).toContain('Saved cohort Testers')
  const people = await cli('people', 'Testers', '--json')
  const lines = people.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: string }).id)
  expect(lines).toEqual(['u1', 'u3'])
  const shown = await cli('show', 'Testers')
  expect(shown.stdout).toContain('Testers: 2 people now')
  expect(shown.stdout).toContain('["u1","u3"]')
  expect((await cli('list', '--json')).stdout).toContain('"name":"Testers"')
  expect((await cli('add', 'Testers')).code).not.toBe(0)
  await cli('remove', 'Testers')
  expect((await cli('list')).stdout).not.toContain('Testers')
})
