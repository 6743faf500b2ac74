// People sign in to other programs with their account here: the whole way as a program goes it, and everything that somebody in between
// might try.
import { createHash } from 'node:crypto'

import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { type Browser, openSignInRig, password, type SignInRig } from './sign-in-rig.ts'
import { startMillpond } from '../support/millpond.ts'
import { runCli } from '../app/cli-support.ts'

const issuer = 'https://pond.example.com'
const redirect = 'https://hub.example.com/hub/oauth_callback'
const verifier = 'v'.repeat(50)
const challenge = createHash('sha256').update(verifier).digest('base64url')
const dayMs = 86_400_000

let rig: SignInRig
let ana: Browser
let hub: { readonly id: string; readonly secret: string }
let names = 0

type Json = Readonly<Record<string, unknown>>

beforeAll(async () => {
  rig = await openSignInRig({}, issuer)
  ana = await rig.person('ana', 'analyst')
})

afterAll(async () => {
  await rig.close()
})

beforeEach(() => {
  hub = added()
})

function added(more: { redirects?: readonly string[]; isConfidential?: boolean } = {}) {
  names += 1
  const { client, secret = '' } = rig.control.oidc.addClient({
    name: `Hub ${names}`,
    redirects: [redirect],
    isConfidential: true,
    ...more,
  })
  return { id: client.id, secret }
}

const asking = (more: Readonly<Record<string, string | undefined>> = {}): string => {
  const all = {
    client_id: hub.id,
    redirect_uri: redirect,
    response_type: 'code',
    scope: 'openid profile email groups offline_access',
    state: 's&t=ate',
    nonce: 'n-1',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  }
  const given = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined)
  return `/api/oidc/authorize?${new URLSearchParams(given).toString()}`
}

/** Where the browser was sent. */
async function sent(browser: Browser, more?: Readonly<Record<string, string | undefined>>): Promise<URL> {
  const answer = await browser.ask('GET', asking(more), { headers: { 'sec-fetch-site': 'cross-site' } })
  expect(answer.status).toBe(303)
  return new URL(String(answer.headers['location']), issuer)
}

async function codeOf(browser: Browser = ana, more?: Readonly<Record<string, string | undefined>>): Promise<string> {
  return (await sent(browser, more)).searchParams.get('code') ?? ''
}

async function call(
  path: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
) {
  return rig.browser().ask('POST', `/api/oidc/${path}`, {
    body: new URLSearchParams(form).toString() as unknown as object,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  })
}

const basic = ({ id, secret } = hub) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
})

async function exchanged(code: string, more: Readonly<Record<string, string>> = {}, client = hub) {
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirect, code_verifier: verifier, ...more }
  return call('token', form, basic(client))
}

async function refreshed(token: unknown, client = hub, more: Readonly<Record<string, string>> = {}) {
  return call('token', { grant_type: 'refresh_token', refresh_token: String(token), ...more }, basic(client))
}

async function userinfo(token: unknown) {
  return rig.browser().ask('GET', '/api/oidc/userinfo', { headers: { authorization: `Bearer ${String(token)}` } })
}

describe('the way in', () => {
  test('whoever is signed in comes back with a code, which is good for tokens', async () => {
    const back = await sent(ana)
    expect(back.href.startsWith(`${redirect}?`)).toBe(true)
    expect(back.searchParams.get('state')).toBe('s&t=ate')
    expect(back.searchParams.get('iss')).toBe(issuer)
    const tokens = await exchanged(back.searchParams.get('code') ?? '')
    expect(tokens).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 3600 } })
    expect(tokens.headers['cache-control']).toBe('no-store')
    const about = await userinfo(tokens.body['access_token'])
    expect(about.body).toMatchObject({ preferred_username: 'ana', email: 'ana@example.com', groups: ['analyst'] })
    expect(about.body).not.toHaveProperty('email_verified')
    const [, claims = ''] = String(tokens.body['id_token']).split('.')
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      iss: issuer,
      aud: hub.id,
      nonce: 'n-1',
      sub: about.body['sub'],
      groups: ['analyst'],
    })
  })

  test('whoever is not signed in is asked who they are, and comes back to the same question', async () => {
    const to = await sent(rig.browser())
    expect(to.pathname).toBe('/login')
    expect(to.searchParams.get('next')).toBe(asking())
    const silent = await sent(rig.browser(), { prompt: 'none' })
    expect([silent.searchParams.get('error'), silent.searchParams.get('state')]).toEqual(['login_required', 's&t=ate'])
  })

  test('the secret may stand in the form; a program without one needs none', async () => {
    const form = { grant_type: 'authorization_code', redirect_uri: redirect, code_verifier: verifier }
    const posted = { ...form, code: await codeOf(), client_id: hub.id, client_secret: hub.secret }
    expect((await call('token', posted)).status).toBe(200)
    hub = added({ isConfidential: false })
    expect((await call('token', { ...form, code: await codeOf(), client_id: hub.id })).status).toBe(200)
  })

  test('scopes say what is told, and whether there is a refresh token', async () => {
    const { body } = await exchanged(await codeOf(ana, { scope: 'openid everything' }))
    expect(body).toMatchObject({ scope: 'openid' })
    expect(body).not.toHaveProperty('refresh_token')
    expect(Object.keys((await userinfo(body['access_token'])).body)).toEqual(['sub'])
  })
})

