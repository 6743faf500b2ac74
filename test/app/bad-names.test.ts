// Names, types and senders that would hurt a warehouse or a server with less patience: floods of event and property
// names, names of our own columns, types that change, sockets that stall. Memory stays bounded, and every event is in a
// table.
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { expectLedgerSums, lineOf, residentBytes, sendTo } from '../support/sender.ts'
import { openSocket, readAnswer } from '../wire/raw.ts'

const tablesMax = 60
const columnsMax = 120
const settings = {
  MILLPOND_YOUNG_SOURCE_TABLES_MAX: '2',
  MILLPOND_TABLES_PER_SOURCE_MAX: String(tablesMax),
  MILLPOND_COLUMNS_PER_TABLE_MAX: String(columnsMax),
  MILLPOND_BODY_TIMEOUT_MS: '1200',
}

let millpond: Millpond

beforeAll(async () => {
  millpond = await startMillpond({ settings })
})

afterAll(async () => {
  await millpond.dispose()
})

type Event = Readonly<Record<string, unknown>>

function track(event: string, properties: unknown = {}, more: object = {}): Event {
  return { type: 'track', event, userId: 'u', properties, ...more }
}

async function send(key: string, events: readonly Event[]): Promise<void> {
  for (let from = 0; from < events.length; from += 1000) {
    const answer = await sendTo(millpond.address, { batch: events.slice(from, from + 1000) }, { key })
    expect(answer).toMatchObject({ status: 200 })
  }
}

/** Sends the events and a neighbour to a new source; all of them must be stored. */
async function load(source: string, events: readonly Event[], platform: 'client' | 'server' = 'client'): Promise<void> {
  const key = await millpond.addSource(source, platform)
  await send(key, [...events, track('Neighbour')])
  const status = await millpond.settled()
  expectLedgerSums(status)
  expect(status.loader.lastError).toBeNull()
  expect(lineOf(status, source)).toMatchObject({ stored: events.length + 1, quarantined: 0 })
}

async function tablesOf(source: string): Promise<number> {
  return Number(
    await millpond.queryValue(
      `SELECT count(*) FROM information_schema.tables WHERE table_schema = '${source}' AND table_type = 'BASE TABLE'`,
    ),
  )
}

async function engineBytes(): Promise<number> {
  return residentBytes(await readFile(`/proc/${(await millpond.pids()).engine}/status`, 'utf8').catch(() => ''))
}

describe('floods of names', () => {
  it('20,000 event names from a browser key make no tables, and every event is in tracks', async () => {
    const events = Array.from({ length: 20_000 }, (_, n) =>
      track(`Flood ${n}`, { n, [`key ${n % 3000}`]: n }, { anonymousId: `a${n}` }),
    )
    await load('flood', events)
    expect(await tablesOf('flood')).toBeLessThanOrEqual(4)
    const found =
      "SELECT count(*)::INTEGER, count(DISTINCT event_text)::INTEGER, sum((properties->>'n')::BIGINT)::BIGINT"
    const [row] = await millpond.query(`${found} FROM flood.tracks WHERE event_text LIKE 'Flood%'`)
    expect(row?.map(Number)).toEqual([20_000, 20_000, 199_990_000])
    expect(await engineBytes()).toBeLessThan(900 * 1024 * 1024)
  })

  it('3,000 event names from a server stop at tablesPerSourceMax; the rest is queryable under tracks', async () => {
    await load(
      'many',
      Array.from({ length: 3000 }, (_, n) => track(`Step ${n}`, { n })),
      'server',
    )
    // tracks_other and no more than the budget.
    expect(await tablesOf('many')).toBe(tablesMax + 1)
    expect(await millpond.query('SELECT count(*)::INTEGER, count(DISTINCT event)::INTEGER FROM many.tracks')).toEqual([
      [3001, 3001],
    ])
    expect(await millpond.queryValue("SELECT properties->>'n' FROM many.tracks WHERE event_text = 'Step 2999'")).toBe(
      '2999',
    )
    const noted =
      "SELECT count(*) FROM millpond.schema_changes WHERE dataset = 'many' AND change = 'table-budget-reached'"
    expect(await millpond.queryValue(noted)).toBe(1)
  })

  it('5,000 property names, in one event and over many, stop at columnsPerTableMax; all stay in properties', async () => {
    const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`wide_${n}`, n]))
    const events = [
      track('Wide', wide),
      ...Array.from({ length: 5000 }, (_, n) => track('Many', { [`many_${n}`]: n, common: n })),
      { type: 'identify', userId: 'u', traits: wide },
      { type: 'identify', userId: 'v', context: wide, traits: { plan: 'pro' } },
    ]
    await load('columns', events, 'server')
    const counts = await millpond.query(
      "SELECT table_name, count(*)::INTEGER FROM information_schema.columns WHERE table_schema = 'columns' GROUP BY ALL",
    )
    const byTable = Object.fromEntries(counts) as Record<string, number>
    expect(byTable).toMatchObject({ wide: columnsMax, many: columnsMax, identifies: columnsMax })
    for (const [table, columns] of counts) expect(columns, String(table)).toBeLessThanOrEqual(columnsMax)
    expect(await millpond.queryValue('SELECT len(json_keys(properties)) FROM columns.wide')).toBe(5000)
    expect(
      await millpond.queryValue(
        "SELECT sum(common)::INTEGER FROM columns.many WHERE properties->>'many_4999' = '4999' OR many_0 = 0",
      ),
    ).toBe(4999)
    expect(await millpond.queryValue("SELECT len(json_keys(traits)) FROM columns.identifies WHERE user_id = 'u'")).toBe(
      5000,
    )
    // A context stands nowhere else in the row.
    expect(
      await millpond.queryValue("SELECT _overflow->>'context_wide_4999' FROM columns.identifies WHERE user_id = 'v'"),
    ).toBe('4999')
  })
})

