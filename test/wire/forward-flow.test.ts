// Acks and their order, back-pressure, limits, and what happens when the buffer can't keep anything.
import { createSocket } from 'node:dgram'
import { gzipSync } from 'node:zlib'

import * as fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'

import type { NewRecord } from '../../src/buffer/record.ts'
import { createForwardServer } from '../../src/collect/fluent/fluent.ts'
import { MillpondError } from '../../src/core/errors.ts'
import { createLog } from '../../src/core/log.ts'
import {
  forwardSettings,
  type ForwardRig,
  hex,
  keep,
  type KeptForward,
  MiB,
  openSender,
  pack,
  type RawSender,
  type RigOptions,
  startForward,
  until,
} from './forward-rig.ts'
import { createManualClock } from './manual-clock.ts'

let rig: ForwardRig
let senders: RawSender[] = []

afterEach(async () => {
  for (const sender of senders) sender.close()
  senders = []
  await rig.stop()
})

async function begin(options: RigOptions = {}): Promise<void> {
  rig = await startForward(options)
}

async function open(): Promise<RawSender> {
  const sender = await openSender(rig.port)
  senders.push(sender)
  return sender
}

const forward = (chunk: string | undefined, ...records: readonly object[]): Buffer =>
  pack(['t', records.map((record, n) => [n, record]), chunk === undefined ? {} : { chunk }])

/** An append that a test answers by hand. */
function heldAppend() {
  const waiting: { record: NewRecord; resolve: (sequence: number) => void; reject: (error: Error) => void }[] = []
  return {
    waiting,
    append: (record: NewRecord): Promise<number> =>
      new Promise((resolve, reject) => {
        waiting.push({ record, resolve, reject })
      }),
  }
}

const full = (): MillpondError => new MillpondError('buffer-full', 'The buffer of forward is full.')

describe('acks', () => {
  it('come only after the append, one a write, in the order of the messages', async () => {
    const { append, waiting } = heldAppend()
    await begin({ append })
    const sender = await open()
    for (const n of [0, 1, 2]) sender.send(forward(`c${n}`, { n }))
    await until(() => waiting.length === 3, '3 appends')
    waiting[2]?.resolve(3)
    waiting[1]?.resolve(2)
    await new Promise((resolve) => setImmediate(resolve))
    expect(sender.pieces).toEqual([])
    waiting[0]?.resolve(1)
    expect(await sender.answered(3)).toEqual([{ ack: 'c0' }, { ack: 'c1' }, { ack: 'c2' }])
  })

  it('come also after the sender has closed its half', async () => {
    const { append, waiting } = heldAppend()
    await begin({ append })
    const sender = await open()
    sender.send(forward('c', { a: 1 }))
    sender.socket.end()
    await until(() => waiting.length === 1, 'an append')
    waiting[0]?.resolve(1)
    expect(await sender.answered(1)).toEqual([{ ack: 'c' }])
    await sender.closed
  })

  it('are written at an orderly stop, and then the connection ends', async () => {
    const { append, waiting } = heldAppend()
    await begin({ append })
    const sender = await open()
    sender.send(forward('c', { a: 1 }))
    await until(() => waiting.length === 1, 'an append')
    const stopped = rig.stop()
    waiting[0]?.resolve(1)
    await stopped
    await sender.closed
    expect(sender.answers()).toEqual([{ ack: 'c' }])
  })

  it('are not waited for longer than the stop may take', async () => {
    const { append, waiting } = heldAppend()
    const clock = createManualClock()
    await begin({ append, clock })
    const sender = await open()
    sender.send(forward('c', { a: 1 }))
    await until(() => waiting.length === 1, 'an append')
    const stopped = rig.stop()
    clock.advance(2_000)
    await stopped
    await sender.closed
    expect(sender.answers()).toEqual([])
  })
})

