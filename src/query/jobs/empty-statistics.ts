// What a finished job tells when there is little to tell.
import type { JobStatistics, StatementType } from '../contract.ts'

/** Of a statement that has read nothing and changed nothing. */
export function emptyStatistics(statementType: StatementType): JobStatistics {
  return {
    statementType,
    bytesProcessed: 0,
    bytesBilled: 0,
    cacheHit: false,
    rows: 0,
    affectedRows: undefined,
    referencedTables: [],
  }
}
