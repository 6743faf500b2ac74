// One person over the real processes: sent through the SDK's protocol, found, seen on their page and live, by people with
// different grants, masks and filters.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { runCli } from './cli-support.ts'

let millpond: Millpond
let web = ''
let app = ''
const tokens = new Map<string, string>()

type Json = Readonly<Record<string, unknown>>
interface Line {
  readonly time: string
  readonly source: string
  readonly kind: string
  readonly title: string
  readonly severity: string | null
  readonly ref: string
}

beforeAll(async () => {
  millpond = await startMillpond()
  web = await millpond.addSource('web')
  app = await millpond.addSource('app')
  for (const handle of ['ana', 'ben', 'carl']) await addMember(handle)
  await change('/api/grants', { grantee: 'ana', dataset: 'web', table: '*', privilege: 'read' })
  await change('/api/grants', { grantee: 'ana', dataset: 'app', table: '*', privilege: 'read' })
  await change('/api/grants', { grantee: 'ben', dataset: 'web', table: '*', privilege: 'read' })
  await change('/api/policies/masks', { dataset: 'web', table: '*', column: 'email', kind: 'hash', exempt: ['ana'] })
  await send(web, [
    { type: 'page', anonymousId: 'a1', name: 'Home', messageId: 'm1', timestamp: '2026-11-01T10:00:00Z' },
    identify('u1', 'a1', { email: 'Ada@Example.com', name: 'Ada Lovelace' }, '2026-11-01T10:01:00Z'),
    track('u1', 'Order Completed', { total: 19.5 }, 'm3', '2026-11-01T10:02:00Z'),
    track('u-quiet', 'Order Completed', {}, 'm6', '2026-11-01T11:00:00Z'),
  ])
  await send(app, [
    {
      ...identify('u1', 'phone-1', { plan: 'pro' }, '2026-11-02T09:00:00Z'),
      context: { device: { id: 'cam-1', model: 'Cubby' } },
    },
    track('u1', 'Live View Started', {}, 'm5', '2026-11-02T09:01:00Z'),
  ])
  await millpond.settled()
  await firstAnswer(async () => ((await lines('u1')).length === 5 ? true : undefined), 10_000, millpond.output)
})

afterAll(async () => {
  await millpond.dispose()
})

function identify(userId: string, anonymousId: string, traits: Json, timestamp: string): Json {
  return { type: 'identify', userId, anonymousId, traits, timestamp, messageId: `${userId}-${anonymousId}` }
}

function track(userId: string, event: string, properties: Json, messageId: string, timestamp?: string): Json {
  return { type: 'track', userId, event, properties, messageId, ...(timestamp === undefined ? {} : { timestamp }) }
}

