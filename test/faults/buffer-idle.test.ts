// Quiet when idle: whatever an open buffer waits for, it does not touch the disk while nobody appends.
import { expect, test } from 'vitest'

import { newHarness, recordOf } from './buffer-harness.ts'

test('an idle hour makes no call to the file system, and leaves nothing scheduled', async () => {
  const harness = await newHarness()
  const writer = await harness.open({ segmentAgeMsMax: 600_000 })
  await writer.append(recordOf('one'))
  await writer.append(recordOf('two'))
  harness.clock.advance(100)
  await harness.readAll()
  const calls = harness.disk.callCount
  expect(harness.clock.scheduled).toBe(0)
  for (let minute = 0; minute < 60; minute += 1) {
    harness.clock.advance(60_000)
    await Promise.resolve()
  }
  expect(harness.disk.callCount).toBe(calls)
  await writer.append(recordOf('three'))
  expect(await harness.segments()).toHaveLength(2)
  await writer.stop()
})

test('a writer that nobody ever used makes no segment', async () => {
  const harness = await newHarness()
  const writer = await harness.open()
  const calls = harness.disk.callCount
  harness.clock.advance(3_600_000)
  expect(harness.disk.callCount).toBe(calls)
  await writer.stop()
  expect(await harness.segments()).toEqual([])
})
