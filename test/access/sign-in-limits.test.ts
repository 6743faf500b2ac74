// Guessing passwords: counted for each address and for each account, on a clock of the test's own; and Google and GitHub, whose side
// is played by this test over `fetch`.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterEach, describe, expect, test, vi } from 'vitest'

import type { LoginSettings } from '../../src/core/settings.ts'
import { type Browser, openSignInRig, password, type SignInRig } from './sign-in-rig.ts'

let rig: SignInRig

afterEach(async () => {
  vi.unstubAllGlobals()
  await rig.close()
})

describe('guessing', () => {
  const from = (address: string): Browser => Object.assign(rig.browser(), { address })
  const statuses = async (tries: number, browser: (index: number) => Browser, email: (index: number) => string) => {
    const seen: number[] = []
    for (let index = 0; index < tries; index += 1)
      seen.push((await browser(index).signIn(email(index), 'wrong')).status)
    return seen
  }

  test('at one account ends after its tries, from wherever; whether it exists or not; time gives tries back', async () => {
    rig = await openSignInRig({ loginTriesPerAccountMax: 3 })
    await rig.person('ana', 'analyst')
    for (const email of ['ana@example.com', 'nobody@example.com']) {
      expect(
        await statuses(
          5,
          (index) => from(`192.0.2.${index}`),
          () => email,
        ),
      ).toEqual([401, 401, 401, 429, 429])
    }
    const refused = await from('192.0.2.99').signIn('Ana@example.com ')
    expect(refused).toMatchObject({ status: 429, code: 'rate-limited', headers: { 'retry-after': '300' } })
    rig.clock.advance(300_000)
    expect((await from('192.0.2.99').signIn('ana@example.com')).status).toBe(200)
    // Whoever knew it begins anew.
    expect(
      await statuses(
        3,
        () => from('192.0.2.99'),
        () => 'ana@example.com',
      ),
    ).toEqual([401, 401, 401])
  })

  test('from one address ends after its tries, at whichever accounts, and with codes of links as well', async () => {
    rig = await openSignInRig({ loginTriesPerAddressMax: 4 })
    const email = (index: number): string => `u${index}@example.com`
    expect(await statuses(6, () => from('192.0.2.1'), email)).toEqual([401, 401, 401, 401, 429, 429])
    expect(await statuses(1, () => from('192.0.2.2'), email)).toEqual([401])
    const v6 = (index: number): Browser => from(`2001:db8::${index + 1}`)
    expect(await statuses(5, v6, email)).toEqual([401, 401, 401, 401, 429])
    const codes: number[] = []
    for (let index = 0; index < 6; index += 1) {
      const body = { code: String(index), password }
      codes.push((await from('192.0.2.3').ask('POST', '/api/auth/invitation/accept', { body })).status)
    }
    expect(codes).toEqual([404, 404, 404, 404, 429, 429])
  })

  test('many at one moment are asked to come again, and then come in', async () => {
    rig = await openSignInRig()
    const names = Array.from({ length: 12 }, (_, index) => `p${index}`)
    for (const name of names) await rig.person(name, 'viewer')
    const answers = await Promise.all(names.map(async (name) => rig.browser().signIn(`${name}@example.com`)))
    const seen = answers.map(({ status }) => status)
    expect(seen.filter((status) => status === 200).length).toBeGreaterThanOrEqual(4)
    expect(answers.find(({ status }) => status === 429)?.headers['retry-after']).toBe('1')
    expect(new Set(seen)).toEqual(new Set([200, 429]))
    expect((await rig.browser().signIn('p11@example.com')).status).toBe(200)
  })

  test('the present password from a stolen session ends, too', async () => {
    rig = await openSignInRig({ loginTriesPerAccountMax: 3 })
    const browser = await rig.person('ana', 'analyst')
    const seen: number[] = []
    for (let index = 0; index < 5; index += 1) {
      const body = { current: `guess ${index}`, wanted: 'a quite new password' }
      seen.push((await browser.ask('POST', '/api/auth/password', { body })).status)
    }
    expect(seen).toEqual([401, 401, 401, 429, 429])
  })
})

interface Profile {
  readonly email: string
  readonly isVerified: boolean
  readonly id?: number
}

/** GitHub, as far as signing in needs it. */
function playGithub(profile: Profile): void {
  const real = globalThis.fetch
  vi.stubGlobal('fetch', async (input: URL | RequestInfo, init?: RequestInit) => {
    const url = input instanceof Request ? input.url : String(input)
    if (url.startsWith('https://github.com/login/oauth/access_token')) {
      return Response.json({ access_token: 'gho_secret', token_type: 'bearer', scope: 'user:email' })
    }
    if (url === 'https://api.github.com/user') {
      return Response.json({ id: profile.id ?? 7, login: 'x', name: 'X', email: profile.email, avatar_url: '' })
    }
    if (url === 'https://api.github.com/user/emails') {
      return Response.json([{ email: profile.email, primary: true, verified: profile.isVerified }])
    }
    return real(input, init)
  })
}

