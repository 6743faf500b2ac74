// People who sign in: invitations, passwords, sessions, and all that somebody else might try with them.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { safeNext } from '../../src/control/sign-in.ts'
import { type Browser, openSignInRig, password, type SignInRig } from './sign-in-rig.ts'

let rig: SignInRig

beforeAll(async () => {
  rig = await openSignInRig()
})

afterAll(async () => {
  await rig.close()
})

const accept = async (browser: Browser, code: string, more: object = {}) =>
  browser.ask('POST', '/api/auth/invitation/accept', { body: { code, password, ...more } })

describe('an invitation', () => {
  test('of the one-time link: the first administrator is in, and may choose an address and a password', async () => {
    const first = rig.browser()
    const link = await first.ask('GET', `/login?code=${rig.control.createOneTimeCode()}`)
    const [path, code = ''] = String(link.headers['location']).split('#')
    expect([link.status, path]).toEqual([303, '/invitation'])
    expect((await first.ask('GET', '/')).status).toBe(200)
    const shown = await first.ask('POST', '/api/auth/invitation', { body: { code } })
    expect(shown.body).toEqual({ handle: 'owner', role: 'admin' })
    expect(await accept(first, code)).toMatchObject({ status: 400, code: 'request-invalid' })
    const taken = await accept(first, code, { email: 'Founder@Example.com' })
    expect(taken).toMatchObject({ status: 200, body: { next: '/' } })
    expect(taken.cookies[0]).toMatch(/^millpond_session=[^;]+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/)
    const later = rig.browser()
    expect((await later.signIn('founder@example.com')).status).toBe(200)
    expect((await later.ask('GET', '/api/me')).body).toMatchObject({
      handle: 'owner',
      role: 'admin',
      email: 'founder@example.com',
      hasSession: true,
    })
  })

  test('is good once, for 7 days, and until there is a newer one; with a new one a forgotten password is replaced', async () => {
    const { logins } = rig.control
    const first = logins.add({ email: 'ivy@example.com', role: 'support' }).code
    expect(logins.users().find(({ handle }) => handle === 'ivy')).toMatchObject({ state: 'invited', ways: [] })
    const second = logins.invite('ivy').code
    expect(await accept(rig.browser(), first)).toMatchObject({ status: 404, code: 'invitation-invalid' })
    expect(await accept(rig.browser(), second, { password: 'short' })).toMatchObject({ code: 'password-refused' })
    const ivy = rig.browser()
    // Whoever has the link has no say in whose it is.
    expect((await accept(ivy, second, { email: 'evil@example.com' })).status).toBe(200)
    expect(await accept(rig.browser(), second)).toMatchObject({ status: 404 })
    expect((await ivy.ask('GET', '/api/me')).body).toMatchObject({ handle: 'ivy', email: 'ivy@example.com' })
    const third = logins.invite('ivy').code
    expect(await ivy.who()).toBe('ivy')
    expect((await accept(rig.browser(), third, { password: 'another long password' })).status).toBe(200)
    expect(await ivy.who()).toBeUndefined()
    expect((await rig.browser().signIn('ivy@example.com')).status).toBe(401)
    expect((await rig.browser().signIn('ivy@example.com', 'another long password')).status).toBe(200)
    const late = logins.invite('ivy').code
    rig.clock.advance(7 * 24 * 3_600_000)
    expect(await accept(rig.browser(), late)).toMatchObject({ status: 404 })
  })

  test('two at one time with one link make one login', async () => {
    const { code } = rig.control.logins.add({ email: 'twin@example.com', role: 'viewer' })
    const both = await Promise.all([accept(rig.browser(), code), accept(rig.browser(), code)])
    expect(both.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 404])
  })

  test('goes to somebody who is known, if their handle is named; nobody has two logins, and no address two people', async () => {
    const { control } = rig
    const known = await control.addPrincipal('kim', 'person', 'member', { region: 'EU' })
    const add = (email: string, handle?: string) => () => control.logins.add({ email, role: 'analyst', handle })
    expect(add('kim@example.com')).toThrow('--handle kim')
    add('kim@example.com', 'kim')()
    expect(control.principalById(known.id)).toMatchObject({ role: 'analyst', attributes: { region: 'EU' } })
    for (const refused of [
      add('kim2@example.com', 'kim'),
      add('KIM@example.com', 'kim3'),
      add('x@example.com', 'owner'),
      add('no address'),
      add('a b@example.com'),
      add('<x>@example.com'),
    ]) {
      expect(refused).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/principal-exists|request-invalid/) }),
      )
    }
    await control.addPrincipal('robot', 'service', 'member')
    expect(add('r@example.com', 'robot')).toThrow(expect.objectContaining({ code: 'principal-exists' }))
    expect(control.listPrincipals().some(({ handle }) => handle === 'kim3')).toBe(false)
    await control.removePrincipal('kim')
    expect(add('kim@example.com')().user).toMatchObject({ handle: 'kim', state: 'invited' })
  })
})

