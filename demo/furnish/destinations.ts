// The company's destinations: what it passes on, to the servers of ../vendors.ts. They are set up in the last days of the history,
// since a destination gets what comes in from then on.
import { setTimeout as delay } from 'node:timers/promises'

import type { DestinationAsked, DestinationShown } from '../../src/portal/api/destination-answers.ts'
import { type VendorName, vendorNames, vendorSecrets } from '../vendors.ts'
import type { Call } from './furnish.ts'

interface Wanted {
  readonly asked: Omit<DestinationAsked, 'name' | 'type'>
  /** How much of the history it gets, at most: from a midnight on. */
  readonly days: number
}

const toLoopback = { allowPrivateNetwork: 'true' }

const wanted: Readonly<Record<VendorName, Wanted>> = {
  mixpanel: {
    asked: {
      sources: ['cubby_ios', 'cubby_android', 'cubby_web'],
      settings: { projectToken: vendorSecrets.mixpanel, groupKey: 'household', ...toLoopback },
    },
    days: 1.2,
  },
  // Long enough that some of it is older than Google takes.
  ga4: {
    asked: {
      sources: ['cubby_web'],
      settings: {
        measurementId: 'G-CUBBY12345',
        apiSecret: vendorSecrets.ga4,
        consentCategories: 'analytics',
        ...toLoopback,
      },
    },
    days: 4.2,
  },
  meta: {
    asked: {
      sources: ['cubby_android', 'cubby_web'],
      settings: {
        pixelId: '1234567890',
        accessToken: vendorSecrets.meta,
        consentCategories: 'advertising',
        consentDefault: 'deny',
        ...toLoopback,
      },
      rules: { events: { not: ['Baby Cried Alert Shown', 'Baby Cried Alert Dismissed', 'Baby Cried Alert Opened'] } },
    },
    days: 1.2,
  },
}

type Urls = Readonly<Record<VendorName, string>>

export async function destinationsOf(call: Call): Promise<readonly DestinationShown[]> {
  return ((await call('GET', '/api/destinations')) as { readonly destinations: readonly DestinationShown[] })
    .destinations
}

interface Moment {
  readonly daysLeft: number
  /** A new destination gets what is loaded from then on, so nothing that came before may still wait. */
  readonly loaded: () => Promise<void>
}

/** In the history: those that it is time for. Then: all. Those that are there hear where their vendor is today. */
export async function connectDestinations(call: Call, urls: Urls, moment?: Moment): Promise<void> {
  const there = await destinationsOf(call)
  for (const name of vendorNames) {
    if (wanted[name].days < (moment?.daysLeft ?? 0)) continue
    const { asked } = wanted[name]
    const known = there.find((one) => one.name === name)
    const baseUrl = urls[name]
    if (known === undefined) {
      const settings = { ...asked.settings, baseUrl }
      await moment?.loaded()
      await call('POST', '/api/destinations', { ...asked, settings, name, type: name })
      // Somebody may have sent it elsewhere: that stays.
    } else if (
      known.settings['baseUrl']?.startsWith('http://127.0.0.1:') === true &&
      known.settings['baseUrl'] !== baseUrl
    )
      await call('PUT', `/api/destinations/${name}`, { settings: { baseUrl } })
  }
}

const askAgainMs = 200

/** Resolves when nothing waits for the vendors any more, or after `timeoutMs`. */
export async function settledDestinations(call: Call, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (performance.now() < deadline && !signal.aborted) {
    const all = await destinationsOf(call)
    if (all.every(({ state, delivery }) => state !== 'active' || delivery?.state === 'idle')) return
    await delay(askAgainMs)
  }
}
