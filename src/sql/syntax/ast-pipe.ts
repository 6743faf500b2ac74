// The tree of pipe operators (`|> …`). Read through ast.ts.
import type { PivotClause, SampleClause, TableFunctionItem, UnpivotClause, FromItem, JoinKind } from './ast-from.ts'
import type {
  Expression,
  GroupingItem,
  Identifier,
  NamedWindow,
  Node,
  OrderItem,
  Query,
  Select,
  SelectItem,
  SetOperator,
  With,
} from './ast.ts'

export interface PipeOrder extends Node {
  readonly kind: 'pipe-order'
  readonly direction: 'ASC' | 'DESC'
  readonly nulls: 'FIRST' | 'LAST' | undefined
}

/** Of AGGREGATE: the order goes into GROUP AND ORDER BY. */
export interface PipeItem extends Node {
  readonly kind: 'pipe-item'
  readonly item: SelectItem
  readonly order: PipeOrder | undefined
}

export interface PipeGroupItem extends Node {
  readonly kind: 'pipe-group-item'
  readonly grouping: GroupingItem
  readonly alias: Identifier | undefined
  readonly order: PipeOrder | undefined
}

export type PipeOperator =
  /** Only `isDistinct`, `as`, `items` and `windows` can be filled. */
  | (Node & { readonly kind: 'pipe-select'; readonly select: Select })
  | (Node & {
      readonly kind: 'pipe-extend'
      readonly items: readonly SelectItem[]
      readonly windows: readonly NamedWindow[]
    })
  | (Node & {
      readonly kind: 'pipe-set'
      readonly items: readonly { readonly column: Identifier; readonly value: Expression }[]
    })
  | (Node & { readonly kind: 'pipe-drop'; readonly columns: readonly Identifier[] })
  | (Node & {
      readonly kind: 'pipe-rename'
      readonly items: readonly { readonly from: Identifier; readonly to: Identifier }[]
    })
  | (Node & { readonly kind: 'pipe-as'; readonly alias: Identifier })
  | (Node & { readonly kind: 'pipe-where'; readonly condition: Expression })
  | (Node & { readonly kind: 'pipe-limit'; readonly limit: Expression; readonly skip: Expression | undefined })
  | (Node & {
      readonly kind: 'pipe-aggregate'
      readonly items: readonly PipeItem[]
      /** undefined: the whole input is one group. */
      readonly groupBy: readonly PipeGroupItem[] | undefined
      /** GROUP AND ORDER BY */
      readonly isOrdered: boolean
    })
  | (Node & { readonly kind: 'pipe-order-by'; readonly orderBy: readonly OrderItem[] })
  | (Node & { readonly kind: 'pipe-distinct' })
  | (Node & {
      readonly kind: 'pipe-join'
      readonly join: Exclude<JoinKind, 'COMMA'>
      readonly right: FromItem
      readonly on: Expression | undefined
      readonly using: readonly Identifier[] | undefined
    })
  | (Node & { readonly kind: 'pipe-set-operation'; readonly inputs: readonly Query[] } & SetOperator)
  | (Node & { readonly kind: 'pipe-call'; readonly call: TableFunctionItem })
  | (Node & { readonly kind: 'pipe-window'; readonly items: readonly SelectItem[] })
  | (Node & { readonly kind: 'pipe-sample'; readonly clause: SampleClause })
  | (Node & { readonly kind: 'pipe-pivot'; readonly clause: PivotClause; readonly alias: Identifier | undefined })
  | (Node & { readonly kind: 'pipe-unpivot'; readonly clause: UnpivotClause; readonly alias: Identifier | undefined })
  | (Node & { readonly kind: 'pipe-match-recognize'; readonly text: string; readonly alias: Identifier | undefined })
  | (Node & { readonly kind: 'pipe-with'; readonly with: With })
  | (Node & {
      readonly kind: 'pipe-recursive-union'
      readonly inputs: readonly (Query | PipeSubpipeline)[]
      readonly alias: Identifier | undefined
    } & SetOperator)

/** `(|> WHERE … |> …)`: operators on the table of the step before. */
export interface PipeSubpipeline extends Node {
  readonly kind: 'subpipeline'
  readonly pipes: readonly PipeOperator[]
}
