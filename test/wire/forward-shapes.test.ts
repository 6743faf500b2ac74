// Every shape that a Forward sender may write, byte by byte, and what is kept of it.
import { gzipSync, zstdCompressSync } from 'node:zlib'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { partEntriesMax } from '../../src/collect/fluent/entries.ts'
import { type ForwardRig, hex, openSender, pack, type RawSender, startForward, until } from './forward-rig.ts'

const eventTime = hex('d7 00 65000001 00000002')
const entry = (record: object, time: Buffer = eventTime): Buffer => Buffer.concat([hex('92'), time, pack(record)])
const text = (value: string): Buffer => pack(value)
const str32 = (bytes: Buffer): Buffer => {
  const head = hex('db 00000000')
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

let rig: ForwardRig
let sender: RawSender

beforeEach(async () => {
  rig = await startForward()
  sender = await openSender(rig.port)
})

afterEach(async () => {
  sender.close()
  await rig.stop()
})

async function keptRecords(count = 1): Promise<ForwardRig['records']> {
  await until(() => rig.records.length >= count, `${count} records`)
  return rig.records
}

describe('the four modes', () => {
  it('keeps a Message as one entry', async () => {
    sender.send(hex('93'), text('app.log'), eventTime, pack({ a: 1 }))
    const [record] = await keptRecords()
    expect(record?.body).toEqual(entry({ a: 1 }))
    expect(record).toMatchObject({ kind: 'forward', source: 'forward', count: 1 })
    expect(record?.meta).toEqual({ tag: 'app.log', ip: '127.0.0.1' })
  })

  it('keeps Forward as the inside of its array', async () => {
    sender.send(hex('92'), text('app'), hex('92'), entry({ a: 1 }), entry({ a: 2 }))
    const [record] = await keptRecords()
    expect(record?.body).toEqual(Buffer.concat([entry({ a: 1 }), entry({ a: 2 })]))
    expect(record?.count).toBe(2)
  })

  it.each([
    ['bin', (packed: Buffer) => pack(packed)],
    ['str32, as Fluentd writes even gzip', str32],
  ])('keeps PackedForward in %s', async (_name, wrap) => {
    const packed = Buffer.concat([entry({ a: 1 }), entry({ a: 2 }), entry({ a: 3 })])
    sender.send(hex('93'), text('app'), wrap(packed), pack({ size: 3, compressed: 'text', chunk: 'c1\n' }))
    expect(await sender.answered(1)).toEqual([{ ack: 'c1\n' }])
    const [record] = await keptRecords()
    expect(record?.body).toEqual(packed)
    expect(record?.count).toBe(3)
    expect(record?.meta.chunk).toBe(Buffer.from('c1\n').toString('base64'))
  })

  it.each([
    ['gzip', gzipSync(entry({ a: 1 })), 'gzip'],
    ['several gzip members', Buffer.concat([gzipSync(entry({ a: 1 })), gzipSync(entry({ a: 1 }))]), 'gzip'],
    ['zstd', zstdCompressSync(entry({ a: 1 })), 'zstd'],
    [
      'several zstd frames',
      Buffer.concat([zstdCompressSync(entry({ a: 1 })), zstdCompressSync(entry({ a: 1 }))]),
      'zstd',
    ],
  ])('keeps CompressedPackedForward decompressed: %s', async (name, packed, compressed) => {
    sender.send(hex('93'), text('app'), str32(packed), pack({ compressed, chunk: 'c' }))
    expect(await sender.answered(1)).toEqual([{ ack: 'c' }])
    const [record] = await keptRecords()
    const times = name.startsWith('several') ? 2 : 1
    expect(record?.body).toEqual(Buffer.concat(Array.from({ length: times }, () => entry({ a: 1 }))))
    expect(record?.count).toBe(times)
  })
})

describe('shapes of real senders', () => {
  // Recorded from fluent-logger-golang 1.9.0, which is what Docker's fluentd driver uses.
  it("keeps the Docker driver's messages: four values, time as int32, options empty", async () => {
    const message = (n: number): Buffer =>
      Buffer.concat([
        hex('94ab646f636b65722e61623132d26ab13b8084ac636f6e7461696e65725f6964a461623132ae636f6e7461696e65725f6e616d65'),
        hex('a42f617069a6736f75726365a67374646f7574a36c6f67a768656c6c6f20'),
        hex(`3${n}80`),
      ])
    sender.send(Buffer.concat([message(0), message(1)]))
    const [record] = await keptRecords()
    expect(record).toMatchObject({ count: 2, meta: { tag: 'docker.ab12' } })
    const fields = { container_id: 'ab12', container_name: '/api', source: 'stdout' }
    expect(record?.entries).toEqual([
      [1_790_000_000, { ...fields, log: 'hello 0' }],
      [1_790_000_000, { ...fields, log: 'hello 1' }],
    ])
  })

  it('keeps times as they came: uint32, float, nil, zero, ext8', async () => {
    const times = ['ce 65000001', 'cb 41d9400000400000', 'c0', '00', 'c7 08 00 65000001 00000002'].map(hex)
    for (const time of times) sender.send(hex('93'), text('t'), time, pack({ a: 1 }))
    await until(() => rig.records.reduce((sum, { count }) => sum + count, 0) === 5, '5 entries')
    const bodies = Buffer.concat(rig.records.map(({ body }) => body))
    expect(bodies).toEqual(Buffer.concat(times.map((time) => entry({ a: 1 }, time))))
  })

  it('keeps the metadata of Fluent Bit 5 beside the time', async () => {
    const withMetadata = Buffer.concat([hex('92 92'), eventTime, pack({ trace: 'x' }), pack({ a: 1 })])
    sender.send(hex('93'), text('fb'), hex('91'), withMetadata, pack({ size: 1, chunk: 'c', fluent_signal: 0 }))
    expect(await sender.answered(1)).toEqual([{ ack: 'c' }])
    expect(rig.records[0]?.body).toEqual(withMetadata)
  })

  it("puts Message mode's metadata option where Forward mode has it", async () => {
    sender.send(hex('94'), text('fb'), eventTime, pack({ a: 1 }), pack({ fluent_signal: 0, metadata: { trace: 'x' } }))
    const [record] = await keptRecords()
    expect(record?.body).toEqual(Buffer.concat([hex('92 92'), eventTime, pack({ trace: 'x' }), pack({ a: 1 })]))
  })

  it('keeps group markers but counts only entries', async () => {
    const start = Buffer.concat([hex('92 92 d7 00 ffffffff 00000000 80'), pack({ resource: { name: 'api' } })])
    const end = hex('92 92 d7 00 fffffffe 00000000 80 80')
    const packed = Buffer.concat([start, entry({ a: 1 }), end])
    sender.send(hex('93'), text('otlp'), pack(packed), pack({ chunk: 'c' }))
    await sender.answered(1)
    expect(rig.records[0]).toMatchObject({ count: 1, body: packed })
  })

  it('takes unknown options, odd keys and nil for options', async () => {
    sender.send(hex('94'), text('t'), eventTime, pack({ a: 1 }), hex('c0'))
    sender.send(
      hex('93'),
      text('t'),
      hex('91'),
      entry({ a: 2 }),
      hex('84 01 02 c0 a1 78 90 91 01'),
      text('chunk'),
      text('c'),
    )
    expect(await sender.answered(1)).toEqual([{ ack: 'c' }])
    expect(rig.records.reduce((sum, { count }) => sum + count, 0)).toBe(2)
  })

  it('echoes a token byte for byte, also when it is no UTF-8', async () => {
    const token = hex('d9 03 ff00fe')
    sender.send(hex('93'), text('t'), hex('91'), entry({ a: 1 }), hex('81'), text('chunk'), token)
    await until(() => sender.pieces.length > 0, 'an answer')
    expect(Buffer.concat(sender.pieces)).toEqual(Buffer.concat([hex('81'), text('ack'), hex('a3 ff00fe')]))
    expect(rig.records[0]?.meta.chunk).toBe(hex('ff00fe').toString('base64'))
  })

  it('makes a tag well-formed text', async () => {
    sender.send(hex('93 a3 61ff62'), eventTime, pack({ a: 1 }))
    const [record] = await keptRecords()
    expect(record?.meta.tag).toBe('a\ufffdb')
  })

  it('answers a message of no entries', async () => {
    sender.send(
      hex('93'),
      text('t'),
      hex('90'),
      pack({ chunk: 'c0' }),
      hex('93'),
      text('t'),
      hex('c4 00'),
      pack({ chunk: 'c1' }),
    )
    expect(await sender.answered(2)).toEqual([{ ack: 'c0' }, { ack: 'c1' }])
    expect(rig.records).toEqual([])
  })

  it('ignores heartbeats: nil, and connections that say nothing', async () => {
    const silent = await openSender(rig.port)
    silent.socket.end()
    await silent.closed
    sender.send(hex('c0'), hex('93'), text('t'), eventTime, pack({ a: 1 }), hex('c0'))
    await keptRecords()
    await until(() => rig.server.stats()['heartbeats'] === 2, '2 heartbeats')
    expect(rig.lines).toEqual([])
  })

  it('answers metrics and traces without keeping them, says so once, and counts them', async () => {
    for (const signal of [1, 2, 1])
      sender.send(hex('93'), text('m'), pack(hex('80')), pack({ chunk: 'm', fluent_signal: signal }))
    expect(await sender.answered(3)).toHaveLength(3)
    expect(rig.records).toEqual([])
    expect(rig.server.stats()['refused.signal']).toBe(3)
    expect(rig.lines.map(({ msg }) => msg)).toEqual([expect.stringContaining('metrics or traces')])
  })
})

describe('JSON', () => {
  it('is told by its first byte, and answered in JSON', async () => {
    sender.send(Buffer.from('["a.b",1700000000,{"text":"ü {[\\"","n":12345678901234567890,"__proto__":{"x":1}},{}]\n'))
    sender.send(Buffer.from(' [ "a.b", [[1,{"a":1}],[2.5,{"a":2}]], {"chunk":"c1"} ] null'))
    await until(() => Buffer.concat(sender.pieces).toString() === '{"ack":"c1"}', 'the ack')
    const entries = rig.records.flatMap((record) => record.entries)
    expect(entries).toHaveLength(3)
    expect(entries.slice(1)).toEqual([
      [1, { a: 1 }],
      [2.5, { a: 2 }],
    ])
    expect(rig.records[0]?.body.includes(hex('cf ab54a98ceb1f0ad2'))).toBe(true)
    expect(rig.records[0]?.body.includes(Buffer.from('__proto__'))).toBe(true)
    expect(rig.server.stats()['heartbeats']).toBe(1)
  })
})

describe('what is damaged', () => {
  it('keeps the good entries of a packed chunk, and what follows as one unreadable entry', async () => {
    const broken = Buffer.concat([entry({ a: 1 }), entry({ a: 2 }), hex('92 c1 80'), entry({ a: 3 })])
    sender.send(hex('93'), text('t'), pack(broken), pack({ chunk: 'c' }))
    expect(await sender.answered(1)).toEqual([{ ack: 'c' }])
    const rest = broken.subarray(entry({ a: 1 }).length * 2)
    expect(rig.records.map(({ count, entries }) => [count, entries.at(-1)])).toEqual([
      [2, expect.anything()],
      [1, rest],
    ])
    expect(rig.records.map(({ meta }) => meta.part)).toEqual([0, 1])
  })

  it('keeps an entry that is no pair among its neighbours: the engine makes a letter of it', async () => {
    sender.send(hex('92'), text('t'), hex('93'), entry({ a: 1 }), hex('07'), entry({ a: 2 }))
    const [record] = await keptRecords()
    expect(record?.count).toBe(3)
  })

  it('keeps damaged gzip as it came, as one entry', async () => {
    const damaged = gzipSync(entry({ a: 1 })).subarray(0, 20)
    sender.send(hex('93'), text('t'), pack(damaged), pack({ chunk: 'c', compressed: 'gzip' }))
    expect(await sender.answered(1)).toEqual([{ ack: 'c' }])
    expect(rig.records[0]).toMatchObject({ count: 1, entries: [damaged] })
  })

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a TLS hello', hex('16 0301 0200 0100')],
    ['a map', hex('81 a1 61 01')],
    ['a tag that is a number', Buffer.concat([hex('93 01'), eventTime, hex('80')])],
    ['an array of one', hex('dc 0001 a1 61')],
    ['an array of five', hex('95 a1 61 01 80 80 80')],
    ['nesting without end', Buffer.concat([hex('93 a1 61 01'), Buffer.alloc(500, 0x91)])],
    ['the unused byte', hex('93 a1 61 c1')],
    ['broken JSON', Buffer.from('["a",1,{"a":]')],
    ['a packed text in JSON', Buffer.from('["a","packed"]')],
    ['a token without end', Buffer.concat([hex('93 a1 61 90'), pack({ chunk: 'x'.repeat(2000) })])],
  ])('closes the connection on %s, after the acks of what came before', async (name, bytes) => {
    const isJson = name.includes('JSON')
    const good = isJson
      ? Buffer.from('["t",[[1,{"a":1}]],{"chunk":"c"}]')
      : Buffer.concat([hex('93'), text('t'), hex('91'), entry({ a: 1 }), pack({ chunk: 'c' })])
    sender.send(Buffer.concat([good, bytes]))
    await sender.closed
    expect(Buffer.concat(sender.pieces)).toEqual(isJson ? Buffer.from('{"ack":"c"}') : pack({ ack: 'c' }))
    expect(rig.records).toHaveLength(1)
    expect(rig.server.stats()['refused.unreadable']).toBe(1)
    expect(rig.server.stats()['heldBytes']).toBe(0)
  })

  it('counts a sender that goes in the middle of a message, and keeps what was whole', async () => {
    const whole = Buffer.concat([hex('93'), text('t'), eventTime, pack({ a: 1 })])
    sender.send(Buffer.concat([whole, whole.subarray(0, 9)]))
    sender.socket.end()
    await sender.closed
    await keptRecords()
    expect(rig.server.stats()).toMatchObject({ 'refused.cut_off': 1, heldBytes: 0 })
  })
})

