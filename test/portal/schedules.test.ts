// Schedules as people use them: from a saved query to rows in a table, in a real browser on a real Millpond.
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { expectAccessible, whyNoBrowser } from './browser.ts'
import { type JobsRig, openJobsRig } from './jobs-rig.ts'

const reason = await whyNoBrowser()
const dayMs = 86_400_000
const dayBefore = (days: number): string => new Date(Date.now() - days * dayMs).toISOString().slice(0, 10)

describe.skipIf(reason !== undefined)('schedules', () => {
  let rig: JobsRig

  beforeAll(async () => {
    rig = await openJobsRig()
    const body = JSON.stringify({ grantee: 'ana', dataset: 'daily', privilege: 'write' })
    await rig.pond.api('/api/grants', { method: 'POST', body })
  }, 90_000)

  afterEach(async () => {
    await rig.closeTabs()
  })

  afterAll(async () => {
    await rig.close()
  })

  async function post(path: string, body: object): Promise<{ readonly id: string }> {
    const answer = await rig.pond.api(path, { method: 'POST', body: JSON.stringify(body) })
    expect(await answer.clone().text()).toContain('"id"')
    return (await answer.json()) as { id: string }
  }
  const saved = async (name: string, sql: string, parameters: object[] = []): Promise<{ readonly id: string }> =>
    post('/api/queries', { name, sql, parameters })
  const ahead = (page: Page) => page.getByRole('region', { name: 'What comes next' })

  const part = (page: Page, name: string) =>
    page.getByRole('navigation', { name: 'Parts of the schedule' }).getByRole('link', { name })

  it('are taught where there is none', async () => {
    const page = await rig.open('/schedules', 'ben')
    await page.getByText('No schedules yet').waitFor()
    await expectAccessible(page)
    await page.getByRole('link', { name: 'Write a query' }).click()
    await page.getByRole('heading', { name: 'Untitled query' }).waitFor()
    await page.keyboard.press('Escape')
    const viewer = await rig.open('/schedules', 'vera')
    await viewer.getByText('There is no page here').waitFor()
  })

  it('make a table of a parameterised query: saved, scheduled, run, and its row is there', async () => {
    const page = await rig.open('/sql', 'ana')
    await page
      .getByRole('textbox', { name: 'Query', exact: true })
      .fill('SELECT @day AS day, @country AS country, COUNT(*) AS orders FROM shop.order_paid WHERE country = @country')
    await page.getByLabel('Type of day').selectOption('DATE')
    await page.getByLabel('Kind of date of day').selectOption('relative')
    await page.getByLabel('Value of country').fill('TW')
    await page.getByRole('button', { name: /^Run/ }).click()
    await page.getByRole('gridcell', { name: '6', exact: true }).waitFor()
    await page.keyboard.press('ControlOrMeta+s')
    const dialog = page.getByRole('dialog', { name: 'Save this query' })
    await dialog.getByLabel('Name').fill('Orders a day')
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('link', { name: 'Schedule', exact: true }).click()

    await page.getByRole('heading', { name: 'Schedule “Orders a day”' }).waitFor()
    // Before anything is saved.
    await ahead(page).getByText('you have no grant to write dataset reports').waitFor()
    await page.getByLabel('Dataset').fill('daily')
    await page.getByText('There is no dataset daily yet: it is made, too.').waitFor()
    await page.getByLabel('At', { exact: true }).fill('23:59')
    const next = ahead(page).getByRole('listitem').first()
    await next.getByText(/ 23:59$/).waitFor()
    await next.getByText(`day = ${dayBefore(1)}, country = TW`).waitFor()
    await ahead(page).getByText('Due about 30 times in 30 days').waitFor()
    await page.getByLabel('How country is given').selectOption('each')
    await page.getByLabel('Values of country, one a line').fill('TW\nJP')
    // Each would replace the rows of the one before.
    await ahead(page).getByText("name country in the partition's scope").waitFor()
    await page.getByLabel('Only rows with the same').fill('country')
    await next.getByText(`day = ${dayBefore(1)}, country = JP`).waitFor()
    await page.getByRole('button', { name: 'Save the schedule' }).click()

    await page.getByText('It has not run yet. The next time is').waitFor()
    await page.getByRole('button', { name: 'Run now' }).click()
    const runs = page.getByRole('table', { name: 'Runs' })
    await runs.getByRole('row', { name: /done.*by hand.*country = JP.* 1 / }).waitFor({ timeout: 30_000 })
    await runs.getByRole('row', { name: /done.*by hand.*country = TW.* 1 / }).waitFor({ timeout: 30_000 })
    await page.getByRole('link', { name: 'daily.orders_a_day' }).click()
    await page.getByRole('button', { name: /^Run/ }).click()
    await page.getByRole('status').getByText('2 rows in').waitFor()
    expect((await page.getByRole('gridcell').allInnerTexts()).toSorted()).toEqual(
      [dayBefore(1), dayBefore(1), 'JP', 'TW', '6', '6'].toSorted(),
    )
    await page.keyboard.press('ControlOrMeta+k')
    await page.getByRole('combobox', { name: 'Go to' }).fill('orders a')
    await page.getByRole('option', { name: 'Orders a day Saved queries' }).waitFor()
    await page.getByRole('option', { name: 'Orders a day Schedules' }).click()
    await page.getByRole('heading', { name: 'Orders a day' }).waitFor()
    await page.getByRole('link', { name: 'Schedules' }).first().click()
    await page
      .getByRole('table', { name: 'Schedules' })
      .getByRole('row', { name: /Orders a day done .* daily.orders_a_day ana/ })
      .waitFor()
  })

  it('keep the table as it was when a data test fails, say why, and go on once it is mended', async () => {
    const { id } = await saved('Tested', 'SELECT city, COUNT(*) AS n FROM shop.order_paid GROUP BY city')
    const page = await rig.open(`/schedules/new?query=${id}`)
    await page.getByLabel('Add a test').selectOption('unique')
    await page.getByRole('button', { name: 'Add a test' }).click()
    await page.getByLabel('Columns of unique').fill('town')
    await ahead(page)
      .getByText(/names town, which the query doesn.t give/)
      .waitFor()
    await page.getByLabel('Columns of unique').fill('city')
    await page.getByLabel('Add a test').selectOption('rows')
    await page.getByRole('button', { name: 'Add a test' }).click()
    await page.getByLabel('At least').fill('100')
    await ahead(page).getByText('Due about 30 times').waitFor()
    await page.getByRole('button', { name: 'Save the schedule' }).click()
    await page.getByRole('button', { name: 'Run now' }).click()
    const runs = page.getByRole('table', { name: 'Runs' })
    await runs.getByRole('row', { name: /failed.*3 rows, expected 100/ }).waitFor({ timeout: 30_000 })
    const tests = page.getByRole('region', { name: 'Data tests' })
    await tests.getByRole('listitem').filter({ hasText: 'unique(city)' }).getByText('✓ passed').waitFor()
    await tests.getByText('3 rows, expected 100').waitFor()
    await part(page, 'Settings').click()
    await page.getByLabel('At least').fill('3')
    await Promise.all([
      page.waitForResponse((answer) => answer.request().method() === 'PUT' && answer.ok()),
      page.getByRole('button', { name: 'Save the schedule' }).click(),
    ])
    await part(page, 'Runs').click()
    await page.getByRole('button', { name: 'Run now' }).click()
    await runs.getByRole('row', { name: /done.* 3 / }).waitFor({ timeout: 30_000 })
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'Resume' }).waitFor()
    await ahead(page).getByText('paused').waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('button', { name: 'Really remove it' }).click()
    await page.waitForURL(/\/schedules$/)
    await page.getByText('Removed: Tested.').waitFor()
    expect(await rig.pond.queryValue('SELECT COUNT(*) FROM reports.tested')).toBe(3)
  })

  it('fill days that are past, and say first what that costs', async () => {
    const { id } = await saved('Filled', 'SELECT @run_date AS day, COUNT(*) AS n FROM shop.order_paid')
    const schedule = await post('/api/schedules', {
      name: 'Filled',
      query: id,
      version: 1,
      cron: '0 0 * * *',
      target: { dataset: 'reports', table: 'filled', mode: 'append' },
    })
    const page = await rig.open(`/schedules/${schedule.id}?tab=backfill`)
    await page.getByLabel('From').fill(dayBefore(3))
    await page.getByLabel('To').fill(dayBefore(1))
    await page.getByRole('button', { name: 'What would it cost?' }).click()
    await page
      .getByRole('status')
      .getByText(new RegExp(`3 runs from ${dayBefore(3)} 00:00 to ${dayBefore(1)} 00:00`))
      .waitFor()
    await page.getByRole('button', { name: 'Run 3 times' }).click()
    await page.getByText('3 runs wait.').waitFor()
    for (const days of [1, 2, 3]) {
      const row = page.getByRole('row', { name: new RegExp(`done.*${dayBefore(days)} 00:00.*back-fill`) })
      await row.waitFor({ timeout: 30_000 })
    }
    expect(await rig.pond.queryValue('SELECT COUNT(*) FROM reports.filled')).toBe(3)
    await part(page, 'Back-fill').click()
    const days = page.getByRole('list', { name: 'These days so far' })
    await days.getByText(`${dayBefore(3)}: done`).waitFor()
    await days.getByText(`${dayBefore(4)}: no run`).waitFor()
  })

  it.each(['light', 'dark'] as const)('can be used by everybody, %s', async (theme) => {
    const { id } = await saved(`Everybody ${theme}`, 'SELECT @city AS city, @day AS day', [
      { name: 'city', type: 'STRING', choices: ['Taipei', 'Tainan'], default: { value: 'Taipei' } },
      { name: 'day', type: 'DATE', default: { relative: 'yesterday' } },
    ])
    const page = await rig.open(`/schedules/new?query=${id}`, undefined, { theme })
    await page.getByLabel('How city is given').selectOption('fixed')
    await page.getByLabel('Value of city').selectOption('Tainan')
    await page.getByText('Retries, limits, late rows').click()
    await page.getByRole('button', { name: 'Add a test' }).click()
    await page.getByLabel('Columns of never empty').fill('day')
    await ahead(page).getByText('city = Tainan').first().waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Save the schedule' }).click()
    await page.getByRole('button', { name: 'Run now' }).click()
    await page.getByRole('row', { name: /done/ }).waitFor({ timeout: 30_000 })
    await ahead(page).getByText('city = Tainan').first().waitFor()
    await expectAccessible(page)
    for (const [tab, shown] of [
      ['Back-fill', 'What would it cost?'],
      ['Settings', 'Save the schedule'],
    ] as const) {
      await part(page, tab).click()
      await page.getByRole('button', { name: shown }).waitFor()
      await expectAccessible(page)
    }
    await page.goto('/schedules')
    await page.getByRole('row', { name: new RegExp(`Everybody ${theme}`) }).waitFor()
    await expectAccessible(page)
  })
})
