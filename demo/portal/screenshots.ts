// `npm run screenshots`: the pictures of the README, of a demo company that is made for them. They are looked at, not compared.
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import type { Page } from 'playwright-core'

import { type Visit, visitDemo } from './visit.ts'

const folder = resolve(import.meta.dirname, '../../docs/images')

interface Picture {
  readonly name: string
  readonly path: string
  /** Until the page shows what the picture is of. */
  readonly ready: (page: Page) => Promise<void>
}

const sql = `SELECT DATE(received_at) AS day, firmware, COUNT(*) AS lost
FROM cubby_backend.camera_disconnected
GROUP BY day, firmware
ORDER BY day`

const pictures: readonly Picture[] = [
  {
    name: 'sql',
    path: `/sql?sql=${encodeURIComponent(sql)}`,
    async ready(page) {
      await page.getByRole('button', { name: /^Run.*reads/ }).click()
      await page
        .getByRole('status')
        .getByText(/rows in/)
        .waitFor()
      await page.getByRole('tab', { name: 'Chart' }).click()
    },
  },
  {
    name: 'person',
    path: '/people?find=amelia',
    async ready(page) {
      await page.getByRole('list', { name: 'Found' }).getByRole('link').first().click()
      await page.getByRole('grid', { name: 'Timeline' }).getByRole('row').nth(5).waitFor()
      await page.getByRole('status').getByText('Live').waitFor()
    },
  },
  {
    name: 'dashboard',
    path: '/d/morning',
    async ready(page) {
      await page.getByRole('region', { name: 'Connections lost, by firmware' }).getByRole('figure').waitFor()
      await page.getByRole('region', { name: 'People in the app, by platform' }).getByRole('figure').waitFor()
    },
  },
  {
    name: 'pipelines',
    path: '/pipelines',
    async ready(page) {
      await page.getByText('✓ Sums').waitFor()
    },
  },
]

async function take(visit: Visit, { name, path, ready }: Picture, theme: 'light' | 'dark'): Promise<void> {
  const context = await visit.browser.newContext({
    baseURL: visit.pond.address,
    locale: 'en-US',
    timezoneId: 'UTC',
    viewport: { width: 1280, height: 800 },
    colorScheme: theme,
  })
  await context.addCookies([{ name: 'millpond_token', value: visit.token, url: visit.pond.address }])
  const page = await context.newPage()
  await page.goto(path)
  await ready(page)
  await page.screenshot({ path: join(folder, `${name}-${theme}.png`), animations: 'disabled' })
  await context.close()
}

await mkdir(folder, { recursive: true })
const visit = await visitDemo()
try {
  for (const picture of pictures) {
    for (const theme of ['light', 'dark'] as const) {
      await take(visit, picture, theme)
      process.stdout.write(`docs/images/${picture.name}-${theme}.png\n`)
    }
  }
} finally {
  await visit.end()
}
