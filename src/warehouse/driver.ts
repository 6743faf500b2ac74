// The contract of a warehouse: what deliver/ hands over to be loaded, and how query/ asks. One folder per driver.
import type { Part } from '../core/part.ts'
import type { MadeStore, SessionOptions, WarehouseSession } from './session.ts'

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

/** A column's new type, and what becomes of every value that the tables hold for it. */
export interface RetypeRequest {
  /** Each has the column; a column that several tables share with one type is changed in all of them at once. */
  readonly tables: readonly TableName[]
  readonly column: string
  readonly type: ColumnType
  /**
   * The value as the new type, or undefined: it goes to the row's `_overflow`. Called with the column's value, or with what
   * `_overflow` holds under its name. Integers beyond 2^53 come as bigint; numbers that no double holds, like 1e400, as
   * objects that JSON.stringify writes with all their digits; json parsed; timestamps as ISO 8601. Pure: it is called again
   * for the same value.
   */
  readonly convert: (value: unknown) => Scalar | undefined
}

export interface RetypeReceipt {
  /** Rows with a value of this name, in the column or in `_overflow`. */
  readonly rows: number
  /** Those of them that have a value of this name in `_overflow` because it doesn't fit. */
  readonly overflowed: number
}

/** Whose rows go: those with this user id, or this anonymous id, received up to and at a moment. */
export interface Erasure {
  /** Undefined: in every dataset. */
  readonly dataset: string | undefined
  readonly userId: string | undefined
  readonly anonymousId: string | undefined
  readonly receivedUntilMicros: number
}

/** What two warehouses of the same records must have in common. */
export interface TableDigest {
  readonly table: TableName
  readonly rows: number
  /**
   * Sum of a 64-bit hash of every id, as a decimal text: the same ids, each as often, give the same sum in any order. Sums of
   * tables may be added.
   */
  readonly idsHash: string
}

/** Rows whose `timestamp` is before. `table` undefined: of the whole dataset. */
export interface Expiry {
  readonly dataset: string
  readonly table?: string
  readonly beforeMicros: number
}

export interface ExportRequest {
  readonly table: TableName
  /** Only rows received before; undefined: all. */
  readonly receivedBeforeMicros?: number | undefined
  /** A Parquet file below the warehouse's exchange folder, made by this call. */
  readonly path: string
}

/** A dataset's tables as files: what `replaceDataset` puts in the place of the present ones. */
export interface DatasetReplacement {
  readonly dataset: string
  /** `path`: made by `exportTable`, below the exchange folder. */
  readonly tables: readonly {
    readonly table: string
    readonly columns: readonly ColumnSpec[]
    readonly path: string
  }[]
  /** Made last, over tables and columns as they are then: `define-union` of the dataset's views. */
  readonly changes: readonly SchemaChange[]
}

/**
 * Work on fed tables between loads. Under the same rule as `load` (but `tablesOfDay`, which may be asked any time): one call
 * at a time, never beside a load or checkpoint. Each call is one transaction: it is done as a whole, or rejects and nothing
 * has changed. Nothing is durable before the next checkpoint. Running queries see the rows from before; after `retype` and
 * `replaceWith` they may hold up that checkpoint.
 * Errors: column-unknown (also for an unknown table), warehouse-unavailable.
 */
export interface WarehouseMaintenance {
  /**
   * An absolute path. Only files below this folder can be written and read by `exportTable` and `importRows`; no query of a
   * person reaches them. Made, and emptied, at open.
   */
  readonly exchangeFolder: string
  /**
   * Rewrites the tables with one column of another type. A value that doesn't fit goes to `_overflow`, one that was there
   * and fits comes back; all other entries of `_overflow` keep their bytes, and an empty one becomes NULL. Views of the same
   * datasets show the new type at once. If `identifies` is among the tables, the same column of `users` follows: its value is
   * the newest one that fits now, by time and tie break (a value that was removed stays removed; but a removal that a later
   * value had hidden isn't found when that value doesn't fit).
   */
  retype(request: RetypeRequest): Promise<RetypeReceipt>
  /**
   * Rows removed: of every table with `user_id` or `anonymous_id`, aliases of either id, the user's row of `users` if nothing of
   * it was received later, and dead letters in which the id stands where such an id belongs. A letter that is a whole request
   * goes as a whole. Of other users whose identifies are among the rows, a trait that came from one of those becomes the newest
   * value that still stands in `identifies` (a removal between the two isn't found); without any identify left the user goes.
   * Letters are of their source's dataset; those of one row, of the dataset of its table. Letters of Forward entries don't tell
   * their table: they are found by their source, or without `dataset`.
   */
  erase(erasure: Erasure): Promise<number>
  /** Removes rows of a dataset, or of one table, whose `timestamp` is before; views stay. Rows removed. */
  expire(expiry: Expiry): Promise<number>
  /** Rewrites one day's rows of one table in the order (user, time), at the table's end. Rows rewritten. */
  compactDay(table: TableName, dayMicros: number): Promise<number>
  /** Tables of sources with more rows than this in a day, for compaction. */
  tablesOfDay(dayMicros: number, rowsMin: number): Promise<readonly TableName[]>
  /** Every column, also those that the driver keeps to itself: `importRows` of the same driver takes all of it. Rows written. */
  exportTable(request: ExportRequest): Promise<number>
  /**
   * Appends a Parquet file's rows, column by column name; the table's other columns stay NULL. `replace`: the table's rows
   * go before, or only those with an id that the file holds. Types must be the same, but integer may become float. Error:
   * column-unknown, if the table lacks a column of the file or has it with another type. Rows appended.
   */
  importRows(table: TableName, path: string, replace: 'nothing' | 'all' | 'same-ids'): Promise<number>
  /**
   * Takes a whole dataset from files: missing tables and columns are made, an integer column is widened where the file has
   * float, tables with an `id` are emptied (also those without a file, which stay), and all files are imported. `changes` come
   * last. Rows appended.
   * Errors: rebuild-differs, if a column has another type than the file's, or is float where the file has integers that a float
   * doesn't hold exactly; column-unknown, if a file has a column that is in neither `columns` nor the table. Nothing is touched
   * before all files have been looked at.
   */
  replaceDataset(replacement: DatasetReplacement): Promise<number>
  /** Every fed table that has ids, and `source_counts` with its sums as ids. */
  digest(): Promise<readonly TableDigest[]>
  /**
   * Takes the place of the present file: `path` is a closed warehouse file on the same disk, which is renamed. Queries that
   * run go on over the old rows, whose memory is held until the last of them ends; later ones see the new. Positions, catalog
   * and everything else are the new file's, and durable. Error: warehouse-unreadable, if it is no warehouse's file or somebody
   * has it open: then nothing has changed.
   */
  replaceWith(path: string): Promise<void>
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
  /** A connection for compiled statements (session.ts). Errors: warehouse-unavailable. */
  openSession(options: SessionOptions): Promise<WarehouseSession>
  /** The engine's syntax tree of one SELECT, as JSON text; nothing is bound or run. Errors: query-invalid, query-refused. */
  parseSelect(sql: string): Promise<string>
  /** The text of a tree that parseSelect gave, changed or not. */
  printSelect(tree: string): Promise<string>
  readonly made: MadeStore
  inspect(): Promise<WarehouseReport>
  /** Of the fed file on disk. Asks the engine nothing: status is read every second. */
  fileBytes(): Promise<number>
  readonly maintenance: WarehouseMaintenance
}
