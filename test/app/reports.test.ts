// Reports by the clock, on a real engine and a real control file, with a clock that the test moves and a real mail server.
import type { AddressInfo } from 'node:net'

import { SMTPServer } from 'smtp-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { DashboardContent } from '../../src/control/dashboards.ts'
import type { Principal } from '../../src/control/principals.ts'
import type { Report, ReportDefinition } from '../../src/control/reports.ts'
import { createLog } from '../../src/core/log.ts'
import { type Reports, type ReportsPart, startReports } from '../../src/reports/reports.ts'
import { openSchedulesRig, owner, type SchedulesRig } from '../support/schedules-rig.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const place = { x: 0, y: 0, width: 6, height: 4 }
const tile = (id: string, sql: string, chart: Readonly<Record<string, unknown>> = { kind: 'table' }) => ({
  id,
  title: `Tile ${id}`,
  sql,
  chart,
  place,
})

let rig: SchedulesRig
let part: ReportsPart
let smtp: SMTPServer
let mails: { readonly to: readonly string[]; readonly text: string }[]
/** So many mails are refused for the moment. */
let refused: number

beforeEach(async () => {
  mails = []
  refused = 0
  rig = await openSchedulesRig('2026-03-01T00:00:00Z')
  await rig.rig.ask(
    'CREATE TABLE daily.orders (day DATE, country STRING, n INT64); INSERT daily.orders VALUES ("2026-02-27", "TW", 3), ("2026-02-28", "TW", 1250), ("2026-02-28", "<b>JP</b>", 2)',
  )
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      let text = ''
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
      stream.on('end', () => {
        if (refused > 0) {
          refused -= 1
          done(Object.assign(new Error('try again'), { responseCode: 451 }))
          return
        }
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => void smtp.listen(0, '127.0.0.1', resolve))
  const { port } = smtp.server.address() as AddressInfo
  for (const [name, to] of [
    ['founders', 'ada@example.com, bo@example.com'],
    ['team', 'team@example.com'],
  ] as const)
    rig.control.alerts.putRoute(
      { name, kind: 'email', settings: { to, from: 'pond@example.com' } },
      { smtpUrl: `smtp://127.0.0.1:${port}` },
    )
  rig.control.alerts.putRoute({ name: 'hook', kind: 'webhook', settings: {} }, { url: 'https://example.com' })
  part = start()
})

afterEach(async () => {
  await part.stop()
  await rig.close()
  await new Promise<void>((resolve) => {
    smtp.close(resolve)
  })
})

const start = (): ReportsPart =>
  startReports({
    control: rig.control,
    road: rig.rig.side.road,
    saved: rig.saved,
    clock: rig.clock,
    log: createLog('silent'),
    addressOf: (slug) => `https://pond.example.com/d/${slug}`,
  })

function dashboard(tiles: DashboardContent['tiles'], parameters: DashboardContent['parameters'] = []): string {
  const content = { parameters, zone: 'UTC', tiles }
  return rig.control.dashboards.add({ slug: 'growth', title: 'Growth', description: '' }, content, owner.id).id
}

const orders = tile('orders', 'SELECT day, SUM(n) AS n FROM daily.orders GROUP BY day ORDER BY day', { kind: 'bar' })

function report(more: Partial<ReportDefinition> = {}, by: Principal = owner): Report {
  const all = {
    dashboard: 'growth',
    cron: '0 8 * * *',
    zone: 'Asia/Taipei',
    parameters: {},
    routes: ['team'],
    skipsEmpty: false,
  }
  return reports().add('Daily', { ...all, ...more }, by)
}

const reports = (): Reports => part.reports

/** Moves the clock and waits until nothing is due any more. */
async function advance(ms: number): Promise<void> {
  rig.clock.advance(ms)
  await settled()
}

async function settled(): Promise<void> {
  for (;;) {
    const now = rig.clock.nowMicros()
    const isDue = rig.control.reports.list().some((one) => one.isEnabled && one.nextAtMicros <= now)
    if (!isDue && rig.control.reports.waiting(now, 1).length === 0) return
    rig.clock.advance(1)
    await new Promise(setImmediate)
  }
}

const told = ({ id }: Report): string[] =>
  rig.control.reports
    .mails(id, 100)
    .toReversed()
    .map(({ dueAtMicros, route, state, note }) =>
      [new Date(dueAtMicros / 1000).toISOString().slice(0, 16), route, state, note].join(' ').trim(),
    )

/** As mail programs join what mail servers may break. */
const joined = (text = ''): string => text.replaceAll('=\r\n', '').replaceAll('=3D', '=').replaceAll('\r\n', '\n')

describe('by the clock', () => {
  test('goes to everybody of each route, once, at its time, with the numbers as text, table and picture', async () => {
    dashboard([orders, tile('total', 'SELECT SUM(n) AS n FROM daily.orders', { kind: 'number' })])
    const made = report({ routes: ['founders', 'team'] })
    expect(reports().nextTimes(made, 2)).toEqual([
      Date.parse('2026-03-02T00:00:00Z'),
      Date.parse('2026-03-03T00:00:00Z'),
    ])
    await advance(23 * hourMs)
    expect(mails).toEqual([])
    await advance(hourMs)
    expect(mails.map(({ to }) => to)).toEqual([['ada@example.com', 'bo@example.com'], ['team@example.com']])
    const text = joined(mails[0]?.text)
    expect(text).toContain('Subject: Daily: Growth, 2026-03-02')
    expect(text).toContain('Data as of 2026-03-02 08:00 (Asia/Taipei)')
    expect(text).toMatch(/2026-02-28 +1\.25K/)
    expect(text).toContain('https://pond.example.com/d/growth')
    expect(text).toContain('filename=orders.svg')
    expect(text).toMatch(/Tile total\n1\.26K/)
    expect(text).not.toContain('<script')
    expect(told(made).sort()).toEqual(['2026-03-02T00:00 founders sent', '2026-03-02T00:00 team sent'])
  })

  test('of times that passed while nothing ran only the last is mailed', async () => {
    dashboard([orders])
    const made = report()
    await part.stop()
    rig.clock.advance(5 * dayMs + hourMs)
    part = start()
    await settled()
    expect(told(made)).toEqual(['2026-03-06T00:00 team sent'])
  })

  test('a mail that the server does not take is tried again, as the same mail', async () => {
    dashboard([orders])
    refused = 2
    const made = report()
    await advance(dayMs)
    expect(told(made)[0]).toMatch(/team queued .*451 try again/)
    await advance(2 * 60_000)
    await advance(5 * 60_000)
    expect(told(made)).toEqual(['2026-03-02T00:00 team sent'])
    expect(mails[0]?.text).toContain(
      `Message-ID: <report-${made.id}-${Date.parse('2026-03-02T00:00:00Z')}000-team@millpond>`,
    )
  })

  test('an engine that ended before a mail was handed over sends it after its next start', async () => {
    dashboard([orders])
    refused = 1
    const made = report()
    await advance(dayMs)
    await part.stop()
    part = start()
    await advance(2 * 60_000)
    expect(mails).toHaveLength(1)
    expect(told(made)).toEqual(['2026-03-02T00:00 team sent'])
  })

  test('a pause holds back what waits for another try', async () => {
    dashboard([orders])
    refused = 1
    const made = report()
    await advance(dayMs)
    reports().setEnabled(made.id, false, owner)
    await advance(hourMs)
    expect(mails).toEqual([])
    expect(told(made)).toEqual(['2026-03-02T00:00 team left-out The report was paused'])
  })

  test('paused it waits; resumed it goes on with the next time; by hand it goes at once', async () => {
    dashboard([orders])
    const made = report()
    reports().setEnabled(made.id, false, owner)
    await advance(2 * dayMs)
    expect(mails).toEqual([])
    reports().sendNow(made.id, owner)
    await settled()
    expect(mails).toHaveLength(1)
    reports().setEnabled(made.id, true, owner)
    await advance(dayMs)
    expect(told(made)).toHaveLength(2)
  })
})

describe('what it says', () => {
  test('a tile that fails says so, and the others are there', async () => {
    dashboard([orders, tile('broken', 'SELECT * FROM daily.gone')])
    const made = report()
    await advance(dayMs)
    const text = joined(mails[0]?.text)
    expect(text).toContain('Could not be asked: Tile broken')
    expect(text).toMatch(/2026-02-28 +1\.25K/)
    expect(told(made)).toEqual(['2026-03-02T00:00 team sent Could not be asked: Tile broken'])
  })

  test('names and values are text, never markup', async () => {
    dashboard([tile('by', 'SELECT country, n FROM daily.orders ORDER BY n')])
    const { html, text } = await reports().preview(report().id, owner)
    expect(html).toContain('&lt;b&gt;JP&lt;/b&gt;')
    expect(html).not.toContain('<b>JP')
    expect(text).toContain('<b>JP</b>')
  })

  test('nothing is sent where nothing is to say, if that is wanted', async () => {
    dashboard([tile('none', 'SELECT n FROM daily.orders WHERE n < 0')])
    const made = report({ skipsEmpty: true })
    await advance(dayMs)
    expect(told(made)).toEqual(['2026-03-02T00:00 team left-out No tile has rows'])
    reports().change(made.id, 'Daily', { ...made.definition, skipsEmpty: false }, owner)
    await advance(dayMs)
    expect(joined(mails[0]?.text)).toContain('No rows.')
  })

  test('parameters are fixed, relative to its time, or the dashboard’s own', async () => {
    const parameters = [
      { name: 'since', type: 'DATE', default: { relative: 'today' } },
      { name: 'country', type: 'STRING', default: { value: 'TW' } },
    ] as const
    dashboard([tile('some', 'SELECT day, n FROM daily.orders WHERE day >= @since AND country = @country')], parameters)
    const { text } = await reports().preview(report({ parameters: { Since: { value: '2026-02-28' } } }).id, owner)
    expect(text).toContain('since: 2026-02-28')
    expect(text).toMatch(/2026-02-28 +1250/)
    expect(text).not.toContain('2026-02-27')
  })

  test('long tables are cut and say so', async () => {
    dashboard([tile('long', 'SELECT n FROM UNNEST(GENERATE_ARRAY(1, 500)) AS n ORDER BY n')])
    const { text, html } = await reports().preview(report().id, owner)
    expect(text).toContain('480 more rows')
    expect(html.length).toBeLessThan(20_000)
  })
})

describe('rights', () => {
  test('it asks with the rights of its owner at that moment; without an owner it fails and says so', async () => {
    const { id } = await rig.control.addPrincipal('ana', 'person', 'analyst')
    const ana: Principal = { id, kind: 'person', handle: 'ana', role: 'analyst', attributes: {} }
    dashboard([orders])
    const made = report({}, ana)
    await advance(dayMs)
    expect(joined(mails[0]?.text)).toContain('Could not be asked: Tile orders')
    await rig.control.removePrincipal('ana')
    await advance(dayMs)
    expect(told(made).at(-1)).toMatch(/team failed Its owner may not sign in any more/)
  })

  test('what somebody else puts into a tile later is not mailed with its owner’s rights; what an administrator saves is', async () => {
    const { id: by } = await rig.control.addPrincipal('eve', 'person', 'analyst')
    const id = dashboard([orders])
    const made = report()
    const place = { slug: 'growth', title: 'Growth', description: '' }
    const taken = tile('orders', 'SELECT country AS taken FROM daily.orders')
    rig.control.dashboards.save(id, 1, place, { parameters: [], zone: 'UTC', tiles: [taken] }, by)
    const before = await reports().preview(made.id, owner)
    expect(before.text).toMatch(/2026-02-28 +1\.25K/)
    expect(before.text).toContain('version 1: somebody else saved version 2')
    expect(before.text).not.toContain('taken')
    reports().change(made.id, 'Daily', made.definition, owner)
    expect((await reports().preview(made.id, owner)).text).toContain('taken')
    rig.control.dashboards.save(
      id,
      2,
      place,
      { parameters: [], zone: 'UTC', tiles: [tile('more', 'SELECT 7 AS seven')] },
      owner.id,
    )
    expect((await reports().preview(made.id, owner)).text).toContain('seven')
  })

  test('a tile’s saved query is asked in the version that an administrator or the report’s owner has verified', async () => {
    const saved = rig.query('orders', 'SELECT 1 AS verified')
    dashboard([{ id: 'q', title: 'Q', query: saved.id, chart: { kind: 'table' }, place }])
    const made = report()
    const content = { dialect: 'googlesql', sql: 'SELECT 2 AS unseen', parameters: [], zone: 'UTC' } as const
    rig.saved.save(saved.id, { name: 'orders', folder: '', description: '' }, content, owner)
    expect((await reports().preview(made.id, owner)).text).toContain('verified')
    rig.saved.verify(saved.id, 2, owner)
    expect((await reports().preview(made.id, owner)).text).toContain('unseen')
  })

  test('it reads and never writes', async () => {
    dashboard([tile('writes', 'CREATE TABLE daily.taken AS SELECT 1 AS one')])
    report()
    await advance(dayMs)
    expect(joined(mails[0]?.text)).toContain('Could not be asked')
    expect(await rig.rig.error('SELECT * FROM daily.taken')).toContain('Table not found')
  })

  test('others’ reports are not there; administrators see all', () => {
    const ana: Principal = { id: 'a', kind: 'person', handle: 'ana', role: 'analyst', attributes: {} }
    dashboard([orders])
    const { id } = report()
    expect(reports().list(ana)).toEqual([])
    for (const work of [
      () => reports().get(id, ana),
      () => reports().sendNow(id, ana),
      () => reports().setEnabled(id, false, ana),
      () => {
        reports().remove(id, ana)
      },
    ])
      expect(work).toThrow(/There is no report/)
    expect(reports().list(owner)).toHaveLength(1)
  })

  test.each<[string, Partial<ReportDefinition>, RegExp]>([
    ['a route that is no mail', { routes: ['hook'] }, /no e-mail route hook/],
    ['a route that is not there', { routes: ['nobody'] }, /no e-mail route nobody/],
    ['a dashboard that is not there', { dashboard: 'gone' }, /no dashboard/],
    ['a parameter that is not there', { parameters: { city: { value: 'x' } } }, /no parameter city/],
    ['no cron', { cron: 'daily' }, /cron|fields/i],
    ['no zone', { zone: 'Taipei' }, /no time zone/],
  ])('refuses %s', (_what, more, why) => {
    dashboard([orders])
    expect(() => report(more)).toThrow(why)
  })
})
