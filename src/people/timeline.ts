// The timeline of a person: what every source has to tell, newest first, in pages.
//
//   sources ─▶ rows(person, before, limit) each ─▶ merged by (time, place) ─▶ page, and the ref behind which the next one begins
//
// A row stands at the time at which it happened, whenever it came. Pages go on behind a ref, so rows that come meanwhile move none.
import { MillpondError } from '../core/errors.ts'
import type { QueryRoad } from '../query/contract.ts'
import { ask, type Caller, isoOf, type Row } from './ask.ts'
import type { PersonId } from './ids.ts'
import { type Bounds, boundValues, idValues, lineSql, timeSql, unionOf } from './person-sql.ts'
import { type PersonTable, relationOf, type Severity, severityOf } from './sources.ts'

export interface TimelineRow {
  /** When it happened. */
  readonly time: string
  /** When it came. */
  readonly receivedAt: string
  readonly source: string
  readonly kind: string
  readonly title: string
  readonly severity: Severity | null
  /** Names this row: for its details, and as the end of a page. */
  readonly ref: string
}

/** A row and where it stands. */
export interface PlacedRow {
  readonly micros: number
  readonly place: string
  readonly row: TimelineRow
}

/** What a ref says. */
export interface Ref {
  readonly dataset: string
  readonly table: string
  readonly id: string
  readonly micros: number
}

/**
 * What can stand on a timeline. Called for each page, with windows of time that go back; gives the rows behind `before` within
 * the bounds, in the timeline's order, at most `limit`.
 */
export interface TimelineSource {
  readonly name: string
  rows(person: readonly PersonId[], before: Bounds, limit: number): Promise<readonly PlacedRow[]>
}

export interface Page {
  readonly rows: readonly TimelineRow[]
  /** Where the next page begins; null: that was all. */
  readonly next: string | null
}

const hourMicros = 3_600_000_000
/** First what is near: pages of busy people end there, and the engine skips the days before. */
const windowsMicros = [7 * 24 * hourMicros, Infinity] as const

/** Newest first; at the same time by place. In bytes, as the engine compares. */
export function compareRows(one: PlacedRow, other: PlacedRow): number {
  return other.micros - one.micros || Buffer.from(one.place).compare(Buffer.from(other.place))
}

export function warehouseSources(road: QueryRoad, caller: Caller, tables: readonly PersonTable[]): TimelineSource[] {
  const names = [...new Set(tables.map(({ source }) => source))].sort()
  return names.map((name) => {
    const own = tables.filter(({ source }) => source === name)
    return {
      name,
      async rows(person, before, limit) {
        const values = idValues(person)
        const union = unionOf(own, values, before, lineSql)
        if (union === undefined) return []
        const sql = `SELECT * EXCEPT (timestamp, received_at, loaded_at), UNIX_MICROS(timestamp) AS micros,
          UNIX_MICROS(received_at) AS received FROM (${union}) ORDER BY timestamp DESC, place LIMIT ${limit}`
        return (await ask(road, caller, sql, { ...values, ...boundValues(before) })).map(placedRow)
      },
    }
  })
}

export function placedRow(row: Row): PlacedRow {
  const { dataset, tbl, id, place, micros, received, source, kind, title, severity } = row
  const at = Number(micros)
  return {
    micros: at,
    place: String(place),
    row: {
      time: isoOf(at),
      receivedAt: isoOf(received),
      source: String(source),
      kind: String(kind),
      title: String(title),
      severity: severityOf(severity),
      ref: refText({ dataset: String(dataset), table: String(tbl), id: String(id), micros: at }),
    },
  }
}

export interface PageOptions {
  readonly before?: Ref | undefined
  readonly limit: number
  readonly fromMicros?: number | undefined
  readonly toMicros?: number | undefined
  readonly nowMicros: number
}

