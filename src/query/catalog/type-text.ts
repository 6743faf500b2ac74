// GoogleSQL type texts (`ARRAY<STRUCT<a INT64>>`, `NUMERIC(10, 2)`) as types.
import { MillpondError } from '../../core/errors.ts'
import { resolveType } from '../../sql/lower/type-node.ts'
import { SqlError } from '../../sql/sql-error.ts'
import { parseType } from '../../sql/syntax/parser.ts'
import type { SqlType } from '../../sql/types.ts'

/** Error: request-invalid. */
export function typeOfText(text: string): SqlType {
  try {
    return resolveType(parseType(text)).type
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    throw new MillpondError('request-invalid', `"${text.slice(0, 200)}" is no type: ${error.message}`, { cause: error })
  }
}
