// The part of the driver's contract that forgets people: their rows go, and `users` stands as if they had never come.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { ColumnSpec, LoadPlan, Scalar, TableName, WarehouseDriver } from '../../src/warehouse/driver.ts'
import { commonColumns, systemTables, usersColumns } from '../../src/warehouse/schema.ts'
import type { Doors } from './warehouse-exchange.ts'
import { blockOf, clickRows, clicks, createOf, planTo, rowsOf } from './warehouse-plans.ts'

const letters: TableName = { dataset: 'millpond', table: 'dead_letters' }

export function describeErase(name: string, doors: Doors): void {
  describe(`${name}: erase`, () => {
    describeEraseRows(doors)
    describeEraseUsers(doors)
  })
}

function describeEraseRows({ openFresh }: Doors): void {
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