async function send(key: string, batch: readonly Json[]): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`
  const body = JSON.stringify({ batch })
  const response = await fetch(`${millpond.address}/v1/batch`, { method: 'POST', headers: { authorization }, body })
  expect(response.status).toBe(200)
}

async function change(path: string, body: object): Promise<Json> {
  const response = await millpond.api(path, { method: 'POST', body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
  return response.status === 204 ? {} : ((await response.json()) as Json)
}

async function addMember(handle: string): Promise<void> {
  await change('/api/principals', { handle, kind: 'person', role: 'member' })
  const { token } = await change('/api/tokens', { name: 'test', for: handle })
  tokens.set(handle, String(token))
}

/** As the owner, or as a member. */
async function call(path: string, { as, ...init }: RequestInit & { as?: string } = {}): Promise<Response> {
  if (as === undefined) return millpond.api(path, init)
  const type = init.body === undefined ? {} : { 'content-type': 'application/json' }
  const headers = { authorization: `Bearer ${tokens.get(as) ?? ''}`, ...type }
  return fetch(`${millpond.address}${path}`, { ...init, headers })
}

async function get(path: string, as?: string): Promise<Json> {
  const response = await call(path, as === undefined ? {} : { as })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return (await response.json()) as Json
}

async function lines(id: string, as?: string, query = ''): Promise<Line[]> {
  return (await get(`/api/people/${encodeURIComponent(id)}/timeline${query}`, as))['rows'] as Line[]
}

describe('a person', () => {
  test.each(['u1', 'a1', 'phone-1', 'cam-1', 'user:u1', 'device:cam-1'])('has a page under %s', async (id) => {
    const page = await get(`/api/people/${id}`)
    expect(new Set(page['ids'] as string[])).toEqual(
      new Set(['user:u1', 'anonymous:a1', 'anonymous:phone-1', 'device:cam-1']),
    )
    expect(page).toMatchObject({
      isCut: false,
      traits: { email: 'Ada@Example.com', name: 'Ada Lovelace', plan: 'pro' },
      devices: [{ id: 'cam-1', facts: { device_model: 'Cubby' } }],
      firstSeen: '2026-11-01T10:00:00.000Z',
      lastSeen: '2026-11-02T09:01:00.000Z',
      sources: [
        { source: 'app', rows: 2 },
        { source: 'web', rows: 3 },
      ],
    })
  })
})

describe('the timeline', () => {
  test('tells all sources, newest first', async () => {
    const shown = (await lines('a1')).map(({ time, source, kind, title }) => `${time} ${source} ${kind} ${title}`)
    expect(shown).toEqual([
      '2026-11-02T09:01:00.000Z app track Live View Started',
      '2026-11-02T09:00:00.000Z app identify u1',
      '2026-11-01T10:02:00.000Z web track Order Completed',
      '2026-11-01T10:01:00.000Z web identify u1',
      '2026-11-01T10:00:00.000Z web page Home',
    ])
  })

  test('comes in pages, of some sources, of a time', async () => {
    const first = await get('/api/people/u1/timeline?limit=2')
    expect((first['rows'] as Line[]).map(({ source }) => source)).toEqual(['app', 'app'])
    const rest = await get(`/api/people/u1/timeline?before=${String(first['next'])}`)
    expect((rest['rows'] as Line[]).map(({ kind }) => kind)).toEqual(['track', 'identify', 'page'])
    expect(rest['next']).toBeNull()
    expect((await lines('u1', undefined, '?sources=web')).map(({ source }) => source)).toEqual(['web', 'web', 'web'])
    const window = '?from=2026-11-01T10:01:00Z&to=2026-11-02T09:00:00Z'
    expect((await lines('u1', undefined, window)).map(({ title }) => title)).toEqual(['Order Completed', 'u1'])
  })

  test('shows a row whole, to this person only', async () => {
    const row = (await lines('u1')).find(({ title }) => title === 'Order Completed')
    const { rows } = await get(`/api/people/u1/rows/${row?.ref ?? ''}`)
    expect(rows).toMatchObject([{ id: 'm3', user_id: 'u1', event: 'order_completed', properties: { total: 19.5 } }])
    await send(web, [track('u-other', 'Other', {}, 'other-1', '2026-11-01T10:02:00Z')])
    await firstAnswer(async () => ((await call('/api/people/u-other')).ok ? true : undefined), 10_000, millpond.output)
    expect((await call(`/api/people/u-other/rows/${row?.ref ?? ''}`)).status).toBe(404)
    for (const ref of ['x', 'bnVsbA', 'W10', Buffer.from('["web","no_such","x",1]').toString('base64url')])
      expect([400, 404]).toContain((await call(`/api/people/u1/rows/${ref}`)).status)
  })

  test('has a histogram', async () => {
    const told = await get('/api/people/u1/histogram?from=2026-11-01T00:00:00Z&to=2026-11-03T00:00:00Z&buckets=2')
    expect(told['buckets']).toEqual([
      { source: 'web', time: '2026-11-01T00:00:00.000Z', rows: 3 },
      { source: 'app', time: '2026-11-02T00:00:00.000Z', rows: 2 },
    ])
    expect((await get('/api/people/u1/histogram'))['buckets']).toEqual([])
    expect((await call('/api/people/u1/histogram?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z')).status).toBe(400)
  })

  test('of nobody there is none', async () => {
    for (const id of ['nobody', 'user:a1', "x' OR 1=1 --", '%25', '`', 'user:'])
      expect([id, (await call(`/api/people/${encodeURIComponent(id)}/timeline`)).status]).toEqual([id, 404])
  })
})

