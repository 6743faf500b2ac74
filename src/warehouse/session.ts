// The contract of the asking side of a warehouse: connections on which statements run that query/ has compiled or rewritten.
// What arrives here is trusted: nobody's own text, but what the compiler or the policy rewriter made of it.

/** The engine's type of a column, as a tree. */
export type EngineType =
  | { readonly kind: EngineScalarKind }
  | { readonly kind: 'DECIMAL'; readonly width: number; readonly scale: number }
  | { readonly kind: 'LIST'; readonly element: EngineType }
  | {
      readonly kind: 'STRUCT'
      readonly fields: readonly { readonly name: string; readonly type: EngineType }[]
    }
  | { readonly kind: 'MAP'; readonly key: EngineType; readonly value: EngineType }
  /** Whatever else the engine has (UNION, ENUM, BIT, …): its values come as text. */
  | { readonly kind: 'OTHER'; readonly name: string }

export type EngineScalarKind =
  | 'BOOLEAN'
  | 'TINYINT'
  | 'SMALLINT'
  | 'INTEGER'
  | 'BIGINT'
  | 'UTINYINT'
  | 'USMALLINT'
  | 'UINTEGER'
  | 'UBIGINT'
  | 'HUGEINT'
  | 'UHUGEINT'
  | 'FLOAT'
  | 'DOUBLE'
  | 'VARCHAR'
  | 'JSON'
  | 'BLOB'
  | 'DATE'
  | 'TIME'
  | 'TIMESTAMP'
  | 'TIMESTAMPTZ'
  | 'INTERVAL'
  | 'UUID'
  | 'NULL'

export interface EngineInterval {
  readonly months: number
  readonly days: number
  readonly micros: bigint
}

/**
 *   BOOLEAN boolean · integers up to 32 bits, FLOAT, DOUBLE number (NaN and infinities too) · BIGINT, HUGEINT and their kin bigint
 *   DECIMAL text with all digits · VARCHAR, JSON, UUID, OTHER text · BLOB bytes · DATE days since 1970 as number (±infinity: number)
 *   TIME, TIMESTAMP, TIMESTAMPTZ microseconds as bigint (infinity: 2^63 - 1 and its negative) · INTERVAL EngineInterval
 *   LIST array · STRUCT array of the fields' values in order · MAP array of [key, value]
 */
export type EngineValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | EngineInterval
  | readonly EngineValue[]

export interface EngineColumn {
  readonly name: string
  readonly type: EngineType
}

/** Rows of one piece of a result, by column: columns[c][r]. At most 2,048 rows, fewer if their values are large. */
export interface ResultChunk {
  readonly rowCount: number
  readonly columns: readonly (readonly EngineValue[])[]
}

export interface ResultRun {
  readonly columns: readonly EngineColumn[]
  /** Pulled, never pushed. Reading to the end, breaking off and an error all free the statement; the session lives on. */
  readonly chunks: AsyncIterable<ResultChunk>
  /** Ends the statement, for whoever never reads `chunks`. Fine to call twice or after the end. */
  close(): Promise<void>
}

export interface EngineStatement {
  readonly sql: string
  /** Named parameters, `$name` in the text: all bound as text or NULL, the text casts them. Positional ones are named p1, p2, …. */
  readonly parameters?: ReadonlyMap<string, string | null>
}

/** A small table that only this session sees, as temp.main."name": catalogue views, job lists, pg_catalog. */
export interface InlineTable {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly EngineValue[])[]
}

/**
 * A person's JavaScript function of this session, called as `memory.bq.js('id', '[arguments as JSON text]')`; the result is JSON
 * text, NULL for undefined. What JSON can't say comes as a text of JSON: big integers, NaN, infinities. Never called with NULL for the JSON.
 */
export interface ScriptFunction {
  readonly id: string
  readonly parameterNames: readonly string[]
  readonly body: string
}

export interface StatementShape {
  readonly columns: readonly EngineColumn[]
  /** Of $1, $2, … or by name, as far as the engine can tell; undefined: it can't. */
  readonly parameters: readonly { readonly name: string; readonly type: EngineType | undefined }[]
  /** The engine's word: SELECT, INSERT, UPDATE, DELETE, CREATE, …. */
  readonly statementType: string
}

/** Rows that the engine wrote down. */
export interface EngineFile {
  readonly path: string
  readonly rows: number
  readonly bytes: number
}

/**
 * One connection of its own. Calls never overlap: the next begins when the former's chunks are read or closed. `signal` interrupts
 * the engine; the call rejects when the engine has proven idle. Errors of all: query-invalid, query-cancelled, query-limit,
 * warehouse-unavailable.
 */
