// The tree of statements: DDL, DML and scripting. Queries and expressions are in ast.ts.
import type {
  Argument,
  Expression,
  Identifier,
  Node,
  OptionEntry,
  Query,
  StringLiteral,
  SystemVariable,
  TypeNode,
} from './ast.ts'
import type { FromItem } from './ast-from.ts'

export interface Script extends Node {
  readonly kind: 'script'
  readonly statements: readonly Statement[]
}

export type Statement = QueryStatement | DdlStatement | DmlStatement | ScriptStatement | OtherStatement

export interface QueryStatement extends Node {
  readonly kind: 'query-statement'
  readonly query: Query
}

/** A name of up to three parts, split as a table path is. */
export interface ObjectName extends Node {
  readonly kind: 'object-name'
  readonly parts: readonly Identifier[]
}

// ---- DDL

export type DdlStatement =
  | CreateSchema
  | CreateTable
  | CreateTableFrom
  | CreateView
  | CreateFunction
  | CreateTableFunction
  | CreateProcedure
  | Alter
  | Drop
  | DropFunction
  | Truncate
  | Undrop

/** `isReplacing` and `ifNotExists` never go together. */
export interface CreateHead {
  readonly isReplacing: boolean
  readonly ifNotExists: boolean
  readonly name: ObjectName
}

export interface CreateSchema extends Node, CreateHead {
  readonly kind: 'create-schema'
  readonly collate: StringLiteral | undefined
  readonly options: readonly OptionEntry[]
}

export interface ColumnDefinition extends Node {
  readonly kind: 'column'
  readonly name: Identifier
  readonly type: TypeNode
  readonly isNotNull: boolean
  readonly defaultValue: Expression | undefined
  /** `GENERATED ALWAYS AS (…)`; refused later. */
  readonly generated: Expression | undefined
  readonly isPrimaryKey: boolean
  readonly references: Reference | undefined
  readonly options: readonly OptionEntry[]
}

export interface Reference extends Node {
  readonly kind: 'reference'
  readonly table: ObjectName
  readonly columns: readonly Identifier[]
}

/** Never enforced, as in BigQuery. */
export type TableConstraint =
  | (Node & {
      readonly kind: 'primary-key'
      readonly name: Identifier | undefined
      readonly columns: readonly Identifier[]
    })
  | (Node & {
      readonly kind: 'foreign-key'
      readonly name: Identifier | undefined
      readonly columns: readonly Identifier[]
      readonly references: Reference
    })

export interface CreateTable extends Node, CreateHead {
  readonly kind: 'create-table'
  readonly isTemp: boolean
  readonly isExternal: boolean
  readonly columns: readonly ColumnDefinition[]
  readonly constraints: readonly TableConstraint[]
  readonly defaultCollate: StringLiteral | undefined
  readonly partitionBy: Expression | undefined
  readonly clusterBy: readonly Expression[]
  /** `WITH CONNECTION x`, `WITH PARTITION COLUMNS`: refused later; what stood there. */
  readonly connection: ObjectName | undefined
  readonly options: readonly OptionEntry[]
  readonly query: Query | undefined
}

/** `CREATE TABLE a LIKE|COPY|CLONE b`, `CREATE SNAPSHOT TABLE a CLONE b`. */
export interface CreateTableFrom extends Node, CreateHead {
  readonly kind: 'create-table-from'
  readonly how: 'LIKE' | 'COPY' | 'CLONE'
  readonly isTemp: boolean
  readonly isSnapshot: boolean
  readonly source: ObjectName
  readonly systemTime: Expression | undefined
  readonly partitionBy: Expression | undefined
  readonly clusterBy: readonly Expression[]
  readonly options: readonly OptionEntry[]
  /** `CREATE TABLE a LIKE b AS SELECT …` */
  readonly query: Query | undefined
}

export interface ViewColumn extends Node {
  readonly kind: 'view-column'
  readonly name: Identifier
  readonly options: readonly OptionEntry[]
}

export interface CreateView extends Node, CreateHead {
  readonly kind: 'create-view'
  readonly isTemp: boolean
  readonly isMaterialized: boolean
  readonly columns: readonly ViewColumn[]
  readonly partitionBy: Expression | undefined
  readonly clusterBy: readonly Expression[]
  readonly options: readonly OptionEntry[]
  /** undefined: `AS REPLICA OF …`, refused later. */
  readonly query: Query | undefined
  readonly replicaOf: ObjectName | undefined
}

export interface RoutineParameter extends Node {
  readonly kind: 'routine-parameter'
  readonly mode: 'IN' | 'OUT' | 'INOUT' | undefined
  readonly name: Identifier
  readonly type: TypeNode
  /** Of an aggregate function: NOT AGGREGATE. */
  readonly isNotAggregate: boolean
  readonly defaultValue: Expression | undefined
}