describe('search', () => {
  async function found(text: string, as?: string): Promise<unknown> {
    const { people } = await get(`/api/people?search=${encodeURIComponent(text)}`, as)
    return (people as Json[]).map(({ id, source, field }) => `${String(source)} ${String(id)} by ${String(field)}`)
  }

  test.each([
    ['ada@example.com', ['web user:u1 by email']],
    ['ADA LOVE', ['web user:u1 by name']],
    ['cam-1', ['app device:cam-1 by context_device_id']],
    ['cam-', ['app device:cam-1 by context_device_id']],
    ['u-quiet', ['web user:u-quiet by user_id']],
    ['phone-1', ['app anonymous:phone-1 by anonymous_id']],
    ["'; DROP TABLE web.users; --", []],
    ['nobody', []],
  ])('by %s', async (text, expected) => {
    expect(await found(text)).toEqual(expected)
  })

  test('finds the id itself, in every source', async () => {
    expect(await found('u1')).toHaveLength(1)
    expect((await call('/api/people?search=')).status).toBe(400)
  })

  test('shows what was found, as far as it may be read', async () => {
    const { people } = await get('/api/people?search=ada', 'ana')
    expect(people).toMatchObject([{ value: 'Ada@Example.com', labels: { name: 'Ada Lovelace' } }])
    expect(await found('ada@example.com', 'ben')).toEqual([])
    expect(await found('Ada Love', 'ben')).toEqual(['web user:u1 by name'])
    expect(await found('Ada Love', 'carl')).toEqual([])
  })
})

