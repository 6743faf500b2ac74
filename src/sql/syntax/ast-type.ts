// The tree of types, as they stand in CAST, columns and parameters. Read through ast.ts.
import type { Identifier, Node, OptionEntry, StringLiteral } from './ast.ts'

export type TypeNode = SimpleType | ArrayTypeNode | StructTypeNode | RangeTypeNode | AnyTypeNode | TableTypeNode

export interface SimpleType extends Node {
  readonly kind: 'simple-type'
  /** Upper case, as written otherwise: INT64, BIGINT, DECIMAL, … */
  readonly name: string
  /** `STRING(10)`, `NUMERIC(10, 2)`; texts of the numbers, or MAX. */
  readonly parameters: readonly string[]
  readonly collate: StringLiteral | undefined
}

export interface ArrayTypeNode extends Node {
  readonly kind: 'array-type'
  readonly element: TypeNode
}

export interface StructTypeNode extends Node {
  readonly kind: 'struct-type'
  readonly fields: readonly StructFieldNode[]
}

export interface StructFieldNode extends Node {
  readonly kind: 'struct-field'
  readonly name: Identifier | undefined
  readonly type: TypeNode
  /** Only in CREATE TABLE and ALTER TABLE. */
  readonly isNotNull: boolean
  readonly options: readonly OptionEntry[]
}

export interface RangeTypeNode extends Node {
  readonly kind: 'range-type'
  readonly element: TypeNode
}

/** `ANY TYPE` of a function's parameter. */
export interface AnyTypeNode extends Node {
  readonly kind: 'any-type'
}

/** `TABLE<a INT64>` or `ANY TABLE` of a table function. */
export interface TableTypeNode extends Node {
  readonly kind: 'table-type'
  readonly columns: readonly StructFieldNode[] | undefined
}
