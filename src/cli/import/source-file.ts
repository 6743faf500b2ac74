// The files that are to be brought in: found below the paths that were named, told apart, and looked at to see what they
// are. What a file is called says nothing: its first bytes do.
import { createHash } from 'node:crypto'
import { open, readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { eventTypes } from '../../core/event.ts'
import { MillpondError } from '../../core/errors.ts'
import { isErrno } from '../../core/files.ts'
import { readLines } from './lines.ts'
import { readObject } from './read-object.ts'
import { type Compression, compressionOf } from './unpack.ts'
import { isObject } from './values.ts'

export const importFormats = ['segment', 'mixpanel', 'ndjson', 'csv', 'parquet'] as const
export type ImportFormat = (typeof importFormats)[number]

export interface SourceFile {
  readonly path: string
  readonly bytes: number
}

/** What a file is, and which one: the same bytes under another name or in another folder are the same file. */
export interface KnownFile extends SourceFile {
  readonly id: string
  readonly compression: Compression
  readonly format: ImportFormat
}

/** In the order of their paths, which is the order of time for archives in dated folders. Error: import-unreadable. */
export async function findFiles(paths: readonly string[]): Promise<SourceFile[]> {
  const found = new Map<string, SourceFile>()
  for (const path of paths) {
    for await (const file of filesBelow(resolve(path), true)) found.set(file.path, file)
  }
  return [...found.values()].toSorted((one, other) => (one.path < other.path ? -1 : 1))
}

async function* filesBelow(path: string, isNamed: boolean): AsyncGenerator<SourceFile> {
  const info = await stat(path).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT') && isNamed)
      throw new MillpondError('import-unreadable', `There is no file or folder ${path}`)
    return undefined
  })
  if (info?.isFile() === true) yield { path, bytes: info.size }
  if (info?.isDirectory() !== true) return
  for (const name of await readdir(path)) {
    // `_SUCCESS`, `.DS_Store`: left by programs, not data.
    if (!/^[._]/.test(name)) yield* filesBelow(join(path, name), false)
  }
}

const endBytes = 64 * 1024

/** `options` is part of the identity: read in another way, a file gives other events. Error: import-unreadable. */
export async function lookAt(
  file: SourceFile,
  said: ImportFormat | undefined,
  options: string,
): Promise<KnownFile | 'empty'> {
  if (file.bytes === 0) return 'empty'
  const { head, tail, mtimeMs } = await readEnds(file)
  const compression = compressionOf(head)
  const format = said ?? (await guessFormat(file.path, head, compression))
  if (format === 'empty') return 'empty'
  const hash = createHash('sha256').update(`${file.bytes} ${mtimeMs} ${format} ${options}\n`).update(head).update(tail)
  return { ...file, compression, format, id: hash.digest('hex').slice(0, 32) }
}

async function readEnds({ path, bytes }: SourceFile): Promise<{ head: Buffer; tail: Buffer; mtimeMs: number }> {
  try {
    const handle = await open(path, 'r')
    try {
      const head = Buffer.alloc(Math.min(endBytes, bytes))
      const tail = Buffer.alloc(Math.min(endBytes, bytes))
      await handle.read(head, 0, head.length, 0)
      await handle.read(tail, 0, tail.length, bytes - tail.length)
      return { head, tail, mtimeMs: (await handle.stat()).mtimeMs }
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw new MillpondError('import-unreadable', `${path} can't be opened`, { cause: error })
  }
}

const linesLookedAt = 50

async function guessFormat(path: string, head: Buffer, compression: Compression): Promise<ImportFormat | 'empty'> {
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') return 'parquet'
  const lines = await firstLines(path, compression)
  if (lines.length === 0) return 'empty'
  for (const line of lines) {
    const { value } = readObject(line)
    if (value !== undefined) return formatOf(value)
  }
  const first = lines[0] ?? ''
  if (first.trimStart().startsWith('[')) {
    const advice = "Make lines of it: jq -c '.[]' file.json > file.ndjson"
    throw new MillpondError('import-unreadable', `${path} is an array of JSON, not one object a line. ${advice}`)
  }
  // eslint-disable-next-line no-control-regex
  if (/[,;\t|]/.test(first) && !/[\0-\x08]/.test(first) && !first.startsWith('{')) return 'csv'
  throw new MillpondError(
    'import-unreadable',
    `${path} is none of ${importFormats.join(', ')}, as far as its first lines show. Say what it is with --format`,
  )
}

async function firstLines(path: string, compression: Compression): Promise<string[]> {
  const found: string[] = []
  try {
    for await (const lines of readLines(path, compression)) {
      for (const { bytes } of lines) {
        const text = bytes?.toString() ?? ''
        if (text.trim() !== '') found.push(text)
        if (found.length === linesLookedAt) return found
      }
    }
  } catch (error) {
    // A damaged end is the reader's to report; nothing at all is no file of ours.
    if (found.length === 0) throw error
  }
  return found
}

function formatOf(value: Readonly<Record<string, unknown>>): ImportFormat {
  const { type, properties, event } = value
  if (typeof event === 'string' && isObject(properties) && 'time' in properties && type === undefined) return 'mixpanel'
  const isSegment = (eventTypes as readonly unknown[]).includes(type) && ('userId' in value || 'anonymousId' in value)
  return isSegment ? 'segment' : 'ndjson'
}
