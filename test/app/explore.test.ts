// Explore over the real processes: events sent through the SDK's protocol, asked about by people with different grants and filters.
import { afterAll, beforeAll, expect, test } from 'vitest'

import type { EventsAnswer, ExploreAnswer, ExploreSpec, PeopleAnswer } from '../../src/portal/api/answers.ts'
import { type Millpond, startMillpond } from '../support/millpond.ts'

let millpond: Millpond
const tokens = new Map<string, string>()
const range = { from: '2026-11-01', to: '2026-11-03' }

type Json = Readonly<Record<string, unknown>>

beforeAll(async () => {
  millpond = await startMillpond()
  const key = await millpond.addSource('shop')
  const roles = { ana: 'analyst', vic: 'viewer', eva: 'analyst', out: 'analyst' }
  for (const [handle, role] of Object.entries(roles)) {
    await change('/api/principals', { handle, kind: 'person', role, attributes: {} })
    tokens.set(handle, String((await change('/api/tokens', { name: 'test', for: handle }))['token']))
  }
  for (const grantee of ['ana', 'vic', 'eva']) await change('/api/grants', { grantee, dataset: 'shop' })
  const track = (who: Json, event: string, hour: number, properties: Json = {}): Json => ({
    type: 'track',
    ...who,
    event,
    properties,
    messageId: `${event}-${JSON.stringify(who)}-${hour}`,
    timestamp: new Date(Date.UTC(2026, 10, 1, hour)).toISOString(),
  })
  const batch = [
    track({ anonymousId: 'a1' }, 'Page Seen', 1, { country: 'TW' }),
    { type: 'identify', userId: 'u1', anonymousId: 'a1', messageId: 'i1', timestamp: '2026-11-01T02:00:00Z' },
    track({ userId: 'u1' }, 'Order Paid', 3, { total: 10, country: 'TW' }),
    track({ userId: 'u2' }, 'Page Seen', 4, { country: 'JP' }),
    track({ userId: 'u2' }, 'Order Paid', 30, { total: 20, country: 'JP' }),
    track({ userId: 'u3' }, 'Page Seen', 5, { country: 'JP' }),
    ...['u2', 'u3'].map((userId) => ({ type: 'track', userId, event: `Lately By ${userId}`, messageId: userId })),
  ]
  const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`
  const sent = await fetch(`${millpond.address}/v1/batch`, {
    method: 'POST',
    headers: { authorization },
    body: JSON.stringify({ batch }),
  })
  expect(sent.status).toBe(200)
  await millpond.settled()
  // On the view over all events: it holds in the tables under it, too.
  const filter = { dataset: 'shop', table: 'tracks', predicate: "user_id = 'u2'", exempt: ['ana', 'vic'] }
  await change('/api/policies/filters', filter)
}, 90_000)

afterAll(async () => {
  await millpond.dispose()
})

async function change(path: string, body: object): Promise<Json> {
  const response = await millpond.api(path, { method: 'POST', body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
  return response.status === 204 ? {} : ((await response.json()) as Json)
}

async function post(handle: string, path: string, body: object): Promise<{ status: number; body: unknown }> {
  const headers = { authorization: `Bearer ${tokens.get(handle) ?? ''}`, 'content-type': 'application/json' }
  const response = await fetch(`${millpond.address}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: response.status, body: await response.json() }
}

async function answer(handle: string, spec: Json): Promise<ExploreAnswer> {
  const { status, body } = await post(handle, '/api/explore', spec)
  expect(status, JSON.stringify(body)).toBe(200)
  return body as ExploreAnswer
}

const seen = { source: 'shop', table: 'page_seen' }
const paid = { source: 'shop', table: 'order_paid' }
const funnel = { kind: 'funnel', steps: [seen, paid], range }

test('what can be asked about is what the caller may read, under the names that were sent', async () => {
  const headers = { authorization: `Bearer ${tokens.get('ana') ?? ''}` }
  const asked = await fetch(`${millpond.address}/api/explore/events`, { headers })
  const { events } = (await asked.json()) as EventsAnswer
  expect(events.find(({ table }) => table === 'page_seen')).toMatchObject({ source: 'shop', rows: 3 })
  expect(events.map(({ table }) => table)).toEqual(expect.arrayContaining(['tracks', 'order_paid', 'identifies']))
  // Nobody counts the rows of a view.
  expect(events.find(({ table }) => table === 'tracks')?.rows).toBeNull()
  expect(events.map(({ table }) => table)).not.toContain('users')
  const own = await millpond.api('/api/explore/events')
  const all = ((await own.json()) as EventsAnswer).events
  expect(all.find(({ table }) => table === 'page_seen')?.names).toEqual(['Page Seen'])
  const namesOf = async (handle: string): Promise<readonly (readonly string[])[]> => {
    const own = { authorization: `Bearer ${tokens.get(handle) ?? ''}` }
    const listed = await fetch(`${millpond.address}/api/explore/events`, { headers: own })
    const tables = ((await listed.json()) as EventsAnswer).events
    return ['lately_by_u2', 'lately_by_u3'].map((table) => tables.find((one) => one.table === table)?.names ?? [])
  }
  expect(await namesOf('ana')).toEqual([['Lately By u2'], ['Lately By u3']])
  expect(await namesOf('eva')).toEqual([['Lately By u2'], []])
  const nobody = await fetch(`${millpond.address}/api/explore/events`, {
    headers: { authorization: `Bearer ${tokens.get('out') ?? ''}` },
  })
  expect(((await nobody.json()) as EventsAnswer).events).toEqual([])
})

