// One verdict for every row: chunks that come again, ids of the sender's own, entries that are none, limits, letters.
import { expect, test } from 'vitest'

import { emptyStart, nowMicros, TestMaker } from '../../../test/faults/loader-maker.ts'
import { rowsOf } from '../../../test/faults/loader-unpack.ts'
import { encode, eventTime, type ForwardOptions, forwardRecord, Raw } from '../../../test/support/forward-body.ts'
import type { StoredRecord } from '../../buffer/record.ts'
import type { LoadPlan } from '../../warehouse/driver.ts'
import { personHash } from '../maintenance/suppression.ts'

const second = 1_768_435_200
const hourMicros = 3_600_000_000
const chunk = (text: string) => Buffer.from(text).toString('base64')
const group = [[new Raw('d2 ffffffff'), {}], { resource: { name: 'g' } }]

function stored(values: readonly unknown[], options: ForwardOptions = {}, sequence = 1): StoredRecord {
  return { sequence, ...forwardRecord(values, options) }
}

function countsOf({ counts }: LoadPlan) {
  const { received, stored: kept, flagged, duplicates, quarantined } = counts[0] ?? {}
  return { received, stored: kept, flagged, duplicates, quarantined }
}

function lettersOf(plan: LoadPlan) {
  return rowsOf(plan, 'millpond.dead_letters').map((letter) => ({
    ...letter,
    meta: JSON.parse(String(letter['meta'])) as Record<string, unknown>,
  }))
}

function ids(plan: LoadPlan, table = 'logs.entries'): unknown[] {
  return rowsOf(plan, table).map((row) => row['id'])
}

test('A chunk that is sent again adds nothing, within the window', () => {
  const maker = new TestMaker()
  const send = (
    hours: number,
    values: readonly unknown[] = [
      [second, { a: 1 }],
      [second, { a: 1 }],
    ],
  ) =>
    maker.planOf([
      stored(values, {
        meta: { chunk: chunk('c1==\n') },
        receivedAtMicros: nowMicros + hours * hourMicros,
      }),
    ])
  const first = send(0)
  expect(countsOf(first)).toEqual({ received: 2, stored: 2, flagged: 0, duplicates: 0, quarantined: 0 })
  expect(ids(first)).toEqual(['c1==-0', 'c1==-1'])
  expect(rowsOf(first, 'logs.entries')).toMatchObject([{ chunk_id: 'c1==' }, {}])
  const again = send(1)
  expect(countsOf(again)).toMatchObject({ received: 2, stored: 0, duplicates: 2 })
  expect(again.blocks).toEqual([])
  expect(countsOf(send(2, [[second, { a: 2 }]]))).toMatchObject({ stored: 0, flagged: 1 })
  expect(countsOf(send(169 + 2))).toMatchObject({ stored: 2 })
})

test('Parts of one chunk are told apart, and so are sources', () => {
  const maker = new TestMaker()
  const part = (number: number, source = 'backend') =>
    stored([[second, { a: 1 }]], { meta: { chunk: chunk('c'), part: number }, source }, number + 1)
  const plan = maker.planOf([part(0), part(1), part(0, 'other')])
  expect(ids(plan)).toEqual(['c-0-0', 'c-1-0', 'c-0-0'])
  expect(countsOf(maker.planOf([part(1)]))).toMatchObject({ duplicates: 1 })
})

test('One payload under two tags is two things, though Fluent Bit calls both chunks by the hash of the payload', () => {
  const records = ['a.log', 'b.log'].map((tag, number) =>
    stored([[second, { a: 1 }]], { meta: { tag, chunk: chunk('h') } }, number + 1),
  )
  const plan = new TestMaker().planOf(records)
  expect(countsOf(plan)).toMatchObject({ stored: 2, duplicates: 0 })
})

