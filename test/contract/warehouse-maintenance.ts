// The part of the driver's contract that is work between loads: rows go, and days are put in order. See also
// warehouse-retype.ts and warehouse-exchange.ts.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { ColumnSpec, LoadPlan, Scalar, TableName, WarehouseDriver } from '../../src/warehouse/driver.ts'
import { commonColumns, systemTables, usersColumns } from '../../src/warehouse/schema.ts'
import { describeDatasets } from './warehouse-dataset.ts'
import { describeExchange, type Doors } from './warehouse-exchange.ts'
import { blockOf, clickRows, clicks, createOf, never, planTo, rowsOf } from './warehouse-plans.ts'

const letters: TableName = { dataset: 'millpond', table: 'dead_letters' }
const day = 86_400_000_000

export function describeMaintenance(name: string, doors: Doors): void {
  describe(`${name}: erase`, () => {
    describeErase(doors)
    describeEraseUsers(doors)
  })
  describe(`${name}: days`, () => {
    describeDays(doors)
  })
  describeExchange(name, doors)
  describeDatasets(name, doors)
  describe(`${name}: maintenance`, () => {
    test('what it did is there after a checkpoint and a new start, and not without one', async () => {
      const { driver, folder } = await doors.openFresh()
      const columns = [...commonColumns, { name: '_overflow', type: 'json' }] as const
      const rows = Array.from({ length: 3000 }, (_, row) => ({
        id: `${row}`,
        user_id: `${row % 7}`,
        timestamp: row * 1000,
      }))
      await driver.load(planTo(1, { changes: [createOf(clicks, columns)], blocks: [clickRows(rows)] }))
      await driver.checkpoint()
      const work = async ({ maintenance }: WarehouseDriver): Promise<void> => {
        const toInteger = (value: unknown): number | undefined => (Number(value) % 2 === 0 ? Number(value) : undefined)
        await maintenance.retype({ tables: [clicks], column: 'user_id', type: 'integer', convert: toInteger })
        await maintenance.expire({ dataset: 'web', beforeMicros: 1_000_000 })
        await maintenance.compactDay(clicks, 0)
      }
      const sql = 'SELECT count(*), count(user_id), sum(user_id) FROM web.clicks'
      await work(driver)
      const kept = rows.slice(1000).map((row) => Number(row.user_id))
      const even = kept.filter((user) => user % 2 === 0)
      const after = [[kept.length, even.length, even.reduce((sum, user) => sum + user, 0)]]
      expect(await rowsOf(driver, sql)).toEqual(after)
      await driver.stop()
      const again = await doors.openIn(folder)
      expect(await rowsOf(again, 'SELECT count(*), count(user_id), max(user_id) FROM web.clicks')).toEqual([
        [3000, 3000, '6'],
      ])
      await work(again)
      expect(await again.checkpoint()).toEqual([{ stream: 'events', sequence: 1 }])
      await again.stop()
      const third = await doors.openIn(folder)
      expect(await rowsOf(third, sql)).toEqual(after)
      expect((await third.catalog()).get('web')?.get('clicks')).toContainEqual({ name: 'user_id', type: 'integer' })
    })

    test('it never overlaps a load; the count of days may be asked beside one', async () => {
      const { driver } = await doors.openFresh()
      const loading = driver.load(planTo(1, { changes: [createOf(clicks)] }))
      await expect(driver.maintenance.expire({ dataset: 'web', beforeMicros: 1 })).rejects.toMatchObject({
        code: 'bug',
      })
      expect(await driver.maintenance.tablesOfDay(0, 1)).toEqual([])
      await loading
    })
  })
}