describe('large messages', () => {
  it('are cut into parts of bounded length, the group told again in each', async () => {
    const start = Buffer.concat([hex('92 d7 00 ffffffff 00000000'), pack({ resource: 1 })])
    const one = entry({ n: 1 })
    const count = partEntriesMax * 2 + 5
    const packed = Buffer.concat([start, ...Array.from({ length: count }, () => one)])
    sender.send(hex('93'), text('t'), pack(packed), pack({ chunk: 'c' }))
    expect(await sender.answered(1)).toEqual([{ ack: 'c' }])
    expect(rig.records.map((record) => [record.meta.part, record.count])).toEqual([
      [0, partEntriesMax],
      [1, partEntriesMax],
      [2, 5],
    ])
    for (const { body } of rig.records) expect(body.subarray(0, start.length)).toEqual(start)
    const withoutStarts = Buffer.concat(rig.records.map(({ body }) => body.subarray(start.length)))
    expect(Buffer.concat([start, withoutStarts])).toEqual(packed)
  })
})

describe('messages of one entry', () => {
  it('share a record when they come together, of one tag, and without a token', async () => {
    const message = (tag: string, n: number): Buffer => Buffer.concat([hex('93'), text(tag), eventTime, pack({ n })])
    sender.send(Buffer.concat([message('a', 1), message('a', 2), message('b', 3), message('a', 4)]))
    await keptRecords(3)
    expect(rig.records.map(({ meta, count }) => [meta.tag, count])).toEqual([
      ['a', 2],
      ['b', 1],
      ['a', 1],
    ])
  })
})
