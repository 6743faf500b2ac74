// Every type of destination against everything that may go wrong between it and its vendor: time-outs before and after the body was
// taken, broken connections, slow readers, halves of answers, refusals in company, revoked secrets, crashes. What is lost, what counts
// twice, and what is said of it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { CountingVendor, Fault } from '../vendors/vendor-server.ts'
import { vendors } from '../vendors/vendors.ts'
import { destinationTypeOf, destinationTypes } from '../../src/deliver/destinations/registry.ts'
import { DestinationRig, outgoingEvent, until } from './destination.ts'

const secret = 'secret-of-the-vendor'

test('every type that speaks HTTP to a vendor has one here', () => {
  const speaking = destinationTypes.filter(({ settings }) =>
    settings.some(({ name }) => /^(?:baseUrl|url)$/.test(name)),
  )
  expect(vendors.map(({ type }) => type).sort()).toEqual(speaking.map(({ type }) => type).sort())
})

describe.each(vendors)('$type', ({ type: name, start, settingsOf, afterLostAnswer, afterRevocation, refused }) => {
  const type = destinationTypeOf(name)
  const isRepeated = afterLostAnswer === 'once'
  let vendor: CountingVendor
  const rigs: DestinationRig[] = []

  function startRig(chance = 0.5): DestinationRig {
    const rig = new DestinationRig({ type, vendor, settings: settingsOf(vendor.url, secret), timeoutMs: 250, chance })
    rigs.push(rig)
    return rig
  }

  async function failures(rig: DestinationRig, count: number): Promise<void> {
    await until(() => {
      if (rig.breaker.pauseMs > 0 && rig.breaker.failures < count) rig.clock.advance(rig.breaker.pauseMs)
      return rig.breaker.failures >= count
    })
  }

  beforeEach(async () => {
    vendor = await start(secret)
  })
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.stop()
    await vendor.stop()
  })

  const before: readonly Fault['kind'][] = ['unread', 'silent-before', 'reset-before']
  test.each(before)('%s: nothing was taken, and nothing counts twice', async (kind) => {
    vendor.fail({ kind } as Fault)
    const rig = startRig()
    rig.give([outgoingEvent()])
    const [delivery] = await rig.settled(1)
    // Who sends can't know that it wasn't taken: a vendor without ids isn't asked a second time.
    expect(delivery).toMatchObject(
      isRepeated ? { status: 'delivered', attempts: 2 } : { status: 'unconfirmed', attempts: 1 },
    )
    expect(vendor.taken()).toBe(isRepeated ? 1 : 0)
    expect(delivery?.answer).not.toBe('')
  })

  const after: readonly Fault['kind'][] = ['silent-after', 'reset-after', 'half-answer', 'half-answer-reset']
  test.each(after)('%s: it was taken, and counts once', async (kind) => {
    vendor.fail({ kind } as Fault)
    const rig = startRig()
    rig.give([outgoingEvent()])
    const [delivery] = await rig.settled(1)
    expect(delivery?.status).toBe(isRepeated ? 'delivered' : 'unconfirmed')
    // It did come twice where it may: the vendor's ids are what makes it one.
    expect(vendor.taken()).toBe(isRepeated ? 2 : 1)
    expect(vendor.events().length).toBe(1)
  })

  test('nobody listens: that is known for sure, so it is sent again, and nothing is unconfirmed', async () => {
    await vendor.away()
    const rig = startRig()
    rig.give([outgoingEvent(), outgoingEvent()])
    await failures(rig, 3)
    expect(rig.deliveries).toEqual([])
    await vendor.back()
    expect((await rig.settled(2)).map(({ status }) => status)).toEqual(['delivered', 'delivered'])
    expect(vendor.taken()).toBe(2)
  })

  test('a vendor that reads slowly is waited for', async () => {
    vendor.failAlways({ kind: 'slow-reader' })
    const rig = startRig()
    const note = () => Array.from({ length: 900 }, () => Math.random().toString(36).slice(2)).join(' ')
    rig.give(
      Array.from({ length: 5 }, () =>
        outgoingEvent({ body: { properties: { note: note(), value: 1, currency: 'TWD' } } }),
      ),
    )
    const deliveries = await rig.settled(5)
    expect(deliveries.every(({ status, attempts }) => status === 'delivered' && attempts === 1)).toBe(true)
    expect(vendor.taken()).toBe(5)
  })

  test.runIf(refused === 'never')('a refusal is about the whole file: it waits for somebody, and arrives', async () => {
    vendor.fail(teapot, teapot, teapot)
    const rig = startRig()
    rig.give(Array.from({ length: 20 }, () => outgoingEvent()))
    await failures(rig, 1)
    expect(rig.courier.lastError).toContain('HTTP 422')
    const deliveries = await rig.settled(20)
    expect(new Set(deliveries.map(({ status, attempts }) => `${status} ${attempts}`))).toEqual(new Set(['delivered 4']))
    expect([vendor.taken(), vendor.events().length]).toEqual([20, 20])
  })

  test.skipIf(refused === 'never')(
    'half of a request is refused: the other half arrives once, and each refusal has a reason',
    async () => {
      const rig = startRig()
      const objected = refused === 'never' ? undefined : refused
      const isRefused = (index: number): boolean => index % 2 === 1
      if (refused === undefined) vendor.fail(...Array.from({ length: 10 }, () => teapot))
      rig.give(Array.from({ length: 20 }, (_, index) => outgoingEvent(isRefused(index) ? objected : undefined)))
      const deliveries = await rig.settled(20)
      const rejected = deliveries.filter(({ status }) => status === 'rejected')
      expect(rejected.length).toBe(10)
      expect(rejected.every(({ reason }) => reason !== '')).toBe(true)
      if (refused !== undefined)
        expect(deliveries.map(({ status }) => status === 'rejected')).toEqual(
          deliveries.map((_, index) => isRefused(index)),
        )
      expect(deliveries.filter(({ status }) => status === 'delivered').length).toBe(10)
      expect([vendor.taken(), vendor.events().length]).toEqual([10, 10])
      expect(rig.breaker.failures).toBe(0)
    },
  )

  test('a secret is revoked, and given again', async () => {
    vendor.revoke()
    const rig = startRig()
    rig.give([outgoingEvent(), outgoingEvent()])
    if (afterRevocation === 'unnoticed') {
      // As the type's page says: `delivered` means no more than that it was taken there.
      expect((await rig.settled(2)).map(({ status }) => status)).toEqual(['delivered', 'delivered'])
      expect(vendor.events()).toEqual([])
      return
    }
    await failures(rig, 5)
    expect(rig.deliveries).toEqual([])
    expect(rig.courier.lastError).toMatch(/HTTP 40[013]/)
    vendor.restore()
    expect((await rig.settled(2)).map(({ status }) => status)).toEqual(['delivered', 'delivered'])
    expect([vendor.taken(), vendor.events().length]).toEqual([2, 2])
  })

  const waits: readonly (readonly [string, string, number, number])[] = [
    ['seconds', '90', 90_000, 90_000],
    ['a date', new Date(Date.now() + 600_000).toUTCString(), 400_000, 600_000],
    ['a day: an hour is enough', '86400', 3_600_000, 3_600_000],
    ['nonsense: as without', 'soon', 1000, 1000],
  ]
  test.each(waits)('429 with Retry-After of %s', async (_name, text, least, most) => {
    vendor.fail({ kind: 'answer', answer: { status: 429, headers: { 'retry-after': text } } })
    const rig = startRig()
    rig.give([outgoingEvent()])
    await failures(rig, 1)
    const { pauseMs } = rig.breaker
    expect(pauseMs).toBeGreaterThanOrEqual(least)
    expect(pauseMs).toBeLessThanOrEqual(most)
    rig.clock.advance(pauseMs - 1)
    expect(vendor.requests.length).toBe(1)
    rig.clock.advance(1)
    expect(await rig.settled(1)).toMatchObject([{ status: 'delivered', attempts: 2 }])
    expect(vendor.taken()).toBe(1)
  })

  test('5xx: the pauses double, and two destinations never come back at the same moments', async () => {
    vendor.failAlways({ kind: 'answer', answer: { status: 503 } })
    const [early, late] = [startRig(0), startRig(1)]
    for (const [rig, factor] of [
      [early, 0.8],
      [late, 1.2],
    ] as const) {
      rig.give([outgoingEvent()])
      for (const failed of [1, 2, 3]) {
        await failures(rig, failed)
        expect(rig.breaker.pauseMs).toBeCloseTo(1000 * 2 ** (failed - 1) * factor, 3)
      }
    }
    vendor.failAlways(undefined)
    expect(await early.settled(1)).toMatchObject([{ status: 'delivered' }])
    expect(await late.settled(1)).toMatchObject([{ status: 'delivered' }])
  })

  test('a crash between the answer and the ledger: events come again, and count as the type says', async () => {
    const events = Array.from({ length: 30 }, () => outgoingEvent())
    const dying = startRig()
    dying.ledgerFailures = Infinity
    dying.give(events)
    await until(() => vendor.taken() === 30)
    await dying.stop()
    expect(dying.deliveries).toEqual([])
    const next = startRig()
    next.give(events)
    await next.settled(30)
    expect(vendor.taken()).toBe(60)
    if (type.repetition === 'by-id') expect(vendor.events().length).toBe(30)
    else expect(type.repetitionNote).toMatch(/crash/)
  })
})

const teapot: Fault = { kind: 'answer', answer: { status: 422, body: { error: 'not this one' } } }
