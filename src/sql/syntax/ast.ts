// The tree of a parsed GoogleSQL query: plain data, every node with `kind`, `offset` and `end` (UTF-16 units of the text, end
// exclusive). Nothing here is resolved: names are as they were written. Statements are in ast-statement.ts.
import type { Offset } from '../sql-error.ts'

export interface Node {
  readonly offset: Offset
  readonly end: Offset
}

export interface Identifier extends Node {
  readonly kind: 'identifier'
  readonly name: string
  /** Written in back-ticks, or can only be written so (`my-project` of a dashed table path). */
  readonly isQuoted: boolean
}

// ---- expressions

export type Expression =
  | IntLiteral
  | FloatLiteral
  | StringLiteral
  | BytesLiteral
  | BoolLiteral
  | NullLiteral
  | TypedLiteral
  | RangeLiteral
  | IntervalExpression
  | NamedParameter
  | PositionalParameter
  | SystemVariable
  | NameExpression
  | FieldAccess
  | Subscript
  | Unary
  | Binary
  | Logical
  | IsTest
  | DistinctFrom
  | Between
  | In
  | LikeQuantified
  | Case
  | Cast
  | Extract
  | ArrayConstructor
  | ArrayQuery
  | StructConstructor
  | ScalarSubquery
  | Exists
  | Call
  | WithExpression

export interface IntLiteral extends Node {
  readonly kind: 'int'
  /** As written: `12`, `0xFF`. `BigInt(text)` reads both. */
  readonly text: string
}

export interface FloatLiteral extends Node {
  readonly kind: 'float'
  readonly text: string
}

export interface StringLiteral extends Node {
  readonly kind: 'string'
  readonly value: string
}

export interface BytesLiteral extends Node {
  readonly kind: 'bytes'
  readonly value: Uint8Array
}

export interface BoolLiteral extends Node {
  readonly kind: 'bool'
  readonly value: boolean
}

export interface NullLiteral extends Node {
  readonly kind: 'null'
}

export interface TypedLiteral extends Node {
  readonly kind: 'typed-literal'
  readonly type: 'DATE' | 'TIME' | 'DATETIME' | 'TIMESTAMP' | 'NUMERIC' | 'BIGNUMERIC' | 'JSON'
  readonly value: StringLiteral
}

/** `RANGE<DATE> '[2026-01-01, UNBOUNDED)'` */
export interface RangeLiteral extends Node {
  readonly kind: 'range-literal'
  readonly type: RangeTypeNode
  readonly value: StringLiteral
}

/** `INTERVAL 1 DAY`, `INTERVAL '1-2' YEAR TO MONTH`, `INTERVAL x HOUR`. */
export interface IntervalExpression extends Node {
  readonly kind: 'interval'
  readonly value: Expression
  readonly part: DatePart
  readonly to: DatePart | undefined
}

export interface DatePart extends Node {
  readonly kind: 'date-part'
  /** Upper case. */
  readonly name: string
  /** Upper case: MONDAY of `WEEK(MONDAY)`. */
  readonly argument: string | undefined
}

export interface NamedParameter extends Node {
  readonly kind: 'parameter'
  readonly name: string
}

export interface PositionalParameter extends Node {
  readonly kind: 'positional-parameter'
  /** From 1, in the order of the statement. */
  readonly position: number
}

/** `@@error.message` */
export interface SystemVariable extends Node {
  readonly kind: 'system-variable'
  readonly path: readonly string[]
}

/** A name, or names with dots, that could be a column, a table alias with a column, a field of either, a variable, … */
export interface NameExpression extends Node {
  readonly kind: 'name'
  readonly parts: readonly Identifier[]
}

/** A field of what isn't a plain name: `f(x).a`, `a[0].b`, `(SELECT …).c`. */
export interface FieldAccess extends Node {
  readonly kind: 'field'
  readonly operand: Expression
  readonly field: Identifier
}

export interface Subscript extends Node {
  readonly kind: 'subscript'
  readonly operand: Expression
  readonly mode: 'plain' | 'offset' | 'ordinal' | 'safe-offset' | 'safe-ordinal' | 'key' | 'safe-key'
  readonly index: Expression
}

export interface Unary extends Node {
  readonly kind: 'unary'
  readonly operator: '-' | '+' | '~' | 'NOT'
  readonly operand: Expression
}

