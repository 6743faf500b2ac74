// Alerts by the clock, on a real engine and a real control file, with a clock that the test moves; people are told over a real webhook
// and real mail.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { SMTPServer } from 'smtp-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { type AlertsPart, startAlerts } from '../../src/alerts/alerts.ts'
import type { AlertDefinition, AlertMessage } from '../../src/control/alerts.ts'
import { createLog } from '../../src/core/log.ts'
import { openSchedulesRig, owner, type SchedulesRig } from '../support/schedules-rig.ts'

const minuteMs = 60_000
const secret = 'a-secret-of-the-webhook'

let rig: SchedulesRig
let part: AlertsPart
let server: Server
let smtp: SMTPServer
let posts: {
  readonly message: AlertMessage
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}[]
let mails: string[]
/** Answers of the webhook, from the front; 200 when there are no more. */
let answers: number[]

beforeEach(async () => {
  posts = []
  mails = []
  answers = []
  rig = await openSchedulesRig('2026-03-01T00:00:00Z')
  await rig.rig.ask('CREATE TABLE daily.errors (service STRING, n INT64)')
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const status = answers.shift() ?? 200
      if (status === 200) {
        const message = JSON.parse(Buffer.concat(parts).toString()) as AlertMessage
        posts.push({ message, headers: request.headers })
      }
      response.writeHead(status).end()
    })
  })
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      let text = ''
      stream.on('data', (part: Buffer) => (text += part.toString()))
      stream.on('end', () => {
        mails.push(text)
        done()
      })
    },
  })
  await Promise.all([listening(server), new Promise<void>((resolve) => void smtp.listen(0, '127.0.0.1', resolve))])
  part = start()
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`
  part.alerts.putRoute({ name: 'hook', kind: 'webhook', settings: { allowPrivateNetwork: 'true' } }, { url, secret })
  const { port } = smtp.server.address() as AddressInfo
  part.alerts.putRoute(
    { name: 'mail', kind: 'email', settings: { to: 'ada@example.com', from: 'pond@example.com' } },
    { smtpUrl: `smtp://127.0.0.1:${port}` },
  )
})

afterEach(async () => {
  await part.stop()
  await rig.close()
  await new Promise((resolve) => server.close(resolve))
  await new Promise<void>((resolve) => {
    smtp.close(resolve)
  })
})

async function listening(one: Server): Promise<void> {
  await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve))
}

function start(): AlertsPart {
  const { control, rig: asking, saved, clock } = rig
  const log = createLog('silent')
  const addressOf = (alert: string): string => `https://pond.example.com/alerts/${alert}`
  return startAlerts({ control, road: asking.side.road, saved, clock, log, addressOf })
}

function definition(more: Partial<AlertDefinition> = {}): AlertDefinition {
  return {
    sql: 'SELECT SUM(n) AS n FROM daily.errors',
    parameters: {},
    condition: { kind: 'threshold', is: 'above', value: 5 },
    everyMinutes: 5,
    forCount: 1,
    zone: 'UTC',
    routes: ['hook'],
    runbook: 'Look at the logs.',
    ...more,
  }
}

/** Moves the clock, and waits until every alert was looked at for the time that it is. */
async function advance(minutes: number): Promise<void> {
  rig.clock.advance(minutes * minuteMs)
  await settled(() =>
    rig.control.alerts.list().every((alert) => !alert.isEnabled || alert.nextAtMicros > rig.clock.nowMicros()),
  )
}

async function settled(isDone: () => boolean): Promise<void> {
  for (;;) {
    if (isDone()) return
    rig.clock.advance(1)
    await new Promise(setImmediate)
  }
}

const errors = async (service: string, n: number): Promise<unknown> =>
  rig.rig.ask(`INSERT daily.errors VALUES ('${service}', ${n})`)
const told = (): string[] => posts.map(({ message }) => `${message.what} ${message.group}`.trim())

