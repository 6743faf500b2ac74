// Random chunks, ids and bytes: a crash changes no verdict, and nothing makes the screen throw.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { nowMicros } from '../../../test/faults/loader-maker.ts'
import { encode, type ForwardOptions, forwardRecord } from '../../../test/support/forward-body.ts'
import type { StoredRecord } from '../../buffer/record.ts'
import { diskFiles } from '../../core/files.ts'
import { DedupeIndex } from '../screen/dedupe-index.ts'
import { rebuildIndex, VerdictFrames, VerdictLog } from '../screen/verdict-file.ts'
import { RowScreen, type RowSink } from './row-screen.ts'

const second = 1_768_435_200
const hourMicros = 3_600_000_000
const settings = {
  dedupeWindowHours: 168,
  dedupeIdsMax: 100_000,
  eventBytesMax: 512 * 1024,
  batchEventsMax: 10_000,
  eventKeysMax: 10_000,
  eventDepthMax: 64,
}

const chunk = (text: string) => Buffer.from(text).toString('base64')

function stored(values: readonly unknown[], options: ForwardOptions, sequence: number): StoredRecord {
  return { sequence, ...forwardRecord(values, options) }
}

const nothing: RowSink = { keepRow: () => undefined, letter: () => undefined, seen: () => undefined }

function screenOf(index: DedupeIndex, frames: VerdictFrames): RowScreen {
  return new RowScreen(settings, index, frames, ['inference.**=ai.inferences'])
}

const anyEntry = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.nat(1), fc.record({ inference_id: fc.nat(20).map(String), model: fc.nat(1) }))
      .map(([later, row]) => [second + later, row]),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
)
const anyRecord = fc.record({
  entries: fc.array(anyEntry, { maxLength: 5 }),
  chunk: fc.option(
    fc.nat(5).map((n) => chunk(`c${n}`)),
    { nil: undefined },
  ),
})

test('Judging again from any earlier position, with the index read from disk, gives the same verdicts byte for byte', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-rows-'))
  let run = 0
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { minLength: 1, maxLength: 20 }), fc.nat(), async (list, at) => {
        run += 1
        const records = list.map(({ entries, chunk: token }, index) =>
          stored(
            entries,
            {
              meta: { tag: 'inference.x', ...(token === undefined ? {} : { chunk: token }) },
              receivedAtMicros: nowMicros + index * 2 * hourMicros,
            },
            index + 1,
          ),
        )
        const cut = at % records.length
        const all = verdictsOf(records, new DedupeIndex(settings))
        const own = join(folder, String(run))
        const options = { files: diskFiles, folder: own, position: cut, idsMax: settings.dedupeIdsMax }
        const first = await VerdictLog.open({ ...options, position: 0 })
        const frames = new VerdictFrames()
        const screen = screenOf(new DedupeIndex(settings), frames)
        for (const record of records) screen.judge('forward', record, nothing)
        await first.log.write(frames, records.length, 1)
        await first.log.close()
        // Only what lies up to the position is known after a crash.
        const again = await VerdictLog.open(options)
        const index = new DedupeIndex(settings)
        await rebuildIndex(index, [again.cursor])
        await again.log.close()
        const before = verdictsOf(records.slice(0, cut), new DedupeIndex(settings))
        const after = verdictsOf(records.slice(cut), index)
        expect(Buffer.concat([before, after]).equals(all)).toBe(true)
      }),
      { numRuns: 30 },
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

function verdictsOf(records: readonly StoredRecord[], index: DedupeIndex): Buffer {
  const frames = new VerdictFrames()
  const screen = screenOf(index, frames)
  for (const record of records) {
    const { stored: kept, flagged, duplicates, quarantined } = screen.judge('forward', record, nothing)
    expect(kept + flagged + duplicates + quarantined).toBe(record.count)
  }
  return Buffer.from(frames.take())
}

test('No bytes make it throw, and the tally always sums', () => {
  const screen = screenOf(new DedupeIndex(settings), new VerdictFrames())
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.array(anyEntry, { maxLength: 4 }).map((entries) => Buffer.concat(entries.map(encode))),
    fc.json().map((text) => Buffer.from(text)),
  )
  const meta = fc.oneof(
    fc.json(),
    fc.constantFrom(
      '{"tag":"a"}',
      '{"tag":"inference.a","chunk":"eA=="}',
      '{"table":"ai.assets"}',
      '{"tag":1',
      '{"tag":"a","chunk":5}',
    ),
  )
  fc.assert(
    fc.property(body, meta, fc.nat(4), fc.constantFrom('forward', 'row'), (bytes, text, count, kind) => {
      const record = {
        sequence: 1,
        source: 's',
        receivedAtMicros: nowMicros,
        count,
        meta: text,
        body: bytes,
        kind,
      } as const
      const { stored: kept, flagged, duplicates, quarantined } = screen.judge('forward', record, nothing)
      expect(kept + flagged + duplicates + quarantined).toBe(count)
    }),
    { numRuns: 1000 },
  )
})
