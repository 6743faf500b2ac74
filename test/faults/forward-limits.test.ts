// Limits of the Forward port that strangers would like to get around: JSON, pinned memory, forged heartbeats.
import { createSocket, type Socket as DatagramSocket } from 'node:dgram'

import { afterEach, describe, expect, it } from 'vitest'

import { Budget } from '../../src/collect/fluent/budget.ts'
import { HeartbeatLimit } from '../../src/collect/fluent/heartbeats.ts'
import { Input } from '../../src/collect/fluent/input.ts'
import { jsonMessageBytesMax } from '../../src/collect/fluent/wire.ts'
import type { NewRecord } from '../../src/buffer/record.ts'
import { type ForwardRig, hex, MiB, openSender, pack, startForward, until } from '../wire/forward-rig.ts'
import { createManualClock } from '../wire/manual-clock.ts'

let rig: ForwardRig | undefined
afterEach(async () => {
  await rig?.stop()
  rig = undefined
})

async function sendJson(text: string): Promise<ForwardRig> {
  rig = await startForward({ settings: { chunkBytesMax: 64 * MiB, chunksBytesMax: 192 * MiB } })
  const sender = await openSender(rig.port)
  sender.send(Buffer.from(text))
  sender.socket.end()
  await sender.closed
  return rig
}

describe('JSON', () => {
  it.each([
    ['a tag', `["${'t'.repeat(20_000)}",1,{"a":1}]`, 'The tag is longer'],
    ['a tag of few characters and many bytes', `["${'ü'.repeat(9_000)}",1,{"a":1}]`, 'The tag is longer'],
    ['a token', `["t",1,{"a":1},{"chunk":"${'c'.repeat(1_025)}"}]`, 'The option chunk is longer'],
    ['a token beside entries', `["t",[[1,{}]],{"chunk":"${'ü'.repeat(513)}"}]`, 'The option chunk is longer'],
  ])('has the same limits as msgpack: %s', async (_name, text, line) => {
    const { records, server, lines } = await sendJson(text)
    expect(records).toEqual([])
    expect(server.stats()['refused.unreadable']).toBe(1)
    expect(lines.map(({ msg }) => msg)).toEqual([expect.stringContaining(line)])
  })

  it('of a longer message is cut off early, and the log says what to do', async () => {
    const { records, server, lines } = await sendJson(`["t",[${'0,'.repeat(jsonMessageBytesMax)}0]]`)
    expect(records).toEqual([])
    expect(server.stats()).toMatchObject({ 'refused.too_large': 1, heldBytes: 0 })
    expect(lines.map(({ msg }) => msg)).toEqual([expect.stringMatching(/JSON is larger than 1048576 bytes.*msgpack/)])
  })

  it('of as many entries as fit is kept', async () => {
    const count = jsonMessageBytesMax / 2 - 8
    const { records } = await sendJson(`["t",[${'0,'.repeat(count - 1)}0]]`)
    expect(records.reduce((sum, record) => sum + record.count, 0)).toBe(count)
  })

  it('makes a tag well-formed text', async () => {
    const { records } = await sendJson(String.raw`["a\ud800b",1,{"a":1}]`)
    expect(records[0]?.meta.tag).toBe('a\ufffdb')
  })

  it.each(['1234567890123456789', '-9223372036854775808', '18446744073709551615'])('keeps %s whole', async (whole) => {
    const { records } = await sendJson(`["t",[[1,{"n":${whole},"small":7,"__proto__":1}]]]`)
    const body = records[0]?.body ?? Buffer.alloc(0)
    const head = whole.startsWith('-') ? 'd3' : BigInt(whole) < 2n ** 63n ? '(?:d3|cf)' : 'cf'
    const bits = BigInt.asUintN(64, BigInt(whole)).toString(16).padStart(16, '0')
    expect(body.toString('hex')).toMatch(new RegExp(`${head}${bits}`))
  })

  it('without long numbers keeps names that are special to JavaScript', async () => {
    const { records } = await sendJson('["t",[[1,{"__proto__":{"x":1},"n":1.5}]]]')
    expect(records[0]?.body.includes(Buffer.from('__proto__'))).toBe(true)
  })
})

