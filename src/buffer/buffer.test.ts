// Goal: whatever order things happen in, the buffer behaves like a list that forgets only what was released. Method:
// random steps against a simple model, shrunk by fast-check. Faults of the disk itself: test/faults/power-cut.ts.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { newHarness, recordOf } from '../../test/faults/buffer-harness.ts'

type RestartKind = 'stop' | 'kill' | 'power cut'

type Step =
  | { readonly do: 'append'; readonly bytes: number; readonly together: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'read'; readonly eventsMax: number; readonly bytesMax: number }
  | { readonly do: 'release' }
  | { readonly do: 'restart'; readonly how: RestartKind }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('append' as const),
    bytes: fc.integer({ min: 0, max: 1500 }),
    together: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 50, 100, 5000) }),
  fc.record({
    do: fc.constant('read' as const),
    eventsMax: fc.integer({ min: 1, max: 8 }),
    bytesMax: fc.integer({ min: 1, max: 4000 }),
  }),
  fc.record({ do: fc.constant('release' as const) }),
  fc.record({ do: fc.constant('restart' as const), how: fc.constantFrom<RestartKind>('stop', 'kill', 'power cut') }),
)

const everything = { eventsMax: Infinity, bytesMax: Infinity }

async function play(steps: readonly Step[], segmentBytesMax: number, seed: number): Promise<void> {
  const harness = await newHarness({ seed })
  const options = { segmentBytesMax, segmentAgeMsMax: 4000, cutIntervalMs: 100 }
  let writer = await harness.open(options)
  let reader = await harness.reader()
  /** The model: sequence and text, in order; and what was read, in the order of reading. */
  const model = new Map<number, string>()
  const found = new Map<number, string>()
  let position = 0
  let sent = 0

  const read = async (limits: { eventsMax: number; bytesMax: number }): Promise<void> => {
    const batch = await reader.read(limits)
    for (const { sequence, body } of batch.records) {
      expect(sequence).toBeGreaterThan(position)
      found.set(sequence, Buffer.from(body).toString().trim())
      position = sequence
    }
    expect(batch.sequence).toBe(position)
  }
  const restart = async (how: RestartKind): Promise<void> => {
    if (how === 'stop') await writer.stop()
    else if (how === 'kill') harness.disk.kill()
    else harness.disk.powerCut()
    writer = await harness.open(options)
    reader = await harness.reader(position)
  }

  for (const one of [...steps, { do: 'restart', how: 'stop' } as const]) {
    if (one.do === 'wait') harness.clock.advance(one.ms)
    else if (one.do === 'read') await read(one)
    else if (one.do === 'release') await writer.release(position)
    else if (one.do === 'restart') await restart(one.how)
    else {
      const list = Array.from({ length: one.together }, (_, index) => `${sent + index}`)
      sent += list.length
      const sequences = await Promise.all(list.map((text) => writer.append(recordOf(text.padEnd(one.bytes)))))
      for (const [index, sequence] of sequences.entries()) model.set(sequence, list[index] ?? '')
    }
  }
  await read(everything)
  expect([...found]).toEqual([...model])
  expect(writer.status().totals).toEqual(model.size === 0 ? {} : { web: model.size })
  await writer.release(position)
  expect(writer.status().waitingBytes).toBe(0)
  expect((await harness.segments()).length).toBeLessThanOrEqual(1)
  await writer.stop()
}

test('appending, waiting, reading, releasing and restarting in any order is a list in order', async () => {
  const steps = fc.array(step, { maxLength: 25 })
  const sizes = fc.integer({ min: 200, max: 5000 })
  await fc.assert(fc.asyncProperty(steps, sizes, fc.nat(), play), { numRuns: 150 })
})
