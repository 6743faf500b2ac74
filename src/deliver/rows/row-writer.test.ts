// From the entries of a Forward message, or a row of ours, to the columns of a fixed table: nothing may get lost on the
// way, and nobody may make a column.
import { expect, test } from 'vitest'

import { emptyStart, nowMicros, TestMaker } from '../../../test/faults/loader-maker.ts'
import { rowsOf } from '../../../test/faults/loader-unpack.ts'
import { eventTime, type ForwardOptions, forwardRecord, Pairs, Raw } from '../../../test/support/forward-body.ts'
import type { StoredRecord } from '../../buffer/record.ts'
import type { RowTable } from '../../core/event.ts'
import { rowTables } from '../../warehouse/row-tables.ts'
import { stringifyExact } from '../screen/parse.ts'

const second = 1_768_435_200

type Row = Record<string, unknown>

function rowOf(entry: unknown, options: ForwardOptions = {}, table: RowTable = 'logs.entries'): Row {
  const plan = new TestMaker().planOf([{ sequence: 7, ...forwardRecord([entry], options) }])
  const [row] = rowsOf(plan, table)
  expect(row).toBeDefined()
  return row ?? {}
}

function log(record: unknown, options: ForwardOptions = {}): Row {
  return rowOf([eventTime(second), record], options)
}

function rowRecord(table: RowTable, row: unknown): StoredRecord {
  return {
    sequence: 3,
    kind: 'row',
    source: 'shop',
    receivedAtMicros: nowMicros,
    count: 1,
    meta: JSON.stringify({ table }),
    body: Buffer.from(typeof row === 'string' ? row : JSON.stringify(row)),
  }
}

test('A small log line: its columns, and the rest as payload', () => {
  expect(
    rowOf([
      eventTime(second, 123_456_789),
      { level: 'info', message: 'hi', user_id: 17, cart: { items: 2 }, ok: null },
    ]),
  ).toEqual({
    id: 'r-events-7-0',
    received_at: nowMicros,
    loaded_at: nowMicros,
    timestamp: second * 1e6 + 123_456,
    time_method: 'sender',
    source: 'backend',
    log_name: 'app.api',
    sequence: 7,
    severity: 200,
    level: 'info',
    message: 'hi',
    user_id: '17',
    payload: '{"cart":{"items":2},"ok":null}',
  })
})

test('What pino, bunyan, Docker and Cloud Logging write', () => {
  expect(
    log({
      level: 50,
      time: 1_768_435_200_000,
      pid: 7,
      hostname: 'web-1',
      req: { id: 'q1', method: 'GET', url: '/a', headers: { a: 'b' } },
      res: { statusCode: 500, headers: {} },
      err: { type: 'TypeError', message: 'x is y', stack: 'TypeError: x\n at f', code: 'E1' },
      responseTime: 12,
      msg: 'request failed',
    }),
  ).toMatchObject({
    severity: 500,
    level: '50',
    host: 'web-1',
    request_id: 'q1',
    http_method: 'GET',
    http_url: '/a',
    http_status: 500,
    http_latency_ms: 12,
    error_type: 'TypeError',
    error_message: 'x is y',
    stack: 'TypeError: x\n at f',
    message: 'request failed',
    payload: stringifyExact({
      time: 1_768_435_200_000,
      pid: 7,
      req: { headers: { a: 'b' } },
      res: { headers: {} },
      err: { code: 'E1' },
    }),
  })
  expect(log({ name: 'shop', hostname: 'h', pid: 1, level: 30, msg: 'm', v: 0 })).toMatchObject({
    logger: 'shop',
    severity: 200,
    payload: '{"pid":1,"v":0}',
  })
  expect(
    log({ container_id: 'c1', container_name: '/web', source: 'stderr', log: 'line', partial_message: 'true' }),
  ).toMatchObject({
    service: '/web',
    message: 'line',
    source: 'backend',
    payload: '{"container_id":"c1","source":"stderr","partial_message":"true"}',
  })
  expect(
    log({
      severity: 'WARNING',
      message: 'slow',
      httpRequest: { requestMethod: 'POST', status: '200', latency: '1.5s', remoteIp: '10.0.0.1', cacheHit: true },
      'logging.googleapis.com/trace': 'projects/p/traces/t',
      'logging.googleapis.com/spanId': 's',
      'logging.googleapis.com/trace_sampled': true,
      'logging.googleapis.com/labels': { a: '1' },
      'logging.googleapis.com/insertId': 'i1',
      'logging.googleapis.com/sourceLocation': { file: 'a.ts' },
    }),
  ).toMatchObject({
    id: 'i1',
    severity: 400,
    http_method: 'POST',
    http_status: 200,
    http_latency_ms: 1500,
    http_remote_ip: '10.0.0.1',
    trace: 'projects/p/traces/t',
    span_id: 's',
    trace_sampled: true,
    labels: '{"a":"1"}',
    payload: '{"httpRequest":{"cacheHit":true},"logging.googleapis.com/sourceLocation":{"file":"a.ts"}}',
  })
})

