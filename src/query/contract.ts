// What every port (command line and portal, BigQuery API, Postgres) asks of the one road, and what it gets back.
import type { Part } from '../core/part.ts'
import type { Principal } from '../control/principals.ts'
import type { SqlType } from '../sql/types.ts'
import type { TablePlan } from './cost/table-plan.ts'
import type { EngineColumn, EngineFile, InlineTable, Mark, ResultChunk, StatementShape } from '../warehouse/session.ts'

export type Dialect = 'googlesql' | 'duckdb'
export type Port = 'api' | 'bigquery' | 'postgres' | 'portal' | 'cli' | 'schedule'

/**
 * A typed value of a parameter, as a port read it. `value`: null, text for scalars (INT64 '42', BOOL 'true', BYTES base64, DATE
 * '2026-03-01', TIMESTAMP ISO 8601 or BigQuery's text, NUMERIC digits, JSON its text), arrays and structs as arrays of values.
 */
export interface QueryParameter {
  /** undefined: positional, in order. */
  readonly name: string | undefined
  readonly type: SqlType
  readonly value: ParameterValue
}
export type ParameterValue = null | string | readonly ParameterValue[]

export interface QueryRequest {
  readonly sql: string
  readonly dialect: Dialect
  readonly parameters?: readonly QueryParameter[]
  readonly principal: Principal
  readonly port: Port
  readonly labels?: Readonly<Record<string, string>>
  readonly defaultDataset?: string | undefined
  /** Refused before it runs if it would read more. Undefined: the setting's bound. */
  readonly bytesBilledMax?: number | undefined
  /** Default: true. */
  readonly usesCache?: boolean
  /** Chosen by the client; taken: error job-exists. */
  readonly jobId?: string | undefined
  /** Keep the rows for reading by page later (job.page); else they stream once. */
  readonly keepsRows?: boolean
  /** Write the rows there instead of giving them out. */
  readonly destination?: QueryDestination | undefined
  readonly timeoutMs?: number | undefined
  /** Only told about: parameters may be left undeclared. */
  readonly isDryRun?: boolean
  /** Of a dry run: bytes by table, column and day, too. */
  readonly wantsPlan?: boolean
  /** Tables that the caller's session was given (putInlineTable): the port's own, free for everybody. */
  readonly inlineTableNames?: readonly string[]
  /** What the client wrote, where `sql` was made of it: shown, and kept in the history, in its place. */
  readonly clientSql?: string | undefined
  /** It asks for the port's own catalogue: if it reads no table besides, it leaves no trace in the history. */
  readonly readsCatalog?: boolean
  /** Somebody else has written it, so that it may read with this principal's rights and change nothing. Error: query-refused. */
  readonly onlyReads?: boolean
  /** Waits behind everybody who asks for themselves. */
  readonly isBackground?: boolean
  /** Of a script that Millpond writes: the transaction that it commits carries this mark. */
  readonly mark?: Mark | undefined
  /** Where the rows of `sql` go, on a session and in the DuckDB dialect only. */
  readonly write?: SessionWrite | undefined
}

/** A table of the session's own (no dataset), or one that people made. */
export interface WriteTarget {
  readonly dataset: string | undefined
  readonly table: string
}

export type SessionWrite =
  /** `columns` undefined: those of `sql`; else there is no `sql`. `type`: the engine's name of one. */
  | {
      readonly kind: 'create-temporary'
      readonly table: string
      readonly mode: 'new' | 'replace' | 'if-not-exists'
      readonly columns:
        | readonly { readonly name: string; readonly type: string; readonly isRequired: boolean }[]
        | undefined
    }
  | { readonly kind: 'drop-temporary'; readonly table: string; readonly ifExists: boolean }
  /** `columns` empty: all, in order. */
  | { readonly kind: 'insert'; readonly target: WriteTarget; readonly columns: readonly string[] }
  /** Rows at hand, without `sql`: a JSON array of arrays of texts and NULLs; of a column of arrays, the text is JSON again. */
  | {
      readonly kind: 'insert-rows'
      readonly target: WriteTarget & { readonly dataset: string }
      readonly columns: readonly string[]
      readonly rows: string
    }
  /** `sql` gives the `rowid` of what goes. */
  | { readonly kind: 'delete'; readonly target: WriteTarget }

