// How a stream of rows has ended. When a statement fails behind its first rows, the binding gives an empty chunk, just as at the
// end; only the result itself knows, and it has no words. Without a look at it a part of the answer would pass for the whole.
import { type DuckDBResult, ResultReturnType } from '@duckdb/node-api'

import { MillpondError } from '../../core/errors.ts'
import type { EngineStatement } from '../session.ts'
import type { Link } from './link.ts'
import { prepare } from './statement.ts'

/** Once no chunk comes any more: was it the end? */
export function hasFailed(result: DuckDBResult): boolean {
  return result.returnType === ResultReturnType.INVALID
}

/** Runs a SELECT again, in a transaction that has not failed, to hear why. Never resolves. Undefined: it can't be run twice. */
export async function tellFailure(link: Link, statement: EngineStatement | undefined): Promise<never> {
  if (statement !== undefined) {
    const prepared = await prepare(link, { ...statement, sql: `EXPLAIN ANALYZE ${statement.sql}` })
    try {
      await prepared.run()
    } finally {
      prepared.destroySync()
    }
  }
  throw new MillpondError('query-invalid', 'The query failed in the middle of its rows; the engine does not say why')
}