test('Records without a chunk are never the same', () => {
  const maker = new TestMaker()
  const plans = [1, 2].map((sequence) => maker.planOf([stored([[second, { a: 1 }]], {}, sequence)]))
  expect(plans.map((plan) => ids(plan))).toEqual([['r-events-1-0'], ['r-events-2-0']])
  expect(maker.index.ids).toBe(0)
})

test('A client that sends again with a new chunk is known by its own ids', () => {
  const maker = new TestMaker()
  const options = (name: string) => ({ meta: { tag: 'inference.a', chunk: chunk(name) } })
  const entries = [
    [eventTime(second), { inference_id: 'i1', model: 'm' }],
    [eventTime(second), { inference_id: 'i2', model: 'm' }],
  ]
  expect(countsOf(maker.planOf([stored(entries, options('one'))]))).toMatchObject({ stored: 2 })
  const changed = [entries[0], [eventTime(second), { inference_id: 'i2', model: 'other' }]]
  const plan = maker.planOf([stored(changed, options('two'))])
  expect(countsOf(plan)).toMatchObject({ stored: 0, duplicates: 1, flagged: 1 })
  expect(rowsOf(plan, 'ai.inferences')).toMatchObject([{ id: 'i2', model: 'other', chunk_id: 'two' }])
})

test('An id is one id by Forward and as a row of ours, whatever the order of keys', () => {
  const maker = new TestMaker()
  const row = {
    sequence: 2,
    kind: 'row' as const,
    source: 'backend',
    receivedAtMicros: nowMicros,
    count: 1,
    meta: '{"table":"ai.inferences"}',
    body: Buffer.from('{"model":"m","at":"2026-01-15","n":9007199254740993,"inference_id":"i1"}'),
  }
  const forward = stored([[second, { inference_id: 'i1', n: 9007199254740993n, model: 'm', at: '2026-01-15' }]], {
    meta: { tag: 'inference.x' },
  })
  maker.planOf([forward])
  expect(countsOf(maker.planOf([row]))).toMatchObject({ duplicates: 1, stored: 0 })
})

test('An asset whose upload was tried again is one, and rows of the erased are not written', () => {
  const maker = new TestMaker()
  const asset = (sequence: number, row: object): StoredRecord => ({
    sequence,
    kind: 'row',
    source: 'cam',
    receivedAtMicros: nowMicros,
    count: 1,
    meta: '{"table":"ai.assets"}',
    body: Buffer.from(JSON.stringify(row)),
  })
  maker.planOf([asset(1, { asset_id: 'a', sha256: 'f', created_at: '2026-01-15T00:00:00Z' })])
  const again = asset(2, { created_at: '2026-01-15T00:00:09Z', asset_id: 'a', sha256: 'f' })
  expect(countsOf(maker.planOf([again]))).toMatchObject({ duplicates: 1 })
  expect(countsOf(maker.planOf([asset(3, { asset_id: 'a', sha256: 'e' })]))).toMatchObject({ flagged: 1 })
  const person = personHash('user', '7')
  const erased = [{ dataset: null, person, receivedUntilMicros: nowMicros }]
  const plan = new TestMaker({ start: { ...emptyStart, erased } }).planOf([
    stored([
      [second, { user: { id: 7 } }],
      [second, { user_id: '8' }],
    ]),
  ])
  expect(ids(plan)).toEqual(['r-events-1-1'])
  expect(countsOf(plan)).toMatchObject({ stored: 2 })
})

