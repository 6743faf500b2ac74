// Dashboards over the real processes: who makes and changes them, what a tile shows to whom, pictures, and files for git.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'
import { runCli } from './cli-support.ts'

let millpond: Millpond
let folder = ''
const tokens = new Map<string, string>()

type Json = Readonly<Record<string, unknown>>

const place = { x: 0, y: 0, width: 6, height: 4 }
const byCity = 'SELECT city, COUNT(*) AS n FROM shop.order_paid WHERE total >= @least GROUP BY city ORDER BY city'
const content = {
  zone: 'Asia/Taipei',
  parameters: [{ name: 'least', type: 'INT64', default: { value: 0 } }],
  tiles: [
    { id: 'own', title: 'By city', sql: byCity, chart: { kind: 'bar' }, place },
    { id: 'saved', title: 'Saved', query: 'shop/orders', chart: { kind: 'number' }, place: { ...place, x: 6 } },
  ],
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-dashboards-'))
  millpond = await startMillpond()
  const key = await millpond.addSource('shop')
  for (const [city, total] of [
    ['Taipei', 5],
    ['Taipei', 50],
    ['<b>Tainan</b>', 500],
  ] as const) {
    const properties = { city, total }
    await sendTo(millpond.address, { userId: 'u', event: 'Order Paid', properties }, { key, path: '/v1/track' })
  }
  await millpond.settled()
  for (const [handle, role] of [
    ['ana', 'analyst'],
    ['ben', 'analyst'],
    ['vera', 'viewer'],
  ]) {
    await asked('POST', '/api/principals', { handle, kind: 'person', role, attributes: {} })
    tokens.set(String(handle), String((await asked('POST', '/api/tokens', { name: 'test', for: handle }))['token']))
  }
  for (const grantee of ['ana', 'vera']) await asked('POST', '/api/grants', { grantee, dataset: 'shop' })
  const filter = { dataset: 'shop', table: 'order_paid', predicate: "city = 'Taipei'", exempt: ['ana'] }
  await asked('POST', '/api/policies/filters', filter)
  await asked('POST', '/api/queries', {
    name: 'orders',
    folder: 'shop',
    sql: 'SELECT COUNT(*) AS orders, @note AS note FROM shop.order_paid WHERE total >= @LEAST',
    parameters: [
      { name: 'least', type: 'INT64' },
      { name: 'note', type: 'STRING', default: { value: 'kept' } },
    ],
    zone: 'UTC',
  })
}, 60_000)

afterAll(async () => {
  await millpond.dispose()
  await rm(folder, { recursive: true, force: true })
})

async function call(method: string, path: string, body?: object, as?: string): Promise<Response> {
  const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
  if (as === undefined) return millpond.api(path, init)
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  return fetch(`${millpond.address}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${tokens.get(as) ?? ''}`, ...type },
  })
}

async function asked(method: string, path: string, body?: object, as?: string): Promise<Json> {
  const response = await call(method, path, body, as)
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return response.status === 204 ? {} : ((await response.json()) as Json)
}

async function code(response: Promise<Response>): Promise<string> {
  const { error } = (await (await response).json()) as { readonly error?: { readonly code: string } }
  return error?.code ?? 'none'
}

async function rows(slug: string, tile = 'own', parameters: Json = {}, as?: string): Promise<unknown[][]> {
  const response = await call('POST', `/api/dashboards/${slug}/tiles/${tile}/rows`, { parameters }, as)
  if (!response.ok) throw new Error(await response.text())
  const lines = (await response.text()).trim().split('\n')
  return lines.flatMap((line) => {
    const { row } = JSON.parse(line) as { readonly row?: unknown[] }
    return row === undefined ? [] : [row]
  })
}

