// BigQuery's word for a statement, as INFORMATION_SCHEMA.JOBS shows it.
import type { Statement } from '../syntax/ast-statement.ts'

/** Of those whose kind alone says it. */
export const statementTypes = {
  'query-statement': 'SELECT',
  insert: 'INSERT',
  update: 'UPDATE',
  delete: 'DELETE',
  merge: 'MERGE',
  truncate: 'TRUNCATE_TABLE',
  'create-schema': 'CREATE_SCHEMA',
  'create-table-from': 'CREATE_TABLE',
  'create-view': 'CREATE_VIEW',
  'create-function': 'CREATE_FUNCTION',
  'create-table-function': 'CREATE_TABLE_FUNCTION',
  'create-procedure': 'CREATE_PROCEDURE',
  alter: 'ALTER_TABLE',
  'drop-function': 'DROP_FUNCTION',
} as const satisfies Partial<Record<Statement['kind'], string>>

const words: Partial<Record<Statement['kind'], string>> = {
  ...statementTypes,
  assert: 'ASSERT',
  'call-procedure': 'CALL',
  'begin-transaction': 'BEGIN_TRANSACTION',
  'commit-transaction': 'COMMIT_TRANSACTION',
  'rollback-transaction': 'ROLLBACK_TRANSACTION',
  'execute-immediate': 'SCRIPT',
}

export function statementTypeName(statement: Statement): string {
  if (statement.kind === 'create-table')
    return statement.query === undefined ? 'CREATE_TABLE' : 'CREATE_TABLE_AS_SELECT'
  if (statement.kind === 'drop') return `DROP_${statement.what.replaceAll(' ', '_')}`
  return words[statement.kind] ?? 'SCRIPT'
}