export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '||'
  | '<<'
  | '>>'
  | '&'
  | '|'
  | '^'
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'LIKE'
  | 'NOT LIKE'

export interface Binary extends Node {
  readonly kind: 'binary'
  /** `<>` is told as `!=`. */
  readonly operator: BinaryOperator
  readonly left: Expression
  readonly right: Expression
}

/** Chains of one operator are one node. */
export interface Logical extends Node {
  readonly kind: 'logical'
  readonly operator: 'AND' | 'OR'
  readonly operands: readonly Expression[]
}

export interface IsTest extends Node {
  readonly kind: 'is'
  readonly operand: Expression
  readonly what: 'NULL' | 'TRUE' | 'FALSE' | 'UNKNOWN'
  readonly isNot: boolean
}

export interface DistinctFrom extends Node {
  readonly kind: 'distinct-from'
  readonly left: Expression
  readonly right: Expression
  /** `IS NOT DISTINCT FROM` */
  readonly isNot: boolean
}

export interface Between extends Node {
  readonly kind: 'between'
  readonly operand: Expression
  readonly low: Expression
  readonly high: Expression
  readonly isNot: boolean
}

export type InSource =
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'unnest'; readonly array: Expression }

export interface In extends Node {
  readonly kind: 'in'
  readonly operand: Expression
  readonly source: InSource
  readonly isNot: boolean
}

export interface LikeQuantified extends Node {
  readonly kind: 'like-quantified'
  readonly operand: Expression
  readonly quantifier: 'ANY' | 'SOME' | 'ALL'
  readonly source: InSource
  readonly isNot: boolean
}

export interface Case extends Node {
  readonly kind: 'case'
  readonly operand: Expression | undefined
  readonly branches: readonly { readonly when: Expression; readonly result: Expression }[]
  readonly otherwise: Expression | undefined
}

export interface Cast extends Node {
  readonly kind: 'cast'
  readonly isSafe: boolean
  readonly operand: Expression
  readonly type: TypeNode
  readonly format: Expression | undefined
  readonly timeZone: Expression | undefined
}

export interface Extract extends Node {
  readonly kind: 'extract'
  readonly part: DatePart
  readonly operand: Expression
  readonly timeZone: Expression | undefined
}

export interface ArrayConstructor extends Node {
  readonly kind: 'array'
  /** `ARRAY<INT64>[…]` */
  readonly type: ArrayTypeNode | undefined
  readonly items: readonly Expression[]
}

export interface ArrayQuery extends Node {
  readonly kind: 'array-query'
  readonly query: Query
}

export interface StructConstructor extends Node {
  readonly kind: 'struct'
  /** A tuple is `(a, b)`. */
  readonly isTuple: boolean
  readonly type: StructTypeNode | undefined
  readonly fields: readonly { readonly value: Expression; readonly alias: Identifier | undefined }[]
}

export interface ScalarSubquery extends Node {
  readonly kind: 'subquery'
  readonly query: Query
}

export interface Exists extends Node {
  readonly kind: 'exists'
  readonly query: Query
}

/** `WITH(a AS 1, b AS a + 1, a + b)` */
export interface WithExpression extends Node {
  readonly kind: 'with-expression'
  readonly bindings: readonly { readonly name: Identifier; readonly value: Expression }[]
  readonly body: Expression
}

// ---- queries

export interface Query extends Node {
  readonly kind: 'query'
  readonly with: With | undefined
  readonly body: QueryBody
  readonly orderBy: readonly OrderItem[]
  readonly limit: Expression | undefined
  readonly skip: Expression | undefined
  readonly pipes: readonly PipeOperator[]
}

export interface With extends Node {
  readonly kind: 'with'
  readonly isRecursive: boolean
  readonly entries: readonly WithEntry[]
}

export interface WithEntry extends Node {
  readonly kind: 'with-entry'
  readonly name: Identifier
  readonly query: Query
}

/** A query in brackets is a body, too: its own ORDER BY, LIMIT and WITH belong to it. `from` is the FROM-first form. */
export type QueryBody = Select | SetOperation | QueryInBrackets | FromFirst

export interface QueryInBrackets extends Node {
  readonly kind: 'brackets'
  readonly query: Query
}

export interface FromFirst extends Node {
  readonly kind: 'from-first'
  readonly from: FromItem
}