describe('an alert', () => {
  test('fires at the time that it is looked at, tells once, and tells when it ended', async () => {
    const { id } = part.alerts.add('Errors', definition({ routes: ['hook', 'mail'] }), owner)
    await advance(5)
    expect(rig.control.alerts.states(id).map(({ state }) => state)).toEqual(['ok'])
    await errors('web', 7)
    await advance(10)
    await settled(() => posts.length === 1 && mails.length === 1)
    expect(posts[0]?.message).toMatchObject({
      what: 'firing',
      value: 7,
      condition: 'above 5',
      at: '2026-03-01T00:10:00.000Z',
    })
    expect(posts[0]?.headers['webhook-id']).toBe(posts[0]?.message.id)
    expect(posts[0]?.headers['webhook-signature']).toMatch(/^v1,/)
    expect(mails[0]).toContain('Subject: [firing] Errors')
    expect(mails[0]).toContain('Look at the logs.')
    expect(mails[0]).toContain(`https://pond.example.com/alerts/${id}`)
    await advance(10)
    await rig.rig.ask('DELETE FROM daily.errors WHERE TRUE')
    await advance(5)
    await settled(() => posts.length === 2)
    expect(told()).toEqual(['firing', 'recovered'])
    expect(rig.control.alerts.changes(id, 10).map(({ from, to }) => `${from} ${to}`)).toEqual([
      'firing ok',
      'ok firing',
    ])
  })

  test('has a state for each group, and forgets those that are well and gone', async () => {
    const sql = 'SELECT service, SUM(n) AS n FROM daily.errors GROUP BY service'
    const { id } = part.alerts.add('By service', definition({ sql, groupBy: 'service' }), owner)
    await errors('web', 9)
    await errors('app', 1)
    await advance(5)
    await settled(() => posts.length === 1)
    await rig.rig.ask('DELETE FROM daily.errors WHERE TRUE')
    await advance(5)
    await settled(() => posts.length === 2)
    expect(told()).toEqual(['firing web', 'recovered web'])
    expect(rig.control.alerts.states(id)).toEqual([])
  })

  test('says that it could not be evaluated, and goes on', async () => {
    const { id } = part.alerts.add('Broken', definition({ sql: 'SELECT n FROM daily.gone' }), owner)
    await advance(10)
    await settled(() => posts.length === 1)
    expect(told()).toEqual(['unknown'])
    expect(posts[0]?.message.error).toContain('daily.gone')
    await rig.rig.ask('CREATE TABLE daily.gone AS SELECT 1 AS n')
    await advance(5)
    expect(rig.control.alerts.states(id).map(({ state }) => state)).toEqual(['ok'])
  })

  test('compares with the same query so long before, by its run time', async () => {
    await rig.rig.ask(
      'CREATE TABLE daily.sales AS SELECT TIMESTAMP "2026-03-01 00:30:00+00" AS happened, 100 AS n UNION ALL SELECT TIMESTAMP "2026-03-01 01:30:00+00", 40',
    )
    const sql =
      'SELECT SUM(n) AS n FROM daily.sales WHERE happened < @run_time AND happened >= TIMESTAMP_SUB(@run_time, INTERVAL 1 HOUR)'
    const condition = { kind: 'change', direction: 'down', percent: 50, beforeMinutes: 60 } as const
    part.alerts.add('Sales', definition({ sql, condition, everyMinutes: 60 }), owner)
    await advance(60)
    await advance(60)
    await settled(() => posts.length === 1)
    expect(posts[0]?.message).toMatchObject({ value: 40, at: '2026-03-01T02:00:00.000Z' })
  })

  test('that is muted tells nobody, and keeps its history; paused it is not looked at', async () => {
    const { id } = part.alerts.add('Errors', definition(), owner)
    part.alerts.mute(id, rig.clock.nowMicros() + 3_600_000_000)
    await errors('web', 7)
    await advance(5)
    expect(rig.control.alerts.changes(id, 10)).toHaveLength(1)
    expect(rig.control.alerts.messages(id, 10)).toEqual([])
    part.alerts.setEnabled(id, false, owner)
    await rig.rig.ask('DELETE FROM daily.errors WHERE TRUE')
    await advance(20)
    expect(rig.control.alerts.states(id)[0]?.state).toBe('firing')
  })
})

