// CREATE TABLE … AS SELECT: the columns that come of it, and the rows to begin with.
import { compileQuery, StatementCompiler } from '../lower/compile.ts'
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import { assignedQuerySql, refuseUnnamed } from './assigned-query.ts'
import { queriedColumns } from './columns.ts'
import { statementOf } from './evaluate.ts'
import type { ColumnShape, CompiledStatement } from './host.ts'
import type { RunningScript } from './script-run.ts'
import { storedRows } from './stored.ts'
import { withSystemVariables } from './system-variables.ts'

/** `declared` empty: the columns are the query's own. */
export async function askedRows(
  run: RunningScript,
  query: ast.Query,
  declared: readonly ColumnShape[],
): Promise<{ readonly columns: readonly ColumnShape[]; readonly rows: CompiledStatement }> {
  const tree = withSystemVariables(query, run)
  const context = await run.context()
  const compiled = compileQuery(tree, context)
  if (declared.length === 0) {
    refuseUnnamed(query)
    const columns = queriedColumns(compiled.columns, query.offset)
    return { columns, rows: statementOf(storedRows(compiled.sql, columns), compiled, run.scene) }
  }
  if (compiled.columns.length !== declared.length) {
    throw new SqlError(
      'semantic',
      `The number of columns in the column definition list (${declared.length}) does not match the number of columns produced by the query (${compiled.columns.length})`,
      query.offset,
    )
  }
  const compiler = new StatementCompiler(context)
  const sql = assignedQuerySql(compiler, tree, declared)
  return { columns: declared, rows: statementOf(storedRows(sql, declared), compiler.finish(), run.scene) }
}