function describeErase({ openFresh }: Doors): void {
  const person = { dataset: undefined, userId: 'u', anonymousId: 'a', receivedUntilMicros: 100 }

  async function load(driver: WarehouseDriver): Promise<void> {
    const shop = { dataset: 'shop', table: 'views' }
    const users = { dataset: 'web', table: 'users' }
    const rows = [
      { id: 'by user', user_id: 'u', anonymous_id: 'x', received_at: 100 },
      { id: 'by anonymous', user_id: null, anonymous_id: 'a', received_at: 1 },
      { id: 'later', user_id: 'u', anonymous_id: 'a', received_at: 101 },
      { id: 'other', user_id: 'a', anonymous_id: 'u', received_at: 1 },
      { id: 'nobody', user_id: null, anonymous_id: null, received_at: 1 },
    ]
    const email = { name: 'email', type: 'text' } as const
    await driver.load(
      planTo(1, {
        changes: [createOf(clicks), createOf(shop), createOf(users, [...usersColumns, email])],
        blocks: [clickRows(rows), clickRows(rows, shop)],
        users: ['u', 'v'].map((userId) => ({
          dataset: 'web',
          userId,
          receivedAtMicros: 100,
          traits: [{ column: 'email', timeMicros: 1, tieBreak: '', value: userId }],
        })),
      }),
    )
  }
  const ids = async (driver: WarehouseDriver, table: string): Promise<unknown[]> =>
    (await rowsOf(driver, `SELECT id FROM ${table} ORDER BY id`)).map(([id]) => id)

  test('rows of a person go everywhere, up to and at the moment, and the row of users with them', async () => {
    const { driver } = await openFresh()
    await load(driver)
    expect(await driver.maintenance.erase(person)).toBe(5)
    expect(await ids(driver, 'web.clicks')).toEqual(['later', 'nobody', 'other'])
    expect(await ids(driver, 'shop.views')).toEqual(['later', 'nobody', 'other'])
    expect(await ids(driver, 'web.users')).toEqual(['v'])
    expect(await driver.maintenance.erase(person)).toBe(0)
  })

  test('one dataset, one kind of id', async () => {
    const { driver } = await openFresh()
    await load(driver)
    expect(await driver.maintenance.erase({ ...person, dataset: 'shop', anonymousId: undefined })).toBe(1)
    expect(await ids(driver, 'shop.views')).toEqual(['by anonymous', 'later', 'nobody', 'other'])
    expect(await ids(driver, 'web.users')).toEqual(['u', 'v'])
    expect(await driver.maintenance.erase({ ...person, userId: undefined })).toBe(2)
    expect(await ids(driver, 'web.clicks')).toEqual(['by user', 'later', 'nobody', 'other'])
  })

  const msgpack = Buffer.from('\x82\xa6userId\xa1u\xa1x\x01', 'latin1').toString('base64')
  test.each<[string, string, string, boolean]>([
    ['an event', '{"userId":"u"}', '{}', true],
    ['an event with spaces and escapes', '{ "userId" : "\\u0075" }', '{}', true],
    ['somebody else whose text is the id', '{"userId":"v","name":"u","u":"u"}', '{}', false],
    ['an anonymous id', '{"a":{"anonymousId":"a"}}', '{}', true],
    ['a user id under the wrong name', '{"anonymousId":"u","userId":"a"}', '{}', false],
    ['several events, joined by commas', '{"userId":"v"},{"userId":"u"}', '{}', true],
    ['a batch', '{"batch":[{"userId":"v"},{"user":{"id":"u"}}]}', '{}', true],
    ['broken text with the id as a text', '{"userId":"u', '{}', false],
    ['broken text that goes on', '{"userId":"u","x":', '{}', true],
    ['deeper than a parser goes', `${'['.repeat(200_000)}"u"`, '{}', true],
    ['entries of the Forward protocol', msgpack, '{"kind":"forward","encoding":"msgpack-base64"}', true],
    [
      'entries of somebody else',
      Buffer.from('\x81\xa1x\xa1u', 'latin1').toString('base64'),
      '{"encoding":"msgpack-base64"}',
      false,
    ],
    ['an unknown person', '{}', '{}', false],
  ])('letters: %s', async (_, raw, meta, goes) => {
    const { driver } = await openFresh()
    const letter = { id: '1', source: 'web', reason: 'too_deep', received_at: 100, events: 1, raw, meta }
    const late = { ...letter, id: '2', received_at: 101 }
    const elsewhere = { ...letter, id: '3', source: 'shop' }
    await driver.load(planTo(1, { blocks: [blockOf(letters, systemTables.dead_letters, [letter, late, elsewhere])] }))
    expect(await driver.maintenance.erase({ ...person, dataset: 'web' })).toBe(goes ? 1 : 0)
    expect(await ids(driver, 'millpond.dead_letters')).toEqual(goes ? ['2', '3'] : ['1', '2', '3'])
    expect(await driver.maintenance.erase(person)).toBe(goes ? 1 : 0)
  })

  test.each<[string, Record<string, unknown>, string[], boolean]>([
    ['a row', { kind: 'row', table: 'ai.assets' }, ['ai'], true],
    ['a row of another table', { kind: 'row', table: 'logs.entries' }, ['ai', 'web'], false],
    ['a row that names no table', { kind: 'row' }, ['web'], true],
    ['a request', { call: 'track' }, ['web'], true],
    ['a request, elsewhere', { call: 'track', table: 'ai.assets' }, ['ai', 'logs'], false],
  ])('letters of a dataset: %s', async (_, meta, datasets, goes) => {
    const letter = {
      id: '1',
      source: 'web',
      reason: 'row_refused',
      received_at: 100,
      events: 1,
      raw: '{"user_id":"u"}',
    }
    for (const dataset of datasets) {
      const { driver } = await openFresh()
      const rows = [{ ...letter, meta: JSON.stringify(meta) }]
      await driver.load(planTo(1, { blocks: [blockOf(letters, systemTables.dead_letters, rows)] }))
      expect(await driver.maintenance.erase({ ...person, dataset })).toBe(goes ? 1 : 0)
    }
  })

  test('aliases of the person go, by either kind of id', async () => {
    const { driver } = await openFresh()
    const aliases = { dataset: 'web', table: 'aliases' }
    const columns = [...commonColumns, { name: 'previous_id', type: 'text' }] as const
    const rows = ['u', 'a', 'x', null].map((previous, index) => ({
      id: `${index}`,
      user_id: 'v',
      previous_id: previous,
      received_at: 100,
    }))
    const late = { id: 'late', user_id: 'v', previous_id: 'u', received_at: 101 }
    await driver.load(
      planTo(1, { changes: [createOf(aliases, columns)], blocks: [blockOf(aliases, columns, [...rows, late])] }),
    )
    expect(await driver.maintenance.erase({ ...person, anonymousId: undefined })).toBe(1)
    expect(await driver.maintenance.erase({ ...person, userId: undefined })).toBe(1)
    expect(await ids(driver, 'web.aliases')).toEqual(['2', '3', 'late'])
  })

  test('ids may be anything', async () => {
    const { driver } = await openFresh()
    const strange = ["o'b\u0000", '$1', '\ud800', '水"\\']
    const rows = strange.map((id) => ({ id, user_id: id }))
    await driver.load(planTo(1, { changes: [createOf(clicks)], blocks: [clickRows(rows)] }))
    for (const [index, userId] of strange.entries()) {
      const erasure = { dataset: 'web', userId, anonymousId: undefined, receivedUntilMicros: 1 }
      // No time of receiving: nothing says that it came later.
      expect([index, await driver.maintenance.erase(erasure)]).toEqual([index, 0])
    }
  })
}