test.each([
  ['a number', 5],
  ['one value', [second]],
  ['three values', [second, {}, {}]],
  ['a list as record', [second, [1]]],
  ['a map as time', [{ a: 1 }, { b: 1 }]],
  ['a boolean as time', [true, { b: 1 }]],
  ['metadata that is none', [[second, 5], { b: 1 }]],
  ['no time in the list', [[], { b: 1 }]],
  ['bytes', Buffer.from('garbage')],
  ['a time of -1 alone', [-1]],
  ['a time of -1 and a list', [new Raw('ff'), [1]]],
  ['a time of -1 and three values', [new Raw('ff'), {}, {}]],
  ['an extension', new Raw('d4 05 01')],
])('An entry that is none (%s) is kept out with its bytes, its neighbours land', (_, value) => {
  const plan = new TestMaker().planOf([
    stored([[second, { a: 1 }], value, [second, { b: 2 }]], { meta: { ip: '10.0.0.1', chunk: chunk('c') } }),
  ])
  expect(countsOf(plan)).toMatchObject({ received: 3, stored: 2, quarantined: 1 })
  expect(ids(plan)).toEqual(['c-0', 'c-2'])
  expect(lettersOf(plan)).toMatchObject([
    {
      id: 'events-1-1',
      reason: 'entry_unreadable',
      events: 1,
      source: 'backend',
      raw: Buffer.from(encode(value)).toString('base64'),
      meta: {
        kind: 'forward',
        encoding: 'msgpack-base64',
        tag: 'app.api',
        ip: '10.0.0.1',
        chunk: chunk('c'),
        origin: { id: 'c', index: 1 },
      },
    },
  ])
})

test.each([
  ['too large', { text: 'x'.repeat(2000) }, 'event_too_large'],
  ['of too many keys', Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, 1])), 'too_many_keys'],
  ['too deep', { a: { b: { c: { d: { e: 1 } } } } }, 'too_deep'],
])('An entry that is %s is kept out', (_, record, reason) => {
  const screen = { eventBytesMax: 1000, eventKeysMax: 50, eventDepthMax: 4 }
  const plan = new TestMaker({ screen }).planOf([
    stored([
      [second, record],
      [second, { a: 1 }],
    ]),
  ])
  expect(lettersOf(plan)).toMatchObject([{ id: 'events-1-0', reason }])
  expect(countsOf(plan)).toMatchObject({ stored: 1, quarantined: 1 })
})

test.each([
  ['counted otherwise', { count: 3 }],
  ['of no tag', { meta: { tag: 7 as unknown as string } }],
])('A record that no receiver of ours wrote (%s) is one letter', (_, options) => {
  const plan = new TestMaker().planOf([
    stored(
      [
        [second, {}],
        [second, {}],
      ],
      options,
    ),
  ])
  expect(lettersOf(plan)).toMatchObject([{ id: 'events-1', reason: 'row_refused' }])
  expect(countsOf(plan).quarantined).toBe(countsOf(plan).received)
})

test.each([
  ['cut off', 'a3 61'],
  ['no msgpack', 'c1'],
  ['too deep', `${'91'.repeat(200)}c0`],
])('A body that is %s is one letter', (_, hex) => {
  const plan = new TestMaker().planOf([stored([new Raw(hex)])])
  expect(lettersOf(plan)).toMatchObject([
    { reason: 'row_refused', raw: Buffer.from(hex.replaceAll(' ', ''), 'hex').toString('base64') },
  ])
})

test.each([
  ['the largest integer', 'cf ffffffffffffffff'],
  ['a float', 'cb bff0000000000000'],
  ['a time in a list of its own', '91 ff'],
  ['metadata that is nil', '92 ff c0'],
])('What looks like a marker of a group but is none (%s) is a row', (_, time) => {
  const plan = new TestMaker().planOf([stored([[new Raw(time), { message: 'hello' }]])])
  expect(rowsOf(plan, 'logs.entries')).toMatchObject([{ message: 'hello' }])
})

test('A letter carries the start of its group, so that a replay knows it', () => {
  const plan = new TestMaker().planOf([stored([group, [second, { a: 1 }], 5], { count: 2 })])
  const bytes = Buffer.concat([encode(group), encode(5)])
  expect(lettersOf(plan)).toMatchObject([
    { reason: 'entry_unreadable', raw: bytes.toString('base64'), meta: { origin: { id: 'r-events-1', index: 1 } } },
  ])
})

