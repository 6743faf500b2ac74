// Reads a CSV or Parquet file of somebody else's as rows of JSON, in file order, through an engine of its own in memory: it
// can read that one folder and nothing else, and keeps a chunk at a time.
import { dirname } from 'node:path'

import duckdb from '@duckdb/node-bindings'

import { MillpondError, messageOf } from '../../core/errors.ts'
import { type Link, openLink, readRows } from './link.ts'
import { quoteText } from './names.ts'
import { hasFailed, tellFailure } from './stream-end.ts'

export interface FileColumn {
  readonly name: string
  /** The engine's name of it; VARCHAR for all columns of a CSV file. */
  readonly type: string
}

export interface RejectedLine {
  readonly line: number
  readonly reason: string
}

export interface Rejected {
  /** All of them. */
  readonly count: number
  /** At most `rejectedNamedMax`, in the order of the file. */
  readonly first: readonly RejectedLine[]
}

export interface FileRows {
  readonly columns: readonly FileColumn[]
  /** Known of Parquet files only. */
  readonly rowCount: number | undefined
  /** Each row as JSON text of an object, many at a time; the first `skip` rows are left out. Error: import-unreadable. */
  rows(skip: number, limit?: number): AsyncGenerator<readonly string[]>
  /** Lines that could not be read as rows, once `rows` has ended. */
  rejected(): Promise<Rejected>
  close(): void
}

export type FileFormat =
  | { readonly kind: 'parquet' }
  | { readonly kind: 'csv'; readonly compression: 'none' | 'gzip' | 'zstd' }

const rejectedNamedMax = 1000
const memoryBytesMax = 1024 ** 3

/** Error: import-unreadable. */
export async function openFileRows(path: string, format: FileFormat): Promise<FileRows> {
  const database = await duckdb.open(':memory:', config())
  try {
    const link = await openLink(database)
    await shutDoors(link, path)
    const table = tableOf(path, format)
    const described = await readRows(link, `DESCRIBE SELECT * FROM ${table}`)
    const columns = described.map(([name, type]) => ({ name: String(name), type: String(type) }))
    const select = `SELECT to_json(t)::VARCHAR FROM (SELECT ${columns.map(finite).join(', ')} FROM ${table}) t`
    return {
      columns,
      rowCount: format.kind === 'parquet' ? await countRows(link, table) : undefined,
      rows: (skip, limit) =>
        readAll(link, path, `${select}${limit === undefined ? '' : ` LIMIT ${limit}`} OFFSET ${skip}`),
      rejected: async () => (format.kind === 'csv' ? readRejected(link) : { count: 0, first: [] }),
      close() {
        link.api.closeSync()
        duckdb.close_sync(database)
      },
    }
  } catch (error) {
    duckdb.close_sync(database)
    throw unreadable(path, error)
  }
}

function config(): duckdb.Config {
  const made = duckdb.create_config()
  const options = {
    // Rows must come in the order of the file; and the engine beside us needs the other cores.
    threads: '1',
    memory_limit: `${memoryBytesMax}B`,
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_persistent_secrets: 'false',
  }
  for (const [name, value] of Object.entries(options)) duckdb.set_config(made, name, value)
  return made
}

async function shutDoors(link: Link, path: string): Promise<void> {
  await link.api.run(`SET GLOBAL TimeZone = 'UTC'`)
  await link.api.run(`SET allowed_directories = [${quoteText(dirname(path))}]`)
  await link.api.run('SET enable_external_access = false')
  await link.api.run('SET lock_configuration = true')
}

function tableOf(path: string, format: FileFormat): string {
  // A path is a pattern to the engine; inside of brackets a sign stands for itself.
  const literal = quoteText(path.replaceAll(/[*?[]/g, '[$&]'))
  if (format.kind === 'parquet') return `read_parquet(${literal})`
  // Everything as text: a postal code is no number because the first thousand look like it. Rejects have no limit (0):
  // behind one, bad lines would vanish uncounted.
  return `read_csv(${literal}, header = true, all_varchar = true, compression = ${quoteText(format.compression)},
    ignore_errors = true, store_rejects = true, rejects_limit = 0)`
}

/** NaN and infinities are no JSON: they become null. Inside of lists and structs they stay, as bare words. */
function finite({ name, type }: FileColumn): string {
  const column = `"${name.replaceAll('"', '""')}"`
  return type === 'DOUBLE' || type === 'FLOAT'
    ? `CASE WHEN isfinite(${column}) THEN ${column} END AS ${column}`
    : column
}

async function countRows(link: Link, table: string): Promise<number> {
  return Number((await readRows(link, `SELECT count(*) FROM ${table}`))[0]?.[0] ?? 0)
}

async function* readAll(link: Link, path: string, sql: string): AsyncGenerator<readonly string[]> {
  try {
    const result = await link.api.stream(sql)
    for (;;) {
      const chunk = await result.fetchChunk()
      if (chunk === null || chunk.rowCount === 0) break
      yield chunk.getColumnValues(0).map(String)
    }
    if (hasFailed(result)) await tellFailure(link, { sql })
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** A line with two faults is in the table twice, and once more for each time that the file was read. */
async function readRejected(link: Link): Promise<Rejected> {
  const [counted] = await readRows(link, 'SELECT count(DISTINCT line) FROM reject_errors')
  const rows = await readRows(
    link,
    `SELECT line, min(error_message) FROM reject_errors GROUP BY 1 ORDER BY 1 LIMIT ${rejectedNamedMax}`,
  )
  const first = rows.map(([line, reason]) => ({ line: Number(line), reason: String(reason).replace(/\.$/, '') }))
  return { count: Number(counted?.[0] ?? 0), first }
}

function unreadable(path: string, error: unknown): MillpondError {
  if (error instanceof MillpondError) return error
  const reason = messageOf(error).split('\n')[0] ?? ''
  return new MillpondError('import-unreadable', `${path} can't be read: ${reason}`, { cause: error })
}