describe('a password', () => {
  test('that is wrong, an address that nobody has, one without a password, and somebody disabled: one answer, after one work', async () => {
    await rig.person('pat', 'analyst')
    await rig.person('out', 'analyst')
    rig.control.logins.setDisabled('out', true)
    rig.control.logins.add({ email: 'new@example.com', role: 'viewer' })
    const timed = async (email: string, given: string) => {
      const startMs = performance.now()
      const { status, body, cookies } = await rig.browser().signIn(email, given)
      return { ms: performance.now() - startMs, seen: { status, body, cookies } }
    }
    const wrong = await timed('pat@example.com', 'wrong password')
    expect(wrong.seen).toMatchObject({ status: 401, cookies: [], body: { error: { code: 'login-failed' } } })
    for (const [email, given] of [
      ['nobody@example.com', password],
      ['new@example.com', password],
      ['out@example.com', password],
      ['out@example.com', 'wrong password'],
      ['pat@example.com', ''],
      ['pat@example.com', 'x'.repeat(1_000)],
    ] as const) {
      const other = await timed(email, given)
      expect(other.seen).toEqual(wrong.seen)
      // scrypt is nearly all of it: whoever answers without it is ten times faster.
      expect(other.ms).toBeGreaterThan(wrong.ms / 4)
    }
  })

  test('is changed by whoever knows it; every other session is over, and this one has a new cookie', async () => {
    const here = await rig.person('cho', 'analyst')
    const there = rig.browser()
    await there.signIn('cho@example.com')
    const before = here.cookies.get('millpond_session')
    const change = async (current: string, wanted: string) =>
      here.ask('POST', '/api/auth/password', { body: { current, wanted } })
    expect(await change('wrong password', 'a quite new password')).toMatchObject({ status: 401, code: 'login-failed' })
    expect(await change(password, 'short')).toMatchObject({ status: 400, code: 'password-refused' })
    expect([await here.who(), await there.who()]).toEqual(['cho', 'cho'])
    expect((await change(password, 'a quite new password')).status).toBe(204)
    expect([await here.who(), await there.who()]).toEqual(['cho', undefined])
    expect(here.cookies.get('millpond_session')).not.toBe(before)
    expect((await rig.browser().signIn('cho@example.com')).status).toBe(401)
    expect((await rig.browser().signIn('cho@example.com', 'a quite new password')).status).toBe(200)
  })
})

