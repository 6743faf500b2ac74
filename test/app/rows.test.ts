// What senders say by Fluent Forward and what becomes of it in the fixed tables: a real client's package on one side, SQL
// on the other, both processes in between.
import { once } from 'node:events'
import { connect } from 'node:net'

import { FluentClient } from '@fluent-org/logger'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { encode, eventTime, Pairs, Raw } from '../support/forward-body.ts'
import { type Millpond, startMillpond } from '../support/millpond.ts'

let millpond: Millpond
beforeAll(async () => {
  millpond = await startMillpond({ settings: { MILLPOND_EVENT_DEPTH_MAX: '10' } })
})
afterAll(async () => {
  await millpond.dispose()
})

const second = 1_768_435_200

/** One PackedForward message; resolves when it is acknowledged. */
async function send(tag: string, values: readonly unknown[], chunk: string): Promise<void> {
  const socket = connect(millpond.forwardPort, '127.0.0.1')
  try {
    await once(socket, 'connect')
    socket.write(encode([tag, Buffer.concat(values.map(encode)), { chunk }]))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toContain(chunk)
  } finally {
    socket.destroy()
  }
}

test('Log lines and inference records find their tables, their columns, and the rest as JSON', async () => {
  await send(
    'app.api',
    [
      [eventTime(second, 123_456_000), { level: 'error', msg: 'broken', user_id: 7, cart: { n: 9007199254740993n } }],
      [
        second,
        new Pairs([
          ['__proto__', 1],
          ['log', Buffer.from('Grüße')],
          ['http_status', 'teapot'],
        ]),
      ],
    ],
    'logs-1',
  )
  await send(
    'inference.cat',
    [[second, { inference_id: 'i1', model: 'cat', top_score: 0.5, output: { cat: 0.5 }, at: '2026-01-15T00:00:01Z' }]],
    'inference-1',
  )
  await millpond.settled()
  expect(
    await millpond.query(
      `SELECT id, severity, level, message, user_id, epoch_us("timestamp") % 1000000, log_name, chunk_id,
         payload::VARCHAR, _overflow->>'http_status', time_method
       FROM logs.entries WHERE chunk_id = 'logs-1' ORDER BY id`,
    ),
  ).toEqual([
    [
      'logs-1-0',
      500,
      'error',
      'broken',
      '7',
      123_456,
      'app.api',
      'logs-1',
      '{"cart":{"n":9007199254740993}}',
      null,
      'sender',
    ],
    ['logs-1-1', null, null, 'Grüße', null, 0, 'app.api', 'logs-1', '{"__proto__":1}', 'teapot', 'sender'],
  ])
  expect(
    await millpond.query(
      `SELECT inference_id, model, top_score, output->>'cat', "timestamp"::VARCHAR FROM ai.inferences`,
    ),
  ).toEqual([['i1', 'cat', 0.5, '0.5', expect.stringContaining('00:00:01')]])
  const tables = await millpond.query(
    `SELECT table_name FROM information_schema.tables WHERE table_schema IN ('logs', 'ai') ORDER BY 1`,
  )
  expect(tables.flat()).toEqual(['entries', 'inferences'])
})

test('What is sent again adds nothing: not a chunk, and not a record with an id of its own in a new chunk', async () => {
  const values = [[second, { model: 'dog', inference_id: 'again' }]]
  for (const chunk of ['again-1', 'again-1', 'again-2']) await send('inference.dog', values, chunk)
  await millpond.settled()
  expect(await millpond.query(`SELECT id, chunk_id FROM ai.inferences WHERE model = 'dog'`)).toEqual([
    ['again', 'again-1'],
  ])
})

test('What only looks like a repetition is none: another time, another table, an `id` of something else', async () => {
  const seen = [0, 60, 120].map((later) => [second + later, { model: 'bird', id: 7, top_label: 'wren' }])
  await send('inference.bird', seen, 'bird-1')
  const moments = [1, 2].map((later) => [second + later, { model: 'bird', inference_id: 'wren' }])
  await send('inference.bird', moments, 'bird-2')
  await send('app.bird', [[second, { insertId: 'wren', message: 'bird' }]], 'bird-3')
  // No marker of a group, though its time is -1.
  await send('app.bird', [[new Raw('ff'), ['bird']]], 'bird-4')
  await millpond.settled()
  expect(
    await millpond.query(`SELECT count(*)::INT, count(payload->>'id')::INT FROM ai.inferences WHERE model = 'bird'`),
  ).toEqual([[5, 3]])
  expect(await millpond.query(`SELECT id FROM logs.entries WHERE message = 'bird'`)).toEqual([['wren']])
})

test('The package @fluent-org/logger, with acks', async () => {
  const client = new FluentClient('web', {
    ack: { ackTimeout: 5000 },
    socket: { host: '127.0.0.1', port: millpond.forwardPort, disableReconnect: true },
  })
  try {
    await client.connect()
    await client.emit('requests', { message: 'from the package', req: { method: 'GET' } })
    await client.flush()
  } finally {
    await client.disconnect()
  }
  await millpond.settled()
  expect(
    await millpond.query(`SELECT log_name, message, http_method, payload FROM logs.entries WHERE log_name LIKE 'web%'`),
  ).toEqual([['web.requests', 'from the package', 'GET', null]])
})

test('What is no entry is a letter that can be read, and is let in when the limit is raised', async () => {
  const deep = new Raw(`81 a1 61 ${'91'.repeat(12)} 05`)
  await send('app.deep', [[second, { message: 'fine' }], 'nonsense', [second, deep]], 'letters')
  await millpond.settled()
  const response = await millpond.api('/api/dead-letters')
  const { deadLetters } = (await response.json()) as { deadLetters: { id: string; reason: string; raw: string }[] }
  const letters = deadLetters.filter(({ id, raw }) => id.startsWith('forward-') && !raw.includes('bird')).toReversed()
  expect(letters.map(({ id, reason, raw }) => [id.at(-1), reason, raw])).toEqual([
    ['1', 'entry_unreadable', '"nonsense"'],
    ['2', 'too_deep', `[${second},{"a":${'['.repeat(12)}5${']'.repeat(12)}}]`],
  ])
  const { data } = millpond
  await millpond.stop()
  millpond = await startMillpond({ data })
  const replay = await millpond.api('/api/dead-letters/replay', { method: 'POST', body: '{"reason":"too_deep"}' })
  expect(await replay.text()).toContain('"replayed":1')
  await millpond.settled()
  expect(
    await millpond.query(`SELECT id, payload::VARCHAR FROM logs.entries WHERE log_name = 'app.deep' ORDER BY id`),
  ).toEqual([
    ['letters-0', null],
    ['letters-2', `{"a":${'['.repeat(12)}5${']'.repeat(12)}}`],
  ])
  // The chunk is known after the restart, too.
  await send('app.deep', [[second, { message: 'fine' }], 'nonsense', [second, deep]], 'letters')
  await millpond.settled()
  expect(await millpond.queryValue(`SELECT count(*)::INT FROM logs.entries WHERE log_name = 'app.deep'`)).toBe(2)
})

test('The ledger sums: received = stored + flagged + duplicates + quarantined', async () => {
  expect(
    await millpond.query(
      `SELECT stream, sum(received)::INT, sum(stored)::INT, sum(flagged)::INT, sum(duplicates)::INT, sum(quarantined)::INT
       FROM millpond.source_counts WHERE source <> 'millpond' GROUP BY stream ORDER BY stream`,
    ),
  ).toEqual([
    ['engine', 1, 1, 0, 0, 0],
    ['forward', 20, 11, 1, 5, 3],
  ])
})
