// The real @rudderstack/rudder-sdk-node against a real Millpond: data plane URL changed, nothing else.
import Analytics from '@rudderstack/rudder-sdk-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { startTestServer, testKeys } from '../wire/collect-server.ts'

let millpond: Millpond
let writeKey = ''
beforeAll(async () => {
  millpond = await startMillpond()
  writeKey = await millpond.addSource('shop', 'server')
})
afterAll(() => millpond.dispose())

/** Sends what is queued, and waits for the callbacks of all calls. */
async function sendAll(analytics: Analytics, calls: readonly ((done: () => void) => void)[]): Promise<void> {
  const answered = calls.map(
    (call) =>
      new Promise<void>((resolve) => {
        call(resolve)
      }),
  )
  await analytics.flush()
  await Promise.all(answered)
}

async function rows(sql: string, count = 1): Promise<unknown[][]> {
  const enough = async (): Promise<unknown[][] | undefined> => {
    const found = await millpond.query(sql).catch(() => [])
    return found.length >= count ? found : undefined
  }
  return firstAnswer(enough, 10_000, millpond.output)
}

describe('rudder-sdk-node', () => {
  test('delivers every kind of call into the tables of Segment’s schema', async () => {
    const failures: unknown[] = []
    const analytics = new Analytics(writeKey, {
      dataPlaneUrl: millpond.address,
      flushAt: 20,
      flushInterval: 50,
      errorHandler: (error) => failures.push(error),
    })
    const userId = 'cook-1'
    const at = new Date('2026-03-02T08:15:30.250Z')
    await sendAll(analytics, [
      (done) => analytics.identify({ userId, traits: { plan: 'plus', name: 'Ада 🍲' } }, done),
      (done) => analytics.track({ userId, event: 'Recipe Cooked', properties: { recipe: 'Rösti', minutes: 45 } }, done),
      (done) => analytics.track({ userId, event: 'Recipe Cooked', timestamp: at, properties: { minutes: 46 } }, done),
      (done) => analytics.page({ userId, name: 'Recipe' }, done),
      (done) => analytics.screen({ anonymousId: 'device-1', name: 'Home' }, done),
      (done) => analytics.group({ userId, groupId: 'brigade', traits: { seats: 3 } }, done),
      (done) => analytics.alias({ userId, previousId: 'device-1' }, done),
    ])
    expect(failures).toEqual([])

    const cooked = await rows(
      'SELECT recipe, minutes, user_id, time_method FROM shop.recipe_cooked ORDER BY minutes',
      2,
    )
    expect(cooked).toEqual([
      ['Rösti', 45, userId, 'sender'],
      [null, 46, userId, 'sender'],
    ])
    const times = await rows(`SELECT id IS NOT NULL, original_timestamp IS NOT NULL, sent_at IS NOT NULL,
      abs(epoch_ms(received_at) - epoch_ms("timestamp")) < 30000 FROM shop.recipe_cooked WHERE minutes = 45`)
    expect(times).toEqual([[true, true, true, true]])
    expect(await rows('SELECT epoch_ms("timestamp") FROM shop.recipe_cooked WHERE minutes = 46')).toEqual([
      [at.getTime()],
    ])
    expect(await rows("SELECT plan, name FROM shop.users WHERE id = 'cook-1'")).toEqual([['plus', 'Ада 🍲']])
    expect(await rows('SELECT name FROM shop.pages')).toEqual([['Recipe']])
    expect(await rows('SELECT name, anonymous_id FROM shop.screens')).toEqual([['Home', 'device-1']])
    expect(await rows('SELECT group_id, seats FROM shop.groups')).toEqual([['brigade', 3]])
    expect(await rows('SELECT previous_id, user_id FROM shop.aliases')).toEqual([['device-1', userId]])
    // A server's address is no address of a user.
    const context = await rows('SELECT context_library_name, context_library_version FROM shop.pages')
    expect(context).toEqual([['analytics-node', '3.0.13']])
    const columns = await rows("SELECT column_name FROM information_schema.columns WHERE table_schema = 'shop'")
    expect(columns.flat()).not.toContain('context_ip')
  })

  test('delivers without gzip too', async () => {
    const analytics = new Analytics(writeKey, { dataPlaneUrl: `${millpond.address}/`, gzip: false, flushInterval: 50 })
    await sendAll(analytics, [(done) => analytics.track({ userId: 'cook-2', event: 'Plain' }, done)])
    expect(await rows('SELECT user_id FROM shop.plain')).toEqual([['cook-2']])
  })

  test('a disabled key hears success, and the events wait in quarantine', async () => {
    const server = await startTestServer()
    const failures: unknown[] = []
    const options = { dataPlaneUrl: server.url, flushInterval: 20, errorHandler: (e: Error) => failures.push(e) }
    const analytics = new Analytics(testKeys.disabled, options)
    await sendAll(analytics, [(done) => analytics.track({ userId: 'cook-1', event: 'Recipe Cooked' }, done)])
    expect(failures).toEqual([])
    expect(server.records).toMatchObject([{ source: 'old', meta: { refused: 'key_disabled', via: 'server' } }])
    await server.stop()
  })

  test('a key of nobody is an error to the program, and is not tried again', async () => {
    const server = await startTestServer()
    const failures: unknown[] = []
    const options = { dataPlaneUrl: server.url, flushInterval: 20, errorHandler: (e: Error) => failures.push(e) }
    const analytics = new Analytics(testKeys.foreign, options)
    await sendAll(analytics, [(done) => analytics.track({ userId: 'cook-1', event: 'Recipe Cooked' }, done)])
    expect(failures).toMatchObject([{ response: { status: 401 } }])
    expect(server.stats()).toMatchObject({ requests: 1, 'requestsRefused.write-key-unknown': 1 })
    await server.stop()
  })
})
