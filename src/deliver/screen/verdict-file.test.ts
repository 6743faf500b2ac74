import { appendFile, mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { diskFiles } from '../../core/files.ts'
import { DedupeIndex } from './dedupe-index.ts'
import { rebuildIndex, verdictCodes, VerdictFrames, VerdictLog } from './verdict-file.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-verdicts-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const limits = { dedupeWindowHours: 168, dedupeIdsMax: 100_000 }
const hour = 490_000

async function open(position: number): Promise<{ log: VerdictLog; index: DedupeIndex }> {
  const { log, cursor } = await VerdictLog.open({ files: diskFiles, folder, position, idsMax: limits.dedupeIdsMax })
  const index = new DedupeIndex(limits)
  await rebuildIndex(index, [cursor])
  return { log, index }
}

/** Record `sequence` stores the ids sequence * 10 + 0 … count - 1, and quarantines one event. */
async function write(log: VerdictLog, sequences: readonly number[], count = 3): Promise<void> {
  const frames = new VerdictFrames()
  for (const sequence of sequences) {
    frames.begin(sequence, hour, count + 1)
    for (let id = 0; id < count; id++) frames.add(verdictCodes.stored, sequence * 10 + id, 7, 9)
    frames.add(verdictCodes.quarantined, 0, 0, 0)
    frames.end()
  }
  await log.write(frames, sequences.at(-1) ?? 0, hour)
}

function known(index: DedupeIndex, sequence: number): boolean {
  return index.ask(sequence * 10 + 2, 7, 9, hour) === 'duplicate'
}

test('After a restart the index knows what was stored up to the position, and nothing behind it', async () => {
  const first = await open(0)
  await write(first.log, [1, 2, 3])
  await write(first.log, [4, 5])
  await first.log.close()
  const { log, index } = await open(3)
  expect([1, 2, 3, 4, 5].map((sequence) => known(index, sequence))).toEqual([true, true, true, false, false])
  expect(index.ids).toBe(9)
  expect(log.lastSequence).toBe(3)
  await write(log, [4])
  await log.close()
  const again = await open(10)
  expect(again.index.ids).toBe(12)
  await again.log.close()
})

test('A torn end is cut off wherever it was torn', async () => {
  const first = await open(0)
  await write(first.log, [1, 2])
  await first.log.close()
  const [name = ''] = await readdir(folder)
  const path = join(folder, name)
  const whole = await readFile(path)
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: whole.length / 2, max: whole.length - 1 }),
      fc.uint8Array({ maxLength: 40 }),
      async (bytes, junk) => {
        await rm(path)
        await appendFile(path, whole)
        await truncate(path, bytes)
        await appendFile(path, junk)
        const { log, index } = await open(1)
        expect([known(index, 1), known(index, 2)]).toEqual([true, false])
        await write(log, [2])
        await log.close()
        expect((await readFile(path)).equals(whole)).toBe(true)
      },
    ),
    { numRuns: 30 },
  )
})

test('Logs of two streams are merged by hour', async () => {
  const order: number[] = []
  const index = new DedupeIndex(limits)
  const cursor = (hours: number[]) => ({
    get hour() {
      return hours[0]
    },
    rememberInto() {
      order.push(hours[0] ?? 0)
    },
    async advance() {
      hours.shift()
    },
  })
  await rebuildIndex(index, [cursor([1, 4, 5]), cursor([2, 3, 6])])
  expect(order).toEqual([1, 2, 3, 4, 5, 6])
})

test('Files are begun anew when full, and go when all their ids are too old', async () => {
  const { log } = await open(0)
  const perFile = 16 * 1024 * 1024
  const ids = 200_000
  await write(log, [1], ids)
  for (let sequence = 2; (await readdir(folder)).length < 3; sequence++) await write(log, [sequence], ids)
  expect(ids * 13).toBeLessThan(perFile)
  await log.release(hour)
  expect(await readdir(folder)).toHaveLength(3)
  await log.release(hour + 1)
  expect(await readdir(folder)).toHaveLength(1)
  await log.close()
})
