// CommandComplete: what was done, in Postgres' words.
import type { StatementType } from '../../contract.ts'
import type { StatementText } from '../rewrite/lexer.ts'

/** `type` undefined: it gave rows. */
export function tagOf(source: StatementText, type: StatementType | undefined, rows: number): string {
  const first = source.tokens[0]?.lower ?? ''
  switch (type) {
    case 'INSERT':
      return `INSERT 0 ${rows}`
    case 'UPDATE':
    case 'DELETE':
    case 'MERGE':
      return `${type} ${rows}`
    case 'SELECT':
    case 'CREATE_TABLE_AS_SELECT':
      return `SELECT ${rows}`
    case undefined: {
      if (first === 'insert') return `INSERT 0 ${rows}`
      return first === 'update' || first === 'delete' || first === 'merge'
        ? `${first.toUpperCase()} ${rows}`
        : `SELECT ${rows}`
    }
    case 'OTHER':
    case 'SCRIPT':
      return first === '' ? 'SELECT 0' : first.toUpperCase()
    default:
      return type.replaceAll('_', ' ')
  }
}
