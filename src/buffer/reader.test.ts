import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { folder, newHarness, recordOf, texts } from '../../test/faults/buffer-harness.ts'
import type { StreamWriter } from './buffer.ts'
import { countWaiting } from './waiting.ts'

const everything = { eventsMax: Infinity, bytesMax: Infinity }

async function appendAll(writer: StreamWriter, count: number, bytes = 300): Promise<number[]> {
  const sequences: number[] = []
  for (let index = 0; index < count; index += 1) {
    sequences.push(await writer.append(recordOf(`${index}:`.padEnd(bytes, 'x'), { count: 2 })))
  }
  return sequences
}

describe('reading', () => {
  test('an absent or empty folder reads as nothing, and what comes later is found', async () => {
    const harness = await newHarness()
    const reader = await harness.reader()
    expect(await reader.read(everything)).toEqual({ records: [], sequence: 0, totals: {}, damaged: [], more: false })
    const writer = await harness.open()
    await writer.append(recordOf('first'))
    await writer.stop()
    expect(texts(await reader.read(everything))).toEqual(['first'])
    expect(await reader.waitingBytes()).toBe(0)
    await reader.stop()
  })

  test('goes on where it stopped, across segments and starts, without asking twice', async () => {
    const harness = await newHarness()
    const reader = await harness.reader()
    const found: string[] = []
    for (let start = 0; start < 3; start += 1) {
      const writer = await harness.open({ segmentBytesMax: 700, cutIntervalMs: 0 })
      for (let index = 0; index < 4; index += 1) {
        await writer.append(recordOf(`${start}.${index}`.padEnd(300)))
        found.push(...texts(await reader.read(everything)).map((text) => text.trim()))
      }
      await writer.stop()
      found.push(...texts(await reader.read(everything)).map((text) => text.trim()))
    }
    expect(found).toEqual([0, 1, 2].flatMap((start) => [0, 1, 2, 3].map((index) => `${start}.${index}`)))
    await reader.stop()
  })

  test('keeps to its limits, but gives one record at least', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ cutIntervalMs: 10_000 })
    await appendAll(writer, 10)
    await writer.stop()
    const reader = await harness.reader()
    const sizes: number[] = []
    for (const limits of [
      { eventsMax: 5, bytesMax: 1e6 },
      { eventsMax: 1, bytesMax: 1e6 },
      { eventsMax: 100, bytesMax: 800 },
      { eventsMax: 100, bytesMax: 10 },
      everything,
    ]) {
      const batch = await reader.read(limits)
      sizes.push(batch.records.length)
      expect(batch.more).toBe(limits !== everything)
      expect(batch.sequence).toBe(batch.records.at(-1)?.sequence)
    }
    expect(sizes).toEqual([2, 1, 2, 1, 4])
    await reader.stop()
  })

  test('never gives out what stands behind the last cut', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ cutIntervalMs: 1000 })
    const sequences = await appendAll(writer, 6)
    for (const bytesMax of [10, 800, 1e6]) {
      const reader = await harness.reader()
      const batch = await reader.read({ eventsMax: 100, bytesMax })
      expect(batch.records.map(({ sequence }) => sequence)).toEqual(sequences.slice(0, 1))
      expect((await reader.read({ eventsMax: 100, bytesMax })).records).toEqual([])
      await reader.stop()
    }
    await writer.stop()
  })

  test('begins behind any position, in any segment, and at the oldest if the position is gone', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ segmentBytesMax: 1000, cutIntervalMs: 0 })
    const sequences = await appendAll(writer, 12)
    for (const [index, after] of sequences.entries()) {
      const batch = await harness.readAll(after)
      expect(batch.records.map(({ sequence }) => sequence)).toEqual(sequences.slice(index + 1))
      expect(batch.totals).toEqual({ web: 24 })
    }
    await writer.release(sequences[7] ?? 0)
    const left = (await harness.readAll(5)).records.map(({ sequence }) => sequence)
    expect(left.length).toBeLessThan(12)
    expect(left).toEqual(sequences.slice(-left.length))
    await writer.stop()
  })

  test('a position is found without reading bodies', async () => {
    const harness = await newHarness()
    const writer = await harness.open()
    const sequences = await appendAll(writer, 20, 200_000)
    await writer.stop()
    const before = harness.disk.readBytes
    const reader = await harness.reader(sequences[18])
    expect(harness.disk.readBytes - before).toBeLessThan(20 * 40_000)
    expect((await reader.read(everything)).records).toHaveLength(1)
    await reader.stop()
  })

  test('a segment removed while it is read stays readable', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ segmentBytesMax: 1000, cutIntervalMs: 0 })
    const sequences = await appendAll(writer, 9)
    const reader = await harness.reader()
    expect((await reader.read({ eventsMax: 2, bytesMax: 1e6 })).records).toHaveLength(1)
    await writer.release(sequences[8] ?? 0)
    const rest = (await reader.read(everything)).records.map(({ sequence }) => sequence)
    expect(rest.slice(0, 1)).toEqual(sequences.slice(1, 2))
    expect(rest.at(-1)).toBe(sequences[8])
    await reader.stop()
    await writer.stop()
  })

  test('a reader that starts during a write sees whole records only', async () => {
    const harness = await newHarness({ seed: 5 })
    const writer = await harness.open({ cutIntervalMs: 0, segmentBytesMax: 3000 })
    const reader = await harness.reader()
    const found: string[] = []
    const appending = Promise.all([appendAll(writer, 30), appendAll(writer, 30, 1500)])
    for (let turn = 0; turn < 60; turn += 1) {
      found.push(...texts(await reader.read({ eventsMax: 7, bytesMax: 2000 })))
    }
    await appending
    await writer.stop()
    for (let more = true; more;) {
      const batch = await reader.read({ eventsMax: 7, bytesMax: 2000 })
      found.push(...texts(batch))
      more = batch.more
    }
    expect(found).toHaveLength(60)
    expect(new Set(found).size).toBe(60)
    await reader.stop()
  })
})