export interface WarehouseSession {
  run(statement: EngineStatement, signal: AbortSignal): Promise<ResultRun>
  /**
   * A statement without rows of interest; resolves with the rows it changed. One that writes outside of a transaction waits for its
   * turn, as `begin` does. Error too: made-unwritable.
   */
  execute(statement: EngineStatement, signal: AbortSignal): Promise<number>
  /** Prepares only; nothing runs. */
  describe(statement: EngineStatement, signal: AbortSignal): Promise<StatementShape>
  /** A new table replaces one of the same name. */
  putInlineTable(table: InlineTable): Promise<void>
  putFunction(definition: ScriptFunction): void
  /** Of this session alone; begins with UTC. Error: query-invalid for a zone that the engine doesn't know. */
  setTimeZone(zone: string): Promise<void>
  /**
   * Writes the rows of a SELECT to a new file below the exchange folder, which the caller removes. `onBytes` is told of its size
   * while it grows and at its end, and may refuse by throwing. After an error there is no file.
   */
  exportRows(
    statement: EngineStatement,
    format: 'parquet' | 'csv' | 'json',
    signal: AbortSignal,
    onBytes: (bytes: number) => Promise<void>,
  ): Promise<EngineFile>
  /**
   * Of those that may write there is one at a time: whoever begins waits for the others, or until `signal` comes. Fed tables can't
   * be written (made-unwritable). After an error in a transaction only rollback may help; a rebuild may end one, too: every call
   * then says so until rollback.
   */
  begin(mode: 'read-only' | 'read-write', signal: AbortSignal): Promise<void>
  commit(): Promise<void>
  /** Fine without a transaction. */
  rollback(): Promise<void>
  /** Interrupts what runs and gives the connection back. Fine to call twice. */
  close(): Promise<void>
}

export interface SessionOptions {
  /** pg: integer division and NULL order of Postgres (research: SET SESSION). */
  readonly semantics: 'plain' | 'pg'
}

/** A dataset that people made: tables, views and routines with what GoogleSQL knows of them and DuckDB doesn't. */
export interface MadeTable {
  readonly dataset: string
  readonly table: string
  readonly kind: 'table' | 'view' | 'materialized-view'
  /** GoogleSQL: name, type text (`NUMERIC(10, 2)`, `ARRAY<STRUCT<a INT64>>`), mode, description, default. */
  readonly columns: readonly MadeColumn[]
  readonly partitioning?:
    | {
        readonly column: string
        readonly granularity: 'HOUR' | 'DAY' | 'MONTH' | 'YEAR' | 'RANGE'
        readonly isFilterRequired: boolean
        readonly range?: readonly [number, number, number] | undefined
      }
    | undefined
  readonly clustering: readonly string[]
  /** description, labels, expiration, friendly_name, …: whatever OPTIONS said, as JSON. */
  readonly options: Readonly<Record<string, unknown>>
  /** Of a view: its GoogleSQL. */
  readonly viewSql?: string | undefined
  readonly createdAtMicros: number
  readonly changedAtMicros: number
}

export interface MadeColumn {
  readonly name: string
  /** GoogleSQL type text, as in INFORMATION_SCHEMA.COLUMNS.data_type. */
  readonly type: string
  readonly mode: 'NULLABLE' | 'REQUIRED' | 'REPEATED'
  readonly description?: string | undefined
  /** GoogleSQL expression. */
  readonly defaultSql?: string | undefined
}

export interface MadeDataset {
  readonly dataset: string
  readonly options: Readonly<Record<string, unknown>>
  readonly createdAtMicros: number
  readonly changedAtMicros: number
}

export interface MadeRoutine {
  readonly dataset: string
  readonly name: string
  readonly definition: string
  readonly createdAtMicros: number
}

export interface MadeCatalog {
  readonly datasets: readonly MadeDataset[]
  readonly tables: readonly MadeTable[]
  readonly routines: readonly MadeRoutine[]
}

/** Grows by one with every commit that changed rows or shape of this table: the result cache is keyed by it. */
export type TableVersion = number

/**
 * made.duckdb: datasets that people make. Its changes run on a session, so that DDL and DML of a script share one transaction with
 * the bookkeeping below (kept in the same file, schema `_millpond`).
 */
