// Bad input on the real thing: every body gets a clear answer, what was answered 200 is in a table or is a dead letter
// with a reason, the ledger sums, and the neighbours land. Every case has a source of its own.
import { gzipSync } from 'node:zlib'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { type Answer, expectLedgerSums, lineOf, type Sending, sendTo } from '../support/sender.ts'

const settings = { MILLPOND_BODY_TIMEOUT_MS: '1500' }

let millpond: Millpond
let cases = 0

beforeAll(async () => {
  millpond = await startMillpond({ settings })
})

afterAll(async () => {
  await millpond.dispose()
})

interface Judged {
  readonly answer: Answer
  readonly source: string
  /** Without the neighbour. */
  readonly stored: number
  readonly duplicates: number
  /** Events by reason. */
  readonly letters: Readonly<Record<string, number>>
}

async function newSource(): Promise<{ source: string; key: string }> {
  const source = `case_${(cases += 1)}`
  return { source, key: await millpond.addSource(source) }
}

/** Sends one body to a source of its own, then a harmless neighbour, and reads what became of both. */
async function judge(body: string | Uint8Array | object, how: Sending = {}): Promise<Judged> {
  const { source, key } = await newSource()
  const answer = await sendTo(millpond.address, body, { key, ...how })
  const neighbour = { type: 'track', event: 'Neighbour', userId: 'n', messageId: `neighbour-${source}` }
  expect(await sendTo(millpond.address, { batch: [neighbour] }, { key })).toMatchObject({ status: 200 })
  const status = await millpond.settled()
  expectLedgerSums(status)
  expect(status.loader.lastError).toBeNull()
  expect(await millpond.queryValue(`SELECT count(*) FROM ${source}.neighbour`)).toBe(1)
  const letters = await millpond.query(
    `SELECT reason, sum(events)::INTEGER FROM millpond.dead_letters WHERE source = '${source}' GROUP BY ALL`,
  )
  const { received, stored, duplicates } = lineOf(status, source)
  if (answer.status !== 200) expect(received).toBe(1)
  return {
    answer,
    source,
    stored: stored - 1,
    duplicates,
    letters: Object.fromEntries(letters) as Record<string, number>,
  }
}

/** One track event in a batch, as text, so that it can hold what JSON.stringify would not write. */
function batchOf(...events: string[]): string {
  return `{"batch":[${events.join(',')}]}`
}

function trackText(properties: string, more = ''): string {
  return `{"type":"track","event":"Odd","userId":"u"${more},"properties":${properties}}`
}

const good = trackText('{"ok":true}')
const nested = (levels: number, open = '[', close = ']'): string => open.repeat(levels) + close.repeat(levels)
const nestedObject = (levels: number): string => nested(levels, '{"a":', '}').replace(':}', ':{}}')

