import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { rowsOf } from '../../../test/faults/loader-unpack.ts'
import { type MakerOptions, type RecordOptions, TestMaker } from '../../../test/faults/loader-maker.ts'
import { screenSettings } from '../../../test/faults/loader-rig.ts'
import type { StoredRecord } from '../../buffer/record.ts'
import { DedupeIndex } from './dedupe-index.ts'
import { Screen, type ScreenSink } from './screen.ts'
import { VerdictFrames } from './verdict-file.ts'

const track = { type: 'track', event: 'X', userId: 'u', messageId: 'm' }

function judge(events: readonly unknown[], options: RecordOptions = {}, maker: MakerOptions = {}) {
  const plan = new TestMaker(maker).plan(events, options)
  const [count] = plan.counts
  return { plan, count, letters: rowsOf(plan, 'millpond.dead_letters') }
}

test.each([
  ['not an object', 7, 'event_not_an_object'],
  ['null', null, 'event_not_an_object'],
  ['a list', [track], 'event_not_an_object'],
  ['of no type', { event: 'X', userId: 'u' }, 'event_type_unknown'],
  ['of an unknown type', { ...track, type: 'constructor' }, 'event_type_unknown'],
  ['a track without a name', { ...track, event: '' }, 'event_name_missing'],
  ['of nobody', { ...track, userId: undefined }, 'id_missing'],
  ['of empty ids', { ...track, userId: '', anonymousId: '' }, 'id_missing'],
  ['of ids that are objects', { ...track, userId: {}, anonymousId: true }, 'id_missing'],
  ['too large', { ...track, properties: { a: 'x'.repeat(2000) } }, 'event_too_large'],
  [
    'of too many keys',
    { ...track, properties: Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, 1])) },
    'too_many_keys',
  ],
  ['too deep', { ...track, properties: { a: { b: { c: { d: { e: { f: 1 } } } } } } }, 'too_deep'],
])('An event that is %s is kept out, and its neighbours are not', (_, event, reason) => {
  const screen = { eventBytesMax: 1000, eventKeysMax: 50, eventDepthMax: 6 }
  const { letters, count } = judge([track, event, { ...track, messageId: 'n' }], {}, { screen })
  expect(letters).toMatchObject([{ id: 'events-1-1', reason, events: 1, raw: JSON.stringify(event) }])
  expect(count).toMatchObject({ received: 3, stored: 2, quarantined: 1 })
})

test.each([
  ['key_disabled', { meta: { refused: 'key_disabled' } }, 'key_disabled'],
  ['no JSON', { body: '{"batch":[1,2', count: 2 }, 'event_not_an_object'],
  ['a JSON text', { body: '"x"', count: 2 }, 'event_not_an_object'],
  ['counted otherwise', { count: 3 }, 'row_refused'],
] as const)('A request as a whole: %s', (_, options, reason) => {
  const { letters, count } = judge([track, track], options)
  expect(letters).toMatchObject([{ id: 'events-1', reason, events: count?.received }])
  expect(count?.quarantined).toBe(count?.received)
})

test('Events beyond the longest batch are one letter with their exact bytes', () => {
  const body = '{"batch":[{"type":"track","event":"X","userId":"u"}, {"a":1} ,\n{"b":2} ]}'
  const { letters, count } = judge([], { body, count: 3 }, { screen: { batchEventsMax: 1 } })
  expect(letters).toMatchObject([{ id: 'events-1-1', reason: 'batch_too_long', events: 2, raw: '{"a":1} ,\n{"b":2}' }])
  expect(count).toMatchObject({ received: 3, stored: 1, quarantined: 2 })
})

test('A letter keeps what its batch said around it', () => {
  const body = '{"sentAt":"2026-01-01T00:00:00Z","context":{"library":{"name":"go"}},"batch":[7]}'
  const { letters } = judge([], { body, count: 1, meta: { ip: '10.0.0.1' } })
  expect(JSON.parse(String(letters[0]?.['meta']))).toEqual({
    call: 'batch',
    via: 'server',
    ip: '10.0.0.1',
    envelope: '{"sentAt":"2026-01-01T00:00:00Z","context":{"library":{"name":"go"}}}',
  })
})

