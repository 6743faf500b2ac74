// Saved queries as people use them: a real browser, a real Millpond, parts found by what they are called.
import { readFile } from 'node:fs/promises'

import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { expectAccessible, whyNoBrowser } from './browser.ts'
import { type JobsRig, openJobsRig } from './jobs-rig.ts'

const reason = await whyNoBrowser()

describe.skipIf(reason !== undefined)('saved queries', () => {
  let rig: JobsRig

  beforeAll(async () => {
    rig = await openJobsRig()
  }, 90_000)

  afterEach(async () => {
    await rig.closeTabs()
  })

  afterAll(async () => {
    await rig.close()
  })

  const editor = (page: Page) => page.getByRole('textbox', { name: 'Query', exact: true })

  async function save(page: Page, sql: string, name: string, folder = ''): Promise<string> {
    await editor(page).fill(sql)
    // Who one is, and so whether one may save, comes a moment after the page.
    await page.getByRole('button', { name: 'Save', exact: true, disabled: false }).waitFor()
    await editor(page).press('ControlOrMeta+s')
    const dialog = page.getByRole('dialog', { name: 'Save this query' })
    await dialog.getByLabel('Name').fill(name)
    await dialog.getByLabel('Folder').fill(folder)
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('heading', { name: folder === '' ? name : `${folder} / ${name}` }).waitFor()
    return new URL(page.url()).searchParams.get('saved') ?? ''
  }

  it('are saved with a name and a folder, found again, and opened by their link', async () => {
    const page = await rig.open('/sql', 'ana')
    const id = await save(page, 'SELECT 41 + 1 AS answer', 'The answer', 'deep/thought')
    expect(id).toMatch(/^\w{12}$/)
    await page.getByText('v1').waitFor()
    await page.waitForURL((url) => !url.searchParams.has('sql'))
    const other = await rig.open(`/sql?saved=${id}`, 'ben')
    await editor(other).getByText('SELECT 41 + 1 AS answer').waitFor()
    await other.getByRole('button', { name: /^Run/ }).click()
    await other.getByRole('gridcell', { name: '42' }).waitFor()
    await other.getByRole('tab', { name: 'Saved' }).click()
    await other.getByRole('searchbox', { name: 'Search saved queries' }).fill('thought')
    await other
      .getByRole('list', { name: 'deep/thought' })
      .getByRole('link', { name: /The answer/ })
      .waitFor()
    await other.getByRole('searchbox', { name: 'Search saved queries' }).fill('nowhere')
    await other.getByText('Nothing matches').waitFor()
  })

  it('keep every version, show what changed, and are verified by somebody else', async () => {
    const page = await rig.open('/sql', 'ana')
    const id = await save(page, 'SELECT 1 AS one\nFROM shop.order_paid', 'Versions')
    await editor(page).fill('SELECT 2 AS two\nFROM shop.order_paid')
    await page.getByText('edited').waitFor()
    await editor(page).press('ControlOrMeta+s')
    await page.getByText('Saved: Versions, version 2.').waitFor()
    await page.getByRole('tab', { name: 'Versions' }).click()
    const diff = page.getByRole('region', { name: 'Changes from version 1 to 2' })
    expect((await diff.innerText()).split('\n').filter((line) => line !== '')).toEqual(
      expect.arrayContaining(['−', 'SELECT 1 AS one', '+', 'SELECT 2 AS two', 'FROM shop.order_paid']),
    )
    // Nobody vouches for what they wrote themselves.
    expect(await page.getByRole('button', { name: 'Verify version 2' }).count()).toBe(0)
    const other = await rig.open(`/sql?saved=${id}&tab=versions`, 'ben')
    await other.getByRole('button', { name: 'Verify version 2' }).click()
    await other.getByText('✓ verified by ben').first().waitFor()
    await page.getByRole('button', { name: 'Open version 1' }).click()
    await editor(page).getByText('SELECT 1 AS one').waitFor()
    await page.getByText('edited').waitFor()
  })

  it('of others are not written over: saving makes a copy', async () => {
    const page = await rig.open('/sql', 'ana')
    const id = await save(page, 'SELECT 1 AS mine', 'Of ana')
    const other = await rig.open(`/sql?saved=${id}`, 'ben')
    await editor(other).fill('SELECT 2 AS mine')
    await other.getByRole('button', { name: 'Save', exact: true }).click()
    const dialog = other.getByRole('dialog', { name: 'Save a copy' })
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await dialog.getByRole('alert').getByText('There is a saved query "Of ana" already').waitFor()
    await dialog.getByLabel('Name').fill('Of ben')
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await other.getByRole('heading', { name: 'Of ben' }).waitFor()
    expect(new URL(other.url()).searchParams.get('saved')).not.toBe(id)
  })

  it('of their owner alone are found by nobody else', async () => {
    const page = await rig.open('/sql', 'ana')
    const id = await save(page, 'SELECT 1 AS secret', 'Diary')
    await page.getByRole('button', { name: 'Name and folder' }).click()
    const dialog = page.getByRole('dialog', { name: 'Saved query' })
    await dialog.getByLabel('Who may see and run it').selectOption('owner')
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('tab', { name: 'Saved' }).click()
    await page.getByRole('link', { name: 'Diary not shared v1 ana' }).waitFor()
    const other = await rig.open(`/sql?saved=${id}`, 'ben')
    await other.getByRole('alert').getByText('There is no saved query').waitFor()
    await other.goto('/sql?tab=saved')
    await other.getByRole('searchbox', { name: 'Search saved queries' }).waitFor()
    expect(await other.getByText('Diary').count()).toBe(0)
  })

  it('come back with their defaults, keep them when values are filled in, and go when they are removed', async () => {
    const page = await rig.open('/sql', 'ana')
    await editor(page).fill('SELECT @day AS day')
    await page.getByLabel('Type of day').selectOption('DATE')
    await page.getByLabel('Kind of date of day').selectOption('relative')
    await page.getByText('= 20').waitFor()
    const id = await save(page, 'SELECT @day AS  day', 'Days')
    await page.goto(`/sql?saved=${id}`)
    await page.getByRole('button', { name: /^Run/ }).click()
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
    await page.getByRole('gridcell', { name: yesterday }).waitFor()
    await page.getByLabel('Value of day').fill('start of this year')
    await page.getByText(/= 20\d\d-01-01/).waitFor()
    await page.waitForURL(/start%20of|start\+of/)
    expect(await page.getByText('edited').count()).toBe(0)
    await page.getByRole('button', { name: 'Name and folder' }).click()
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('button', { name: 'Really remove it' }).click()
    await page.getByRole('heading', { name: 'Untitled query' }).waitFor()
    await page.goto(`/sql?saved=${id}`)
    await page.getByRole('alert').getByText('no saved query').waitFor()
  })

  it('offer choices that come from a query and follow other fields, and keep them', async () => {
    const page = await rig.open('/sql', 'ana')
    await editor(page).fill('SELECT SUM(total) AS total FROM shop.order_paid WHERE country = @country AND city = @city')
    async function offer(name: string, sql: string): Promise<void> {
      await page.getByRole('button', { name: `Settings of ${name}` }).click()
      const dialog = page.getByRole('dialog', { name: `Settings of ${name}` })
      await dialog.getByLabel('Chosen from').selectOption('sql')
      await dialog.getByLabel('Query of the choices').fill(sql)
      await expectAccessible(page)
      await dialog.getByRole('button', { name: 'Keep' }).click()
    }
    await offer('country', 'SELECT DISTINCT country FROM shop.order_paid ORDER BY 1')
    await offer('city', 'SELECT DISTINCT city FROM shop.order_paid WHERE country = @country AND total < 2 ORDER BY 1')
    const offered = async (name: string): Promise<string[]> =>
      page
        .getByRole('combobox', { name: `Value of ${name}` })
        .getByRole('option')
        .allInnerTexts()
    await expect.poll(async () => offered('country')).toEqual(['Choose …', 'JP', 'TW'])
    await page.getByLabel('Value of country').selectOption('JP')
    await expect.poll(async () => offered('city')).toEqual(['Choose …', 'Tokyo'])
    await page.getByLabel('Value of city').selectOption('Tokyo')
    await page.getByRole('button', { name: /^Run/ }).click()
    await page.getByRole('gridcell', { name: '8' }).waitFor()
    await editor(page).press('ControlOrMeta+s')
    const dialog = page.getByRole('dialog', { name: 'Save this query' })
    await dialog.getByLabel('Name').fill('By city')
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('heading', { name: 'By city' }).waitFor()
    const other = await rig.open(new URL(page.url()).pathname + new URL(page.url()).search, 'ben')
    await other.getByLabel('Value of country').selectOption('TW')
    await expect
      .poll(async () => other.getByRole('combobox', { name: 'Value of city' }).getByRole('option').allInnerTexts())
      .toEqual(['Tokyo', 'Taipei'])
  })

  it('tell before they run what they would read, by table, column and day', async () => {
    const page = await rig.open('/sql?tab=plan', 'ana')
    await page.getByText('Write a query, and what it would read').waitFor()
    await editor(page).fill('SELECT country, SUM(total) AS total FROM shop.order_paid GROUP BY country')
    const table = page.getByRole('region', { name: 'shop.order_paid' })
    const columns = table.getByRole('table', { name: 'Columns of shop.order_paid' })
    await columns.getByRole('row', { name: 'country' }).waitFor()
    const rows = await columns.getByRole('row').allInnerTexts()
    expect(rows.map((text) => text.replaceAll(/\s+/g, ' '))).toEqual(['total 96 B', 'country 48 B'])
    const today = new Date().toISOString().slice(0, 10)
    await table.getByRole('list', { name: 'Days of shop.order_paid' }).getByText(`${today}: 144 B`).waitFor()
    await editor(page).fill('SELECT 1')
    await page.getByText('It reads no table.').waitFor()
  })

  it('are a notebook to go on with, with the values at hand', async () => {
    const page = await rig.open('/sql', 'ana')
    await save(page, 'SELECT @day AS day', 'Of: a day')
    await page.getByLabel('Type of day').selectOption('DATE')
    await page.getByLabel('Kind of date of day').selectOption('relative')
    await page.getByText('= 20').waitFor()
    await page.getByRole('button', { name: 'Notebook' }).click()
    const dialog = page.getByRole('dialog', { name: 'Open in a notebook' })
    await expectAccessible(page)
    for (const [language, kernel] of [
      ['Python', 'python'],
      ['R', 'R'],
    ] as const) {
      if (!(await dialog.isVisible())) await page.getByRole('button', { name: 'Notebook' }).click()
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        dialog.getByRole('button', { name: language, exact: true }).click(),
      ])
      expect(file.suggestedFilename()).toBe('Of- a day.ipynb')
      const text = await readFile(await file.path(), 'utf8')
      expect(text).toContain('SELECT @day AS day')
      expect(text).toContain(new Date(Date.now() - 86_400_000).toISOString().slice(0, 10))
      const { metadata } = JSON.parse(text) as { metadata: { kernelspec: { language: string } } }
      expect(metadata.kernelspec.language).toBe(kernel)
      await dialog.waitFor({ state: 'detached' })
    }
  })

  it('are read, not written, by viewers', async () => {
    const page = await rig.open('/sql?sql=SELECT+1', 'vera')
    await page.getByRole('heading', { name: 'Untitled query' }).waitFor()
    await page.getByRole('button', { name: 'Copy link' }).waitFor()
    expect(await page.getByRole('button', { name: 'Save' }).count()).toBe(0)
    await page.getByRole('button', { name: /^Run/ }).click()
    await page.getByRole('button', { name: 'Copy rows' }).waitFor()
    expect(await page.getByRole('button', { name: /Download|Notebook/ }).count()).toBe(0)
  })

  it.each(['light', 'dark'] as const)('can be used by everybody, %s', async (theme) => {
    const page = await rig.open('/sql', undefined, { theme })
    await save(page, 'SELECT @n AS n, city FROM shop.order_paid', `Of everybody, ${theme}`, 'folder')
    await editor(page).fill('SELECT @n AS m, city FROM shop.order_paid')
    await editor(page).press('ControlOrMeta+s')
    await page.getByText('version 2.').waitFor()
    for (const tab of ['Plan', 'Saved', 'Versions']) {
      await page.getByRole('tab', { name: tab }).click()
      await page.getByRole('tab', { name: tab, selected: true }).waitFor()
      await expectAccessible(page)
    }
    await page.getByRole('button', { name: 'Name and folder' }).click()
    await page.getByRole('dialog', { name: 'Saved query' }).waitFor()
    await expectAccessible(page)
  })
})
