import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { messageIdOf } from '../../deliver/screen/message-id.ts'
import { parseTime } from '../../deliver/screen/time.ts'
import { UsageError } from '../failure.ts'
import { convertMixpanel, convertSegment, type Converted, createRowConvert, textTypesOf } from './events.ts'
import { chooseColumns, missingIn, parseMap } from './mapping.ts'
import { isoTime } from './values.ts'

function eventOf(converted: Converted): unknown {
  return converted.kind === 'event' ? JSON.parse(Buffer.from(converted.bytes).toString()) : converted.reason
}

describe('convertSegment', () => {
  const whole = { type: 'track', event: 'x', userId: 'u', messageId: 'm', timestamp: '2026-01-01T00:00:00.000Z' }

  test('an event with an id goes through byte for byte', () => {
    const text = `{ "type":"track","event":"x", "userId":"u" ,"messageId":"m","timestamp":"2026-01-01T00:00:00.000Z","n":1.0}`
    const bytes = Buffer.from(text)
    const converted = convertSegment(text, bytes, 1)
    expect(converted.kind === 'event' && converted.bytes).toBe(bytes)
  })

  test.each([
    { event: { ...whole, timestamp: 1_767_225_600 }, added: { timestamp: '2026-01-01T00:00:00.000Z' } },
    {
      event: { ...whole, timestamp: null, receivedAt: '2026-01-01T00:00:00Z' },
      added: { timestamp: '2026-01-01T00:00:00.000Z' },
    },
    {
      event: { ...whole, messageId: null, timestamp: undefined },
      added: { messageId: expect.stringMatching(/^i-[0-9a-f]{32}-7$/) },
    },
  ])('what is missing is put before the rest: $added', ({ event, added }) => {
    expect(eventOf(convertSegment(JSON.stringify(event), undefined, 7))).toEqual({ ...event, ...added })
  })

  test('digits that no double holds survive what is added', () => {
    const text = '{"type":"track","event":"x","userId":"u","timestamp":1767225600,"n":12345678901234567890}'
    const converted = convertSegment(text, undefined, 1)
    expect(converted.kind === 'event' && Buffer.from(converted.bytes).toString()).toContain('12345678901234567890')
  })
})

