// Events that were kept out: listed from the warehouse, and sent in again through the buffer. A replay is a new record
// of stream `engine` that names the letter it replays; the screen judges it like any other.
import type { Append } from '../buffer/record.ts'
import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { QuarantineReason } from '../core/event.ts'
import type { WarehouseDriver } from '../warehouse/driver.ts'
import { entriesText } from './rows/entries-text.ts'
import type { LetterMeta } from './screen/dead-letter.ts'

export interface DeadLetterFilter {
  readonly ids?: readonly string[] | undefined
  readonly source?: string | undefined
  readonly reason?: QuarantineReason | undefined
}

export interface DeadLetter {
  readonly id: string
  readonly source: string
  readonly reason: string
  readonly receivedAt: string
  readonly events: number
  /** What the sender sent, as text (Forward entries as JSON); long ones are cut here, never in a replay. */
  readonly raw: string
  /** What its source's tracking plan has against it. */
  readonly problems: readonly string[]
  readonly replayedAt: string | null
}

export type ReplayProgress =
  | { readonly total: number; readonly done: number }
  | { readonly end: { readonly replayed: number; readonly skipped: readonly { id: string; why: string }[] } }

export interface DeadLetters {
  /** Newest first; those that were replayed only if asked for. */
  list(filter: DeadLetterFilter & { limit: number; replayed: boolean }): Promise<readonly DeadLetter[]>
  /**
   * Sends letters in again that were not replayed yet. `to` names the source that receives them and is needed for
   * letters of unlisted keys. Error: source-unknown, thrown by the call itself, before anything is sent in.
   */
  replay(filter: DeadLetterFilter & { to?: string | undefined }): AsyncIterable<ReplayProgress>
}

export interface DeadLetterDeps {
  readonly driver: WarehouseDriver
  /** Appends to stream `engine`. */
  readonly append: Append
  readonly hasSource: (source: string) => boolean
  /** Version of the tracking plan that is in force for a source now. */
  readonly planOf: (source: string) => number | undefined
  readonly clock: Clock
}

/** Letters appended at one time: enough to share a sync, few enough to keep the progress moving. */
const appendsAtOnce = 64
/** … and all of them together small enough for the memory. */
const appendBytesAtOnce = 16 * 1024 * 1024
const skippedReportedMax = 100
/** A list of large letters must not become a large answer. */
const listedRawLengthMax = 4096
/** Base64 of Forward entries that is read for a list: entries are shown up to where it is cut. */
const decodedRawLengthMax = 64 * 1024

const replayColumns = 'id, source, events, raw, meta, epoch_us(received_at)'

interface LetterSize {
  readonly id: string
  readonly bytes: number
}

/** Ids of letters that are sent in together. */
function* grouped(letters: readonly LetterSize[]): Generator<string[]> {
  let ids: string[] = []
  let bytesTotal = 0
  for (const { id, bytes } of letters) {
    if (ids.length === appendsAtOnce || (ids.length > 0 && bytesTotal + bytes > appendBytesAtOnce)) {
      yield ids
      ids = []
      bytesTotal = 0
    }
    ids.push(id)
    bytesTotal += bytes
  }
  if (ids.length > 0) yield ids
}

