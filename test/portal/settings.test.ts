// Accounts as people use them: a real browser, a real Millpond, each person in a browser of their own.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { expectAccessible, launch, openTab, type Tab, type TabOptions, whyNoBrowser } from './browser.ts'

const reason = await whyNoBrowser()
const password = 'a long enough password'
/** Pages that viewers don't have. */
const engineers = ['People', 'Sources', 'Pipelines']

describe.skipIf(reason !== undefined)('settings', () => {
  let pond: Millpond
  let browser: Browser
  const tabs: Tab[] = []

  beforeAll(async () => {
    ;[pond, browser] = await Promise.all([startMillpond(), launch()])
  }, 90_000)

  afterEach(async () => {
    const complaints = tabs.flatMap((tab) => tab.complaints)
    for (const tab of tabs.splice(0)) await tab.close()
    // The browser itself writes of every answer 400 and above; here some are meant.
    expect(complaints.filter((text) => !/status of (?:400|401|403|404|409)/.test(text))).toEqual([])
  })

  afterAll(async () => {
    await browser.close()
    await pond.dispose()
  })

  async function open(path: string, options: Partial<TabOptions> = {}): Promise<Page> {
    const tab = await openTab(browser, { address: pond.address, ...options })
    tabs.push(tab)
    await tab.page.goto(path)
    return tab.page
  }

  async function accept(link: string, options: Partial<TabOptions> = {}): Promise<Page> {
    const page = await open(link, options)
    await page.getByLabel(/^Password/).fill(password)
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByRole('textbox', { name: 'Query' }).waitFor()
    return page
  }

  /** Somebody new, signed in in a browser of their own. */
  async function person(name: string, role: string, options: Partial<TabOptions> = {}): Promise<Page> {
    const body = JSON.stringify({ email: `${name}@example.com`, role })
    const made = await pond.api('/api/users', { method: 'POST', body })
    return accept(((await made.json()) as { path: string }).path, options)
  }

  async function signIn(email: string): Promise<Page> {
    const page = await open('/login')
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('textbox', { name: 'Query' }).waitFor()
    return page
  }

  const partsOf = async (page: Page): Promise<string[]> =>
    page.getByRole('navigation', { name: 'Parts of the settings' }).getByRole('link').allInnerTexts()
  const pagesOf = async (page: Page): Promise<string[]> =>
    page.getByRole('navigation', { name: 'Main' }).getByRole('link').allInnerTexts()
  const statusOf = async (page: Page, path: string): Promise<number> =>
    page.evaluate(async (asked) => (await fetch(asked)).status, path)

  it('invites somebody, who sees what their role may see, another role at once, and nothing once they are out', async () => {
    const boss = await person('boss', 'admin')
    await boss.getByRole('main').focus()
    await boss.keyboard.press('g')
    await boss.keyboard.press(',')
    await boss.getByRole('heading', { name: 'Settings' }).waitFor()
    expect(await partsOf(boss)).toEqual(['You', 'Your tokens', 'Members', 'Service keys', 'Access', 'Audit log'])
    await boss.getByRole('link', { name: 'Members' }).click()
    const current = boss.getByRole('navigation', { name: 'Parts of the settings' }).locator('[aria-current=page]')
    expect(await current.allInnerTexts()).toEqual(['Members'])
    const invite = boss.getByRole('form', { name: 'Invite somebody' })
    await invite.getByLabel('E-mail address').fill('boss@example.com')
    await invite.getByRole('button', { name: 'Invite' }).click()
    await invite.getByRole('alert').getByText('There is somebody').waitFor()
    await invite.getByLabel('E-mail address').fill('Vera@Example.com')
    await invite.getByRole('combobox', { name: 'Role' }).selectOption('Viewer')
    await invite.getByRole('button', { name: 'Invite' }).click()
    const shown = boss.getByRole('region', { name: 'Link for vera' })
    await shown.getByRole('button', { name: 'Copy' }).click()
    await boss.getByText('Copied.').waitFor()
    const link = await boss.evaluate(async () => navigator.clipboard.readText())
    expect(link).toMatch(new RegExp(`^${pond.address}/invitation#\\w{32}$`))
    await shown.getByRole('button', { name: 'I have it' }).click()
    expect(await boss.getByText(link).count()).toBe(0)
    const members = boss.getByRole('table', { name: 'Members' })
    await members.getByRole('row', { name: /vera.*invited/ }).waitFor()

    const vera = await accept(link)
    expect((await pagesOf(vera)).filter((page) => engineers.includes(page))).toEqual([])
    await vera.getByRole('link', { name: 'vera Settings' }).click()
    await vera.getByText('vera@example.com').waitFor()
    expect(await partsOf(vera)).toEqual(['You'])
    await vera.goto('/settings?part=members')
    await vera.getByText('There is no page here').waitFor()
    expect([await statusOf(vera, '/api/users'), await statusOf(vera, '/api/audit')]).toEqual([403, 403])

    await members.getByRole('combobox', { name: 'Role of vera' }).selectOption('Engineer')
    await boss.getByText('vera: Engineer, from now on.').waitFor()
    await vera.goto('/settings')
    await vera.getByRole('link', { name: 'Your tokens' }).waitFor()
    expect(await partsOf(vera)).toEqual(['You', 'Your tokens'])
    expect(await pagesOf(vera)).toEqual(expect.arrayContaining(engineers))
    expect([await statusOf(vera, '/api/sources'), await statusOf(vera, '/api/users')]).toEqual([200, 403])

    await members.getByRole('button', { name: 'Disable vera' }).click()
    await boss.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
    await members.getByRole('row', { name: /vera.*disabled/ }).waitFor()
    await vera.reload()
    await vera.getByRole('heading', { name: 'Sign in to Millpond' }).waitFor()
    expect(await members.getByRole('row', { name: /boss/ }).getByRole('button', { name: 'Disable' }).count()).toBe(0)
    await members.getByRole('button', { name: 'Enable vera' }).click()
    await members.getByRole('row', { name: /vera.*active/ }).waitFor()
  })

  it('gives somebody who is known an address and a password, and leaves the rest as it was', async () => {
    const body = JSON.stringify({ handle: 'kim', kind: 'person', role: 'ml', attributes: { region: 'EU' } })
    await pond.api('/api/principals', { method: 'POST', body })
    const page = await open('/settings?part=members', { token: pond.token })
    const members = page.getByRole('table', { name: 'Members' })
    await members
      .getByRole('row', { name: /kim no login/ })
      .getByRole('button', { name: 'Invite kim' })
      .click()
    const form = page.getByRole('form', { name: 'Invite somebody' })
    expect(await form.getByRole('combobox', { name: 'Role' }).inputValue()).toBe('ml')
    await form.getByLabel('E-mail address').fill('kim@example.com')
    await form.getByRole('button', { name: 'Invite' }).click()
    const kim = await accept(await page.getByRole('region', { name: 'Link for kim' }).locator('code').innerText())
    await kim.goto('/settings')
    await kim.getByText('EU', { exact: true }).waitFor()
    await kim.getByText('Machine learning').waitFor()
    expect(
      await members
        .getByRole('row', { name: /^owner/ })
        .getByRole('button')
        .count(),
    ).toBe(0)
  })

  it('makes a token that ends by itself, shows it once, and refuses it from the moment it is revoked', async () => {
    const page = await person('ann', 'analyst')
    await page.goto('/settings?part=tokens')
    const form = page.getByRole('form', { name: 'New token' })
    await page.getByText('No tokens yet.').waitFor()
    await form.getByLabel('What it is for').fill('notebook')
    await form.getByRole('combobox', { name: 'Good for' }).selectOption('30 days')
    await form.getByRole('button', { name: 'Make' }).click()
    const shown = page.getByRole('region', { name: 'Token “notebook”' })
    const token = await shown.locator('code').innerText()
    const ask = async (): Promise<number> =>
      (await fetch(`${pond.address}/api/me`, { headers: { authorization: `Bearer ${token}` } })).status
    expect(await ask()).toBe(200)
    const row = page.getByRole('table', { name: 'Your tokens' }).getByRole('row', { name: /notebook/ })
    const ends = (await row.getByRole('time').last().getAttribute('datetime')) ?? ''
    expect((Date.parse(ends) - Date.now()) / 86_400_000).toBeCloseTo(30, 1)
    await page.reload()
    await row.waitFor()
    expect(await page.getByText(token).count()).toBe(0)
    await row.getByRole('button', { name: 'Revoke notebook' }).click()
    await page.getByRole('dialog', { name: 'Revoke notebook' }).getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('No tokens yet.').waitFor()
    expect(await ask()).toBe(401)
  })

  it('shows one’s sessions, ends the others, tells that a password is wrong where it was typed, and signs out', async () => {
    const here = await person('sam', 'support')
    const there = await signIn('sam@example.com')
    await here.goto('/settings')
    const sessions = here.getByRole('table', { name: 'Sessions' })
    await sessions.getByRole('row', { name: /This browser/ }).waitFor()
    expect(await sessions.getByRole('row', { name: /Chrome · Linux/ }).count()).toBe(2)
    await here.getByRole('button', { name: 'Sign out everywhere else' }).click()
    await here.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere else' }).click()
    await here.getByText('All other sessions are over.').waitFor()
    await sessions.getByRole('button', { name: 'Sign out there' }).waitFor({ state: 'detached' })
    await there.reload()
    await there.getByRole('heading', { name: 'Sign in to Millpond' }).waitFor()

    const form = here.getByRole('form', { name: 'Password' })
    await form.getByLabel('Present password').fill('not my password')
    await form.getByLabel(/^New password/).fill('a quite new password')
    await form.getByRole('button', { name: 'Change password' }).click()
    await form.getByRole('alert').getByText('password is wrong').waitFor()
    await form.getByLabel('Present password').fill(password)
    await form.getByRole('button', { name: 'Change password' }).click()
    await here.getByText('Your password is changed.').waitFor()

    await here.getByRole('combobox', { name: 'Theme' }).selectOption('dark')
    await here.goto('/sql')
    await here.getByRole('textbox', { name: 'Query' }).click()
    await here.keyboard.insertText('SELECT 1 AS unfinished')
    await here.waitForURL(/unfinished/)
    const keptKeys = async (): Promise<string[]> => here.evaluate(() => Object.keys(localStorage).toSorted())
    expect(await keptKeys()).toEqual(['millpond.sql-draft', 'millpond.theme'])
    await here.getByRole('button', { name: 'Sign out', exact: true }).first().click()
    await here.getByRole('heading', { name: 'Sign in to Millpond' }).waitFor()
    expect(await here.context().cookies()).toEqual([])
    expect(await statusOf(here, '/api/me')).toBe(401)
    expect(await keptKeys()).toEqual(['millpond.theme'])
    await here.goBack()
    await here.getByRole('heading', { name: 'Sign in to Millpond' }).waitFor()
  })

  it('makes what programs come in with, and revokes it', async () => {
    const page = await person('ada', 'admin')
    await page.goto('/settings?part=services')
    const form = page.getByRole('form', { name: 'New key for a service' })
    await form.getByLabel('Service').fill('etl')
    await form.getByRole('combobox', { name: 'Kind' }).selectOption('Token')
    await form.getByRole('button', { name: 'Make' }).click()
    const shown = page.getByRole('region', { name: 'Secret of etl' })
    const headers = { authorization: `Bearer ${await shown.locator('code').innerText()}` }
    const who = await fetch(`${pond.address}/api/me`, { headers })
    expect(await who.json()).toMatchObject({ handle: 'etl', kind: 'service', role: 'member' })
    await form.getByLabel('Service').fill('etl')
    await form.getByRole('combobox', { name: 'Role' }).waitFor({ state: 'detached' })
    await form.getByRole('combobox', { name: 'Kind' }).selectOption('Key file (BigQuery)')
    await form.getByRole('button', { name: 'Make' }).click()
    await shown.getByText('service_account').waitFor()
    const key = JSON.parse(await shown.locator('code').innerText()) as { token_uri: string }
    expect(key.token_uri).toBe(`${pond.address}/oauth2/token`)
    const keys = page.getByRole('table', { name: 'Key files' })
    await keys.getByRole('button', { name: /^Revoke/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('No key files yet.').waitFor()
    const tokens = page.getByRole('table', { name: 'Tokens of everybody' })
    await tokens.getByRole('button', { name: 'Revoke etl' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await tokens.getByRole('row', { name: /^etl/ }).waitFor({ state: 'detached' })
    expect((await fetch(`${pond.address}/api/me`, { headers })).status).toBe(401)
  })

  it('adds a program that people sign in to, goes the whole way there, and removes it', async () => {
    const page = await person('olga', 'admin')
    await page.goto('/settings?part=services')
    const form = page.getByRole('form', { name: 'Applications' })
    await form.getByLabel('Name').fill('Hub')
    await form.getByLabel('Comes back to').fill('http://hub.example.com/back')
    await form.getByRole('button', { name: 'Add' }).click()
    await form.getByRole('alert').getByText('no address to come back to').waitFor()
    const back = `${pond.address}/login?hub=1`
    await form.getByLabel('Comes back to').fill(back)
    await form.getByRole('button', { name: 'Add' }).click()
    await page.getByRole('region', { name: 'Hub is added' }).locator('code').waitFor()
    const row = page.getByRole('table', { name: 'All applications' }).getByRole('row', { name: /^Hub/ })
    const id = await row.getByRole('cell').first().innerText()
    const challenge = 'A'.repeat(43)
    const asked = new URLSearchParams({
      client_id: id,
      redirect_uri: back,
      response_type: 'code',
      scope: 'openid',
      state: 'kept',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    const there = await page.context().newPage()
    await there.goto(`${pond.address}/api/oidc/authorize?${asked.toString()}`)
    const came = new URL(there.url())
    expect([came.pathname, came.searchParams.get('state'), came.searchParams.get('code')?.length]).toEqual([
      '/login',
      'kept',
      43,
    ])
    await there.close()
    await row.getByRole('button', { name: 'Remove Hub' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('Hub is removed.').waitFor()
  })

  it('shows who did what, page by page, of one person and of one kind, and keeps that in the address', async () => {
    for (let made = 0; made < 60; made += 1) {
      const body = JSON.stringify({ grantee: '*', dataset: `set_${made}` })
      await pond.api('/api/grants', { method: 'POST', body })
    }
    await pond.addSource('shop')
    const page = await person('eve', 'admin')
    await page.goto('/settings?part=audit')
    const log = page.getByRole('table', { name: 'Audit log' })
    await log.getByRole('row', { name: /eve.*session\.begin/ }).waitFor()
    await log
      .getByRole('row', { name: /source\.add/ })
      .getByRole('link', { name: 'shop' })
      .waitFor()
    expect(await log.getByRole('row').count()).toBe(51)
    await page.getByRole('button', { name: 'Older' }).click()
    await log.getByText('dataset: set_0', { exact: false }).first().waitFor()
    expect(await log.getByRole('row').count()).toBeGreaterThan(60)
    await page.getByLabel('What').fill('grant.add')
    await page.getByRole('button', { name: 'Filter' }).click()
    await log.getByRole('row', { name: /session\.begin/ }).waitFor({ state: 'detached' })
    expect(new URL(page.url()).searchParams.get('action')).toBe('grant.add')
    await page.getByRole('link', { name: 'Show all' }).click()
    await log.getByRole('link', { name: 'eve' }).first().click()
    await log.getByRole('row', { name: /grant\.add/ }).waitFor({ state: 'detached' })
    expect(new URL(page.url()).searchParams.get('actor')).toBe('eve')
  })

  it('shows what members may see', async () => {
    await pond.api('/api/grants', { method: 'POST', body: JSON.stringify({ grantee: 'role:support', dataset: 'web' }) })
    const mask = { dataset: 'web', column: 'email', kind: 'last4' }
    await pond.api('/api/policies/masks', { method: 'POST', body: JSON.stringify(mask) })
    const page = await open('/settings?part=access', { token: pond.token })
    await page.getByRole('row', { name: 'role:support web.* read' }).waitFor()
    await page.getByRole('row', { name: 'web.*.email the last four letters –' }).waitFor()
    await page.getByText('No table is filtered').waitFor()
  })

  it('tells whoever came with a token what they need a session for', async () => {
    const page = await open('/settings', { token: pond.token })
    await page.getByText('You came with a token.').waitFor()
    expect(await page.getByRole('form', { name: 'Password' }).count()).toBe(0)
    await page.getByRole('link', { name: 'Your tokens' }).click()
    await page.getByRole('table', { name: 'Your tokens' }).waitFor()
    expect(await page.getByRole('form', { name: 'New token' }).count()).toBe(0)
  })

  it('speaks the person’s language, and remembers language and theme', async () => {
    const page = await open('/settings', { token: pond.token, language: 'zh-TW' })
    await page.getByRole('combobox', { name: '主題' }).selectOption('dark')
    await page.getByRole('combobox', { name: '語言' }).selectOption('en')
    await page.getByRole('heading', { name: 'Settings' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Settings' }).waitFor()
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark')
  })

  it('fits a phone: the way out is in sight, and nothing is wider than the screen', async () => {
    const page = await person('pia', 'admin')
    await page.setViewportSize({ width: 390, height: 800 })
    for (const part of ['you', 'members', 'services', 'audit']) {
      await page.goto(`/settings?part=${part}`)
      await page.getByRole('table').first().waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    }
    const place = await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).boundingBox()
    expect((place?.x ?? Infinity) + (place?.width ?? Infinity)).toBeLessThanOrEqual(390)
  })

  it('lets people in in their language, light and dark', async () => {
    for (const theme of ['light', 'dark'] as const) {
      const login = await open('/login', { language: 'zh-TW', theme })
      await login.getByRole('button', { name: '登入', exact: true }).waitFor()
      await expectAccessible(login)
      const body = JSON.stringify({ email: `lin-${theme}@example.com`, role: 'analyst' })
      const made = await pond.api('/api/users', { method: 'POST', body })
      const { path } = (await made.json()) as { path: string }
      const invitation = await open(path, { language: 'zh-TW', theme })
      await invitation.getByText(`你將以 lin-${theme}@example.com 登入，角色為「分析師」。`).waitFor()
      await expectAccessible(invitation)
      await invitation.getByLabel(/^密碼/).fill(password)
      await invitation.getByRole('button', { name: '繼續' }).click()
      await invitation.getByRole('button', { name: '執行' }).waitFor()
    }
  })

  it.each(['light', 'dark'] as const)(
    'can be used by everybody, %s',
    async (theme) => {
      const page = await person(`axe-${theme}`, 'admin', { theme })
      await page.goto('/settings')
      await page.getByRole('table', { name: 'Sessions' }).waitFor()
      await expectAccessible(page)
      await page.getByRole('link', { name: 'Your tokens' }).click()
      await page.getByLabel('What it is for').fill('axe')
      await page.getByRole('button', { name: 'Make' }).click()
      await page.getByRole('button', { name: 'Revoke axe' }).waitFor()
      await expectAccessible(page)
      await page.getByRole('button', { name: 'Revoke axe' }).click()
      await page.getByRole('dialog').waitFor()
      await expectAccessible(page)
      await page.keyboard.press('Escape')
      for (const [part, table] of [
        ['Members', 'Members'],
        ['Service keys', 'Tokens of everybody'],
        ['Access', 'Grants'],
        ['Audit log', 'Audit log'],
      ] as const) {
        await page.getByRole('link', { name: part }).click()
        await page.getByRole('table', { name: table }).waitFor()
        await expectAccessible(page)
      }
    },
    90_000,
  )
})
