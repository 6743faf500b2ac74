// What stands on disk is not always what was written: torn ends, damaged middles, missing and foreign files.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { StreamWriter } from '../../src/buffer/buffer.ts'
import { encodeControl, frameType } from '../../src/buffer/frame.ts'
import { segmentName } from '../../src/buffer/segment.ts'
import { type Harness, folder, newHarness, recordOf, texts } from './buffer-harness.ts'

async function pathOf(harness: Harness, index: number): Promise<string> {
  return `${folder}/${(await harness.segments()).at(index) ?? ''}`
}

async function bytesOf(harness: Harness, path: string): Promise<Buffer> {
  return Buffer.from((await harness.disk.files().readAll(path)) ?? [])
}

/** Changes a file's length for good. */
async function cutOff(harness: Harness, path: string, bytes: number): Promise<void> {
  const file = await harness.disk.files().open(path, 'write')
  await file.truncate((await file.size()) - bytes)
  await file.sync()
}

async function append(writer: StreamWriter, ...list: string[]): Promise<void> {
  for (const text of list) await writer.append(recordOf(text))
}

/** A stream whose one segment holds a header, `a`, a cut, `b`, `c`, and no cut behind them, as after a crash. */
async function crashed(): Promise<Harness> {
  const harness = await newHarness()
  await append(await harness.open({ cutIntervalMs: 1e6 }), 'a', 'b', 'c')
  return harness
}

describe('after a crash', () => {
  test('records behind the last cut are readable as soon as the writer is back, without an append', async () => {
    const harness = await crashed()
    expect(texts(await harness.readAll())).toEqual(['a'])
    const writer = await harness.open()
    expect(texts(await harness.readAll())).toEqual(['a', 'b', 'c'])
    expect(writer.status()).toMatchObject({ totals: { web: 3 } })
    expect((await harness.readAll()).totals).toEqual({ web: 3 })
  })

  test('a reader that was there all the time goes on', async () => {
    const harness = await crashed()
    const reader = await harness.reader()
    const limits = { eventsMax: 100, bytesMax: 1e6 }
    expect(texts(await reader.read(limits))).toEqual(['a'])
    const writer = await harness.open()
    expect(texts(await reader.read(limits))).toEqual(['b', 'c'])
    await append(writer, 'd')
    await writer.stop()
    expect(texts(await reader.read(limits))).toEqual(['d'])
  })

  test('a torn last frame is cut off, what stands before it stays, and the totals know it', async () => {
    for (const bytes of [1, 20, 40]) {
      const harness = await crashed()
      const path = await pathOf(harness, 0)
      await cutOff(harness, path, bytes)
      const writer = await harness.open()
      await append(writer, 'd')
      await writer.stop()
      const batch = await harness.readAll()
      expect(texts(batch)).toEqual(['a', 'b', 'd'])
      expect(batch.damaged).toEqual([])
      expect(batch.totals).toEqual({ web: 3 })
      expect(await harness.disk.files().list(`${folder}/quarantine`)).toEqual([])
    }
  })

  test('noise behind the last frame is cut off', async () => {
    const harness = await crashed()
    const path = await pathOf(harness, 0)
    const file = await harness.disk.files().open(path, 'write')
    await file.write([Buffer.alloc(3000, 0xff)], await file.size())
    const writer = await harness.open()
    expect(texts(await harness.readAll())).toEqual(['a', 'b', 'c'])
    await writer.stop()
  })

  test('an empty file, a file with only a header and a file of noise stop nothing', async () => {
    for (const content of ['', 'header', 'noise']) {
      const harness = await crashed()
      const first = 2 * 2 ** 32 + 1
      const header = encodeControl(frameType.header, first, 0, { totals: { web: 3 }, previous: [] })
      const files = harness.disk.files()
      const file = await files.open(`${folder}/${segmentName(first)}`, 'create')
      if (content === 'header') await file.write([header], 0)
      if (content === 'noise') await file.write([Buffer.alloc(5000, 'n')], 0)
      const writer = await harness.open()
      expect(await writer.append(recordOf('d'))).toBeGreaterThan(3 * 2 ** 32)
      await writer.stop()
      const batch = await harness.readAll()
      expect(texts(batch)).toEqual(['a', 'b', 'c', 'd'])
      expect(batch.totals).toEqual({ web: 4 })
    }
  })

  test('a start file that is missing or unreadable is made good by the names of segments', async () => {
    for (const content of [undefined, 'not a number', '', '-5', '999999999999']) {
      const harness = await crashed()
      const files = harness.disk.files()
      await files.remove(`${folder}/start`)
      if (content !== undefined) {
        const file = await files.open(`${folder}/start`, 'create')
        await file.write([Buffer.from(content)], 0)
      }
      const writer = await harness.open()
      expect(await writer.append(recordOf('d'))).toBe(2 * 2 ** 32 + 1)
      await writer.stop()
      expect(texts(await harness.readAll())).toEqual(['a', 'b', 'c', 'd'])
    }
  })
})

