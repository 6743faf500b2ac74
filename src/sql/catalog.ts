// What the compiler knows of tables: handed in by query/, already cut down to what the caller may see.
import type { CompileFacts } from './lower/context.ts'
import type { SqlType } from './types.ts'

export interface CatalogColumn {
  readonly name: string
  readonly type: SqlType
  /** Pseudo columns (_PARTITIONTIME): found by name, absent from `*`. */
  readonly isHidden?: boolean
  readonly description?: string | undefined
  /** Of a made table: what DEFAULT stands for, in GoogleSQL. */
  readonly defaultSql?: string | undefined
  readonly isRequired?: boolean
  /** As declared: `NUMERIC(10, 2)`. */
  readonly typeText?: string | undefined
}

export interface Partitioning {
  /** Column by whose day, hour, month or range the table is partitioned. */
  readonly column: string
  readonly granularity: 'HOUR' | 'DAY' | 'MONTH' | 'YEAR' | 'RANGE'
  /** First, behind the last, and width of a range. */
  readonly range?: readonly [number, number, number] | undefined
  /** A query without a filter over `column` is refused with BigQuery's message. */
  readonly isFilterRequired: boolean
}

export interface CatalogTable {
  readonly dataset: string
  readonly table: string
  readonly columns: readonly CatalogColumn[]
  readonly kind: 'table' | 'view'
  /**
   * DuckDB relation to read from: a quoted table, or a policy sub-query in brackets that shows only what the caller may see. It
   * has one column for every entry of `columns`, hidden ones included, under exactly that name.
   */
  readonly relation: string
  readonly partitioning?: Partitioning | undefined
  /** Made tables accept DML; fed ones are written by Millpond alone. */
  readonly isWritable: boolean
  /** DuckDB name to write to (`"made"."sales"."orders"`); only if isWritable. */
  readonly target?: string | undefined
  /** Of a view whose policies made a relation of it: what the compiler noted. The tables in it are read, not the view. */
  readonly facts?: CompileFacts | undefined
  /** Of a view that people made: its GoogleSQL, compiled in place of `relation` with the caller's own rights. */
  readonly viewSql?: string | undefined
}

/** A person's routine: CREATE FUNCTION without TEMP. */
export interface CatalogRoutine {
  readonly dataset: string
  readonly name: string
  /** The CREATE FUNCTION / CREATE TABLE FUNCTION / CREATE PROCEDURE statement, in GoogleSQL. */
  readonly definition: string
}

export interface SqlCatalog {
  /** Project name as clients say it; `project.dataset.table` may name it. */
  readonly project: string
  /** Dataset of names without one. */
  readonly defaultDataset: string | undefined
  /** Case decides for tables and datasets, as in BigQuery. undefined: there is none, or the caller may not know of it. */
  table(dataset: string, table: string): CatalogTable | undefined
  /** Names of tables in a dataset, sorted, for wildcards and for `did you mean`; undefined if there is no such dataset. */
  tableNames(dataset: string): readonly string[] | undefined
  datasetNames(): readonly string[]
  routine(dataset: string, name: string): CatalogRoutine | undefined
  /**
   * A view of INFORMATION_SCHEMA: columns, and a DuckDB relation in brackets that gives its rows. `dataset` undefined: of the region
   * or project. undefined: there is no such view.
   */
  informationSchema(view: string, dataset: string | undefined): Omit<CatalogTable, 'dataset' | 'isWritable'> | undefined
}
