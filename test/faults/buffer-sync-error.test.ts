// A disk that fails: after an fsync error the kernel may have dropped the bytes, so the file is given up.
import { describe, expect, test } from 'vitest'

import { newBench, outcomeOf, recordOf, texts } from './buffer-bench.ts'

const seeds = Array.from({ length: 30 }, (_, index) => index + 1)

describe('an fsync error', () => {
  test('refuses the group, never syncs that file again, and goes on in a new segment at once', async () => {
    const bench = await newBench()
    const writer = await bench.open({ cutIntervalMs: 0 })
    await writer.append(recordOf('before'))
    const [first] = await bench.segments()
    bench.disk.fail('sync', 'EIO')
    const error = await writer.append(recordOf('refused')).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'buffer-write-failed', status: 503, retryAfterSeconds: 5 })
    bench.disk.fail('sync', 'EIO', { path: new RegExp(first ?? 'none'), times: 1e9 })
    await writer.append(recordOf('after'))
    expect(writer.status().refusing).toBeUndefined()
    expect(await bench.segments()).toHaveLength(2)
    await writer.stop()
    expect(texts(await bench.readAll())).toEqual(['before', 'after'])
  })

  test('a refused record never appears, whatever the disk kept of it, also after a power cut', async () => {
    for (const seed of seeds) {
      const bench = await newBench({ seed })
      const writer = await bench.open({ cutIntervalMs: 0 })
      await writer.append(recordOf('before'))
      bench.disk.fail('sync', 'EIO')
      // Not even the truncation may be needed.
      bench.disk.fail('truncate', 'EIO')
      expect(await outcomeOf(writer.append(recordOf('refused')))).toBe('buffer-write-failed')
      bench.disk.powerCut()
      bench.disk.healAll()
      const again = await bench.open()
      await again.append(recordOf('after'))
      await again.stop()
      const batch = await bench.readAll()
      expect(texts(batch)).toEqual(['before', 'after'])
      expect(batch.totals).toEqual({ web: 2 })
    }
  })

  test('in the middle of a flood refuses that group alone', async () => {
    const bench = await newBench()
    const writer = await bench.open({ cutIntervalMs: 0 })
    await writer.append(recordOf('before'))
    // Until the cut is written, so that the next append begins a group of its own.
    await bench.readAll()
    bench.disk.fail('sync', 'EIO')
    const first = outcomeOf(writer.append(recordOf('refused')))
    await Promise.resolve()
    await Promise.resolve()
    const rest = Array.from({ length: 10 }, (_, index) => outcomeOf(writer.append(recordOf(`kept ${index}`))))
    expect(await first).toBe('buffer-write-failed')
    expect(new Set(await Promise.all(rest))).toEqual(new Set(['kept']))
    await writer.stop()
    expect(texts(await bench.readAll())).toHaveLength(11)
  })

  test('of the folder of a new segment is treated alike', async () => {
    for (const seed of seeds) {
      const bench = await newBench({ seed })
      const writer = await bench.open({ cutIntervalMs: 0 })
      bench.disk.fail('syncDirectory', 'EIO')
      expect(await outcomeOf(writer.append(recordOf('refused')))).toBe('buffer-write-failed')
      await writer.append(recordOf('kept'))
      bench.disk.powerCut()
      const again = await bench.open()
      expect(texts(await bench.readAll())).toEqual(['kept'])
      await again.stop()
    }
  })
})

describe('a disk that fails for longer', () => {
  test('is tried once a second, by appends, until it works; every acknowledged record is there', async () => {
    const bench = await newBench()
    const writer = await bench.open({ cutIntervalMs: 0 })
    await writer.append(recordOf('before'))
    bench.disk.fail('write', 'EIO', { times: 1e9 })
    bench.disk.fail('sync', 'EIO', { times: 1e9 })
    for (let knock = 0; knock < 40; knock += 1) {
      expect(await outcomeOf(writer.append(recordOf('refused')))).toBe('buffer-write-failed')
      bench.clock.advance(100)
    }
    expect(writer.status().refusing).toBe('buffer-write-failed')
    expect((await bench.segments()).length).toBeLessThan(12)
    bench.disk.healAll()
    bench.clock.advance(1000)
    await writer.append(recordOf('after'))
    expect(writer.status().refusing).toBeUndefined()
    await writer.stop()
    const batch = await bench.readAll()
    expect(texts(batch)).toEqual(['before', 'after'])
    expect(batch.totals).toEqual({ web: 2 })
  })

  test('a reader that was in the given-up segment goes on in the next', async () => {
    const bench = await newBench()
    const writer = await bench.open({ cutIntervalMs: 0 })
    const reader = await bench.reader()
    const limits = { eventsMax: 10, bytesMax: 1e6 }
    await writer.append(recordOf('one'))
    expect(texts(await reader.read(limits))).toEqual(['one'])
    bench.disk.fail('sync', 'EIO')
    await outcomeOf(writer.append(recordOf('refused')))
    expect(texts(await reader.read(limits))).toEqual([])
    await writer.append(recordOf('two'))
    await writer.stop()
    expect(texts(await reader.read(limits))).toEqual(['two'])
    await reader.stop()
  })

  test('a removal that fails is done by the next release', async () => {
    const bench = await newBench()
    const writer = await bench.open({ segmentBytesMax: 100, cutIntervalMs: 0 })
    for (let index = 0; index < 3; index += 1) await writer.append(recordOf('x'.repeat(100)))
    bench.disk.fail('remove', 'EIO')
    await writer.release(writer.status().lastSequence)
    expect(await bench.segments()).toHaveLength(3)
    await writer.release(writer.status().lastSequence)
    expect(await bench.segments()).toHaveLength(1)
    await writer.stop()
  })
})
