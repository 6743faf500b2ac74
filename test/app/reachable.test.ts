// What the world sees of a running Millpond: TLS and its renewal, proxies, the public address, limits, the ways in, and
// live pages that come and go. Both real processes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, readdir, readlink, rename, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { firstAnswer, freePort, type Millpond, startMillpond } from '../support/millpond.ts'
import { expectLedgerSums, lineOf, sendTo } from '../support/sender.ts'
import { tlsPair } from '../wire/collect-server.ts'
import { fixtureBytes, sendRaw } from '../wire/raw.ts'

const launcher = join(import.meta.dirname, '../../bin/millpond.js')
const tlsFolder = join(import.meta.dirname, '../wire/tls')

describe('TLS', () => {
  let millpond: Millpond
  let folder: string
  let writeKey: string
  let token: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millpond-tls-'))
    await copyFile(join(tlsFolder, 'localhost.cert.pem'), join(folder, 'cert.pem'))
    await copyFile(join(tlsFolder, 'localhost.key.pem'), join(folder, 'key.pem'))
    const settings = { MILLPOND_TLS_CERT: join(folder, 'cert.pem'), MILLPOND_TLS_KEY: join(folder, 'key.pem') }
    millpond = await startMillpond({ settings, waitForEngine: false })
    const isRunning = async (): Promise<true | undefined> =>
      millpond.output().includes('Millpond is running at https://') ? true : undefined
    await firstAnswer(isRunning, 20_000, millpond.output)
    const code = /\/login\?code=(\S+)/.exec(millpond.output())?.[1] ?? ''
    const login = await ask(`/login?code=${code}`)
    expect(login.headers['set-cookie']?.[0]).toMatch(/HttpOnly; SameSite=Lax; .*Secure/)
    token = /millpond_token=([^;]+)/.exec(login.headers['set-cookie']?.[0] ?? '')?.[1] ?? ''
    const source = await ask('/api/sources', 'POST', '{"source":"web"}')
    writeKey = (JSON.parse(source.body) as { writeKey: string }).writeKey
  })

  afterAll(async () => {
    await millpond.dispose()
    await rm(folder, { recursive: true })
  })

  interface Heard {
    readonly status: number
    readonly headers: Readonly<Record<string, string | string[] | undefined>>
    readonly body: string
  }

  async function ask(path: string, method = 'GET', body?: string): Promise<Heard> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const asking = request(`${millpond.address}${path}`, { method, headers, ca: tlsPair.cert }, (response) => {
        let text = ''
        response.on('data', (chunk) => (text += String(chunk)))
        response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
      })
      asking.once('error', reject)
      asking.end(body)
    })
  }

  const port = (): number => Number(new URL(millpond.address).port)

  async function servedFingerprint(): Promise<string> {
    const socket = await new Promise<TLSSocket>((resolve, reject) => {
      const opened = connect({ port: port(), host: '127.0.0.1', rejectUnauthorized: false }, () => resolve(opened))
      opened.once('error', reject)
    })
    const { fingerprint256 } = socket.getPeerCertificate()
    socket.destroy()
    return fingerprint256
  }

  async function replace(name: 'cert' | 'key', from: string): Promise<void> {
    await copyFile(from, join(folder, `${name}.new`))
    await rename(join(folder, `${name}.new`), join(folder, `${name}.pem`))
  }

  it('carries events of Swift, Python and Go to their tables', async () => {
    for (const fixture of ['swift', 'python-gzip', 'go'] as const) {
      const answer = await sendRaw(port(), fixtureBytes(fixture, writeKey).request, true)
      expect(answer).toMatchObject({ status: 200 })
    }
    await firstAnswer(async () => {
      const { ledger } = JSON.parse((await ask('/api/status')).body) as { ledger: { source: string; stored: number }[] }
      return ledger.find(({ source }) => source === 'web')?.stored === 6 ? true : undefined
    }, 10_000)
  })

  it('serves a renewed certificate without a restart, and the old one as long as the new one is of no use', async () => {
    const before = await servedFingerprint()
    await writeFile(join(folder, 'cert.pem'), 'not yet written')
    await firstAnswer(async () => (millpond.output().includes('not usable') ? true : undefined), 5000)
    expect(await servedFingerprint()).toBe(before)
    // A renewal whose key comes much later than its certificate: for a while they don't belong together.
    await replace('cert', join(tlsFolder, 'renewed.cert.pem'))
    await firstAnswer(async () => (millpond.output().split('not usable').length > 2 ? true : undefined), 5000)
    expect(await servedFingerprint()).toBe(before)
    await replace('key', join(tlsFolder, 'renewed.key.pem'))
    const after = await firstAnswer(async () => {
      const served = await servedFingerprint()
      return served === before ? undefined : served
    }, 5000)
    expect(after).not.toBe(before)
    await replace('cert', join(tlsFolder, 'localhost.cert.pem'))
    await replace('key', join(tlsFolder, 'localhost.key.pem'))
    await firstAnswer(async () => ((await servedFingerprint()) === before ? true : undefined), 5000)
  })

  it('believes no X-Forwarded-For without a trusted proxy', async () => {
    const body = JSON.stringify({ writeKey, userId: 'u', event: 'Forged' })
    const head = `POST /v1/t HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\nContent-Length: ${body.length}\r\n\r\n`
    expect(await sendRaw(port(), head + body, true)).toMatchObject({ status: 200 })
    const rows = await firstAnswer(async () => {
      const { body: text } = await ask('/api/query', 'POST', '{"sql":"SELECT context_ip FROM web.forged"}')
      return text.includes('"row"') ? text : undefined
    }, 10_000)
    expect(rows).toContain('{"row":["127.0.0.1"]}')
  })
})

