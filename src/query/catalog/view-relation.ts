// A view that people made, as a relation: its GoogleSQL compiled with the caller's own rights, whoever made it.
import { MillpondError } from '../../core/errors.ts'
import type { SqlCatalog } from '../../sql/catalog.ts'
import { type CompileFacts, compileQuery } from '../../sql/lower/compile.ts'
import { locate, SqlError } from '../../sql/sql-error.ts'
import { parseScript } from '../../sql/syntax/parser.ts'

export interface ViewText {
  readonly dataset: string
  readonly table: string
  readonly viewSql?: string | undefined
}

/** `relation`: DuckDB SQL in brackets. Errors: query-invalid, query-unsupported. */
export function viewRelation(
  { dataset, table, viewSql = '' }: ViewText,
  catalog: SqlCatalog,
  sessionUser: string,
): { readonly relation: string; readonly facts: CompileFacts } {
  try {
    const [statement, ...more] = parseScript(viewSql).statements
    if (statement?.kind !== 'query-statement' || more.length > 0) throw new SqlError('semantic', 'it is no query', 0)
    const { sql, facts } = compileQuery(statement.query, { catalog, sessionUser })
    return { relation: `(${sql})`, facts }
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    const { code, message } = locate(error, viewSql)
    throw new MillpondError(code, `The view ${dataset}.${table} can't be read: ${message}`, { cause: error })
  }
}
