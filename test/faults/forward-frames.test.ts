// Compressed bodies made of very many tiny frames: what they cost is bounded, on HTTP and on the Forward port.
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'

import { afterEach, describe, expect, it } from 'vitest'

import { decode, type DecodeOutcome, type Encoding } from '../../src/collect/http/decode.ts'
import { startTestServer, testKeys } from '../wire/collect-server.ts'
import { type ForwardRig, MiB, openSender, pack, startForward } from '../wire/forward-rig.ts'

const emptyFrame = zstdCompressSync('')
const skippable = Buffer.from('502a4d1800000000', 'hex')
const oneByte = zstdCompressSync('{')

function run(body: Buffer, encoding: Encoding, framesMax: number): Promise<DecodeOutcome> {
  return new Promise((resolve) => {
    decode(body, encoding, { grow: () => true, framesMax }, resolve)
  })
}

function repeated(piece: Buffer, bytes: number): Buffer {
  return Buffer.alloc(Math.floor(bytes / piece.length) * piece.length, piece)
}

describe('zstd frames', () => {
  it.each([
    ['empty', emptyFrame],
    ['skippable', skippable],
    ['of one byte', oneByte],
  ])('%s, as many as fit: the body is given up when there are too many', async (_name, frame) => {
    const body = Buffer.concat([oneByte, repeated(frame, 8 * MiB)])
    const before = process.memoryUsage().rss
    const outcome = await run(body, 'zstd', 100)
    expect(outcome).toMatchObject({ kind: 'too-many-frames', message: expect.stringContaining('100') })
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MiB)
  })

  it('of any kind are one body as long as there are few', async () => {
    const parts = ['', 'a', 'x'.repeat(100_000), '', 'y'.repeat(32 * 1024), 'z']
    const frames = parts.flatMap((part) => [zstdCompressSync(part), skippable])
    const outcome = await run(Buffer.concat(frames), 'zstd', frames.length)
    expect(outcome.kind === 'decoded' && outcome.body.toString()).toBe(parts.join(''))
    expect((await run(Buffer.concat(frames), 'zstd', frames.length - 1)).kind).toBe('too-many-frames')
  })

  it('are judged each by its own checksum and end', async () => {
    const checked = zstdCompressSync('checked '.repeat(100), { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
    const wrong = Buffer.from(checked)
    wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1
    const whole = await run(Buffer.concat([checked, checked]), 'zstd', 9)
    expect(whole.kind === 'decoded' && whole.body.length).toBe(1_600)
    for (const bad of [
      [checked, wrong, checked],
      [checked, checked.subarray(0, -1)],
      [checked, Buffer.from('x')],
      [skippable],
    ])
      expect((await run(Buffer.concat(bad), 'zstd', 9)).kind).toBe('damaged')
  })

  it('stop when the output is too large', async () => {
    let grown = 0
    const outcome = await new Promise<DecodeOutcome>((resolve) => {
      const grow = (bytes: number): boolean => (grown += bytes) <= MiB
      decode(repeated(zstdCompressSync(Buffer.alloc(MiB)), 4_096), 'zstd', { grow, framesMax: 1_000 }, resolve)
    })
    expect(outcome.kind).toBe('stopped')
    expect(grown).toBeLessThan(1.1 * MiB)
  })
})

it('gzip members, as many as fit, cost little: one decoder reads them all', async () => {
  const body = repeated(gzipSync(''), 8 * MiB)
  const before = process.cpuUsage()
  expect(await run(body, 'gzip', 1)).toMatchObject({ kind: 'decoded', body: Buffer.alloc(0) })
  const { user, system } = process.cpuUsage(before)
  expect(user + system).toBeLessThan(2_000_000)
})

it('HTTP answers 400 and says why', async () => {
  const server = await startTestServer()
  const response = await fetch(`${server.url}/v1/batch`, {
    method: 'POST',
    headers: { 'x-write-key': testKeys.shop, 'content-encoding': 'zstd' },
    body: new Uint8Array(repeated(emptyFrame, 900_000)),
  })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ code: 'body-unreadable', message: expect.stringContaining('frames') })
  await server.stop()
})

describe('the Forward port', () => {
  let rig: ForwardRig

  afterEach(async () => {
    await rig.stop()
  })

  it('takes one zstd frame for every 4 KiB of chunkBytesMax: Fluentd appends a frame for each emit', async () => {
    rig = await startForward({ settings: { chunkBytesMax: 4 * MiB } })
    const frame = zstdCompressSync(pack([1, { n: 1 }]))
    const fine = await openSender(rig.port)
    fine.send(pack(['t', repeated(frame, frame.length * 1_024), { chunk: 'c', compressed: 'zstd' }]))
    expect(await fine.answered(1)).toEqual([{ ack: 'c' }])
    expect(rig.records[0]?.count).toBe(1_024)
    fine.close()
    const greedy = await openSender(rig.port)
    greedy.send(pack(['t', repeated(emptyFrame, 3 * MiB), { chunk: 'd', compressed: 'zstd' }]))
    await greedy.closed
    expect(greedy.pieces).toEqual([])
    expect(rig.server.stats()).toMatchObject({ 'refused.too_large': 1, heldBytes: 0 })
    expect(rig.lines.map(({ msg }) => msg)).toEqual([expect.stringContaining('1024 zstd frames')])
  })
})
