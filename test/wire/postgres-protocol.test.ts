import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import * as fc from 'fast-check'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { createManualClock } from './manual-clock.ts'
import { fillRealCompany } from './postgres/company.ts'
import {
  bind,
  describePortal,
  describeStatement,
  execute,
  fieldsOf,
  flush,
  int16,
  int32,
  message,
  parse,
  RawClient,
  sync,
  text,
} from './postgres/raw-client.ts'
import type { RealRoad } from './postgres/real-road.ts'
import { openRealRig, openRig, type Rig } from './postgres/rig.ts'

let rig: Rig<RealRoad>

beforeAll(async () => {
  rig = await openRealRig()
  await fillRealCompany(rig.road)
})

afterAll(async () => {
  await rig.stop()
})

async function logged(more: Readonly<Record<string, string>> = {}): Promise<RawClient> {
  const client = new RawClient(rig.server.port).startup('ada', more)
  const replies = await client.logIn('ada', rig.ada.token)
  expect(replies.at(-1)?.type).toBe('Z')
  return client
}

it('tells everything that clients need when they come in', async () => {
  const client = new RawClient(rig.server.port).startup('ada', {
    application_name: 'raw',
    TimeZone: 'Europe/Berlin',
    options: '-c statement_timeout=5s',
  })
  const replies = await client.logIn('ada', rig.ada.token)
  const parameters = Object.fromEntries(
    replies.filter(({ type }) => type === 'S').map(({ body }) => body.toString('utf8').split('\0')),
  )
  expect(parameters).toMatchObject({
    server_version: '15.8',
    server_encoding: 'UTF8',
    client_encoding: 'UTF8',
    DateStyle: 'ISO, MDY',
    IntervalStyle: 'postgres',
    TimeZone: 'Europe/Berlin',
    integer_datetimes: 'on',
    standard_conforming_strings: 'on',
    is_superuser: 'on',
    session_authorization: 'ada',
    in_hot_standby: 'off',
    default_transaction_read_only: 'off',
    application_name: 'raw',
  })
  expect(replies.filter(({ type }) => type === 'K')).toHaveLength(1)
  expect(rig.logins.touched).toContain('token-ada')
  client.close()
})

it('refuses wrong passwords and unknown people with the same words, and never asks for a plain one', async () => {
  const said: Record<string, string>[] = []
  for (const [user, password] of [
    ['ada', 'mp_wrong'],
    ['nobody', 'mp_wrong'],
    ['ada', 'my own password'],
  ] as const) {
    const client = new RawClient(rig.server.port).startup(user)
    const replies = await client.logIn(user, password)
    said.push(fieldsOf(replies.at(-1) ?? { type: '', body: Buffer.alloc(0) }))
    expect(await client.reply()).toBeUndefined()
  }
  expect(said[0]).toMatchObject({ C: '28P01', S: 'FATAL', M: 'password authentication failed for user "ada"' })
  expect(said[0]?.['H']).toContain('millpond token create')
  expect({ ...said[1], M: '' }).toEqual({ ...said[0], M: '' })
  expect(rig.logged.join('')).not.toContain(rig.ada.token)
})

it('refuses a revoked token, at the door and inside', async () => {
  const clock = createManualClock()
  const own = await openRig({}, { clock })
  const client = new RawClient(own.server.port).startup('bob')
  await client.logIn('bob', own.bob.token)
  expect(await client.query('SELECT 2 + 2').letters()).toBe('T D C ZI')
  own.logins.revoked.add('token-bob')
  clock.advance(1_500)
  expect(await client.query('SELECT 2 + 2').letters()).toBe('E(28000)')
  expect(await new RawClient(own.server.port).startup('bob').logIn('bob', own.bob.token)).toMatchObject([{ type: 'E' }])
  await own.stop()
})

