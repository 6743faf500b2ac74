// What a compilation is given, and what it notes on its way: one state a statement, shared by all its scopes.
import type { SqlCatalog } from '../catalog.ts'
import type * as ast from '../syntax/ast.ts'
import { SqlError, type Offset } from '../sql-error.ts'
import type { SqlType } from '../types.ts'
import type { ParameterUse } from './lowered.ts'
import type { Tools } from './tools.ts'

export interface DeclaredParameter {
  /** undefined: positional, in order. */
  readonly name?: string | undefined
  readonly type: SqlType
}

export interface NamedColumn {
  readonly name: string
  readonly type: SqlType
}

export interface TempTable {
  readonly columns: readonly NamedColumn[]
  /** DuckDB relation: `temp.main."x"`; its columns have the names above. */
  readonly relation: string
}

/** A function of the script or a saved one: its body is compiled in place of the call. */
export type UserFunction =
  | {
      readonly kind: 'sql'
      readonly parameters: readonly UserParameter[]
      /** undefined: the body's own type. */
      readonly returns: SqlType | undefined
      readonly body: ast.Expression
    }
  | {
      readonly kind: 'js'
      readonly parameters: readonly UserParameter[]
      readonly returns: SqlType
      /** Under which the session knows it. */
      readonly id: string
    }
  | { readonly kind: 'table'; readonly parameters: readonly UserParameter[]; readonly query: ast.Query }

export interface UserParameter {
  readonly name: string
  /** undefined: ANY TYPE. */
  readonly type: SqlType | undefined
}

export interface CompileContext {
  readonly catalog: SqlCatalog
  readonly parameters?: readonly DeclaredParameter[] | undefined
  /** Variables of the script by name in lower case: bound like parameters, as `$var_<name>`. */
  readonly variables?: ReadonlyMap<string, SqlType> | undefined
  /** By name in lower case. */
  readonly tempTables?: ReadonlyMap<string, TempTable> | undefined
  /** By path in lower case: `f`, `ds.f`. */
  readonly functions?: ReadonlyMap<string, UserFunction> | undefined
  readonly sessionUser: string
}

/** A filter that the query sets above a table, as it was written: for pruning and the cost guard. */
export interface TableUse {
  readonly dataset: string
  readonly table: string
  /** Names as the catalog spells them. */
  readonly columns: Set<string>
  /** AND-ed conditions of the WHERE clauses that stand directly above this use of the table. */
  readonly conditions: ast.Expression[]
  /** Range variable of this use, in lower case, for reading `conditions`. */
  readonly alias: string
  readonly offset: Offset
}

export type LintNote =
  | {
      readonly kind: 'select-star'
      readonly offset: Offset
      readonly tables: readonly { readonly dataset: string; readonly table: string }[]
    }
  | { readonly kind: 'cross-join'; readonly offset: Offset }
  | { readonly kind: 'limit'; readonly offset: Offset }

export interface CompileFacts {
  readonly tables: TableUse[]
  readonly lint: LintNote[]
  readonly routines: { readonly dataset: string; readonly name: string }[]
  isVolatile: boolean
  usesUserCode: boolean
}

export class CompileState {
  readonly context: CompileContext
  readonly facts: CompileFacts = { tables: [], lint: [], routines: [], isVolatile: false, usesUserCode: false }
  readonly parameters = new Map<string, ParameterUse>()
  /** Names of relations that the SQL uses, in lower case. */
  private readonly names = new Set<string>()
  /** Views and functions within each other. */
  private depth = 0

  readonly tools: Tools

  constructor(context: CompileContext, tools: Tools) {
    this.context = context
    this.tools = tools
  }

  /** What was compiled apart and stands in this statement at `offset`. */
  noteFacts({ tables, routines, isVolatile, usesUserCode }: CompileFacts, offset: Offset): void {
    this.facts.tables.push(...tables.map((use) => ({ ...use, offset })))
    this.facts.routines.push(...routines)
    this.facts.isVolatile ||= isVolatile
    this.facts.usesUserCode ||= usesUserCode
  }

  /** A name for a relation that no other one has, near to what the person called it. */
  relationName(wish: string): string {
    let name = wish
    for (let count = 2; this.names.has(name.toLowerCase()); count += 1) name = `${wish}_${count}`
    this.names.add(name.toLowerCase())
    return name
  }

  /** Bodies of views and functions are compiled in place; they may not go round in circles. */
  within<T>(what: string, offset: Offset, work: () => T): T {
    if (this.depth >= bodiesDeepMax)
      throw new SqlError('semantic', `${what} is nested too deeply, or refers to itself`, offset)
    this.depth += 1
    try {
      return work()
    } finally {
      this.depth -= 1
    }
  }
}

/** BigQuery allows views 16 deep. */
const bodiesDeepMax = 16