describe('behind a trusted proxy', () => {
  let millpond: Millpond
  let writeKey: string

  beforeAll(async () => {
    const port = String(await freePort())
    const settings = {
      MILLPOND_HTTP_PORT: port,
      MILLPOND_FORWARD_PORT: '0',
      MILLPOND_POSTGRES_PORT: '0',
      MILLPOND_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8',
      MILLPOND_PUBLIC_URL: 'https://pond.example.com/in/',
      MILLPOND_REQUESTS_PER_SECOND_MAX: '40',
    }
    millpond = await startMillpond({ settings, address: `http://127.0.0.1:${port}` })
    writeKey = await millpond.addSource('web')
  })

  afterAll(async () => {
    await millpond.dispose()
  })

  async function track(event: string, forwardedFor: string): Promise<{ status: number; retryAfter: string | null }> {
    const headers = { 'x-forwarded-for': forwardedFor }
    return sendTo(millpond.address, { userId: 'u', event }, { path: '/v1/t', key: writeKey, headers })
  }

  it('takes the client’s address from the proxy, not from the client', async () => {
    expect(await track('Plain', '203.0.113.7')).toMatchObject({ status: 200 })
    expect(await track('Chain', '6.6.6.6, 203.0.113.8, 10.1.2.3')).toMatchObject({ status: 200 })
    expect(await track('Six', '6.6.6.6, [2001:db8::1]:4711')).toMatchObject({ status: 200 })
    expect(await track('Rubbish', "6.6.6.6, ' OR 1=1")).toMatchObject({ status: 200 })
    await millpond.settled()
    expect(await millpond.query('SELECT event, context_ip FROM web.tracks ORDER BY event')).toEqual([
      ['chain', '203.0.113.8'],
      ['plain', '203.0.113.7'],
      ['rubbish', '127.0.0.1'],
      ['six', '2001:db8::1'],
    ])
  })

  it('names its public address in the settings of SDKs and in the start block', async () => {
    const response = await fetch(`${millpond.address}/v1/projects/${writeKey}/settings`)
    const { integrations } = (await response.json()) as { integrations: Record<string, object> }
    expect(integrations['Segment.io']).toMatchObject({ apiHost: 'pond.example.com/in/v1', protocol: 'https' })
    expect(millpond.output()).toContain('Millpond is running at https://pond.example.com/in\n')
    expect(millpond.output()).not.toContain('Swift and Kotlin')
    expect((await fetch(`${millpond.address}/v1/projects/nobodys/settings`)).status).toBe(404)
  })

  it('refuses what is too fast with 429 and Retry-After, per key and address, and takes it later', async () => {
    const answers = await Promise.all(Array.from({ length: 120 }, async () => track('Fast', '203.0.113.50')))
    const refused = answers.filter(({ status }) => status === 429)
    const taken = answers.filter(({ status }) => status === 200)
    expect(refused.length + taken.length).toBe(120)
    expect(refused.length).toBeGreaterThan(20)
    for (const { retryAfter } of refused) expect(Number(retryAfter)).toBeGreaterThanOrEqual(1)
    expect(await track('Other', '203.0.113.51')).toMatchObject({ status: 200 })
    const again = async (): Promise<true | undefined> =>
      (await track('Later', '203.0.113.50')).status === 200 ? true : undefined
    await firstAnswer(again, 3000)
    const status = await millpond.settled()
    expectLedgerSums(status)
    expect(await millpond.queryValue('SELECT count(*) FROM web.fast')).toBe(taken.length)
    expect(lineOf(status, 'web').received).toBe(lineOf(status, 'web').stored)
  })

  it('lets a one-time link work once, and a token until it is revoked', async () => {
    const code = /\/login\?code=(\S+)/.exec(millpond.output())?.[1] ?? ''
    // The harness has used it.
    for (const used of [code, 'x', '', `${code}x`, "' OR 1=1 --"]) {
      const response = await fetch(`${millpond.address}/login?code=${encodeURIComponent(used)}`, { redirect: 'manual' })
      expect(response.status).toBe(401)
      expect(response.headers.get('set-cookie')).toBeNull()
    }
    const made = await millpond.api('/api/tokens', { method: 'POST', body: '{"name":"short-lived"}' })
    const { id, token } = (await made.json()) as { id: string; token: string }
    const withToken = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${millpond.address}/api/sources`, { headers })).status
    expect(await withToken({ authorization: `Bearer ${token}` })).toBe(200)
    expect(await withToken({ cookie: `millpond_token=${token}` })).toBe(200)
    const feed = await fetch(`${millpond.address}/api/live`, { headers: { authorization: `Bearer ${token}` } })
    expect(feed.status).toBe(200)
    expect((await millpond.api(`/api/tokens/${id}`, { method: 'DELETE' })).status).toBe(204)
    expect(await withToken({ authorization: `Bearer ${token}` })).toBe(401)
    expect(await withToken({ cookie: `millpond_token=${token}` })).toBe(401)
    // What was opened with it ends, too.
    await expect(feed.text()).resolves.toContain('event: status')
  })
})

describe('open everywhere', () => {
  it.each(['0.0.0.0', '::'])('%s: people read localhost, devices get an address that they can reach', async (host) => {
    const millpond = await startMillpond({ settings: { MILLPOND_HOST: host } })
    try {
      const writeKey = await millpond.addSource('web')
      const { port: bound } = new URL(millpond.address)
      expect(millpond.output()).toContain(`Millpond is running at http://localhost:${bound}\n`)
      const response = await fetch(`http://127.0.0.1:${bound}/v1/projects/${writeKey}/settings`)
      const { integrations } = (await response.json()) as { integrations: Record<string, object> }
      expect(integrations['Segment.io']).toMatchObject({ apiHost: `127.0.0.1:${bound}/v1`, protocol: 'http' })
    } finally {
      await millpond.dispose()
    }
  })
})