describe('a session', () => {
  test('that somebody planted before is none afterwards', async () => {
    const evil = await rig.person('eve', 'viewer')
    await rig.person('vic', 'analyst')
    const victim = rig.browser()
    const planted = evil.cookies.get('millpond_session') ?? ''
    victim.cookies.set('millpond_session', planted)
    expect((await victim.signIn('vic@example.com')).status).toBe(200)
    expect(victim.cookies.get('millpond_session')).not.toBe(planted)
    expect([await victim.who(), await evil.who()]).toEqual(['vic', undefined])
  })

  test('takes the place of a token that somebody planted or left, and a token that of a session', async () => {
    const { control } = rig
    await rig.person('vin', 'analyst')
    await rig.person('evi', 'analyst')
    const { token } = await control.createToken('planted', 'evi')
    const { code } = control.logins.add({ email: 'val@example.com', role: 'viewer' })
    for (const [comes, who] of [
      [async (browser: Browser) => browser.signIn('vin@example.com'), 'vin'],
      [async (browser: Browser) => accept(browser, code), 'val'],
    ] as const) {
      const victim = rig.browser()
      victim.cookies.set('millpond_token', token)
      expect((await comes(victim)).status).toBe(200)
      expect([await victim.who(), [...victim.cookies.keys()]]).toEqual([who, ['millpond_session']])
    }
    const vin = rig.browser()
    await vin.signIn('vin@example.com')
    const session = vin.cookies.get('millpond_session') ?? ''
    expect((await vin.ask('POST', '/login', { body: { token } })).status).toBe(200)
    expect([await vin.who(), [...vin.cookies.keys()]]).toEqual(['evi', ['millpond_token']])
    expect(control.sessions.verify(session)).toBeUndefined()
  })

  test('is listed and ended by its person, and by nobody else', async () => {
    const [one, other, admin] = [
      await rig.person('lea', 'viewer'),
      await rig.person('max', 'viewer'),
      await rig.person('adm', 'admin'),
    ]
    one.address = '198.51.100.9'
    await one.signIn('lea@example.com')
    const second = rig.browser()
    await second.signIn('lea@example.com')
    const { body } = await one.ask('GET', '/api/sessions')
    const list = body['sessions'] as { id: string; isThis: boolean; address: string; browser: string }[]
    expect(list.map(({ isThis }) => isThis).filter(Boolean)).toHaveLength(1)
    expect(list.find(({ isThis }) => isThis)).toMatchObject({ address: '198.51.100.9', browser: 'Test/1.0' })
    expect(JSON.stringify(body)).not.toContain((one.cookies.get('millpond_session') ?? '').split('.')[0])
    const secondId = list.find(({ isThis }) => !isThis)?.id ?? ''
    for (const stranger of [other, admin]) {
      expect(await stranger.ask('DELETE', `/api/sessions/${secondId}`)).toMatchObject({ status: 404 })
      expect(JSON.stringify((await stranger.ask('GET', '/api/sessions')).body)).not.toContain(secondId)
    }
    expect((await one.ask('DELETE', `/api/sessions/${secondId}`)).status).toBe(204)
    expect(await second.who()).toBeUndefined()
    await second.signIn('lea@example.com')
    expect((await one.ask('DELETE', '/api/sessions')).status).toBe(204)
    expect([await one.who(), await second.who(), await other.who()]).toEqual(['lea', undefined, 'max'])
    const kept = one.cookies.get('millpond_session') ?? ''
    expect((await one.ask('POST', '/api/auth/sign-out')).status).toBe(204)
    expect(one.cookies.size).toBe(0)
    one.cookies.set('millpond_session', kept)
    expect(await one.who()).toBeUndefined()
  })

  test('ends after 30 days, and at once with its person', async () => {
    const browser = await rig.person('tim', 'viewer')
    await rig.control.removePrincipal('tim')
    expect(await browser.who()).toBeUndefined()
    const short = await openSignInRig()
    try {
      const sue = await short.person('sue', 'viewer')
      short.clock.advance(29 * 24 * 3_600_000)
      expect(await sue.who()).toBe('sue')
      short.clock.advance(2 * 24 * 3_600_000)
      expect(await sue.who()).toBeUndefined()
      await short.browser().signIn('sue@example.com')
      const database = new DatabaseSync(join(short.folder, 'control.sqlite'))
      // For our clock, which is ahead of the machine's, both are over.
      expect(database.prepare('SELECT count(*) AS n FROM sessions').get()).toEqual({ n: 0 })
      database.close()
    } finally {
      await short.close()
    }
  })

  test('is not in a cookie that anybody made up or changed', async () => {
    const real = (await rig.person('kai', 'viewer')).cookies.get('millpond_session') ?? ''
    expect(rig.control.sessions.verify(real)).toBeDefined()
    const changed = fc
      .tuple(fc.nat(real.length - 1), fc.constantFrom('a', 'B', '3', '.', '%', '/', '=', '+'))
      .map(([at, letter]) => real.slice(0, at) + letter + real.slice(at + 1))
      .filter((text) => text !== real)
    fc.assert(
      fc.property(fc.oneof(fc.string(), changed), (text) => {
        expect(rig.control.sessions.verify(text)).toBeUndefined()
      }),
    )
  })

  test('is Secure where browsers come by https, itself or through a proxy', async () => {
    const browser = await rig.person('sec', 'viewer')
    const secure = { 'x-millpond-client-scheme': 'https' }
    const body = { email: 'sec@example.com', password }
    const { cookies } = await browser.ask('POST', '/api/auth/sign-in', { body, headers: secure })
    expect(cookies[0]).toMatch(/; Secure$/)
  })

  test.each([
    ['POST', '/api/auth/sign-out'],
    ['POST', '/api/auth/password'],
    ['DELETE', '/api/sessions'],
    ['DELETE', '/api/sessions/x'],
    ['POST', '/api/me/tokens'],
    ['POST', '/api/auth/sign-in'],
    ['POST', '/api/auth/sign-in/google'],
    ['POST', '/api/auth/invitation'],
    ['POST', '/api/auth/invitation/accept'],
    ['POST', '/login'],
  ])('is not begun, used or ended by a page of another site: %s %s', async (method, url) => {
    const browser = await rig.person(`x${Math.random().toString(36).slice(2)}`, 'analyst')
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', origin: 'http://localhost:80' },
    ]) {
      for (const one of [browser, rig.browser()]) {
        if (one !== browser && !url.startsWith('/api/auth/') && url !== '/login') continue
        if (one !== browser && /sign-out|password/.test(url)) continue
        expect(await one.ask(method, url, { headers, body: {} })).toMatchObject({ status: 403, code: 'not-allowed' })
      }
    }
  })
})