describe('memory', () => {
  /** What lies behind a record's body in memory. */
  const behind = ({ body }: Pick<NewRecord, 'body'>): number => body.buffer.byteLength

  it('of a small message that waits for the disk is not the whole read it came in', async () => {
    const waiting: NewRecord[] = []
    rig = await startForward({
      append: (record) => {
        waiting.push(record)
        return Promise.resolve(1)
      },
    })
    const sender = await openSender(rig.port)
    const small = pack(['t', pack([1, { a: 1 }]), { chunk: 'c' }])
    const large = pack(['t', pack([1, { a: 'x'.repeat(40_000) }]), { chunk: 'd' }])
    sender.send(Buffer.concat([small, large]))
    await sender.answered(2)
    expect(waiting.map(({ body }) => body.length > 40_000)).toEqual([false, true])
    for (const record of waiting) expect(behind(record)).toBeLessThanOrEqual(record.body.length * 4)
    sender.close()
  })

  it('of unfinished messages is counted as it is held, growth included', () => {
    const input = new Input()
    expect(input.heldBytes).toBe(0)
    input.push(Buffer.alloc(1_000), 0)
    input.push(Buffer.alloc(1_000), 0)
    expect(input.heldBytes).toBe(4_000)
    input.consume(1_999)
    input.compact()
    expect([input.length, input.heldBytes]).toEqual([1, 256])
    input.clear()
    expect(input.heldBytes).toBe(0)
    const read = Buffer.alloc(64 * 1024)
    input.push(read.subarray(0, 10), 0)
    expect(input.heldBytes).toBe(64 * 1024)
    input.compact()
    expect(input.heldBytes).toBe(256)
  })

  it('of records that repeat a long tag and token is counted', async () => {
    let mostHeld = 0
    rig = await startForward({
      append: () => {
        mostHeld = Math.max(mostHeld, rig?.server.stats()['heldBytes'] ?? 0)
        return Promise.resolve(1)
      },
    })
    const sender = await openSender(rig.port)
    const zeros = Buffer.alloc(MiB)
    sender.send(pack(['t'.repeat(16_000), zeros, { chunk: 'c'.repeat(1_000) }]))
    await sender.answered(1)
    expect(mostHeld).toBeGreaterThan(MiB + 100 * 17_000)
    expect(rig.server.stats()['heldBytes']).toBe(0)
    sender.close()
  })

  it('counts no ack that nobody gets', async () => {
    const held = Promise.withResolvers<number>()
    rig = await startForward({ append: () => held.promise })
    const sender = await openSender(rig.port)
    sender.send(pack(['t', [[1, {}]], { chunk: 'c' }]))
    await until(() => (rig?.server.stats()['heldBytes'] ?? 0) > 0, 'a message')
    sender.socket.resetAndDestroy()
    await until(() => rig?.server.stats()['connections'] === 0, 'the connection is gone')
    held.resolve(1)
    await until(() => rig?.server.stats()['messages'] === 1, 'it is kept')
    expect(rig.server.stats()['acks']).toBe(0)
  })

  it('is given back by a member that leaves', () => {
    const budget = new Budget(100, createManualClock())
    const member = { unfinishedBytes: 200, memoryChanged: () => undefined, giveUp: () => undefined }
    budget.join(member)
    budget.holdUnfinished(member, 200, true)
    expect(budget.held).toBe(200)
    budget.holdUnfinished({ ...member, unfinishedBytes: 0 }, -200, false)
    budget.leave(member)
    expect(budget.held).toBe(0)
  })
})

describe('heartbeats over UDP', () => {
  it('are not answered to a port that is ours or a service, and only so many a second', () => {
    const clock = createManualClock()
    const limit = new HeartbeatLimit(clock)
    expect([24_224, 7, 1_023].map((port) => limit.mayAnswer(port, 24_224))).toEqual([false, false, false])
    let answered = 0
    for (let n = 0; n < 10_000; n += 1) answered += limit.mayAnswer(40_000, 24_224) ? 1 : 0
    expect(answered).toBe(1_000)
    clock.advance(1_000)
    expect(limit.mayAnswer(40_000, 24_224)).toBe(true)
  })

  it('do not loop between two ports with the same number', async () => {
    rig = await startForward()
    const { port } = rig
    const peer = await bound(port, '127.0.0.2')
    let answers = 0
    peer.on('message', () => (answers += 1))
    peer.send(Buffer.from([0]), port, '127.0.0.1')
    const other = await bound(0, '127.0.0.1')
    const answered = new Promise((resolve) => other.once('message', resolve))
    other.send(Buffer.from([0]), port, '127.0.0.1')
    await answered
    expect(answers).toBe(0)
    for (const socket of [peer, other]) socket.close()
  })
})

async function bound(port: number, address: string): Promise<DatagramSocket> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(port, address, resolve))
  return socket
}

it('msgpack beyond the limit of JSON is kept as ever', async () => {
  rig = await startForward()
  const sender = await openSender(rig.port)
  sender.send(Buffer.concat([hex('93 a1 74'), pack(Buffer.alloc(2 * MiB, 0)), pack({ chunk: 'c' })]))
  expect(await sender.answered(1)).toEqual([{ ack: 'c' }])
  sender.close()
})