export interface QueryDestination {
  readonly dataset: string
  readonly table: string
  readonly create: 'if-needed' | 'never'
  readonly write: 'truncate' | 'append' | 'if-empty'
}

/** As the caller's dialect names it: GoogleSQL types from the compiler, else what the engine says. */
export interface QueryColumn extends EngineColumn {
  readonly sqlType: SqlType | undefined
}

export type StatementType =
  | 'SELECT'
  | 'SCRIPT'
  | 'INSERT'
  | 'UPDATE'
  | 'DELETE'
  | 'MERGE'
  | 'TRUNCATE_TABLE'
  | 'CREATE_TABLE'
  | 'CREATE_TABLE_AS_SELECT'
  | 'CREATE_VIEW'
  | 'CREATE_SCHEMA'
  | 'CREATE_FUNCTION'
  | 'CREATE_TABLE_FUNCTION'
  | 'CREATE_PROCEDURE'
  | 'ALTER_TABLE'
  | 'DROP_TABLE'
  | 'DROP_VIEW'
  | 'DROP_SCHEMA'
  | 'DROP_FUNCTION'
  | 'OTHER'

export interface TableReference {
  readonly dataset: string
  readonly table: string
}

export interface TableRead extends TableReference {
  /** Partitions that constant filters leave: microseconds since 1970, or whole numbers; both ends belong to it. Undefined: all. */
  readonly range: { readonly from: number | undefined; readonly to: number | undefined } | undefined
}

export interface JobStatistics {
  readonly statementType: StatementType
  readonly bytesProcessed: number
  readonly bytesBilled: number
  readonly cacheHit: boolean
  readonly rows: number
  readonly affectedRows: number | undefined
  readonly insertedRows?: number | undefined
  readonly updatedRows?: number | undefined
  readonly deletedRows?: number | undefined
  readonly referencedTables: readonly TableReference[]
  readonly ddlTarget?: TableReference | undefined
}

export interface JobInfo {
  readonly id: string
  readonly parentId: string | undefined
  readonly owner: string
  readonly port: Port
  readonly dialect: Dialect
  readonly labels: Readonly<Record<string, string>>
  readonly sql: string
  readonly state: 'waiting' | 'running' | 'done'
  readonly createdAtMicros: number
  readonly startedAtMicros: number | undefined
  readonly endedAtMicros: number | undefined
  readonly error: { readonly code: string; readonly message: string } | undefined
  readonly statistics: JobStatistics | undefined
}

export interface JobResult {
  readonly columns: readonly QueryColumn[]
  /** Once. Breaking off frees everything. Of a job that keeps its rows: from the kept rows. */
  readonly chunks: AsyncIterable<ResultChunk>
  close(): Promise<void>
}

export interface Job {
  readonly id: string
  info(): JobInfo
  /** Of statements without rows: no columns, no chunks. Rejects with the job's error. */
  result(): Promise<JobResult>
  /** Resolves when the job has ended, well or badly; never rejects. */
  readonly ended: Promise<JobInfo>
  /** Kept rows only. */
  page(
    startRow: number,
    rowsMax: number,
    bytesMax: number,
  ): Promise<{ readonly chunks: readonly ResultChunk[]; readonly rows: number; readonly totalRows: number }>
  /** Child jobs of a script, in order. */
  readonly children: readonly Job[]
}

export interface LintFinding {
  readonly code: 'select-star' | 'no-partition-filter' | 'cross-join' | 'limit-saves-nothing' | 'filter-cannot-prune'
  readonly message: string
  readonly line: number
  readonly column: number
}