describe('GitHub', () => {
  const settings: Partial<LoginSettings> = { githubClientId: 'id', githubClientSecret: 'client-secret' }
  const publicUrl = 'https://pond.example.com'

  /** To GitHub, and back with what it says. */
  async function signIn(browser: Browser, profile: Profile, next = '/people') {
    playGithub(profile)
    const started = await browser.ask('POST', '/api/auth/sign-in/github', { body: { next } })
    const url = new URL(String(started.body['url']))
    expect(url.origin + url.pathname).toBe('https://github.com/login/oauth/authorize')
    expect(url.searchParams.get('redirect_uri')).toBe(`${publicUrl}/api/auth/callback/github`)
    const state = url.searchParams.get('state') ?? ''
    // The way back comes from their page.
    const headers = { 'sec-fetch-site': 'cross-site' }
    return { state, answer: await browser.ask('GET', `/api/auth/callback/github?code=c&state=${state}`, { headers }) }
  }

  test('lets in whom an administrator has invited, goes where they wanted to, and keeps no token of GitHub’s', async () => {
    rig = await openSignInRig(settings, publicUrl)
    expect((await rig.browser().ask('GET', '/api/auth/providers')).body).toEqual({ providers: ['github'] })
    rig.control.logins.add({ email: 'ana@example.com', role: 'analyst' })
    const ana = rig.browser()
    const { answer } = await signIn(ana, { email: 'Ana@example.com', isVerified: true })
    expect([answer.status, answer.headers['location']]).toEqual([303, '/people'])
    expect(answer.cookies.find((line) => line.startsWith('millpond_session='))).toMatch(
      /HttpOnly; SameSite=Lax; Secure$/,
    )
    expect((await ana.ask('GET', '/api/me')).body).toMatchObject({ handle: 'ana', role: 'analyst' })
    expect(rig.control.logins.user('ana')).toMatchObject({ state: 'active', ways: ['github'] })
    const kept = await Promise.all(
      ['', '-wal'].map(async (end) => readFile(join(rig.folder, `control.sqlite${end}`), 'latin1')),
    )
    expect(kept.join('')).toContain('ana@example.com')
    expect(kept.join('')).not.toContain('gho_secret')
    const again = rig.browser()
    await signIn(again, { email: 'ana@example.com', isVerified: true })
    expect(await again.who()).toBe('ana')
    expect(
      await again.ask('POST', '/api/auth/password', { body: { current: password, wanted: password } }),
    ).toMatchObject({ status: 401 })
  })

  test.each([
    ['nobody has invited', { email: 'nobody@example.com', isVerified: true }],
    ['has not proved the address', { email: 'ana@example.com', isVerified: false }],
    ['is disabled', { email: 'out@example.com', isVerified: true }],
  ])('keeps out whoever %s', async (_who, profile) => {
    rig = await openSignInRig(settings, publicUrl)
    rig.control.logins.add({ email: 'ana@example.com', role: 'analyst' })
    rig.control.logins.add({ email: 'out@example.com', role: 'analyst' })
    rig.control.logins.setDisabled('out', true)
    const browser = rig.browser()
    const { answer } = await signIn(browser, profile)
    expect([answer.status, answer.headers['location']]).toEqual([303, expect.stringMatching(/^\/login\?error=\w+/)])
    expect(await browser.who()).toBeUndefined()
    expect(rig.control.logins.users().map(({ handle }) => handle)).toEqual(['ana', 'out'])
  })

  test('answers only to the browser that asked, and only once; a path of somebody else’s is no way on', async () => {
    rig = await openSignInRig(settings, publicUrl)
    rig.control.logins.add({ email: 'ana@example.com', role: 'analyst' })
    const ana = rig.browser()
    const { state, answer } = await signIn(ana, { email: 'ana@example.com', isVerified: true }, '//evil.example')
    expect(answer.headers['location']).toBe('/')
    for (const browser of [rig.browser(), ana]) {
      const back = await browser.ask('GET', `/api/auth/callback/github?code=c&state=${state}`)
      expect(String(back.headers['location'])).toMatch(/^\/login\?error=/)
      expect(back.cookies.filter((line) => line.startsWith('millpond_session=') && !/max-age=0/i.test(line))).toEqual(
        [],
      )
    }
  })

  test('is not there without its settings', async () => {
    rig = await openSignInRig()
    expect((await rig.browser().ask('GET', '/api/auth/providers')).body).toEqual({ providers: [] })
    expect(await rig.browser().ask('POST', '/api/auth/sign-in/github', { body: {} })).toMatchObject({ status: 404 })
    expect(await rig.browser().ask('GET', '/api/auth/callback/github?code=c&state=s')).toMatchObject({ status: 404 })
    expect(await rig.browser().ask('POST', '/api/auth/sign-in/other', { body: {} })).toMatchObject({ status: 400 })
  })
})
