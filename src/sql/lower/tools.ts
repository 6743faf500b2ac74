// The two doors that the files of this folder knock at for each other's work, so that none imports in circles: statement.ts fills them.
import type * as ast from '../syntax/ast.ts'
import type { SqlType } from '../types.ts'
import type { Lowered } from './lowered.ts'
import type { Scope } from './scope.ts'

export interface OutputColumn {
  /** undefined: it has none that people could use. */
  readonly name: string | undefined
  readonly type: SqlType
  /** Unique within the query. */
  readonly sqlName: string
  /** As it stood in a SELECT list: literals of set operations still coerce. */
  readonly lowered?: Lowered | undefined
}

export interface QueryResult {
  readonly sql: string
  readonly columns: readonly OutputColumn[]
  /** SELECT AS STRUCT, SELECT AS VALUE: the one column is the row. */
  readonly isValueTable: boolean
  /** Of a query for ARRAY(…): extra columns of the SQL that say the order. */
  readonly order?: readonly ListOrder[] | undefined
}

export interface ListOrder {
  readonly sqlName: string
  readonly type: SqlType
  readonly direction: 'ASC' | 'DESC'
  readonly nulls: 'FIRST' | 'LAST'
}

/** ARRAY(query): rows as a list, in the query's order. */
export interface ArrayResult {
  readonly sql: string
  readonly element: SqlType
}

export interface Tools {
  expression(node: ast.Expression, scope: Scope): Lowered
  /** `parent`: the scope that the query stands in; its names can be seen. */
  query(node: ast.Query, parent: Scope): QueryResult & { readonly inner: Scope }
  arrayQuery(node: ast.Query, parent: Scope): ArrayResult & { readonly inner: Scope }
}