test('The better name wins whatever the order, and the other stays in the payload', () => {
  for (const record of [
    new Pairs([
      ['log', 'raw'],
      ['message', 'm'],
    ]),
    new Pairs([
      ['message', 'm'],
      ['log', 'raw'],
    ]),
  ])
    expect(log(record)).toMatchObject({ message: 'm', payload: '{"log":"raw"}' })
  expect(
    log(
      new Pairs([
        ['req', { url: '/a', id: 'x' }],
        ['http_url', '/b'],
        ['url', '/c'],
      ]),
    ),
  ).toMatchObject({
    http_url: '/b',
    request_id: 'x',
    payload: '{"req":{"url":"/a"},"url":"/c"}',
  })
})

test('A value that does not fit the column of its name overflows exactly; one of another name is payload', () => {
  expect(log({ http_status: 'teapot', status: 'active', message: { a: 1n << 60n }, severity: 'loud' })).toMatchObject({
    _overflow: `{"http_status":"teapot","message":{"a":${1n << 60n}},"severity":"loud"}`,
    payload: '{"status":"active"}',
  })
  expect(log({ http_latency_ms: Number.NaN, labels: [1, 2n ** 64n - 1n] })).toMatchObject({
    _overflow: '{"http_latency_ms":"NaN"}',
    labels: '[1,18446744073709551615]',
  })
})

test('Keys that come twice, objects inherit or that are no text', () => {
  const record = new Pairs([
    ['message', 'a'],
    ['message', 'b'],
    ['__proto__', { x: 1 }],
    ['constructor', 2],
    [7, 'seven'],
    [
      'req',
      new Pairs([
        ['__proto__', 1],
        ['id', 'q'],
      ]),
    ],
  ])
  expect(log(record)).toMatchObject({
    message: 'a',
    request_id: 'q',
    // Keys that are whole numbers come first in JSON.
    payload: '{"7":"seven","message_2":"b","__proto__":{"x":1},"constructor":2,"req":{"__proto__":1}}',
  })
})

test.each([
  ['EventTime', eventTime(second, 999_999_999), second * 1e6 + 999_999, 'sender'],
  ['seconds', second, second * 1e6, 'sender'],
  ['seconds in 32 bits', new Raw('d2 6968 2e00'), 1_768_435_200 * 1e6, 'sender'],
  ['a fraction', second + 0.25, second * 1e6 + 250_000, 'sender'],
  ['nil', null, nowMicros, 'received'],
  ['zero', 0, nowMicros, 'received'],
  ['zero as EventTime', eventTime(0, 5), nowMicros, 'received'],
  ['a text', '2026-01-14T00:00:00Z', Date.UTC(2026, 0, 14) * 1000, 'sender'],
  ['years ago', Date.UTC(1999, 0) / 1000, Date.UTC(1999, 0) * 1000, 'sender'],
  ['with metadata', [eventTime(second), {}], second * 1e6, 'sender'],
  ['in a list of one', [second], second * 1e6, 'sender'],
])('The time of an entry: %s', (_, time, timestamp, method) => {
  expect(rowOf([time, { a: 1 }])).toMatchObject({ timestamp, time_method: method })
})