export interface CreateFunction extends Node, CreateHead {
  readonly kind: 'create-function'
  readonly isTemp: boolean
  readonly isAggregate: boolean
  readonly parameters: readonly RoutineParameter[]
  readonly returns: TypeNode | undefined
  readonly isDeterministic: boolean | undefined
  /** Lower case: js, python; undefined: SQL. */
  readonly language: string | undefined
  readonly remoteConnection: ObjectName | undefined
  readonly options: readonly OptionEntry[]
  readonly body: Expression | undefined
  /** Of another language. */
  readonly code: StringLiteral | undefined
}

export interface CreateTableFunction extends Node, CreateHead {
  readonly kind: 'create-table-function'
  readonly isTemp: boolean
  readonly parameters: readonly RoutineParameter[]
  readonly returns: TypeNode | undefined
  readonly options: readonly OptionEntry[]
  readonly query: Query
}

export interface CreateProcedure extends Node, CreateHead {
  readonly kind: 'create-procedure'
  readonly parameters: readonly RoutineParameter[]
  readonly options: readonly OptionEntry[]
  readonly body: Block
}

export type ObjectKind =
  | 'SCHEMA'
  | 'TABLE'
  | 'VIEW'
  | 'MATERIALIZED VIEW'
  | 'EXTERNAL TABLE'
  | 'SNAPSHOT TABLE'
  | 'PROCEDURE'

export interface Alter extends Node {
  readonly kind: 'alter'
  /** ObjectKind, or another upper-case name that is refused later. */
  readonly what: string
  readonly ifExists: boolean
  readonly name: ObjectName
  readonly actions: readonly AlterAction[]
}

export type AlterAction =
  | (Node & { readonly kind: 'set-options'; readonly options: readonly OptionEntry[] })
  | (Node & { readonly kind: 'set-default-collate'; readonly collate: StringLiteral })
  | (Node & { readonly kind: 'add-column'; readonly ifNotExists: boolean; readonly column: ColumnDefinition })
  | (Node & { readonly kind: 'drop-column'; readonly ifExists: boolean; readonly name: Identifier })
  | (Node & {
      readonly kind: 'rename-column'
      readonly ifExists: boolean
      readonly from: Identifier
      readonly to: Identifier
    })
  | (Node & { readonly kind: 'rename-to'; readonly name: ObjectName })
  | (Node & {
      readonly kind: 'alter-column'
      readonly ifExists: boolean
      readonly name: Identifier
      readonly change:
        | { readonly kind: 'options'; readonly options: readonly OptionEntry[] }
        | { readonly kind: 'type'; readonly type: TypeNode }
        | { readonly kind: 'drop-not-null' | 'drop-default' }
        | { readonly kind: 'default'; readonly value: Expression }
    })
  | (Node & { readonly kind: 'add-constraint'; readonly ifNotExists: boolean; readonly constraint: TableConstraint })
  | (Node & { readonly kind: 'drop-primary-key'; readonly ifExists: boolean })
  | (Node & { readonly kind: 'drop-constraint'; readonly ifExists: boolean; readonly name: Identifier })
  /** Refused by name; upper case. */
  | (Node & { readonly kind: 'other-action'; readonly what: string; readonly text: string })

export interface Drop extends Node {
  readonly kind: 'drop'
  /** ObjectKind, or another upper-case name that is refused later. */
  readonly what: string
  readonly ifExists: boolean
  readonly name: ObjectName
  /** Of a schema. */
  readonly behaviour: 'CASCADE' | 'RESTRICT' | undefined
}

export interface DropFunction extends Node {
  readonly kind: 'drop-function'
  readonly isTable: boolean
  readonly ifExists: boolean
  readonly name: ObjectName
}

export interface Truncate extends Node {
  readonly kind: 'truncate'
  readonly table: ObjectName
  /** No part of BigQuery's TRUNCATE, but parsed to be refused well. */
  readonly where: Expression | undefined
}

export interface Undrop extends Node {
  readonly kind: 'undrop-schema'
  readonly ifNotExists: boolean
  readonly name: ObjectName
}

// ---- DML

export type DmlStatement = Insert | Update | Delete | Merge

export interface DefaultValue extends Node {
  readonly kind: 'default'
}

export type DmlValue = Expression | DefaultValue

export interface Insert extends Node {
  readonly kind: 'insert'
  readonly table: ObjectName
  /** Empty: all columns in their order. */
  readonly columns: readonly Identifier[]
  readonly rows: readonly (readonly DmlValue[])[] | undefined
  readonly query: Query | undefined
}

export interface Assignment extends Node {
  readonly kind: 'assignment'
  /** A column, or fields within it. */
  readonly path: readonly Identifier[]
  readonly value: DmlValue
}