export interface MadeStore {
  /** As committed; with a session also what its open transaction has changed. */
  catalog(session?: WarehouseSession): MadeCatalog
  /** Grows whenever a fed table or column may have come, gone or changed. */
  fedShape(): number
  /** Also of fed tables and views. Never the same after a restart. Unknown: 0. */
  version(dataset: string, table: string): TableVersion
  /**
   * `ddl`: DuckDB statements to run first, inside the session's open transaction or one of their own. A dataset's schema is made
   * and dropped (with all that is in it) by the change itself. Errors: query-invalid (the name or a statement), table-exists,
   * table-unknown, made-unwritable.
   */
  change(session: WarehouseSession, ddl: readonly string[], change: MadeChange): Promise<void>
  /** After DML of a session: the table's version grows when its transaction commits. */
  touch(session: WarehouseSession, dataset: string, table: string): void
  /**
   * One file below the exchange folder into one table, all of it or nothing. Errors: query-invalid (rows that don't fit: line, column
   * and value are named), table-unknown, table-exists (if-empty), query-cancelled.
   */
  loadFile(request: LoadFileRequest, signal: AbortSignal): Promise<LoadedFile>
  /**
   * Inside the session's open transaction: `key` is there from its commit on, and a second transaction with the same key fails.
   * The rows of a temp table of the session are counted with it.
   */
  mark(session: WarehouseSession, mark: Mark): Promise<void>
  /** Those of the keys whose transactions were committed, with their rows. */
  marked(keys: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Marks older than this. */
  forgetMarks(beforeMicros: number): Promise<void>
  hasTable(dataset: string, table: string): boolean
  /** Of the last append plan that was committed. */
  positions(): Promise<readonly { readonly stream: string; readonly sequence: number }[]>
  /**
   * Rows, insert ids and positions are durable together when it resolves, or nothing of it has happened. Errors of kind `user`: the
   * plan is refused as it is, because a row doesn't fit or its table has gone; all others: later it may work.
   */
  appendPlan(plan: AppendPlan): Promise<void>
  /** Bytes on disk, for status. */
  fileBytes(): Promise<number>
  /**
   * Until `release` nothing changes what is in the file and its log; commits go on, and only add to the log. Whoever copies the log
   * first (it may be absent, and its copy may end anywhere) and the file then has everything that was committed before.
   */
  holdStill(): Promise<StillFile>
}

/** Says in the tables' own file that a transaction happened: nobody else's word for it can be lost, or come too early. */
export interface Mark {
  readonly key: string
  /** A temp table. */
  readonly rowsOf: string
}

/** Everything of one transaction. */
export interface AppendPlan {
  readonly positions: readonly { readonly stream: string; readonly sequence: number }[]
  readonly inserts: readonly AppendInsert[]
}

/** Rows of one table, in the order in which they came. */
export interface AppendInsert {
  readonly dataset: string
  readonly table: string
  /**
   * JSON objects with the table's own column names. Values as text, or numbers and booleans; BYTES base64, JSON as its text, INTERVAL
   * 'Y-M D H:M:S', RANGE '[a, b)', ARRAY and STRUCT as they are. A column that is absent has its default.
   */
  readonly rows: readonly string[]
  /** One a row: a row whose id came into this table within the last seven days is left out. undefined: always stored. */
  readonly insertIds: readonly (string | undefined)[]
}

export interface LoadFileRequest {
  readonly dataset: string
  readonly table: string
  /** Below the exchange folder. */
  readonly path: string
  readonly format: 'json' | 'csv' | 'parquet'
  /** Of the table that is made, or of the file's columns where the table is there; undefined: the table's own, or what the file says. */
  readonly columns: readonly MadeColumn[] | undefined
  /** Columns and their types may be found in the file. */
  readonly detects: boolean
  readonly create: 'if-needed' | 'never'
  readonly write: 'truncate' | 'append' | 'if-empty'
  /** New columns of the file become columns of the table. */
  readonly addsColumns: boolean
  readonly ignoresUnknown: boolean
  /** Rows that can't be read and are left out; one more, and nothing is loaded. */
  readonly badRecordsMax: number
  readonly csv: {
    readonly delimiter: string
    /** '' = none. */
    readonly quote: string
    readonly skipRows: number
    readonly nullMarker: string
    readonly allowsJaggedRows: boolean
    readonly allowsQuotedNewlines: boolean
    readonly encoding: 'UTF-8' | 'ISO-8859-1'
  }
}

export interface LoadedFile {
  readonly rows: number
  readonly badRecords: number
}

/** Paths of made.duckdb. */
export interface StillFile {
  readonly file: string
  readonly log: string
  readonly release: () => void
}

export type MadeChange =
  | { readonly kind: 'put-dataset'; readonly dataset: MadeDataset }
  | { readonly kind: 'drop-dataset'; readonly dataset: string }
  | { readonly kind: 'put-table'; readonly table: MadeTable }
  | { readonly kind: 'drop-table'; readonly dataset: string; readonly table: string }
  | { readonly kind: 'put-routine'; readonly routine: MadeRoutine }
  | { readonly kind: 'drop-routine'; readonly dataset: string; readonly name: string }