describe('a dashboard', () => {
  test('is made, found by its address, and shows its tiles with shared parameters', async () => {
    const made = await asked('POST', '/api/dashboards', { slug: 'growth', title: 'Growth', ...content }, 'ana')
    expect([made['version'], made['owner'], made['isMine']]).toEqual([1, 'ana', true])
    expect(await rows('growth', 'own', {}, 'ana')).toEqual([
      ['<b>Tainan</b>', 1],
      ['Taipei', 2],
    ])
    expect(await rows('growth', 'own', { LEAST: { value: 50 } }, 'ana')).toEqual([
      ['<b>Tainan</b>', 1],
      ['Taipei', 1],
    ])
    expect(await rows('growth', 'saved', { least: { value: 500 } }, 'ana')).toEqual([[1, 'kept']])
    const listed = (await asked('GET', '/api/dashboards', undefined, 'vera'))['dashboards'] as readonly Json[]
    expect(listed.map(({ slug, tiles, owner }) => [slug, tiles, owner])).toContainEqual(['growth', 2, 'ana'])
  })

  test('shows each what they may see: filters hold, and without a grant there is no table', async () => {
    expect(await rows('growth', 'own', {}, 'vera')).toEqual([['Taipei', 2]])
    await expect(rows('growth', 'own', {}, 'ben')).rejects.toThrow('Table not found')
  })

  test('is changed by its owner and by administrators, never over what somebody else saved', async () => {
    const body = { slug: 'growth', title: 'Growth!', ...content }
    expect(await code(call('PUT', '/api/dashboards/growth', { ...body, version: 1 }, 'ben'))).toBe('not-allowed')
    expect(await code(call('PUT', '/api/dashboards/growth', { ...body, version: 1 }, 'vera'))).toBe('not-allowed')
    const same = await asked('PUT', '/api/dashboards/growth', { ...body, version: 1 }, 'ana')
    expect([same['version'], same['title']]).toEqual([1, 'Growth!'])
    const fewer = { ...body, tiles: content.tiles.slice(0, 1), version: 1 }
    expect((await asked('PUT', '/api/dashboards/growth', fewer))['version']).toBe(2)
    expect(await code(call('PUT', '/api/dashboards/growth', fewer, 'ana'))).toBe('dashboard-changed')
    const { versions } = await asked('GET', '/api/dashboards/growth/versions', undefined, 'ana')
    expect((versions as readonly Json[]).map(({ version, savedBy }) => [version, savedBy])).toEqual([
      [2, 'owner'],
      [1, 'ana'],
    ])
    expect(await code(call('POST', '/api/dashboards', body, 'ben'))).toBe('dashboard-exists')
    await asked('PUT', '/api/dashboards/growth', { ...body, version: 2 }, 'ana')
  })

  test.each([
    ['an address with a slash', { slug: 'a/b' }],
    ['no title', { title: ' ' }],
    ['a zone that is none', { zone: 'Mars/Olympus' }],
    ['a tile that reaches beyond the grid', { tiles: [{ ...content.tiles[0], place: { ...place, x: 7 } }] }],
    ['a tile that asks nothing', { tiles: [{ id: 'a', chart: {}, place }] }],
    ['a tile that asks twice', { tiles: [{ ...content.tiles[0], query: 'shop/orders' }] }],
    ['two tiles of one id', { tiles: [content.tiles[0], content.tiles[0]] }],
    ['something unknown', { colour: 'red' }],
  ])('is refused with %s, and says why', async (_what, part) => {
    const body = { slug: 'bad', title: 'Bad', ...content, ...part }
    expect(await code(call('POST', '/api/dashboards', body, 'ana'))).toBe('request-invalid')
  })

  test('of a query that nobody saved is refused', async () => {
    const tiles = [{ id: 'a', title: '', query: 'shop/gone', chart: {}, place }]
    expect(await code(call('POST', '/api/dashboards', { slug: 'bad', title: 'Bad', ...content, tiles }))).toBe(
      'not-found',
    )
  })

  test('takes values and no SQL through its parameters', async () => {
    const evil = "0 OR TRUE); DROP TABLE shop.order_paid; --'"
    const path = '/api/dashboards/growth/tiles/own/rows'
    expect(await code(call('POST', path, { parameters: { least: { value: evil } } }, 'ana'))).toBe('query-invalid')
    expect(await code(call('POST', path, { parameters: { other: { value: 1 } } }, 'ana'))).toBe('request-invalid')
    expect(await rows('growth', 'own', {}, 'ana')).toHaveLength(2)
  })

  test('is removed by its owner alone', async () => {
    await asked('POST', '/api/dashboards', { slug: 'short-lived', title: 'Short', ...content }, 'ana')
    expect(await code(call('DELETE', '/api/dashboards/short-lived', undefined, 'ben'))).toBe('not-allowed')
    await asked('DELETE', '/api/dashboards/short-lived', undefined, 'ana')
    expect((await call('GET', '/api/dashboards/short-lived')).status).toBe(404)
  })
})

