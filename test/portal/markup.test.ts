// What others send is text on every page, whatever stands in it: names, values, addresses, queries, notes, browsers. A script that ran,
// an element that was made of it, or anything that the policy of content had to refuse, fails. And after signing in nobody is elsewhere.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { portalPages } from '../../src/portal/api/portal-pages.ts'
import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'
import { launch, openTab, type Tab, type TabOptions, whyNoBrowser } from './browser.ts'

const reason = await whyNoBrowser()
const password = 'a long enough password'
const image = '<img src=x onerror="globalThis.ran=1">'
const script = '</script><script>globalThis.ran=1</script>'
const link = 'javascript:globalThis.ran=1'
const drawing = '"><svg onload=globalThis.ran=1>'
const userId = `u1'"${image}`
const person = `/people/${encodeURIComponent(`user:${userId}`)}`

interface Look {
  readonly page: (typeof portalPages)[number]
  readonly address: string
  /** What has to be there before it is judged. */
  readonly look: (page: Page) => Promise<void>
}

describe.skipIf(reason !== undefined)('markup', () => {
  let pond: Millpond
  let browser: Browser
  let query = ''
  let schedule = ''
  let boss = ''
  let key = ''
  const tabs: Tab[] = []

  beforeAll(async () => {
    ;[pond, browser] = await Promise.all([startMillpond(), launch()])
    key = await pond.addSource('web')
    await sendTo(pond.address, { batch: events() }, { key })
    await pond.settled()
    await post('/api/tokens', { name: image })
    const saved = { name: `q ${image}`, folder: drawing, description: script, sql: asked, dialect: 'googlesql' }
    query = String((await post('/api/queries', saved))['id'])
    await post(`/api/queries/${query}/run`, {})
    await post('/api/query', { sql: 'CREATE SCHEMA daily' })
    const target = { dataset: 'daily', table: 'rows', mode: 'replace' }
    const planned = { name: image, query, version: 1, cron: '0 3 * * *', target }
    schedule = String((await post('/api/schedules', planned))['id'])
    const place = { x: 0, y: 0, width: 6, height: 6 }
    const tiles = ['bar', 'table'].map((kind, at) => ({
      id: kind,
      title: image,
      sql: asked,
      chart: { kind, title: drawing },
      place: { ...place, x: 6 * at },
    }))
    await post('/api/dashboards', { slug: 'markup', title: `d ${image}`, description: script, tiles })
    await post('/api/grants', { grantee: '*', dataset: image })
    await post('/api/policies/masks', { dataset: 'web', table: image, column: drawing, exempt: [] })
    await post('/api/policies/filters', { dataset: 'web', table: 'pages', predicate: `url <> '${image}'` })
    await post(`/api${person}/notes`, { text: `${image} ${link}` })
    const made = await post('/api/users', { email: 'boss@example.com', role: 'admin' })
    boss = await cookieOf(String(made['path']).split('#')[1] ?? '')
  }, 90_000)

  afterEach(async () => {
    const complaints = tabs.flatMap((tab) => tab.complaints)
    for (const tab of tabs.splice(0)) await tab.close()
    expect(complaints.filter((text) => !/status of (?:400|401|404)/.test(text))).toEqual([])
  })

  afterAll(async () => {
    await browser.close()
    await pond.dispose()
  })

  const asked = `-- ${script}\nSELECT '${link}' AS a, '${image.replaceAll("'", '')}' AS b, 1 AS n`

  function events(): object[] {
    const about = { page: { url: link, referrer: link, title: image, path: drawing }, userAgent: script }
    const properties = { [image]: image, url: link, title: drawing, list: [{ [drawing]: script }] }
    return [
      { type: 'track', userId, event: image, properties, context: about },
      { type: 'track', userId, event: link, properties, context: about },
      { type: 'page', userId, name: script, properties: { url: link, referrer: link, title: image }, context: about },
      {
        type: 'identify',
        userId,
        traits: { name: image, email: drawing, website: link, avatar: link },
        context: about,
      },
    ]
  }

  async function post(path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
    const answer = await pond.api(path, { method: 'POST', body: JSON.stringify(body) })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path}: ${text}`)
    return text.startsWith('{') && !text.includes('\n') ? (JSON.parse(text) as Readonly<Record<string, unknown>>) : {}
  }

  async function cookieOf(code: string): Promise<string> {
    const answer = await fetch(`${pond.address}/api/auth/invitation/accept`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: pond.address, 'user-agent': `Browser ${image}` },
      body: JSON.stringify({ code, password }),
    })
    return /millpond_session=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '')?.[1] ?? ''
  }

  async function open(options: Partial<TabOptions> = {}): Promise<Page> {
    const tab = await openTab(browser, { address: pond.address, ...options })
    tabs.push(tab)
    await tab.page.addInitScript(() => {
      const refused: string[] = []
      Object.assign(globalThis, { refused })
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
        refused.push(`${violatedDirective} ${blockedURI}`)
      })
    })
    return tab.page
  }

  async function expectOnlyText(page: Page): Promise<void> {
    const found = await page.evaluate(() => ({
      ran: 'ran' in globalThis,
      refused: (globalThis as unknown as { refused: string[] }).refused,
      elements: [
        ...document.querySelectorAll('img[src="x"], svg[onload], [onerror], [onload], iframe, object, embed, base'),
        ...[...document.querySelectorAll('[href], [src], [action]')].filter((element) =>
          ['href', 'src', 'action'].some((name) =>
            /^\s*(?:javascript|data|vbscript):/i.test(element.getAttribute(name) ?? ''),
          ),
        ),
      ].map(({ outerHTML }) => outerHTML.slice(0, 200)),
    }))
    expect(found).toEqual({ ran: false, refused: [], elements: [] })
  }

  const has = (text: string) => async (page: Page) => page.getByText(text).first().waitFor()
  const known: readonly Look[] = [
    { page: '/', address: '/', look: async (page) => page.getByRole('textbox', { name: 'Query' }).waitFor() },
    {
      page: '/people',
      address: `/people?find=${encodeURIComponent(userId)}`,
      look: async (page) => page.getByRole('list', { name: 'Found' }).getByText(userId).first().waitFor(),
    },
    {
      page: '/people/:id',
      address: person,
      async look(page) {
        await page.getByText(link).first().waitFor()
        await page.getByText(`${image} ${link}`).waitFor()
        await page
          .getByRole('option')
          .or(page.getByRole('row'))
          .or(page.getByRole('button'))
          .getByText(image)
          .first()
          .click()
        await has(drawing)(page)
      },
    },
    {
      page: '/sql',
      address: `/sql?sql=${encodeURIComponent(asked)}`,
      async look(page) {
        await page.getByRole('button', { name: /^Run/ }).click()
        await page.getByRole('gridcell').getByText(image).waitFor()
        await page.getByRole('tab', { name: 'Chart' }).click()
        await page.getByRole('figure').waitFor()
        await page.getByRole('tab', { name: 'History' }).click()
        await page.getByRole('list', { name: 'History' }).getByText(image).first().waitFor()
      },
    },
    { page: '/sql', address: '/sql', look: async (page) => openSaved(page) },
    { page: '/pipelines', address: '/pipelines', look: async (page) => arrives(page) },
    { page: '/dashboards', address: '/dashboards', look: has(`d ${image}`) },
    {
      page: '/d/:slug',
      address: '/d/markup',
      async look(page) {
        await page.getByRole('heading', { name: `d ${image}` }).waitFor()
        await has(link)(page)
      },
    },
    { page: '/schedules', address: '/schedules', look: has(image) },
    {
      page: '/schedules/:id',
      address: '/schedules',
      async look(page) {
        await page.goto(`/schedules/${schedule}`)
        await has(image)(page)
      },
    },
    { page: '/sources', address: '/sources', look: has('web') },
    { page: '/sources/:name', address: '/sources/web?tab=events', look: async (page) => arrives(page) },
    {
      page: '/sources/:name',
      address: '/sources/web?tab=schema&table=pages',
      look: async (page) => page.getByRole('table', { name: 'Schema' }).waitFor(),
    },
    { page: '/settings', address: '/settings', look: has(`Browser ${image}`.slice(0, 60)) },
    { page: '/settings', address: '/settings?part=services', look: has(image) },
    { page: '/settings', address: '/settings?part=access', look: has(`url <> '${image}'`) },
    { page: '/settings', address: '/settings?part=audit', look: has(image) },
    {
      page: '/settings',
      address: `/settings?part=audit&actor=${encodeURIComponent(image)}&action=${encodeURIComponent(link)}`,
      look: has('Nothing fits.'),
    },
  ]

  /** Pages that this file says nothing of are opened with markup in their address. */
  const others = portalPages
    .filter((page) => !known.some((one) => one.page === page))
    .map((page) => ({
      page,
      address: page.replaceAll(/:\w+/g, encodeURIComponent(image)),
      look: async (opened: Page) => opened.getByRole('main').getByText(/\S/).first().waitFor(),
    }))

  async function openSaved(page: Page): Promise<void> {
    await page.goto(`/sql?saved=${query}`)
    await page.getByRole('heading', { name: `q ${image}` }).waitFor()
  }

  async function arrives(page: Page): Promise<void> {
    const rows = page.getByRole('table', { name: 'Events' }).getByRole('row').filter({ hasText: image })
    const row = rows.filter({ hasText: /stored|flagged/ }).first()
    // What comes before the page listens is not shown to it.
    await firstAnswer(async () => {
      await sendTo(pond.address, { batch: [...events(), { type: 'track', event: image }] }, { key })
      await row.waitFor({ timeout: 2_000 })
      return true
    }, 20_000)
    await row.getByRole('button').first().click()
    await page.getByText(JSON.stringify(drawing).slice(1, -1)).first().waitFor()
  }

  it('would be found by this test, if it were more than text', async () => {
    const page = await open()
    await page.goto('/login')
    await expectOnlyText(page)
    await page.evaluate(
      (text) => document.body.insertAdjacentHTML('beforeend', text),
      `${image}<a href="${link}">x</a>`,
    )
    await expect(expectOnlyText(page)).rejects.toThrow(/img-src|script-src|refused/)
    // The browser complained, as it should.
    await tabs.pop()?.close()
  })

  it.each([...known, ...others])('is text at $address', async ({ address, look }) => {
    const page = await open()
    await page.context().addCookies([{ name: 'millpond_session', value: boss, url: pond.address }])
    await page.goto(address)
    await look(page)
    await expectOnlyText(page)
  })

  it.each(['bar', 'table'])('is text in a picture that is opened by itself: %s', async (tile) => {
    const page = await open({ token: pond.token })
    await page.goto(`/api/dashboards/markup/tiles/${tile}/picture.svg`)
    await page.locator('svg text').first().waitFor()
    expect(await page.locator('svg').innerHTML()).not.toMatch(/<(?:img|script|svg onload)|href=/)
    expect(await page.evaluate(() => 'ran' in globalThis)).toBe(false)
  })

  it('is text in what is typed and found', async () => {
    const page = await open({ token: pond.token })
    await page.goto('/sql')
    await page.getByRole('textbox', { name: 'Query' }).waitFor()
    await page.keyboard.press('ControlOrMeta+k')
    await page.getByRole('combobox', { name: 'Go to' }).fill(image)
    await page.getByRole('option').getByText(image).first().waitFor()
    await expectOnlyText(page)
  })

  it.each([
    '//evil.example',
    '/\\evil.example',
    '/%09/evil.example',
    'https://evil.example',
    'https:evil.example',
    link,
    'data:text/html,<script>1</script>',
    '/x\n//evil.example',
  ])('leads nobody elsewhere after signing in: %s', async (next) => {
    const page = await open()
    await page.goto(`/login?next=${encodeURIComponent(next)}&error=${encodeURIComponent(image)}`)
    await page.getByLabel('E-mail address').fill('boss@example.com')
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('navigation', { name: 'Main' }).waitFor()
    expect(new URL(page.url()).origin).toBe(pond.address)
    await expectOnlyText(page)
  })
})
