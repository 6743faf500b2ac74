// Dashboards as analysts and viewers use them: a real browser, a real Millpond.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'
import { expectAccessible, launch, openTab, type Tab, type TabOptions, whyNoBrowser } from './browser.ts'

const reason = await whyNoBrowser()
const markup = '<img src=x onerror="document.title=\'broken\'">'

describe.skipIf(reason !== undefined)('dashboards', () => {
  let pond: Millpond
  let browser: Browser
  let key = ''
  const tokens = new Map<string, string>()
  const tabs: Tab[] = []

  beforeAll(async () => {
    ;[pond, browser] = await Promise.all([startMillpond(), launch()])
    key = await pond.addSource('shop')
    for (const city of ['Taipei', 'Taipei', 'Tainan', markup]) await order(city)
    await pond.settled()
    for (const role of ['analyst', 'viewer']) {
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
  })

  async function order(city: string): Promise<void> {
    await sendTo(pond.address, { userId: 'u', event: 'Order Paid', properties: { city } }, { key, path: '/v1/track' })
  }
  async function post(path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
    const response = await pond.api(path, { method: 'POST', body: JSON.stringify(body) })
    return response.status === 204 ? {} : ((await response.json()) as Record<string, unknown>)
  }
  async function open(path: string, role = 'analyst', options: Partial<TabOptions> = {}): Promise<Page> {
    const token = tokens.get(role)
    const tab = await openTab(browser, { address: pond.address, ...(token === undefined ? {} : { token }), ...options })
    tabs.push(tab)
    await tab.page.goto(path)
    return tab.page
  }
  const asChart = 'tab=chart&chart={"kind":"bar"}'
  const sql = 'SELECT city, COUNT(*) AS orders FROM shop.order_paid WHERE city LIKE @like GROUP BY city ORDER BY city'
  const parameters = JSON.stringify({ like: { type: 'STRING', value: '%' } })

  it('begin with a query: its chart goes onto a new one, with its parameter', async () => {
    const page = await open(
      `/sql?sql=${encodeURIComponent(sql)}&parameters=${encodeURIComponent(parameters)}&${asChart}`,
    )
    await page.getByRole('button', { name: /^Run.*reads/ }).click()
    await page.getByRole('figure', { name: 'Chart of orders along city' }).waitFor()
    await page.getByRole('button', { name: 'Add to dashboard' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add to dashboard' })
    await dialog.getByRole('textbox', { name: 'Title', exact: true }).fill('Orders by city')
    await dialog.getByRole('textbox', { name: 'Title of the new dashboard' }).fill('Shop 商店')
    await dialog.getByRole('button', { name: 'Add to dashboard' }).click()
    await page.getByRole('heading', { name: 'Shop 商店' }).waitFor()
    const tile = page.getByRole('region', { name: 'Orders by city' })
    await tile.getByRole('figure', { name: 'Orders by city' }).waitFor()
    await tile.getByRole('row', { name: 'Taipei 2' }).waitFor({ state: 'attached' })
    expect(decodeURIComponent(new URL(page.url()).pathname)).toBe('/d/shop-商店')
    await page.getByRole('textbox', { name: /like/ }).fill('Tai%')
    await expect.poll(async () => tile.getByRole('row', { name: /img src/ }).count()).toBe(0)
    const shared = await open(page.url(), 'viewer')
    await shared.getByRole('row', { name: 'Taipei 2' }).waitFor({ state: 'attached' })
    expect(await shared.getByRole('button', { name: 'Edit' }).count()).toBe(0)
    expect(await page.title()).toBe('Shop 商店 · Millpond')
  })

  it('are edited by keyboard and pointer, and nobody saves over what somebody else saved', async () => {
    const page = await open('/d/shop-商店')
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await page.getByRole('button', { name: 'Add tile' }).click()
    const dialog = page.getByRole('dialog', { name: 'New tile' })
    await dialog.getByRole('textbox', { name: 'Title' }).fill('All orders')
    await dialog.getByRole('textbox', { name: 'SQL' }).fill('SELECT COUNT(*) AS n FROM shop.order_paid')
    await dialog.getByRole('button', { name: 'Preview' }).click()
    await dialog.getByRole('combobox', { name: 'Chart' }).selectOption('number')
    await dialog.getByRole('figure').getByText('4', { exact: true }).first().waitFor()
    await dialog.getByRole('button', { name: 'Keep' }).click()
    const added = page.getByRole('region', { name: 'All orders' })
    await added.getByText('Save the dashboard to see this tile.').waitFor()
    const handle = page.getByRole('button', { name: /^Move All orders/ })
    const before = await added.boundingBox()
    await handle.focus()
    for (const press of ['ArrowRight', 'ArrowRight', 'Shift+ArrowRight']) await page.keyboard.press(press)
    const after = await added.boundingBox()
    expect(after?.x).toBeGreaterThan((before?.x ?? 0) + 100)
    expect(after?.width).toBeGreaterThan((before?.width ?? 0) + 50)
    const grip = await handle.boundingBox()
    if (grip === null || after === null) throw new Error('The tile is not drawn')
    await page.mouse.move(grip.x + 8, grip.y + 8)
    await page.mouse.down()
    await page.mouse.move(grip.x - 600, grip.y - 600, { steps: 8 })
    await page.mouse.up()
    await expect.poll(async () => (await added.boundingBox())?.y).toBeLessThan(after.y)
    await page.getByRole('button', { name: 'Save' }).click()
    await added.getByRole('figure').getByText('4', { exact: true }).first().waitFor()
    const other = await open('/d/shop-商店')
    await other.getByRole('button', { name: 'Edit', exact: true }).click()
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await page.getByRole('textbox', { name: 'Title' }).fill('Shop')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Shop', exact: true }).waitFor()
    await other.getByRole('textbox', { name: 'Title' }).fill('Mine')
    await other.getByRole('button', { name: /^Move All orders/ }).press('Shift+ArrowDown')
    await other.getByRole('button', { name: 'Save' }).click()
    await other.getByRole('heading', { name: 'Mine', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await page.getByRole('button', { name: /^Move All orders/ }).press('Shift+ArrowDown')
    await page.getByRole('button', { name: 'Save' }).click()
    await page
      .getByRole('alert')
      .getByText(/Somebody saved version/)
      .waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
  })

  it('show what is new when it came, ask again by themselves, and fill the screen', async () => {
    const place = { x: 0, y: 0, width: 12, height: 4 }
    const tiles = [
      { id: 'n', title: 'Orders', sql: 'SELECT COUNT(*) AS n FROM shop.order_paid', chart: { kind: 'number' }, place },
    ]
    await post('/api/dashboards', { slug: 'live', title: 'Live', tiles, refreshSeconds: 10 })
    const page = await open('/d/live?tv=true')
    const figure = page.getByRole('figure', { name: 'Orders' })
    await figure.getByText('4', { exact: true }).first().waitFor()
    await order('Hualien')
    await figure.getByText('5', { exact: true }).first().waitFor({ timeout: 30_000 })
    await page
      .getByRole('status')
      .getByText(/^as of/)
      .waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Full screen' }).waitFor()
    await page.goto('/d/nowhere')
    await page.getByText('There is no such dashboard').waitFor()
  })

  it('are mailed by the clock: to routes that an administrator keeps, with what is chosen on the page', async () => {
    const page = await open('/d/shop-商店')
    await page.getByRole('button', { name: 'Mail it' }).click()
    const dialog = page.getByRole('dialog', { name: 'Mail this dashboard' })
    await dialog.getByText('There is no e-mail route yet').waitFor()
    await page.keyboard.press('Escape')
    const settings = { to: 'a@example.com', from: 'b@example.com' }
    // Nobody listens there: the history says so.
    const route = { kind: 'email', settings, secrets: { smtpUrl: 'smtp://127.0.0.1:1' } }
    await pond.api('/api/alert-routes/founders', { method: 'PUT', body: JSON.stringify(route) })
    await page.reload()
    await page.getByRole('button', { name: 'Mail it' }).click()
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Shop, weekly')
    await dialog.getByRole('checkbox', { name: /^founders/ }).check()
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Mail it' }).click()
    await dialog.getByText('to founders').waitFor()
    await dialog.getByRole('button', { name: 'Send Shop, weekly now' }).click()
    await dialog.getByText(/waiting.*ECONNREFUSED/).waitFor()
    await dialog.getByRole('button', { name: 'Pause' }).click()
    await dialog.getByText(/· paused$/).waitFor()
    await dialog.getByText('The report was paused').waitFor()
    await dialog.getByRole('button', { name: 'Remove Shop, weekly' }).click()
    await dialog.getByText('to founders').waitFor({ state: 'detached' })
    const viewer = await open('/d/shop-商店', 'viewer')
    await viewer.getByRole('region', { name: 'Orders by city' }).waitFor()
    expect(await viewer.getByRole('button', { name: 'Mail it' }).count()).toBe(0)
  })

  it('are found with Cmd-K and listed; a viewer makes none', async () => {
    const page = await open('/dashboards', 'viewer')
    await page.getByRole('table', { name: 'Dashboards' }).getByRole('link', { name: 'Live' }).waitFor()
    expect(await page.getByRole('form', { name: 'New dashboard' }).count()).toBe(0)
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Go to' }).fill('live')
    await page.getByRole('option', { name: /^Live/ }).click()
    await page.getByRole('heading', { name: 'Live' }).waitFor()
    const place = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Dashboards' })
    expect(await place.getAttribute('aria-current')).toBe('page')
  })

  it.each(['light', 'dark'] as const)('can be used by everybody, in the %s', async (theme) => {
    const page = await open('/d/shop-商店', 'analyst', { theme })
    await page.getByRole('region', { name: 'Orders by city' }).getByRole('figure').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Add tile' }).click()
    await page.getByRole('dialog', { name: 'New tile' }).waitFor()
    await expectAccessible(page)
    await page.goto('/dashboards')
    await page.getByRole('table', { name: 'Dashboards' }).waitFor()
    await expectAccessible(page)
    await page.setViewportSize({ width: 390, height: 800 })
    await page.goto('/d/shop-商店')
    await page.getByRole('region', { name: 'Orders by city' }).getByRole('figure').waitFor()
    await expectAccessible(page)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  })
})
