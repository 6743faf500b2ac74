// The page of an invitation as a browser runs it: the code goes from the address into a post, and nowhere else.
import { JSDOM, VirtualConsole } from 'jsdom'
import { expect, test } from 'vitest'

import { invitationPage } from './invitation-page.ts'

type Answer = { readonly status: number; readonly body: object }

async function openInvitation(answers: readonly Answer[]) {
  const asked: { path: string; body: unknown }[] = []
  const waiting = [...answers]
  const console = new VirtualConsole()
  const left: string[] = []
  console.on('jsdomError', (error) => left.push(error.message))
  const dom = new JSDOM(invitationPage({ nonce: 'n0nce', language: 'en' }), {
    url: 'http://127.0.0.1:8080/invitation#c0de',
    runScripts: 'dangerously',
    virtualConsole: console,
    beforeParse(window) {
      Object.assign(window, {
        fetch: async (path: string, options: { body: string }) => {
          asked.push({ path, body: JSON.parse(options.body) as unknown })
          const { status, body } = waiting.shift() ?? { status: 503, body: {} }
          return { ok: status < 300, status, json: async () => body }
        },
      })
    },
  })
  const { document } = dom.window
  const settled = async (): Promise<void> =>
    new Promise((resolve) => {
      setImmediate(resolve)
    })
  await settled()
  return {
    asked,
    left,
    text: () => document.querySelector('main')?.textContent ?? '',
    said: () => document.querySelector('#wrong:not([hidden])')?.textContent ?? '',
    isFormShown: () => document.querySelector('#accept:not([hidden])') !== null,
    isLaterShown: () => document.querySelector('#later:not([hidden])') !== null,
    enter: async (fields: Readonly<Record<string, string>>) => {
      for (const [id, value] of Object.entries(fields)) {
        const field = document.querySelector<HTMLInputElement>(`#${id}`)
        if (field !== null) field.value = value
      }
      document.querySelector<HTMLButtonElement>('#enter')?.click()
      await settled()
    },
  }
}

const password = 'a long enough password'

test('somebody who was invited sees as whom, and chooses a password', async () => {
  const found = { handle: 'ana', role: 'analyst', email: 'ana@example.com' }
  const page = await openInvitation([
    { status: 200, body: found },
    { status: 200, body: { next: '/' } },
  ])
  expect(page.text()).toContain('ana@example.com, with the role analyst')
  expect(page.isLaterShown()).toBe(false)
  await page.enter({ password })
  expect(page.asked).toEqual([
    { path: '/api/auth/invitation', body: { code: 'c0de' } },
    { path: '/api/auth/invitation/accept', body: { code: 'c0de', password } },
  ])
  expect(page.left.join(' ')).toMatch(/navigation/i)
})

test('the first administrator names an address, too, or does it later', async () => {
  const page = await openInvitation([
    { status: 200, body: { handle: 'owner', role: 'admin' } },
    { status: 409, body: { error: { message: 'There is somebody with this address already' } } },
  ])
  expect(page.isLaterShown()).toBe(true)
  await page.enter({ email: 'me@example.com', password })
  expect(page.asked[1]?.body).toEqual({ code: 'c0de', password, email: 'me@example.com' })
  expect(page.said()).toContain('somebody with this address')
})

test('a spent link, and a Millpond that is starting, each say so', async () => {
  const spent = await openInvitation([{ status: 404, body: {} }])
  expect([spent.said(), spent.isFormShown()]).toEqual([expect.stringContaining('used already'), false])
  const busy = await openInvitation([{ status: 503, body: {} }])
  expect(busy.said()).toContain('Try again')
})

test('script and style stand under the nonce', () => {
  expect(invitationPage({ nonce: 'abc=', language: 'en' }).match(/<(?:script|style) nonce="abc=">/g)).toHaveLength(2)
  expect(invitationPage({ nonce: '', language: 'en' })).not.toMatch(/<[a-z][^<>]* (?:style|on[a-z]+)=/)
})
