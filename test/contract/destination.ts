// What every destination keeps, whatever goes wrong on the way: nothing is lost, what its service knows by id counts once, and
// waiting is by the clock. Each type runs it in a few lines, against a server that enforces what its vendor documents. What may go wrong
// between the two is in destination-faults.test.ts.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { SimulatedClock } from '../faults/simulated-clock.ts'
import type { CountingVendor, Fault, VendorServer } from '../vendors/vendor-server.ts'
import { createLog } from '../../src/core/log.ts'
import { Breaker } from '../../src/deliver/destinations/breaker.ts'
import { Courier, waitHoursMax } from '../../src/deliver/destinations/courier.ts'
import type { Delivery } from '../../src/deliver/destinations/delivery.ts'
import type { DestinationSettings, DestinationType, OutgoingEvent } from '../../src/deliver/destinations/destination.ts'
import { createHttpSender, type HttpSender } from '../../src/outgoing/http.ts'
import { secretsRemover } from '../../src/deliver/destinations/redact.ts'
import { checkSettings } from '../../src/deliver/destinations/settings.ts'
import { createSignal, type Signal } from '../../src/deliver/warehouse/signal.ts'

export interface DestinationRigOptions {
  readonly type: DestinationType
  readonly vendor: VendorServer
  readonly settings: DestinationSettings
  /** So that "no answer" doesn't take half a minute. */
  readonly timeoutMs?: number
  /** What the breaker draws, 0 to 1. */
  readonly chance?: number
}

/** A courier over real connections, fed by hand, with a clock that the test moves. */
export class DestinationRig {
  readonly clock = new SimulatedClock(Date.now() * 1000)
  readonly deliveries: Delivery[] = []
  readonly courier: Courier
  readonly breaker: Breaker
  settledChunks = 0
  /** So many times the ledger can't be written. */
  ledgerFailures = 0
  readonly #woken: Signal = createSignal()
  readonly #sender: HttpSender
  readonly #waiting: (readonly OutgoingEvent[])[] = []

