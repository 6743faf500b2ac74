// The portal as a person uses it: a real browser, a real Millpond, parts found by what they are called.
import { readFile } from 'node:fs/promises'

import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'
import { expectAccessible, launch, openTab, type Tab, type TabOptions, whyNoBrowser } from './browser.ts'

const reason = await whyNoBrowser()
if (reason !== undefined) process.stderr.write(`The portal is not tested in a browser: ${reason}\n`)

/** Never done by itself: only an interrupt ends it. */
const endless =
  'SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 100000)) a, UNNEST(GENERATE_ARRAY(1, 100000)) b, UNNEST(GENERATE_ARRAY(1, 100000)) c WHERE a + b + c < 0'

describe.skipIf(reason !== undefined)('the portal', () => {
  let pond: Millpond
  let browser: Browser
  let memberToken: string
  const tabs: Tab[] = []

  beforeAll(async () => {
    ;[pond, browser] = await Promise.all([startMillpond(), launch()])
    const key = await pond.addSource('web')
    const events = Array.from({ length: 40 }, (_none, n) => ({
      type: 'track',
      userId: `u${n % 4}`,
      event: 'Hello Pond',
      properties: { n },
    }))
    await sendTo(pond.address, { batch: events }, { key })
    await pond.settled()
    await pond.api('/api/principals', {
      method: 'POST',
      body: JSON.stringify({ handle: 'ana', kind: 'person', role: 'member', attributes: {} }),
    })
    const made = await pond.api('/api/tokens', { method: 'POST', body: JSON.stringify({ name: 'laptop', for: 'ana' }) })
    memberToken = ((await made.json()) as { token: string }).token
  }, 90_000)

  afterEach(async () => {
    const complaints = tabs.flatMap((tab) => tab.complaints)
    for (const tab of tabs.splice(0)) await tab.close()
    // The browser itself writes of every answer 400; an unfinished query is one.
    expect(complaints.filter((text) => !/status of (?:400|401|404)/.test(text))).toEqual([])
  })

  afterAll(async () => {
    await browser.close()
    await pond.dispose()
  })

  async function open(path: string, options: Partial<TabOptions> = {}): Promise<Page> {
    const tab = await openTab(browser, { address: pond.address, token: pond.token, ...options })
    tabs.push(tab)
    await tab.page.goto(path)
    return tab.page
  }

  async function openQuery(sql: string, rest = ''): Promise<Page> {
    const page = await open(`/sql?sql=${encodeURIComponent(sql)}${rest}`)
    await page.getByRole('textbox', { name: 'Query' }).waitFor()
    return page
  }

  async function run(page: Page): Promise<void> {
    await page.getByRole('button', { name: /^Run/ }).click()
    await page
      .getByRole('status')
      .getByText(/rows in/)
      .waitFor()
  }

  it('asks who is there, and goes to the page that was asked for', async () => {
    const page = await open('/sql?sql=SELECT%2041%20%2B%201%20AS%20answer', { token: '' })
    await page.getByText('Sign in with a token').click()
    await page.getByLabel('Token').fill(pond.token)
    await page.getByRole('button', { name: 'Sign in with the token' }).click()
    await page.getByRole('textbox', { name: 'Query' }).getByText('SELECT 41 + 1 AS answer').waitFor()
  })

  it('runs a query with a parameter, and its address shows somebody else the same', async () => {
    const page = await open('/sql')
    await page.getByRole('textbox', { name: 'Query' }).click()
    await page.keyboard.insertText(
      'SELECT n, NULL AS nothing, [1, 2] AS few FROM web.hello_pond WHERE n >= @least ORDER BY n',
    )
    await page.getByLabel('Value of least').fill('38')
    // What the query itself asks for.
    await expect.poll(async () => page.getByLabel('Type of least').inputValue()).toBe('INT64')
    await page.getByRole('button', { name: /^Run · reads/ }).waitFor()
    await page.getByRole('textbox', { name: 'Query' }).press('ControlOrMeta+Enter')
    await page.getByRole('status').getByText('2 rows in').waitFor()
    const grid = page.getByRole('grid', { name: 'Results' })
    expect(await grid.getByRole('columnheader').allInnerTexts()).toEqual([
      'n\nINT64',
      'nothing\nINT64',
      'few\nARRAY<INT64>',
    ])
    expect(await grid.getByRole('gridcell').allInnerTexts()).toEqual(['38', 'NULL', '[1,2]', '39', 'NULL', '[1,2]'])
    await page.waitForURL(/least/)
    const other = await open(page.url().slice(pond.address.length))
    expect(await other.getByLabel('Value of least').inputValue()).toBe('38')
  })

  it('keeps what was written when the tab is closed', async () => {
    const page = await open('/sql')
    await page.getByRole('textbox', { name: 'Query' }).click()
    await page.keyboard.insertText('SELECT 1 AS kept')
    await page.waitForURL(/kept/)
    await page.goto('/')
    await page.getByRole('textbox', { name: 'Query' }).getByText('SELECT 1 AS kept').waitFor()
  })

  it('completes tables of the catalogue and columns of the tables that are named', async () => {
    const page = await open('/sql')
    const editor = page.getByRole('textbox', { name: 'Query' })
    await page.getByRole('button', { name: 'hello_pond', exact: true }).waitFor()
    // Columns are asked for once their table is named: on a busy machine they come after what was typed of them.
    const typed = Promise.withResolvers<undefined>()
    await page.route('**/api/query', async (route) => {
      if (route.request().postData()?.includes('COLUMNS') === true) await typed.promise
      await route.continue()
    })
    await editor.click()
    await page.keyboard.type('SELECT 1 FROM web.he')
    // By hand: for 75 ms behind its opening the list takes no keys, so that nobody accepts what they haven't seen.
    await page.getByRole('option', { name: 'hello_pond' }).click()
    await editor.getByText('SELECT 1 FROM web.hello_pond').waitFor()
    await page.keyboard.type(' WHERE original_t')
    await page.getByRole('list', { name: 'Findings' }).getByText('original_t').waitFor()
    typed.resolve(undefined)
    await page
      .getByRole('option', { name: /original_timestamp/ })
      .first()
      .waitFor()
  })

  it('says before a run what it reads and what could be better, and what is wrong at its place', async () => {
    const page = await openQuery('SELECT * FROM web.tracks')
    await page.getByText(/It reads .* BigQuery would bill 10.0 MiB, about \$0\.0000/).waitFor()
    const findings = page.getByRole('list', { name: 'Findings' })
    await findings.getByText('Line 1, column 8: SELECT * reads every column').waitFor()
    await page.getByRole('textbox', { name: 'Query' }).fill('SELECT 1\nFROM web.trackz')
    await findings.getByText('Line 2, column 6: Table not found: web.trackz; did you mean web.tracks?').waitFor()
    await page.getByRole('textbox', { name: 'Query' }).press('ControlOrMeta+Enter')
    await page.getByRole('alert').getByText('Table not found').waitFor()
  })

  it('keeps the button in sight, however long the estimate is', async () => {
    const page = await openQuery('SELECT DATE(timestamp) AS day, event, COUNT(*) AS n FROM web.tracks GROUP BY 1, 2')
    await page.getByText('Every column would be').waitFor()
    const place = await page.getByRole('button', { name: /^Run/ }).boundingBox()
    expect((place?.x ?? 0) + (place?.width ?? Infinity)).toBeLessThanOrEqual(1280)
  })

  it('speaks DuckDB’s dialect, with its parameters', async () => {
    const page = await openQuery('FROM web.hello_pond SELECT n WHERE n = $n', '&dialect=duckdb')
    await page.getByLabel('Type of n').selectOption('INT64')
    await page.getByLabel('Value of n').fill('7')
    await run(page)
    expect(await page.getByRole('gridcell').allInnerTexts()).toEqual(['7'])
  })

  async function runningQueries(): Promise<number> {
    const { jobs } = (await (await pond.api('/api/jobs?state=live')).json()) as { jobs: object[] }
    return jobs.length
  }

  it.each([
    ['Cancel is pressed', async (page: Page) => page.getByRole('button', { name: 'Cancel' }).click()],
    ['the person goes to another page', async (page: Page) => page.getByRole('link', { name: 'Pipelines' }).click()],
  ])('ends the job in the engine when %s', async (_when, leave) => {
    const page = await openQuery(endless)
    await page.getByRole('button', { name: /^Run/ }).click()
    await page
      .getByRole('status')
      .getByText(/Running/)
      .waitFor()
    await firstAnswer(async () => ((await runningQueries()) === 1 ? true : undefined), 10_000)
    await leave(page)
    await firstAnswer(async () => ((await runningQueries()) === 0 ? true : undefined), 10_000)
  })

  it('draws a chart, gives files, copies cells, and remembers what was asked', async () => {
    const page = await openQuery(
      'SELECT user_id, SUM(n) AS total FROM web.hello_pond GROUP BY user_id ORDER BY user_id',
    )
    await run(page)
    const grid = page.getByRole('grid')
    await grid.focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ControlOrMeta+c')
    await page.getByText('Copied.').waitFor()
    expect(await page.evaluate(async () => navigator.clipboard.readText())).toBe('190')
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download as CSV' }).click(),
    ])
    expect(await readFile(await file.path(), 'utf8')).toBe('user_id,total\r\nu0,180\r\nu1,190\r\nu2,200\r\nu3,210\r\n')
    await page.getByRole('tab', { name: 'Chart' }).click()
    await page.getByRole('figure', { name: 'Chart of total along user_id' }).waitFor()
    expect(page.url()).toContain('tab=chart')
    await page.getByRole('tab', { name: 'History' }).click()
    const newest = page.getByRole('list', { name: 'History' }).getByRole('listitem').first()
    expect(await newest.innerText()).toContain('SELECT user_id, SUM(n) AS total')
    expect(await page.getByText('INFORMATION_SCHEMA').count()).toBe(0)
  })

  it('shows ten thousand rows with few elements, and says that there are more', async () => {
    const page = await openQuery('SELECT x FROM UNNEST(GENERATE_ARRAY(1, 20000)) AS x ORDER BY x')
    await page.getByRole('button', { name: /^Run/ }).click()
    await page.getByRole('status').getByText('The first 10,000 rows').waitFor()
    expect(await page.getByRole('grid').getAttribute('aria-rowcount')).toBe('10001')
    expect(await page.getByRole('gridcell').count()).toBeLessThan(100)
  })

  it('goes anywhere by keyboard', async () => {
    const page = await open('/nowhere')
    await page.getByText('There is no page here').waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('ControlOrMeta+k')
    await page.getByRole('combobox', { name: 'Go to' }).fill('web.hello')
    await page.getByRole('option', { name: 'web.hello_pond Tables' }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('textbox', { name: 'Query' }).getByText('FROM web.hello_pond').waitFor()
  })

  it('shows what arrives while it arrives, and lets a dead letter in again', async () => {
    const key = await pond.addSource('shop')
    const page = await open('/pipelines')
    const live = page.getByRole('status').getByText('Live')
    await live.waitFor()
    await sendTo(pond.address, { type: 'track', userId: 'bo', event: 'Order <b>Paid</b>' }, { key, path: '/v1/track' })
    const events = page.getByRole('table', { name: 'Events' })
    await events.getByText('Order <b>Paid</b>').waitFor()
    await events.getByRole('button', { expanded: false }).first().click()
    await events.getByText('"userId": "bo"').waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await pond.api('/api/sources/shop/disable', { method: 'POST' })
    await sendTo(pond.address, { userId: 'bo', event: 'Too Late' }, { key, path: '/v1/track' })
    await events.getByText('key_disabled').waitFor()
    await pond.api('/api/sources/shop/enable', { method: 'POST' })
    await page.getByRole('button', { name: 'Replay the letter from shop, key_disabled' }).click()
    await page.getByText('Sent in again.').waitFor()
    await page.getByRole('combobox', { name: 'Source' }).selectOption('shop')
    await page
      .getByRole('table', { name: 'Events' })
      .getByRole('row', { name: /Too Late.*stored/ })
      .waitFor()
    await page.getByText('✓ Sums').waitFor()
    const performance = page.getByRole('region', { name: 'Performance' })
    await performance
      .getByText(/^p99 [\d.,]+ (ms|s), of \d+$/)
      .nth(1)
      .waitFor()
    await performance.getByText(/[\d.,]+ [GT]iB free/).waitFor()
    const { performance: measured, disk } = await pond.status()
    expect(measured.fresh?.count).toBeGreaterThan(0)
    expect(measured.answered?.p50Ms).toBeGreaterThan(0)
    expect(disk.usedBytes).toBeGreaterThan(0)
  })

  it('connects again after the engine died, and goes on', async () => {
    const page = await open('/pipelines')
    await page.getByRole('status').getByText('Live').waitFor()
    await pond.kill('engine')
    await page.getByRole('status').getByText('Connection lost').waitFor()
    await page.getByRole('status').getByText('Live').waitFor()
    // Meanwhile the browser wrote of answers 503.
    for (const tab of tabs.splice(0)) await tab.close()
  })

  it('shows members what they may use', async () => {
    const page = await open('/', { token: memberToken })
    await page.getByText('ana').waitFor()
    expect(await page.getByRole('link', { name: 'Pipelines' }).count()).toBe(0)
    await page.getByText('No tables yet').waitFor()
    await page.goto('/pipelines')
    await page.getByText('There is no page here').waitFor()
  })

  it.each(['light', 'dark'] as const)(
    'can be used by everybody, %s',
    async (theme) => {
      const page = await open('/sql', { theme })
      await page.getByText('Ask your data').waitFor()
      await page.getByRole('button', { name: 'hello_pond', exact: true }).waitFor()
      await expectAccessible(page)
      await page.getByRole('textbox', { name: 'Query' }).click()
      await page.keyboard.insertText('SELECT *, @p AS p FROM web.hello_pond')
      await page.getByRole('button', { name: 'Columns of web.hello_pond' }).click()
      await page.getByRole('button', { name: /original_timestamp/ }).waitFor()
      await page.getByRole('list', { name: 'Findings' }).waitFor()
      await run(page)
      await expectAccessible(page)
      for (const tab of ['Chart', 'History']) {
        await page.getByRole('tab', { name: tab }).click()
        await page.getByRole('tab', { name: tab, selected: true }).waitFor()
        await expectAccessible(page)
      }
      await page.keyboard.press('ControlOrMeta+k')
      await page
        .getByRole('option', { name: /web.hello_pond/ })
        .first()
        .waitFor()
      await expectAccessible(page)
      await page.goto('/nowhere')
      await page.getByText('There is no page here').waitFor()
      await expectAccessible(page)
    },
    120_000,
  )
})