describe('names that mean something to somebody', () => {
  const words = [
    'select',
    'order',
    'table',
    'rowid',
    'row',
    'null',
    'true',
    'main',
    'temp',
    'columns',
    '"',
    "'",
    ';',
    '*',
  ]

  it('properties named like our own columns, like SQL and like nothing', async () => {
    const own = [
      'id',
      'ID',
      'received_at',
      'sentAt',
      'timestamp',
      'original_timestamp',
      'loaded_at',
      'time_method',
      'anonymousId',
      'user_id',
      'event',
      'event_text',
      'properties',
      '_overflow',
      'context_ip',
      'context',
      ...words,
      '',
      ' ',
      '👶',
      '睡眠',
      'ß',
      'ẞ',
      'İ',
      'ı',
      'K',
      'x'.repeat(3000),
      "x'); DROP TABLE web.tracks; --",
    ]
    const properties = Object.fromEntries(own.map((name, n) => [name, n]))
    await load('words', [track('Words', properties), { type: 'identify', userId: 'w', traits: properties }], 'server')
    const json =
      'SELECT properties::VARCHAR, prop_event, prop_timestamp, "select", prop_context_ip, prop_rowid FROM words.words'
    const [row] = await millpond.query(json)
    expect(row).toEqual([JSON.stringify(properties), 10, 4, 16, 14, 19])
    const values = await millpond.query('SELECT * FROM words.words')
    const missing = own.map((_, n) => n).filter((n) => !JSON.stringify(values).includes(`${n}`))
    expect(missing).toEqual([])
    expect(await millpond.queryValue("SELECT traits::VARCHAR FROM words.identifies WHERE user_id = 'w'")).toBe(
      JSON.stringify(properties),
    )
    expect(await millpond.queryValue("SELECT id FROM words.users WHERE id = 'w'")).toBe('w')
  })

  it('a trait named like the engine’s own row number doubles no user', async () => {
    const key = await millpond.addSource('traits')
    for (let n = 0; n < 3; n += 1) {
      const identify = (userId: string, rowid: number): Event => ({ type: 'identify', userId, traits: { rowid, n } })
      await send(key, [identify('a', 1 - n), identify('b', 1)])
      await millpond.settled()
    }
    expect(await millpond.query('SELECT id, prop_rowid, n FROM traits.users ORDER BY id')).toEqual([
      ['a', -1, 2],
      ['b', 1, 2],
    ])
  })

  it('events named like our own tables, like SQL and like nothing', async () => {
    const names = ['tracks', 'Users', 'PAGES', 'identifies', 'tracks_other', 'event_tracks', 'Tracks!', ...words]
    const odd = ['👶👶', ' ', 'x'.repeat(5000), '睡'.repeat(200), 'a.b', 'a"b', '__', "x'; DROP SCHEMA web; --"]
    await load(
      'titles',
      [...names, ...odd].map((name) => track(name, { was: name })),
      'server',
    )
    const lost = `SELECT event_text FROM titles.tracks WHERE event_text <> 'Neighbour' AND (properties->>'was') <> event_text`
    expect(await millpond.query(lost)).toEqual([])
    expect(await millpond.queryValue('SELECT count(DISTINCT event_text)::INTEGER FROM titles.tracks')).toBe(
      names.length + odd.length + 1,
    )
    expect(await millpond.query('SELECT event_text FROM titles.event_users')).toEqual([['Users']])
  })
})

