// From events to rows and decisions about tables, without a warehouse.
import { describe, expect, test } from 'vitest'

import { emptyStart, nowMicros, TestMaker } from '../../../test/faults/loader-maker.ts'
import { rowsOf } from '../../../test/faults/loader-unpack.ts'
import type { LoadPlan, SchemaChange } from '../../warehouse/driver.ts'

let id = 0
function track(properties: unknown, fields: Readonly<Record<string, unknown>> = {}): object {
  id += 1
  return { type: 'track', event: 'X', messageId: `m${id}`, userId: 'u', properties, ...fields }
}

function decisions(plan: LoadPlan, change: string): unknown[] {
  return rowsOf(plan, 'millpond.schema_changes')
    .filter((row) => row['change'] === change)
    .map((row) => row['column_name'] ?? row['table_name'])
}

function overflowOf(plan: LoadPlan, table = 'shop.x'): unknown[] {
  return rowsOf(plan, table).map(({ _overflow }) =>
    typeof _overflow === 'string' ? (JSON.parse(_overflow) as unknown) : undefined,
  )
}

function typeIn(changes: readonly SchemaChange[], column: string): string | undefined {
  for (const change of changes) {
    if (change.kind !== 'create-table') continue
    const found = change.columns.find(({ name }) => name === column)
    if (found !== undefined) return found.type
  }
  return undefined
}

describe('types', () => {
  test.each([
    [true, 'boolean'],
    [1, 'integer'],
    [1.5, 'float'],
    ['1', 'text'],
    ['2026-01-01T00:00:00Z', 'text'],
    [[1, 'a'], 'text'],
  ])('The first value %j proposes %s', (value, type) => {
    const plan = new TestMaker().plan([track({ v: value })])
    expect(typeIn(plan.changes, 'v')).toBe(type)
    expect(rowsOf(plan, 'shop.x')[0]?.['v']).toEqual(Array.isArray(value) ? JSON.stringify(value) : value)
  })

  test.each([null, {}, undefined])('%j proposes nothing', (value) => {
    expect(typeIn(new TestMaker().plan([track({ v: value })]).changes, 'v')).toBeUndefined()
  })

  test.each([
    ['a text in a number', 1, 'x'],
    ['a number in a text', 'x', 1],
    ['a boolean in a text', 'x', true],
    ['a number in a boolean', true, 1],
    ['a text in a float', 1.5, '2'],
  ])('%s overflows, exactly', (_, first, second) => {
    const plan = new TestMaker().plan([track({ v: first }), track({ v: second })])
    expect(overflowOf(plan)).toEqual([undefined, { v: second }])
  })

  test('An integer column becomes float while every value stays exact, within one plan and between plans', () => {
    const maker = new TestMaker()
    const first = maker.plan([track({ a: 1, b: 1 }), track({ a: 0.5 })])
    expect(typeIn(first.changes, 'a')).toBe('float')
    expect(rowsOf(first, 'shop.x').map(({ a }) => a)).toEqual([1, 0.5])
    const second = maker.plan([track({ b: 2.5 })])
    expect(second.changes).toContainEqual({ kind: 'widen-column', table: { dataset: 'shop', table: 'x' }, column: 'b' })
    expect(decisions(second, 'widen-column')).toEqual(['b'])
  })

  test('Integers beyond 2^53 stay exact: in the column up to 64 bits, in _overflow beyond', () => {
    const maker = new TestMaker()
    const numbers = ['1', '9007199254740993', '-9223372036854775808', '9223372036854775808', '1.5', '1e400']
    const batch = numbers.map(
      (number, index) =>
        `{"type":"track","event":"X","userId":"u","messageId":"n${index}","properties":{"n":${number}}}`,
    )
    const plan = maker.plan([], { body: `{"batch":[${batch.join(',')}]}`, count: numbers.length })
    const rows = rowsOf(plan, 'shop.x')
    expect(rows.map(({ n }) => n)).toEqual([1, 9007199254740993n, -(2n ** 63n), undefined, undefined, undefined])
    expect(rows.map(({ _overflow }) => _overflow)).toEqual([
      undefined,
      undefined,
      undefined,
      '{"n":9223372036854775808}',
      '{"n":1.5}',
      '{"n":1e400}',
    ])
    expect(rows.map(({ properties }) => properties)).toEqual(numbers.map((number) => `{"n":${number}}`))
    expect(decisions(plan, 'keep-integer')).toEqual(['n'])
  })

  test('That a column must stay integer is remembered by the warehouse', () => {
    const columns = new TestMaker()
      .plan([track({ n: 1 })])
      .changes.flatMap((change) => (change.kind === 'create-table' ? change.columns : []))
    const start = {
      ...emptyStart,
      catalog: new Map([['shop', new Map([['x', columns]])]]),
      keptIntegers: [['shop', 'x', 'n'] as const],
    }
    expect(overflowOf(new TestMaker({ start }).plan([track({ n: 1.5 })]))).toEqual([{ n: 1.5 }])
    expect(overflowOf(new TestMaker({ start: { ...start, keptIntegers: [] } }).plan([track({ n: 1.5 })]))).toEqual([
      undefined,
    ])
  })
})

