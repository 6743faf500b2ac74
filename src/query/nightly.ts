// The asking side's nightly work: tables and partitions of made datasets that are past their expiry go, and every table is measured
// for the cost guard.
import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Principal } from '../control/principals.ts'
import { momentOfText } from '../sql/analysis/constant-time.ts'
import type { MadeStore, MadeTable } from '../warehouse/session.ts'
import type { QueryRoad } from './contract.ts'
import type { SizeBook } from './cost/size-book.ts'

export interface QueryNightDeps {
  readonly road: Pick<QueryRoad, 'submit'>
  readonly made: Pick<MadeStore, 'catalog'>
  readonly sizes: SizeBook
  readonly clock: Clock
  readonly log: Log
}

/** Millpond itself: what it does stands in the history like everybody's. */
export const millpond: Principal = { id: 'millpond', kind: 'owner', handle: 'millpond', role: 'admin', attributes: {} }

export async function runQueryNight(deps: QueryNightDeps, signal: AbortSignal): Promise<void> {
  for (const table of deps.made.catalog().tables) {
    const sql = expirySql(table, deps.clock.nowMicros())
    if (sql !== undefined && !signal.aborted) await run(deps, sql, signal)
  }
  await deps.sizes.measureAll(signal)
}

async function run({ road, log }: QueryNightDeps, sql: string, signal: AbortSignal): Promise<void> {
  try {
    const request = { sql, dialect: 'googlesql' as const, principal: millpond, port: 'api' as const }
    await (await road.submit(request, signal)).result()
  } catch (error) {
    // One table that can't be expired must not keep the others.
    log.warn({ sql, error: messageOf(error) }, 'An expiry failed; it is tried again tomorrow')
  }
}

/** undefined: nothing of it is past its time. Options as GoogleSQL and the BigQuery API name them. */
export function expirySql(
  { dataset, table, kind, options, partitioning }: MadeTable,
  nowMicros: number,
): string | undefined {
  const name = `${quoted(dataset)}.${quoted(table)}`
  const expires = momentOfText(expiration(options))
  if (expires !== undefined && expires.micros <= nowMicros) {
    return `DROP ${kind === 'table' ? 'TABLE' : kind === 'view' ? 'VIEW' : 'MATERIALIZED VIEW'} IF EXISTS ${name}`
  }
  const days = Number(options['partition_expiration_days'])
  if (kind !== 'table' || partitioning === undefined || partitioning.granularity === 'RANGE' || !(days > 0))
    return undefined
  const column = quoted(partitioning.column)
  return `DELETE FROM ${name} WHERE DATE(${column}) < DATE_SUB(CURRENT_DATE(), INTERVAL ${Math.ceil(days)} DAY)`
}

/** People choose these names, and the text runs with every right: nothing in a name may end it. */
function quoted(name: string): string {
  return `\`${name.replace(/[\\`]/g, String.raw`\$&`)}\``
}

function expiration({ expiration_timestamp: text }: MadeTable['options']): string {
  return typeof text === 'string' ? text : ''
}