it('speaks older and newer protocols, and says N to TLS and GSS', async () => {
  const newer = new RawClient(rig.server.port).startup('ada', { '_pq_.option': '1' }, 196_610)
  const negotiate = await newer.reply()
  expect(negotiate?.type).toBe('v')
  expect(negotiate?.body).toEqual(Buffer.concat([int32(0, 1), text('_pq_.option')]))
  newer.close()
  const secure = new RawClient(rig.server.port).send(message('', int32(80_877_104)))
  expect(await secure.byte()).toBe('N')
  secure.send(message('', int32(80_877_103)))
  expect(await secure.byte()).toBe('N')
  secure.startup('ada')
  expect((await secure.logIn('ada', rig.ada.token)).at(-1)?.type).toBe('Z')
  secure.close()
  const old = new RawClient(rig.server.port).startup('ada', {}, 131_072)
  expect(fieldsOf((await old.reply()) ?? { type: '', body: Buffer.alloc(0) })).toMatchObject({ C: '08P01' })
})

it('pipelines, and skips behind an error until Sync', async () => {
  const client = await logged()
  client.send(
    parse('', 'SELECT 1 AS a'),
    bind('', ''),
    describePortal(''),
    execute(''),
    parse('', 'SELECT nope'),
    bind('', ''),
    execute(''),
    parse('', 'SELECT 3'),
    bind('', ''),
    execute(''),
    sync,
  )
  expect(await client.letters()).toBe('1 2 T D C 1 2 E(42703) ZI')
  client.send(parse('', 'SELECT 4'), bind('', ''), execute(''), sync)
  expect(await client.letters()).toBe('1 2 D C ZI')
  client.close()
})

it('takes back what a pipeline wrote before its error', async () => {
  const client = await logged()
  client.send(
    parse('', "INSERT INTO desk.notes VALUES (7, 'x', NULL)"),
    bind('', ''),
    execute(''),
    parse('', 'SELECT nope'),
    bind('', ''),
    execute(''),
    sync,
  )
  expect(await client.letters()).toContain('E(42703) ZI')
  client.query('SELECT count(*) FROM desk.notes')
  expect((await client.replies()).find(({ type }) => type === 'D')?.body.toString('utf8', 6)).toBe('0')
  client.close()
})

it('suspends portals, and goes on where they stood', async () => {
  const client = await logged()
  client.send(message('Q', text('BEGIN')))
  await client.replies()
  client.send(parse('s', 'SELECT id FROM web.pages ORDER BY id'), bind('p', 's'), execute('p', 2), flush)
  client.send(execute('p', 3), parse('', 'SELECT 5'), bind('', ''), execute(''), execute('p', 0), sync)
  const letters = (await client.replies()).map(({ type }) => type).join('')
  expect(letters).toBe(`12DDsDDDs12DC${'D'.repeat(9995)}CZ`)
  client.send(execute('p', 1), sync)
  expect(await client.letters()).toBe('C ZT')
  client.close()
})

function isRunning(text: string): boolean {
  return rig.road.jobs(rig.ada).some(({ state, sql }) => state === 'running' && sql.includes(text))
}

async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

it('describes without running', async () => {
  const client = await logged()
  const before = rig.road.jobs(rig.ada).length
  client.send(parse('d', 'INSERT INTO desk.notes (id) VALUES ($1)'), describeStatement('d'), sync)
  const replies = await client.replies()
  expect(replies.map(({ type }) => type).join('')).toBe('1tnZ')
  expect(replies[1]?.body).toEqual(Buffer.concat([int16(1), int32(20)]))
  expect(rig.road.jobs(rig.ada)).toHaveLength(before)
  client.close()
})

it('reads parameters in binary', async () => {
  const client = await logged()
  client.send(parse('', 'SELECT $1 + 1', 21), bind('', '', [int16(41)], [1], [1]), execute(''), sync)
  const row = (await client.replies()).find(({ type }) => type === 'D')
  expect(row?.body.readInt32BE(6)).toBe(42)
  client.send(parse('', 'SELECT $1 + 1', 21), bind('', '', [Buffer.from([1])], [1]), execute(''), sync)
  expect(await client.letters()).toBe('1 E(22P03) ZI')
  client.close()
})

