// A disk that fills up in the middle of a batch, and has room again later.
import { describe, expect, test } from 'vitest'

import { openBallast } from '../../src/buffer/ballast.ts'
import { folder, log, newHarness, outcomeOf, recordOf, texts } from './buffer-harness.ts'

describe('a disk that is full in the middle of a batch', () => {
  test('keeps what was acknowledged, refuses the rest with Retry-After, and none of the rest ever appears', async () => {
    const harness = await newHarness({ capacityBytes: 3000 })
    const writer = await harness.open()
    const kept = recordOf('kept '.repeat(100))
    await writer.append(kept)
    const batch = Array.from({ length: 20 }, (_, index) => writer.append(recordOf(`refused ${index} `.repeat(30))))
    const outcomes = await Promise.all(batch.map(outcomeOf))
    expect(new Set(outcomes)).toEqual(new Set(['disk-full']))
    expect(writer.status().refusing).toBe('disk-full')
    const error = await writer.append(recordOf('late')).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'disk-full', status: 503, retryAfterSeconds: 5 })

    harness.disk.powerCut()
    harness.disk.capacityBytes = 1e6
    const again = await harness.open()
    await again.append(recordOf('after'))
    await again.stop()
    expect(texts(await harness.readAll())).toEqual(['kept '.repeat(100), 'after'])
  })

  test('collects again within five seconds after space returned', async () => {
    const harness = await newHarness({ capacityBytes: 2000 })
    const writer = await harness.open({ diskFreeBytesMin: 500 })
    const outcomes: string[] = []
    // A sender a second, which is what keeps the writer looking.
    for (let second = 0; second < 20; second += 1) {
      if (second === 10) harness.disk.capacityBytes = 1e6
      outcomes.push(await outcomeOf(writer.append(recordOf(`${second} `.repeat(100)))))
      harness.clock.advance(1000)
    }
    const refused = outcomes.lastIndexOf('disk-full')
    expect(outcomes.indexOf('disk-full')).toBeLessThan(10)
    expect(refused).toBeGreaterThanOrEqual(9)
    expect(refused).toBeLessThan(15)
    await writer.stop()
    const found = texts(await harness.readAll()).map((text) => Number(text.split(' ')[0]))
    expect(found).toEqual(outcomes.flatMap((outcome, second) => (outcome === 'kept' ? [second] : [])))
  })

  test('looks at the free space at most once a second, however many knock', async () => {
    const harness = await newHarness({ capacityBytes: 100_000 })
    const writer = await harness.open({ diskFreeBytesMin: 1e6 })
    for (let knock = 0; knock < 100; knock += 1) {
      expect(await outcomeOf(writer.append(recordOf('x')))).toBe('disk-full')
      harness.clock.advance(30)
    }
    expect(harness.disk.calls.get('freeBytes')).toBeLessThanOrEqual(4)
    expect(harness.disk.calls.get('write') ?? 0).toBe(1)
    await writer.stop()
  })

  test('starts on a full disk, refuses, and takes its start number when there is room', async () => {
    const harness = await newHarness()
    await (await harness.open()).stop()
    harness.disk.capacityBytes = 0
    const writer = await harness.open()
    expect(await outcomeOf(writer.append(recordOf('x')))).toBe('disk-full')
    harness.clock.advance(1000)
    expect(await outcomeOf(writer.append(recordOf('x')))).toBe('disk-full')
    harness.disk.capacityBytes = 1e6
    harness.clock.advance(1000)
    expect(await writer.append(recordOf('x'))).toBeGreaterThan(2 * 2 ** 32)
    await writer.stop()
  })

  test('a cut that found no room is written when there is some, without an append', async () => {
    const harness = await newHarness()
    const writer = await harness.open({ cutIntervalMs: 100 })
    await writer.append(recordOf('one'))
    await writer.append(recordOf('two'))
    harness.disk.capacityBytes = harness.disk.usedBytes
    harness.clock.advance(100)
    expect(texts(await harness.readAll())).toEqual(['one'])
    harness.disk.capacityBytes = Infinity
    harness.clock.advance(1000)
    expect(texts(await harness.readAll())).toEqual(['one', 'two'])
    expect(harness.clock.scheduled).toBe(0)
    await writer.stop()
  })
})

describe('the ballast', () => {
  const path = '/data/ballast'
  const settings = { ballastBytes: 5000, diskFreeBytesMin: 1000 }

  test('is made when there is plenty, kept by the next start, and left out when there is not', async () => {
    const harness = await newHarness({ capacityBytes: 20_000 })
    const files = harness.disk.files()
    await openBallast(path, settings, { files, log })
    expect(await files.readAll(path)).toHaveLength(5000)
    const writes = harness.disk.calls.get('write')
    await openBallast(path, settings, { files, log })
    expect(harness.disk.calls.get('write')).toBe(writes)
    await openBallast(path, { ...settings, ballastBytes: 8000 }, { files, log })
    expect(await files.readAll(path)).toHaveLength(8000)
    harness.disk.capacityBytes = 12_000
    await openBallast(path, { ...settings, ballastBytes: 6000 }, { files, log })
    expect(await files.list('/data')).not.toContain('ballast')
    await openBallast(path, { ...settings, ballastBytes: 0 }, { files, log })
    expect(await files.list('/data')).not.toContain('.ballast.tmp')
  })

  test('is given up on a full disk, so that the cut has room, and made again when there is plenty', async () => {
    const harness = await newHarness({ capacityBytes: 20_000 })
    const files = harness.disk.files()
    const ballast = await openBallast(path, settings, { files, log })
    const writer = await harness.open({ diskFreeBytesMin: 1000, cutIntervalMs: 1000 }, ballast)
    const sent: string[] = []
    for (let index = 0; ; index += 1) {
      const text = `${index} `.repeat(300)
      if ((await outcomeOf(writer.append(recordOf(text)))) !== 'kept') break
      sent.push(text)
    }
    expect(await files.list('/data')).not.toContain('ballast')
    harness.clock.advance(1000)
    expect(texts(await harness.readAll())).toEqual(sent)
    // Its own bytes are no reason to go on: they would be eaten up at once.
    expect(await outcomeOf(writer.append(recordOf('x')))).toBe('disk-full')

    harness.disk.capacityBytes = 60_000
    for (let second = 0; second < 4; second += 1) {
      harness.clock.advance(1000)
      expect(await outcomeOf(writer.append(recordOf('y')))).toBe('kept')
    }
    await writer.stop()
    expect(await files.readAll(path)).toHaveLength(5000)
    expect(await files.list(folder)).not.toContain('quarantine')
  })
})
