// The live page as a browser runs it: test/support/live-page.ts turns its clock, connection and API by hand.
import { Script } from 'node:vm'

import { afterEach, expect, test } from 'vitest'

import * as support from '../../../test/support/live-page.ts'
import { defaultApi, required, settle, webSource, type Page } from '../../../test/support/live-page.ts'
import type { LiveEvent } from '../../core/event.ts'
import type { LedgerLine, Status } from '../api/status.ts'
import { livePageScript } from './live-page-script.ts'
import { livePage } from './live-page.ts'

const opened: Page[] = []

afterEach(() => {
  for (const page of opened.splice(0)) page.close()
})

function openPage(api?: support.Api): Page {
  const page = support.openPage(api)
  opened.push(page)
  return page
}

let eventCount = 0

function liveEvent(change: Partial<LiveEvent> = {}): LiveEvent {
  eventCount += 1
  return {
    receivedAtMicros: 1_700_000_000_000_000 + eventCount * 1000,
    source: 'web',
    type: 'track',
    name: `Event ${eventCount}`,
    id: `id-${eventCount}`,
    userId: 'ada',
    anonymousId: null,
    verdict: 'stored',
    reason: null,
    json: '{"event":"x"}',
    ...change,
  }
}

function ledgerLine(change: Partial<LedgerLine> = {}): LedgerLine {
  return { source: 'web', received: 0, stored: 0, flagged: 0, duplicates: 0, quarantined: 0, waiting: 0, ...change }
}

function statusOf(ledger: readonly LedgerLine[], change: Partial<Status> = {}): Status {
  return {
    version: '0.1.0',
    address: 'http://mill.example:8080',
    dataFolder: '/srv/pond',
    startedAtMicros: 0,
    intake: { pid: 1, residentBytes: 1, counters: {}, forward: {} },
    engine: { pid: 2, starts: 1, startedAtMicros: 0, residentBytes: 1 },
    ledger,
    ledgerSums: true,
    streams: [{ stream: 'events', lastSequence: 1, loadedSequence: 1, waitingBytes: 0, refusing: null }],
    loader: { eventsLoaded: 0, lastLoadMs: 0, lagMs: 0, lastError: null },
    warehouse: { fedBytes: 0, madeBytes: 0 },
    dedupe: { ids: 0, windowHours: 168 },
    archive: { segments: 0, totalBytes: 0, beginsAtMicros: 0, lastError: null },
    ...change,
  }
}