test('What a batch says around its events is kept as sent, however deep or exact it is', () => {
  const deep = '{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000)
  const around = `"sentAt":${deep},"context":{"serial":9007199254740993}`
  const { letters } = judge([], { body: `{${around},"batch":[7]}`, count: 1 })
  expect(JSON.parse(String(letters[0]?.['meta']))).toMatchObject({ envelope: `{${around}}` })
  const whole = judge([], { body: `{${around},"batch":[7,8]}`, count: 2, meta: { refused: 'key_disabled' } })
  expect(JSON.parse(String(whole.letters[0]?.['meta']))).toMatchObject({ envelope: `{${around}}` })
})

test('Big numbers are exact beside a neighbour that nests deeper than the stack, and in what the batch says for all', () => {
  const deep = `{"type":"track","event":"X","userId":"u","properties":${'['.repeat(50_000)}${']'.repeat(50_000)}}`
  const exact = '{"type":"track","event":"X","userId":"u","properties":{"n":9007199254740993}}'
  const { plan, letters } = judge([], {
    body: `{"context":{"serial":12345678901234567},"batch":[${deep},${exact},${JSON.stringify(track)}]}`,
    count: 3,
  })
  expect(letters).toMatchObject([{ id: 'events-1-0', reason: 'too_deep' }])
  expect(rowsOf(plan, 'shop.x')).toMatchObject([
    { n: 9007199254740993n, context_serial: 12345678901234567n, properties: '{"n":9007199254740993}' },
    { id: 'm', context_serial: 12345678901234567n },
  ])
})

test('A large context on many small events does not grow without bound: the rest waits in one letter', () => {
  const events = Array.from({ length: 2000 }, (_, n) => `{"type":"track","event":"X","userId":"u${n}"}`)
  const context = `{"text":"${'x'.repeat(200_000)}"}`
  const { count, letters } = judge([], { body: `{"context":${context},"batch":[${events.join()}]}`, count: 2000 })
  expect(count?.stored).toBeGreaterThan(1)
  expect(count?.stored).toBeLessThan(20)
  expect(letters).toMatchObject([{ reason: 'batch_too_long', events: 2000 - (count?.stored ?? 0) }])
  const small = judge([], { body: `{"context":{"app":"a"},"batch":[${events.join()}]}`, count: 2000 })
  expect(small.count).toMatchObject({ stored: 2000 })
  const carried = judge(
    [],
    { body: `{"context":${context},"batch":[${events[0]}]}`, count: 1 },
    { screen: { eventBytesMax: 1000 } },
  )
  expect(carried.letters).toMatchObject([{ reason: 'event_too_large' }])
})

test('A single call takes its type from the call', () => {
  const { plan } = judge([], {
    body: '{"userId":"u","traits":{"plan":"pro"},"type":"track"}',
    count: 1,
    meta: { call: 'identify' },
  })
  expect(rowsOf(plan, 'shop.identifies')).toMatchObject([{ user_id: 'u', plan: 'pro' }])
})

test.each([
  ['its own', { messageId: 'x' }, 'x'],
  ['a number', { messageId: 12 }, '12'],
  ['a number beyond doubles', { messageId: 0 }, '9007199254740993'],
  [
    'its content, if it says when it was',
    { timestamp: '2026-01-01T00:00:00Z' },
    expect.stringMatching(/^h-[0-9a-f]{32}$/),
  ],
  ['its place, if it does not', {}, 'r-events-1-0'],
])('The id of an event is %s', (name, fields, expected) => {
  const event = JSON.stringify({ type: 'track', event: 'X', userId: 'u', ...fields })
  const exact =
    name === 'a number beyond doubles' ? event.replace('"messageId":0', '"messageId":9007199254740993') : event
  const { plan } = judge([], { body: `{"batch":[${exact}]}`, count: 1 })
  expect(rowsOf(plan, 'shop.x')).toMatchObject([{ id: expected }])
})

test('Two clicks without id and time are two, a repeated event with its time is one', () => {
  const maker = new TestMaker()
  const click = { type: 'track', event: 'Click', userId: 'u' }
  const timed = { ...click, timestamp: '2026-01-01T00:00:00Z' }
  maker.plan([click, click, timed])
  const [count] = maker.plan([click, { ...timed, sentAt: 'later', context: { ip: '10.0.0.1' } }]).counts
  expect(count).toMatchObject({ received: 2, stored: 1, duplicates: 1 })
})