it('cancels what runs, only with the right key, and the session lives on', async () => {
  const client = new RawClient(rig.server.port).startup('ada')
  const key = (await client.logIn('ada', rig.ada.token)).find(({ type }) => type === 'K')?.body ?? Buffer.alloc(8)
  client.query('SELECT count(*) FROM range(100000000000) a, range(1000) b')
  while (!isRunning('100000000000')) await nextTurn()
  const wrong = new RawClient(rig.server.port).send(
    message('', Buffer.concat([int32(80_877_102), key.subarray(0, 4), int32(key.readInt32BE(4) ^ 1)])),
  )
  expect(await wrong.reply()).toBeUndefined()
  const right = new RawClient(rig.server.port).send(message('', Buffer.concat([int32(80_877_102), key])))
  expect(await right.reply()).toBeUndefined()
  expect(await client.letters()).toBe('E(57014) ZI')
  expect(await client.query('SELECT 3 + 4').letters()).toBe('T D C ZI')
  // A cancel that comes when nothing runs is forgotten.
  await new RawClient(rig.server.port).send(message('', Buffer.concat([int32(80_877_102), key]))).reply()
  expect(await client.query('SELECT 3 + 4').letters()).toBe('T D C ZI')
  client.close()
})

it('honours statement_timeout, and stops what a client that left was running', async () => {
  const client = await logged()
  await client.query('SET statement_timeout = 200').replies()
  expect(await client.query('SELECT count(*) FROM range(100000000000) a, range(1000) b').letters()).toBe('E(57014) ZI')
  const leaving = await logged()
  leaving.query('SELECT count(*) FROM range(100000000001) a, range(1000) b')
  while (!isRunning('100000000001')) await nextTurn()
  leaving.close()
  while (isRunning('')) await nextTurn()
  client.close()
})

it('holds no more of a large answer than a slow client takes', async () => {
  const client = await logged()
  client.socket.pause()
  client.query(`SELECT repeat('x', 1000) FROM range(200000)`)
  while (!isRunning('range(200000)')) await nextTurn()
  const used = process.memoryUsage().arrayBuffers
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  expect(process.memoryUsage().arrayBuffers - used).toBeLessThan(50 * 1024 * 1024)
  client.close()
})

it('bounds connections, of all and of one person', async () => {
  const own = await openRig({ connectionsMax: 3, connectionsPerPersonMax: 2 })
  const inside = await Promise.all(
    ['ada', 'ada', 'bob'].map(async (user) => {
      const client = new RawClient(own.server.port).startup(user)
      await client.logIn(user, user === 'ada' ? own.ada.token : own.bob.token)
      return client
    }),
  )
  expect(own.server.connections).toBe(3)
  const fourth = await new RawClient(own.server.port).startup('bob').logIn('bob', own.bob.token)
  expect(fieldsOf(fourth.at(-1) ?? { type: '', body: Buffer.alloc(0) })).toMatchObject({ C: '53300' })
  inside[2]?.close()
  while (own.server.connections === 3) await new Promise((resolve) => setImmediate(resolve))
  const third = await new RawClient(own.server.port).startup('ada').logIn('ada', own.ada.token)
  expect(fieldsOf(third.at(-1) ?? { type: '', body: Buffer.alloc(0) })).toMatchObject({
    C: '53300',
    M: 'too many connections for role "ada"',
  })
  await own.stop()
  expect(own.road.openSessions).toBe(0)
})

it('lets go of who says nothing: at the door, in a message, and idle', async () => {
  const clock = createManualClock()
  const own = await openRig({ idleMsMax: 60_000 }, { clock })
  const silent = new RawClient(own.server.port)
  silent.send(Buffer.from([0, 0]))
  while (own.server.connections === 0 && silent.socket.connecting) await new Promise((resolve) => setImmediate(resolve))
  const idle = new RawClient(own.server.port).startup('ada')
  await idle.logIn('ada', own.ada.token)
  clock.advance(16_000)
  expect(await silent.reply()).toBeUndefined()
  clock.advance(60_000)
  expect(await idle.letters()).toBe('E(57P05)')
  const slow = new RawClient(own.server.port).startup('ada')
  await slow.logIn('ada', own.ada.token)
  slow.query('SELECT 6').send(Buffer.from([81, 0, 0]))
  expect(await slow.letters()).toBe('T D C ZI')
  clock.advance(61_000)
  expect((await slow.letters()).slice(0, 1)).toBe('E')
  await own.stop()
})