test.each([
  ['tomorrow', second + 86_400, { original_timestamp: (second + 86_400) * 1e6 }],
  ['before 1971', 1000, { original_timestamp: 1e9 }],
  ['beyond calendars', 2n ** 63n, { _overflow: '{"original_timestamp":9223372036854775808}', time_method: 'received' }],
  ['unreadable', 'soon', { _overflow: '{"original_timestamp":"soon"}', time_method: 'received' }],
])('A time that nobody believes: %s', (_, time, expected) => {
  expect(rowOf([time, { a: 1 }])).toMatchObject({ timestamp: nowMicros, time_method: 'clamped', ...expected })
})

test('Without a time of the entry the record may tell it', () => {
  expect(rowOf([null, { '@timestamp': '2026-01-14T00:00:00Z', time: 'x' }])).toMatchObject({
    timestamp: Date.UTC(2026, 0, 14) * 1000,
    time_method: 'sender',
    payload: '{"time":"x"}',
  })
})

test('A group shares its resource, its service and its severity; the markers are no rows', () => {
  const maker = new TestMaker()
  const start = [[new Raw('d2 ffffffff'), { schema: 'otlp' }], { resource: { attributes: { 'service.name': 'api' } } }]
  const values = [
    [second, { a: 1 }],
    start,
    [[second, { otlp: { severity_number: 17, severity_text: 'ERROR' } }], { log: 'x' }],
    [second, { service: 'own', resource: 'mine', level: 'info' }],
    [new Raw('d2 fffffffe'), {}],
    [second, { b: 1 }],
  ]
  const plan = maker.planOf([{ sequence: 1, ...forwardRecord(values, { count: 4 }) }])
  const resource = '{"resource":{"attributes":{"service.name":"api"}},"group":{"schema":"otlp"}}'
  const [first, second_, third, last] = rowsOf(plan, 'logs.entries')
  expect(first).not.toHaveProperty('resource')
  expect(second_).toMatchObject({
    resource,
    service: 'api',
    severity: 500,
    level: 'ERROR',
    message: 'x',
    metadata: '{"otlp":{"severity_number":17,"severity_text":"ERROR"}}',
  })
  expect(third).toMatchObject({ resource, service: 'own', severity: 200, payload: '{"resource":"mine"}' })
  expect(last).not.toHaveProperty('resource')
  expect([first, second_, third, last].map((row) => row?.['id'])).toEqual([
    'r-events-1-0',
    'r-events-1-1',
    'r-events-1-2',
    'r-events-1-3',
  ])
})

test('An inference record by Forward', () => {
  const options = { meta: { tag: 'inference.cat' } }
  const record = {
    inference_id: 'i1',
    asset_id: 'a1',
    model: 'cat',
    version: 3,
    role: 'canary',
    at: '2026-01-14T10:00:00.5Z',
    latency_ms: 31.5,
    top_label: 'cat',
    top_score: 0.97,
    margin: 1,
    entropy: 0.1,
    output: { cat: 0.97, dog: 0.03 },
    alias_rev: 12,
    device_id: 'd1',
    user_id: 'u1',
    room: 'nursery',
  }
  expect(rowOf([second, record], options, 'ai.inferences')).toMatchObject({
    id: 'i1',
    inference_id: 'i1',
    asset_id: 'a1',
    version: '3',
    role: 'canary',
    timestamp: Date.UTC(2026, 0, 14, 10) * 1000 + 500_000,
    latency_ms: 31.5,
    top_score: 0.97,
    margin: 1,
    output: '{"cat":0.97,"dog":0.03}',
    alias_rev: '12',
    device_id: 'd1',
    user_id: 'u1',
    payload: '{"room":"nursery"}',
  })
  expect(rowOf([second, { inference_id: 'x', model: 'm', time: 35 }], options, 'ai.inferences')).toMatchObject({
    id: 'x',
    time_method: 'sender',
    payload: '{"time":35}',
    inference_id: 'x',
    timestamp: second * 1e6,
  })
})

