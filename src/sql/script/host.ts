// What a script needs of whoever runs it (query/script-job.ts): an engine session, the catalogue as it stands, and a place to report
// every statement to.
import type { SqlCatalog } from '../catalog.ts'
import type { CompiledQuery, CompileFacts, ParameterValue } from '../lower/compile.ts'
import type { ResolvedType } from '../lower/type-node.ts'
import type { SqlType } from '../types.ts'

/** Text of every `$name` in the SQL. */
export type Bindings = ReadonlyMap<string, string | null>

/** What the engine runs. Text never comes to it without what the compiler knows of it: the cost guard asks that first. */
export interface CompiledStatement {
  readonly sql: string
  readonly bindings: Bindings
  /** Tables that it reads, temp tables left out. */
  readonly reads: CompileFacts['tables']
}

export interface StatementPlace {
  /** The statement's own text. */
  readonly text: string
  /** BigQuery's word: SELECT, INSERT, CREATE_TABLE, …. */
  readonly statementType: string
}

export interface ScriptHost {
  readonly sessionUser: string
  /** After every DDL it may be another. */
  catalog(): Promise<SqlCatalog>
  /** A query of the script: a child job with its rows. */
  select(place: StatementPlace, compiled: CompiledQuery, bindings: Bindings): Promise<void>
  /**
   * Rows of a query for the script itself (SET, IF, FOR), at most `rowsMax`: more is an error. Values as ParameterValue says,
   * one a column; `types`: of the columns.
   */
  rows(statement: CompiledStatement, types: readonly SqlType[], rowsMax: number): Promise<ParameterValue[][]>
  /** DML on one table; resolves with the rows that it changed. */
  change(place: StatementPlace, change: TableChange): Promise<number>
  ddl(place: StatementPlace, change: DdlChange): Promise<void>
  /** On the session alone, one after the other: temp tables. */
  execute(place: StatementPlace, steps: readonly CompiledStatement[]): Promise<void>
  transaction(what: 'begin' | 'commit' | 'rollback'): Promise<void>
  /**
   * Before a handler runs. True: the open transaction is lost; until its ROLLBACK nothing but what needs no table goes on. Error:
   * `error` itself, which is not for a handler.
   */
  caught(error: unknown): Promise<boolean>
  /** A JavaScript function under its id, for as long as the session lives. */
  putFunction(definition: {
    readonly id: string
    readonly parameterNames: readonly string[]
    readonly body: string
  }): void
  /** Checked before every statement and every turn of a loop; throws when the job was cancelled. */
  check(): void
}

export interface TableChange extends Omit<CompiledStatement, 'sql'> {
  readonly dataset: string
  readonly table: string
  readonly kind: 'insert' | 'update' | 'delete' | 'merge' | 'truncate'
  /** One after the other in one transaction; `counts`: the rows that it changed are the statement's. */
  readonly steps: readonly { readonly sql: string; readonly counts: boolean }[]
}

export interface ColumnShape {
  readonly name: string
  readonly type: SqlType
  /** As written: `NUMERIC(10, 2)`. */
  readonly typeText: string
  readonly limits: ResolvedType['limits']
  readonly isRequired: boolean
  readonly description: string | undefined
  /** GoogleSQL. */
  readonly defaultSql: string | undefined
}

export interface PartitionShape {
  /** `_PARTITIONTIME` of a table that is partitioned by ingestion time. */
  readonly column: string
  readonly granularity: 'HOUR' | 'DAY' | 'MONTH' | 'YEAR' | 'RANGE'
  readonly range?: readonly [number, number, number] | undefined
}

export type OptionValues = Readonly<Record<string, unknown>>

export type DdlChange =
  | {
      readonly kind: 'create-schema'
      readonly dataset: string
      readonly ifNotExists: boolean
      readonly options: OptionValues
    }
  | { readonly kind: 'drop-schema'; readonly dataset: string; readonly ifExists: boolean; readonly isCascade: boolean }
  | { readonly kind: 'set-schema-options'; readonly dataset: string; readonly options: OptionValues }
  | {
      readonly kind: 'create-table'
      readonly dataset: string
      readonly table: string
      readonly mode: 'new' | 'replace' | 'if-not-exists'
      readonly columns: readonly ColumnShape[]
      readonly partitioning: PartitionShape | undefined
      readonly clustering: readonly string[]
      readonly options: OptionValues
      /** Rows to begin with: one SELECT whose columns are `columns`, in order. */
      readonly rows: CompiledStatement | undefined
    }
  | {
      readonly kind: 'create-view'
      readonly dataset: string
      readonly table: string
      readonly mode: 'new' | 'replace' | 'if-not-exists'
      readonly isMaterialized: boolean
      readonly columns: readonly ColumnShape[]
      readonly options: OptionValues
      readonly viewSql: string
    }
  | {
      readonly kind: 'drop-table'
      readonly dataset: string
      readonly table: string
      readonly what: 'table' | 'view' | 'materialized-view'
      readonly ifExists: boolean
    }
  | {
      readonly kind: 'alter-table'
      readonly dataset: string
      readonly table: string
      readonly ifExists: boolean
      readonly actions: readonly AlterStep[]
    }
  | {
      readonly kind: 'create-routine'
      readonly dataset: string
      readonly name: string
      readonly mode: 'new' | 'replace' | 'if-not-exists'
      /** The CREATE statement, in GoogleSQL. */
      readonly definition: string
    }
  | { readonly kind: 'drop-routine'; readonly dataset: string; readonly name: string; readonly ifExists: boolean }

export type AlterStep =
  | { readonly kind: 'add-column'; readonly column: ColumnShape; readonly ifNotExists: boolean }
  | { readonly kind: 'drop-column'; readonly name: string; readonly ifExists: boolean }
  | { readonly kind: 'rename-column'; readonly from: string; readonly to: string; readonly ifExists: boolean }
  | {
      readonly kind: 'set-type'
      readonly name: string
      readonly column: Pick<ColumnShape, 'type' | 'typeText' | 'limits'>
    }
  | { readonly kind: 'drop-not-null'; readonly name: string }
  | { readonly kind: 'set-default'; readonly name: string; readonly defaultSql: string | undefined }
  | { readonly kind: 'set-column-options'; readonly name: string; readonly options: OptionValues }
  | { readonly kind: 'set-options'; readonly options: OptionValues }
  | { readonly kind: 'rename-to'; readonly table: string }
