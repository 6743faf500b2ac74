// Quiet when idle: whatever an open buffer waits for, it does not touch the disk while nobody appends.
import { expect, test } from 'vitest'

import { newBench, recordOf } from './buffer-bench.ts'

test('an idle hour makes no call to the file system, and leaves nothing scheduled', async () => {
  const bench = await newBench()
  const writer = await bench.open({ segmentAgeMsMax: 600_000 })
  await writer.append(recordOf('one'))
  await writer.append(recordOf('two'))
  bench.clock.advance(100)
  await bench.readAll()
  const calls = bench.disk.callCount
  expect(bench.clock.scheduled).toBe(0)
  for (let minute = 0; minute < 60; minute += 1) {
    bench.clock.advance(60_000)
    await Promise.resolve()
  }
  expect(bench.disk.callCount).toBe(calls)
  await writer.append(recordOf('three'))
  expect(await bench.segments()).toHaveLength(2)
  await writer.stop()
})

test('a writer that nobody ever used makes no segment', async () => {
  const bench = await newBench()
  const writer = await bench.open()
  const calls = bench.disk.callCount
  bench.clock.advance(3_600_000)
  expect(bench.disk.callCount).toBe(calls)
  await writer.stop()
  expect(await bench.segments()).toEqual([])
})