export interface DryRun {
  readonly statementType: StatementType
  readonly columns: readonly { readonly name: string; readonly sqlType: SqlType | undefined }[]
  readonly referencedTables: readonly TableRead[]
  readonly bytesProcessed: number
  /** By BigQuery's price list: rounded up to MB, 10 MB a table at least. */
  readonly bytesBilled: number
  readonly dollars: number
  /** The same with every column. */
  readonly bytesOfAllColumns: number
  /** Age of the oldest number it rests on. */
  readonly statisticsAgeMs: number
  readonly lint: readonly LintFinding[]
  readonly portability: 'both' | 'local-only' | 'bigquery-only'
  readonly portabilityReasons: readonly string[]
  readonly undeclaredParameters: readonly { readonly name: string | undefined; readonly sqlType: SqlType | undefined }[]
  /** If it was wanted. */
  readonly plan?: readonly TablePlan[] | undefined
}

/** The conversation of one connection (Postgres): its statements share temp tables and transactions. One statement at a time. */
export interface QuerySession {
  /** As road.submit, on this session's connection. */
  submit(request: Omit<QueryRequest, 'principal' | 'port'>, signal: AbortSignal): Promise<Job>
  /** What a statement would give and take; nothing runs. Errors as submit. */
  describe(sql: string, dialect: Dialect): Promise<StatementShape>
  /** As WarehouseSession.begin; no longer than `timeoutMs`, or the setting's bound: query-limit. */
  begin(mode: 'read-only' | 'read-write', signal: AbortSignal, timeoutMs?: number): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
  /** What TIMESTAMPTZ is shown and cut by in the DuckDB dialect. Error: query-invalid for a zone that nobody knows. */
  setTimeZone(zone: string): Promise<void>
  /** Tables that statements of this session made for itself. */
  readonly temporaryTables: ReadonlySet<string>
  /** Catalogue tables of the port, seen by this session only; SQL of the session may name them as they are. */
  putInlineTable(table: InlineTable): Promise<void>
  close(): Promise<void>
}

export interface QueryRoad extends Part {
  /**
   * Resolves as soon as the job is known by its id; the work goes on. `signal`: the caller left. Error: job-exists. Everything
   * else is the job's own error, what the compiler finds and queries-waiting too: `result()` rejects with it.
   */
  submit(request: QueryRequest, signal: AbortSignal): Promise<Job>
  dryRun(request: QueryRequest): Promise<DryRun>
  /** The rows of one SELECT as a new Parquet file. Errors as a job's. */
  exportParquet(request: QueryRequest, signal: AbortSignal): Promise<ExportedFile>
  openSession(principal: Principal, port: Port): Promise<QuerySession>
  /** Live and recently ended jobs, newest first; of everybody only for admins. */
  jobs(principal: Principal): readonly JobInfo[]
  /** Errors: not-found (also of jobs that the caller may not know of). */
  job(id: string, principal: Principal): Job
  cancel(id: string, principal: Principal): Promise<JobInfo>
  /** What this caller may see, for catalogues of ports. Grows stale with every load: ask again. */
  visibleTables(principal: Principal): Promise<readonly VisibleTable[]>
}

/** It takes room on the disk, which others want, too: whoever has it removes it. */
export interface ExportedFile extends EngineFile {
  /** Fine to call twice. */
  readonly remove: () => Promise<void>
}

export interface VisibleTable {
  readonly dataset: string
  readonly table: string
  readonly kind: 'table' | 'view' | 'materialized-view'
  /** Fed by what is collected, or made by people. */
  readonly origin: 'fed' | 'made'
  readonly isWritable: boolean
  readonly columns: readonly {
    readonly name: string
    readonly sqlType: SqlType
    readonly mode: 'NULLABLE' | 'REQUIRED' | 'REPEATED'
    readonly description?: string | undefined
  }[]
  readonly description?: string | undefined
  readonly options: Readonly<Record<string, unknown>>
  readonly partitioning?:
    | { readonly column: string; readonly granularity: string; readonly isFilterRequired: boolean }
    | undefined
  readonly clustering: readonly string[]
  readonly viewSql?: string | undefined
  /** undefined, like bytes and partitions: a row filter hides some from the caller. */
  readonly rows: number | undefined
  readonly logicalBytes: number | undefined
  /** Of a partitioned table, if they are known: `20260301` → rows and bytes. */
  readonly partitions?:
    | readonly { readonly id: string; readonly rows: number; readonly logicalBytes: number }[]
    | undefined
  readonly createdAtMicros: number
  readonly changedAtMicros: number
}
