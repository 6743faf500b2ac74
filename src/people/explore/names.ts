// How events were called when they were sent. Who may read the catalogue of names reads it there; all others find, in the rows that
// they may read, what came lately, so that nobody learns the name of an event that a row filter hides.
import type { VisibleTable } from '../../query/contract.ts'
import type { Row } from '../ask.ts'
import type { EventTables } from './event-tables.ts'
import type { Statement } from './draft.ts'

const namesMax = 20_000
const lateMicros = 30 * 86_400 * 1_000_000

/** By `source.table`. */
export type Names = ReadonlyMap<string, readonly string[]>

export async function namesOf(
  visible: readonly VisibleTable[],
  tables: EventTables,
  nowMicros: number,
  rowsOf: (statement: Statement) => Promise<readonly Row[]>,
): Promise<Names> {
  const hasCatalogue = visible.some(({ dataset, table }) => dataset === 'millpond' && table === 'event_names')
  const statements = hasCatalogue ? [catalogue] : lately(tables, nowMicros)
  const rows = (await Promise.all(statements.map(rowsOf))).flat()
  const names = new Map<string, Set<string>>()
  for (const { source, table_name: table, name } of rows) {
    const key = `${String(source)}.${String(table)}`
    names.set(key, (names.get(key) ?? new Set()).add(String(name)))
  }
  return new Map([...names].map(([key, found]) => [key, [...found].sort()]))
}

const catalogue: Statement = {
  sql: `SELECT DISTINCT source, table_name, name FROM millpond.event_names LIMIT ${namesMax}`,
  dialect: 'googlesql',
  values: {},
}

/** `tracks` says of each row its event and the table of that event's own. */
function lately(tables: EventTables, nowMicros: number): Statement[] {
  // Of the hour: within it the answer is kept.
  const since = { micros: Math.floor((nowMicros - lateMicros) / 3_600_000_000) * 3_600_000_000 }
  return [...tables.values()]
    .filter(
      ({ table, columns }) =>
        table === 'tracks' && ['event', 'event_text'].every((name) => columns.get(name)?.kind === 'STRING'),
    )
    .map(({ source }) => ({
      sql: `SELECT @source AS source, event AS table_name, event_text AS name FROM \`${source}\`.tracks
WHERE timestamp >= @since AND event IS NOT NULL AND event_text IS NOT NULL GROUP BY event, event_text LIMIT ${namesMax}`,
      dialect: 'googlesql' as const,
      values: { source, since },
    }))
}