test('the script parses and cannot end its own element', () => {
  expect(() => new Script(livePageScript)).not.toThrow()
  expect(livePageScript).not.toMatch(/<\/script|<!--|`/i)
  expect(livePage('abc=')).toContain('<script nonce="abc=">')
  // Neither inline handlers nor style attributes pass the content security policy.
  expect(livePage('')).not.toMatch(/<[a-z][^<>]* (?:style|on[a-z]+)=/)
  expect(livePageScript).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write/)
})

test('events appear newest first, also within one batch', async () => {
  const page = openPage()
  await page.send('open')
  await page.events([liveEvent({ name: 'one' }), liveEvent({ name: 'two' })])
  await page.events([liveEvent({ name: 'three' })])
  expect(page.names()).toEqual(['three', 'two', 'one'])
  expect(page.find('#connection').dataset['state']).toBe('live')
  expect(page.faults).toEqual([])
})

test('markup, right-to-left and very long names stay text', async () => {
  const page = openPage()
  const markup = '<img src=x onerror=alert(1)>'
  await page.events([
    liveEvent({ name: markup, userId: markup, source: '</td>' }),
    liveEvent({ name: 'طلب' }),
    liveEvent({ name: 'x'.repeat(50_000) }),
  ])
  const [long, rightToLeft, first] = page.names()
  expect(first).toBe(markup)
  expect(rightToLeft).toBe('طلب')
  expect(long).toHaveLength(301)
  expect(page.document.querySelectorAll('#event-rows img')).toHaveLength(0)
  expect(page.document.querySelectorAll('#event-rows .name:is(bdi)')).toHaveLength(3)
})

test('times are shown to the millisecond, with ISO time as title', async () => {
  const page = openPage()
  await page.events([liveEvent({ receivedAtMicros: 1_700_000_000_123_456 })])
  expect(page.find('#event-rows time').textContent).toMatch(/^\d\d:\d\d:\d\d\.123$/)
  expect(page.find('#event-rows time').title).toBe('2023-11-14T22:13:20.123Z')
})

test('a flood is drawn at most 4 times a second, 100 rows of 500 kept', async () => {
  const page = openPage()
  await page.events([liveEvent()])
  let draws = 0
  const watcher = new (page.document.defaultView ?? window).MutationObserver(() => {
    draws += 1
  })
  watcher.observe(page.find('#event-rows'), { childList: true })
  for (let batch = 0; batch < 50; batch += 1) {
    await page.send(
      'events',
      Array.from({ length: 100 }, () => liveEvent()),
    )
    await page.pass(20)
  }
  await page.pass(250)
  expect(draws).toBeGreaterThan(0)
  expect(draws).toBeLessThanOrEqual(5)
  expect(page.names()).toHaveLength(100)
  expect(page.names()[0]).toBe(`Event ${eventCount}`)
  expect(page.find('#events-count').textContent).toBe('The newest 100 of 500 events kept here')
})

test('rows that stay keep their elements', async () => {
  const page = openPage()
  await page.events([liveEvent({ name: 'one' })])
  const row = page.find('#event-rows .event')
  await page.events([liveEvent({ name: 'two' })])
  expect(page.document.querySelectorAll('#event-rows .event')[1]).toBe(row)
})

test('space pauses, counts what comes meanwhile, and shows it on resume', async () => {
  const page = openPage()
  await page.events([liveEvent({ name: 'before' })])
  page.key(' ')
  await page.events(Array.from({ length: 600 }, () => liveEvent()))
  await page.events([liveEvent({ name: 'last' })])
  expect(page.names()).toEqual(['before'])
  expect(page.find('#pause').textContent).toContain('Resume · 601 new')
  expect(page.find('#pause').getAttribute('aria-pressed')).toBe('true')
  page.find('#pause').click()
  expect(page.names()).toHaveLength(100)
  expect(page.names()[0]).toBe('last')
  expect(page.find('#pause-word').textContent).toBe('Pause')
})

test('opening an event shows its JSON and holds the feed until it is closed', async () => {
  const page = openPage()
  const json = '{"big":9007199254740993,"list":[],"a":{"b":[1,{"c":"x: {,}\\""}]}}'
  await page.events([liveEvent({ name: 'read me', json })])
  page.find('#event-rows .event button').click()
  expect(page.find('.details pre').textContent).toBe(
    '{\n  "big": 9007199254740993,\n  "list": [],\n  "a": {\n    "b": [\n      1,\n      {\n        "c": "x: {,}\\""\n      }\n    ]\n  }\n}',
  )
  await page.events([liveEvent({ name: 'later' })])
  expect(page.names()).toEqual(['read me'])
  page.find('#event-rows .event button').click()
  expect(page.names()).toEqual(['later', 'read me'])
})

test('a JSON that was cut is shown as it came', async () => {
  const page = openPage()
  await page.events([liveEvent({ json: '{"event":"cut he' })])
  page.find('#event-rows .event').click()
  expect(page.find('.details pre').textContent).toBe('{"event":"cut he')
  expect(page.find('.details .note').textContent).toContain('cut')
})

test('very deep and very large JSON neither freezes nor bursts the page', async () => {
  const page = openPage()
  const deep = `${'{"a":['.repeat(5000)}${']}'.repeat(5000)}`
  await page.events([liveEvent({ json: `"${'x'.repeat(1_000_000)}"` }), liveEvent({ json: deep })])
  for (const row of page.document.querySelectorAll<HTMLElement>('#event-rows .event')) row.click()
  const [deepText, largeText] = page.texts('.details pre')
  expect(deepText?.length).toBeLessThan(2_000_000)
  expect(deepText?.replaceAll(/\s/g, '')).toBe(deep)
  expect(largeText).toHaveLength(65_536)
})

test('filters by text, verdict and source, and a busy source does not push the others out', async () => {
  const page = openPage()
  await page.send('open')
  await page.send('status', statusOf([ledgerLine({ received: 1 }), ledgerLine({ source: 'quiet', received: 1 })]))
  await page.events([
    liveEvent({ name: 'Needle', source: 'quiet' }),
    liveEvent({ name: 'Hay', verdict: 'quarantined', reason: 'too_deep' }),
  ])

  page.type('#filter-text', ' nEEd', 'input')
  await page.pass(250)
  expect(page.names()).toEqual(['Needle'])
  page.type('#filter-text', '', 'input')
  page.type('#filter-verdict', 'quarantined', 'change')
  await page.pass(250)
  expect(page.names()).toEqual(['Hay'])
  expect(page.texts('#event-rows .reason')).toEqual(['too_deep'])

  page.find('#filter-clear').click()
  required(
    [...page.document.querySelectorAll<HTMLElement>('#source-rows tr')].find((row) =>
      row.textContent.includes('quiet'),
    ) ?? null,
    'row',
  ).click()
  await page.events(Array.from({ length: 2000 }, () => liveEvent()))
  expect(page.names()).toEqual(['Needle'])
  expect(page.texts('#source-rows .chosen bdi')).toEqual(['quiet'])
  page.type('#filter-text', 'nothing like it', 'input')
  await page.pass(250)
  expect(page.find('#events-empty').textContent).toContain('Nothing here matches')
  page.find('#filter-clear').click()
  await page.pass(250)
  expect(page.names()).toHaveLength(100)
})

test('without sources the page teaches the first steps with the real address', async () => {
  const page = openPage(defaultApi([]))
  await page.send('open')
  await page.send('status', statusOf([]))
  expect(page.find('#guide').hidden).toBe(false)
  expect(page.find('#sources').hidden).toBe(true)
  expect(page.find('#snippet-add').textContent).toBe('millpond source add web')
  expect(page.find('#snippet-curl').textContent).toContain('curl -u YOUR_WRITE_KEY: http://mill.example:8080/v1/track')
})

test('with a source the guide has its key, and leaves with the first event', async () => {
  const page = openPage()
  await page.send('open')
  await page.send('status', statusOf([]))
  expect(page.find('#snippet-add-box').hidden).toBe(true)
  expect(page.find('#snippet-server').textContent).toContain("writeKey: 'key-of-web'")
  await page.send('status', statusOf([ledgerLine({ received: 1, waiting: 1 })]))
  expect(page.find('#guide').hidden).toBe(true)
})

test('tiles add up the ledger; rates are differences of what was received', async () => {
  const page = openPage()
  await page.send('open')
  for (const received of [1000, 1050, 1100]) {
    const ledger = [
      ledgerLine({ received, stored: received - 10, flagged: 3, duplicates: 4, quarantined: 2, waiting: 1 }),
    ]
    await page.send(
      'status',
      statusOf(ledger, { loader: { eventsLoaded: 1, lastLoadMs: 1, lagMs: 320, lastError: null } }),
    )
    await page.pass(1000)
  }
  expect(page.find('#rate').textContent).toBe('50')
  expect(page.find('#stored').textContent).toBe('1,093')
  expect(page.find('#waiting-below').textContent).toBe('320 ms behind')
  expect(page.find('#quarantined-below a').getAttribute('href')).toBe('#dead-letters')
  expect(page.find('#ledger').textContent).toBe('✓ Sums')
  expect(page.texts('#source-rows td')).toEqual(['client', 'active', '1,100', '1,090', '4', '3', '2', '1', '50'])
  expect(page.find('#spark .trace').getAttribute('d')).toMatch(/^M[\d.]+ 2\.0L120\.0 2\.0$/)
})

test('a refusing buffer, a failing loader and a ledger that does not sum are said loudly', async () => {
  const page = openPage()
  await page.send('open')
  await page.send('status', statusOf([]))
  expect(page.find('#banners').children).toHaveLength(0)
  const bad = statusOf([], {
    ledgerSums: false,
    streams: [{ stream: 'events', lastSequence: 1, loadedSequence: 1, waitingBytes: 4096, refusing: 'disk-full' }],
    loader: { eventsLoaded: 0, lastLoadMs: 0, lagMs: 0, lastError: 'No <b>space</b>.' },
  })
  await page.send('status', bad)
  expect(page.texts('#banners .bad strong')).toEqual([
    'New events are refused: the disk is full.',
    'The ledger does not sum.',
  ])
  expect(page.find('#banners .bad').textContent).toContain('Free space on the disk of /srv/pond')
  expect(page.find('#banners .warn').textContent).toContain('No <b>space</b>.')
  expect(page.find('#buffer-below').textContent).toBe('refusing new events')
  const first = page.find('#banners .bad')
  await page.send('status', bad)
  expect(page.find('#banners .bad')).toBe(first)
  await page.send('status', statusOf([]))
  expect(page.find('#banners').children).toHaveLength(0)
})

test('a lost connection is shown, tried again with growing pauses, and doubles nothing', async () => {
  const page = openPage()
  await page.send('open')
  const event = liveEvent({ name: 'once' })
  await page.events([event])
  await page.send('error')
  expect(page.streams[0]?.isClosed).toBe(true)
  expect(page.find('#connection').textContent).toContain('Reconnecting')
  await page.pass(500)
  expect(page.streams).toHaveLength(2)
  await page.send('error')
  await page.pass(500)
  expect(page.streams).toHaveLength(2)
  await page.pass(500)
  expect(page.streams).toHaveLength(3)
  expect(page.find('#connection-seconds').textContent).toMatch(/^[12] s$/)
  await page.send('open')
  await page.events([event, liveEvent({ name: 'new' })])
  expect(page.names()).toEqual(['new', 'once'])
  expect(page.find('#connection-word').textContent).toBe('Live')
})

test('silence counts as a lost connection', async () => {
  const page = openPage()
  await page.send('open')
  await page.pass(12_000)
  expect(page.streams.length).toBeGreaterThan(1)
  expect(page.find('#connection').dataset['state']).toBe('lost')
})

test('an ended session reloads the page, which is then the login page', async () => {
  const page = openPage(() => ({ status: 401, body: { error: { code: 'token-invalid', message: 'no' } } }))
  await page.send('error')
  expect(page.faults.join()).toMatch(/navigation/i)
})

test('dead letters are listed, replayed one by one, and say how it went', async () => {
  const letter = {
    source: 'web',
    reason: 'event_name_missing',
    receivedAt: '2026-01-31 12:00:00.123456+00',
    events: 1,
    raw: '{"a":"<b>"}',
    replayedAt: null,
  }
  const letters = [
    { ...letter, id: 'good' },
    { ...letter, id: 'skipped' },
    { ...letter, id: 'broken' },
    { ...letter, id: 'old', replayedAt: '2026-01-31 13:00:00+00' },
  ]
  const list = defaultApi([webSource], letters)
  const page = openPage((path, options) => {
    if (options?.method !== 'POST') return list(path, options)
    if (options.body?.includes('good') === true)
      return { body: '{"total":1,"done":1}\n{"end":{"replayed":1,"skipped":[]}}\n' }
    if (options.body?.includes('skipped') === true)
      return { body: '{"end":{"replayed":0,"skipped":[{"id":"skipped","why":"no source"}]}}\n' }
    return { status: 503, body: { error: { code: 'disk-full', message: 'The disk is full.' } } }
  })
  await page.send('open')
  expect(page.find('#letters-empty').hidden).toBe(true)
  expect(page.find('.letter .why').textContent).toBe('The event has no name')
  expect(page.find('.letter time').title).toBe('2026-01-31T12:00:00.123Z')
  const buttons = [...page.document.querySelectorAll<HTMLButtonElement>('.letter .button')]
  expect(buttons.map((button) => button.disabled)).toEqual([false, false, false, true])
  for (const button of buttons) {
    button.click()
    await settle()
  }
  expect(page.asked).toContain('POST /api/dead-letters/replay {"ids":["good"]}')
  expect(page.texts('.letter .result')).toEqual([
    'Sent in again. It is judged like any new event and appears above.',
    'Not replayed: no source.',
    'Not replayed: The disk is full.',
    '',
  ])
  expect(buttons.map((button) => button.textContent)).toEqual(['Replayed', 'Replay', 'Replay', 'Replayed'])
})

test('the list of dead letters is read again when another event is quarantined', async () => {
  const page = openPage()
  await page.send('open')
  const countOf = () => page.asked.filter((line) => line.includes('/api/dead-letters?')).length
  await page.pass(3000)
  await page.send('status', statusOf([ledgerLine({ received: 1, quarantined: 1 })]))
  expect(countOf()).toBe(2)
  await page.pass(3000)
  await page.send('status', statusOf([ledgerLine({ received: 1, quarantined: 1 })]))
  expect(countOf()).toBe(2)
})
