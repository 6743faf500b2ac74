// One SQLite transaction around synchronous work; an error rolls it back.
import type { DatabaseSync } from 'node:sqlite'

/**
 * `end` = 'ROLLBACK' makes it a rehearsal: the result is as if it had happened. Inside another one it is a part of that one, which
 * ends as a whole.
 */
export function transaction<T>(database: DatabaseSync, end: 'COMMIT' | 'ROLLBACK', work: () => T): T {
  if (database.isTransaction) return work()
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec(end)
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
