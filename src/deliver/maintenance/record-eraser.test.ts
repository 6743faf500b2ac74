// Random records of all kinds, before and after somebody is erased from them: whoever loads them afterwards, and leaves out
// who was erased, can't tell which of both it was.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { emptyStart, nowMicros, TestMaker } from '../../../test/faults/loader-maker.ts'
import { screenSettings } from '../../../test/faults/loader-rig.ts'
import { forwardRecord } from '../../../test/support/forward-body.ts'
import type { NewRecord, StoredRecord } from '../../buffer/record.ts'
import { ownRows } from '../../buffer/record.ts'
import type { ScreenSettings } from '../../core/settings.ts'
import { openEvents } from '../screen/screen.ts'
import { RecordEraser } from './record-eraser.ts'
import { type ErasedPerson, personHash, Suppression } from './suppression.ts'

const secret = 'nobody may read this again'
const erased: ErasedPerson[] = [
  { dataset: null, person: personHash('user', 'gone'), receivedUntilMicros: nowMicros },
  { dataset: 'shop', person: personHash('anonymous', 'gone-too'), receivedUntilMicros: nowMicros },
]
const screen = { ...screenSettings, eventDepthMax: 6, eventKeysMax: 12, batchEventsMax: 6, eventBytesMax: 2000 }
const forwardTables = ['inference.**=ai.inferences', '**=logs.entries']

function eraserOf(people: readonly ErasedPerson[] = erased): RecordEraser {
  return new RecordEraser(new Suppression(people), { screen, forwardTables }, { check: () => undefined })
}

/** Everything that a load would write, and every verdict. */
function loaded(records: readonly StoredRecord[], limits: ScreenSettings = screen): unknown {
  const test = new TestMaker({ screen: limits, start: { ...emptyStart, erased } })
  const events = records.reduce((sum, record) => sum + record.count, 0)
  test.maker.begin({ loadedAtMicros: nowMicros, liveEventsMax: 0, events, piece: undefined })
  for (const record of records) test.maker.add('events', record)
  const verdicts = test.frames.take().toString('hex')
  const { plan, arena } = test.maker.finish([])
  return { plan, arena: Buffer.from(arena).toString('hex'), verdicts }
}

function withoutErased(records: readonly StoredRecord[]): { records: StoredRecord[]; changed: number } {
  const eraser = eraserOf()
  let changed = 0
  const after = records.map((record) => {
    const found = eraser.erase('events', record)
    changed += found === undefined ? 0 : 1
    return found ?? record
  })
  return { records: after, changed }
}

const person = fc.oneof(
  fc.constantFrom({ userId: 'gone' }, { anonymousId: 'gone-too' }, { userId: 'gone', anonymousId: 'a2' }),
  fc.constantFrom({ userId: 'stays' }, { anonymousId: 'stays-too' }, {}),
)
const messageId = fc.option(
  fc.nat(6).map((n) => `m${n}`),
  { nil: undefined },
)
const deep = { a: { b: { c: { d: { e: { f: {} } } } } } }
const call = fc
  .tuple(
    person,
    messageId,
    fc.constantFrom<object>(
      { type: 'track', event: 'Opened', properties: { note: secret } },
      { type: 'track', event: 'Opened', properties: { big: 1 } },
      { type: 'track' },
      { type: 'identify', traits: { email: secret } },
      { type: 'alias', previousId: 'gone' },
      { type: 'alias', previousId: 'gone-too' },
      { type: 'group', groupId: 'g', context: { page: { title: secret } } },
      { type: 'nonsense', previousId: 'gone' },
      { type: 'track', event: 'Deep', properties: deep },
      { type: 'track', event: 'Large', properties: { text: 'x'.repeat(2500) } },
    ),
  )
  .map(([who, id, rest]) => ({ ...who, ...rest, ...(id === undefined ? {} : { messageId: id }) }))
const item = fc.oneof({ weight: 9, arbitrary: call }, { weight: 1, arbitrary: fc.constantFrom(null, 7, 'text', []) })
const envelope = fc.constantFrom({}, { sentAt: '2026-01-15T00:00:00Z', context: { library: { name: 'x'.repeat(40) } } })

const batch = fc
  .tuple(fc.array(item, { minLength: 1, maxLength: 9 }), envelope, fc.constantFrom({}, { refused: 'key_disabled' }))
  .map(([items, around, refusal]): NewRecord => {
    const meta = { call: 'batch', via: 'client', ip: '192.0.2.7', ...refusal }
    const body = Buffer.from(JSON.stringify({ ...around, batch: items }))
    return { ...common('segment', meta, items.length), body }
  })