describe('columns', () => {
  test('Nested objects are flattened, arrays are not', () => {
    const plan = new TestMaker().plan([
      track({ product: { sku: 'x', Price: { USD: 1 } }, list: [{ a: 1 }] }, { context: { app: { version: '1' } } }),
    ])
    expect(rowsOf(plan, 'shop.x')).toMatchObject([
      {
        product_sku: 'x',
        product_price_usd: 1,
        list: '[{"a":1}]',
        context_app_version: '1',
        event: 'x',
        event_text: 'X',
      },
    ])
  })

  test('A property with the name of a column of ours is renamed, and noted', () => {
    const plan = new TestMaker().plan([track({ id: 'mine', timestamp: 1, context_ip: 'x', _overflow: 2, Event: 'e' })])
    expect(rowsOf(plan, 'shop.x')).toMatchObject([
      { id: `m${id}`, prop_id: 'mine', prop_timestamp: 1, prop_context_ip: 'x', overflow: 2, prop_event: 'e' },
    ])
    expect(decisions(plan, 'rename-property')).toEqual(['prop_id', 'prop_timestamp', 'prop_context_ip', 'prop_event'])
  })

  test('Two paths that lead to one column: the first has it, the second overflows', () => {
    const plan = new TestMaker().plan([track({ a: { b: 1 }, a_b: 2, 'A B': 3 })])
    expect(rowsOf(plan, 'shop.x')).toMatchObject([{ a_b: 1 }])
    expect(overflowOf(plan)).toEqual([{ a_b: 2, a_b_2: 3 }])
  })

  test('Thousands of keys that fold into one name cost as much as thousands of others', () => {
    const cpuMs = (keyOf: (n: number) => string): number => {
      const properties = Object.fromEntries(Array.from({ length: 9000 }, (_, n) => [keyOf(n), n]))
      const begun = process.cpuUsage()
      new TestMaker().plan([track(properties)])
      return process.cpuUsage(begun).user / 1000
    }
    const folded = cpuMs((n) => `a${'_'.repeat(n % 90)}${'-'.repeat(Math.floor(n / 90))}b`)
    expect(folded).toBeLessThan(2000)
  })

  test('Pages that repeat their name in the properties need no second column', () => {
    const page = (messageId: string, properties: object) => ({
      type: 'page',
      messageId,
      userId: 'u',
      name: 'Home',
      properties,
    })
    const plan = new TestMaker().plan([
      page('1', { name: 'Home', path: '/' }),
      page('2', { name: 'Other', category: 'c' }),
    ])
    expect(rowsOf(plan, 'shop.pages')).toMatchObject([
      { name: 'Home', path: '/' },
      { name: 'Home', prop_name: 'Other', category: 'c' },
    ])
    expect(rowsOf(plan, 'shop.pages')[0]).not.toHaveProperty('prop_name')
  })

  test('Odd keys and values are plain data', () => {
    const body =
      '{"batch":[{"type":"track","event":"X","userId":7,"properties":{"__proto__":{"a":1},"constructor":"c","s":"\\ud800"},"context":[1]}]}'
    const plan = new TestMaker().plan([], { body, count: 1 })
    expect(rowsOf(plan, 'shop.x')).toMatchObject([
      { proto_a: 1, constructor: 'c', s: '\ufffd', user_id: '7', _overflow: '{"context":[1]}' },
    ])
  })

  test('The four stamps, and what is no time', () => {
    const meta = { clock: { offsetMs: 60_000, method: 'device' as const } }
    const plan = new TestMaker().plan(
      [
        track({}, { timestamp: '2026-01-14T00:00:00.000Z', sentAt: '2026-01-14T00:00:01.000Z' }),
        track({}, { timestamp: 'soon' }),
      ],
      { meta },
    )
    const sent = Date.UTC(2026, 0, 14) * 1000
    expect(rowsOf(plan, 'shop.x')).toMatchObject([
      {
        received_at: nowMicros,
        timestamp: sent + 60e6,
        original_timestamp: sent,
        sent_at: sent + 1e6,
        time_method: 'device',
      },
      { timestamp: nowMicros, time_method: 'received', _overflow: '{"original_timestamp":"soon"}' },
    ])
  })

  test.each([
    ['client', undefined, '10.0.0.1'],
    ['client', { ip: '1.2.3.4' }, '1.2.3.4'],
    ['server', undefined, undefined],
    ['server', { direct: true }, '10.0.0.1'],
  ] as const)('The address of a %s with context %j', (via, context, expected) => {
    const plan = new TestMaker().plan([track({}, { context })], { meta: { via, ip: '10.0.0.1' } })
    expect(rowsOf(plan, 'shop.x')[0]?.['context_ip']).toBe(expected)
  })

  test('What a batch says for all lies under what an event says itself', () => {
    const event = JSON.stringify(track({}, { context: { app: 'own' } }))
    const plan = new TestMaker().plan([], {
      body: `{"context":{"app":"all","os":"linux"},"batch":[${event}]}`,
      count: 1,
    })
    expect(rowsOf(plan, 'shop.x')).toMatchObject([{ context_app: 'own', context_os: 'linux' }])
  })

  test('Beyond the column budget properties stay in their JSON, context goes to _overflow', () => {
    const maker = new TestMaker({ schema: { columnsPerTableMax: 14 } })
    const plan = maker.plan([track({ a: 1, b: 2, c: 3 }, { context: { z: 1 } })])
    const created = plan.changes.find((change) => change.kind === 'create-table')
    expect(created?.kind === 'create-table' ? created.columns.length : 0).toBe(14)
    expect(rowsOf(plan, 'shop.x')).toMatchObject([
      { a: 1, properties: '{"a":1,"b":2,"c":3}', _overflow: '{"context_z":1}' },
    ])
    // Once a table: a flood of random keys must not become a flood of rows.
    expect(decisions(plan, 'column-budget-reached')).toEqual(['b'])
    expect(decisions(maker.plan([track({ d: 1 })]), 'column-budget-reached')).toEqual([])
  })
})

