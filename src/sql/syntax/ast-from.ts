// The tree of a FROM clause. Read through ast.ts.
import type { Argument, Expression, Identifier, Node, Query } from './ast.ts'

export type FromItem =
  | TableItem
  | UnnestItem
  | FromQuery
  | TableFunctionItem
  | JoinItem
  | PivotItem
  | UnpivotItem
  | SampleItem
  | MatchRecognizeItem
  | GraphItem

export interface WithOffset extends Node {
  readonly kind: 'with-offset'
  /** undefined: `offset` */
  readonly alias: Identifier | undefined
}

/** A table, view, CTE, or an array reached from an alias on the left (`FROM t, t.items`). */
export interface TableItem extends Node {
  readonly kind: 'table'
  /** Names in back-ticks are split at their dots, dashed projects joined. A wildcard's last part ends with `*`. */
  readonly parts: readonly Identifier[]
  readonly alias: Identifier | undefined
  readonly withOffset: WithOffset | undefined
  /** FOR SYSTEM_TIME AS OF */
  readonly systemTime: Expression | undefined
}

export interface UnnestItem extends Node {
  readonly kind: 'unnest'
  readonly array: Expression
  readonly alias: Identifier | undefined
  readonly withOffset: WithOffset | undefined
}

export interface FromQuery extends Node {
  readonly kind: 'from-query'
  readonly isLateral: boolean
  readonly query: Query
  readonly alias: Identifier | undefined
}

export interface TableFunctionItem extends Node {
  readonly kind: 'table-function'
  readonly isLateral: boolean
  readonly name: readonly Identifier[]
  readonly args: readonly Argument[]
  readonly alias: Identifier | undefined
}

export type JoinKind = 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS' | 'COMMA'

export interface JoinItem extends Node {
  readonly kind: 'join'
  readonly join: JoinKind
  readonly left: FromItem
  readonly right: FromItem
  readonly on: Expression | undefined
  readonly using: readonly Identifier[] | undefined
  /** Stood in brackets; matters only for printing. */
  readonly isInBrackets: boolean
}

export interface PivotClause extends Node {
  readonly kind: 'pivot-clause'
  readonly aggregates: readonly PivotAggregate[]
  readonly input: Expression
  readonly values: readonly PivotValue[]
}

export interface PivotAggregate extends Node {
  readonly kind: 'pivot-aggregate'
  readonly call: Expression
  readonly alias: Identifier | undefined
}

export interface PivotValue extends Node {
  readonly kind: 'pivot-value'
  readonly value: Expression
  readonly alias: Identifier | undefined
}

export interface PivotItem extends Node {
  readonly kind: 'pivot'
  readonly input: FromItem
  readonly clause: PivotClause
  readonly alias: Identifier | undefined
}

export interface UnpivotClause extends Node {
  readonly kind: 'unpivot-clause'
  /** undefined: excluded, as by EXCLUDE NULLS. */
  readonly nulls: 'INCLUDE' | 'EXCLUDE' | undefined
  /** One: `UNPIVOT(v FOR k IN (a, b))`; more: `UNPIVOT((v1, v2) FOR k IN ((a, b), (c, d)))`. */
  readonly values: readonly Identifier[]
  readonly name: Identifier
  readonly inputs: readonly UnpivotInput[]
}

export interface UnpivotInput extends Node {
  readonly kind: 'unpivot-input'
  readonly columns: readonly (readonly Identifier[])[]
  /** A string or an integer. */
  readonly alias: Expression | undefined
}

export interface UnpivotItem extends Node {
  readonly kind: 'unpivot'
  readonly input: FromItem
  readonly clause: UnpivotClause
  readonly alias: Identifier | undefined
}

export interface SampleClause extends Node {
  readonly kind: 'sample-clause'
  /** Upper case: SYSTEM, BERNOULLI, RESERVOIR. */
  readonly method: string
  readonly size: Expression
  readonly unit: 'PERCENT' | 'ROWS'
}

export interface SampleItem extends Node {
  readonly kind: 'sample'
  readonly input: FromItem
  readonly clause: SampleClause
}

/** Known by name only; `text` is what stood in the brackets. */
export interface MatchRecognizeItem extends Node {
  readonly kind: 'match-recognize'
  readonly input: FromItem
  readonly text: string
  readonly alias: Identifier | undefined
}

/** `GRAPH_TABLE(…)`: known by name only. */
export interface GraphItem extends Node {
  readonly kind: 'graph-table'
  readonly text: string
  readonly alias: Identifier | undefined
}
