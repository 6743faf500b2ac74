// A request on its way from text to the engine: what the compiler, or the rewriter of the second dialect, made of it.
import type { SqlType } from '../sql/types.ts'
import type { EngineStatement, InlineTable, ScriptFunction } from '../warehouse/session.ts'
import type { LintFinding, StatementType } from './contract.ts'

/** One table that a statement reads, as often as it stands in it. */
export interface TableUse {
  readonly dataset: string
  readonly table: string
  /** undefined: which ones isn't known, so all count. */
  readonly columns: readonly string[] | undefined
  /** What constant filters over the partition column leave; undefined: everything. */
  readonly range: PartitionRange | undefined
  /** Any filter over the partition column, constant or not, satisfies require_partition_filter. */
  readonly hasPartitionFilter: boolean
}

/** Microseconds since 1970, or whole numbers of a range-partitioned table; both ends belong to it. */
export interface PartitionRange {
  readonly from: number | undefined
  readonly to: number | undefined
}

export interface PreparedRows {
  readonly kind: 'rows'
  readonly statementType: StatementType
  readonly statement: EngineStatement
  /** undefined: the engine tells. */
  readonly columns: readonly { readonly name: string; readonly sqlType: SqlType }[] | undefined
  readonly tables: readonly TableUse[]
  /** Its answer may change without its tables: never cached. */
  readonly isVolatile: boolean
  readonly functions: readonly ScriptFunction[]
  readonly inlineTables: readonly InlineTable[]
  readonly lint: readonly LintFinding[]
  readonly portability: 'both' | 'local-only' | 'bigquery-only'
  readonly portabilityReasons: readonly string[]
  readonly undeclaredParameters: readonly { readonly name: string | undefined; readonly sqlType: SqlType | undefined }[]
}