describe('a message', () => {
  test('that a route refuses is tried again, with the same id, until somebody took it', async () => {
    answers = [500, 503]
    const { id } = part.alerts.add('Errors', definition(), owner)
    await errors('web', 7)
    await advance(5)
    await settled(() => rig.control.alerts.messages(id, 1)[0]?.attempts === 1)
    expect(rig.control.alerts.messages(id, 1)[0]).toMatchObject({ sentAtMicros: null, error: 'HTTP 500: ' })
    rig.clock.advance(minuteMs)
    await settled(() => rig.control.alerts.messages(id, 1)[0]?.attempts === 2)
    rig.clock.advance(2 * minuteMs)
    await settled(() => posts.length === 1)
    expect(rig.control.alerts.messages(id, 10)).toHaveLength(1)
  })

  test('is neither lost nor made twice when the engine ends between the evaluation and the sending', async () => {
    const { id } = part.alerts.add('Errors', definition(), owner)
    await errors('web', 7)
    answers = [500]
    await advance(5)
    await settled(() => rig.control.alerts.messages(id, 1)[0]?.attempts === 1)
    await part.stop()
    part = start()
    await advance(6)
    await settled(() => posts.length === 1)
    await advance(5)
    expect(told()).toEqual(['firing'])
    expect(rig.control.alerts.changes(id, 10)).toHaveLength(1)
  })

  test('never goes to an address of this machine, unless an administrator says so', async () => {
    part.alerts.putRoute({ name: 'guarded', kind: 'webhook', settings: {} }, { url: 'http://127.0.0.1:9/x', secret })
    const { id } = part.alerts.add('Errors', definition({ routes: ['guarded'] }), owner)
    part.alerts.test(id, owner)
    await settled(() => rig.control.alerts.messages(id, 1)[0]?.attempts === 1)
    expect(rig.control.alerts.messages(id, 1)[0]?.error).toContain('private network')
  })
})

test('an alert of two engines is looked at by one of them: the other comes too late', async () => {
  const alert = part.alerts.add('Errors', definition(), owner)
  const found = { states: [], changes: [], messages: [], nextAtMicros: alert.nextAtMicros + 300_000_000 }
  expect(rig.control.alerts.evaluated(alert, found)).toBe(true)
  expect(rig.control.alerts.evaluated(alert, found)).toBe(false)
})

test('what would have been is told before anything is saved, with its cost', async () => {
  await rig.rig.ask('CREATE TABLE daily.load AS SELECT TIMESTAMP "2026-02-27 12:00:00+00" AS happened, 9 AS n')
  const sql =
    'SELECT SUM(n) AS n FROM daily.load WHERE happened < @run_time AND happened >= TIMESTAMP_SUB(@run_time, INTERVAL 1 DAY)'
  const wanted = definition({ sql, everyMinutes: 720 })
  const { signal } = new AbortController()
  const cost = await part.alerts.backtest(wanted, owner, { days: 5, wantsTimes: false }, signal)
  expect([cost.looks, cost.isBlind, cost.times]).toEqual([10, false, undefined])
  const { times = [], messages } = await part.alerts.backtest(wanted, owner, { days: 5, wantsTimes: true }, signal)
  const firing = times
    .filter((one) => one.firing.length > 0)
    .map(({ atMicros }) => new Date(atMicros / 1000).toISOString())
  expect(firing).toEqual(['2026-02-28T00:00:00.000Z', '2026-02-28T12:00:00.000Z'])
  expect(messages).toBe(2)
  expect(rig.control.alerts.list()).toEqual([])
  const blind = await part.alerts.backtest(definition(), owner, { days: 1, wantsTimes: false }, signal)
  expect(blind.isBlind).toBe(true)
})
