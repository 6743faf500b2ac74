// Pages of kept rows: as many as were asked for, at most 10 MB of text, and a token for the next.
import type { JobResult } from '../contract.ts'
import { invalid } from './google-error.ts'
import { type ApiJob, stateOf } from './jobs.ts'
import type { QueryFields } from './router.ts'
import { createRowWriter, type RowForm } from './row-text.ts'
import { type FieldSchema, resultFields } from './schema.ts'
import type { TimestampForm } from './value-text.ts'

const pageBytesMax = 10 * 1024 * 1024
/** Rows of one page that nobody bounded: half a second of work for one thread at the very most. */
const pageRowsMax = 100_000

export interface PageWish {
  readonly startRow: number
  /** undefined: as many as fit. */
  readonly rowsMax: number | undefined
  readonly form: RowForm
}

export interface Page {
  readonly fields: readonly FieldSchema[]
  readonly totalRows: number
  /** JSON texts. */
  readonly rows: readonly string[]
  readonly nextToken: string | undefined
}

export function tokenOf(row: number): string {
  return Buffer.from(`row:${row}`).toString('base64url')
}

/** Error: invalid. */
export function rowOfToken(token: string): number {
  const match = /^row:(\d{1,15})$/.exec(Buffer.from(token, 'base64url').toString('latin1'))
  if (match === null) throw invalid('Invalid value for pageToken', 'pageToken')
  return Number(match[1])
}

/** From formatOptions and their spellings as fields of a query. Error: invalid. */
export function rowForm(isInt64: boolean, output: string | undefined): RowForm {
  const forms: Readonly<Record<string, TimestampForm>> = { INT64: 'int64', FLOAT64: 'float', ISO8601_STRING: 'iso' }
  const named = output === undefined || output === 'TIMESTAMP_OUTPUT_FORMAT_UNSPECIFIED' ? undefined : forms[output]
  if (output !== undefined && named === undefined && output !== 'TIMESTAMP_OUTPUT_FORMAT_UNSPECIFIED')
    throw invalid(`Invalid value for timestampOutputFormat: ${output.slice(0, 100)} is not a valid value`)
  return { timestamps: named ?? (isInt64 ? 'int64' : 'float') }
}

/** `startRow`: known already, from a token of another kind. */
export function pageWish(query: QueryFields, startRow?: number): PageWish {
  const token = startRow === undefined ? query.text('pageToken') : undefined
  const isInt64 = query.flag('formatOptions.useInt64Timestamp') || query.flag('useInt64Timestamp')
  return {
    startRow: token === undefined ? (startRow ?? query.whole('startIndex') ?? 0) : rowOfToken(token),
    rowsMax: query.whole('maxResults'),
    form: rowForm(isInt64, query.text('formatOptions.timestampOutputFormat')),
  }
}

/** Of a job that has ended well. `columns`: which of them, in order; default: all. Errors: its own, and notFound once the rows are gone. */
export async function readPage(job: ApiJob, wish: PageWish, selected?: readonly number[]): Promise<Page> {
  const { error } = stateOf(job)
  if (error !== undefined) throw error
  if (job.job === undefined) throw invalid('Only query jobs have results')
  const { columns } = await job.job.result()
  const chosen = selected?.flatMap((index) => columns[index] ?? []) ?? columns
  const fields = resultFields(chosen)
  if (columns.length === 0) return { fields, totalRows: 0, rows: [], nextToken: undefined }
  const rowsMax = Math.min(wish.rowsMax ?? pageRowsMax, pageRowsMax)
  const page = await job.job.page(wish.startRow, rowsMax, pageBytesMax)
  const rows = writeRows(page.chunks, chosen, wish.form, selected)
  const next = wish.startRow + rows.length
  const hasMore = next < page.totalRows && rowsMax > 0
  return { fields, totalRows: page.totalRows, rows, nextToken: hasMore ? tokenOf(next) : undefined }
}

function writeRows(
  chunks: Awaited<ReturnType<NonNullable<ApiJob['job']>['page']>>['chunks'],
  columns: JobResult['columns'],
  form: RowForm,
  selected: readonly number[] | undefined,
): string[] {
  const writer = createRowWriter(
    columns.map(({ sqlType }) => sqlType),
    form,
  )
  const rows: string[] = []
  let bytes = 0
  for (const chunk of chunks) {
    const shown =
      selected === undefined ? chunk : { ...chunk, columns: selected.map((index) => chunk.columns[index] ?? []) }
    const written = writer.write(shown, pageBytesMax - bytes, rows.length === 0)
    for (const text of written.texts) rows.push(text)
    bytes += written.bytes
    if (written.texts.length < chunk.rowCount) break
  }
  return rows
}

/** A JSON object with its rows behind the other fields: they are text already. */
export function withRows(head: object, rows: readonly string[]): string {
  const text = JSON.stringify(head)
  if (rows.length === 0) return text
  return `${text.slice(0, -1)}${text === '{}' ? '' : ','}"rows":[${rows.join(',')}]}`
}

/** Of lists of resources: a token is the index of the next one. */
export function listPage<Item>(
  items: readonly Item[],
  query: QueryFields,
): { readonly items: readonly Item[]; readonly nextPageToken?: string } {
  const token = query.text('pageToken')
  const start = token === undefined ? 0 : rowOfToken(token)
  const max = Math.min(query.whole('maxResults') ?? 1000, 1000)
  const end = start + Math.max(1, max)
  const page = items.slice(start, end)
  return end < items.length ? { items: page, nextPageToken: tokenOf(end) } : { items: page }
}