describe('when nothing can be kept', () => {
  it('closes without an ack, so that the sender tries again', async () => {
    await begin({ append: () => Promise.reject(full()) })
    const sender = await open()
    sender.send(forward('c', { a: 1 }))
    await sender.closed
    expect(sender.pieces).toEqual([])
    expect(rig.server.stats()).toMatchObject({ 'refused.not_kept': 1, heldBytes: 0, messages: 0 })
  })

  it('holds on to messages of senders without acks, and stops reading them, until there is room', async () => {
    const clock = createManualClock()
    const kept: KeptForward[] = []
    let isFull = true
    await begin({
      clock,
      append: (record) => {
        if (isFull) return Promise.reject(full())
        kept.push(keep(record))
        return Promise.resolve(1)
      },
    })
    const sender = await open()
    sender.send(forward(undefined, { a: 1 }))
    await until(() => rig.lines.length === 1, 'a line')
    sender.close()
    isFull = false
    await until(() => {
      clock.advance(1_000)
      return kept.length === 1
    }, 'the record')
    expect(rig.server.stats()).toMatchObject({ messages: 1 })
  })

  it('closes on a fault of ours, and others go on', async () => {
    const broken: RigOptions['append'] = (record) =>
      record.count === 2 ? Promise.reject(new Error('boom')) : Promise.resolve(1)
    await begin({ append: broken })
    const [one, other] = [await open(), await open()]
    one.send(forward('c', {}, {}))
    await one.closed
    other.send(forward('d', {}))
    expect(await other.answered(1)).toEqual([{ ack: 'd' }])
  })
})

describe('limits', () => {
  it('closes on a message that says or becomes too large, with a line in the log once a minute', async () => {
    await begin({ settings: { chunkBytesMax: 64 * 1024 } })
    const declared = await open()
    declared.send(forward('before', {}), hex('93 a1 74 db 00100000'))
    await declared.closed
    expect(declared.answers()).toEqual([{ ack: 'before' }])
    const grown = await open()
    grown.send(hex('92 a1 74 dd 7fffffff'), Buffer.alloc(70_000, 0xc0))
    await grown.closed
    const bomb = await open()
    bomb.send(pack(['t', gzipSync(Buffer.alloc(10 * MiB)), { chunk: 'c', compressed: 'gzip' }]))
    await bomb.closed
    expect(bomb.pieces).toEqual([])
    expect(rig.server.stats()).toMatchObject({ 'refused.too_large': 3, heldBytes: 0 })
    expect(rig.lines.map(({ msg }) => msg)).toEqual([expect.stringContaining('forward.chunkBytesMax')])
  })

  it('closes connections beyond the limit at once', async () => {
    await begin({ settings: { forwardConnectionsMax: 2 } })
    const [first] = [await open(), await open()]
    const third = await open()
    await third.closed
    first?.send(forward('c', {}))
    expect(await first?.answered(1)).toEqual([{ ack: 'c' }])
    expect(rig.server.stats()['refused.connection']).toBe(1)
  })

  it('says which setting to change when the port is taken', async () => {
    await begin()
    const forwardPort = rig.port
    const again = createForwardServer(
      { host: '127.0.0.1', forwardPort, forward: forwardSettings },
      { append: () => Promise.resolve(1), clock: createManualClock(), log: createLog('silent') },
    )
    await expect(again).rejects.toMatchObject({ code: 'port-taken', message: expect.stringContaining('FORWARD_PORT') })
  })

  it('does not read from a sender that does not read its acks', async () => {
    await begin()
    const deaf = await open()
    deaf.socket.pause()
    const many = Buffer.concat(Array.from({ length: 4_000 }, (_, n) => forward(`${n}`.padStart(900, 'x'), {})))
    const goOn = (error?: Error | null): void => {
      if (error === undefined || error === null) deaf.socket.write(many, goOn)
    }
    goOn()
    let before = -1
    let stillTurns = 0
    await until(() => {
      const { messages = 0 } = rig.server.stats()
      stillTurns = messages === before && messages > 0 ? stillTurns + 1 : 0
      before = messages
      return stillTurns === 2_000
    }, 'the server stops reading')
    expect(deaf.socket.writableLength).toBeGreaterThan(0)
    const other = await open()
    other.send(forward('c', {}))
    expect(await other.answered(1)).toEqual([{ ack: 'c' }])
  })

  it('reads nobody while too much is in memory, and loses nothing', async () => {
    const { append, waiting } = heldAppend()
    const chunksBytesMax = MiB
    await begin({ append, settings: { chunksBytesMax, chunkBytesMax: MiB } })
    const all = await Promise.all(Array.from({ length: 20 }, open))
    const large = { text: 'x'.repeat(200_000) }
    for (const [n, sender] of all.entries()) sender.send(forward(`c${n}`, large))
    let mostHeld = 0
    let answered = 0
    while (answered < all.length) {
      await until(() => waiting.length > 0, 'an append')
      mostHeld = Math.max(mostHeld, rig.server.stats()['heldBytes'] ?? 0)
      for (const { resolve } of waiting.splice(0)) {
        resolve(1)
        answered += 1
      }
    }
    await Promise.all(all.map((sender) => sender.answered(1)))
    // Each connection may have read one piece of 64 KiB before it heard of it.
    expect(mostHeld).toBeLessThan(chunksBytesMax + all.length * 64 * 1024 + 200_000)
    expect(rig.server.stats()['heldBytes']).toBe(0)
  })

  it('lets unfinished messages become whole one by one when they fill the memory together', async () => {
    await begin({ settings: { chunksBytesMax: MiB, chunkBytesMax: MiB } })
    const all = await Promise.all(Array.from({ length: 6 }, open))
    const bytes = forward('c', { text: 'x'.repeat(500_000) })
    for (const sender of all) sender.send(bytes.subarray(0, 400_000))
    await until(() => (rig.server.stats()['heldBytes'] ?? 0) > MiB, 'memory is short')
    for (const sender of all) sender.send(bytes.subarray(400_000))
    for (const sender of all) expect(await sender.answered(1)).toEqual([{ ack: 'c' }])
    expect(rig.server.stats()['heldBytes']).toBe(0)
  })

  it('gives up an unfinished message that holds up all others', async () => {
    const clock = createManualClock()
    await begin({ clock, settings: { chunksBytesMax: MiB, chunkBytesMax: 4 * MiB } })
    const stuck = await open()
    stuck.send(forward('c', { text: 'x'.repeat(2 * MiB) }).subarray(0, 1.5 * MiB))
    await until(() => (rig.server.stats()['heldBytes'] ?? 0) > MiB, 'memory is short')
    const other = await open()
    other.send(forward('d', { text: 'x'.repeat(500_000) }))
    await until(() => {
      clock.advance(1_000)
      return rig.server.stats()['refused.memory'] === 1
    }, 'it is given up')
    await stuck.closed
    expect(await other.answered(1)).toEqual([{ ack: 'd' }])
  })
})