test('whoever is disabled is out of everything at once; their tokens work again when they are enabled, sessions do not', async () => {
  const { control } = rig
  const browser = await rig.person('dis', 'analyst')
  const made = await browser.ask('POST', '/api/me/tokens', { body: { name: 'notebook' } })
  const token = String(made.body['token'])
  const { key, info } = await control.createKey('dis', { project: 'millpond', publicUrl: 'https://x.example' })
  const access = control.createAccessToken(info.id).token
  const [session] = control.sessions.list(control.listPrincipals().find(({ handle }) => handle === 'dis')?.id ?? '')
  const isIn = async () => [
    await browser.who(),
    // What a feed that is open asks again and again.
    control.isTokenValid(session?.id ?? ''),
    control.verifyToken(token)?.principal.handle,
    control.verifyToken(access)?.principal.handle,
    control.scramCredentials('dis').verifiers.length,
    control.isTokenValid(String(made.body['id'])),
    control.findKey(key.private_key_id)?.principal.handle,
  ]
  expect(await isIn()).toEqual(['dis', true, 'dis', 'dis', 1, true, 'dis'])
  const { code } = control.logins.invite('dis')
  control.logins.setDisabled('dis', true)
  expect(await isIn()).toEqual([undefined, false, undefined, undefined, 0, false, undefined])
  expect(await accept(rig.browser(), code)).toMatchObject({ status: 404 })
  expect(control.logins.user('dis').state).toBe('disabled')
  control.logins.setDisabled('dis', false)
  expect(await isIn()).toEqual([undefined, false, 'dis', 'dis', 1, true, 'dis'])
  expect((await rig.browser().signIn('dis@example.com')).status).toBe(200)
  expect(() => control.logins.setDisabled('nobody', true)).toThrow(
    expect.objectContaining({ code: 'principal-unknown' }),
  )
})

test('tokens of one’s own: made in a session only, with one’s role, seen and revoked by nobody else', async () => {
  const [ann, ben] = [await rig.person('ann', 'analyst'), await rig.person('ben', 'engineer')]
  const { status, body } = await ann.ask('POST', '/api/me/tokens', { body: { name: 'notebook' } })
  expect([status, body['role'], body['handle']]).toEqual([201, 'analyst', 'ann'])
  const id = String(body['id'])
  const headers = { authorization: `Bearer ${String(body['token'])}` }
  const program = rig.browser()
  expect((await program.ask('GET', '/api/me', { headers })).body).toMatchObject({ handle: 'ann', hasSession: false })
  expect(await program.ask('POST', '/api/me/tokens', { headers, body: { name: 'more' } })).toMatchObject({
    status: 403,
  })
  expect(await program.ask('DELETE', '/api/sessions', { headers })).toMatchObject({ status: 403 })
  expect(
    await program.ask('POST', '/api/auth/password', { headers, body: { current: password, wanted: password } }),
  ).toMatchObject({ status: 403 })
  expect((await ben.ask('GET', '/api/me/tokens')).body).toEqual({ tokens: [] })
  expect(await ben.ask('DELETE', `/api/me/tokens/${id}`)).toMatchObject({ status: 404, code: 'token-unknown' })
  expect((await ann.ask('GET', '/api/me/tokens')).body).toMatchObject({ tokens: [{ id, name: 'notebook' }] })
  expect((await ann.ask('DELETE', `/api/me/tokens/${id}`)).status).toBe(204)
  expect((await program.ask('GET', '/api/me', { headers })).status).toBe(401)
})