describe('nothing is sent to an address that is not the program’s', () => {
  test.each([
    `${redirect}/`,
    `${redirect}?x=1`,
    `${redirect}/../evil`,
    'https://hub.example.com/hub/OAUTH_CALLBACK',
    'https://hub.example.com@evil.example/hub/oauth_callback',
    'https://evil.example/hub/oauth_callback',
    'http://hub.example.com/hub/oauth_callback',
    '//evil.example',
    '',
  ])('%s', async (wrong) => {
    const answer = await ana.ask('GET', asking({ redirect_uri: wrong }))
    expect(answer).toMatchObject({ status: 400, code: 'request-invalid' })
    expect(answer.headers['location']).toBeUndefined()
  })

  test('nor for a program that nobody knows', async () => {
    expect(await ana.ask('GET', asking({ client_id: 'nobody' }))).toMatchObject({ status: 400 })
  })

  test.each([
    'http://hub.example.com/back',
    'javascript:alert(1)',
    'https://a:b@hub.example.com/back',
    'https://hub.example.com/back#part',
    'com.example.app:/back',
    'nonsense',
  ])('an administrator can’t add %s', (wrong) => {
    expect(() => added({ redirects: [wrong] })).toThrow(/no address to come back to/)
  })
})

describe('a question that is wrong comes back as an error', () => {
  test.each<[string, Readonly<Record<string, string | undefined>>, string]>([
    ['no PKCE', { code_challenge: undefined }, 'invalid_request'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a short challenge', { code_challenge: 'abc' }, 'invalid_request'],
    ['tokens at once', { response_type: 'token' }, 'unsupported_response_type'],
    ['no openid', { scope: 'profile' }, 'invalid_scope'],
    ['signing in anew', { prompt: 'login' }, 'invalid_request'],
  ])('%s', async (_what, more, error) => {
    const back = await sent(ana, more)
    expect(back.href.startsWith(redirect)).toBe(true)
    expect(back.searchParams.get('error')).toBe(error)
    expect(back.searchParams.get('code')).toBeNull()
  })
})

describe('a code', () => {
  test('is good once; used again, everything that came of it ends', async () => {
    const code = await codeOf()
    const first = await exchanged(code)
    expect(first.status).toBe(200)
    expect(await exchanged(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect((await userinfo(first.body['access_token'])).status).toBe(401)
    expect((await refreshed(first.body['refresh_token'])).status).toBe(400)
  })

  test.each<[string, Readonly<Record<string, string>>]>([
    ['another verifier', { code_verifier: 'w'.repeat(50) }],
    ['no verifier', { code_verifier: '' }],
    ['another address', { redirect_uri: 'https://hub.example.com/other' }],
    ['a code of nobody', { code: 'x'.repeat(43) }],
  ])('is not good with %s', async (_what, more) => {
    expect(await exchanged(await codeOf(), more)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  test('is of one program, and of one minute', async () => {
    const code = await codeOf()
    expect((await exchanged(code, {}, added())).status).toBe(400)
    expect((await exchanged(code)).status).toBe(400)
    const late = await codeOf()
    rig.clock.advance(61_000)
    expect((await exchanged(late)).status).toBe(400)
  })

  test('needs the secret', async () => {
    const wrong = { id: hub.id, secret: 'wrong' }
    expect(await exchanged(await codeOf(), {}, wrong)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    const form = {
      grant_type: 'authorization_code',
      code: await codeOf(),
      redirect_uri: redirect,
      code_verifier: verifier,
    }
    expect((await call('token', { ...form, client_id: hub.id })).status).toBe(401)
    // Whoever knows the id shuts nobody out.
    for (let tries = 0; tries < 40; tries += 1) await call('token', {}, basic(wrong))
    expect((await exchanged(await codeOf())).status).toBe(200)
  })
})

describe('a refresh token', () => {
  test('is good once, and followed by another; used again, all of them end', async () => {
    const { body: first } = await exchanged(await codeOf())
    const { body: second } = await refreshed(first['refresh_token'])
    expect(second['refresh_token']).not.toBe(first['refresh_token'])
    expect((await userinfo(second['access_token'])).status).toBe(200)
    expect(await refreshed(first['refresh_token'])).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect((await refreshed(second['refresh_token'])).status).toBe(400)
    expect((await userinfo(second['access_token'])).status).toBe(401)
  })

  test('is of one program, whose own it stays, and asks for nothing more', async () => {
    const { body } = await exchanged(await codeOf(ana, { scope: 'openid offline_access' }))
    expect((await refreshed(body['refresh_token'], added())).status).toBe(400)
    const { body: next } = await refreshed(body['refresh_token'])
    expect(next['refresh_token']).toBeDefined()
    const more = await refreshed(next['refresh_token'], hub, { scope: 'openid email' })
    expect(more.body).toMatchObject({ error: 'invalid_scope' })
    // Nothing is lost by asking for too much; less is answered with what was granted.
    const less = await refreshed(next['refresh_token'], hub, { scope: 'openid' })
    expect(less.body).toMatchObject({ scope: 'openid offline_access', refresh_token: expect.any(String) as unknown })
  })

  test('and what came of it is worthless once it is revoked, or the program is removed', async () => {
    const { body } = await exchanged(await codeOf())
    expect((await call('revoke', { token: String(body['refresh_token']) }, basic(added()))).status).toBe(200)
    expect((await userinfo(body['access_token'])).status).toBe(200)
    expect((await call('revoke', { token: String(body['refresh_token']) }, basic())).status).toBe(200)
    expect((await userinfo(body['access_token'])).status).toBe(401)
    const { body: other } = await exchanged(await codeOf())
    rig.control.oidc.removeClient(hub.id)
    expect((await userinfo(other['access_token'])).status).toBe(401)
  })
})

describe('people', () => {
  test('who are disabled or removed are told of no more', async () => {
    for (const end of [
      (handle: string) => rig.control.logins.setDisabled(handle, true),
      async (handle: string) => rig.control.removePrincipal(handle),
    ]) {
      names += 1
      const handle = `left${names}`
      const left = await rig.person(handle, 'support')
      const { body } = await exchanged(await codeOf(left))
      await end(handle)
      expect((await refreshed(body['refresh_token'])).status).toBe(400)
      expect((await userinfo(body['access_token'])).status).toBe(401)
      expect((await sent(left)).pathname).toBe('/login')
    }
  })

  test('a token is no sign-in: what it led to would outlive it', async () => {
    const { token } = await rig.control.createToken('t', 'ana')
    const headers = { authorization: `Bearer ${token}` }
    const answer = await rig.browser().ask('GET', asking(), { headers })
    expect(String(answer.headers['location'])).toMatch(/^\/login\?next=/)
    const silent = await rig.browser().ask('GET', asking({ prompt: 'none' }), { headers })
    expect(new URL(String(silent.headers['location'])).searchParams.get('error')).toBe('login_required')
  })

  test('who signed in long ago is asked anew if the program wants that, and it is told when they did', async () => {
    const fay = await rig.person('fay', 'support')
    const begun = Math.floor(Date.now() / 1000)
    rig.clock.advance(dayMs)
    expect((await sent(fay, { max_age: '60' })).pathname).toBe('/login')
    const { body } = await exchanged(await codeOf(fay, { max_age: '100000' }))
    const claims = JSON.parse(Buffer.from(String(body['id_token']).split('.')[1] ?? '', 'base64url').toString()) as {
      auth_time: number
    }
    expect(Math.abs(claims.auth_time - begun)).toBeLessThan(60)
  })

  test('who is disabled is nobody to userinfo, before any refresh', async () => {
    const gus = await rig.person('gus', 'support')
    const { body } = await exchanged(await codeOf(gus))
    expect((await userinfo(body['access_token'])).status).toBe(200)
    rig.control.logins.setDisabled('gus', true)
    const answer = await userinfo(body['access_token'])
    expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_token'])
    expect(answer.headers['www-authenticate']).toContain('invalid_token')
  })

  test('access tokens open nothing but userinfo, and end after an hour', async () => {
    const { body } = await exchanged(await codeOf())
    const headers = { authorization: `Bearer ${String(body['access_token'])}` }
    expect((await rig.browser().ask('GET', '/api/me', { headers })).status).toBe(401)
    const session = { authorization: `Bearer ${rig.control.createOneTimeCode()}` }
    expect((await rig.browser().ask('GET', '/api/oidc/userinfo', { headers: session })).status).toBe(401)
    rig.clock.advance(3_601_000)
    expect((await userinfo(body['access_token'])).status).toBe(401)
    rig.clock.advance(31 * dayMs)
    expect((await refreshed(body['refresh_token'])).status).toBe(400)
  })

  test('a key that was replaced is shown for an hour', async () => {
    await exchanged(await codeOf())
    const shown = async () => ((await rig.browser().ask('GET', '/api/oidc/jwks')).body['keys'] as object[]).length
    rig.clock.advance(2 * 3_600_000)
    const before = await shown()
    expect(before).toBe(1)
    await rig.control.oidc.rotateKey()
    expect(await shown()).toBe(2)
    rig.clock.advance(3_601_000)
    expect(await shown()).toBe(1)
  })
})

test('a body that is no form gets an error in the words of OAuth', async () => {
  const answer = await rig.browser().ask('POST', '/api/oidc/token', { body: { grant_type: 'x' } })
  expect(answer.body).toMatchObject({ error: 'invalid_request' })
})

test('secrets and tokens are kept hashed, keys sealed', async () => {
  const { body } = await exchanged(await codeOf())
  const { readdir, readFile } = await import('node:fs/promises')
  const files = (await readdir(rig.folder)).filter((name) => name.startsWith('control.sqlite'))
  const all = Buffer.concat(await Promise.all(files.map(async (name) => readFile(`${rig.folder}/${name}`)))).toString(
    'latin1',
  )
  for (const secret of [hub.secret, body['access_token'], body['refresh_token'], 'PRIVATE KEY'])
    expect(all).not.toContain(String(secret))
})

test('over the real processes: a library finds everything, and verifies what was signed', async () => {
  const pond = await startMillpond()
  try {
    const run = async (words: readonly string[]) => runCli(['client', ...words], { env: { MILLPOND_DATA: pond.data } })
    const { stdout } = await run(['add', 'hub', '--redirect', redirect, '--json'])
    const client = JSON.parse(stdout) as { id: string; secret: string }
    const found = (await (await fetch(`${pond.address}/.well-known/openid-configuration`)).json()) as Readonly<
      Record<string, string>
    >
    hub = client
    const post = async (path: string, body: object) => {
      const headers = { 'content-type': 'application/json', origin: pond.address }
      return fetch(`${pond.address}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    }
    const invited = await pond.api('/api/users', {
      method: 'POST',
      body: JSON.stringify({ email: 'zoe@example.com', role: 'ml' }),
    })
    const { path } = (await invited.json()) as { path: string }
    const came = await post('/api/auth/invitation/accept', { code: path.split('#')[1], password })
    const cookie = (came.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    const question = `${pond.address}${asking({ scope: 'openid groups' })}`
    const answer = await fetch(question, { redirect: 'manual', headers: { cookie } })
    const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''
    const tokens = await fetch(found['token_endpoint'] ?? '', {
      method: 'POST',
      headers: basic(client),
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirect,
        code_verifier: verifier,
      }),
    })
    const { id_token: token } = (await tokens.json()) as { id_token: string }
    const keys = createRemoteJWKSet(new URL(found['jwks_uri'] ?? ''))
    const options = { issuer: String(found['issuer']), audience: client.id, algorithms: ['RS256'] }
    expect((await jwtVerify(token, keys, options)).payload).toMatchObject({
      groups: ['ml'],
      nonce: 'n-1',
    } satisfies Json)
    await run(['rotate-key'])
    const jwks = (await (await fetch(found['jwks_uri'] ?? '')).json()) as { keys: readonly object[] }
    expect(jwks.keys).toHaveLength(2)
    expect(JSON.stringify(jwks)).not.toContain('"d":')
    expect((await run(['list'])).stdout).toContain(redirect)
    expect((await run(['remove', client.id])).stdout).toContain('removed')
  } finally {
    await pond.dispose()
  }
}, 60_000)
