// A real browser on a real Millpond. What it says about an error, in the console or as a refused piece of content, fails the test.
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'

import { browserPath, whyNoBrowserHere } from './browser-path.ts'

/**
 * Not the arguments of @sparticuz/chromium: among them are --single-process, with which a second context crashes, and
 * --disable-web-security, which hides what the policy of content forbids.
 */
export const browserArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: await browserPath(), args: browserArguments, headless: true })
}

/** Why there is no browser to test with, or undefined. A machine without the browser's libraries can run all other tests. */
export async function whyNoBrowser(): Promise<string | undefined> {
  const here = whyNoBrowserHere()
  if (here !== undefined) return here
  try {
    const browser = await launch()
    await browser.close()
    return undefined
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const library = /error while loading shared libraries: [^\n]*/.exec(message)?.[0]
    // Whatever else it is, it is a fault.
    if (library === undefined) throw error
    return library
  }
}

export interface Tab {
  readonly page: Page
  /** What the browser complained about. */
  readonly complaints: readonly string[]
  close(): Promise<void>
}

export interface TabOptions {
  readonly address: string
  readonly token?: string
  readonly theme?: 'light' | 'dark'
  readonly language?: 'en' | 'zh-TW'
  /** What the browser says it is. */
  readonly userAgent?: string
}

export async function openTab(
  browser: Browser,
  { address, token, theme = 'light', language = 'en', userAgent }: TabOptions,
): Promise<Tab> {
  // A language is always given: without one the browser calls it `en-US@posix`, which Intl refuses.
  const context: BrowserContext = await browser.newContext({
    baseURL: address,
    locale: language === 'en' ? 'en-US' : language,
    timezoneId: 'UTC',
    viewport: { width: 1280, height: 800 },
    colorScheme: theme,
    ...(userAgent === undefined ? {} : { userAgent }),
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  if (token !== undefined) await context.addCookies([{ name: 'millpond_token', value: token, url: address }])
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.setDefaultTimeout(15_000)
  return { page, complaints, close: async () => context.close() }
}

/** Rules of WCAG 2.2 AA that axe can judge. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
    .analyze()
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`)
  expect(found).toEqual([])
}
