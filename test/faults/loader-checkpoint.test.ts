// A checkpoint that could not be made is made later, even if nothing more arrives.
import { afterEach, expect, test } from 'vitest'

import { MillpondError } from '../../src/core/errors.ts'
import type { WarehouseSettings } from '../../src/core/settings.ts'
import type { StreamPosition } from '../../src/warehouse/driver.ts'
import { LoaderRig, track, wrapDriver } from './loader-rig.ts'

const rigs: LoaderRig[] = []

afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.dispose()
})

type Checkpoint = () => Promise<readonly StreamPosition[]>

async function start(
  warehouse: Partial<WarehouseSettings>,
  checkpoint: (real: Checkpoint) => Promise<readonly StreamPosition[]>,
) {
  const rig = await LoaderRig.start({
    warehouse,
    wrap: (driver) => wrapDriver(driver, { checkpoint: async () => checkpoint(async () => driver.checkpoint()) }),
  })
  rigs.push(rig)
  return rig
}

test.each([
  ['held up by a query', async () => []],
  [
    'failed',
    async () => {
      throw new MillpondError('warehouse-unavailable', 'the disk is full')
    },
  ],
] satisfies [string, Checkpoint][])('A checkpoint that was %s is tried again', async (_, first) => {
  let calls = 0
  const rig = await start({ checkpointAgeMsMax: 20 }, async (real) => (calls++ === 0 ? first() : real()))
  const sequence = await rig.send([track('a')])
  await expect.poll(() => rig.covered, { timeout: 10_000 }).toContainEqual({ stream: 'events', sequence })
  expect(calls).toBe(2)
})

test('A checkpoint that was held up is tried again at stop', async () => {
  let calls = 0
  const rig = await start({ checkpointEventsMax: 1 }, async (real) => (calls++ === 0 ? [] : real()))
  await rig.send([track('a')])
  await expect.poll(() => calls).toBe(1)
  await rig.loader.stop()
  expect(calls).toBe(2)
})