export function createDeadLetters({ driver, append, hasSource, planOf, clock }: DeadLetterDeps): DeadLetters {
  async function* select(columns: string, filter: DeadLetterFilter, rest: string): AsyncGenerator<readonly unknown[]> {
    const sql = `SELECT ${columns} FROM millpond.dead_letters ${whereOf(filter)} ${rest}`
    const run = await driver.query(sql, new AbortController().signal)
    for await (const rows of run.rows) yield* rows
  }

  async function* replayAll(filter: DeadLetterFilter, to: string | undefined): AsyncGenerator<ReplayProgress> {
    // Ids first: rows added by the replay itself must not be walked over.
    const letters: LetterSize[] = []
    const waiting = 'AND replayed_at IS NULL ORDER BY received_at, id'
    for await (const [id, bytes] of select('id, strlen(raw)', filter, waiting))
      letters.push({ id: String(id), bytes: Number(bytes) })
    const skipped: { id: string; why: string }[] = []
    let done = 0
    for (const ids of grouped(letters)) {
      const records: Parameters<Append>[0][] = []
      for await (const row of select(replayColumns, { ids }, 'ORDER BY received_at, id')) {
        const source = to ?? String(row[1])
        // Rows of fixed tables stand beside those of all sources: the name of theirs need not be one of ours.
        if (hasSource(source) || metaOf(row).kind !== undefined)
          records.push(replayRecord(row, source, { planOf, clock }))
        else if (skipped.length < skippedReportedMax)
          skipped.push({ id: String(row[0]), why: `no source \`${source}\`; name one with --to` })
      }
      // Only now, all in one go: an append refused while rows are still awaited would be a rejection without a handler.
      await Promise.all(records.map((record) => append(record)))
      done += records.length
      yield { total: letters.length, done }
    }
    yield { end: { replayed: done, skipped } }
  }

  return {
    async list({ limit, replayed, ...filter }) {
      const letters: DeadLetter[] = []
      const isForward = `meta->>'encoding' IS NOT NULL`
      const shown = `left(raw, CASE WHEN ${isForward} THEN ${decodedRawLengthMax} ELSE ${listedRawLengthMax} END)`
      const columns = `id, source, reason, received_at, events, ${shown}, replayed_at, ${isForward}, meta->>'problems'`
      const rest = `${replayed ? '' : 'AND replayed_at IS NULL'} ORDER BY received_at DESC, id DESC LIMIT ${limit}`
      for await (const row of select(columns, filter, rest)) {
        letters.push({
          id: String(row[0]),
          source: String(row[1]),
          reason: String(row[2]),
          receivedAt: String(row[3]),
          events: Number(row[4]),
          raw: row[7] === true ? entriesText(String(row[5]), listedRawLengthMax) : String(row[5]),
          problems: typeof row[8] === 'string' ? (JSON.parse(row[8]) as string[]) : [],
          replayedAt: typeof row[6] === 'string' ? row[6] : null,
        })
      }
      return letters
    },

    replay({ to, ...filter }) {
      if (to !== undefined && !hasSource(to)) throw new MillpondError('source-unknown', `There is no source \`${to}\`.`)
      return replayAll(filter, to)
    },
  }
}

function replayRecord(
  row: readonly unknown[],
  source: string,
  { planOf, clock }: Pick<DeadLetterDeps, 'planOf' | 'clock'>,
): Parameters<Append>[0] {
  const [id, , events, raw, , receivedAtMicros] = row
  const letterMeta = metaOf(row)
  const firstReceivedAtMicros = letterMeta.firstReceivedAtMicros ?? Number(receivedAtMicros)
  return {
    ...contentOf(letterMeta, String(raw), { replayOf: String(id), firstReceivedAtMicros }, planOf(source)),
    source,
    receivedAtMicros: clock.nowMicros(),
    count: Number(events),
  }
}

/** Of a row of `replayColumns`. */
function metaOf(row: readonly unknown[]): LetterMeta {
  const meta = row[4]
  return JSON.parse(typeof meta === 'string' ? meta : JSON.stringify(meta)) as LetterMeta
}

/** The kind of record that the letter came from, with its own meta. */
function contentOf(
  letterMeta: LetterMeta,
  raw: string,
  replay: { readonly replayOf: string; readonly firstReceivedAtMicros: number },
  plan: number | undefined,
): Pick<Parameters<Append>[0], 'kind' | 'meta' | 'body'> {
  if (letterMeta.kind === 'forward') {
    const { kind, encoding: _encoding, ...meta } = letterMeta
    return { kind, meta: JSON.stringify({ ...meta, ...replay }), body: Buffer.from(raw, 'base64') }
  }
  if (letterMeta.kind === 'row') {
    const { kind, ...meta } = letterMeta
    return { kind, meta: JSON.stringify({ ...meta, ...replay }), body: Buffer.from(raw) }
  }
  // By what is promised now: perhaps the plan was mended, and not the sender.
  const { refused: _refused, problems: _problems, plan: _plan, envelope, ...meta } = letterMeta
  const inForce = plan === undefined ? {} : { plan }
  // What the batch said around its events (sentAt, context) comes after them: JSON without its opening brace.
  const around = envelope === undefined ? '}' : `,${envelope.slice(1)}`
  const body = meta.call === 'batch' ? `{"batch":[${raw}]${around}` : raw
  return { kind: 'segment', meta: JSON.stringify({ ...meta, ...inForce, ...replay }), body: Buffer.from(body) }
}

function whereOf({ ids, source, reason }: DeadLetterFilter): string {
  const conditions = ['true']
  if (ids !== undefined) conditions.push(ids.length === 0 ? 'false' : `id IN (${ids.map(literal).join(', ')})`)
  if (source !== undefined) conditions.push(`source = ${literal(source)}`)
  if (reason !== undefined) conditions.push(`reason = ${literal(reason)}`)
  return `WHERE ${conditions.join(' AND ')}`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
