// The door of the compiler: a parsed query becomes DuckDB SQL with its columns, parameters and facts.
import type * as ast from '../syntax/ast.ts'
import type { SqlType } from '../types.ts'
import type { CompileContext, CompileFacts, NamedColumn } from './context.ts'
import { StatementCompiler } from './statement.ts'

export type {
  CompileContext,
  CompileFacts,
  DeclaredParameter,
  LintNote,
  NamedColumn,
  TableUse,
  TempTable,
  UserFunction,
  UserParameter,
} from './context.ts'
export { bindParameter, type ParameterValue } from './parameters.ts'
export { resolveType, type ResolvedType } from './type-node.ts'
export { StatementCompiler, type StatementExpression } from './statement.ts'

/** A parameter or script variable that the SQL names. */
export interface UsedParameter {
  /** `$<sqlName>` in the SQL; the text of bindParameter belongs there. */
  readonly sqlName: string
  readonly source: 'named' | 'positional' | 'variable'
  /** Of a named parameter or variable, as declared or first written. */
  readonly name: string | undefined
  /** Of a positional one, from 1. */
  readonly position: number | undefined
  /** undefined: undeclared, and nothing in the query tells. */
  readonly type: SqlType | undefined
  readonly isDeclared: boolean
}

export interface CompiledQuery {
  /** One SELECT. Its columns have unique names; those of `columns` are BigQuery's, which may be the same twice. */
  readonly sql: string
  readonly columns: readonly NamedColumn[]
  readonly parameters: readonly UsedParameter[]
  readonly facts: CompileFacts
}

export interface CompiledExpression {
  readonly sql: string
  readonly type: SqlType
  readonly parameters: readonly UsedParameter[]
  readonly facts: CompileFacts
}

/** SqlError: the query is wrong, or can't be answered locally as BigQuery would. */
export function compileQuery(query: ast.Query, context: CompileContext): CompiledQuery {
  const statement = new StatementCompiler(context)
  const { sql, columns } = statement.query(query)
  return { sql, columns, ...statement.finish() }
}

/** An expression without a table: of DECLARE, SET, IF, LIMIT. `target`: coerced to it, as an assignment does. */
export function compileExpression(
  expression: ast.Expression,
  context: CompileContext,
  target?: SqlType,
): CompiledExpression {
  const statement = new StatementCompiler(context)
  const { sql, type } = target === undefined ? statement.expression(expression) : statement.assigned(expression, target)
  return { sql, type, ...statement.finish() }
}
