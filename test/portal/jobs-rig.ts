// What the browser tests of saved queries and schedules share: a Millpond with a little data, people, and their tabs.
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'
import { launch, openTab, type Tab, type TabOptions } from './browser.ts'

export interface JobsRig {
  readonly pond: Millpond
  /** Of a person whom the rig made: `ana` and `ben` are members, `vera` a viewer; else the administrator's. */
  open(path: string, who?: string, options?: Partial<TabOptions>): Promise<Page>
  /** Fails if the browser complained. */
  closeTabs(): Promise<void>
  close(): Promise<void>
}

export async function openJobsRig(): Promise<JobsRig> {
  const [pond, browser]: [Millpond, Browser] = await Promise.all([startMillpond(), launch()])
  const tabs: Tab[] = []
  const tokens = new Map<string, string>()
  const key = await pond.addSource('shop')
  const orders = Array.from({ length: 12 }, (_none, n) => ({
    type: 'track',
    userId: `u${n % 4}`,
    event: 'Order Paid',
    properties: { total: n, country: n % 2 === 0 ? 'TW' : 'JP', city: ['Taipei', 'Tokyo', 'Tainan'][n % 3] },
  }))
  await sendTo(pond.address, { batch: orders }, { key })
  await pond.settled()
  for (const [handle, role] of Object.entries({ ana: 'member', ben: 'member', vera: 'viewer' })) {
    const post = async (path: string, body: object): Promise<Response> =>
      pond.api(path, { method: 'POST', body: JSON.stringify(body) })
    await post('/api/principals', { handle, kind: 'person', role, attributes: {} })
    await post('/api/grants', { grantee: handle, dataset: '*' })
    const made = await post('/api/tokens', { name: 'laptop', for: handle })
    tokens.set(handle, ((await made.json()) as { token: string }).token)
  }
  async function closeTabs(): Promise<void> {
    const complaints = tabs.flatMap((tab) => tab.complaints)
    for (const tab of tabs.splice(0)) await tab.close()
    // The browser itself writes of every answer 4xx; an unfinished query is one.
    expect(complaints.filter((text) => !/status of (?:400|403|404|409)/.test(text))).toEqual([])
  }
  return {
    pond,
    async open(path, who, options = {}) {
      const token = who === undefined ? pond.token : (tokens.get(who) ?? '')
      const tab = await openTab(browser, { address: pond.address, token, ...options })
      tabs.push(tab)
      await tab.page.goto(path)
      return tab.page
    },
    closeTabs,
    async close() {
      await browser.close()
      await pond.dispose()
    },
  }
}