const single = call.map((event): NewRecord => {
  const meta = { call: 'type' in event && event.type === 'alias' ? 'alias' : 'track', via: 'client', ip: '192.0.2.7' }
  return { ...common('segment', meta, 1), body: Buffer.from(JSON.stringify(event)) }
})
const row = fc.tuple(fc.constantFrom('gone', 'stays', ''), messageId, fc.nat(2)).map(([userId, id, n]) => ({
  user_id: userId,
  ...(id === undefined ? {} : { inference_id: id, insertId: id }),
  note: userId === 'gone' ? secret : n,
}))
const rows = fc
  .tuple(fc.array(row, { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([list, isInference]): NewRecord =>
    ownRows(
      isInference ? 'ai.inferences' : 'logs.entries',
      list.map((one) => JSON.stringify(one)),
      nowMicros,
    ),
  )
const forward = fc
  .tuple(fc.array(row, { minLength: 1, maxLength: 5 }), fc.constantFrom('inference.x', 'app'), fc.option(fc.nat(3)))
  .map(([list, tag, chunk]): NewRecord => {
    const token = chunk === null ? {} : { chunk: Buffer.from(`c${chunk}`).toString('base64') }
    const entries = list.map((one, index) => [1_768_435_200 + index, one])
    return forwardRecord(entries, { meta: { tag, ...token }, receivedAtMicros: nowMicros })
  })
const stream = fc
  .array(fc.oneof(batch, single, rows, forward), { minLength: 1, maxLength: 8 })
  .map((list) => list.map((record, index): StoredRecord => ({ ...record, sequence: index + 1 })))

function common(kind: 'segment', meta: object, count: number): Omit<NewRecord, 'body'> {
  return { kind, source: 'shop', receivedAtMicros: nowMicros, count, meta: JSON.stringify(meta) }
}

test('a load after the archive was rewritten writes what it wrote before: rows, ledger, letters, verdicts', () => {
  fc.assert(
    fc.property(stream, (records) => {
      expect(loaded(withoutErased(records).records)).toEqual(loaded(records))
    }),
    { numRuns: 300 },
  )
})

test('rewriting twice changes nothing more, and a second person goes as if both had gone at once', () => {
  fc.assert(
    fc.property(stream, (records) => {
      const { records: once } = withoutErased(records)
      expect(withoutErased(once).changed).toBe(0)
      const [first, second] = erased.map((one) => eraserOf([one]))
      const inTurn = records
        .map((record) => first?.erase('events', record) ?? record)
        .map((record) => second?.erase('events', record) ?? record)
      expect(loaded(inTurn)).toEqual(loaded(records))
    }),
    { numRuns: 200 },
  )
})

test('nothing that was understood of an erased person is left, and the others keep their bytes', () => {
  fc.assert(
    fc.property(stream, (records) => {
      for (const [index, after] of withoutErased(records).records.entries()) {
        const before = records[index]
        if (before === undefined || before.kind !== 'segment') continue
        const { refused: _refused, ...meta } = JSON.parse(after.meta) as { refused?: string }
        const opened = openEvents('events', { ...after, meta: JSON.stringify(meta) })
        const was = openEvents('events', { ...before, meta: JSON.stringify(meta) })
        for (let at = 0; at < (opened?.events ?? 0); at++) {
          const event = opened?.at(at)?.event
          expect(event?.['userId']).not.toBe('gone')
          expect(event?.['anonymousId']).not.toBe('gone-too')
          if (event !== undefined) expect(event).toEqual(was?.at(at)?.event)
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('of a request in which one of two goes, the other stays byte for byte', () => {
  const other = '{ "type":"track",  "event":"Kept","userId":"stays", "properties":{"n":12345678901234567890} }'
  const body = `{"batch":[${other},{"type":"track","event":"E","userId":"gone","properties":{"note":"${secret}"}}]}`
  const meta = { call: 'batch', via: 'client', ip: '192.0.2.7' }
  const record = { ...common('segment', meta, 2), sequence: 1, body: Buffer.from(body) }
  const after = eraserOf().erase('events', record)
  expect(Buffer.from(after?.body ?? []).toString()).toBe(`{"batch":[${other},{}]}`)
  expect(JSON.parse(after?.meta ?? '')).toMatchObject({ ip: '192.0.2.7', erased: { bodyBytes: body.length } })
  expect(after).toMatchObject({ sequence: 1, count: 2, receivedAtMicros: nowMicros })
})

test('of a request in which all go, their address and what the batch says of them go, too', () => {
  const events = [{ type: 'identify', userId: 'gone', traits: { email: secret } }]
  const body = JSON.stringify({ context: { traits: { email: secret } }, batch: events })
  const meta = { call: 'batch', via: 'client', ip: '192.0.2.7', clock: { offsetMs: 5, method: 'batch' } }
  const after = eraserOf().erase('events', { ...common('segment', meta, 1), sequence: 1, body: Buffer.from(body) })
  expect(Buffer.from(after?.body ?? []).toString()).toBe('{"batch":[{}]}')
  expect(after?.meta).not.toContain('192.0.2.7')
})

test('limits are those of the request as it was sent, though it is shorter now', () => {
  const large = { type: 'track', event: 'E', userId: 'gone', properties: { text: 'x'.repeat(300_000) } }
  const others = Array.from({ length: 20 }, (_, n) => ({ type: 'track', event: 'E', userId: `u${n}` }))
  const context = { text: 'x'.repeat(400_000) }
  const body = Buffer.from(JSON.stringify({ context, batch: [...others, large] }))
  const record = { ...common('segment', { call: 'batch', via: 'client' }, 21), sequence: 1, body }
  const limits = { ...screenSettings, eventBytesMax: 2_000_000 }
  const eraser = new RecordEraser(
    new Suppression(erased),
    { screen: limits, forwardTables },
    { check: () => undefined },
  )
  const after = eraser.erase('events', record) ?? record
  expect(after.body.length).toBeLessThan(body.length - 250_000)
  // Seven of them may carry the context that they share.
  expect(loaded([after], limits)).toEqual(loaded([record], limits))
  expect(loaded([{ ...after, meta: record.meta }], limits)).not.toEqual(loaded([record], limits))
})

test('what was received after the erasure, and in another dataset, stays', () => {
  const event = { type: 'track', event: 'E', anonymousId: 'gone-too' }
  const base = {
    ...common('segment', { call: 'track', via: 'client' }, 1),
    sequence: 1,
    body: Buffer.from(JSON.stringify(event)),
  }
  const eraser = eraserOf()
  expect(eraser.erase('events', base)).toBeDefined()
  expect(eraser.erase('events', { ...base, source: 'web' })).toBeUndefined()
  expect(eraser.erase('events', { ...base, receivedAtMicros: nowMicros + 1 })).toBeUndefined()
})