describe('times of Segment events', () => {
  const asWritten = [
    '2026-03-02T08:15:30.123Z',
    '2026-03-02T08:15:30Z',
    '2026-03-02t08:15:30z',
    '2026-03-02 08:15:30.123456 UTC',
    '2026-03-02 08:15:30 GMT',
    '2026-03-02T08:15:30,5+01:00',
    '2026-03-02T08:15-0330',
    '2026-03-02T08:15+01',
    '2026-03-02',
    ' 2026-03-02 ',
    '0001-01-01T00:00:00Z',
    '0099-12-31 23:59:59.123456789Z',
  ]
  const changed = [
    '1700000000',
    '1700000000000',
    ' 1700000000.25 ',
    '0',
    '2026-03-02 08:15:30 utc',
    '2026-03-02 08:15:30 Utc',
    '2026-03-02 08:15:30 gmt',
    '2026-03-02 08:15:30 gMT',
    `${' '.repeat(60)}2026-03-02`,
    1_700_000_000,
    1_700_000_000.5,
    1_700_000_000_000,
  ]
  const none = ['yesterday', '', '2026-02-31', '-1700000000', '02/03/2026', {}, true, [2026], -5, null]

  /** What the engine takes the time of an event for, in microseconds; and the event. */
  function inEngine(event: object): { micros: number | undefined; id: string; sent: Record<string, unknown> } {
    const converted = convertSegment(JSON.stringify(event), undefined, 1)
    const sent = eventOf(converted) as Record<string, unknown>
    const micros = parseTime(sent['timestamp'] ?? sent['originalTimestamp'])
    return { micros, id: messageIdOf(sent, 'web', 'record'), sent }
  }

  const bare = { type: 'track', event: 'x', userId: 'u' }

  test.each(asWritten)('the engine reads %j as the importer does: it stays', (time) => {
    for (const field of ['timestamp', 'originalTimestamp']) {
      const { micros, id, sent } = inEngine({ ...bare, [field]: time })
      expect(sent).toEqual({ ...bare, [field]: time })
      expect(micros).toBe(parseTime(isoTime(time)))
      expect(micros).toBeTypeOf('number')
      expect(id).toMatch(/^h-/)
    }
  })

  test.each(changed)('the engine would not read %j, or otherwise: it is written anew', (time) => {
    for (const field of ['timestamp', 'originalTimestamp']) {
      const { micros, id, sent } = inEngine({ ...bare, [field]: time })
      expect(sent['timestamp']).toBe(isoTime(time))
      expect(micros).toBe(parseTime(isoTime(time)))
      expect(micros).toBeTypeOf('number')
      expect(id).toMatch(/^h-/)
    }
  })

  test.each(none)('%j is no time: the id is made of the line and its number', (time) => {
    expect(inEngine({ ...bare, timestamp: time }).id).toMatch(/^i-/)
  })

  test('no time text makes an id that depends on the request', () => {
    const two = fc.integer({ min: 0, max: 61 }).map((part) => String(part).padStart(2, '0'))
    const date = fc
      .tuple(fc.constantFrom('0000', '0050', '1969', '2026', '9999'), two, two)
      .map((parts) => parts.join('-'))
    const mark = fc.constantFrom(
      '',
      ' ',
      'T',
      't',
      'Z',
      'z',
      ' utc',
      'UTC',
      'Gmt',
      '+01:00',
      '-9',
      '.5',
      ',123',
      ':',
      '-',
    )
    const time = fc.oneof(
      fc.tuple(date, mark, two, fc.constant(':'), two, mark, mark).map((parts) => parts.join('')),
      fc.tuple(date, mark).map((parts) => parts.join('')),
      fc.double().map(String),
      fc.nat().map(String),
      fc.string(),
    )
    fc.assert(
      fc.property(time, (text) => {
        const { micros, id } = inEngine({ ...bare, timestamp: text })
        expect(id).not.toMatch(/^r-/)
        const iso = isoTime(text)
        if (iso !== undefined) expect(micros).toBe(parseTime(iso))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('what other writers take for JSON', () => {
  test('NaN and infinities become null, in lists and structs too', () => {
    const line =
      '{"type":"track","event":"x","userId":"u","messageId":"m","properties":{"a":[1.0,NaN,-Infinity],"b":"NaN"}}'
    const bytes = Buffer.from(line)
    expect(eventOf(convertSegment(line, bytes, 1))).toMatchObject({ properties: { a: [1, null, null], b: 'NaN' } })
    const convert = createRowConvert(chooseColumns(['userId', 'event'], { map: {} }))
    expect(eventOf(convert('{"userId":"u","event":"x","list":[NaN,{"f":Infinity}]}', undefined, 1))).toMatchObject({
      properties: { list: [null, { f: null }] },
    })
  })

  test('what nests too deep is left out, in a line and in a text of one', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    const says = 'it nests deeper than 900 levels'
    expect(eventOf(convertSegment(`{"type":"track","event":"x","userId":"u","p":${deep}}`, undefined, 1))).toBe(says)
    expect(eventOf(convertMixpanel(`{"event":"x","properties":{"time":1,"p":${deep}}}`, undefined, 1))).toBe(says)
    const convert = createRowConvert(chooseColumns(['userId', 'event', 'properties'], { map: {} }))
    const row = { userId: 'u', event: 'x', properties: deep }
    expect(eventOf(convert(JSON.stringify(row), undefined, 1))).toMatchObject({ properties: { properties: deep } })
  })
})

test('a column and a property of one name both stay', () => {
  const names = ['userId', 'event', 'properties', 'plan', 'plan_column', 'seats']
  const convert = createRowConvert(chooseColumns(names, { map: {} }))
  const row = { userId: 'u', event: 'x', plan: 'outer', plan_column: 'of its own', seats: 3 }
  expect(
    eventOf(convert(JSON.stringify({ ...row, properties: { plan: 'inner', seats: null } }), undefined, 1)),
  ).toEqual({
    type: 'track',
    messageId: expect.any(String),
    event: 'x',
    userId: 'u',
    properties: {
      plan: 'inner',
      plan_column_column: 'outer',
      plan_column: 'of its own',
      seats: null,
      seats_column: 3,
    },
  })
})

test('any line is an event or a reason, never a throw', () => {
  const mapping = chooseColumns(['userId', 'event', 'timestamp', 'a'], { map: {}, event: undefined })
  const converts = [convertSegment, convertMixpanel, createRowConvert(mapping)]
  const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value))
  const event = fc
    .record(
      {
        type: fc.constantFrom('track', 'page', 7, null),
        event: fc.oneof(fc.string(), fc.jsonValue()),
        userId: fc.oneof(fc.string(), fc.integer(), fc.jsonValue()),
        timestamp: fc.oneof(fc.string(), fc.integer(), fc.jsonValue()),
        properties: fc.oneof(
          fc.jsonValue(),
          fc.record({ time: fc.integer(), distinct_id: fc.string(), $insert_id: fc.jsonValue() }, { requiredKeys: [] }),
        ),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value))
  fc.assert(
    fc.property(fc.oneof(fc.string(), json, event), fc.nat(), (text, row) => {
      for (const convert of converts) {
        const converted = convert(text, undefined, row)
        const again = convert(text, undefined, row)
        expect(again).toEqual(converted)
        if (converted.kind === 'event') expect(eventOf(converted)).toMatchObject({ type: expect.any(String) })
        else expect(converted.reason).not.toBe('')
      }
    }),
    { numRuns: 300 },
  )
})

describe('columns', () => {
  test('are found by their usual names, whatever their spelling', () => {
    const names = ['User ID', 'event_name', 'TIMESTAMP', '$insert_id', 'total']
    expect(chooseColumns(names, { map: {} }).columns).toEqual({
      timestamp: 'TIMESTAMP',
      event: 'event_name',
      userId: 'User ID',
      messageId: '$insert_id',
    })
  })

  test('id is the message id only in a table of a warehouse', () => {
    expect(chooseColumns(['id', 'user_id', 'event'], { map: {} }).columns.messageId).toBeUndefined()
    expect(chooseColumns(['id', 'user_id', 'event', 'received_at'], { map: {} }).columns.messageId).toBe('id')
  })

  test('--event is a column if there is one of that name, else the name of all', () => {
    const names = ['user_id', 'what', 'event']
    expect(chooseColumns(names, { map: {}, event: 'what' })).toMatchObject({ columns: { event: 'what' } })
    const named = chooseColumns(names, { map: {}, event: 'Order Completed' })
    expect(named).toMatchObject({ eventName: 'Order Completed', columns: { userId: 'user_id' } })
    expect(named.columns.event).toBeUndefined()
    expect(missingIn(named)).toBeUndefined()
  })

  test('what is missing is said', () => {
    expect(missingIn(chooseColumns(['a'], { map: {} }))).toContain('--event')
    expect(missingIn(chooseColumns(['event'], { map: {} }))).toContain('--map userId')
  })

  test('--map is field=column', () => {
    expect(parseMap(['userId=a=b', 'timestamp=t s'])).toEqual({ userId: 'a=b', timestamp: 't s' })
    for (const word of ['userId', 'userId=', 'user=a', '=a', 'file.csv'])
      expect(() => parseMap([word])).toThrow(UsageError)
  })
})

test('a row of other shape: properties as JSON text, context columns, identify', () => {
  const names = ['user_id', 'type', 'event', 'time', 'properties', 'context_app_version', 'plan']
  const convert = createRowConvert(chooseColumns(names, { map: {} }))
  const row = { user_id: 7, type: 'IDENTIFY', event: null, time: 1_767_225_600, context_app_version: '1', plan: 'plus' }
  expect(eventOf(convert(JSON.stringify({ ...row, properties: '{"a":{"b":1}}' }), undefined, 1))).toEqual({
    type: 'identify',
    timestamp: '2026-01-01T00:00:00.000Z',
    userId: '7',
    context: { app_version: '1' },
    traits: { a: { b: 1 }, plan: 'plus' },
  })
  expect(eventOf(convert(JSON.stringify({ ...row, type: 'track' }), undefined, 1))).toBe('the event has no name')
})

test('a column of CSV is of numbers only if all of the sample are', () => {
  const sample = [
    { n: '1', zip: '00741', b: 'true', big: '12345678901234567890', mixed: '1', empty: null },
    { n: '-2.5e3', zip: '80331', b: 'FALSE', big: '1', mixed: 'true', empty: null },
  ]
  const types = textTypesOf(sample.map((row) => JSON.stringify(row)))
  expect(Object.fromEntries(types)).toEqual({ n: 'number', b: 'boolean', big: 'number' })
  const convert = createRowConvert(chooseColumns(['userId', 'event'], { map: {} }), types)
  const text = JSON.stringify({ userId: 'u', event: 'x', ...sample[0], n: 'n/a' })
  const converted = convert(text, undefined, 1)
  const written = converted.kind === 'event' ? Buffer.from(converted.bytes).toString() : ''
  expect(written).toContain('"properties":{"n":"n/a","zip":"00741","b":true,"big":12345678901234567890,"mixed":"1"}')
})