describe('a read that fails', () => {
  test('loses nothing: the next one goes on behind what was given out', async () => {
    for (let skip = 0; skip < 12; skip += 1) {
      const harness = await newHarness()
      const writer = await harness.open({ segmentBytesMax: 700, cutIntervalMs: 0 })
      const sequences = await appendAll(writer, 9)
      await writer.stop()
      const reader = await harness.reader(sequences[0])
      harness.disk.fail('read', 'EIO', { skip })
      harness.disk.fail('open', 'EIO', { skip })
      const found: number[] = []
      for (let failures = 0; found.length < 8;) {
        try {
          found.push(...(await reader.read({ eventsMax: 6, bytesMax: 1e6 })).records.map(({ sequence }) => sequence))
        } catch (error) {
          expect(error).toMatchObject({ code: 'EIO' })
          failures += 1
          expect(failures).toBeLessThan(3)
        }
      }
      expect(found).toEqual(sequences.slice(1))
      await reader.stop()
    }
  })
})

describe('totals and waiting', () => {
  test('sum at every position: received = behind the position + before it', async () => {
    const sizes = fc.array(fc.record({ source: fc.constantFrom('a', 'b', '__proto__'), count: fc.nat({ max: 9 }) }), {
      minLength: 1,
      maxLength: 12,
    })
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 200, max: 2000 }), async (list, segmentBytesMax) => {
        const harness = await newHarness()
        const sequences: number[] = []
        for (const half of [list.slice(0, 5), list.slice(5)]) {
          const writer = await harness.open({ segmentBytesMax, cutIntervalMs: 0 })
          for (const more of half) sequences.push(await writer.append(recordOf('x'.repeat(200), more)))
          await writer.stop()
        }
        const sum = (source: string, from: number): number =>
          list.slice(from).reduce((total, one) => total + (one.source === source ? one.count : 0), 0)
        const files = harness.disk.files()
        for (const [index, after] of [0, ...sequences].entries()) {
          const { events, totals } = await countWaiting({ folder, after }, { files })
          for (const source of ['a', 'b', '__proto__']) {
            expect(Object.hasOwn(events, source) ? events[source] : 0).toBe(sum(source, index))
            expect(Object.hasOwn(totals, source) ? totals[source] : 0).toBe(sum(source, 0))
          }
        }
      }),
      { numRuns: 30 },
    )
  })

  test('waiting bytes shrink to nothing as they are read', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ segmentBytesMax: 1000, cutIntervalMs: 0 })
    await appendAll(writer, 6)
    await writer.stop()
    const reader = await harness.reader()
    const before = await reader.waitingBytes()
    expect(before).toBeGreaterThanOrEqual(writer.status().waitingBytes)
    await reader.read({ eventsMax: 2, bytesMax: 1e6 })
    expect(await reader.waitingBytes()).toBeLessThan(before)
    await reader.read(everything)
    expect(await reader.waitingBytes()).toBe(0)
    await reader.stop()
  })
})
