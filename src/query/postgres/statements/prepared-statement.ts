// A statement that was parsed, and what is known of its parameters and columns.
import type { EngineColumn } from '../../../warehouse/session.ts'
import type { RowCursor } from './row-cursor.ts'
import type { BoundParameter } from '../values/parameters.ts'
import type { Statement } from './statement.ts'

export interface StatementColumns {
  readonly columns: readonly EngineColumn[]
  readonly isCatalog: boolean
}

export interface Prepared {
  /** undefined: an empty query. */
  readonly statement: Statement | undefined
  readonly declared: readonly number[]
  /** By the client, or as the engine told; undefined: not asked yet. */
  oids: readonly number[] | undefined
  /** As described to the client; 'none': it gives no rows; undefined: not described. */
  described: StatementColumns | 'none' | undefined
}

export interface Portal {
  readonly name: string
  readonly prepared: Prepared
  readonly parameters: readonly BoundParameter[]
  readonly formats: readonly number[]
  /** undefined: not executed yet. */
  execution: Execution | undefined
  /** Rows sent so far by all Executes. */
  rows: number
}

/** What came of running a statement. */
export type Execution =
  | {
      readonly kind: 'rows'
      readonly cursor: RowCursor
      readonly rowsMax: number
      readonly tag: (rows: number) => string
    }
  | { readonly kind: 'done'; readonly tag: string }
  | { readonly kind: 'copied'; readonly tag: string }