describe('a damaged frame in the middle', () => {
  /** Damages the frame that holds `text`. */
  async function damage(harness: Harness, path: string, text: string): Promise<number> {
    const at = (await bytesOf(harness, path)).indexOf(text)
    harness.disk.damage(path, (bytes) => bytes.fill(0x58, at, at + 4))
    return at
  }

  test('of the newest segment is stepped over at the start, counted, and kept in quarantine', async () => {
    const harness = await newHarness()
    const before = await harness.open({ cutIntervalMs: 1e6 })
    await append(before, 'a', 'bbbbbbbb', 'c')
    const path = await pathOf(harness, 0)
    await damage(harness, path, 'bbbbbbbb')
    const writer = await harness.open()
    const batch = await harness.readAll()
    expect(texts(batch)).toEqual(['a', 'c'])
    expect(batch.damaged).toHaveLength(1)
    const [range] = batch.damaged
    const kept = `${range?.segment}-${range?.offset}-${range?.bytes}.bytes`
    expect(await harness.disk.files().list(`${folder}/quarantine`)).toEqual([kept])
    expect((await bytesOf(harness, `${folder}/quarantine/${kept}`)).toString('latin1')).toContain('XXXXbbbb')
    await writer.stop()
  })

  test('of an older segment is stepped over by the reader, and reported once', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ segmentBytesMax: 500, cutIntervalMs: 0 })
    await append(writer, 'a', 'bbbbbbbb', 'c'.repeat(500), 'd')
    await writer.stop()
    await damage(harness, await pathOf(harness, 0), 'bbbbbbbb')
    await (await harness.open()).stop()
    const reader = await harness.reader()
    const batch = await reader.read({ eventsMax: 100, bytesMax: 1e6 })
    expect(texts(batch).map((text) => text.slice(0, 1))).toEqual(['a', 'c', 'd'])
    expect(batch.damaged).toHaveLength(1)
    expect((await reader.read({ eventsMax: 100, bytesMax: 1e6 })).damaged).toEqual([])
    expect(await harness.disk.files().list(`${folder}/quarantine`)).toHaveLength(1)
  })

  test('while the writer goes on: the reader steps over it only when a cut stands behind it', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ cutIntervalMs: 1000 })
    await append(writer, 'a', 'bbbbbbbb', 'c')
    await damage(harness, await pathOf(harness, 0), 'bbbbbbbb')
    const reader = await harness.reader()
    const limits = { eventsMax: 100, bytesMax: 1e6 }
    expect(await reader.read(limits)).toMatchObject({ damaged: [], records: [{ count: 1 }] })
    const cut = new Promise((resolve) => {
      writer.onCut(resolve)
    })
    harness.clock.advance(1000)
    await cut
    const batch = await reader.read(limits)
    expect(texts(batch)).toEqual(['c'])
    expect(batch.damaged).toHaveLength(1)
    await writer.stop()
  })

  test('a damaged header of a segment costs its totals nothing, and its records nothing', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ segmentBytesMax: 300, cutIntervalMs: 0 })
    await append(writer, 'a'.repeat(300), 'b'.repeat(300), 'c')
    await writer.stop()
    harness.disk.damage(await pathOf(harness, -1), (bytes) => bytes.fill(0, 0, 30))
    expect(texts(await harness.readAll()).map((text) => text.slice(0, 1))).toEqual(['a', 'b', 'c'])
    const again = await harness.open()
    expect(again.status().totals).toEqual({ web: 3 })
    await again.stop()
  })

  test('a segment missing in the middle is simply not there', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ segmentBytesMax: 300, cutIntervalMs: 0 })
    await append(writer, 'a'.repeat(300), 'b'.repeat(300), 'c'.repeat(300), 'd')
    await writer.stop()
    await harness.disk.files().remove(await pathOf(harness, 1))
    const again = await harness.open()
    await append(again, 'e')
    await again.stop()
    expect(texts(await harness.readAll()).map((text) => text.slice(0, 1))).toEqual(['a', 'c', 'd', 'e'])
  })

  test('any bytes anywhere: the start succeeds, untouched records are read, new ones too', async () => {
    const noise = fc.array(
      fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.uint8Array({ minLength: 1, maxLength: 80 })),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    await fc.assert(
      fc.asyncProperty(noise, fc.nat(2), async (list, segment) => {
        const harness = await newHarness()
        const writer = await harness.open({ segmentBytesMax: 600, cutIntervalMs: 0 })
        const sent = Array.from({ length: 12 }, (_, index) => `${index}:`.padEnd(200, '.'))
        await append(writer, ...sent)
        await writer.stop()
        const path = await pathOf(harness, segment)
        const before = await bytesOf(harness, path)
        for (const [where, bytes] of list) {
          harness.disk.damage(path, (all) => {
            const at = Math.floor(where * (all.length - 1))
            all.set(bytes.subarray(0, all.length - at), at)
          })
        }
        const after = await bytesOf(harness, path)
        const again = await harness.open()
        await append(again, 'new')
        await again.stop()
        const found = texts(await harness.readAll())
        expect(found.at(-1)).toBe('new')
        expect(
          found.every(
            (text, index) => index === 0 || text === 'new' || sent.indexOf(text) > sent.indexOf(found[index - 1] ?? ''),
          ),
        ).toBe(true)
        // Whatever lies at least a frame away from every change must have survived.
        for (const text of sent) {
          const at = before.indexOf(text)
          const isTouched =
            at !== -1 &&
            !before.subarray(Math.max(0, at - 100), at + 200).equals(after.subarray(Math.max(0, at - 100), at + 200))
          if (!isTouched) expect(found).toContain(text)
        }
      }),
      { numRuns: 60 },
    )
  })
})
