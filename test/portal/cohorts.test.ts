// Cohorts as somebody uses them, in a real browser: from a number of a funnel to a name, and from the name to other questions.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'
import { expectAccessible, launch, openTab, type Tab, type TabOptions, whyNoBrowser } from './browser.ts'

const reason = await whyNoBrowser()
const dayMs = 86_400_000

describe.skipIf(reason !== undefined)('Cohorts', () => {
  let pond: Millpond
  let browser: Browser
  const tokens = new Map<string, string>()
  const tabs: Tab[] = []

  beforeAll(async () => {
    ;[pond, browser] = await Promise.all([startMillpond(), launch()])
    const key = await pond.addSource('app')
    for (const [handle, role] of Object.entries({ ana: 'analyst', vic: 'viewer' })) {
      await post('/api/principals', { handle, kind: 'person', role, attributes: {} })
      tokens.set(handle, String((await post('/api/tokens', { name: 'laptop', for: handle }))['token']))
      await post('/api/grants', { grantee: handle, dataset: 'app' })
    }
    // Ten sign up; the first four pair a camera.
    const batch = Array.from({ length: 10 }, (_none, n) => {
      const track = (event: string, hours: number) => ({
        type: 'track',
        userId: `u${n}`,
        event,
        properties: { plan: n % 2 === 0 ? 'free' : 'plus' },
        timestamp: new Date(Date.now() - 3 * dayMs + hours * 3_600_000).toISOString(),
      })
      return n < 4 ? [track('Signed Up', 0), track('Camera Paired', 1)] : [track('Signed Up', 0)]
    }).flat()
    expect((await sendTo(pond.address, { batch }, { key, path: '/v1/batch' })).status).toBe(200)
    await pond.settled()
    await post('/api/queries', { name: 'free people', sql: "SELECT user_id FROM app.signed_up WHERE plan = 'free'" })
  }, 90_000)

  afterEach(async () => {
    const complaints = tabs.flatMap((tab) => tab.complaints)
    for (const tab of tabs.splice(0)) await tab.close()
    expect(complaints.filter((text) => !/status of 4\d\d/.test(text))).toEqual([])
  })

  afterAll(async () => {
    await browser.close()
    await pond.dispose()
  })

  async function post(path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
    const response = await pond.api(path, { method: 'POST', body: JSON.stringify(body) })
    return response.status === 204 ? {} : ((await response.json()) as Record<string, unknown>)
  }
  async function open(search: object, options: Partial<TabOptions> & { readonly who?: string } = {}): Promise<Page> {
    const { who = 'ana', ...rest } = options
    const tab = await openTab(browser, { address: pond.address, token: tokens.get(who) ?? '', ...rest })
    tabs.push(tab)
    const query = new URLSearchParams(
      Object.entries(search).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
    )
    await tab.page.goto(`/explore?${query.toString()}`)
    return tab.page
  }
  const steps = ['signed_up', 'camera_paired'].map((table) => ({ source: 'app', table }))
  const funnel = { kind: 'funnel', events: steps, range: { days: 7 } }

  it('teach what they are as long as there are none', async () => {
    const page = await open({ view: 'cohorts' })
    await page.getByRole('heading', { name: 'No cohort yet' }).waitFor()
    await expectAccessible(page)
    const question = await open(funnel)
    await question.getByRole('region', { name: 'Funnel' }).waitFor()
    expect(await question.getByRole('combobox', { name: /cohort/i }).count()).toBe(0)
  })

  it('are saved from a step of a funnel, and filter and break down other questions', async () => {
    const page = await open(funnel)
    const row = page.getByRole('region', { name: 'Funnel' }).getByRole('row', { name: /Camera Paired/ })
    await row.getByRole('button', { name: '4', exact: true }).first().click()
    const people = page.getByRole('dialog', { name: 'People behind this number' })
    await people.getByRole('link', { name: 'u0' }).waitFor()
    await people.getByRole('button', { name: 'Save as cohort' }).click()
    await people.getByRole('textbox', { name: 'Name of the cohort' }).fill('Paired')
    await expectAccessible(page)
    await page.keyboard.press('Enter')
    await people.getByRole('link', { name: /Paired/ }).click()

    await page.getByRole('heading', { name: 'Paired', level: 2 }).waitFor()
    await page.getByRole('status').getByText('4', { exact: true }).waitFor()
    const listed = page.getByRole('region', { name: 'People' }).last()
    await listed.getByRole('link', { name: 'u3' }).waitFor()
    expect(await listed.getByRole('row').count()).toBe(5)

    await page.getByRole('link', { name: 'open the question' }).click()
    await people.getByRole('link', { name: 'u0' }).waitFor()
    await people.getByRole('button', { name: 'Close' }).click()
    const table = page.getByRole('region', { name: 'Funnel' })
    await page.getByRole('combobox', { name: 'Only people of a cohort' }).selectOption({ label: 'Paired' })
    await table.getByRole('row', { name: '1. Signed Up 4' }).waitFor()
    await page.getByRole('combobox', { name: 'In or not' }).selectOption({ label: 'not in cohort' })
    await table.getByRole('row', { name: '1. Signed Up 6' }).waitFor()
    await page.getByRole('button', { name: 'Remove cohort' }).click()
    await table.getByRole('row', { name: '1. Signed Up 10' }).waitFor()
    await page.getByRole('combobox', { name: 'Break down by' }).selectOption({ label: 'Cohort: Paired' })
    await table.getByText('In the cohort').first().waitFor()
    await table.getByText('Not in it').first().waitFor()
    await page.reload()
    await table.getByText('In the cohort').first().waitFor()
  })

  it('are made of SQL and of lists, kept as lists, shown as SQL, and removed', async () => {
    const page = await open({ view: 'cohorts' })
    const form = page.getByRole('form', { name: 'New cohort' })
    await form.getByRole('textbox', { name: 'Name' }).fill('Free')
    await form.getByRole('combobox', { name: 'Saved query' }).selectOption({ label: 'free people' })
    await form.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Free', level: 2 }).waitFor()
    await page.getByRole('status').getByText('5', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'free people' }).waitFor()

    await page.getByRole('button', { name: 'Keep as a list' }).click()
    await page.getByRole('textbox', { name: 'Name of the list' }).fill('Free today')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Free today', level: 2 }).waitFor()
    await page.getByText('A list of 5 ids.').waitFor()
    await page.getByRole('link', { name: 'Show SQL' }).click()
    await page.getByRole('button', { name: /^Run/ }).click()
    await page.getByRole('grid').getByText('u8', { exact: true }).first().waitFor()

    const all = await open({ view: 'cohorts' })
    const again = all.getByRole('form', { name: 'New cohort' })
    await again.getByRole('combobox', { name: 'Made of' }).selectOption({ label: 'Of a list' })
    await again.getByRole('textbox', { name: 'Name' }).fill('Pasted')
    await again.getByRole('textbox', { name: 'Ids' }).fill('user_id\nu1\n"u2"\nnobody')
    await again.getByRole('checkbox', { name: 'Only for me' }).check()
    await again.getByRole('button', { name: 'Save' }).click()
    await all.getByRole('heading', { name: 'Pasted', level: 2 }).waitFor()
    await all.getByRole('status').getByText('2', { exact: true }).waitFor()
    await all.getByRole('button', { name: 'Edit' }).click()
    const edit = all.getByRole('form', { name: 'Edit' })
    await edit.getByRole('textbox', { name: 'Name' }).fill('Pasted by hand')
    await edit.getByRole('textbox', { name: 'Description' }).fill('Who wrote to us')
    await edit.getByRole('checkbox', { name: 'Only for me' }).uncheck()
    await expectAccessible(all)
    await edit.getByRole('button', { name: 'Save' }).click()
    await all.getByRole('heading', { name: 'Pasted by hand' }).waitFor()
    await all.getByText('Who wrote to us').waitFor()
    await all.getByText('A list of 3 ids.').waitFor()
    await all.getByRole('button', { name: 'Remove cohort' }).click()
    await all.getByRole('button', { name: 'Remove it for everybody?' }).click()
    await all.getByRole('heading', { name: 'Cohorts' }).waitFor()
    await all.getByRole('link', { name: 'Free today' }).waitFor()
    expect(await all.getByRole('link', { name: 'Pasted' }).count()).toBe(0)
  })

  it('show a viewer how many, and nobody', async () => {
    const page = await open({ view: 'cohorts' }, { who: 'vic' })
    await page.getByRole('link', { name: /Paired/ }).click()
    await page.getByRole('status').getByText('4', { exact: true }).waitFor()
    expect(
      await page
        .getByRole('button')
        .filter({ hasText: /list|Remove/ })
        .count(),
    ).toBe(0)
    expect(await page.getByRole('region', { name: 'People' }).count()).toBe(0)
    const gone = await open({ view: 'cohorts', id: 'nothing' }, { who: 'vic' })
    await gone.getByRole('heading', { name: 'There is no such cohort' }).waitFor()
  })

  it.each(['light', 'dark'] as const)('break no rule of WCAG 2.2 AA in the %s theme', async (theme) => {
    const list = await open({ view: 'cohorts' }, { theme, language: 'zh-TW' })
    await list.getByRole('link', { name: /Paired/ }).waitFor()
    await expectAccessible(list)
    await list.getByRole('link', { name: /Paired/ }).click()
    await list.getByRole('link', { name: 'u3' }).waitFor()
    await expectAccessible(list)
    const { cohorts } = (await (await pond.api('/api/cohorts')).json()) as { cohorts: { id: string; name: string }[] }
    const cohort = cohorts.find(({ name }) => name === 'Paired')?.id
    const asked = await open({ ...funnel, cohorts: [{ cohort, is: 'in' }] }, { theme })
    await asked.getByRole('combobox', { name: 'In or not' }).waitFor()
    await expect.poll(async () => asked.locator('[aria-busy=true]').count()).toBe(0)
    await expectAccessible(asked)
  })
})
