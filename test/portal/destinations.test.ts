// Destinations as engineers use them: a real browser, a real Millpond, a real receiver.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'
import { expectAccessible, launch, openTab, type Tab, type TabOptions, whyNoBrowser } from './browser.ts'

const reason = await whyNoBrowser()
const secret = 'whsec_geheim'

describe.skipIf(reason !== undefined)('destinations', () => {
  let pond: Millpond
  let browser: Browser
  let receiver: Server
  let isDown = false
  let key = ''
  const received: string[] = []
  const tokens = new Map<string, string>()
  const tabs: Tab[] = []

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      let text = ''
      request.on('data', (part: Buffer) => (text += part.toString()))
      request.on('end', () => {
        if (!isDown) received.push(text)
        response.writeHead(isDown ? 503 : 200).end()
      })
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    ;[pond, browser] = await Promise.all([startMillpond(), launch()])
    key = await pond.addSource('shop')
    for (const role of ['engineer', 'analyst']) {
      await post('/api/principals', { handle: `a-${role}`, kind: 'person', role, attributes: {} })
      const { token } = await post('/api/tokens', { name: 'laptop', for: `a-${role}` })
      tokens.set(role, String(token))
      await post('/api/grants', { grantee: `a-${role}`, dataset: 'shop' })
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
    await new Promise((resolve) => receiver.close(resolve))
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
  async function track(event: string, messageId: string): Promise<void> {
    await sendTo(pond.address, { userId: 'u', event, messageId }, { key, path: '/v1/track' })
  }

  async function sentenceOf(why: Locator, message: string): Promise<string> {
    await why.getByRole('textbox').fill(message)
    await why.getByRole('button', { name: 'Look' }).click()
    await why.getByRole('button', { name: 'Look', disabled: false }).waitFor()
    return why.getByRole('status').innerText()
  }

  it('are set up, pass on what comes in, and say why an event is there', async () => {
    const page = await open('/destinations', 'engineer')
    await page.getByText('Nothing is passed on yet').waitFor()
    const form = page.getByRole('form', { name: 'Add destination' })
    await form.getByRole('combobox', { name: 'Service' }).selectOption('webhook')
    await form.getByLabel('url').fill('nonsense')
    await form.getByRole('button', { name: 'Add destination' }).click()
    await form.getByRole('alert').getByText('url').waitFor()
    await form.getByLabel('url').fill(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/in`)
    await form.getByLabel('secret').fill(secret)
    await form.getByLabel('allowPrivateNetwork').selectOption('true')
    await form.getByRole('button', { name: 'Add destination' }).click()
    await page.getByRole('heading', { name: 'webhook' }).waitFor()
    await track('Order Paid', 'm-1')
    await expect.poll(() => received.some((text) => text.includes('Order Paid')), { timeout: 20_000 }).toBe(true)
    const why = page.getByRole('region', { name: 'Why is this event there, or not?' })
    await expect.poll(async () => sentenceOf(why, 'm-1'), { timeout: 20_000 }).toContain('you may not read the ledger')
    await post('/api/grants', { grantee: 'a-engineer', dataset: 'millpond', table: 'deliveries' })
    await expect.poll(async () => sentenceOf(why, 'm-1'), { timeout: 20_000 }).toContain('It is there')
    expect(await page.content()).not.toContain(secret)
  })

  it('have rules that are seen before they count', async () => {
    const page = await open('/destinations/webhook', 'engineer')
    const rules = page.getByRole('region', { name: 'Rules' })
    await rules.getByLabel('Filter (JSONata)').fill('a = = b')
    await rules.getByRole('button', { name: 'Preview' }).click()
    await rules.getByRole('alert').getByText('unary operator').waitFor()
    await rules.getByLabel('Filter (JSONata)').fill('event = "Order Paid"')
    await rules.getByLabel('Mapping (JSONata)').fill('{"event": "purchase"}')
    await rules.getByRole('checkbox', { name: 'alias' }).uncheck()
    await rules.getByRole('button', { name: 'Preview' }).click()
    await rules.getByRole('status').getByText('1 of the last 1 events would be sent.').waitFor()
    await rules.getByRole('list', { name: 'Preview' }).getByText('purchase').waitFor()
    await rules.getByRole('button', { name: 'Save rules' }).click()
    await page.getByText('Saved.').waitFor()
    await track('Something Else', 'm-10')
    await track('Order Paid', 'm-11')
    await expect.poll(() => received.some((text) => text.includes('purchase')), { timeout: 20_000 }).toBe(true)
    expect(received.some((text) => text.includes('Something Else'))).toBe(false)
    await page.reload()
    expect(await rules.getByLabel('Mapping (JSONata)').inputValue()).toBe('{"event": "purchase"}')
    expect(await rules.getByRole('checkbox', { name: 'alias' }).isChecked()).toBe(false)
    await rules.getByLabel('Filter (JSONata)').fill('')
    await rules.getByLabel('Mapping (JSONata)').fill('')
    await rules.getByRole('button', { name: 'Save rules' }).click()
    await page.getByText('Saved.').waitFor()
  })

  it('get the past once more, counted before it is sent', async () => {
    const page = await open('/destinations/webhook', 'engineer')
    const replays = page.getByRole('region', { name: 'Send the past once more' })
    await replays.getByLabel('Only events of this name').fill('Something Else')
    await replays.getByRole('button', { name: 'Count' }).click()
    await replays.getByRole('button', { name: 'Send 1 events' }).click({ timeout: 20_000 })
    await replays.getByText('is done').waitFor({ timeout: 20_000 })
    expect(received.filter((text) => text.includes('Something Else')).length).toBe(1)
    await replays.getByLabel('Received from').fill('2999-01-01T00:00:00')
    await replays.getByRole('button', { name: 'Count' }).click()
    await replays.getByRole('alert').getByText('before now').waitFor()
  })

  it('say when their service is down, and go on when it is back', async () => {
    isDown = true
    const page = await open('/destinations/webhook', 'engineer')
    await page.getByRole('heading', { name: 'webhook' }).waitFor()
    await track('While It Was Down', 'm-2')
    await page.getByText('the service takes nothing').waitFor({ timeout: 30_000 })
    await page.getByText(/HTTP 503/).waitFor()
    isDown = false
    await expect.poll(() => received.some((text) => text.includes('While It Was Down')), { timeout: 60_000 }).toBe(true)
    await page.getByRole('button', { name: 'Turn off' }).click()
    await page.getByText('off', { exact: true }).waitFor()
    await page.getByRole('form', { name: 'Settings' }).getByLabel('mode').selectOption('single')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Saved.').waitFor()
  }, 120_000)

  it('are no place for an analyst', async () => {
    const page = await open('/destinations', 'analyst')
    await page.getByText('There is no page here').waitFor()
  })

  it.each(['light', 'dark'] as const)('can be used by everybody, in the %s', async (theme) => {
    const page = await open('/destinations', 'engineer', { theme })
    await page.getByRole('link', { name: 'webhook' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('link', { name: 'webhook' }).click()
    await page.getByRole('form', { name: 'Settings' }).waitFor()
    await expectAccessible(page)
    await page.setViewportSize({ width: 390, height: 800 })
    await expectAccessible(page)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  })
})
