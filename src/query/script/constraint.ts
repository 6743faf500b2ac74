// What a table's own rules refuse, in the words of BigQuery rather than the engine's.
import { MillpondError } from '../../core/errors.ts'

/** Error of a statement that writes; others go through. */
export async function inBigqueryWords<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof MillpondError) || error.code !== 'query-invalid') throw error
    // `table.column`; the table may be one in the making.
    const [, column] = /^Constraint Error: NOT NULL constraint failed: [^.]*\.(.+)$/s.exec(error.message) ?? []
    if (column === undefined) throw error
    throw new MillpondError('query-invalid', `Required field ${column} cannot be null`, { cause: error })
  }
}
