// The rows of one statement on their way out: the engine works only in its turn, and on the way rows may be kept for the cache.
//
// A running query computes only while the engine works on its next rows, and only queriesComputingMax do at one time:
// twelve heavy questions on two cores would otherwise all be slow, hold twelve hash tables, and press the loader's fresh
// rows out of memory. Somebody who reads slowly computes nothing meanwhile and blocks nobody.
import { MillpondError } from '../core/errors.ts'
import type { ResultChunk, ResultRun } from '../warehouse/session.ts'
import type { FairQueue } from './fair-queue.ts'
import type { ResultFile } from './results/result-file.ts'

/** Everybody's turn comes round here too: one person's twelve queries don't hold up another's first. */
export async function inTurn<Result>(
  queue: FairQueue,
  person: string,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  const release = await queue.enter(person, signal)
  try {
    return await work()
  } finally {
    release()
  }
}

export interface RowsOptions {
  readonly computing: FairQueue
  readonly person: string
  readonly signal: AbortSignal
  /** Told of every chunk that goes out. */
  readonly onRows: (count: number) => void
}

export async function* pulledChunks(run: ResultRun, options: RowsOptions): AsyncGenerator<ResultChunk> {
  const { computing, person, signal, onRows } = options
  const pulled = run.chunks[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await inTurn(computing, person, signal, async () => pulled.next())
      if (next.done === true) return
      onRows(next.value.rowCount)
      yield next.value
    }
  } finally {
    await run.close()
  }
}

/**
 * Hands chunks on and writes them down beside, for as long as they fit; what didn't fit, or wasn't read to its end, is
 * forgotten. `keep` gets the sealed file. Whoever ends a generator that never began runs nothing of it, so the file is made in it.
 */
export async function* kept(
  chunks: AsyncIterable<ResultChunk>,
  { create, keep }: { readonly create: () => Promise<ResultFile>; readonly keep: (file: ResultFile) => Promise<void> },
): AsyncGenerator<ResultChunk> {
  const file = await create()
  let isFitting = true
  let isComplete = false
  try {
    for await (const chunk of chunks) {
      if (isFitting) isFitting = await appended(file, chunk)
      yield chunk
    }
    isComplete = true
  } finally {
    if (isComplete && isFitting) {
      await file.seal()
      await keep(file)
    } else await file.remove()
  }
}

async function appended(file: ResultFile, chunk: ResultChunk): Promise<boolean> {
  try {
    await file.append(chunk)
    return true
  } catch (error) {
    if (error instanceof MillpondError && error.code === 'query-limit') return false
    throw error
  }
}
