// People as support agents use them: a real browser, a real Millpond, events over the public port while the page is open.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'
import { expectAccessible, launch, openTab, type Tab, type TabOptions, whyNoBrowser } from './browser.ts'

const reason = await whyNoBrowser()
const markup = '<img src=x onerror="document.title=\'broken\'">'

describe.skipIf(reason !== undefined)('people', () => {
  let pond: Millpond
  let browser: Browser
  let web = ''
  const tokens = new Map<string, string>()
  const tabs: Tab[] = []

  beforeAll(async () => {
    ;[pond, browser] = await Promise.all([startMillpond(), launch()])
    web = await pond.addSource('web')
    for (const role of ['support', 'viewer']) {
      await post('/api/principals', { handle: `a-${role}`, kind: 'person', role, attributes: {} })
      const { token } = await post('/api/tokens', { name: 'laptop', for: `a-${role}` })
      tokens.set(role, String(token))
    }
    await post('/api/grants', { grantee: 'a-support', dataset: '*' })
    await send('/v1/batch', {
      batch: [
        { type: 'page', anonymousId: 'a1', name: 'Home', timestamp: hoursAgo(50) },
        { type: 'identify', userId: 'u1', anonymousId: 'a1', traits: ada, context: cam, timestamp: hoursAgo(49) },
        ...Array.from({ length: 600 }, (_none, n) => track(`Step ${n}`, hoursAgo(48 - n / 100))),
        track('Order Completed', hoursAgo(2)),
        { ...track(markup, hoursAgo(1)), properties: { note: markup } },
      ],
    })
    await pond.settled()
  }, 90_000)

  afterEach(async () => {
    const complaints = tabs.flatMap((tab) => tab.complaints)
    for (const tab of tabs.splice(0)) await tab.close()
    expect(complaints.filter((text) => !/status of 404/.test(text))).toEqual([])
  })

  afterAll(async () => {
    await browser.close()
    await pond.dispose()
  })

  const ada = { email: 'ada@example.com', name: 'Ada Lovelace' }
  const cam = { device: { id: 'cam-1', model: 'Cubby' } }

  function hoursAgo(hours: number): string {
    return new Date(Date.now() - hours * 3_600_000).toISOString()
  }
  function track(event: string, timestamp?: string): Record<string, unknown> {
    return { type: 'track', userId: 'u1', event, ...(timestamp === undefined ? {} : { timestamp }) }
  }
  async function post(path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
    const response = await pond.api(path, { method: 'POST', body: JSON.stringify(body) })
    return response.status === 204 ? {} : ((await response.json()) as Record<string, unknown>)
  }
  async function send(path: string, body: Record<string, unknown>): Promise<void> {
    expect((await sendTo(pond.address, body, { key: web, path })).status).toBe(200)
  }
  async function open(path: string, options: Partial<TabOptions> & { readonly role?: string } = {}): Promise<Page> {
    const { role = 'support', ...rest } = options
    const token = tokens.get(role)
    const tab = await openTab(browser, { address: pond.address, ...(token === undefined ? {} : { token }), ...rest })
    tabs.push(tab)
    await tab.page.goto(path)
    return tab.page
  }

  it('finds somebody by how their e-mail begins, and shows who it is', async () => {
    const page = await open('/people')
    await page.getByRole('searchbox', { name: 'E-mail, name, id' }).fill('ada@')
    await page.getByRole('link', { name: /Ada Lovelace.*user:u1/ }).click()
    await page.getByRole('heading', { name: 'Ada Lovelace' }).waitFor()
    const traits = page.getByRole('region', { name: 'Traits' })
    await traits.getByText('ada@example.com').waitFor()
    await page.getByRole('button', { name: 'Copy anonymous:a1' }).waitFor()
    await page.getByRole('region', { name: 'Devices' }).getByRole('link', { name: 'cam-1' }).click()
    await page.getByRole('heading', { name: 'Ada Lovelace' }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/people/device:cam-1')
    await page.goto('/people')
    await page.getByRole('region', { name: 'You looked at' }).getByRole('link', { name: 'user:u1' }).waitFor()
  })

  it('finds people with Cmd-K', async () => {
    const page = await open('/people')
    await page.getByRole('heading', { name: 'People' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Go to' }).fill('ada')
    await page.getByRole('option', { name: /Ada Lovelace/ }).click()
    await page.getByRole('heading', { name: 'Ada Lovelace' }).waitFor()
  })

  it('shows what happens while it happens, and holds still while somebody reads', async () => {
    const page = await open('/people/user:u1')
    const timeline = page.getByRole('grid', { name: 'Timeline' })
    await timeline.getByText(markup).waitFor()
    await page.getByRole('status').getByText('Live').waitFor()
    await send('/v1/track', track('Tapped While Open'))
    await timeline.getByText('Tapped While Open').waitFor()
    await timeline.hover()
    await send('/v1/track', track('Came While Reading'))
    await page.getByRole('button', { name: '1 new' }).waitFor()
    expect(await timeline.getByText('Came While Reading').count()).toBe(0)
    await page.getByRole('button', { name: '1 new' }).click()
    await timeline.getByText('Came While Reading').waitFor()
    expect(await page.title()).toBe('Ada Lovelace · Millpond')
  })

  it('stays live while a thousand events a second come of others', async () => {
    const page = await open('/people/user:u1')
    const timeline = page.getByRole('grid', { name: 'Timeline' })
    await page.getByRole('status').getByText('Live').waitFor()
    let isOver = false
    async function flood(): Promise<void> {
      for (let n = 0; !isOver; n += 1) {
        const batch = Array.from({ length: 100 }, (_none, m) => ({
          type: 'track',
          userId: `other-${n}-${m}`,
          event: `Noise ${m % 20}`,
        }))
        const [answer] = await Promise.all([
          sendTo(pond.address, { batch }, { key: web, path: '/v1/batch' }),
          new Promise((resolve) => {
            setTimeout(resolve, 100)
          }),
        ])
        expect(answer.status).toBe(200)
      }
    }
    const flooding = flood()
    for (let n = 1; n <= 5; n += 1) {
      await send('/v1/track', track(`Under Load ${n}`))
      await timeline.getByText(`Under Load ${n}`).waitFor()
    }
    isOver = true
    await flooding
    expect(await timeline.getByText('Noise').count()).toBe(0)
  })

  it('goes on where it was when the engine died, and loses nothing', async () => {
    const page = await open('/people/user:u1')
    const timeline = page.getByRole('grid', { name: 'Timeline' })
    const mark = page.getByRole('status')
    await mark.getByText('Live').waitFor()
    await pond.kill('engine')
    await mark.getByText('Connection lost').waitFor()
    await send('/v1/track', track('While It Was Dead'))
    await mark.getByText('Live').waitFor({ timeout: 30_000 })
    await timeline.getByText('While It Was Dead').waitFor({ timeout: 30_000 })
    await send('/v1/track', track('After It Came Back'))
    await timeline.getByText('After It Came Back').waitFor({ timeout: 30_000 })
    // Meanwhile the browser wrote of answers 503.
    for (const tab of tabs.splice(0)) await tab.close()
  })

  it('loads older rows on the way down, and marks days and silence', async () => {
    const page = await open('/people/user:u1')
    const timeline = page.getByRole('grid', { name: 'Timeline' })
    await timeline.getByText('Order Completed').waitFor()
    await timeline
      .getByText(/hours of silence/)
      .first()
      .waitFor()
    await timeline.hover()
    await expect
      .poll(
        async () => {
          await page.mouse.wheel(0, 4000)
          return timeline.getByText('Home', { exact: true }).count()
        },
        { timeout: 20_000 },
      )
      .toBe(1)
    await page.getByText('That is all.').waitFor()
  })

  it('opens a row by keyboard, with everything that was kept, and its link shows a colleague the same', async () => {
    const page = await open('/people/user:u1')
    const timeline = page.getByRole('grid', { name: 'Timeline' })
    await timeline.getByText('Order Completed').waitFor()
    await page.getByRole('searchbox', { name: 'Find in loaded rows' }).fill('order')
    await expect.poll(async () => timeline.getByRole('row', { name: /web/ }).count()).toBe(1)
    await timeline.focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    const details = page.getByRole('region', { name: 'Order Completed' })
    await details.getByText('event_text').waitFor()
    await details.getByRole('button', { name: 'Copy link' }).click()
    await page.getByText('Copied.').waitFor()
    const link = await page.evaluate(async () => navigator.clipboard.readText())
    const other = await open(link)
    await other.getByRole('region', { name: 'Order Completed' }).getByText('event_text').waitFor()
    await other.getByRole('status').getByText('Looking at the past').waitFor()
    await other.getByRole('button', { name: 'Back to now' }).click()
    await other.getByRole('status').getByText('Live').waitFor()
  })

  it('chooses a window by a drag over the histogram, and by its ends', async () => {
    const page = await open('/people/user:u1')
    const bars = page.getByRole('img', { name: 'How much happened' })
    const box = await bars.boundingBox()
    if (box === null) throw new Error('The histogram is not drawn')
    await page.mouse.move(box.x + box.width * 0.9, box.y + 20)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.999, box.y + 20, { steps: 5 })
    await page.mouse.up()
    await page.getByText('Looking at the past').waitFor()
    const timeline = page.getByRole('grid', { name: 'Timeline' })
    await timeline.getByText('Order Completed').waitFor()
    await page.getByText('That is all.').waitFor()
    expect(await timeline.getByText(/Step/).count()).toBe(0)
    await page.getByText('Choose a window').click()
    await page.getByLabel('From').fill('2001-01-01T00:00:00')
    await page.getByLabel('To', { exact: true }).fill('2001-01-02T00:00:00')
    await page.getByRole('button', { name: 'Show', exact: true }).click()
    await page.getByText('Nothing in this window').waitFor()
  })

  it('keeps notes, says who looked and why, and copies what a ticket needs', async () => {
    const page = await open('/people/user:u1?reason=ticket-4711')
    const notes = page.getByRole('region', { name: 'Notes' })
    await notes.getByRole('textbox').fill('Called about the order')
    await notes.getByRole('button', { name: 'Add note' }).click()
    await notes.getByText('Called about the order').waitFor()
    await page.getByRole('region', { name: 'Who looked' }).getByText('ticket-4711').waitFor()
    await page.getByRole('grid', { name: 'Timeline' }).getByText('Order Completed').waitFor()
    await page.getByRole('button', { name: 'Copy for ticket' }).click()
    await page.getByText('Copied.').waitFor()
    const text = await page.evaluate(async () => navigator.clipboard.readText())
    expect(text).toMatch(/^Ada Lovelace\nids: user:u1/)
    expect(text).toContain('Order Completed')
    await notes.getByRole('button', { name: 'Delete' }).click()
    await expect.poll(async () => notes.getByText('Called about the order').count()).toBe(0)
  })

  it('says so when nobody has this id, and is no place for a viewer', async () => {
    const page = await open('/people/user:nobody')
    await page.getByText('Nobody with this id was seen').waitFor()
    const viewer = await open('/people/user:u1', { role: 'viewer' })
    await viewer.getByText('There is no page here').waitFor()
    expect(await viewer.getByRole('link', { name: 'People' }).count()).toBe(0)
  })

  it.each(['light', 'dark'] as const)('can be used by everybody, in the %s', async (theme) => {
    const page = await open('/people/user:u1', { theme })
    await page.getByRole('grid', { name: 'Timeline' }).getByText('Order Completed').click()
    await page.getByRole('region', { name: 'Order Completed' }).getByText('event_text').waitFor()
    await expectAccessible(page)
    await page.setViewportSize({ width: 390, height: 800 })
    await expectAccessible(page)
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    expect(width).toBeLessThanOrEqual(390)
    await page.goto('/people?find=ada')
    await page.getByRole('link', { name: /Ada Lovelace/ }).waitFor()
    await expectAccessible(page)
  })
})
