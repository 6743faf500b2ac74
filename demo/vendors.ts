// Servers that stand for Cubby's Mixpanel, Google Analytics and Meta: on loopback, by the rules that the vendors document, and now
// and then they have a bad moment. They end with the demo; what comes meanwhile waits.
import { startGa4 } from '../test/vendors/ga4.ts'
import { startMeta } from '../test/vendors/meta.ts'
import { startMixpanel } from '../test/vendors/mixpanel.ts'
import type { VendorAnswer, VendorServer } from '../test/vendors/vendor-server.ts'

export const vendorNames = ['mixpanel', 'ga4', 'meta'] as const
export type VendorName = (typeof vendorNames)[number]

/** They open nothing but the servers here. */
export const vendorSecrets: Readonly<Record<VendorName, string>> = {
  mixpanel: 'cubby-demo-project-token',
  ga4: 'cubby-demo-api-secret',
  meta: 'cubby-demo-access-token',
}

const tooMany: VendorAnswer = { status: 429, headers: { 'retry-after': '3' }, body: { error: 'Too many requests' } }
const away: VendorAnswer = { status: 503, body: { error: 'Service unavailable' } }
const keepMax = 2000

export interface DemoVendors {
  readonly urls: Readonly<Record<VendorName, string>>
  stop(): Promise<void>
}

export async function startVendors(): Promise<DemoVendors> {
  const servers: Readonly<Record<VendorName, VendorServer>> = {
    mixpanel: await startMixpanel(vendorSecrets.mixpanel, { keepMax, mishap: { every: 4, answer: tooMany } }),
    ga4: await startGa4(vendorSecrets.ga4, { keepMax, mishap: { every: 300, answer: away } }),
    meta: await startMeta(vendorSecrets.meta, { keepMax, mishap: { every: 3, answer: away } }),
  }
  return {
    urls: { mixpanel: servers.mixpanel.url, ga4: servers.ga4.url, meta: servers.meta.url },
    async stop() {
      await Promise.all(Object.values(servers).map(async (server) => server.stop()))
    },
  }
}
