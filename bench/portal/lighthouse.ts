// `npm run perf [-- page …]`: Lighthouse on every page of a demo company, as a desk and as a phone see it. One JSON line each.
import lighthouse, { desktopConfig, type Flags } from 'lighthouse'

import { visitDemo } from '../../demo/portal/visit.ts'

/** A page that listens to a stream is never quiet; what it shows by then counts. */
const maxWaitForLoad = 15_000
const wanted = process.argv.slice(2)
const pages = [
  '/sql',
  '/people',
  '/explore',
  '/explore?view=cohorts',
  '/dashboards',
  '/d/morning',
  '/schedules',
  '/alerts',
  '/pipelines',
  '/sources',
  '/destinations',
  '/settings',
].filter((path) => wanted.length === 0 || wanted.includes(path))
if (pages.length === 0) throw new Error(`No page ${wanted.join(', ')}.`)

const visit = await visitDemo()
try {
  const flags: Flags = {
    port: visit.debuggingPort,
    logLevel: 'error',
    maxWaitForLoad,
    onlyCategories: ['performance', 'accessibility', 'best-practices'],
    extraHeaders: { cookie: `millpond_token=${visit.token}` },
    disableStorageReset: true,
  }
  for (const path of pages) {
    for (const seenBy of ['desk', 'phone'] as const) {
      const config = seenBy === 'desk' ? desktopConfig : undefined
      const result = await lighthouse(`${visit.pond.address}${path}`, flags, config)
      if (result === undefined) throw new Error(`Lighthouse said nothing about ${path}.`)
      const { categories, audits } = result.lhr
      const scores = Object.fromEntries(
        Object.entries(categories).map(([name, { score }]) => [name, Math.round((score ?? 0) * 100)]),
      )
      const millisecondsOf = (name: string): number => Math.round(audits[name]?.numericValue ?? 0)
      const line = {
        page: path,
        seenBy,
        ...scores,
        largestPaintMs: millisecondsOf('largest-contentful-paint'),
        blockedMs: millisecondsOf('total-blocking-time'),
        shift: audits['cumulative-layout-shift']?.numericValue,
      }
      process.stdout.write(`${JSON.stringify(line)}\n`)
    }
  }
} finally {
  await visit.end()
}