interface Identify {
  readonly userId: string
  readonly anonymousId: string
  readonly receivedAt: number
  readonly time: number
  readonly traits: Readonly<Record<string, Scalar>>
}

function describeEraseUsers({ openFresh }: Doors): void {
  const traitColumns: readonly ColumnSpec[] = [
    { name: 'email', type: 'text' },
    { name: 'age', type: 'integer' },
    { name: 'since', type: 'timestamp' },
    { name: 'ratio', type: 'float' },
    { name: 'ok', type: 'boolean' },
    { name: 'more', type: 'json' },
  ]
  const identifies = { dataset: 'web', table: 'identifies' }
  const users = { dataset: 'web', table: 'users' }
  const changes = [
    createOf(identifies, [...commonColumns, ...traitColumns]),
    createOf(users, [...usersColumns, ...traitColumns]),
  ]
  const erasure = { dataset: undefined, userId: undefined, anonymousId: 'a', receivedUntilMicros: 100 }
  const all = 'SELECT * REPLACE (CAST(more AS VARCHAR) AS more) FROM web.users ORDER BY id'

  function planOf(events: readonly (readonly [string, Identify])[], parts: Partial<LoadPlan> = {}): LoadPlan {
    const rows = events.map(([id, { userId, anonymousId, receivedAt, time, traits }]) => ({
      id,
      user_id: userId,
      anonymous_id: anonymousId,
      received_at: receivedAt,
      timestamp: time,
      ...traits,
    }))
    return planTo(1, {
      changes,
      blocks: rows.length === 0 ? [] : [blockOf(identifies, [...commonColumns, ...traitColumns], rows)],
      users: events.map(([id, { userId, receivedAt, time, traits }]) => ({
        dataset: 'web',
        userId,
        receivedAtMicros: receivedAt,
        traits: Object.entries(traits).map(([column, value]) => ({ column, timeMicros: time, tieBreak: id, value })),
      })),
      ...parts,
    })
  }

  test('what an erased identify told of a user goes: the whole user, or the traits that came from it', async () => {
    const { driver } = await openFresh()
    const events: [string, Identify][] = [
      ['1', { userId: 'only', anonymousId: 'a', receivedAt: 1, time: 1, traits: { email: 'only@a' } }],
      [
        '2',
        { userId: 'both', anonymousId: 'b', receivedAt: 2, time: 1, traits: { email: 'both@b', age: 1, ok: true } },
      ],
      ['3', { userId: 'both', anonymousId: 'a', receivedAt: 3, time: 2, traits: { email: 'both@a', ratio: 0.5 } }],
      ['4', { userId: 'kept', anonymousId: 'b', receivedAt: 4, time: 1, traits: { email: 'kept@b' } }],
      ['5', { userId: 'later', anonymousId: 'a', receivedAt: 101, time: 1, traits: { email: 'later@a' } }],
    ]
    await driver.load(planOf(events))
    expect(await driver.maintenance.erase(erasure)).toBe(3)
    expect(await rowsOf(driver, 'SELECT id, email, age, ok, ratio FROM web.users ORDER BY id')).toEqual([
      ['both', 'both@b', 1, true, null],
      ['kept', 'kept@b', null, null, null],
      ['later', 'later@a', null, null, null],
    ])
    // The moment of the value that stands there now decides what is news.
    const older = { dataset: 'web', userId: 'both', receivedAtMicros: 5 }
    const update = (timeMicros: number, value: string) => ({
      ...older,
      traits: ['email', 'ratio'].map((column) => ({
        column,
        timeMicros,
        tieBreak: '',
        value: column === 'email' ? value : timeMicros,
      })),
    })
    await driver.load(planTo(2, { users: [update(0, 'older')] }))
    expect(await rowsOf(driver, `SELECT email, ratio FROM web.users WHERE id = 'both'`)).toEqual([['both@b', 0]])
  })

  test('a user row that nothing received since, and whose identify is of the erased user, goes with it', async () => {
    const { driver } = await openFresh()
    const mine = { userId: 'u', anonymousId: 'a', traits: { email: 'x', age: 3 } }
    const later = { userId: 'u', anonymousId: 'c', receivedAt: 101, time: 0, traits: { email: 'later' } }
    await driver.load(planOf([['1', { ...mine, receivedAt: 100, time: 100 }]]))
    expect(await driver.maintenance.erase({ ...erasure, userId: 'u' })).toBe(2)
    await driver.load({ ...planOf([['2', later]], { changes: [] }), positions: [{ stream: 'events', sequence: 2 }] })
    await driver.load({
      ...planOf([['3', { ...mine, receivedAt: 100, time: 100 }]], { changes: [] }),
      positions: [{ stream: 'events', sequence: 3 }],
    })
    expect(await driver.maintenance.erase({ ...erasure, userId: 'u' })).toBe(1)
    expect(await rowsOf(driver, 'SELECT id, email, age FROM web.users')).toEqual([['u', 'later', null]])
  })

  test('as if the erased identifies had never come, whatever they were', async () => {
    const text = fc.oneof(fc.constantFrom('', 'x'), fc.string({ unit: 'grapheme', maxLength: 20 }))
    const traits = fc.record(
      {
        email: text,
        age: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        since: fc.integer({ min: 0, max: 2 ** 50 }),
        ratio: fc.double({ noNaN: true, noDefaultInfinity: true }),
        ok: fc.boolean(),
        more: fc.json(),
      },
      { requiredKeys: [] },
    )
    // What is alike to the engine and isn't to us, or the other way round: the order of texts, ids that are no Unicode, -0 and 0.
    const marks = ['id', '\u{1f600}', '\uff5e', '\ud83d'] as const
    const identify = fc.record({
      mark: fc.constantFrom(...marks),
      userId: fc.constantFrom('u', 'v', 'ü'),
      anonymousId: fc.constantFrom('a', 'b'),
      receivedAt: fc.integer({ min: 98, max: 102 }),
      time: fc.integer({ min: 0, max: 3 }),
      traits,
    })
    type Told = [mark: (typeof marks)[number], anonymousId: 'a' | 'b', ratio: number][]
    const ofOneMoment = (told: Told) =>
      told.map(([mark, anonymousId, ratio]) => ({
        mark,
        userId: 'v' as const,
        anonymousId,
        receivedAt: 98,
        time: 0,
        traits: { ratio },
      }))
    await fc.assert(
      fc.asyncProperty(fc.array(identify, { maxLength: 12 }), async (list) => {
        const events = list.map(({ mark, ...one }, index): [string, Identify] => [`${mark} ${index}`, one])
        const { driver } = await openFresh()
        await driver.load(planOf(events))
        await driver.maintenance.erase(erasure)
        const { driver: other } = await openFresh()
        const left = events.filter(([, { anonymousId, receivedAt }]) => anonymousId !== 'a' || receivedAt > 100)
        await other.load(planOf(left))
        expect(await rowsOf(driver, all)).toEqual(await rowsOf(other, all))
        await driver.stop()
        await other.stop()
      }),
      {
        numRuns: 11,
        examples: [
          [
            ofOneMoment([
              ['id', 'b', -0],
              ['id', 'a', 0],
            ]),
          ],
          [
            ofOneMoment([
              ['\uff5e', 'b', 1],
              ['\u{1f600}', 'b', 2],
              ['\uff5e', 'a', 3],
            ]),
          ],
          [
            ofOneMoment([
              ['id', 'b', 1],
              ['\ud83d', 'a', 2],
            ]),
          ],
        ],
      },
    )
  })
}

