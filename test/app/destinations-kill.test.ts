// kill -9 of the real processes while every type of destination has a request under way that its vendor has taken and not answered.
// What the vendors count afterwards is what the types promise: each event once where the vendor's ids allow it, at least once elsewhere.
import { afterEach, beforeEach, expect, test } from 'vitest'

import { destinationTypeOf } from '../../src/deliver/destinations/registry.ts'
import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'
import type { CountingVendor } from '../vendors/vendor-server.ts'
import { vendors } from '../vendors/vendors.ts'

const secret = 'secret-of-the-vendor'
const perRound = 250

let millpond: Millpond
let key: string
let there: { type: string; vendor: CountingVendor }[]

beforeEach(async () => {
  there = await Promise.all(vendors.map(async ({ type, start }) => ({ type, vendor: await start(secret) })))
  millpond = await startMillpond()
  key = await millpond.addSource('shop', 'server')
  for (const { type, settingsOf } of vendors) {
    const settings = settingsOf(there.find((one) => one.type === type)?.vendor.url ?? '', secret)
    const answer = await millpond.api('/api/destinations', { method: 'POST', body: JSON.stringify({ type, settings }) })
    expect(answer.status, await answer.text()).toBe(201)
  }
})

afterEach(async () => {
  await millpond.dispose()
  for (const { vendor } of there) await vendor.stop()
})

async function send(round: number): Promise<void> {
  const timestamp = new Date().toISOString()
  const batch = Array.from({ length: perRound }, (_, index) => ({
    type: 'track',
    event: 'Order Completed',
    userId: `user-${index}`,
    anonymousId: `anon-${index}`,
    messageId: `m-${round}-${index}`,
    timestamp,
    properties: { order_id: `m-${round}-${index}`, total: 5, currency: 'TWD' },
  }))
  expect((await sendTo(millpond.address, { batch }, { key })).status).toBe(200)
}

/** Every vendor takes its next request and says nothing; resolves when all of them have. */
async function allHold(): Promise<void> {
  await Promise.all(
    there.map(async ({ vendor }) => {
      const held = vendor.requests.length + 1
      vendor.fail({ kind: 'silent-after' })
      await vendor.heard(held)
    }),
  )
}

/** What is one and the same however often it comes, of an event as the vendor shows it. */
function idOf(event: object): string {
  return /"(?:\$insert_id|transaction_id|event_id|messageId)":"(m-[^"]+)"/.exec(JSON.stringify(event))?.[1] ?? 'none'
}

test('killed in the middle, engine and all of it: by ids each event counts once, elsewhere at least once, and the ledger adds up', async () => {
  for (const [round, victim] of (['engine', 'intake'] as const).entries()) {
    const holding = allHold()
    await send(round)
    await holding
    await millpond.kill(victim)
    if (victim === 'intake') millpond = await startMillpond({ data: millpond.data })
  }
  await send(2)
  const wanted = 3 * perRound
  const ids = ({ vendor }: { vendor: CountingVendor }) => new Set(vendor.events().map(idOf))
  await firstAnswer(
    async () => (there.every((one) => ids(one).size >= wanted) ? true : undefined),
    30_000,
    () => `${there.map((one) => `${one.type} ${ids(one).size}`).join(', ')} of ${wanted}. ${millpond.output()}`,
  )
  for (const { type, vendor } of there) {
    const counted = vendor.events().length
    if (destinationTypeOf(type).repetition === 'by-id') expect(counted, type).toBe(wanted)
    // The kill was in the middle: what was under way did come twice.
    expect(vendor.taken(), type).toBeGreaterThan(wanted)
  }
  const sql = `SELECT destination, count(*)::INT, count(DISTINCT delivery_id)::INT, count(*) FILTER (WHERE status = 'delivered')::INT
    FROM millpond.deliveries GROUP BY ALL`
  let rows: unknown[][] = []
  await firstAnswer(
    async () => {
      rows = await millpond.query(sql)
      return rows.length === there.length && rows.every((row) => row[2] === wanted) ? true : undefined
    },
    30_000,
    () => JSON.stringify(rows),
  )
  expect(new Set(rows)).toEqual(new Set(there.map(({ type }) => [type, wanted, wanted, wanted])))
}, 90_000)