describe('whoever looks', () => {
  test('sees the datasets that are granted, through masks', async () => {
    expect((await get('/api/people/u1', 'ana'))['traits']).toMatchObject({ email: 'Ada@Example.com' })
    const page = await get('/api/people/u1', 'ben')
    expect(page['ids']).toEqual(['user:u1', 'anonymous:a1'])
    expect(page['traits']).toEqual({ email: expect.stringMatching(/^[0-9a-f]{64}$/) as string, name: 'Ada Lovelace' })
    expect(page['sources']).toMatchObject([{ source: 'web', rows: 3 }])
    const shown = await lines('u1', 'ben')
    expect(shown.map(({ source }) => source)).toEqual(['web', 'web', 'web'])
    const { rows } = await get(`/api/people/u1/rows/${shown[1]?.ref ?? ''}`, 'ben')
    expect(JSON.stringify(rows)).not.toMatch(/example\.com/i)
    const hidden = (await lines('u1'))[0]?.ref ?? ''
    expect((await call(`/api/people/u1/rows/${hidden}`, { as: 'ben' })).status).toBe(404)
  })

  test('finds nobody without a grant, by no route', async () => {
    const paths = [
      '',
      '/timeline',
      '/histogram',
      '/live',
      '/notes',
      '/receipts',
      `/rows/${(await lines('u1'))[0]?.ref ?? ''}`,
    ]
    for (const path of paths)
      expect([path, (await call(`/api/people/u1${path}`, { as: 'carl' })).status]).toEqual([path, 404])
    expect((await call('/api/people/u1/notes', { as: 'carl', method: 'POST', body: '{"text":"x"}' })).status).toBe(404)
    expect((await call('/api/people/u1', { as: 'nobody' })).status).toBe(401)
  })

  test('sees single events, where only those are granted', async () => {
    await addMember('eve')
    await change('/api/grants', { grantee: 'eve', dataset: 'web', table: 'order_completed', privilege: 'read' })
    const { ids, traits, sources } = await get('/api/people/u1', 'eve')
    expect({ ids, traits, sources }).toMatchObject({
      ids: ['user:u1'],
      traits: {},
      sources: [{ source: 'web', rows: 1 }],
    })
    const [row] = await lines('u1', 'eve')
    expect(row).toMatchObject({ kind: 'track', title: 'Order Completed' })
    const { rows } = await get(`/api/people/u1/rows/${row?.ref ?? ''}`, 'eve')
    expect(rows).toMatchObject([{ total: 19.5 }])
    expect((await call('/api/people/a1', { as: 'eve' })).status).toBe(404)
  })

  test('sees rows that a filter leaves only', async () => {
    await change('/api/policies/filters', {
      dataset: 'web',
      table: 'pages',
      predicate: "name <> 'Home'",
      exempt: ['ana'],
    })
    expect((await lines('u1', 'ben')).map(({ kind }) => kind)).toEqual(['track', 'identify'])
    expect((await lines('u1', 'ana')).map(({ kind }) => kind)).toContain('page')
    await change('/api/policies/filters/remove', { dataset: 'web', table: 'pages' })
  })

  test('leaves a receipt, once in a while, with the reason', async () => {
    await get('/api/people/a1?reason=ticket%204711', 'ana')
    await get('/api/people/a1/timeline?reason=ticket%204711', 'ana')
    const { receipts } = await get('/api/people/u1/receipts', 'ben')
    const own = (receipts as Json[]).filter(({ viewer, reason }) => viewer === 'ana' && reason !== null)
    expect(own).toEqual([
      {
        person: 'anonymous:a1',
        viewer: 'ana',
        reason: 'ticket 4711',
        firstAt: expect.any(String) as string,
        lastAt: expect.any(String) as string,
      },
    ])
  })

  test('writes notes, and deletes their own', async () => {
    const post = { method: 'POST', body: JSON.stringify({ text: ' Called back. ' }) }
    const made = (await (await call('/api/people/u1/notes', { as: 'ana', ...post })).json()) as Json
    expect(made).toMatchObject({ author: 'ana', text: 'Called back.', person: 'user:u1' })
    expect((await get('/api/people/a1/notes', 'ben'))['notes']).toEqual([made])
    const path = `/api/people/u1/notes/${String(made['id'])}`
    expect((await call(path, { as: 'ben', method: 'DELETE' })).status).toBe(403)
    expect((await call(path, { as: 'carl', method: 'DELETE' })).status).toBe(404)
    expect((await call(path, { as: 'ana', method: 'DELETE' })).status).toBe(204)
    expect((await call(path, { as: 'ana', method: 'DELETE' })).status).toBe(404)
    expect((await get('/api/people/a1/notes', 'ben'))['notes']).toEqual([])
  })
})

/** Server-sent events of a page that stays open. */
async function openLive(path: string, as: string): Promise<{ next: (name: string) => Promise<Json>; end: () => void }> {
  const leaving = new AbortController()
  const response = await call(path, { as, signal: leaving.signal })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  async function next(name: string): Promise<Json> {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end < 0) {
        const { value, done } = (await reader?.read()) ?? { done: true, value: undefined }
        if (done || value === undefined) throw new Error('The stream has ended')
        text += value
        continue
      }
      const message = text.slice(0, end)
      text = text.slice(end + 2)
      const field = (key: string): string => new RegExp(`^${key}: (.*)$`, 'm').exec(message)?.[1] ?? ''
      if (field('event') === name) return { ...(JSON.parse(field('data')) as Json), id: field('id') }
    }
  }
  return { next, end: () => leaving.abort() }
}

