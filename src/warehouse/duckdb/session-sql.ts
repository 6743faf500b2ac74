// What sessions say to the engine on their own account.
import { MillpondError } from '../../core/errors.ts'
import type { Link } from './link.ts'
import { quoteText } from './names.ts'

/**
 * A transaction may write to one file only, and the first decides: touching ours makes the engine refuse every write to fed
 * tables or helpers, whatever a statement says.
 */
export const beginSql = {
  'read-only': 'BEGIN TRANSACTION READ ONLY',
  'read-write': 'BEGIN TRANSACTION; DELETE FROM made._millpond.datasets WHERE false',
}

/** Of session.ts, semantics 'pg'. */
export const pgSettings = [
  'SET SESSION integer_division = true',
  `SET SESSION default_null_order = 'nulls_last_on_asc_first_on_desc'`,
]

const copyOptions = {
  parquet: 'FORMAT parquet, COMPRESSION zstd',
  csv: 'FORMAT csv, HEADER true',
  json: 'FORMAT json, ARRAY false',
}

export function copySql(select: string, path: string, format: keyof typeof copyOptions): string {
  return `COPY (${select.replace(/[;\s]+$/, '')}\n) TO ${quoteText(path)} (${copyOptions[format]})`
}

/** Resolves with the zone as it was asked for. Error: query-invalid. */
export async function setKnownZone(link: Link, zone: string): Promise<string> {
  const found = await link.api.runAndReadAll(
    'SELECT name FROM pg_timezone_names() WHERE lower(name) = lower($1) LIMIT 1',
    [zone],
  )
  const name = found.getRows()[0]?.[0]
  if (typeof name !== 'string') throw new MillpondError('query-invalid', `Unknown time zone: ${zone.slice(0, 100)}`)
  await link.api.run(`SET SESSION TimeZone = ${quoteText(name)}`)
  return zone
}
