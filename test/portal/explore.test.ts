// Explore as somebody uses it: a real browser, a real Millpond, events over the public port. Every number opens onto the people behind it.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'
import { expectAccessible, launch, openTab, type Tab, type TabOptions, whyNoBrowser } from './browser.ts'

const reason = await whyNoBrowser()
const dayMs = 86_400_000
const markup = '<img src=x onerror="document.title=\'broken\'">'

describe.skipIf(reason !== undefined)('Explore', () => {
  let pond: Millpond
  let browser: Browser
  let key = ''
  const tokens = new Map<string, string>()
  const tabs: Tab[] = []

  beforeAll(async () => {
    ;[pond, browser] = await Promise.all([startMillpond(), launch()])
    for (const role of ['analyst', 'viewer', 'engineer']) {
      await post('/api/principals', { handle: `a-${role}`, kind: 'person', role, attributes: {} })
      const { token } = await post('/api/tokens', { name: 'laptop', for: `a-${role}` })
      tokens.set(role, String(token))
    }
    key = await pond.addSource('app')
    for (const role of ['analyst', 'viewer']) await post('/api/grants', { grantee: `a-${role}`, dataset: 'app' })
    await send({ batch: Array.from({ length: 30 }, (_none, n) => doings(n)).flat() })
    await pond.settled()
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

  /** 30 people sign up, two a day; 20 pair a camera an hour later; 10 of them watch it; every third comes back the day after. */
  function doings(n: number): readonly Record<string, unknown>[] {
    const start = Date.now() - (16 - Math.floor(n / 2)) * dayMs
    const who = `u${String(n).padStart(2, '0')}`
    const track = (event: string, hours: number, properties = {}): Record<string, unknown> => ({
      type: 'track',
      userId: who,
      event,
      properties,
      timestamp: new Date(start + hours * 3_600_000).toISOString(),
    })
    const plan = n % 2 === 0 ? 'free' : 'plus'
    return [
      track('Signed Up', 0, { plan, price: n }),
      ...(n < 20 ? [track('Camera Paired', 1, { plan })] : []),
      ...(n < 10 ? [track('Live View Started', 3)] : []),
      ...(n % 3 === 0 ? [track('Signed Up', 24, { plan, price: n })] : []),
      ...(n === 29 ? [track(markup, 2)] : []),
    ]
  }
  async function post(path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
    const response = await pond.api(path, { method: 'POST', body: JSON.stringify(body) })
    return response.status === 204 ? {} : ((await response.json()) as Record<string, unknown>)
  }
  async function send(body: Record<string, unknown>): Promise<void> {
    expect((await sendTo(pond.address, body, { key, path: '/v1/batch' })).status).toBe(200)
  }
  async function open(search: object, options: Partial<TabOptions> & { readonly role?: string } = {}): Promise<Page> {
    const { role = 'analyst', ...rest } = options
    const tab = await openTab(browser, { address: pond.address, token: tokens.get(role) ?? '', ...rest })
    tabs.push(tab)
    const query = new URLSearchParams(
      Object.entries(search).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
    )
    await tab.page.goto(`/explore?${query.toString()}`)
    return tab.page
  }
  const event = (table: string, more: object = {}): object => ({ source: 'app', table, ...more })
  const steps = [event('signed_up'), event('camera_paired'), event('live_view_started')]

  it('begins with an event that came in, and counts it', async () => {
    const page = await open({})
    await page.getByRole('link', { name: 'Explore' }).waitFor()
    await page
      .getByRole('list', { name: 'Most frequent events' })
      .getByRole('link', { name: /Signed Up/ })
      .click()
    const table = page.getByRole('region', { name: 'Trend' })
    await table.getByRole('columnheader', { name: 'Signed Up' }).waitFor()
    // Today's line is there before anybody does something today.
    expect(await table.getByRole('row').count()).toBe(31)
    await page.getByRole('combobox', { name: 'Measure of Signed Up' }).selectOption({ label: 'People' })
    await table.getByRole('columnheader', { name: 'Signed Up · People' }).waitFor()
    await page.getByRole('combobox', { name: 'Break down by' }).selectOption('plan')
    await table.getByRole('columnheader', { name: 'Signed Up · People · plus' }).waitFor()
    expect(await page.title()).toBe('Trend · Explore · Millpond')
  })

  it('becomes a funnel, whose numbers open onto people, and their pages', async () => {
    const page = await open({ events: steps })
    await page.getByRole('link', { name: 'Funnel' }).click()
    const table = page.getByRole('region', { name: 'Funnel' })
    const second = table.getByRole('row', { name: /Camera Paired/ })
    await second.waitFor()
    expect(await second.getByRole('cell').allTextContents()).toEqual(['20', '66.7%', '66.7%', '1 hr', '10'])
    await page.getByText('Every entry has its chance.').waitFor()
    await second.getByRole('button', { name: '10' }).click()
    const people = page.getByRole('dialog', { name: 'People behind this number' })
    await people.getByRole('link', { name: 'u10' }).waitFor()
    expect(await people.getByRole('row').count()).toBe(11)
    // A colleague who gets the address sees the same people.
    const { href } = new URL(page.url())
    await page.goto(href)
    await people.getByRole('link', { name: 'u10' }).click()
    await page.getByRole('heading', { name: 'u10' }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/people/u10')
    await page.goBack()
    await people.waitFor()
    await people.getByRole('button', { name: 'Close' }).click()
    await people.waitFor({ state: 'detached' })
    expect(page.url()).not.toContain('cell')
  })

  it('a step is added by keyboard, filtered and moved', async () => {
    const page = await open({ kind: 'funnel', events: steps.slice(0, 1) })
    await page.getByText('A funnel needs a second step.').waitFor()
    await page.getByRole('button', { name: 'Add step' }).press('Enter')
    await page.getByRole('searchbox', { name: 'Find an event' }).fill('camera')
    await page.keyboard.press('Enter')
    const table = page.getByRole('region', { name: 'Funnel' })
    await table.getByRole('row', { name: '2. Camera Paired 20' }).waitFor()
    await page
      .getByRole('listitem')
      .filter({ hasText: 'Signed Up' })
      .getByRole('button', { name: 'Filter' })
      .press('Enter')
    const filter = page.getByRole('group', { name: 'Filter of Signed Up' })
    await filter.getByRole('combobox', { name: 'Property' }).selectOption('plan')
    await filter.getByRole('textbox', { name: 'Value' }).fill('plus')
    // The field is left by the very click that asks for another one.
    await filter.getByRole('button', { name: 'or' }).click()
    await table.getByRole('row', { name: '2. Camera Paired 10' }).waitFor()
    expect(await filter.getByRole('textbox', { name: 'Value' }).count()).toBe(2)
    await page.getByRole('button', { name: 'Move Camera Paired up' }).press('Enter')
    await table.getByRole('row', { name: '1. Camera Paired 20' }).waitFor()
  })

  it('shows its SQL where it can be changed and asked again', async () => {
    const page = await open({ kind: 'funnel', events: steps })
    await page.getByRole('link', { name: 'Show SQL' }).click()
    await page.getByRole('textbox', { name: 'Query' }).getByText('ASOF').first().waitFor()
    await page.getByRole('button', { name: /^Run/ }).click()
    await page.getByRole('grid').getByText('30', { exact: true }).first().waitFor()
  })

  it('retention says for each cohort who came back, and marks what is not over', async () => {
    const page = await open({ kind: 'retention', events: [event('signed_up')], periods: 3, range: { days: 17 } })
    const table = page.getByRole('region', { name: 'Retention' })
    const all = table.getByRole('row', { name: /^All/ })
    await all.waitFor()
    expect((await all.getByRole('cell').allTextContents()).slice(0, 2)).toEqual(['30', '33.3%'])
    await page.getByText('* not over yet: it can only grow').waitFor()
    await table.getByRole('button', { name: '50.0%' }).first().click()
    const people = page.getByRole('dialog', { name: 'People behind this number' })
    await people.getByRole('link').nth(1).waitFor()
    expect(await people.getByRole('row').count()).toBe(2)
  })

  it('paths say what came after, and a name of others is text', async () => {
    const page = await open({ kind: 'paths', events: [event('signed_up')], pathWindowSeconds: 86_400 })
    const table = page.getByRole('region', { name: 'Paths' })
    await table.getByRole('row', { name: '+1 Camera Paired 20 50.0%' }).waitFor()
    await table.getByText(markup).first().waitFor()
    expect(await page.title()).toBe('Paths · Explore · Millpond')
    await table
      .getByRole('row', { name: /\+2 Live View Started/ })
      .getByRole('button', { name: '10' })
      .click()
    const people = page.getByRole('dialog', { name: 'People behind this number' })
    await expect.poll(async () => people.getByRole('row').count()).toBe(11)
  })

  it('only people who did something else are counted, if that is asked', async () => {
    const page = await open({ kind: 'funnel', events: steps })
    await page.getByRole('button', { name: 'Only people who did' }).click()
    await page.getByRole('searchbox', { name: 'Find an event' }).fill('live view')
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /Live View Started/ })
      .click()
    await page.getByRole('region', { name: 'Funnel' }).getByRole('row', { name: '1. Signed Up 10' }).waitFor()
  })

  it('viewers see numbers and nobody behind them; without a grant there is nothing to ask about', async () => {
    const page = await open({ kind: 'funnel', events: steps }, { role: 'viewer' })
    const row = page.getByRole('region', { name: 'Funnel' }).getByRole('row', { name: /Camera Paired/ })
    await row.getByText('20', { exact: true }).waitFor()
    expect(await row.getByRole('button').count()).toBe(0)
    const other = await open({}, { role: 'engineer' })
    await other.getByRole('heading', { name: 'No events of people yet' }).waitFor()
    await other.getByRole('link', { name: 'Connect a source' }).waitFor()
  })

  it('fits a phone, and draws in colours', async () => {
    const page = await open({ kind: 'funnel', events: steps, breakdown: 'plan' })
    await page.setViewportSize({ width: 390, height: 844 })
    const bar = page.locator('figure rect:has(title)').first()
    await bar.scrollIntoViewIfNeeded()
    expect(await bar.evaluate((element) => getComputedStyle(element).fill)).toBe('rgb(11, 101, 115)')
    const sizes = await page.evaluate(() => [document.body.scrollWidth, document.body.scrollHeight])
    expect(sizes).toEqual([390, 844])
  })

  it('what is wrong with a question is said once, beside it', async () => {
    const page = await open({ events: [event('signed_up', { filters: [{ property: 'nope', is: 'set' }] })] })
    await page.getByRole('alert').getByText('`nope`: app.signed_up has no such column for you.').waitFor()
    expect(await page.getByRole('alert').count()).toBe(1)
  })

  it.each(['light', 'dark'] as const)(
    'breaks no rule of WCAG 2.2 AA in the %s theme, in either language',
    async (theme) => {
      const kinds = { trend: '趨勢', funnel: '漏斗', retention: '留存', paths: '路徑' }
      const start = await open({}, { theme })
      await start.getByRole('list', { name: 'Most frequent events' }).waitFor()
      await expectAccessible(start)
      for (const [kind, name] of Object.entries(kinds)) {
        const page = await open(
          { kind, events: steps, compares: true, pathWindowSeconds: 86_400, range: { days: 17 }, periods: 5 },
          { theme, language: 'zh-TW' },
        )
        await page.getByRole('region', { name }).getByRole('row').nth(1).waitFor()
        await expect.poll(async () => page.locator('[aria-busy=true]').count()).toBe(0)
        await expectAccessible(page)
      }
      const people = await open(
        { kind: 'funnel', events: steps, cell: { of: 'funnel', step: 0, who: 'dropped', group: '' } },
        { theme },
      )
      await people.getByRole('dialog').getByRole('link', { name: 'u20' }).waitFor()
      await expectAccessible(people)
    },
  )
})
