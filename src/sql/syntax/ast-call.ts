// The tree of function calls, windows and ORDER BY. Read through ast.ts.
import type { Expression, Identifier, Node } from './ast.ts'

export interface Call extends Node {
  readonly kind: 'call'
  /** Parts of the name without SAFE.; one in back-ticks is split at its dots. `DAY` or `WEEK(MONDAY)` as an argument are a name or a call. */
  readonly name: readonly Identifier[]
  readonly isSafe: boolean
  readonly args: readonly Argument[]
  readonly isDistinct: boolean
  readonly nulls: 'ignore' | 'respect' | undefined
  readonly having: { readonly which: 'max' | 'min'; readonly value: Expression } | undefined
  readonly orderBy: readonly OrderItem[]
  readonly limit: Expression | undefined
  readonly withinGroup: readonly OrderItem[] | undefined
  readonly over: WindowReference | WindowSpec | undefined
}

export type Argument = Expression | StarArgument | NamedArgument | Lambda | TableArgument

export interface StarArgument extends Node {
  readonly kind: 'star-argument'
}

export interface NamedArgument extends Node {
  readonly kind: 'named-argument'
  readonly name: Identifier
  readonly value: Expression | Lambda | TableArgument
}

export interface Lambda extends Node {
  readonly kind: 'lambda'
  readonly parameters: readonly Identifier[]
  readonly body: Expression
}

/** `TABLE ds.t` or `MODEL ds.m` of a table function's call. */
export interface TableArgument extends Node {
  readonly kind: 'table-argument'
  readonly what: 'TABLE' | 'MODEL'
  readonly parts: readonly Identifier[]
}

export interface WindowReference extends Node {
  readonly kind: 'window-name'
  readonly name: Identifier
}

export interface WindowSpec extends Node {
  readonly kind: 'window'
  readonly base: Identifier | undefined
  readonly partitionBy: readonly Expression[]
  readonly orderBy: readonly OrderItem[]
  readonly frame: WindowFrame | undefined
}

export interface WindowFrame extends Node {
  readonly kind: 'frame'
  readonly unit: 'ROWS' | 'RANGE'
  readonly from: FrameBound
  /** undefined: written without BETWEEN, ends at the current row. */
  readonly to: FrameBound | undefined
}

export interface FrameBound extends Node {
  readonly kind: 'unbounded-preceding' | 'preceding' | 'current-row' | 'following' | 'unbounded-following'
  readonly value: Expression | undefined
}

export interface OrderItem extends Node {
  readonly kind: 'order-item'
  readonly value: Expression
  readonly direction: 'ASC' | 'DESC' | undefined
  readonly nulls: 'FIRST' | 'LAST' | undefined
  readonly collate: Expression | undefined
}

/** `name = value` of OPTIONS(…). */
export interface OptionEntry extends Node {
  readonly kind: 'option'
  readonly name: Identifier
  readonly operator: '=' | '+=' | '-='
  readonly value: Expression
}