it('speaks TLS, with the channel bound to its certificate', async () => {
  const folder = join(import.meta.dirname, 'tls')
  const [cert, key] = [
    readFileSync(join(folder, 'localhost.cert.pem')),
    readFileSync(join(folder, 'localhost.key.pem')),
  ]
  const own = await openRig({}, { tls: { cert, key, watch: () => () => undefined } })
  const client = new Client({
    connectionString: own.url(),
    ssl: { rejectUnauthorized: false },
    enableChannelBinding: true,
  })
  await client.connect()
  expect((await client.query(`SELECT current_setting('ssl') AS s`)).rows).toEqual([{ s: 'on' }])
  await client.end()
  const early = new RawClient(own.server.port).send(message('', int32(80_877_103)), Buffer.from('early bytes'))
  expect(await early.byte()).toBe('S')
  expect((await early.letters()).startsWith('E(08P01)')).toBe(true)
  const half = new RawClient(own.server.port).send(message('', int32(80_877_103)))
  await half.byte()
  half.send(Buffer.from('no hello'))
  await half.letters()
  await own.stop()
})

it('50 connections that wait cost little', async () => {
  const own = await openRig()
  const before = process.memoryUsage()
  const clients = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const client = new RawClient(own.server.port).startup('ada')
      await client.logIn('ada', own.ada.token)
      return client
    }),
  )
  const after = process.memoryUsage()
  expect(own.server.connections).toBe(50)
  expect(after.rss - before.rss).toBeLessThan(100 * 1024 * 1024)
  for (const client of clients) client.close()
  await own.stop()
})

it('survives any bytes: at the door and inside', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc
            .tuple(
              fc.constantFrom('Q', 'P', 'B', 'D', 'E', 'C', 'S', 'H', 'd', 'c', 'f', 'F', 'p', 'z'),
              fc.uint8Array({ maxLength: 60 }),
            )
            .map(([type, body]) => message(type, Buffer.from(body))),
        ),
        { maxLength: 8 },
      ),
      async (isInside, pieces) => {
        const client = isInside ? await logged() : new RawClient(rig.server.port)
        client.send(...pieces.map((piece) => Buffer.from(piece)))
        client.socket.end()
        while ((await client.reply()) !== undefined);
      },
    ),
    { numRuns: 60 },
  )
  const client = await logged()
  expect(await client.query('SELECT 8').letters()).toBe('T D C ZI')
  client.close()
  expect(rig.logged.filter((line) => line.includes('"level":50'))).toEqual([])
}, 60_000)

it('survives any SQL', async () => {
  const client = await logged()
  const words = fc.constantFrom(
    ...`SELECT FROM web.tracks ( ) :: regclass 'x' $1 BEGIN COMMIT ; CAST AS ~ [ ] DECLARE c CURSOR FOR FETCH CASE END WITH , * " '
    to_char PREPARE COPY SHOW SET = pg_class pg_catalog . EXECUTE SAVEPOINT ROLLBACK TO INSERT INTO desk.notes VALUES TEMP TABLE
    CREATE DROP DELETE TRUNCATE TimeZone t`.split(/\s+/),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(words, { maxLength: 14 }), async (sql) => {
      client.query(sql.join(' '))
      const replies = await client.replies()
      expect(replies.at(-1)?.type).toBe('Z')
      expect(replies.filter((reply) => reply.type === 'E' && fieldsOf(reply)['C'] === 'XX000')).toEqual([])
    }),
    { numRuns: 400 },
  )
  await client.query('ROLLBACK').replies()
  expect(await client.query('('.repeat(100_000)).letters()).toMatch(/E\((54001|42601)\)/)
  client.close()
}, 60_000)
