// A disk that fails: after an fsync error the kernel may have dropped the bytes, so the file is given up.
import { describe, expect, test } from 'vitest'

import { newHarness, outcomeOf, recordOf, texts } from './buffer-harness.ts'

const seeds = Array.from({ length: 30 }, (_, index) => index + 1)

describe('an fsync error', () => {
  test('refuses the group, never syncs that file again, and goes on in a new segment at once', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ cutIntervalMs: 0 })
    await writer.append(recordOf('before'))
    const [first] = await harness.segments()
    harness.disk.fail('sync', 'EIO')
    const error = await writer.append(recordOf('refused')).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'buffer-write-failed', status: 503, retryAfterSeconds: 5 })
    harness.disk.fail('sync', 'EIO', { path: new RegExp(first ?? 'none'), times: 1e9 })
    await writer.append(recordOf('after'))
    expect(writer.status().refusing).toBeUndefined()
    expect(await harness.segments()).toHaveLength(2)
    await writer.stop()
    expect(texts(await harness.readAll())).toEqual(['before', 'after'])
  })

  test('a refused record never appears, whatever the disk kept of it, also after a power cut', async () => {
    for (const seed of seeds) {
      const harness = await newHarness({ seed })
      const writer = await harness.open({ cutIntervalMs: 0 })
      await writer.append(recordOf('before'))
      harness.disk.fail('sync', 'EIO')
      // Not even the truncation may be needed.
      harness.disk.fail('truncate', 'EIO')
      expect(await outcomeOf(writer.append(recordOf('refused')))).toBe('buffer-write-failed')
      harness.disk.powerCut()
      harness.disk.healAll()
      const again = await harness.open()
      await again.append(recordOf('after'))
      await again.stop()
      const batch = await harness.readAll()
      expect(texts(batch)).toEqual(['before', 'after'])
      expect(batch.totals).toEqual({ web: 2 })
    }
  })

  test('in the middle of a flood refuses that group alone', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ cutIntervalMs: 0 })
    await writer.append(recordOf('before'))
    // Until the cut is written, so that the next append begins a group of its own.
    await harness.readAll()
    harness.disk.fail('sync', 'EIO')
    const first = outcomeOf(writer.append(recordOf('refused')))
    await Promise.resolve()
    await Promise.resolve()
    const rest = Array.from({ length: 10 }, (_, index) => outcomeOf(writer.append(recordOf(`kept ${index}`))))
    expect(await first).toBe('buffer-write-failed')
    expect(new Set(await Promise.all(rest))).toEqual(new Set(['kept']))
    await writer.stop()
    expect(texts(await harness.readAll())).toHaveLength(11)
  })

  test('of the folder of a new segment is treated alike', async () => {
    for (const seed of seeds) {
      const harness = await newHarness({ seed })
      const writer = await harness.open({ cutIntervalMs: 0 })
      harness.disk.fail('syncDirectory', 'EIO')
      expect(await outcomeOf(writer.append(recordOf('refused')))).toBe('buffer-write-failed')
      await writer.append(recordOf('kept'))
      harness.disk.powerCut()
      const again = await harness.open()
      expect(texts(await harness.readAll())).toEqual(['kept'])
      await again.stop()
    }
  })
})

describe('a disk that fails for longer', () => {
  test('is tried once a second, by appends, until it works; every acknowledged record is there', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ cutIntervalMs: 0 })
    await writer.append(recordOf('before'))
    harness.disk.fail('write', 'EIO', { times: 1e9 })
    harness.disk.fail('sync', 'EIO', { times: 1e9 })
    for (let knock = 0; knock < 40; knock += 1) {
      expect(await outcomeOf(writer.append(recordOf('refused')))).toBe('buffer-write-failed')
      harness.clock.advance(100)
    }
    expect(writer.status().refusing).toBe('buffer-write-failed')
    expect((await harness.segments()).length).toBeLessThan(12)
    harness.disk.healAll()
    harness.clock.advance(1000)
    await writer.append(recordOf('after'))
    expect(writer.status().refusing).toBeUndefined()
    await writer.stop()
    const batch = await harness.readAll()
    expect(texts(batch)).toEqual(['before', 'after'])
    expect(batch.totals).toEqual({ web: 2 })
  })

  test('a reader that was in the given-up segment goes on in the next', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ cutIntervalMs: 0 })
    const reader = await harness.reader()
    const limits = { eventsMax: 10, bytesMax: 1e6 }
    await writer.append(recordOf('one'))
    expect(texts(await reader.read(limits))).toEqual(['one'])
    harness.disk.fail('sync', 'EIO')
    await outcomeOf(writer.append(recordOf('refused')))
    expect(texts(await reader.read(limits))).toEqual([])
    await writer.append(recordOf('two'))
    await writer.stop()
    expect(texts(await reader.read(limits))).toEqual(['two'])
    await reader.stop()
  })

  test('a removal that fails is done by the next release', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ segmentBytesMax: 100, cutIntervalMs: 0 })
    for (let index = 0; index < 3; index += 1) await writer.append(recordOf('x'.repeat(100)))
    harness.disk.fail('remove', 'EIO')
    await writer.release(writer.status().lastSequence)
    expect(await harness.segments()).toHaveLength(3)
    await writer.release(writer.status().lastSequence)
    expect(await harness.segments()).toHaveLength(1)
    await writer.stop()
  })
})
