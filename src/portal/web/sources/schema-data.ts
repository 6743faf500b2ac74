// The questions behind the schema page. Names of tables and columns come from the catalogue, and stand quoted.
import type { QueryAsked } from '../../api/answers.ts'
import { ownLabel } from '../asking/catalogue.ts'
import { runQuery } from '../asking/run-query.ts'

export interface EventTable {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** undefined: not asked about (the table of users), or nothing is in it. */
  readonly seen: { readonly first: string; readonly last: string; readonly rows: number } | undefined
}

const staleMs = 10_000

export function schemaQuery(source: string) {
  return {
    queryKey: ['source-schema', source] as const,
    staleTime: staleMs,
    queryFn: async ({ signal }: { signal: AbortSignal }): Promise<readonly EventTable[]> => {
      const rows = await askRows(
        {
          sql:
            'SELECT table_name, column_name, data_type FROM `region-us`.INFORMATION_SCHEMA.COLUMNS ' +
            'WHERE table_schema = @dataset ORDER BY table_name, ordinal_position',
          dialect: 'googlesql',
          parameters: [{ name: 'dataset', type: 'STRING', value: source }],
        },
        signal,
      )
      const columns = new Map<string, { name: string; type: string }[]>()
      for (const [table = '', name = '', type = ''] of rows) {
        columns.set(table, [...(columns.get(table) ?? []), { name, type }])
      }
      const counted = [...columns].filter(([, own]) => own.some(({ name }) => name === 'received_at'))
      const seen = await seenIn(
        source,
        counted.map(([table]) => table),
        signal,
      )
      return [...columns].map(([name, own]) => ({ name, columns: own, seen: seen.get(name) }))
    },
  }
}

async function seenIn(source: string, tables: readonly string[], signal: AbortSignal) {
  if (tables.length === 0) return new Map<string, NonNullable<EventTable['seen']>>()
  const parts = tables.map(
    (table, index) =>
      `SELECT ${index}, CAST(MIN(received_at) AS VARCHAR), CAST(MAX(received_at) AS VARCHAR), COUNT(*) FROM ${quoted(source)}.${quoted(table)}`,
  )
  const rows = await askRows({ sql: parts.join('\nUNION ALL '), dialect: 'duckdb' }, signal)
  return new Map(
    rows
      .filter(([, , , count]) => Number(count) > 0)
      .map(([index, first = '', last = '', count]) => [
        tables[Number(index)] ?? '',
        { first, last, rows: Number(count) },
      ]),
  )
}

export function overflowQuery(source: string, table: string) {
  return {
    queryKey: ['source-overflow', source, table] as const,
    staleTime: staleMs,
    queryFn: async ({ signal }: { signal: AbortSignal }) => {
      const from = `${quoted(source)}.${quoted(table)}`
      const sql = `SELECT name, COUNT(*) FROM (SELECT unnest(json_keys(_overflow)) AS name FROM ${from} WHERE _overflow IS NOT NULL) GROUP BY 1 ORDER BY 2 DESC, 1`
      const rows = await askRows({ sql, dialect: 'duckdb' }, signal)
      return rows.map(([column = '', count]) => ({ column, values: Number(count) }))
    },
  }
}

async function askRows(asked: QueryAsked, signal: AbortSignal): Promise<string[][]> {
  const { values, count } = await runQuery({ ...asked, labels: ownLabel }, signal)
  return Array.from({ length: count }, (_none, row) => values.map((column) => String(column[row])))
}

/** As DuckDB takes names. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
