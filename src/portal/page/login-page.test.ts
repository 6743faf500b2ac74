// The login page as a browser runs it: what it sends, and what it says when the token is wrong.
import { JSDOM, VirtualConsole } from 'jsdom'
import { expect, test } from 'vitest'

import { faviconSvg } from './favicon.ts'
import { invitationPage } from './invitation-page.ts'
import { loginPage } from './login-page.ts'
import { invitationWords, languageOf, loginWords } from './page-words.ts'

function openLogin(answer: () => { ok: boolean; status: number; body?: object }, path = '/') {
  const asked: { path: string; body: string }[] = []
  const console = new VirtualConsole()
  // jsdom cannot go to another page and says so: that is how leaving this one is seen.
  const left = new Promise<string>((resolve) => {
    console.on('jsdomError', (error) => {
      resolve(error.message)
    })
  })
  const dom = new JSDOM(loginPage({ nonce: 'n0nce', language: 'en' }, ['google', 'github']), {
    url: `http://127.0.0.1:8080${path}`,
    runScripts: 'dangerously',
    virtualConsole: console,
    beforeParse(window) {
      Object.assign(window, {
        fetch: async (to: string, options: { body: string }) => {
          asked.push({ path: to, body: options.body })
          const { ok, status, body = {} } = answer()
          return { ok, status, json: async () => body }
        },
      })
    },
  })
  const { document } = dom.window
  return {
    asked,
    left,
    said: () => document.querySelector('#wrong:not([hidden])')?.textContent ?? '',
    /** Types into fields, and presses the button. */
    enter: async (fields: Readonly<Record<string, string>>, button: string) => {
      for (const [id, value] of Object.entries(fields)) {
        const field = document.querySelector<HTMLInputElement>(`#${id}`)
        if (field !== null) field.value = value
      }
      document.querySelector<HTMLButtonElement>(button)?.click()
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    },
  }
}

const withToken = '#enter-token'

test('a right password goes where the person wanted to go', async () => {
  const answer = () => ({ ok: true, status: 200, body: { next: '/people' } })
  const login = openLogin(answer, '/login?next=%2Fpeople')
  await login.enter({ email: 'ana@example.com', password: 'secret' }, '#enter')
  expect(login.asked).toEqual([
    { path: '/api/auth/sign-in', body: '{"email":"ana@example.com","password":"secret","next":"/people"}' },
  ])
  expect(await login.left).toMatch(/navigation/i)
})

test('a wrong password, and too many of them, each say so', async () => {
  const fields = { email: 'ana@example.com', password: 'wrong' }
  const wrong = openLogin(() => ({ ok: false, status: 401 }))
  await wrong.enter(fields, '#enter')
  expect(wrong.said()).toBe('The e-mail address or the password is wrong.')
  const many = openLogin(() => ({ ok: false, status: 429 }))
  await many.enter(fields, '#enter')
  expect(many.said()).toContain('Too many tries')
})

test('Google and GitHub are there where they are set up, and lead to their page', async () => {
  const login = openLogin(() => ({ ok: true, status: 200, body: { url: 'https://github.com/login' } }), '/login')
  await login.enter({}, '[data-provider=github]')
  expect(login.asked).toEqual([{ path: '/api/auth/sign-in/github', body: '{}' }])
  expect(await login.left).toMatch(/navigation/i)
  expect(loginPage({ nonce: 'x', language: 'en' })).not.toContain('data-provider="')
  const back = openLogin(() => ({ ok: true, status: 200 }), '/login?error=signup_disabled')
  expect(back.said()).toContain('did not work')
})

test('a right token goes to the page', async () => {
  // From /login, because jsdom takes going from / to / for staying.
  const login = openLogin(() => ({ ok: true, status: 200 }), '/login?code=spent')
  await login.enter({ token: '  secret\n' }, withToken)
  expect(login.asked).toEqual([{ path: '/login', body: '{"token":"secret"}' }])
  expect(login.said()).toBe('')
  expect(await login.left).toMatch(/navigation/i)
})

test('a wrong token, a busy server, no server and no token each say so', async () => {
  const wrong = openLogin(() => ({ ok: false, status: 401 }))
  await wrong.enter({ token: 'nonsense' }, withToken)
  expect(wrong.said()).toContain('unknown or was revoked')

  const busy = openLogin(() => ({ ok: false, status: 503 }))
  await busy.enter({ token: 'secret' }, withToken)
  expect(busy.said()).toContain('Try again in a few seconds')

  const gone = openLogin(() => {
    throw new Error('connection refused')
  })
  await gone.enter({ token: 'secret' }, withToken)
  expect(gone.said()).toContain('did not answer')
  await gone.enter({ token: '' }, withToken)
  expect(gone.said()).toBe('Paste a token first.')
  expect(gone.asked).toHaveLength(1)
})

test('a spent one-time link is explained', () => {
  const login = openLogin(() => ({ ok: true, status: 200 }), '/login?code=spent')
  expect(login.said()).toContain('used already or has expired')
})

test('script and style stand under the nonce, the mark is a whole SVG', () => {
  expect(loginPage({ nonce: 'abc=', language: 'en' }).match(/<(?:script|style) nonce="abc=">/g)).toHaveLength(2)
  expect(loginPage({ nonce: '', language: 'en' })).not.toMatch(/<[a-z][^<>]* (?:style|on[a-z]+)=/)
  const parsed = new new JSDOM('').window.DOMParser().parseFromString(faviconSvg, 'image/svg+xml')
  expect(parsed.querySelector('parsererror')).toBeNull()
})

test('speaks the language that the browser asks for first, every word of it', () => {
  expect(
    ['zh-TW,zh;q=0.9,en;q=0.8', 'zh', 'ZH-hant', 'en-US,zh;q=0.5', 'zhx', '', undefined].map((accepted) =>
      languageOf(accepted),
    ),
  ).toEqual(['zh-Hant', 'zh-Hant', 'zh-Hant', 'en', 'en', 'en', 'en'])
  for (const [page, words] of [
    [loginPage, loginWords],
    [invitationPage, invitationWords],
  ] as const) {
    const { document } = new JSDOM(page({ nonce: 'x', language: 'zh-Hant' })).window
    expect([document.documentElement.lang, document.title]).toEqual(['zh-Hant', words.title[1]])
    const seen = document.querySelector('main')?.textContent ?? ''
    const english = Object.values(words).filter(([en]) => en.includes(' ') && seen.includes(en))
    expect(english).toEqual([])
  }
})