test('administrators invite, disable and enable; the log has each, with who and from where, and no secret', async () => {
  const admin = await rig.person('boss', 'admin')
  admin.address = '203.0.113.5'
  const made = await admin.ask('POST', '/api/users', { body: { email: 'zoe@example.com', role: 'ml' } })
  expect(made).toMatchObject({
    status: 201,
    body: { handle: 'zoe', state: 'invited', path: expect.stringMatching(/^\/invitation#\w{32}$/) },
  })
  const code = String(made.body['path']).split('#')[1] ?? ''
  const zoe = rig.browser()
  zoe.address = '203.0.113.6'
  await accept(zoe, code)
  expect((await admin.ask('POST', '/api/users/zoe/disable')).body).toMatchObject({ state: 'disabled' })
  expect((await admin.ask('POST', '/api/users/zoe/enable')).body).toMatchObject({ state: 'active', ways: ['password'] })
  expect(await admin.ask('POST', '/api/users/owner/disable')).toMatchObject({ status: 403 })
  expect((await admin.ask('POST', '/api/users/zoe/invite')).status).toBe(200)
  expect(await admin.ask('POST', '/api/users/nobody/invite')).toMatchObject({ status: 404, code: 'principal-unknown' })
  const { body } = await admin.ask('GET', '/api/audit?limit=20')
  const entries = (body['entries'] as { action: string; actor: string; via: string; address: string }[])
    .slice(0, 7)
    .toReversed()
  expect(entries.map(({ action, actor, via, address }) => [action, actor, via, address])).toEqual([
    ['person.add', 'boss', 'session', '203.0.113.5'],
    ['user.add', 'boss', 'session', '203.0.113.5'],
    ['invitation.accept', 'zoe', 'link', '203.0.113.6'],
    ['session.begin', 'zoe', 'session', '203.0.113.6'],
    ['user.disable', 'boss', 'session', '203.0.113.5'],
    ['user.enable', 'boss', 'session', '203.0.113.5'],
    ['user.invite', 'boss', 'session', '203.0.113.5'],
  ])
  for (const secret of [code, password, zoe.cookies.get('millpond_session') ?? '']) {
    expect(JSON.stringify(body)).not.toContain(secret)
  }
})

describe('where somebody goes after signing in', () => {
  test.each([
    [undefined, '/'],
    ['/people/42?tab=live#now', '/people/42?tab=live#now'],
    ['//evil.example', '/'],
    [String.raw`/\evil.example`, '/'],
    [String.raw`/ok\..\evil`, '/'],
    ['https://evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['/\t/evil.example', '/'],
    ['/\n//evil.example', '/'],
    ['people', '/'],
    ['', '/'],
  ])('%j leads to %s', (next, expected) => {
    expect(safeNext(next)).toBe(expected)
  })

  test('is ours, as a browser reads it, whatever was asked for', () => {
    const odd = fc.string({
      unit: fc.constantFrom('/', '\\', ':', '.', '@', '\t', '\n', ' ', 'e', 'https:', '%2f', '?', '#'),
    })
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          odd,
          odd.map((text) => `/${text}`),
        ),
        (text) => {
          const to = new URL(safeNext(text), 'https://pond.example.com/login')
          expect(to.origin).toBe('https://pond.example.com')
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('is said in the answer', async () => {
    await rig.person('nex', 'viewer')
    const go = async (next: string) =>
      (await rig.browser().ask('POST', '/api/auth/sign-in', { body: { email: 'nex@example.com', password, next } }))
        .body
    expect(await go('/sql')).toEqual({ next: '/sql' })
    expect(await go('//evil.example')).toEqual({ next: '/' })
  })
})
