import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { defaults, folder, log, newHarness, outcomeOf, recordOf, texts } from '../../test/faults/buffer-harness.ts'
import { systemClock } from '../core/clock.ts'
import { diskFiles } from '../core/files.ts'
import type { Cut } from './buffer.ts'
import { sequencesPerStart } from './frame.ts'
import { openReader } from './reader.ts'
import { openWriter } from './writer.ts'

describe('appending', () => {
  test('resolves with growing sequences of this start, in order', async () => {
    const harness = await newHarness()
    const writer = await harness.open()
    const order: number[] = []
    const append = async (text: string): Promise<void> => {
      order.push(await writer.append(recordOf(text)))
    }
    await Promise.all(['a', 'b', 'c', 'd'].map(append))
    expect(order).toEqual([1, 2, 3, 4].map((n) => sequencesPerStart + n))
    expect(writer.status()).toMatchObject({
      lastSequence: sequencesPerStart + 4,
      refusing: undefined,
      totals: { web: 4 },
    })
    await writer.stop()
  })

  test('what gathers while a group is under way shares one write and one sync', async () => {
    const harness = await newHarness()
    const writer = await harness.open()
    const first = writer.append(recordOf('first'))
    // Lets the first group begin.
    await Promise.resolve()
    await Promise.resolve()
    const rest = Array.from({ length: 50 }, (_, index) => writer.append(recordOf(`rest ${index}`)))
    const before = harness.disk.calls.get('sync') ?? 0
    await Promise.all([first, ...rest])
    expect((harness.disk.calls.get('sync') ?? 0) - before).toBe(2)
    await writer.stop()
    expect(texts(await harness.readAll())).toHaveLength(51)
  })

  test('a record of any size, source and body comes back as it was', async () => {
    const harness = await newHarness()
    const writer = await harness.open()
    const bodies = ['', 'x', 'ü'.repeat(3000), 'y'.repeat(3_000_000)]
    for (const [index, body] of bodies.entries()) {
      await writer.append(recordOf(body, { source: `quelle-${index}-ß`, kind: 'row', count: index, meta: '{"ü":1}' }))
    }
    await writer.stop()
    const { records } = await harness.readAll()
    expect(records.map(({ body }) => Buffer.from(body).toString())).toEqual(bodies)
    expect(records[2]).toMatchObject({ source: 'quelle-2-ß', kind: 'row', count: 2, meta: '{"ü":1}' })
  })

  test('a record that no frame can hold is refused alone', async () => {
    const harness = await newHarness()
    const writer = await harness.open()
    const outcomes = [recordOf('a'), recordOf('b', { count: Number.NaN }), recordOf('c')].map((record) =>
      outcomeOf(writer.append(record)),
    )
    expect(await Promise.all(outcomes)).toEqual(['kept', 'bug', 'kept'])
    await writer.stop()
  })

  test('stopping answers what is queued and refuses what comes later', async () => {
    const harness = await newHarness()
    const writer = await harness.open()
    const queued = writer.append(recordOf('queued'))
    const stopped = writer.stop()
    expect(await outcomeOf(writer.append(recordOf('late')))).toBe('buffer-closed')
    await Promise.all([queued, stopped])
    expect(texts(await harness.readAll())).toEqual(['queued'])
    expect(harness.clock.scheduled).toBe(0)
  })
})

describe('cuts', () => {
  test('come at once after a pause, then at most every cutIntervalMs', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ cutIntervalMs: 100 })
    const cuts: Cut[] = []
    writer.onCut((cut) => cuts.push(cut))
    const one = await writer.append(recordOf('one'))
    await harness.readAll()
    expect(cuts).toEqual([{ stream: 'events', sequence: one }])

    await writer.append(recordOf('two'))
    const three = await writer.append(recordOf('three'))
    expect(texts(await harness.readAll())).toEqual(['one'])
    expect(harness.clock.scheduled).toBe(1)
    harness.clock.advance(100)
    expect(texts(await harness.readAll())).toEqual(['one', 'two', 'three'])
    expect(cuts.slice(1)).toEqual([{ stream: 'events', sequence: three }])
    expect(harness.clock.scheduled).toBe(0)
    await writer.stop()
  })

  test('a listener that reads at once finds what the cut promises', async () => {
    const harness = await newHarness()
    const writer = await harness.open()
    const found = new Promise<string[]>((resolve, reject) => {
      writer.onCut(() => {
        harness.readAll().then((batch) => resolve(texts(batch)), reject)
      })
    })
    await writer.append(recordOf('here'))
    expect(await found).toEqual(['here'])
    await writer.stop()
  })
})

describe('segments', () => {
  test('are sealed when full or old, at the next append, and named after their first sequence', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ segmentBytesMax: 1000, segmentAgeMsMax: 60_000 })
    expect(await harness.segments()).toEqual([])
    const sequences = [await writer.append(recordOf('x'.repeat(1000)))]
    harness.clock.advance(120_000)
    sequences.push(await writer.append(recordOf('full')))
    expect(await harness.segments()).toHaveLength(2)
    await writer.append(recordOf('same'))
    harness.clock.advance(60_000)
    sequences.push(await writer.append(recordOf('old')))
    expect(await harness.segments()).toEqual(sequences.map((sequence) => `${String(sequence).padStart(16, '0')}.seg`))
    await writer.stop()
    expect(texts(await harness.readAll()).slice(1)).toEqual(['full', 'same', 'old'])
  })

  test('each start takes a new start number and a new segment', async () => {
    const harness = await newHarness()
    for (const start of [1, 2, 3]) {
      const writer = await harness.open()
      expect(await writer.append(recordOf(`start ${start}`))).toBe(start * sequencesPerStart + 1)
      await writer.stop()
    }
    expect(await harness.segments()).toHaveLength(3)
    expect(texts(await harness.readAll())).toEqual(['start 1', 'start 2', 'start 3'])
  })
})

