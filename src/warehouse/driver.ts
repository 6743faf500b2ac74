// The contract of a warehouse: what deliver/ hands over to be loaded, and how query/ asks. One folder per driver.
import type { Part } from '../core/part.ts'

export type ColumnType = 'boolean' | 'integer' | 'float' | 'timestamp' | 'text' | 'json'

export interface TableName {
  /** Schema in DuckDB, dataset in BigQuery: the source's slug, or `millpond`. */
  readonly dataset: string
  readonly table: string
}

export interface ColumnSpec {
  readonly name: string
  readonly type: ColumnType
}

/** Every change of a fed table's shape; made only inside a load's transaction and recorded in millpond.schema_changes. */
export type SchemaChange =
  | { readonly kind: 'create-table'; readonly table: TableName; readonly columns: readonly ColumnSpec[] }
  | { readonly kind: 'add-column'; readonly table: TableName; readonly column: ColumnSpec }
  | { readonly kind: 'widen-column'; readonly table: TableName; readonly column: string }
  /** The view `table` = UNION ALL of members, each giving the columns it has and NULL for the others. */
  | {
      readonly kind: 'define-union'
      readonly table: TableName
      readonly columns: readonly ColumnSpec[]
      readonly members: readonly { readonly table: string; readonly columns: readonly string[] }[]
    }

/**
 * A column of many rows in plain buffers, made in a worker thread and moved (not copied) to the loading thread.
 * `values`: little-endian, one slot a row: boolean 1 byte; integer int64; float float64; timestamp int64 microseconds.
 * Text and json: UTF-8 of all rows in `heap`, row i at offsets[i] .. offsets[i + 1].
 */
export interface PackedColumn extends ColumnSpec {
  /** Bit i = 1: row i has a value (LSB first, padded to 8 bytes). undefined: all rows have one. */
  readonly present: Uint8Array | undefined
  readonly values: Uint8Array | undefined
  readonly heap: Uint8Array | undefined
  readonly offsets: Uint32Array | undefined
}

/** Rows to append to one table. Columns absent here are NULL. */
export interface RowBlock {
  readonly table: TableName
  readonly rowCount: number
  readonly columns: readonly PackedColumn[]
}

export type Scalar = string | number | bigint | boolean | null

/**
 * What one load learned of one user: per trait column the newest value and its time. null removes. A value has the type
 * of its column: integer as number or bigint, timestamp as microseconds (number or bigint), text and json as string.
 * The table `users` of the dataset and all trait columns exist, or are created by the same plan's changes.
 */
export interface UserUpdate {
  readonly dataset: string
  readonly userId: string
  readonly receivedAtMicros: number
  readonly traits: readonly {
    readonly column: string
    readonly timeMicros: number
    /** Breaks ties of equal times the same way whatever the order of arrival. */
    readonly tieBreak: string
    readonly value: Scalar
  }[]
}

/** Added to millpond.source_counts in the load's transaction. received = stored + flagged + duplicates + quarantined. */
export interface SourceCount {
  readonly source: string
  readonly stream: string
  /** Start of the hour of receiving, microseconds. */
  readonly hourMicros: number
  readonly received: number
  readonly stored: number
  readonly flagged: number
  readonly duplicates: number
  readonly quarantined: number
}

export interface StreamPosition {
  readonly stream: string
  readonly sequence: number
}

/** Everything of one transaction: it becomes visible together, or not at all. */
export interface LoadPlan {
  readonly changes: readonly SchemaChange[]
  readonly blocks: readonly RowBlock[]
  readonly users: readonly UserUpdate[]
  readonly counts: readonly SourceCount[]
  /** Dead letters that this load replayed: their replayed_at is set. */
  readonly replayed: readonly string[]
  readonly positions: readonly StreamPosition[]
}

export interface LoadReceipt {
  readonly loadId: number
  readonly rows: number
  readonly tookMs: number
}

/** Fed tables as they are: dataset -> table -> columns in order. Views are not listed. */
export type Catalog = ReadonlyMap<string, ReadonlyMap<string, readonly ColumnSpec[]>>

export interface QueryColumn {
  readonly name: string
  /** The engine's own type name. */
  readonly type: string
}

export interface QueryRun {
  readonly columns: readonly QueryColumn[]
  /**
   * Rows as JSON-ready values; numbers that a double can't hold come as strings. Pulled, never pushed: the engine works
   * only a little ahead of whoever reads. Reading to the end, breaking off and an error all free the query.
   */
  readonly rows: AsyncIterable<readonly (readonly unknown[])[]>
  /** Ends the query and frees what it holds, for whoever never reads `rows`. Fine to call twice or after the end. */
  close(): Promise<void>
}

/** What `doctor` and the start page show of a warehouse; cheap to ask. */
export interface WarehouseReport {
  /** Name and version of the engine. */
  readonly engine: string
  readonly fileBytes: number
  readonly memoryBytes: number
  /** Rows loaded since the last checkpoint: what a crash would read again from the buffer. */
  readonly rowsSinceCheckpoint: number
  /** Estimated from statistics; nothing is scanned. */
  readonly tables: readonly { readonly table: TableName; readonly rows: number; readonly columns: number }[]
}

export interface WarehouseDriver extends Part {
  readonly name: string
  /**
   * One transaction. Rejects = nothing of it is visible. Calls never overlap, and never overlap a checkpoint.
   * Errors: load-refused (something in the plan: loading less of it may work), warehouse-unavailable (disk, memory, a bug of ours, or
   * the engine itself: the plan is innocent; after a failed checkpoint only a new start helps).
   */
  load(plan: LoadPlan): Promise<LoadReceipt>
  /**
   * Makes everything loaded so far durable; resolves with the positions that are now safe to forget elsewhere. Those may
   * be older than the last load, when running queries hold it up: then nothing is lost, and a later call covers it.
   * Errors: warehouse-unavailable.
   */
  checkpoint(): Promise<readonly StreamPosition[]>
  positions(): Promise<readonly StreamPosition[]>
  catalog(): Promise<Catalog>
  /** Read-only SQL of a person. `signal` interrupts the engine. Errors: query-invalid, query-refused, query-cancelled. */
  query(sql: string, signal: AbortSignal): Promise<QueryRun>
  inspect(): Promise<WarehouseReport>
}