describe('TLS files of no use', () => {
  it.each([
    { what: 'no PEM', cert: 'README.md', key: 'README.md' },
    { what: 'a key of another certificate', cert: 'localhost.cert.pem', key: 'renewed.key.pem' },
  ])('$what: refused by name, and the next start is free', async ({ cert, key }) => {
    const data = await mkdtemp(join(tmpdir(), 'millpond-tls-'))
    const settings = { MILLPOND_TLS_CERT: join(tlsFolder, cert), MILLPOND_TLS_KEY: join(tlsFolder, key) }
    const env = {
      ...process.env,
      MILLPOND_DATA: data,
      MILLPOND_HTTP_PORT: '0',
      MILLPOND_FORWARD_PORT: '0',
      MILLPOND_POSTGRES_PORT: '0',
      ...settings,
    }
    const refused = spawn(process.execPath, [launcher, 'start'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    refused.stderr.on('data', (chunk) => (said += String(chunk)))
    expect(await once(refused, 'close')).toEqual([1, null])
    expect(said).toContain("TLS files can't be used")
    expect(said).toContain(settings.MILLPOND_TLS_KEY)
    const millpond = await startMillpond({ data })
    await millpond.dispose()
  })
})

describe('the public port', () => {
  let millpond: Millpond
  let writeKey: string

  beforeAll(async () => {
    millpond = await startMillpond()
    writeKey = await millpond.addSource('web')
  })

  afterAll(async () => {
    await millpond.dispose()
  })

  const port = (): number => Number(new URL(millpond.address).port)

  it('shows nothing without a token, however the address is written', async () => {
    const targets = [
      '/../../etc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/..%2f..%2fetc/passwd',
      '/login/../api/status',
      '//api/status',
      '/api/status/',
      '/API/STATUS',
      '/api%2Fstatus',
      '/api/./status',
      '/login?/../api/status',
      '/favicon.svg/../api/status',
      '/login;/api/status',
      '/login%00/api/status',
      '/%61pi/status',
      '/api/status?code=x',
      'http://elsewhere/api/status',
      'http://elsewhere/login/../api/status',
      '/api/live#/login',
      '/v1/../api/sources',
      '/v1/projects/..%2f..%2fapi%2fstatus/settings',
      '/health/../api/status',
      '*',
      '/\u00e9',
      '/api/\ud83d',
      `/${'x'.repeat(20_000)}`,
    ]
    for (const target of targets) {
      for (const method of ['GET', 'POST', 'OPTIONS', 'DELETE']) {
        const answer = await sendRaw(port(), `${method} ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`)
        // Preflights of browsers are answered on every address of an SDK, and say nothing.
        if (method === 'OPTIONS' && answer.status === 204) continue
        const where = `${method} ${target.slice(0, 80)}: ${answer.status} ${answer.body.slice(0, 200)}`
        expect([400, 401, 404, 405, 414, 431], where).toContain(answer.status)
        expect(answer.body, where).not.toMatch(/root:|ledger|checksumSecret|writeKey"/)
      }
    }
    expect(millpond.output()).not.toContain('did not answer')
  })

  it('answers odd requests of HTTP itself, and goes on', async () => {
    const odd = [
      'GET /api/status HTTP/1.1\r\n\r\n',
      'GET /api/status HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'GET /api/status HTTP/1.1\r\nHost: x\r\nX-Odd: \u00e9\u0001\r\n\r\n',
      'BREW /api/status HTTP/1.1\r\nHost: x\r\n\r\n',
      'POST /api/query HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      'POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{]',
      'POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 3\r\n\r\n<a>',
      'GET /api/status HTTP/1.1\r\nHost: x\r\nX-Odd: \u00e9\r\nCookie: millpond_token=%00; =;;\r\n\r\n',
      'GET /api/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ' + 'x'.repeat(10_000) + '\r\n\r\n',
    ]
    for (const bytes of odd) {
      const { status, body } = await sendRaw(port(), Buffer.from(bytes, 'latin1'))
      expect([400, 401, 415], `${bytes.slice(0, 150)}: ${status} ${body}`).toContain(status)
    }
    expect((await millpond.status()).ledgerSums).toBe(true)
    expect(millpond.output()).not.toContain('did not answer')
  })

  /** Sockets of the engine; undefined where there is no /proc. */
  async function engineSockets(): Promise<number | undefined> {
    const folder = `/proc/${(await millpond.pids()).engine}/fd`
    const names = await readdir(folder).catch(() => undefined)
    if (names === undefined) return undefined
    const links = await Promise.all(names.map(async (name) => readlink(join(folder, name)).catch(() => '')))
    return links.filter((link) => link.startsWith('socket:')).length
  }

  it('shows twenty live pages the same event, and forgets them when they leave', async () => {
    await millpond.status()
    const before = await engineSockets()
    const gone = new AbortController()
    const feeds = await Promise.all(
      Array.from({ length: 20 }, async () => millpond.api('/api/live?source=web', { signal: gone.signal })),
    )
    const texts = feeds.map(async ({ body }) => {
      if (body === null) throw new Error('The feed has no body.')
      let text = ''
      for await (const chunk of body) {
        text += Buffer.from(chunk).toString()
        if (text.includes('Seen By All') && text.includes('event: status')) return text
      }
      return text
    })
    expect(
      await sendTo(millpond.address, { userId: 'u', event: 'Seen By All' }, { path: '/v1/track', key: writeKey }),
    ).toMatchObject({ status: 200 })
    for (const text of await Promise.all(texts)) expect(text).toContain('"verdict":"stored"')
    gone.abort()
    const isForgotten = async (): Promise<true | undefined> => {
      const now = await engineSockets()
      return now === undefined || before === undefined || now <= before + 2 ? true : undefined
    }
    await firstAnswer(isForgotten, 5000, millpond.output)
    expect(await millpond.queryValue('SELECT count(*) FROM web.seen_by_all')).toBe(1)
    // Nor do those hold up a stop that never leave.
    const staying = await millpond.api('/api/live')
    const startedMs = performance.now()
    await Promise.allSettled([millpond.stop(), staying.text()])
    expect(performance.now() - startedMs).toBeLessThan(3000)
    expect(millpond.output()).not.toMatch(/"level":(50|60)/)
  })
})