describe('releasing', () => {
  const small = { segmentBytesMax: 500, cutIntervalMs: 0 }

  test('removes segments wholly below, oldest first, and never the newest', async () => {
    const harness = await newHarness()
    const writer = await harness.open(small)
    const sequences: number[] = []
    for (let index = 0; index < 5; index += 1) sequences.push(await writer.append(recordOf('x'.repeat(600))))
    const all = await harness.segments()
    expect(all).toHaveLength(5)
    await writer.release((sequences[1] ?? 0) - 1)
    expect(await harness.segments()).toEqual(all.slice(1))
    await writer.release(sequences[3] ?? 0)
    expect(await harness.segments()).toEqual(all.slice(4))
    await writer.release(sequences[4] ?? 0)
    expect(await harness.segments()).toEqual(all.slice(4))
    expect(writer.status().waitingBytes).toBe(0)
    await writer.stop()

    const again = await harness.open(small)
    expect(again.status()).toMatchObject({ totals: { web: 5 }, lastSequence: sequences[4] })
    await again.release(sequences[4] ?? 0)
    expect(await harness.segments()).toEqual(all.slice(4))
    await again.append(recordOf('next'))
    await again.release(sequences[4] ?? 0)
    expect(await harness.segments()).toHaveLength(1)
    await again.stop()
  })

  test('a full stream refuses with buffer-full until something is released, even within one segment', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ streamBytesMax: 2000 })
    await writer.append(recordOf('x'.repeat(1500)))
    const big = recordOf('y'.repeat(600))
    const error = await writer.append(big).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'buffer-full', status: 503, retryAfterSeconds: 5 })
    expect(writer.status().refusing).toBe('buffer-full')
    await writer.release(writer.status().lastSequence)
    expect(writer.status()).toMatchObject({ refusing: undefined, waitingBytes: 0 })
    await writer.append(big)
    await writer.stop()
  })

  test('records that are queued count too', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ streamBytesMax: 2000 })
    const outcomes = Array.from({ length: 4 }, () => outcomeOf(writer.append(recordOf('x'.repeat(700)))))
    expect(await Promise.all(outcomes)).toEqual(['kept', 'kept', 'buffer-full', 'buffer-full'])
    await writer.stop()
  })

  test('foreign names in the folder are left alone', async () => {
    const harness = await newHarness()
    const files = harness.disk.files()
    await files.makeFolder(folder)
    for (const name of ['notes.txt', '12.seg', '0000000000000001.seg', '9999999999999999.seg']) {
      await (await files.open(`${folder}/${name}`, 'create')).close()
    }
    const writer = await harness.open(small)
    for (let index = 0; index < 3; index += 1) await writer.append(recordOf('x'.repeat(600)))
    await writer.release(writer.status().lastSequence)
    await writer.stop()
    expect(await files.list(folder)).toEqual(expect.arrayContaining(['notes.txt', '12.seg', '0000000000000001.seg']))
    expect(texts(await harness.readAll())).toHaveLength(1)
  })
})

describe('on a real disk, under the real clock', () => {
  test('many callers, a reader beside them, a restart and a release', async () => {
    const root = await mkdtemp(join(tmpdir(), 'millpond-buffer-'))
    const stream = join(root, 'buffer', 'events')
    const deps = { files: diskFiles, clock: systemClock, log }
    const options = { ...defaults, folder: stream, cutIntervalMs: 5, segmentBytesMax: 200_000 }
    const found: string[] = []
    const sent: string[] = []
    const reader = await openReader({ stream: 'events', folder: stream, after: 0 }, deps)
    for (const start of ['first', 'second']) {
      const writer = await openWriter(options, deps)
      const call = async (caller: number): Promise<void> => {
        for (let index = 0; index < 20; index += 1) {
          const text = `${start}.${caller}.${index}.`.padEnd(index === 0 ? 20_000 : 900, '.')
          await writer.append(recordOf(text))
          sent.push(text)
          if (caller === 0) found.push(...texts(await reader.read({ eventsMax: 50, bytesMax: 100_000 })))
        }
      }
      await Promise.all(Array.from({ length: 16 }, (_, caller) => call(caller)))
      await writer.stop()
    }
    let last = 0
    for (let more = true; more;) {
      const batch = await reader.read({ eventsMax: 50, bytesMax: 100_000 })
      found.push(...texts(batch))
      more = batch.more
      last = batch.sequence
      if (!more) expect(batch.totals).toEqual({ web: 640 })
    }
    expect(found.toSorted()).toEqual(sent.toSorted())
    await reader.stop()

    const writer = await openWriter(options, deps)
    expect((await diskFiles.list(stream)).length).toBeGreaterThan(4)
    await writer.release(last)
    expect(writer.status().waitingBytes).toBe(0)
    expect((await diskFiles.list(stream)).filter((name) => name.endsWith('.seg'))).toHaveLength(1)
    await writer.stop()
    await rm(root, { recursive: true })
  })
})