test('A replayed letter keeps its ids, and replaying it twice stores nothing twice', () => {
  const screen = { eventBytesMax: 40 }
  const long = [second, { message: 'x'.repeat(50) }]
  const [letter] = lettersOf(
    new TestMaker({ screen }).planOf([
      stored([[second, { a: 1 }], group, long], { count: 2, meta: { chunk: chunk('c') } }),
    ]),
  )
  const { kind, encoding, ...meta } = letter?.meta ?? {}
  expect([kind, encoding]).toEqual(['forward', 'msgpack-base64'])
  const replay = (sequence: number): StoredRecord => ({
    sequence,
    kind: 'forward',
    source: 'backend',
    receivedAtMicros: nowMicros + hourMicros,
    count: 1,
    meta: JSON.stringify({ ...meta, replayOf: 'events-1-1', firstReceivedAtMicros: nowMicros }),
    body: Buffer.from(String(rowsOfLetter(letter)), 'base64'),
  })
  const maker = new TestMaker()
  const plan = maker.planOf([replay(5)])
  expect(plan.replayed).toEqual(['events-1-1'])
  expect(rowsOf(plan, 'logs.entries')).toMatchObject([
    { id: 'c-1', chunk_id: 'c', received_at: nowMicros, resource: '{"resource":{"name":"g"}}' },
  ])
  expect(countsOf(maker.planOf([replay(6)]))).toMatchObject({ duplicates: 1, stored: 0 })
  // Still too large: a letter again, of the same place.
  const [again] = lettersOf(new TestMaker({ screen }).planOf([replay(7)]))
  expect(again).toMatchObject({ id: 'events-7-0', replay_of: 'events-1-1', meta: { origin: { id: 'c', index: 1 } } })
})

function rowsOfLetter(letter: Record<string, unknown> | undefined): unknown {
  return letter?.['raw']
}

test('What a group shares is not multiplied without bound: the rest waits in one letter', () => {
  const large = [[new Raw('d2 ffffffff'), {}], { text: 'x'.repeat(100_000) }]
  const entries = Array.from({ length: 1000 }, (_, n) => [second, { n }])
  const plan = new TestMaker().planOf([stored([large, ...entries], { count: 1000 })])
  const { stored: kept = 0, quarantined } = countsOf(plan)
  expect(kept).toBeGreaterThan(50)
  expect(kept).toBeLessThan(100)
  expect(quarantined).toBe(1000 - kept)
  const [letter] = lettersOf(plan)
  expect(letter).toMatchObject({ id: `events-1-${kept}`, reason: 'batch_too_long', events: 1000 - kept })
  const raw = Buffer.from(String(rowsOfLetter(letter)), 'base64')
  expect(raw.subarray(0, 20)).toEqual(Buffer.from(encode(large)).subarray(0, 20))
})

test.each([
  ['no object', '[1]', 'event_not_an_object'],
  ['no JSON', '{"a":', 'event_not_an_object'],
  ['too large', `{"a":"${'x'.repeat(1000)}"}`, 'event_too_large'],
  ['too deep', '{"a":{"b":{"c":{"d":1}}}}', 'too_deep'],
])('A row of ours that is %s', (_, body, reason) => {
  const screen = { eventBytesMax: 500, eventDepthMax: 3 }
  const record: StoredRecord = {
    sequence: 9,
    kind: 'row',
    source: 'shop',
    receivedAtMicros: nowMicros,
    count: 1,
    meta: '{"table":"ai.assets"}',
    body: Buffer.from(body),
  }
  const plan = new TestMaker({ screen }).planOf([record])
  expect(lettersOf(plan)).toMatchObject([
    {
      id: 'events-9-0',
      reason,
      raw: body,
      meta: { kind: 'row', table: 'ai.assets', origin: { id: 'r-events-9', index: 0 } },
    },
  ])
  const unknown = new TestMaker().planOf([{ ...record, meta: '{"table":"shop.users"}' }])
  expect(lettersOf(unknown)).toMatchObject([{ id: 'events-9', reason: 'row_refused', events: 1 }])
})

