// How far erased people are gone from the archive: a file beside it, so that a night goes on where the last one ended.
// Lost, it costs one pass over the archive. docs/specs/archive.md §8.
import { join } from 'node:path'

import { type Files, writeFileAtomic } from '../../core/files.ts'
import { parseObject } from '../../core/json-object.ts'

const fileName = 'archive-rewritten.json'

/** A pass that isn't through: what it looks for still waits in the buffer, or the engine stopped. */
export interface Pass {
  /** Erasures that it looks for. */
  readonly erasures: number
  /** By stream: segments up to this sequence are done. */
  readonly upTo: Readonly<Record<string, number>>
}

export interface Rewritten {
  /** Erasures of what was received up to here are done in the archive. 0 = none. */
  readonly untilMicros: number
  /** How many there were. */
  readonly erasures: number
  readonly pass: Pass | null
}

const nothing: Rewritten = { untilMicros: 0, erasures: 0, pass: null }

export async function readRewritten(files: Files, dataFolder: string): Promise<Rewritten> {
  const bytes = await files.readAll(join(dataFolder, fileName))
  if (bytes === undefined) return nothing
  const read: Partial<Rewritten> = parseObject(Buffer.from(bytes).toString()) ?? {}
  const isOurs = typeof read.untilMicros === 'number' && typeof read.erasures === 'number'
  return isOurs ? { ...nothing, ...read } : nothing
}

export async function writeRewritten(files: Files, dataFolder: string, rewritten: Rewritten): Promise<void> {
  await writeFileAtomic(files, join(dataFolder, fileName), `${JSON.stringify(rewritten)}\n`)
}
