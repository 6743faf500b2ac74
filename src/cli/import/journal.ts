// How far each file of a source has come, so that a run that was stopped is gone on with, and a file that is in is not read
// again. One line a step, `<data>/imports/<source>.ndjson`; the last line of a file counts, and half a line at the end doesn't.
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'

import { diskFiles } from '../../core/files.ts'

export interface Position {
  /** Rows that the engine has confirmed, or that were skipped before them. */
  readonly rows: number
  readonly isDone: boolean
}

export interface Journal {
  /** Undefined: never begun. */
  positionOf(fileId: string): Position | undefined
  /** Kept in memory, and on disk after the next `flush`. */
  note(file: { readonly id: string; readonly path: string }, position: Position): void
  flush(): Promise<void>
}

export async function openJournal(dataFolder: string, source: string): Promise<Journal> {
  const folder = join(dataFolder, 'imports')
  const path = join(folder, `${source}.ndjson`)
  const positions = new Map<string, Position>()
  const text = Buffer.from((await diskFiles.readAll(path)) ?? []).toString()
  for (const line of text.split('\n')) {
    const entry = readEntry(line)
    if (entry !== undefined) positions.set(entry.id, entry)
  }
  // Behind half a line a new one would be lost with it.
  let waiting = text === '' || text.endsWith('\n') ? '' : '\n'
  const noted = new Map<string, string>()
  await diskFiles.makeFolder(folder)
  return {
    positionOf: (fileId) => positions.get(fileId),
    note({ id, path: filePath }, { rows, isDone }) {
      positions.set(id, { rows, isDone })
      noted.set(id, `${JSON.stringify({ id, rows, isDone, path: filePath })}\n`)
    },
    async flush() {
      if (noted.size === 0) return
      const lines = waiting + [...noted.values()].join('')
      waiting = ''
      noted.clear()
      await appendFile(path, lines, { mode: 0o600, flush: true })
    },
  }
}

function readEntry(line: string): (Position & { readonly id: string }) | undefined {
  try {
    const { id, rows, isDone } = JSON.parse(line) as { id?: unknown; rows?: unknown; isDone?: unknown }
    if (typeof id !== 'string' || typeof rows !== 'number' || typeof isDone !== 'boolean') return undefined
    return { id, rows, isDone }
  } catch {
    return undefined
  }
}