test.each([null, '', 'yesterday'])('A timestamp of %j says nothing, so two clicks stay two', (timestamp) => {
  const maker = new TestMaker()
  const click = { type: 'track', event: 'Click', userId: 'u', timestamp }
  maker.plan([click])
  const [count] = maker.plan([click]).counts
  expect(count).toMatchObject({ received: 1, stored: 1, duplicates: 0 })
})

test('The same id is a duplicate with the same content and flagged with other content, within the window', () => {
  const maker = new TestMaker()
  const hours = (count: number) => ({ receivedAtMicros: 1_768_000_000_000_000 + count * 3_600_000_000 })
  const verdictOf = (event: object, after: number) => {
    const { stored, flagged, duplicates } = maker.plan([event], hours(after)).counts[0] ?? {}
    return { stored, flagged, duplicates }
  }
  expect(verdictOf(track, 0)).toEqual({ stored: 1, flagged: 0, duplicates: 0 })
  expect(verdictOf({ ...track, sentAt: 'now' }, 1)).toEqual({ stored: 0, flagged: 0, duplicates: 1 })
  expect(verdictOf({ ...track, properties: { a: 1 } }, 2)).toEqual({ stored: 0, flagged: 1, duplicates: 0 })
  expect(verdictOf({ ...track, properties: { a: 1 } }, 3)).toEqual({ stored: 0, flagged: 0, duplicates: 1 })
  expect(verdictOf(track, 168)).toEqual({ stored: 0, flagged: 0, duplicates: 1 })
  expect(verdictOf(track, 171)).toEqual({ stored: 1, flagged: 0, duplicates: 0 })
})

test('The same id in two sources is two events', () => {
  const maker = new TestMaker()
  const other: StoredRecord = { ...maker.record([track]), source: 'app' }
  expect(maker.planOf([maker.record([track]), other]).counts.map(({ stored }) => stored)).toEqual([1, 1])
})

const nothing: ScreenSink = {
  keep: () => undefined,
  letter: () => undefined,
  violation: () => undefined,
  seen: () => undefined,
}
const anyEvent = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('track'),
      event: fc.constant('X'),
      userId: fc.constant('u'),
      messageId: fc.nat(30).map(String),
      properties: fc.record({ a: fc.nat(1) }),
    }),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
)

test('Judging again from any earlier position gives the same verdicts, byte for byte', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(anyEvent, { maxLength: 5 }), { minLength: 1, maxLength: 30 }),
      fc.nat(),
      (batches, at) => {
        const source = new TestMaker()
        const records = batches.map((batch, index) =>
          source.record(batch, { receivedAtMicros: 1.768e15 + index * 7.2e9 }),
        )
        const cut = at % records.length
        const all = verdictsOf(records, new DedupeIndex(screenSettings))
        const index = new DedupeIndex(screenSettings)
        const before = verdictsOf(records.slice(0, cut), index)
        const after = verdictsOf(records.slice(cut), index)
        expect(Buffer.concat([before, after]).equals(all)).toBe(true)
      },
    ),
    { numRuns: 60 },
  )
})

function verdictsOf(records: readonly StoredRecord[], index: DedupeIndex): Buffer {
  const frames = new VerdictFrames()
  const screen = new Screen(screenSettings, index, frames)
  for (const record of records) {
    const { stored, flagged, duplicates, quarantined } = screen.judge('events', record, nothing)
    expect(stored + flagged + duplicates + quarantined).toBe(record.count)
  }
  return Buffer.from(frames.take())
}

test('No body makes it throw, and the tally always sums', () => {
  const index = new DedupeIndex(screenSettings)
  const frames = new VerdictFrames()
  const screen = new Screen(screenSettings, index, frames)
  const body = fc.oneof(
    fc.json(),
    fc.string(),
    fc.jsonValue().map((value) => JSON.stringify({ batch: value })),
  )
  fc.assert(
    fc.property(body, fc.constantFrom('batch', 'track', 'identify'), fc.nat(4), (text, call, count) => {
      const meta = JSON.stringify({ call, via: 'client' })
      const record: StoredRecord = {
        sequence: 1,
        kind: 'segment',
        source: 's',
        receivedAtMicros: 1e15,
        count,
        meta,
        body: Buffer.from(text),
      }
      const { stored, flagged, duplicates, quarantined } = screen.judge('events', record, nothing)
      expect(stored + flagged + duplicates + quarantined).toBe(count)
    }),
  )
})
