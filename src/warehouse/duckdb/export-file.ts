// A file that the engine writes, looked at while it grows: the engine itself tells nothing of it, and knows no bound.
import { randomUUID } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { Clock } from '../../core/clock.ts'
import type { EngineFile } from '../session.ts'

const lookEveryMs = 200

export interface ExportFileOptions {
  readonly folder: string
  readonly format: string
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Told of its size every so often, and at its end. What it throws ends the writing. */
  readonly onBytes: (bytes: number) => Promise<void>
}

/** `write` resolves with the rows. Whatever it or `onBytes` throws: the file is gone by then. */
export async function writeExport(
  { folder, format, clock, signal, onBytes }: ExportFileOptions,
  write: (path: string, signal: AbortSignal) => Promise<number>,
): Promise<EngineFile> {
  const path = join(folder, `${randomUUID()}.${format}`)
  const refused = new AbortController()
  let cancelLook = (): void => undefined
  let looking: Promise<void> = Promise.resolve()
  const look = async (): Promise<void> => {
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined) await onBytes(found.size)
  }
  const watch = (): void => {
    cancelLook = clock.schedule(() => {
      looking = look().then(watch, (error: unknown) => {
        refused.abort(error)
      })
    }, lookEveryMs)
  }
  watch()
  try {
    const rows = await write(path, AbortSignal.any([signal, refused.signal]))
    const { size: bytes } = await stat(path)
    await onBytes(bytes)
    return { path, rows, bytes }
  } catch (error) {
    await rm(path, { force: true })
    throw refused.signal.aborted && !signal.aborted ? refused.signal.reason : error
  } finally {
    cancelLook()
    await looking
    cancelLook()
  }
}
