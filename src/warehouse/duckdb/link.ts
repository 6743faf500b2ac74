// One connection with both of its faces: the public API for statements, the raw handle for the hot path.
import { DuckDBConnection, type DuckDBValue } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'

export interface Link {
  readonly raw: duckdb.Connection
  readonly api: DuckDBConnection
}

export async function openLink(database: duckdb.Database): Promise<Link> {
  const raw = await duckdb.connect(database)
  return { raw, api: new DuckDBConnection(raw) }
}

/** All rows of a small result. */
export async function readRows(link: Link, sql: string, values?: DuckDBValue[]): Promise<DuckDBValue[][]> {
  const reader = await link.api.runAndReadAll(sql, values)
  return reader.getRows()
}

/** For INSERT, DELETE and COPY: how many rows it was. */
export async function changedRows(link: Link, sql: string, values?: DuckDBValue[]): Promise<number> {
  const [row] = await readRows(link, sql, values)
  return Number(row?.[0] ?? 0)
}