describe('live', () => {
  async function titles(live: { next: (name: string) => Promise<Json> }, wanted: string): Promise<Json> {
    for (;;) {
      const told = await live.next('rows')
      if ((told['rows'] as Line[]).some(({ title }) => title === wanted)) return told
    }
  }

  test('tells what happens to this person, to each who may see it', async () => {
    const ana = await openLive('/api/people/a1/live', 'ana')
    const ben = await openLive('/api/people/a1/live', 'ben')
    expect(await ana.next('status')).toMatchObject({ dropped: 0 })
    await send(app, [track('u1', 'Only In The App', {}, 'live-1'), track('u-else', 'Of Somebody Else', {}, 'live-2')])
    const told = await titles(ana, 'Only In The App')
    expect(told).toMatchObject({ behindMs: expect.any(Number) as number, dropped: 0 })
    expect(JSON.stringify(told)).not.toContain('Somebody Else')
    await send(web, [track('u1', 'In The Browser', {}, 'live-3', '2026-11-01T10:00:30Z')])
    await titles(ana, 'In The Browser')
    const seen = await titles(ben, 'In The Browser')
    expect((seen['rows'] as Line[]).map(({ source }) => source)).not.toContain('app')
    // It came late, and stands where it happened.
    expect((await lines('u1', 'ben')).map(({ title }) => title).slice(-2)).toEqual(['In The Browser', 'Home'])
    ben.end()
    ana.end()
  })

  test('goes on where it stopped, with ids that came meanwhile', async () => {
    const first = await openLive('/api/people/a1/live', 'ana')
    await send(web, [track('u1', 'Before The Break', {}, 'break-1')])
    const { id } = await titles(first, 'Before The Break')
    first.end()
    await send(web, [track('u1', 'In The Break', {}, 'break-2')])
    await firstAnswer(
      async () => ((await lines('u1')).some(({ title }) => title === 'In The Break') ? true : undefined),
      10_000,
    )
    const second = await openLive(`/api/people/a1/live?after=${String(id)}`, 'ana')
    expect((await second.next('rows'))['rows']).toMatchObject([{ title: 'In The Break' }])
    await send(web, [identify('u1', 'a2', {}, new Date().toISOString())])
    await titles(second, 'u1')
    await send(web, [{ type: 'track', anonymousId: 'a2', event: 'Of The New Browser', messageId: 'break-3' }])
    await titles(second, 'Of The New Browser')
    second.end()
  })

  test('ends when the token does', async () => {
    await addMember('dora')
    await change('/api/grants', { grantee: 'dora', dataset: 'web', table: '*', privilege: 'read' })
    const live = await openLive('/api/people/u1/live', 'dora')
    expect((await call('/api/principals/dora', { method: 'DELETE' })).status).toBe(204)
    await send(web, [track('u1', 'After Dora', {}, 'dora-1')])
    await expect(titles(live, 'After Dora')).rejects.toThrow('The stream has ended')
  })
})

test("Whoever looks finds again whom they looked at lately, and nobody else's looks", async () => {
  await get('/api/people/u1', 'ana')
  const mine = (await get('/api/me/people', 'ana'))['people'] as readonly Json[]
  expect(mine.map(({ id }) => id)).toContain('user:u1')
  expect((await get('/api/me/people', 'carl'))['people']).toEqual([])
})

test('Of somebody who was erased no note and no receipt is left, should the id come again', async () => {
  const gone = track('u-gone', 'Order Completed', {}, 'gone-1', '2026-11-01T11:00:00Z')
  const seen = async (): Promise<true> =>
    firstAnswer(async () => ((await call('/api/people/u-gone')).ok ? true : undefined), 10_000, millpond.output)
  await send(web, [gone])
  await seen()
  await change('/api/people/u-gone/notes', { text: 'Wants to go.' })
  const { code, stderr } = await runCli(['erase', '--user', 'u-gone'], {
    env: { MILLPOND_DATA: millpond.data },
  })
  expect([code, stderr]).toEqual([0, ''])
  expect((await call('/api/people/u-gone')).status).toBe(404)
  await send(web, [{ ...gone, messageId: 'gone-2' }])
  await seen()
  expect((await get('/api/people/u-gone/notes'))['notes']).toEqual([])
  expect((await get('/api/people/u-gone/receipts'))['receipts']).toHaveLength(1)
})