/** Rows that claim the same id at the same time stand as one; its details show each. */
export async function pageOf(
  sources: readonly TimelineSource[],
  person: readonly PersonId[],
  { before, limit, fromMicros = -Infinity, toMicros, nowMicros }: PageOptions,
): Promise<Page> {
  const start = before && { micros: before.micros, place: placeOf(before) }
  const newest = Math.min(start?.micros ?? nowMicros, toMicros ?? nowMicros)
  const found: PlacedRow[] = []
  let upper = toMicros
  for (const window of windowsMicros) {
    const lower = Math.max(fromMicros, newest - window)
    const bounds: Bounds = { before: start, toMicros: upper, fromMicros: lower === -Infinity ? undefined : lower }
    const missing = limit + 1 - found.length
    const parts = await Promise.all(sources.map(async (source) => source.rows(person, bounds, missing)))
    found.push(...parts.flat().sort(compareRows))
    if (found.length > limit || lower <= fromMicros) break
    upper = lower
  }
  const page = found.slice(0, limit).map(({ row }) => row)
  const isMore = found.length > limit
  return {
    rows: page.filter(({ ref }, index) => ref !== page[index - 1]?.ref),
    next: isMore ? (page.at(-1)?.ref ?? null) : null,
  }
}

export interface Bucket {
  readonly source: string
  /** When it begins. */
  readonly time: string
  readonly rows: number
}

/** Rows by source in `buckets` equal parts of a window; parts without rows are left out. */
export async function histogramOf(
  road: QueryRoad,
  caller: Caller,
  tables: readonly PersonTable[],
  person: readonly PersonId[],
  {
    fromMicros,
    toMicros,
    buckets,
  }: { readonly fromMicros: number; readonly toMicros: number; readonly buckets: number },
): Promise<readonly Bucket[]> {
  const values = idValues(person)
  const width = Math.max(1, Math.ceil((toMicros - fromMicros) / buckets))
  const bounds = { fromMicros, toMicros }
  const union = unionOf(tables, values, bounds, timeSql)
  if (union === undefined) return []
  const sql = `SELECT source, DIV(UNIX_MICROS(timestamp) - @start, @width) AS bucket, COUNT(*) AS n
    FROM (${union}) GROUP BY source, bucket ORDER BY bucket, source`
  const rows = await ask(road, caller, sql, { ...values, ...boundValues(bounds), start: fromMicros, width })
  return rows.map(({ source, bucket, n }) => ({
    source: String(source),
    time: isoOf(fromMicros + Number(bucket) * width),
    rows: Number(n),
  }))
}

/** Everything that is kept of the row: one object, or several where others came with the same id. Error: not-found. */
export async function detailsOf(
  road: QueryRoad,
  caller: Caller,
  tables: readonly PersonTable[],
  person: readonly PersonId[],
  ref: Ref,
): Promise<readonly Row[]> {
  const own = tables.filter(({ dataset, table }) => dataset === ref.dataset && table === ref.table)
  const values = idValues(person)
  const bounds = { fromMicros: ref.micros, toMicros: ref.micros + 1 }
  const select = (table: PersonTable, condition: string): string =>
    `SELECT * FROM ${relationOf(table)} WHERE ${condition} AND id = @id`
  const union = unionOf(own, values, bounds, select)
  if (union === undefined) throw unknownRow()
  const sql = `SELECT * FROM (${union}) ORDER BY received_at LIMIT ${versionsMax}`
  const rows = await ask(road, caller, sql, { ...values, ...boundValues(bounds), id: ref.id })
  if (rows.length === 0) throw unknownRow()
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)))
}

const versionsMax = 20

function unknownRow(): MillpondError {
  return new MillpondError('not-found', 'This person has no such row, or you may not read it')
}

export function placeOf({ dataset, table, id }: Ref): string {
  return `${dataset}.${table}/${id}`
}

export function refText({ dataset, table, id, micros }: Ref): string {
  return Buffer.from(JSON.stringify([dataset, table, id, micros])).toString('base64url')
}

/** Error: request-invalid. */
export function parseRef(text: string): Ref {
  try {
    const [dataset, table, id, micros] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[]
    const isWhole = [dataset, table, id].every((one) => typeof one === 'string') && Number.isSafeInteger(micros)
    if (isWhole) return { dataset, table, id, micros } as Ref
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error
  }
  throw new MillpondError('request-invalid', 'This names no row: take `ref` or `next` of a timeline')
}