describe('types that change', () => {
  it('a text for a number goes to _overflow, a fraction widens, a big integer stays exact', async () => {
    const values: readonly [string, string][] = [
      ['1', '1'],
      ['2', '2.5'],
      ['"three"', '3'],
      ['{"deep":true}', '9007199254740993'],
      ['[4]', '"x"'],
      ['null', 'null'],
      ['true', '-0.0'],
      ['9007199254740993', '1e300'],
      ['1.5', '9007199254740994'],
    ]
    const key = await millpond.addSource('types', 'server')
    for (const [n, f] of values) {
      const event = `{"type":"track","event":"T","userId":"u","properties":{"n":${n},"f":${f}}}`
      expect(await sendTo(millpond.address, `{"batch":[${event}]}`, { key })).toMatchObject({ status: 200 })
    }
    const status = await millpond.settled()
    expectLedgerSums(status)
    expect(lineOf(status, 'types').stored).toBe(values.length)
    const rows = await millpond.query(
      "SELECT n, f, _overflow->>'n', _overflow->>'f', properties::VARCHAR FROM types.t ORDER BY received_at, id",
    )
    expect(rows.map((row) => row[4])).toEqual(
      values.map(([n, f]) => `{"n":${n},"f":${f.replace('-0.0', '0').replace('1e300', '1e+300')}}`),
    )
    expect(rows.map((row) => row[2])).toEqual([null, null, 'three', null, '[4]', null, 'true', null, '1.5'])
    // Beyond 2^53 only what a double holds exactly fits a float column.
    expect(rows.map((row) => row[3])).toEqual([null, null, null, '9007199254740993', 'x', null, null, null, null])
    expect(rows.map((row) => row[1])).toEqual([1, 2.5, 3, null, null, null, 0, 1e300, 9007199254740994])
    expect(String(rows[7]?.[0])).toBe('9007199254740993')
    expect(await millpond.queryValue('SELECT n_deep FROM types.t WHERE n_deep')).toBe(true)
  })
})

describe('senders that stall', () => {
  const sockets: Socket[] = []
  afterAll(() => {
    for (const socket of sockets) socket.destroy()
  })

  it('half-open sockets and slow writers hold nothing up, and hear 503 so that they keep their batch', async () => {
    const key = await millpond.addSource('slow')
    const port = Number(new URL(millpond.address).port)
    const before = (await millpond.status()).intake.residentBytes
    const head = `POST /v1/batch HTTP/1.1\r\nHost: x\r\nX-Write-Key: ${key}\r\n`
    const opened = await Promise.all(Array.from({ length: 300 }, async () => openSocket(port)))
    sockets.push(...opened)
    const answers = opened.slice(0, 20).map(async (socket) => readAnswer(socket))
    for (const [n, socket] of opened.entries()) {
      if (n < 20) socket.write(`${head}Content-Length: 1000\r\n\r\n{"batch":`)
      else if (n < 200) socket.write(head)
    }
    // One writes a byte at a time, just fast enough to be alive.
    const drip = setInterval(() => opened[0]?.write(' '), 50)
    for (let n = 0; n < 50; n += 1) await send(key, [track('Neighbour', { n })])
    for (const answer of await Promise.all(answers)) {
      expect(answer.status).toBe(503)
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    }
    clearInterval(drip)
    const status = await millpond.settled()
    expectLedgerSums(status)
    expect(lineOf(status, 'slow')).toMatchObject({ received: 50, stored: 50 })
    expect(status.intake.counters).toMatchObject({ bodiesReading: 0, bodiesBytes: 0 })
    expect(status.intake.residentBytes - before).toBeLessThan(60 * 1024 * 1024)
  })
})