test('Several rows in one record, a line each: each has its own verdict, and a bad one is a letter', () => {
  const record: StoredRecord = {
    sequence: 9,
    kind: 'row',
    source: 'millpond',
    receivedAtMicros: nowMicros,
    count: 4,
    meta: '{"table":"millpond.deliveries"}',
    body: Buffer.from(
      ['{"delivery_id":"a"}', '{"delivery_id":', '{"delivery_id":"a"}', '{"delivery_id":"b"}'].join('\n'),
    ),
  }
  const plan = new TestMaker().planOf([record])
  expect(rowsOf(plan, 'millpond.deliveries').map((row) => row['delivery_id'])).toEqual(['a', 'b'])
  expect(countsOf(plan)).toMatchObject({ stored: 2, duplicates: 1, quarantined: 1 })
  expect(lettersOf(plan)).toMatchObject([
    { id: 'events-9-1', events: 1, raw: '{"delivery_id":', meta: { origin: { id: 'r-events-9', index: 1 } } },
  ])
  const miscounted = new TestMaker().planOf([{ ...record, count: 5 }])
  expect(lettersOf(miscounted)).toMatchObject([{ id: 'events-9', reason: 'row_refused', events: 5 }])
  expect(countsOf(miscounted)).toMatchObject({ stored: 0, quarantined: 5 })
})

test('Refused rows become letters, and pieces load their part only', () => {
  const maker = new TestMaker()
  const record = stored([[second, { a: 0 }], group, [second, { a: 1 }], [second, { a: 2 }]], {
    count: 3,
    meta: { chunk: chunk('c') },
  })
  const load = (from: number, to: number, isLast: boolean) => {
    const one = new TestMaker()
    one.maker.begin({ loadedAtMicros: nowMicros, liveEventsMax: 10, events: 3, piece: { from, to, isLast } })
    one.maker.add('forward', record, new Set([1]))
    one.frames.take()
    return one.maker.finish([]).plan
  }
  expect(ids(load(0, 2, false))).toEqual(['c-0'])
  expect(load(0, 2, false).counts).toEqual([])
  expect(ids(load(2, 3, false))).toEqual(['c-2'])
  const last = load(3, 3, true)
  expect(ids(last)).toEqual([])
  expect(countsOf(last)).toMatchObject({ received: 3, stored: 2, quarantined: 1 })
  expect(lettersOf(last)).toMatchObject([{ id: 'forward-1-1', reason: 'row_refused' }])
  const whole = maker
  whole.maker.begin({ loadedAtMicros: nowMicros, liveEventsMax: 10, events: 3, piece: undefined })
  whole.maker.add('forward', record, 'all')
  expect(lettersOf(whole.maker.finish([]).plan)).toMatchObject([{ id: 'forward-1', reason: 'row_refused', events: 3 }])
})

test('The live feed shows rows by what they are', () => {
  const maker = new TestMaker()
  maker.maker.begin({ loadedAtMicros: nowMicros, liveEventsMax: 10, events: 5, piece: undefined })
  maker.maker.add('forward', stored([[second, { msg: 'hello', user_id: 5 }], 7]))
  const inference = stored([[second, { inference_id: 'i', model: 'm', output: { n: 2n ** 60n } }]], {
    meta: { tag: 'inference.x', chunk: chunk('c') },
  })
  maker.maker.add('forward', inference)
  maker.maker.add('forward', inference)
  const { live } = maker.maker.finish([])
  expect(live).toMatchObject([
    { type: 'log', name: 'hello', userId: '5', verdict: 'stored', json: '{"msg":"hello","user_id":5}' },
    { type: 'log', name: '', verdict: 'quarantined', reason: 'entry_unreadable', json: '' },
    {
      type: 'inference',
      name: 'm',
      id: 'i',
      json: '{"inference_id":"i","model":"m","output":{"n":1152921504606846976}}',
    },
    { type: 'inference', verdict: 'duplicate', json: '' },
  ])
})
