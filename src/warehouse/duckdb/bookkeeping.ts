// What every load writes about itself, inside its own transaction: positions, the ledger's sums, replayed letters and
// one row of millpond.loads a stream. That the position commits with the rows is what makes "once" true.
import { assert } from '../../core/errors.ts'
import type { LoadPlan, SourceCount, StreamPosition } from '../driver.ts'
import { systemDataset, type SystemTable } from '../schema.ts'
import { type Link, readRows } from './link.ts'
import { quoteTable, quoteText, timestampSql } from './names.ts'

export interface LoadStory {
  readonly loadId: number
  readonly startedAtMicros: number
  readonly committedAtMicros: number
  readonly tookMs: number
}

function system(table: SystemTable): string {
  return quoteTable({ dataset: systemDataset, table })
}

export async function readPositions(link: Link): Promise<Map<string, number>> {
  const rows = await readRows(link, `SELECT stream, sequence FROM ${system('positions')} ORDER BY stream`)
  return new Map(rows.map(([stream, sequence]) => [String(stream), Number(sequence)]))
}

export async function readLastLoadId(link: Link): Promise<number> {
  const rows = await readRows(link, `SELECT coalesce(max(load_id), 0) FROM ${system('loads')}`)
  return Number(rows[0]?.[0] ?? 0)
}

/** Streams that the plan moves on. Errors: bug, if one goes back or rows come without a step: they'd be there twice. */
export function advancedStreams(plan: LoadPlan, standing: ReadonlyMap<string, number>): StreamPosition[] {
  const advanced = plan.positions.filter(({ stream, sequence }) => {
    const before = standing.get(stream)
    assert(before === undefined || sequence >= before, `the position of ${stream} goes back: ${before} -> ${sequence}`)
    return before === undefined || sequence > before
  })
  const carries = plan.blocks.length + plan.users.length + plan.counts.length > 0
  assert(advanced.length > 0 || !carries, 'a plan with rows moves a position')
  return advanced
}

/**
 * The statements, in one script: a round trip through the engine's thread each would cost more than their work.
 * Rows change by DELETE and INSERT: an UPDATE that any running query started before would hold up the next checkpoint.
 */
export async function bookkeepingSql(
  link: Link,
  plan: LoadPlan,
  advanced: readonly StreamPosition[],
  standing: ReadonlyMap<string, number>,
  story: LoadStory,
): Promise<string> {
  const statements: string[] = []
  if (plan.counts.length > 0) statements.push(...(await countsSql(link, plan.counts)))
  if (plan.replayed.length > 0) statements.push(...replayedSql(plan.replayed, story.committedAtMicros))
  if (advanced.length > 0) statements.push(...positionsSql(advanced), loadsSql(plan, advanced, standing, story))
  return statements.join(';\n')
}

async function countsSql(link: Link, counts: readonly SourceCount[]): Promise<string[]> {
  const sums = new Map<string, SourceCount>()
  const add = (count: SourceCount): void => {
    const before = sums.get(keyOf(count))
    sums.set(keyOf(count), before === undefined ? count : addCounts(before, count))
  }
  for (const count of counts) add(count)
  const hours = [...new Set(counts.map((count) => count.hourMicros))]
  const standing = await readRows(
    link,
    `SELECT rowid, source, stream, epoch_us(hour), received, stored, flagged, duplicates, quarantined
     FROM ${system('source_counts')} WHERE hour IN (${hours.map(timestampSql).join(', ')})`,
  )
  const replaced: string[] = []
  for (const [rowId, source, stream, ...numbers] of standing) {
    const [hourMicros = 0, received = 0, stored = 0, flagged = 0, duplicates = 0, quarantined = 0] = numbers.map(Number)
    const names = { source: String(source), stream: String(stream), hourMicros }
    if (!sums.has(keyOf({ ...names }))) continue
    replaced.push(String(rowId))
    add({ ...names, received, stored, flagged, duplicates, quarantined })
  }
  const values = [...sums.values()].map(
    (count) =>
      `(${quoteText(count.source)}, ${quoteText(count.stream)}, ${timestampSql(count.hourMicros)}, ${count.received}, ` +
      `${count.stored}, ${count.flagged}, ${count.duplicates}, ${count.quarantined})`,
  )
  const table = system('source_counts')
  const insert = `INSERT INTO ${table} (source, stream, hour, received, stored, flagged, duplicates, quarantined)
    VALUES ${values.join(', ')}`
  return replaced.length === 0 ? [insert] : [`DELETE FROM ${table} WHERE rowid IN (${replaced.join(', ')})`, insert]
}

function keyOf(count: Pick<SourceCount, 'source' | 'stream' | 'hourMicros'>): string {
  return JSON.stringify([count.source, count.stream, count.hourMicros])
}

function addCounts(one: SourceCount, other: SourceCount): SourceCount {
  return {
    ...one,
    received: one.received + other.received,
    stored: one.stored + other.stored,
    flagged: one.flagged + other.flagged,
    duplicates: one.duplicates + other.duplicates,
    quarantined: one.quarantined + other.quarantined,
  }
}

function replayedSql(ids: readonly string[], atMicros: number): string[] {
  const table = system('dead_letters')
  const waiting = `replayed_at IS NULL AND id IN (${ids.map(quoteText).join(', ')})`
  return [
    `INSERT INTO ${table} SELECT * REPLACE (${timestampSql(atMicros)} AS replayed_at) FROM ${table} WHERE ${waiting}`,
    `DELETE FROM ${table} WHERE ${waiting}`,
  ]
}

function positionsSql(advanced: readonly StreamPosition[]): string[] {
  const table = system('positions')
  const streams = advanced.map(({ stream }) => quoteText(stream))
  const values = advanced.map(({ stream, sequence }) => `(${quoteText(stream)}, ${sequence})`)
  return [
    `DELETE FROM ${table} WHERE stream IN (${streams.join(', ')})`,
    `INSERT INTO ${table} (stream, sequence) VALUES ${values.join(', ')}`,
  ]
}

function loadsSql(
  plan: LoadPlan,
  advanced: readonly StreamPosition[],
  standing: ReadonlyMap<string, number>,
  story: LoadStory,
): string {
  const values = advanced.map(({ stream, sequence }) => {
    const counts = plan.counts.filter((count) => count.stream === stream)
    const events = counts.reduce((sum, count) => sum + count.received, 0)
    const rows = counts.reduce((sum, count) => sum + count.stored + count.flagged, 0)
    return (
      `(${story.loadId}, ${quoteText(stream)}, ${standing.get(stream) ?? 0}, ${sequence}, ${events}, ${rows}, ` +
      `${timestampSql(story.startedAtMicros)}, ${timestampSql(story.committedAtMicros)}, ${story.tookMs})`
    )
  })
  return `INSERT INTO ${system('loads')}
    (load_id, stream, sequence_first, sequence_last, events, rows, started_at, committed_at, took_ms)
    VALUES ${values.join(', ')}`
}