export interface SetOperator {
  readonly operator: 'UNION' | 'INTERSECT' | 'EXCEPT'
  readonly isDistinct: boolean
  /** `BY NAME [ON (…)]` and `CORRESPONDING [BY (…)]`; undefined: by position. */
  readonly matching: 'by-name' | 'corresponding' | undefined
  /** Columns of ON (…) or BY (…). */
  readonly columns: readonly Identifier[] | undefined
  readonly mode: 'INNER' | 'FULL' | 'LEFT' | undefined
  readonly isStrict: boolean
}

/** All inputs are joined by the same operator, from the left. */
export interface SetOperation extends Node, SetOperator {
  readonly kind: 'set-operation'
  readonly inputs: readonly QueryBody[]
}

export interface Select extends Node {
  readonly kind: 'select'
  /** `WITH DIFFERENTIAL_PRIVACY OPTIONS(…)`: upper-case name. */
  readonly privacy: { readonly name: string; readonly options: readonly OptionEntry[] } | undefined
  readonly isDistinct: boolean
  readonly as:
    | { readonly kind: 'struct' | 'value' }
    | { readonly kind: 'type'; readonly parts: readonly Identifier[] }
    | undefined
  readonly items: readonly SelectItem[]
  readonly from: FromItem | undefined
  readonly where: Expression | undefined
  readonly groupBy: GroupBy | undefined
  readonly having: Expression | undefined
  readonly qualify: Expression | undefined
  readonly windows: readonly NamedWindow[]
}

export type SelectItem = SelectExpression | SelectStar

export interface SelectExpression extends Node {
  readonly kind: 'select-expression'
  readonly value: Expression
  readonly alias: Identifier | undefined
}

export interface SelectStar extends Node {
  readonly kind: 'select-star'
  /** Of `t.*`, `f(x).*`. */
  readonly of: Expression | undefined
  readonly except: readonly Identifier[]
  readonly replace: readonly { readonly value: Expression; readonly name: Identifier }[]
}

export interface GroupBy extends Node {
  readonly kind: 'group-by'
  /** `GROUP BY ALL`: no items. */
  readonly isAll: boolean
  readonly items: readonly GroupingItem[]
}

export type GroupingItem =
  | (Node & { readonly kind: 'grouping-expression'; readonly value: Expression })
  /** Each element is one expression, or several in brackets that go together. */
  | (Node & { readonly kind: 'rollup' | 'cube'; readonly elements: readonly (readonly Expression[])[] })
  | (Node & { readonly kind: 'grouping-sets'; readonly sets: readonly GroupingItem[] })
  /** `()`, or `(a, b)` within GROUPING SETS. */
  | (Node & { readonly kind: 'grouping-set'; readonly items: readonly Expression[] })

export interface NamedWindow extends Node {
  readonly kind: 'named-window'
  readonly name: Identifier
  readonly window: WindowSpec | WindowReference
}

export type {
  FromItem,
  JoinKind,
  JoinItem,
  TableItem,
  UnnestItem,
  FromQuery,
  TableFunctionItem,
  PivotItem,
  PivotClause,
  PivotAggregate,
  PivotValue,
  UnpivotItem,
  UnpivotClause,
  UnpivotInput,
  SampleItem,
  SampleClause,
  MatchRecognizeItem,
  GraphItem,
  WithOffset,
} from './ast-from.ts'
export type { PipeOperator, PipeOrder, PipeGroupItem, PipeItem } from './ast-pipe.ts'
import type { FromItem } from './ast-from.ts'
import type { PipeOperator } from './ast-pipe.ts'
export type {
  TypeNode,
  SimpleType,
  ArrayTypeNode,
  StructTypeNode,
  StructFieldNode,
  RangeTypeNode,
  AnyTypeNode,
  TableTypeNode,
} from './ast-type.ts'
import type { ArrayTypeNode, RangeTypeNode, StructTypeNode, TypeNode } from './ast-type.ts'
export type {
  Call,
  Argument,
  StarArgument,
  NamedArgument,
  Lambda,
  TableArgument,
  WindowReference,
  WindowSpec,
  WindowFrame,
  FrameBound,
  OrderItem,
  OptionEntry,
} from './ast-call.ts'
import type { Call, WindowReference, WindowSpec, OrderItem, OptionEntry } from './ast-call.ts'