test('A row of ours: exact numbers, times, and what has no column', () => {
  const body = `{"asset_id":"a1","bytes":9007199254740993,"width":1e3,"captured_at":"2026-01-01T00:00:00Z",
    "created_at":1767225600000,"orientation_applied":true,"retention_until":"never","exif":{"n":12345678901234567890}}`
  const plan = new TestMaker().planOf([rowRecord('ai.assets', body)])
  expect(rowsOf(plan, 'ai.assets')).toEqual([
    {
      id: 'a1',
      asset_id: 'a1',
      received_at: nowMicros,
      loaded_at: nowMicros,
      timestamp: nowMicros,
      time_method: 'received',
      source: 'shop',
      sequence: 3,
      bytes: 9007199254740993n,
      width: 1000,
      captured_at: Date.UTC(2026, 0, 1) * 1000,
      created_at: 1_767_225_600_000_000,
      orientation_applied: true,
      payload: '{"exif":{"n":12345678901234567890}}',
      _overflow: '{"retention_until":"never"}',
    },
  ])
})

test('Rows of a replay say when they first came', () => {
  const meta = { replayOf: 'forward-1-2', firstReceivedAtMicros: 1_767_000_000_000_000 }
  expect(log({ a: 1 }, { meta })).toMatchObject({ received_at: 1_767_000_000_000_000 })
})

test('Tables are made once, and a table of an older version gets what it lacks', () => {
  const maker = new TestMaker()
  const record = forwardRecord([[second, { a: 1, b: 2 }]])
  const create = { kind: 'create-table', table: { dataset: 'logs', table: 'entries' } }
  const { all } = rowTables['logs.entries']
  expect(maker.planOf([{ sequence: 1, ...record }]).changes).toEqual([{ ...create, columns: all }])
  expect(maker.planOf([{ sequence: 2, ...forwardRecord([[second, { z: { y: 1 } }]]) }]).changes).toEqual([])
  const older = all.filter(({ name }) => name !== 'labels' && name !== 'message')
  const kept = [...older, { name: 'message', type: 'json' as const }]
  const start = { ...emptyStart, catalog: new Map([['logs', new Map([['entries', kept]])]]) }
  const again = new TestMaker({ start })
  const plan = again.planOf([{ sequence: 1, ...forwardRecord([[second, { message: 'm' }]]) }])
  expect(plan.changes).toEqual([{ kind: 'add-column', table: create.table, column: { name: 'labels', type: 'json' } }])
  // Somebody has given the column another type: it is obeyed.
  expect(rowsOf(plan, 'logs.entries')).toMatchObject([{ message: '"m"' }])
})

test('The names of fixed tables and their columns are plain', () => {
  for (const [name, { table, all, columns }] of Object.entries(rowTables)) {
    expect(name).toBe(`${table.dataset}.${table.table}`)
    const names = all.map((column) => column.name)
    expect(new Set(names).size).toBe(names.length)
    for (const column of names) expect(column).toMatch(/^_?[a-z][a-z0-9_]*$/)
    const paths = columns.flatMap(({ fields }) => fields.map(({ path }) => path.join(' ')))
    expect(new Set(paths).size).toBe(paths.length)
    for (const { fields } of columns) for (const { path } of fields) expect(path.every((key) => key !== '')).toBe(true)
  }
})
