// Sources as an engineer uses them: a real browser, a real Millpond, events over the public port.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'
import { expectAccessible, launch, openTab, type Tab, type TabOptions, whyNoBrowser } from './browser.ts'

const reason = await whyNoBrowser()
const paid = { call: 'track', event: 'Order Paid', onViolation: 'quarantine' }
const markup = '<img src=x onerror="document.title=\'broken\'">'

describe.skipIf(reason !== undefined)('sources', () => {
  let pond: Millpond
  let browser: Browser
  const tokens = new Map<string, string>()
  const tabs: Tab[] = []

  beforeAll(async () => {
    ;[pond, browser] = await Promise.all([startMillpond(), launch()])
    for (const role of ['engineer', 'viewer']) {
      await pond.api('/api/principals', {
        method: 'POST',
        body: JSON.stringify({ handle: `a-${role}`, kind: 'person', role, attributes: {} }),
      })
      const body = JSON.stringify({ name: 'laptop', for: `a-${role}` })
      const made = await pond.api('/api/tokens', { method: 'POST', body })
      tokens.set(role, ((await made.json()) as { token: string }).token)
    }
    await pond.api('/api/grants', { method: 'POST', body: JSON.stringify({ grantee: 'a-engineer', dataset: '*' }) })
  }, 90_000)

  afterEach(async () => {
    const complaints = tabs.flatMap((tab) => tab.complaints)
    for (const tab of tabs.splice(0)) await tab.close()
    expect(complaints.filter((text) => !/status of 400/.test(text))).toEqual([])
  })

  afterAll(async () => {
    await browser.close()
    await pond.dispose()
  })

  async function open(path: string, role: string, options: Partial<TabOptions> = {}): Promise<Page> {
    const token = tokens.get(role)
    const tab = await openTab(browser, { address: pond.address, ...(token === undefined ? {} : { token }), ...options })
    tabs.push(tab)
    await tab.page.goto(path)
    return tab.page
  }

  it('makes a source, shows what to paste, waits for the first event and says when it came', async () => {
    const page = await open('/sources', 'engineer')
    await page.getByRole('textbox', { name: 'Name of the new source' }).fill('Web Shop')
    await page.getByRole('button', { name: 'Add' }).click()
    await page.getByRole('alert').getByText('Try "web_shop"').waitFor()
    await page.getByRole('textbox', { name: 'Name of the new source' }).fill('web_shop')
    await page.getByRole('button', { name: 'Add' }).click()
    await page.getByRole('heading', { name: 'web_shop' }).waitFor()
    await page.getByRole('status').getByText('Waiting for the first event').waitFor()
    await page.getByRole('combobox', { name: 'Platform' }).selectOption('Kotlin')
    await page.getByText('Keep defaultSettings').waitFor()
    expect(new URL(page.url()).searchParams.get('platform')).toBe('Kotlin')
    await page.getByRole('combobox', { name: 'Platform' }).selectOption('curl')
    const shown = await page.getByRole('region', { name: 'curl' }).innerText()
    const [, key = ''] = /-u (\S+):/.exec(shown) ?? []
    expect(shown).toContain(pond.address)
    await sendTo(pond.address, { userId: 'ada', event: 'Hello Pond' }, { key, path: '/v1/track' })
    await page.getByRole('status').getByText('Events arrive').waitFor()
  })

  it('shows every event with its verdict, why it was kept out, and markup in names as text', async () => {
    const key = await pond.addSource('app')
    const other = await pond.addSource('other')
    const page = await open('/sources/app?tab=events', 'engineer')
    await page.getByText('No events yet').waitFor()
    await sendTo(pond.address, { userId: 'bo', event: 'Elsewhere' }, { key: other, path: '/v1/track' })
    await sendTo(pond.address, { userId: 'bo', event: markup, properties: { a: markup } }, { key, path: '/v1/track' })
    await sendTo(pond.address, { event: 'Nobody' }, { key, path: '/v1/track' })
    const events = page.getByRole('table', { name: 'Events' })
    await events.getByText(markup).waitFor()
    await events
      .getByRole('row', { name: /Nobody.*quarantined.*id_missing/ })
      .getByRole('button')
      .click()
    await events.getByText('It names neither userId nor anonymousId').waitFor()
    expect(await events.getByText('Elsewhere').count()).toBe(0)
    await page.getByRole('link', { name: 'Schema' }).click()
    await page.getByRole('table', { name: 'Schema' }).waitFor()
    expect(await page.title()).toBe('app · Millpond')
    expect(await page.locator('img[src="x"]').count()).toBe(0)
  })

  it('shows the tables of a source with their columns, and the values that did not fit', async () => {
    const key = await pond.addSource('api')
    for (const total of [1, 2, 'three']) {
      await sendTo(
        pond.address,
        { userId: 'u', event: 'Order Paid', properties: { total } },
        { key, path: '/v1/track' },
      )
    }
    await pond.settled()
    const page = await open('/sources/api?tab=schema', 'engineer')
    const table = page.getByRole('table', { name: 'Schema' })
    await table.getByRole('row', { name: /^order_paid .* 3 / }).waitFor()
    await page.getByText('Tables of events: 1 of 200').waitFor()
    await table.getByRole('link', { name: 'order_paid' }).click()
    await table.getByRole('listitem').filter({ hasText: 'total' }).getByText('1 did not fit').waitFor()
    await page
      .getByRole('region', { name: 'Another type' })
      .getByText('millpond retype api.order_paid total text')
      .waitFor()
    expect(new URL(page.url()).searchParams.get('table')).toBe('order_paid')
    const body = JSON.stringify({ dataset: 'api', table: 'order_paid', column: 'total', type: 'text' })
    const headers = { authorization: `Bearer ${tokens.get('engineer') ?? ''}`, 'content-type': 'application/json' }
    expect((await fetch(`${pond.address}/api/maintenance/retype`, { method: 'POST', headers, body })).status).toBe(403)
  })

  it('lets an administrator give a column another type, and takes back what fits', async () => {
    const key = await pond.addSource('till')
    for (const paid of [1, 2, 'three']) {
      await sendTo(pond.address, { userId: 'u', event: 'Bill Paid', properties: { paid } }, { key, path: '/v1/track' })
    }
    await pond.settled()
    const page = await open('/sources/till?tab=schema&table=bill_paid', 'nobody', { token: pond.token })
    const table = page.getByRole('table', { name: 'Schema' })
    const column = table.getByRole('listitem').filter({ hasText: 'paid' }).filter({ hasNotText: 'user' })
    await column.getByText('1 did not fit').waitFor()
    await page.getByRole('combobox', { name: 'Type of paid' }).selectOption('text')
    await page.getByRole('button', { name: 'Give it this type' }).click()
    await page.getByText('paid is text now; 0 values do not fit.').waitFor()
    await column.getByText('STRING').waitFor()
    await column.getByText('did not fit').waitFor({ state: 'detached' })
  })

  it('changes the key after asking, and says what becomes of events with the old one', async () => {
    await pond.addSource('ios')
    const page = await open('/sources/ios?tab=settings', 'engineer')
    const before = await page.locator('pre').innerText()
    await page.getByRole('button', { name: 'New key' }).click()
    await page.getByRole('alert').getByText('What still comes with the old key').waitFor()
    await page.getByRole('button', { name: 'Make a new key' }).click()
    await page.getByText('The source has a new key.').waitFor()
    await page.getByText(before).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Disable' }).click()
    await page.getByRole('button', { name: 'Disable the source' }).click()
    await page.getByText('disabled', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Enable' }).click()
    await page.getByText('The source takes events again.').waitFor()
  })

  it.each(['light', 'dark'] as const)(
    'can be used by everybody, %s',
    async (theme) => {
      const page = await open('/sources', 'engineer', { theme })
      await page.getByRole('table', { name: 'Sources' }).waitFor()
      await expectAccessible(page)
      await page.getByRole('link', { name: 'api', exact: true }).click()
      await page.getByRole('status').getByText('Events arrive').waitFor()
      await expectAccessible(page)
      await page.getByRole('link', { name: 'Live events' }).click()
      await page.getByRole('table', { name: 'Events' }).getByText('Order Paid').first().waitFor()
      await expectAccessible(page)
      await page.getByRole('link', { name: 'Schema' }).click()
      await page.getByRole('table', { name: 'Schema' }).getByRole('link', { name: 'order_paid' }).click()
      await page.getByText('did not fit', { exact: false }).first().waitFor()
      await expectAccessible(page)
      await page.getByRole('link', { name: 'Tracking plan' }).click()
      await page.getByText('No plan is in force').waitFor()
      await page.getByRole('button', { name: 'Draft from events' }).click()
      const plan = page.getByRole('textbox', { name: 'Plan, as JSON' })
      await plan.filter({ hasText: 'Order Paid' }).waitFor()
      await plan.fill(JSON.stringify({ rules: [{ ...paid, schema: { required: ['voucher'] } }] }))
      await page.getByRole('button', { name: 'Try it' }).click()
      await page
        .getByRole('region', { name: 'What would break it' })
        .getByText("must have required property 'voucher'")
        .waitFor()
      await expectAccessible(page)
      await page.getByRole('link', { name: 'Key and cost' }).click()
      await page.getByRole('button', { name: 'New key' }).click()
      await page.getByRole('button', { name: 'Make a new key' }).waitFor()
      await expectAccessible(page)
    },
    60_000,
  )

  it('puts a tracking plan in force, says what is wrong with one, and shows why a letter was kept out', async () => {
    const key = await pond.addSource('planned')
    await sendTo(
      pond.address,
      { userId: 'u', event: 'Order Paid', properties: { total: 5 } },
      { key, path: '/v1/track' },
    )
    await pond.settled()
    const page = await open('/sources/planned?tab=plan', 'engineer')
    const plan = page.getByRole('textbox', { name: 'Plan, as JSON' })
    await plan.fill('{"rules": "all"}')
    await page.getByRole('button', { name: 'Put in force' }).click()
    await page.getByRole('alert').getByText('rules').waitFor()
    await plan.fill(JSON.stringify({ rules: [{ ...paid, schema: { properties: { total: { type: 'number' } } } }] }))
    await page.getByRole('button', { name: 'Put in force' }).click()
    await page.getByText('Version 1 is in force.').waitFor()
    await expect
      .poll(async () => {
        const event = { userId: 'u', event: 'Order Paid', properties: { total: markup } }
        await sendTo(pond.address, event, { key, path: '/v1/track' })
        await pond.settled()
        return pond.queryValue("SELECT COUNT(*) FROM millpond.dead_letters WHERE reason = 'plan_violation'")
      })
      .toBeGreaterThan(0)
    await page.goto('/pipelines')
    const letters = page.getByRole('listitem').filter({ hasText: 'plan_violation' })
    await letters.first().getByRole('button', { expanded: false }).click()
    await letters.first().getByText('total must be number').waitFor()
  })

  it('shows viewers nothing of it, in the page and by the API', async () => {
    const answer = await fetch(`${pond.address}/api/sources`, {
      headers: { authorization: `Bearer ${tokens.get('viewer') ?? ''}` },
    })
    expect(answer.status).toBe(403)
    const page = await open('/sql', 'viewer')
    await page.getByText('a-viewer').waitFor()
    expect(await page.getByRole('link', { name: 'Sources' }).count()).toBe(0)
    await page.goto('/sources/api')
    await page.getByText('There is no page here').waitFor()
  })
})