describe('the wire', () => {
  it('frames any messages the same however they are cut', async () => {
    await begin()
    const record = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.double(), fc.constant(null)))
    const message = fc.oneof(
      fc.tuple(fc.constant('t'), fc.nat(), record),
      fc.tuple(fc.constant('t'), fc.array(fc.tuple(fc.nat(), record)), fc.constant({ chunk: 'x' })),
      fc.tuple(
        fc.constant('t'),
        fc.array(fc.tuple(fc.nat(), record)).map((entries) => pack(...entries)),
      ),
      fc.constant(null),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        async (all, cuts) => {
          const bytes = pack(...all)
          const before = rig.records.length
          await sendAndEnd(bytes, [])
          const whole = bodyOf(rig.records.slice(before))
          const between = rig.records.length
          await sendAndEnd(bytes, cuts)
          expect(bodyOf(rig.records.slice(between))).toEqual(whole)
        },
      ),
      { numRuns: 40 },
    )
    expect(rig.server.stats()).not.toHaveProperty('refused.unreadable')
  })

  it('costs no more for a large message in many pieces', async () => {
    await begin()
    const sender = await open()
    const bytes = forward('c', { text: 'x'.repeat(4 * MiB) })
    for (let at = 0; at < bytes.length; at += 1_000) sender.send(bytes.subarray(at, at + 1_000))
    expect(await sender.answered(1)).toEqual([{ ack: 'c' }])
  })

  it('answers a heartbeat over UDP with its byte, and nothing else', async () => {
    await begin()
    const socket = createSocket('udp4')
    const answer = new Promise<Buffer>((resolve) => socket.once('message', resolve))
    socket.send(Buffer.from('no heartbeat'), rig.port, '127.0.0.1')
    socket.send(Buffer.from([0]), rig.port, '127.0.0.1')
    expect(await answer).toEqual(Buffer.from([0]))
    socket.close()
  })
})

async function sendAndEnd(bytes: Buffer, cuts: readonly number[]): Promise<void> {
  const sender = await openSender(rig.port)
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b)
  let from = 0
  for (const end of ends) {
    if (end > from) await new Promise<void>((sent) => sender.socket.write(bytes.subarray(from, end), () => sent()))
    await new Promise((resolve) => setImmediate(resolve))
    from = end
  }
  sender.socket.end()
  await sender.closed
}

/** One-entry messages may share records or not, as they arrive: what counts is the entries. */
function bodyOf(records: ForwardRig['records']): Buffer {
  return Buffer.concat(records.map(({ body }) => body))
}