test('a funnel joins who somebody was before to who they are, and shows the people who dropped out', async () => {
  const told = await answer('ana', funnel)
  expect(told.kind === 'funnel' && told.groups).toEqual([
    {
      group: '',
      steps: [
        { people: 3, medianSeconds: 0 },
        { people: 2, medianSeconds: 7200 },
      ],
    },
  ])
  expect(told.people).toBe('joined')
  const cell = { of: 'funnel', step: 0, who: 'dropped', group: '' }
  const { body } = await post('ana', '/api/explore/people', { spec: funnel, cell })
  const { people, next } = body as PeopleAnswer
  expect(people).toEqual([{ id: 'u3', address: 'u3', firstAt: '2026-11-01T05:00:00.000Z', events: 1 }])
  expect(next).toBeNull()
})

test('a funnel by a property says each group, and the statement runs as it stands', async () => {
  const told = await answer('ana', { ...funnel, breakdown: { property: 'country', top: 1 } })
  expect(
    told.kind === 'funnel' && told.groups.map(({ group, steps }) => [group, ...steps.map(({ people }) => people)]),
  ).toEqual([
    ['JP', 2, 1],
    [null, 1, 1],
  ])
  for (const dialect of ['duckdb', 'googlesql']) {
    const { statements } = await answer('ana', { ...funnel, dialect })
    const [{ sql, parameters } = { sql: '', parameters: [] }] = statements
    const dry = await post('ana', '/api/query', { sql, dialect, parameters, dryRun: true })
    expect(dry.status, dialect).toBe(200)
  }
})

test('rows that a filter hides are in no number and behind none', async () => {
  const told = await answer('eva', funnel)
  expect(told.kind === 'funnel' && told.groups[0]?.steps.map(({ people }) => people)).toEqual([1, 1])
  const cell = { of: 'funnel', step: 0, who: 'reached', group: '' }
  const { body } = await post('eva', '/api/explore/people', { spec: funnel, cell })
  expect((body as PeopleAnswer).people.map(({ id }) => id)).toEqual(['u2'])
  const paths = await answer('eva', {
    kind: 'paths',
    source: 'shop',
    event: 'Page Seen',
    range,
    windowSeconds: 200_000,
  })
  expect(paths.kind === 'paths' && paths.occurrences).toBe(1)
  const events = await answer('ana', {
    kind: 'paths',
    source: 'shop',
    event: 'Page Seen',
    range,
    windowSeconds: 200_000,
  })
  expect(events.kind === 'paths' && events.links).toEqual([{ step: 0, from: 'Page Seen', to: 'Order Paid', count: 2 }])
})

test('without a grant there is no table, and viewers see numbers and no people', async () => {
  const refused = await post('out', '/api/explore', funnel)
  expect(refused).toMatchObject({ status: 404, body: { error: { code: 'table-unknown' } } })
  expect((await answer('vic', funnel)).kind).toBe('funnel')
  const cell = { of: 'funnel', step: 0, who: 'reached', group: '' }
  expect((await post('vic', '/api/explore/people', { spec: funnel, cell })).status).toBe(403)
})

test.each<[string, Json]>([
  ['one step', { ...funnel, steps: [seen] }],
  ['seventeen steps', { ...funnel, steps: Array.from({ length: 17 }, () => seen) }],
  ['a day that is none', { ...funnel, range: { from: '2026-11-31', to: '2026-12-01' } }],
  [
    'a filter without a value',
    { ...funnel, steps: [{ ...seen, filters: [{ property: 'country', is: 'equals' }] }, paid] },
  ],
  ['a field that nobody knows', { ...funnel, more: 1 }],
  ['another kind', { kind: 'guess' }],
])('%s is refused', async (_name, spec) => {
  const { status, body } = await post('ana', '/api/explore', spec)
  expect(status).toBe(400)
  expect(body).toMatchObject({ error: { code: 'request-invalid' } })
})

test('names and values of others cannot become SQL', async () => {
  const hostile = '`) UNION ALL SELECT 1 --"\'\\'
  const filter = { property: 'country', is: 'equals', values: [hostile] }
  const spec = {
    ...funnel,
    zone: 'UTC',
    steps: [
      { ...seen, filters: [filter] },
      { ...paid, name: hostile },
    ],
  }
  for (const dialect of ['duckdb', 'googlesql']) {
    const told = await answer('ana', { ...spec, dialect })
    expect(told.kind === 'funnel' && told.groups[0]?.steps.map(({ people }) => people)).toEqual([0, 0])
  }
  for (const broken of [{ zone: hostile }, { steps: [{ source: 'shop', table: hostile }, paid] }]) {
    expect((await post('ana', '/api/explore', { ...funnel, ...broken })).status).toBeGreaterThanOrEqual(400)
  }
  const property = { ...funnel, steps: [{ ...seen, filters: [{ ...filter, property: hostile }] }, paid] }
  expect((await post('ana', '/api/explore', property)).status).toBe(400)
})

test('the calls of the page take what the route takes', () => {
  const spec: ExploreSpec = {
    kind: 'trend',
    series: [{ event: { ...seen, filters: [] }, measure: { kind: 'people' } }],
    interval: 'day',
    compares: true,
    range: { days: 7 },
    zone: 'Asia/Taipei',
  }
  return expect(post('ana', '/api/explore', spec)).resolves.toMatchObject({ status: 200 })
})
