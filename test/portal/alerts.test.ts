// Alerts as analysts and administrators use them: a real browser, a real Millpond, real mail and a real webhook.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { Browser, Page } from 'playwright-core'
import { SMTPServer } from 'smtp-server'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'
import { expectAccessible, launch, openTab, type Tab, type TabOptions, whyNoBrowser } from './browser.ts'

const reason = await whyNoBrowser()

describe.skipIf(reason !== undefined)('alerts', () => {
  let pond: Millpond
  let browser: Browser
  let hook: Server
  let smtp: SMTPServer
  const posts: string[] = []
  const mails: string[] = []
  const tokens = new Map<string, string>()
  const tabs: Tab[] = []

  beforeAll(async () => {
    hook = createServer((request, response) => {
      let text = ''
      request.on('data', (part: Buffer) => (text += part.toString()))
      request.on('end', () => {
        posts.push(text)
        response.end()
      })
    })
    smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData(stream, _session, done) {
        let text = ''
        stream.on('data', (part: Buffer) => (text += part.toString()))
        stream.on('end', () => {
          mails.push(text)
          done()
        })
      },
    })
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
    await new Promise<void>((resolve) => {
      smtp.listen(0, '127.0.0.1', resolve)
    })
    ;[pond, browser] = await Promise.all([startMillpond(), launch()])
    const key = await pond.addSource('shop')
    for (let n = 0; n < 12; n += 1)
      await sendTo(pond.address, { userId: 'u', event: 'Payment Failed' }, { key, path: '/v1/track' })
    await pond.settled()
    for (const role of ['admin', 'analyst', 'viewer']) {
      await post('/api/principals', { handle: `a-${role}`, kind: 'person', role, attributes: {} })
      const { token } = await post('/api/tokens', { name: 'laptop', for: `a-${role}` })
      tokens.set(role, String(token))
      if (role !== 'admin') await post('/api/grants', { grantee: `a-${role}`, dataset: 'shop' })
    }
  }, 90_000)

  afterEach(async () => {
    const complaints = tabs.flatMap((tab) => tab.complaints)
    for (const tab of tabs.splice(0)) await tab.close()
    expect(complaints.filter((text) => !/status of 4(?:00|04|09)/.test(text))).toEqual([])
  })

  afterAll(async () => {
    await browser.close()
    await pond.dispose()
    await new Promise((resolve) => hook.close(resolve))
    await new Promise<void>((resolve) => {
      smtp.close(resolve)
    })
  })

  async function post(path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
    const response = await pond.api(path, { method: 'POST', body: JSON.stringify(body) })
    return response.status === 204 ? {} : ((await response.json()) as Record<string, unknown>)
  }
  async function open(path: string, role: string, options: Partial<TabOptions> = {}): Promise<Page> {
    const token = tokens.get(role)
    const tab = await openTab(browser, { address: pond.address, ...(token === undefined ? {} : { token }), ...options })
    tabs.push(tab)
    await tab.page.goto(path)
    return tab.page
  }

  it('have routes, which administrators keep', async () => {
    const page = await open('/alerts', 'admin')
    await page.getByText('No alert yet').waitFor()
    const form = page.getByRole('form', { name: 'Add route' })
    const { port } = smtp.server.address() as AddressInfo
    await form.getByRole('textbox', { name: 'Name' }).fill('oncall')
    await form.getByRole('textbox', { name: 'To' }).fill('ada@example.com')
    await form.getByRole('textbox', { name: 'From' }).fill('pond@example.com')
    await form.getByLabel(/^Mail server/).fill(`smtp://127.0.0.1:${port}`)
    await form.getByRole('button', { name: 'Add route' }).click()
    await page.getByRole('row', { name: /oncall.*E-mail.*ada@example.com/ }).waitFor()
    await form.getByRole('textbox', { name: 'Name' }).fill('chat')
    await form.getByRole('combobox', { name: 'Kind' }).selectOption('slack')
    await form.getByLabel('Address').fill('no address')
    await form.getByRole('button', { name: 'Add route' }).click()
    await page.getByRole('alert').getByText('is no http or https address').waitFor()
    await form.getByLabel('Address').fill(`http://127.0.0.1:${(hook.address() as AddressInfo).port}/chat`)
    await form.getByRole('checkbox', { name: 'May be on a private network' }).check()
    await form.getByRole('button', { name: 'Add route' }).click()
    await page.getByRole('row', { name: /chat.*Slack/ }).waitFor()
  })

  it('are made with what they would have found, fire, and tell people', async () => {
    const sql =
      'SELECT COUNT(*) AS n FROM shop.payment_failed WHERE received_at <= @run_time AND received_at > TIMESTAMP_SUB(@run_time, INTERVAL 1 DAY)'
    const page = await open(`/alerts/new?sql=${encodeURIComponent(sql)}`, 'analyst')
    await page.getByRole('textbox', { name: 'Name' }).fill('Payments fail')
    await page.getByRole('textbox', { name: 'Bound' }).fill('10')
    await page.getByRole('textbox', { name: 'Looked at every' }).fill('1')
    await page.getByRole('textbox', { name: 'What to do' }).fill('Call the bank.')
    await page.getByRole('checkbox', { name: /oncall/ }).check()
    await page.getByRole('checkbox', { name: /chat/ }).check()
    await page.getByRole('button', { name: 'What would it have found?' }).click()
    await page.getByRole('figure', { name: 'Value over time' }).waitFor()
    await page
      .getByRole('status')
      .getByText(/looks would have fired/)
      .waitFor()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Payments fail' }).waitFor()
    await page.getByText('It was not looked at yet.').waitFor()
    await page.getByRole('button', { name: 'Send a test' }).click()
    const messages = page.getByRole('table', { name: 'Messages' })
    await messages.getByRole('row', { name: /chat test sent/ }).waitFor({ timeout: 30_000 })
    // The next whole minute.
    await messages.getByRole('row', { name: /chat firing sent/ }).waitFor({ timeout: 100_000 })
    await messages.getByRole('row', { name: /oncall firing sent/ }).waitFor({ timeout: 30_000 })
    await page.getByRole('table', { name: 'History' }).getByText('firing').waitFor()
    expect(posts.some((text) => text.includes('[firing] Payments fail') && text.includes('Value: 12'))).toBe(true)
    expect(
      mails.some((text) => text.includes('Subject: [firing] Payments fail') && text.includes('Call the bank.')),
    ).toBe(true)
    await page.getByRole('button', { name: 'Mute for an hour' }).click()
    await page.getByText(/muted until/).waitFor()
    await page.getByRole('button', { name: 'Edit' }).click()
    expect(await page.getByRole('textbox', { name: 'Bound' }).inputValue()).toBe('10')
    await page.getByRole('textbox', { name: 'Bound' }).fill('ten')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alert').getByText('condition').waitFor()
  }, 180_000)

  it('are seen by viewers, who change nothing', async () => {
    const page = await open('/alerts', 'viewer')
    await page.getByRole('table', { name: 'Alerts' }).getByRole('link', { name: 'Payments fail' }).click()
    await page.getByRole('heading', { name: 'Payments fail' }).waitFor()
    for (const name of ['Edit', 'Pause', 'Mute for an hour', 'Remove'])
      expect(await page.getByRole('button', { name }).count()).toBe(0)
    await page.goto('/alerts/nothing')
    await page.getByText('There is no such alert').waitFor()
  })

  it.each(['light', 'dark'] as const)('can be used by everybody, in the %s', async (theme) => {
    const page = await open('/alerts', 'admin', { theme })
    await page.getByRole('link', { name: 'Payments fail' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('link', { name: 'Payments fail' }).click()
    await page.getByRole('heading', { name: 'Payments fail' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('textbox', { name: 'Bound' }).waitFor()
    await expectAccessible(page)
    await page.setViewportSize({ width: 390, height: 800 })
    await page.goto('/alerts')
    await page.getByRole('link', { name: 'Payments fail' }).waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  })
})