export interface Update extends Node {
  readonly kind: 'update'
  readonly table: ObjectName
  readonly alias: Identifier | undefined
  readonly assignments: readonly Assignment[]
  readonly from: FromItem | undefined
  /** Left out, the statement is refused with BigQuery's message. */
  readonly where: Expression | undefined
}

export interface Delete extends Node {
  readonly kind: 'delete'
  readonly table: ObjectName
  readonly alias: Identifier | undefined
  readonly where: Expression | undefined
}

export interface Merge extends Node {
  readonly kind: 'merge'
  readonly table: ObjectName
  readonly alias: Identifier | undefined
  readonly source: FromItem
  readonly on: Expression
  readonly clauses: readonly MergeClause[]
}

export interface MergeClause extends Node {
  readonly kind: 'merge-clause'
  readonly when: 'matched' | 'not-matched-by-target' | 'not-matched-by-source'
  readonly condition: Expression | undefined
  readonly action:
    | { readonly kind: 'delete' }
    | { readonly kind: 'update'; readonly assignments: readonly Assignment[] }
    | { readonly kind: 'insert-row'; readonly columns: readonly Identifier[] }
    | { readonly kind: 'insert'; readonly columns: readonly Identifier[]; readonly values: readonly DmlValue[] }
}

// ---- scripting

export type ScriptStatement =
  | Declare
  | SetVariables
  | If
  | CaseStatement
  | Block
  | Loop
  | While
  | Repeat
  | For
  | Jump
  | Return
  | Raise
  | Transaction
  | CallProcedure
  | ExecuteImmediate
  | Assert

export interface Declare extends Node {
  readonly kind: 'declare'
  readonly names: readonly Identifier[]
  /** undefined: that of the default. */
  readonly type: TypeNode | undefined
  readonly defaultValue: Expression | undefined
}

export interface SetVariables extends Node {
  readonly kind: 'set'
  /** `SET x = …` and `SET @@x = …` have one; `SET (a, b) = …` has `isTuple`. */
  readonly targets: readonly (Identifier | SystemVariable)[]
  readonly isTuple: boolean
  readonly value: Expression
}

export interface If extends Node {
  readonly kind: 'if'
  /** IF, then each ELSEIF. */
  readonly branches: readonly { readonly condition: Expression; readonly body: readonly Statement[] }[]
  readonly otherwise: readonly Statement[] | undefined
}

export interface CaseStatement extends Node {
  readonly kind: 'case-statement'
  readonly operand: Expression | undefined
  readonly branches: readonly { readonly when: Expression; readonly body: readonly Statement[] }[]
  readonly otherwise: readonly Statement[] | undefined
}

export interface Block extends Node {
  readonly kind: 'block'
  readonly label: Identifier | undefined
  readonly body: readonly Statement[]
  /** EXCEPTION WHEN ERROR THEN … */
  readonly handler: readonly Statement[] | undefined
}

export interface Loop extends Node {
  readonly kind: 'loop'
  readonly label: Identifier | undefined
  readonly body: readonly Statement[]
}

export interface While extends Node {
  readonly kind: 'while'
  readonly label: Identifier | undefined
  readonly condition: Expression
  readonly body: readonly Statement[]
}

export interface Repeat extends Node {
  readonly kind: 'repeat'
  readonly label: Identifier | undefined
  readonly body: readonly Statement[]
  readonly until: Expression
}

export interface For extends Node {
  readonly kind: 'for'
  readonly label: Identifier | undefined
  readonly variable: Identifier
  readonly query: Query
  readonly body: readonly Statement[]
}

/** BREAK is told as LEAVE, CONTINUE as ITERATE. */
export interface Jump extends Node {
  readonly kind: 'leave' | 'iterate'
  readonly label: Identifier | undefined
}

export interface Return extends Node {
  readonly kind: 'return'
}

export interface Raise extends Node {
  readonly kind: 'raise'
  /** undefined: the error that is being handled. */
  readonly message: Expression | undefined
}

export interface Transaction extends Node {
  readonly kind: 'begin-transaction' | 'commit-transaction' | 'rollback-transaction'
}

export interface CallProcedure extends Node {
  readonly kind: 'call-procedure'
  readonly name: ObjectName
  readonly args: readonly Argument[]
}

export interface ExecuteImmediate extends Node {
  readonly kind: 'execute-immediate'
  readonly sql: Expression
  readonly into: readonly Identifier[]
  readonly using: readonly { readonly value: Expression; readonly name: Identifier | undefined }[]
}

export interface Assert extends Node {
  readonly kind: 'assert'
  readonly condition: Expression
  readonly description: StringLiteral | undefined
}

// ---- parsed only to be refused by name

export interface OtherStatement extends Node {
  readonly kind: 'other'
  /** Upper case: GRANT, REVOKE, EXPORT DATA, LOAD DATA, CREATE SEARCH INDEX, … */
  readonly what: string
  /** The whole statement. */
  readonly text: string
}
