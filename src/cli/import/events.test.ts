import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { UsageError } from '../failure.ts'
import { convertMixpanel, convertSegment, type Converted, createRowConvert, textTypesOf } from './events.ts'
import { chooseColumns, missingIn, parseMap } from './mapping.ts'

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