  constructor({ type, settings, timeoutMs = 500, chance = 0.5 }: DestinationRigOptions) {
    const { clock } = this
    this.breaker = new Breaker({ clock, random: () => chance })
    this.#sender = createHttpSender({ allowPrivateNetwork: true, timeoutMs, connectionsMax: 4 })
    const checked = checkSettings(type, settings)
    this.courier = new Courier({
      destination: {
        id: 'd1',
        name: 'there',
        type: type.type,
        sources: [],
        settings: checked,
        rules: {},
        state: 'active',
        version: 1,
      },
      type,
      breaker: this.breaker,
      send: this.#sender.send,
      woken: this.#woken,
      read: async () => {
        const events = this.#waiting.shift() ?? []
        return { events, positions: [], more: this.#waiting.length > 0 }
      },
      record: async (deliveries) => {
        if (this.ledgerFailures > 0) {
          this.ledgerFailures -= 1
          throw new Error('disk full')
        }
        this.deliveries.push(...deliveries)
      },
      settled: async () => {
        this.settledChunks += 1
      },
      removeSecrets: secretsRemover(type, checked),
      changed: () => undefined,
      clock,
      log: createLog('silent'),
    })
    this.courier.begin()
  }

  give(events: readonly OutgoingEvent[]): void {
    this.#waiting.push(events)
    this.#woken.set()
  }

  /** Resolves when so many events are settled; moves the clock whenever only it is waited for. */
  async settled(count: number): Promise<readonly Delivery[]> {
    await until(() => {
      if (this.breaker.pauseMs > 0) this.clock.advance(this.breaker.pauseMs)
      return this.deliveries.length >= count
    })
    return this.deliveries
  }

  async stop(): Promise<void> {
    await this.courier.stop()
    await this.#sender.stop()
  }
}

/** Lets everything run that is ready, until the condition holds; the test's time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 1)
    })
  }
}

let made = 0

export function outgoingEvent(over: Partial<OutgoingEvent> & { readonly body?: object } = {}): OutgoingEvent {
  made += 1
  const { body = {}, ...rest } = over
  const atMicros = Math.floor(Date.now() / 1000) * 1_000_000 - 60_000_000
  const known = { type: 'track', name: 'Order Completed', userId: `user-${made}`, anonymousId: `anon-${made}` } as const
  const messageId = `node-next-1700000000000-7c9e6679-7425-40de-944b-e07fc1f90${String(made).padStart(3, '0')}`
  const event = {
    type: 'track',
    event: 'Order Completed',
    messageId,
    properties: { total: 12.5, currency: 'TWD' },
    ...body,
  }
  return {
    source: 'shop',
    messageId,
    atMicros,
    receivedAtMicros: atMicros + 1_000_000,
    event: { ...event, context: contextOf(event) },
    isExact: false,
    ...known,
    ...rest,
  }
}

/** What browsers say; vendors that want it get it. */
function contextOf(event: object): object {
  const page = {
    url: 'https://shop.example.com/cart?utm_source=x',
    title: 'Cart',
    referrer: 'https://www.example.org/',
  }
  const own = 'context' in event && typeof event.context === 'object' ? event.context : {}
  return { ip: '203.0.113.7', userAgent: 'Mozilla/5.0 (X11; Linux x86_64)', page, ...own }
}

export interface DestinationSuite<Vendor extends CountingVendor> {
  readonly type: DestinationType
  readonly startVendor: () => Promise<Vendor>
  readonly settingsOf: (url: string) => DestinationSettings
}

/** Starts the vendor and a courier to it, for one test; `more` settings beside those of the suite. */
export type StartDestination<Vendor> = (more?: DestinationSettings) => Promise<{ vendor: Vendor; rig: DestinationRig }>

/** Gives what the type's own tests start with; the end of a test ends it. */
export function testDestination<Vendor extends CountingVendor>(
  suite: DestinationSuite<Vendor>,
): StartDestination<Vendor> {
  const { type, startVendor, settingsOf } = suite
  const started: { vendor: Vendor; rig: DestinationRig }[] = []
  afterEach(async () => {
    for (const { vendor, rig } of started.splice(0)) {
      await rig.stop()
      await vendor.stop()
    }
  })
  testContract(suite)
  return async (more = {}) => {
    const vendor = await startVendor()
    const rig = new DestinationRig({ type, vendor, settings: { ...settingsOf(vendor.url), ...more } })
    started.push({ vendor, rig })
    return { vendor, rig }
  }
}

function testContract({ type, startVendor, settingsOf }: DestinationSuite<CountingVendor>): void {
  describe(`the contract of destinations: ${type.type}`, () => {
    let vendor: CountingVendor
    let rig: DestinationRig

    beforeEach(async () => {
      vendor = await startVendor()
      rig = new DestinationRig({ type, vendor, settings: settingsOf(vendor.url) })
    })
    afterEach(async () => {
      await rig.stop()
      await vendor.stop()
    })

    test('events arrive, each once, within what a request may hold', async () => {
      const events = Array.from({ length: 700 }, () => outgoingEvent())
      rig.give(events)
      const deliveries = await rig.settled(700)
      expect(new Set(deliveries.map(({ status }) => status))).toEqual(new Set(['delivered']))
      expect(vendor.events().length).toBe(700)
      const { bytesPerRequestMax } = type.limits
      expect(vendor.requests.every(({ body }) => Buffer.byteLength(body) <= bytesPerRequestMax)).toBe(true)
    })

    const passing: readonly (readonly [string, Fault, RegExp])[] = [
      [
        '429 with Retry-After',
        { kind: 'answer', answer: { status: 429, headers: { 'retry-after': '7' } } },
        /HTTP 429/,
      ],
      ['429 without', { kind: 'answer', answer: { status: 429 } }, /HTTP 429/],
      ['500', { kind: 'answer', answer: { status: 500, body: { error: 'oops' } } }, /HTTP 500/],
      ['502', { kind: 'answer', answer: { status: 502 } }, /HTTP 502/],
      [
        '503 with Retry-After',
        { kind: 'answer', answer: { status: 503, headers: { 'retry-after': '2' } } },
        /HTTP 503/,
      ],
      ['408', { kind: 'answer', answer: { status: 408 } }, /HTTP 408/],
    ]
    test.each(passing)('after %s it tries again, by the clock', async (_name, fault, reason) => {
      vendor.fail(fault)
      rig.give([outgoingEvent()])
      await until(() => rig.breaker.failures === 1)
      expect(rig.courier.lastError).toMatch(reason)
      expect(rig.deliveries).toEqual([])
      const [delivery] = await rig.settled(1)
      expect(delivery).toMatchObject({ status: 'delivered', attempts: 2 })
      expect(vendor.events().length).toBe(1)
      expect(rig.breaker.failures).toBe(0)
    })

    test('Retry-After is waited for, and nothing is sent before', async () => {
      vendor.fail({ kind: 'answer', answer: { status: 429, headers: { 'retry-after': '90' } } })
      rig.give([outgoingEvent()])
      await until(() => rig.breaker.failures === 1)
      rig.clock.advance(89_000)
      expect(rig.breaker.pauseMs).toBe(1000)
      expect(vendor.requests.length).toBe(1)
      rig.clock.advance(1000)
      await vendor.heard(2)
    })

    test('a slow answer is an answer', async () => {
      vendor.fail({ kind: 'slow' })
      rig.give([outgoingEvent()])
      expect(await rig.settled(1)).toMatchObject([{ status: 'delivered', attempts: 1 }])
    })

    test('a revoked token blocks and loses nothing; with a good one all of it arrives', async () => {
      vendor.failAlways({ kind: 'answer', answer: { status: 401, body: { error: 'revoked' } } })
      rig.give([outgoingEvent(), outgoingEvent()])
      await until(() => {
        if (rig.breaker.pauseMs > 0) rig.clock.advance(rig.breaker.pauseMs)
        return rig.breaker.failures >= 5
      })
      expect(rig.deliveries).toEqual([])
      expect(rig.courier.lastError).toContain('401')
      vendor.failAlways(undefined)
      expect((await rig.settled(2)).map(({ status }) => status)).toEqual(['delivered', 'delivered'])
    })

    test('while nothing is taken one request at a time tries, more and more seldom, and after two weeks it says so', async () => {
      vendor.failAlways({ kind: 'answer', answer: { status: 503 } })
      rig.give([outgoingEvent()])
      const pauses: number[] = []
      await until(() => {
        const { pauseMs } = rig.breaker
        if (pauseMs > 0 && pauses.length < 12) {
          pauses.push(pauseMs)
          rig.clock.advance(pauseMs)
        }
        return pauses.length === 12
      })
      expect(pauses.slice(0, 4)).toEqual([1000, 2000, 4000, 8000])
      expect(pauses.at(-1)).toBe(300_000)
      rig.clock.advance(waitHoursMax * 3_600_000)
      const [delivery] = await rig.settled(1)
      expect(['expired', 'rejected']).toContain(delivery?.status)
      expect(delivery?.reason).toMatch(/Not delivered within|HTTP 503/)
    })

    test('an event that its integrations keep away is skipped, and the ledger says why', async () => {
      const [name = ''] = type.integrationNames
      rig.give([
        outgoingEvent({ body: { integrations: { [name]: false } } }),
        outgoingEvent({ body: { integrations: { All: false } } }),
        outgoingEvent({ body: { integrations: { All: false, [`${name} (Actions)`]: {} } } }),
      ])
      const statuses = (await rig.settled(3)).map(({ status }) => status)
      expect(statuses).toEqual(['skipped', 'skipped', 'delivered'])
    })

    test('while the ledger cannot be written nothing is sent a second time', async () => {
      rig.ledgerFailures = 3
      rig.give([outgoingEvent()])
      await until(() => {
        rig.clock.advance(5000)
        return rig.deliveries.length === 1
      })
      expect(vendor.requests.length).toBe(1)
      expect(rig.deliveries).toMatchObject([{ status: 'delivered', attempts: 1 }])
    })

    test('shaping is pure: a try later, a preview and a replay give the same bytes', () => {
      const event = outgoingEvent()
      const settings = checkSettings(type, settingsOf('https://example.com'))
      expect(type.shape(event, settings)).toEqual(type.shape(structuredClone(event), settings))
    })

    test('what was under way when it stopped is not settled', async () => {
      vendor.fail({ kind: 'silent-before' })
      rig.give([outgoingEvent()])
      await vendor.heard(1)
      await rig.stop()
      expect(rig.deliveries).toEqual([])
      expect(rig.settledChunks).toBeLessThanOrEqual(1)
    })
  })
}