describe('tables', () => {
  test('tracks is a view over all event tables, with the context of all', () => {
    const maker = new TestMaker()
    const plan = maker.plan([track({ a: 1 }, { context: { os: 'ios' } }), track({ b: 1 }, { event: 'Y' })])
    const union = plan.changes.find((change) => change.kind === 'define-union')
    expect(union).toMatchObject({ table: { dataset: 'shop', table: 'tracks' } })
    if (union?.kind !== 'define-union') return
    expect(union.columns.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['id', 'event', 'event_text', 'properties', 'context_os']),
    )
    expect(
      union.members.map(({ table, columns }) => [table, columns.includes('context_os'), columns.includes('a')]),
    ).toEqual([
      ['x', true, false],
      ['y', false, false],
    ])
    expect(maker.plan([track({ c: 1 })]).changes).toEqual([
      { kind: 'add-column', table: { dataset: 'shop', table: 'x' }, column: { name: 'c', type: 'integer' } },
    ])
  })

  test('A context column has one type in the whole source', () => {
    const maker = new TestMaker()
    const plan = maker.plan([
      track({}, { context: { build: 1 } }),
      track({}, { event: 'Y', context: { build: 'one' } }),
    ])
    expect(rowsOf(plan, 'shop.y')).toMatchObject([{ _overflow: '{"context_build":"one"}' }])
  })

  test('Names that fold together share a table and are told apart', () => {
    const plan = new TestMaker().plan([
      track({}, { event: 'Sign Up' }),
      track({}, { event: 'sign_up' }),
      track({}, { event: 'Users' }),
    ])
    expect(rowsOf(plan, 'shop.sign_up').map((row) => row['event_text'])).toEqual(['Sign Up', 'sign_up'])
    expect(rowsOf(plan, 'shop.event_users')).toHaveLength(1)
    expect(rowsOf(plan, 'millpond.event_names').map(({ table_name, name }) => [table_name, name])).toEqual([
      ['sign_up', 'Sign Up'],
      ['sign_up', 'sign_up'],
      ['event_users', 'Users'],
    ])
  })

  test('Beyond the table budget events live in tracks_other, with their JSON', () => {
    const plan = new TestMaker({ schema: { tablesPerSourceMax: 2 } }).plan(
      ['A', 'B', 'C', 'D'].map((event) => track({ a: 1 }, { event })),
    )
    expect(
      rowsOf(plan, 'shop.tracks_other').map(({ event, event_text, properties }) => [event, event_text, properties]),
    ).toEqual([
      ['c', 'C', '{"a":1}'],
      ['d', 'D', '{"a":1}'],
    ])
    expect(decisions(plan, 'table-budget-reached')).toEqual(['tracks_other'])
  })

  test('A new name from a grown public source counts after enough events from enough people', () => {
    const maker = new TestMaker({
      platform: 'client',
      schema: { youngSourceTablesMax: 1, newNameEventsMin: 4, newNameAnonymousIdsMin: 2 },
    })
    maker.plan([track({ a: 1 })])
    const send = (anonymousId: string) =>
      maker.plan([track({}, { event: 'New', anonymousId }), track({ late: 1 }, { anonymousId })])
    for (let event = 0; event < 5; event++) {
      const plan = send('one')
      expect(rowsOf(plan, 'shop.tracks_other')).toHaveLength(1)
      expect(overflowOf(plan)).toEqual([{ late: 1 }])
    }
    const plan = send('two')
    expect(rowsOf(plan, 'shop.new')).toHaveLength(1)
    expect(rowsOf(plan, 'shop.x')).toMatchObject([{ late: 1 }])
  })

  test('A flood of 100,000 names from a browser key makes no tables and keeps memory bounded', () => {
    const maker = new TestMaker({ platform: 'client' })
    let tables = 0
    for (let turn = 0; turn < 100; turn++) {
      const plan = maker.plan(
        Array.from({ length: 1000 }, (_, index) =>
          track({ [`p${turn}-${index}`]: 1 }, { event: `Name ${turn} ${index}` }),
        ),
      )
      tables += plan.changes.filter(({ kind }) => kind === 'create-table').length
    }
    expect(tables).toBe(21)
    expect(maker.maker.schema.pendingNames).toBeLessThanOrEqual(10_000)
    const last = maker.plan([track({ a: 1 }, { event: 'Name 0 0' })])
    expect(rowsOf(last, 'shop.name_0_0')).toHaveLength(1)
  })

  test('A trait is a column of identifies and users, of one type', () => {
    const identify = (messageId: string, traits: object) => ({
      type: 'identify',
      messageId,
      userId: 'u',
      traits,
      timestamp: '2026-01-10T00:00:00.000Z',
    })
    const maker = new TestMaker()
    const plan = maker.plan([
      identify('1', { plan: 'pro', age: 3, id: 'x', address: { city: 'Graz' } }),
      identify('2', { plan: 7, age: null }),
    ])
    const users = plan.changes.find((change) => change.kind === 'create-table' && change.table.table === 'users')
    expect(users).toMatchObject({
      columns: expect.arrayContaining([
        { name: 'age', type: 'integer' },
        { name: 'address_city', type: 'text' },
      ]) as unknown,
    })
    const timeMicros = Date.UTC(2026, 0, 10) * 1000
    expect(plan.users.map(({ traits }) => traits)).toEqual([
      ['plan:pro', 'age:3', 'prop_id:x', 'address_city:Graz'].map((pair) => {
        const [column = '', value = ''] = pair.split(':')
        return { column, timeMicros, tieBreak: '1', value: column === 'age' ? 3 : value }
      }),
      [{ column: 'age', timeMicros, tieBreak: '2', value: null }],
    ])
    expect(maker.plan([identify('3', { age: 2.5 })]).changes).toEqual(
      ['identifies', 'users'].map((table) => ({
        kind: 'widen-column',
        table: { dataset: 'shop', table },
        column: 'age',
      })),
    )
  })

  test('Groups and aliases', () => {
    const plan = new TestMaker().plan([
      { type: 'group', messageId: '1', userId: 'u', groupId: 5, traits: { seats: 3 } },
      { type: 'alias', messageId: '2', userId: 'u', previousId: 'old' },
      { type: 'screen', messageId: '3', anonymousId: 'a', name: 'Home', category: 'Main', properties: { tab: 1 } },
    ])
    expect(rowsOf(plan, 'shop.groups')).toMatchObject([{ group_id: '5', seats: 3, traits: '{"seats":3}' }])
    expect(rowsOf(plan, 'shop.aliases')).toMatchObject([{ previous_id: 'old', user_id: 'u' }])
    expect(rowsOf(plan, 'shop.screens')).toMatchObject([{ name: 'Home', category: 'Main', tab: 1 }])
  })
})
