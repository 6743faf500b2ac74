// At night: what erased people said goes from the archive, too. One pass over what was received before the last erasure;
// what still lies in the buffer goes in a later night, when it has left it. docs/specs/archive.md §8.
//
//   nobody new ──▶ nothing        new erasure ──▶ pass over all segments ──all looked at──▶ is any of it in the buffer?
//                                    ▲  └ engine stops: goes on behind the last segment        │ no: done   │ yes
//                                    └──────────── only what was archived since, next night ────────────────┘
import { join } from 'node:path'

import { fedStreamNames } from '../../buffer/buffer.ts'
import { firstSequenceOf, listSegments, openIfThere } from '../../buffer/segment.ts'
import type { Files } from '../../core/files.ts'
import { plansFolderName } from '../../core/tracking-plan.ts'
import type { Archive } from '../archive/archive.ts'
import { countChanges } from '../archive/rewrite.ts'
import { type Pass, readRewritten, writeRewritten } from '../archive/rewritten.ts'
import { PlanBook } from '../screen/plan-book.ts'
import { type EraserSettings, RecordEraser } from './record-eraser.ts'
import { type ErasedPerson, Suppression } from './suppression.ts'

export interface EraseArchivedDeps {
  readonly dataFolder: string
  readonly settings: EraserSettings
  readonly archive: Pick<Archive, 'rewrite'>
  readonly readErased: () => Promise<readonly ErasedPerson[]>
  readonly files: Files
}

export interface ErasedFromArchive {
  /** Requests, messages and rows of which something went. */
  readonly erasedRecords: number
  readonly rewrittenSegments: number
}

/** A record says when it came before it waits for its group: a segment's first one may not be its oldest. */
const disorderMicros = 600_000_000

/** Rejects when the archive is stopping, or its store fails: the next night goes on. */
export async function eraseArchived(deps: EraseArchivedDeps, signal: AbortSignal): Promise<ErasedFromArchive> {
  const { dataFolder, settings, archive, files } = deps
  const erased = await deps.readErased()
  const state = await readRewritten(files, dataFolder)
  const outcome = { erasedRecords: 0, rewrittenSegments: 0 }
  // As many as before: it is the same ones, since nobody is taken from the list.
  if (erased.length === state.erasures) return outcome
  const untilMicros = Math.max(0, ...erased.map(({ receivedUntilMicros }) => receivedUntilMicros))
  const receivedUntilMicros = untilMicros + disorderMicros
  const eraser = new RecordEraser(new Suppression(erased), settings, new PlanBook(join(dataFolder, plansFolderName)))
  const isSamePass = state.pass?.erasures === erased.length
  const upTo: Record<string, number> = isSamePass ? { ...state.pass?.upTo } : {}
  const pass: Pass = { erasures: erased.length, upTo }
  for (const stream of fedStreamNames) {
    const range = { stream, after: upTo[stream] ?? 0, receivedUntilMicros }
    const looks = archive.rewrite(range, (record) => eraser.erase(stream, record))
    for await (const { lastSequence, changed } of looks) {
      outcome.erasedRecords += changed
      if (changed > 0) outcome.rewrittenSegments += 1
      upTo[stream] = lastSequence
      await writeRewritten(files, dataFolder, { ...state, pass })
      signal.throwIfAborted()
    }
  }
  const isDone = !(await isInBuffer(deps, eraser, receivedUntilMicros))
  const done = { untilMicros, erasures: erased.length, pass: null }
  await writeRewritten(files, dataFolder, isDone ? done : { ...state, pass })
  return outcome
}

/** Something of it is in the buffer, and will come to the archive with it. */
async function isInBuffer(
  { dataFolder, files }: EraseArchivedDeps,
  eraser: RecordEraser,
  receivedUntilMicros: number,
): Promise<boolean> {
  for (const stream of fedStreamNames) {
    const folder = join(dataFolder, 'buffer', stream)
    for (const name of await listSegments(files, folder)) {
      const file = await openIfThere(files, join(folder, name))
      try {
        const changes =
          file &&
          (await countChanges(file, firstSequenceOf(name) ?? 0, (record) =>
            record.receivedAtMicros <= receivedUntilMicros ? eraser.erase(stream, record) : undefined,
          ))
        if ((changes ?? 0) > 0) return true
      } finally {
        await file?.close()
      }
    }
  }
  return false
}
