import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { diskFiles } from '../../core/files.ts'
import { verdictCodes, VerdictFrames, VerdictLog } from '../screen/verdict-file.ts'
import { VerdictReader } from './verdict-reader.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verdicts-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const codes = Object.values(verdictCodes)

async function write(log: VerdictLog, records: readonly (readonly number[])[], first: number): Promise<void> {
  const frames = new VerdictFrames()
  for (const [index, verdicts] of records.entries()) {
    frames.begin(first + index, 5, verdicts.length)
    for (const verdict of verdicts) frames.add(codes[verdict] ?? 1, 1, 2, 3)
    frames.end()
  }
  await log.write(frames, first + records.length - 1, 5)
}

test('whatever was said of records, beside the writer, is read as it was said', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat(3), { maxLength: 2000 }), { minLength: 1, maxLength: 40 }),
      fc.array(fc.nat(60), { maxLength: 20 }),
      async (records, wanted) => {
        await rm(folder, { recursive: true, force: true })
        const { log } = await VerdictLog.open({ files: diskFiles, folder, position: 0, idsMax: 1000 })
        const reader = new VerdictReader(diskFiles, folder)
        const half = Math.ceil(records.length / 2)
        await write(log, records.slice(0, half), 1)
        const read = async (sequence: number) => {
          const found = await reader.verdictsOf(sequence)
          return found && [...found]
        }
        const expected = (sequence: number, known: number) =>
          sequence >= 1 && sequence <= known ? records[sequence - 1]?.map((code) => codes[code]) : undefined
        for (let one = 1; one <= half + 1; one++) expect(await read(one)).toEqual(expected(one, half))
        if (half < records.length) await write(log, records.slice(half), half + 1)
        // Onwards from where it stood, and back again.
        for (const one of wanted) expect(await read(one)).toEqual(expected(one, records.length))
        await reader.stop()
        await log.close()
      },
    ),
    { numRuns: 30 },
  )
})

test('records behind a file that has left are known no more, and later ones are', async () => {
  const { log } = await VerdictLog.open({ files: diskFiles, folder, position: 0, idsMax: 1000 })
  await write(log, [[0], [1]], 10)
  const reader = new VerdictReader(diskFiles, folder)
  expect(await reader.verdictsOf(9)).toBeUndefined()
  expect(await reader.verdictsOf(11)).toEqual(Uint8Array.of(codes[1] ?? 0))
  await reader.stop()
  await log.close()
})