function describeDays({ openFresh }: Doors): void {
  test('expire takes what is before, keeps what is at the moment, and leaves other datasets alone', async () => {
    const { driver } = await openFresh()
    const shop = { dataset: 'shop', table: 'views' }
    const plain = { dataset: 'web', table: 'plain' }
    const rows = [{ timestamp: 99 }, { timestamp: 100 }, { timestamp: 101 }, { timestamp: null }]
    const columns = [{ name: 'id', type: 'text' }] as const
    await driver.load(
      planTo(1, {
        changes: [createOf(clicks), createOf(shop), createOf(plain, columns)],
        blocks: [clickRows(rows), clickRows(rows, shop), blockOf(plain, columns, [{ id: 'x' }])],
      }),
    )
    expect(await driver.maintenance.expire({ dataset: 'web', table: 'plain', beforeMicros: 100 })).toBe(0)
    expect(await driver.maintenance.expire({ dataset: 'web', beforeMicros: 100 })).toBe(1)
    expect(await driver.maintenance.expire({ dataset: 'nobody', beforeMicros: 100 })).toBe(0)
    expect(await rowsOf(driver, 'SELECT count(*) FROM web.clicks')).toEqual([[3]])
    expect(await rowsOf(driver, 'SELECT count(*) FROM shop.views')).toEqual([[4]])
    expect(await rowsOf(driver, 'SELECT count(*) FROM web.plain')).toEqual([[1]])
    expect(await driver.maintenance.expire({ ...shop, beforeMicros: 101 })).toBe(2)
  })

  test('a day is put in order of user and time at the end of the table, and keeps every row and value', async () => {
    const { driver } = await openFresh()
    const rows = Array.from({ length: 9000 }, (_, row) => ({
      id: `${row}`,
      // Milliseconds, so that the texts of the answer compare as the times do.
      timestamp: (row % 3) * day + ((row * 7919) % 1000) * 1000,
      user_id: row % 10 === 0 ? null : `u${(row * 31) % 17}`,
      anonymous_id: row % 2 === 0 ? null : 'ü',
    }))
    await driver.load(planTo(1, { changes: [createOf(clicks)], blocks: [clickRows(rows)] }))
    const all = 'SELECT * FROM web.clicks ORDER BY CAST(id AS INTEGER)'
    const before = await rowsOf(driver, all)
    const inOrder = 'SELECT id, user_id, "timestamp" FROM web.clicks'
    const others = (await rowsOf(driver, inOrder)).filter((_, row) => row % 3 !== 1)
    const run = await driver.query(inOrder, never)
    expect(await driver.maintenance.compactDay(clicks, day)).toBe(3000)
    expect(await rowsOf(driver, all)).toEqual(before)
    const after = await rowsOf(driver, inOrder)
    expect(after.slice(0, 6000)).toEqual(others)
    const moved = after.slice(6000).map(([, user, time]) => [user ?? '\uffff', String(time)] as [string, string])
    const compare = (one: [string, string], other: [string, string]): number =>
      one[0] === other[0] ? Number(one[1] > other[1]) - Number(one[1] < other[1]) : one[0] < other[0] ? -1 : 1
    expect(moved).toEqual(moved.toSorted(compare))
    let seen = 0
    for await (const chunk of run.rows) seen += chunk.length
    expect(seen).toBe(9000)
    expect(await driver.checkpoint()).toEqual([{ stream: 'events', sequence: 1 }])
    expect(await rowsOf(driver, inOrder)).toEqual(after)
    expect(await driver.maintenance.compactDay(clicks, 9 * day)).toBe(0)
    expect(await driver.maintenance.compactDay({ dataset: 'millpond', table: 'loads' }, 0)).toBe(0)
  })

  test('tables of a day are those with more rows than asked for, from midnight to midnight', async () => {
    const { driver } = await openFresh()
    const few = { dataset: 'web', table: 'few' }
    const times = [day - 1, day, day, 2 * day - 1, 2 * day]
    await driver.load(
      planTo(1, {
        changes: [createOf(clicks), createOf(few)],
        blocks: [clickRows(times.map((timestamp) => ({ timestamp }))), clickRows([{ timestamp: day }], few)],
      }),
    )
    expect(await driver.maintenance.tablesOfDay(day, 2)).toEqual([clicks])
    expect(await driver.maintenance.tablesOfDay(day, 3)).toEqual([])
    expect(await driver.maintenance.tablesOfDay(day, 0)).toEqual([clicks, few])
  })
}
