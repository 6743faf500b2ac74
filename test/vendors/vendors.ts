// The fake vendors, one for each type of destination that speaks HTTP: how it is started, and which settings lead there.
import type { DestinationSettings } from '../../src/deliver/destinations/destination.ts'
import { startGa4 } from './ga4.ts'
import { startMeta } from './meta.ts'
import { startMixpanel } from './mixpanel.ts'
import { startObjectStorage, testKey } from './object-storage.ts'
import type { CountingVendor, VendorOptions } from './vendor-server.ts'
import { startWebhook } from './webhook.ts'

export interface VendorOfType {
  readonly type: string
  /** `secret`: the one that opens it. */
  readonly start: (secret: string, options?: VendorOptions) => Promise<CountingVendor>
  readonly settingsOf: (url: string, secret: string) => DestinationSettings
  /** `unconfirmed`: what went without an answer isn't sent again. */
  readonly afterLostAnswer: 'once' | 'unconfirmed'
  /** `unnoticed`: the vendor answers 2xx to a secret that is worth nothing, too. */
  readonly afterRevocation: 'waits' | 'unnoticed'
  /** An event that this vendor alone objects to; undefined: it says nothing about events. `never`: nor does it read any. */
  readonly refused?: 'never' | { readonly atMicros?: number; readonly name?: string; readonly body?: object }
}

const here = (baseUrl: string): DestinationSettings => ({ baseUrl, allowPrivateNetwork: 'true' })

export const vendors: readonly VendorOfType[] = [
  {
    type: 'mixpanel',
    start: startMixpanel,
    settingsOf: (url, projectToken) => ({ projectToken, groupKey: 'company', ...here(url) }),
    afterLostAnswer: 'once',
    afterRevocation: 'waits',
    // In January 1970.
    refused: { atMicros: 1_000_000 },
  },
  {
    type: 'ga4',
    start: startGa4,
    settingsOf: (url, apiSecret) => ({ measurementId: 'G-AB12CD34EF', apiSecret, ...here(url) }),
    afterLostAnswer: 'unconfirmed',
    afterRevocation: 'unnoticed',
  },
  {
    type: 'meta',
    start: startMeta,
    settingsOf: (url, accessToken) => ({ pixelId: '1234567890', accessToken, ...here(url) }),
    afterLostAnswer: 'once',
    afterRevocation: 'waits',
    // In 2099.
    refused: { atMicros: Date.UTC(2099, 0, 1) * 1000 },
  },
  {
    type: 'webhook',
    start: startWebhook,
    settingsOf: (url, secret) => ({ url, secret, allowPrivateNetwork: 'true' }),
    afterLostAnswer: 'once',
    afterRevocation: 'waits',
    refused: { name: 'Poison', body: { event: 'Poison' } },
  },
  {
    type: 'object-storage',
    // Tests move the clock of the sender by hours; what the store says to that is in the type's own test.
    start: async (secretAccessKey, options = {}) =>
      startObjectStorage({ ...options, secretAccessKey, skewMsMax: 86_400_000 }),
    settingsOf: (url, secretAccessKey) => ({ ...testKey, secretAccessKey, eventsPerFileMax: '1', ...here(url) }),
    afterLostAnswer: 'once',
    afterRevocation: 'waits',
    refused: 'never',
  },
]
