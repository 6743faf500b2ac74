// From a device to the screen of a support agent: one person's page in a real browser, while others send 1,000 events a second and 200
// more pages of other people are open. Both clocks are this machine's.
import { get, type IncomingMessage } from 'node:http'

import { launch, openTab } from '../../test/portal/browser.ts'
import { sendTo } from '../../test/support/sender.ts'
import { cpuSeconds, quantile, withMillpond } from '../support/run.ts'
import { startSender } from '../support/sender.ts'

const markIntervalMs = 500
const graceMs = 5000

declare global {
  var seenAt: Map<string, number>
}

export async function benchLive(durationMs: number, viewers: number): Promise<object> {
  return withMillpond(async ({ millpond, writeKey, port }) => {
    const { address, token } = millpond
    const app = await millpond.addSource('app')
    const track = async (userId: string, event: string) =>
      sendTo(address, { userId, event }, { key: app, path: '/v1/track' })
    await Promise.all(Array.from({ length: viewers }, async (_none, n) => track(`viewed-${n}`, 'Begun')))
    await track('watched', 'Begun')
    await millpond.settled()
    const browser = await launch()
    const streams = await Promise.all(
      Array.from({ length: viewers }, async (_none, n) => openStream(address, token, n)),
    )
    try {
      const { page } = await openTab(browser, { address, token })
      await page.goto('/people/user:watched')
      await page.getByRole('grid', { name: 'Timeline' }).getByText('Begun').waitFor()
      await page.getByRole('status').getByText('Live').waitFor()
      await page.evaluate(watchMarks)
      const { engine } = await millpond.pids()
      const before = await cpuSeconds(engine)
      const load = {
        connections: 4,
        batchEvents: 10,
        port,
        writeKey,
        durationMs,
        requestsPerSecond: 100,
        firstId: 1,
        eventNames: 30,
      }
      const [sent, sentAt] = await Promise.all([startSender(load), sendMarks(track, durationMs)])
      const cpu = (await cpuSeconds(engine)) - before
      await page.waitForTimeout(graceMs)
      const seen = new Map(await page.evaluate(() => [...globalThis.seenAt]))
      const waits = [...sentAt].flatMap(([mark, atMs]) => {
        const seenMs = seen.get(mark)
        return seenMs === undefined ? [] : [seenMs - atMs]
      })
      return {
        bench: 'live',
        viewers,
        eventsPerSecond: Math.round(sent.accepted / sent.seconds),
        marks: sentAt.size,
        seen: waits.length,
        deviceToScreenMs: { p50: quantile(waits, 0.5), p95: quantile(waits, 0.95), max: quantile(waits, 1) },
        enginePercentOfOneCore: Math.round((cpu / sent.seconds) * 100),
      }
    } finally {
      await browser.close()
      for (const stream of streams) stream.destroy()
    }
  })
}

/** In the page: when a mark was drawn first. */
function watchMarks(): void {
  globalThis.seenAt = new Map()
  new MutationObserver(() => {
    for (const [mark] of document.body.textContent.matchAll(/Mark \d+!/g))
      if (!globalThis.seenAt.has(mark)) globalThis.seenAt.set(mark, Date.now())
  }).observe(document.body, { childList: true, subtree: true, characterData: true })
}

async function sendMarks(
  track: (userId: string, event: string) => Promise<unknown>,
  durationMs: number,
): Promise<ReadonlyMap<string, number>> {
  const sentAt = new Map<string, number>()
  const endMs = Date.now() + durationMs
  for (let n = 1; Date.now() < endMs; n += 1) {
    const mark = `Mark ${n}!`
    sentAt.set(mark, Date.now())
    await track('watched', mark)
    await new Promise((resolve) => {
      setTimeout(resolve, markIntervalMs)
    })
  }
  return sentAt
}

async function openStream(address: string, token: string, n: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` }
    get(`${address}/api/people/user:viewed-${n}/live`, { headers, agent: false }, (response) => {
      response.resume()
      resolve(response)
    }).on('error', reject)
  })
}
