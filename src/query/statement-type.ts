// BigQuery's word for what a statement does; several statements are a script.
import type { Script, Statement } from '../sql/syntax/ast-statement.ts'
import type { StatementType } from './contract.ts'

const plain: Partial<Record<Statement['kind'], StatementType>> = {
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
}

export function statementTypeOf({ statements }: Pick<Script, 'statements'>): StatementType {
  const [first, ...rest] = statements
  if (first === undefined) return 'OTHER'
  return rest.length > 0 ? 'SCRIPT' : typeOfStatement(first)
}

export function typeOfStatement(statement: Statement): StatementType {
  if (statement.kind === 'create-table')
    return statement.query === undefined ? 'CREATE_TABLE' : 'CREATE_TABLE_AS_SELECT'
  if (statement.kind === 'drop') {
    if (statement.what === 'SCHEMA') return 'DROP_SCHEMA'
    return statement.what === 'TABLE' ? 'DROP_TABLE' : 'DROP_VIEW'
  }
  return plain[statement.kind] ?? (isScripting(statement) ? 'SCRIPT' : 'OTHER')
}

function isScripting({ kind }: Statement): boolean {
  return [
    'declare',
    'set',
    'if',
    'case-statement',
    'block',
    'loop',
    'while',
    'repeat',
    'for',
    'call-procedure',
    'execute-immediate',
    'assert',
  ].includes(kind)
}