describe('a picture of a tile', () => {
  const path = '/api/dashboards/growth/tiles/own/picture.svg'

  test('is SVG in either theme, in which names that senders chose are text', async () => {
    const [light, dark] = await Promise.all(
      ['light', 'dark'].map(async (theme) => call('GET', `${path}?theme=${theme}&width=500`, undefined, 'ana')),
    )
    expect(light?.headers.get('content-type')).toContain('image/svg+xml')
    expect(light?.headers.get('content-security-policy')).toContain("default-src 'none'")
    const text = (await light?.text()) ?? ''
    expect(text).toContain('<title>By city</title>')
    expect(text).toContain('&lt;b&gt;Tainan&lt;/b&gt;')
    expect(text).not.toContain('<b>')
    expect(await dark?.text()).not.toBe(text)
  })

  test('takes parameters, and shows nobody more than the page', async () => {
    const given = encodeURIComponent(JSON.stringify({ least: { value: 100 } }))
    const text = await (await call('GET', `${path}?parameters=${given}`, undefined, 'ana')).text()
    expect(text).not.toContain('Taipei')
    expect(await (await call('GET', path, undefined, 'vera')).text()).not.toContain('Tainan')
    expect(await code(call('GET', `${path}?parameters=x`, undefined, 'ana'))).toBe('request-invalid')
  })
})

describe('as a file', () => {
  const environment = () => ({ env: { MILLPOND_DATA: millpond.data } })

  test('it comes back as it went, named by what people call things, and the same file changes nothing', async () => {
    const { stdout } = await runCli(['dashboard', 'export', 'growth'], environment())
    expect(stdout).toContain('"query": "shop/orders"')
    expect(stdout).not.toMatch(/"(?:owner|version|savedAt|isMine)"/)
    const path = join(folder, 'growth.json')
    await writeFile(path, stdout)
    const again = await runCli(['dashboard', 'import', path], environment())
    expect([again.code, again.stderr]).toEqual([0, ''])
    expect((await runCli(['dashboard', 'export', 'growth'], environment())).stdout).toBe(stdout)
    const copy = { ...(JSON.parse(stdout) as object), slug: 'copy' }
    await writeFile(path, JSON.stringify(copy))
    expect((await runCli(['dashboard', 'import', path], environment())).stdout).toBe(
      'Dashboard copy is at version 1.\n',
    )
    const list = await runCli(['dashboard', 'list', '--json'], environment())
    expect(list.stdout).toContain('"slug":"copy"')
    expect(await rows('copy', 'saved', {}, 'ana')).toEqual([[3, 'kept']])
  })

  test('what is none says so', async () => {
    const path = join(folder, 'none.json')
    await writeFile(path, '[]')
    const { code: exit, stderr } = await runCli(['dashboard', 'import', path], environment())
    expect([exit === 0, stderr]).toEqual([false, expect.stringContaining('is no dashboard')])
  })
})
