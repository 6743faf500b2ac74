// The login page as a browser runs it: what it sends, and what it says when the token is wrong.
import { JSDOM, VirtualConsole } from 'jsdom'
import { expect, test } from 'vitest'

import { faviconSvg } from './favicon.ts'
import { loginPage } from './login-page.ts'

function openLogin(answer: () => { ok: boolean; status: number }, path = '/') {
  const asked: { path: string; body: string }[] = []
  const console = new VirtualConsole()
  // jsdom cannot go to another page and says so: that is how leaving this one is seen.
  const left = new Promise<string>((resolve) => {
    console.on('jsdomError', (error) => {
      resolve(error.message)
    })
  })
  const dom = new JSDOM(loginPage('n0nce'), {
    url: `http://127.0.0.1:8080${path}`,
    runScripts: 'dangerously',
    virtualConsole: console,
    beforeParse(window) {
      Object.assign(window, {
        fetch: async (to: string, options: { body: string }) => {
          asked.push({ path: to, body: options.body })
          return answer()
        },
      })
    },
  })
  const { document } = dom.window
  return {
    asked,
    left,
    said: () => document.querySelector('#wrong:not([hidden])')?.textContent ?? '',
    enter: async (token: string) => {
      const field = document.querySelector<HTMLInputElement>('#token')
      if (field !== null) field.value = token
      document.querySelector<HTMLButtonElement>('#enter')?.click()
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    },
  }
}

test('a right token goes to the page', async () => {
  // From /login, because jsdom takes going from / to / for staying.
  const login = openLogin(() => ({ ok: true, status: 200 }), '/login?code=spent')
  await login.enter('  secret\n')
  expect(login.asked).toEqual([{ path: '/login', body: '{"token":"secret"}' }])
  expect(login.said()).toBe('')
  expect(await login.left).toMatch(/navigation/i)
})

test('a wrong token, a busy server, no server and no token each say so', async () => {
  const wrong = openLogin(() => ({ ok: false, status: 401 }))
  await wrong.enter('nonsense')
  expect(wrong.said()).toContain('unknown or was revoked')

  const busy = openLogin(() => ({ ok: false, status: 503 }))
  await busy.enter('secret')
  expect(busy.said()).toContain('Try again in a few seconds')

  const gone = openLogin(() => {
    throw new Error('connection refused')
  })
  await gone.enter('secret')
  expect(gone.said()).toContain('did not answer')
  await gone.enter('')
  expect(gone.said()).toBe('Paste a token first.')
  expect(gone.asked).toHaveLength(1)
})

test('a spent one-time link is explained', () => {
  const login = openLogin(() => ({ ok: true, status: 200 }), '/login?code=spent')
  expect(login.said()).toContain('used already or has expired')
})

test('script and style stand under the nonce, the mark is a whole SVG', () => {
  expect(loginPage('abc=').match(/<(?:script|style) nonce="abc=">/g)).toHaveLength(2)
  expect(loginPage('')).not.toMatch(/<[a-z][^<>]* (?:style|on[a-z]+)=/)
  const parsed = new new JSDOM('').window.DOMParser().parseFromString(faviconSvg, 'image/svg+xml')
  expect(parsed.querySelector('parsererror')).toBeNull()
})