describe('bodies that nobody can read are refused, and nothing of them is kept', () => {
  const deep = `{"batch":[${'['.repeat(4_000_000)}`
  const bomb = Buffer.concat(Array.from({ length: 16 }, () => gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '))))
  const refused: readonly {
    name: string
    body: string | Uint8Array
    headers?: Record<string, string>
    code: string
  }[] = [
    { name: 'cut off in the middle', body: good.slice(0, -5), code: 'body-unreadable' },
    { name: 'no JSON', body: 'event=Odd&userId=u', code: 'body-unreadable' },
    { name: 'empty', body: '', code: 'body-unreadable' },
    { name: 'a batch that is no list', body: '{"batch":{"0":{}}}', code: 'body-unreadable' },
    { name: 'larger than bodyBytesMax', body: Buffer.alloc(10 * 1024 * 1024 + 1, ' '), code: 'body-too-large' },
    {
      name: 'a gzip bomb, 1 MB to 1 GB',
      body: bomb,
      headers: { 'content-encoding': 'gzip' },
      code: 'body-too-large',
    },
    {
      name: 'damaged gzip',
      body: gzipSync(batchOf(good)).subarray(0, 40),
      headers: { 'content-encoding': 'gzip' },
      code: 'body-unreadable',
    },
    { name: 'a depth bomb of 4 MB', body: deep, code: 'body-unreadable' },
  ]
  it.each(refused)('$name', async ({ body, headers = {}, code }) => {
    const { answer, stored, letters } = await judge(body, { headers })
    expect(answer).toMatchObject({ status: 400, code, message: expect.stringMatching(/\w/) })
    expect({ stored, letters }).toEqual({ stored: 0, letters: {} })
    expect((await millpond.status()).intake.residentBytes).toBeLessThan(400 * 1024 * 1024)
  })
})

describe('events that cannot become rows are dead letters with a reason; their neighbours land', () => {
  const cases: readonly { name: string; events: string[]; letters: Record<string, number>; stored?: number }[] = [
    { name: '65 levels', events: [trackText(nestedObject(65)), good], letters: { too_deep: 1 } },
    { name: '9,000 levels', events: [good, trackText(nested(9000))], letters: { too_deep: 1 } },
    { name: '100,000 levels', events: [good, trackText(nested(100_000))], letters: { too_deep: 1 } },
    { name: 'a list of 100,000 levels', events: [nested(100_000), good], letters: { event_not_an_object: 1 } },
    {
      name: '100,000 levels beside a number beyond 2^53',
      events: [trackText('{"serial":9007199254740993}'), trackText(nested(100_000))],
      letters: { too_deep: 1 },
    },
    {
      name: '10,001 keys',
      events: [trackText(`{${Array.from({ length: 10_001 }, (_, n) => `"k${n}":${n}`).join()}}`), good],
      letters: { too_many_keys: 1 },
    },
    {
      name: 'one event of 600 KB',
      events: [trackText(`{"text":"${'x'.repeat(600_000)}"}`), good],
      letters: { event_too_large: 1 },
    },
    {
      name: 'every kind of poison among three good ones',
      events: [
        good,
        '1',
        'null',
        '"x"',
        '[]',
        '{}',
        '{"type":"nonsense"}',
        good,
        '{"type":"track","userId":"u"}',
      ].concat(
        '{"type":"track","event":"No Id"}',
        '{"type":"track","event":7.5,"userId":{}}',
        '{"type":"__proto__","userId":"u"}',
        '{"type":{"toString":1},"userId":"u"}',
        good,
      ),
      letters: { event_not_an_object: 4, event_type_unknown: 4, event_name_missing: 1, id_missing: 2 },
      stored: 3,
    },
  ]
  it.each(cases)('$name', async ({ events, letters, stored = 1 }) => {
    const judged = await judge(batchOf(...events))
    expect(judged.answer).toMatchObject({ status: 200 })
    expect(judged).toMatchObject({ letters, stored })
  })

  it('deep values around the events of a batch', async () => {
    for (const key of ['context', 'sentAt', 'integrations', 'whatever']) {
      const judged = await judge(`{"${key}":${nestedObject(30_000)},"batch":[1,${good}]}`)
      expect(judged.answer).toMatchObject({ status: 200 })
      expect(judged.letters, key).toMatchObject({ event_not_an_object: 1 })
      expect(judged.letters['too_deep'] ?? 0, key).toBe(key === 'context' ? 1 : 0)
      expect(judged.stored, key).toBe(key === 'context' ? 0 : 1)
    }
  })

  it('a large context on thousands of small events does not grow without bound, and none is lost', async () => {
    const { source, key } = await newSource()
    const events = Array.from({ length: 9000 }, (_, n) => `{"type":"track","event":"Odd","userId":"u${n}"}`)
    const body = `{"context":{"text":"${'x'.repeat(400_000)}"},"batch":[${events.join()},1]}`
    for (let turn = 0; turn < 4; turn += 1)
      expect(await sendTo(millpond.address, body, { key })).toMatchObject({ status: 200 })
    const status = await millpond.settled()
    expectLedgerSums(status)
    expect(status.loader.lastError).toBeNull()
    expect(lineOf(status, source).stored).toBeGreaterThan(0)
    const letters = `SELECT reason, sum(events)::INTEGER FROM millpond.dead_letters WHERE source = '${source}' GROUP BY ALL`
    expect(await millpond.query(letters)).toEqual([['batch_too_long', lineOf(status, source).quarantined]])
  })

  it('bytes that are no UTF-8, in a dead letter and in a row', async () => {
    const [head = '', tail = ''] = batchOf('{"type":"nonsense","text":"BYTES"}', trackText('{"text":"BYTES"}')).split(
      'BYTES',
      2,
    )
    const rest =
      batchOf('{"type":"nonsense","text":"BYTES"}', trackText('{"text":"BYTES"}')).split('BYTES').at(-1) ?? ''
    const rubbish = Buffer.from([0xff, 0xc3, 0x28, 0x80, 0xed, 0xa0, 0x80])
    const judged = await judge(
      Buffer.concat([Buffer.from(head), rubbish, Buffer.from(tail), rubbish, Buffer.from(rest)]),
    )
    expect(judged).toMatchObject({ letters: { event_type_unknown: 1 }, stored: 1 })
    const { deadLetters } = (await (await millpond.api(`/api/dead-letters?source=${judged.source}`)).json()) as {
      deadLetters: { raw: string }[]
    }
    expect(deadLetters[0]?.raw).toContain('nonsense')
    expect(await millpond.queryValue(`SELECT text FROM ${judged.source}.odd`)).toContain('(')
    const where = `FROM millpond.dead_letters WHERE source = '${judged.source}'`
    expect(await millpond.queryValue(`SELECT raw LIKE '%nonsense%' AND length(raw) > 10 ${where}`)).toBe(true)
  })

  it('20,000 events in one request: the first 10,000 land, the rest can be replayed', async () => {
    const events = Array.from({ length: 20_000 }, (_, n) => `{"type":"track","event":"Many","userId":"u${n}"}`)
    const judged = await judge(batchOf(...events))
    expect(judged).toMatchObject({ answer: { status: 200 }, letters: { batch_too_long: 10_000 }, stored: 10_000 })
    await replay({ source: judged.source })
    expectLedgerSums(await millpond.settled())
    const found = `SELECT count(*)::INTEGER, count(DISTINCT user_id)::INTEGER FROM ${judged.source}.many`
    expect(await millpond.query(found)).toEqual([[20_000, 20_000]])
  })

  it('an empty batch is answered and leaves nothing', async () => {
    expect(await judge('{"batch":[]}')).toMatchObject({ answer: { status: 200 }, letters: {}, stored: 0 })
  })
})

async function replay(filter: object): Promise<void> {
  const response = await millpond.api('/api/dead-letters/replay', { method: 'POST', body: JSON.stringify(filter) })
  expect(await response.text()).toContain('"end"')
}

describe('odd values are kept as they came', () => {
  async function rowsOf(event: string | Uint8Array, columns: string, how: Sending = {}): Promise<unknown[][]> {
    const judged = await judge(typeof event === 'string' ? batchOf(event) : event, how)
    expect(judged).toMatchObject({ answer: { status: 200 }, letters: {} })
    // Whoever asks the view for a path of its JSON must not fail over somebody else's odd row.
    await millpond.query(`SELECT properties->>'ok', properties->'$.a.b' FROM ${judged.source}.tracks`)
    return millpond.query(`SELECT ${columns} FROM ${judged.source}.odd`)
  }

  it('properties named like the insides of JavaScript', async () => {
    const properties = '{"__proto__":{"polluted":1},"constructor":"c","prototype":2,"toString":3,"hasOwnProperty":true}'
    const rows = await rowsOf(
      trackText(properties, ',"context":{"__proto__":{"ip":"6.6.6.6"},"constructor":{"prototype":1}}'),
      'proto_polluted, "constructor", prototype, to_string, has_own_property, context_proto_ip, properties::VARCHAR',
    )
    expect(rows).toEqual([[1, 'c', 2, 3, true, '6.6.6.6', properties]])
  })

  it('an event that is called __proto__, and ids that are', async () => {
    const judged = await judge(
      batchOf(
        '{"type":"track","event":"__proto__","userId":"__proto__","messageId":"__proto__"}',
        '{"type":"identify","userId":"__proto__","traits":{"__proto__":"x","constructor":"y"}}',
      ),
    )
    expect(judged).toMatchObject({ letters: {}, stored: 2 })
    expect(await millpond.query(`SELECT id, proto, "constructor" FROM ${judged.source}.users`)).toEqual([
      ['__proto__', 'x', 'y'],
    ])
    expect(await millpond.query(`SELECT event_text, user_id, id FROM ${judged.source}.proto`)).toEqual([
      ['__proto__', '__proto__', '__proto__'],
    ])
  })

  it('lone surrogates and zero characters in names, ids, keys and values', async () => {
    const judged = await judge(
      batchOf(
        trackText('{"half":"a\\ud800b","\\udc00key":"x","zero":"a\\u0000b","ze\\u0000ro":1,"ok":"yes"}'),
        '{"type":"track","event":"Half \\ud83d","userId":"\\ud800","messageId":"\\udfff","properties":{"ok":"yes"}}',
        '{"type":"track","event":"Zero \\u0000","userId":"\\u0000","messageId":"z\\u0000","properties":{"ok":"yes"}}',
        '{"type":"identify","userId":"\\ud800\\u0000","traits":{"half":"\\udfff"}}',
      ),
    )
    expect(judged).toMatchObject({ letters: {}, stored: 4 })
    const { source } = judged
    expect(await millpond.query(`SELECT half, key, zero, ze_ro, ok FROM ${source}.odd`)).toEqual([
      ['a\ufffdb', 'x', 'a\u0000b', 1, 'yes'],
    ])
    expect(await millpond.query(`SELECT event_text, user_id, id FROM ${source}.half`)).toEqual([
      ['Half \ufffd', '\ufffd', '\ufffd'],
    ])
    const perJson = `SELECT DISTINCT properties->>'ok' FROM ${source}.tracks WHERE properties IS NOT NULL AND event <> 'neighbour'`
    expect(await millpond.query(perJson)).toEqual([['yes']])
  })

  it('NaN and Infinity of Python, which become null', async () => {
    const rows = await rowsOf(
      trackText('{"ratio":NaN,"high":-Infinity,"text":"NaN","ok":1}'),
      'ok, text, properties::VARCHAR',
    )
    expect(rows).toEqual([[1, 'NaN', '{"ratio":null,"high":null,"text":"NaN","ok":1}']])
  })

  it('numbers as ids', async () => {
    const event = '{"type":"track","event":"Odd","userId":7,"anonymousId":12345678901234567890,"messageId":8.5}'
    expect(await rowsOf(event, 'user_id, anonymous_id, id')).toEqual([['7', '12345678901234567890', '8.5']])
  })

  it('integers beyond 2^53 and numbers beyond a double, exactly', async () => {
    const properties =
      '{"serial":9007199254740993,"low":-9223372036854775808,"huge":123456789012345678901,"vast":1e400}'
    const rows = await rowsOf(trackText(properties), 'serial, low, properties::VARCHAR, _overflow::VARCHAR')
    expect(rows).toEqual([
      ['9007199254740993', '-9223372036854775808', properties, '{"huge":123456789012345678901,"vast":1e400}'],
    ])
  })

  it('clocks in 1970, in 2200 and of no kind: the time of receiving, with the sender’s beside it', async () => {
    const stamped = (time: string): string => trackText('{}', `,"timestamp":${time}`)
    const times = ['"1970-01-01T00:00:05.000Z"', '"2200-01-01T00:00:00.000Z"', '"soon"', '{}', '1e99', '-1', '""']
    const judged = await judge(batchOf(...times.map(stamped)), { path: '/v1/batch' })
    expect(judged).toMatchObject({ letters: {}, stored: times.length })
    const { source } = judged
    const near = `abs(epoch(timestamp) - epoch(received_at)) < 60`
    expect(await millpond.queryValue(`SELECT bool_and(${near}) FROM ${source}.odd`)).toBe(true)
    expect(
      await millpond.query(`SELECT DISTINCT time_method FROM ${source}.odd ORDER BY 1`).then((rows) => rows.flat()),
    ).toEqual(['clamped', 'received'])
    const original = `SELECT year(original_timestamp) FROM ${source}.odd WHERE year(original_timestamp) IN (1970, 2200) ORDER BY 1`
    expect((await millpond.query(original)).flat()).toEqual(expect.arrayContaining([1970, 2200]))
  })

  it('a whole batch of a device whose clock stands in 1970 keeps the true time', async () => {
    const sentAt = '1970-01-01T02:00:00.000Z'
    const event = trackText('{}', ',"timestamp":"1970-01-01T01:00:00.000Z","anonymousId":"cam"')
    const judged = await judge(`{"sentAt":"${sentAt}","batch":[${event}]}`, { path: '/v1/b' })
    expect(judged).toMatchObject({ letters: {}, stored: 1 })
    const hourAgo = `SELECT abs(epoch(received_at) - epoch(timestamp) - 3600) < 5, time_method FROM ${judged.source}.odd`
    expect(await millpond.query(hourAgo)).toEqual([[true, 'batch']])
  })

  it('keys that come twice: the last one counts', async () => {
    const rows = await rowsOf(
      `{"batch":[1],"batch":[{"type":"page","type":"track","event":"No","event":"Odd","userId":"u","properties":{"a":1,"a":2}}]}`
        .replace('{"batch":[1],"batch":[', '')
        .slice(0, -2),
      'a, properties::VARCHAR',
    )
    expect(rows).toEqual([[2, '{"a":2}']])
    const twice = `{"batch":[1,2],"batch":[{"type":"nonsense"},${good}]}`
    expect(await judge(twice)).toMatchObject({ letters: { event_type_unknown: 1 }, stored: 1 })
  })

  it('userId null, with and without another id', async () => {
    const judged = await judge(
      batchOf(
        '{"type":"track","event":"Odd","userId":null,"anonymousId":"a"}',
        '{"type":"track","event":"Odd","userId":null}',
        '{"type":"identify","userId":null,"anonymousId":"a","traits":{"x":1}}',
      ),
    )
    expect(judged).toMatchObject({ letters: { id_missing: 1 }, stored: 2 })
    expect(await millpond.query(`SELECT user_id, anonymous_id FROM ${judged.source}.odd`)).toEqual([[null, 'a']])
    expect(await millpond.queryValue(`SELECT count(*) FROM ${judged.source}.users`)).toBe(0)
  })

  it('context, properties and traits that are no objects', async () => {
    const odd = ['[]', '"text"', '7', 'null', 'true', '[{"a":1}]']
    const events = odd.flatMap((value) => [
      `{"type":"track","event":"Odd","userId":"u","context":${value},"properties":${value}}`,
      `{"type":"identify","userId":"u","context":${value},"traits":${value}}`,
      `{"type":"group","userId":"u","groupId":${value},"traits":${value}}`,
      `{"type":"alias","userId":"u","previousId":${value}}`,
      `{"type":"page","userId":"u","name":${value},"category":${value},"properties":${value}}`,
    ])
    const judged = await judge(batchOf(...events))
    expect(judged).toMatchObject({ letters: {}, stored: events.length })
    const kept = `SELECT properties::VARCHAR FROM ${judged.source}.odd WHERE properties IS NOT NULL ORDER BY 1`
    expect((await millpond.query(kept)).flat()).toEqual(odd.filter((value) => value !== 'null').sort())
  })
})
