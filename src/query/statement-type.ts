// BigQuery's word for what a statement does; several statements are a script.
import { statementTypes } from '../sql/script/statement-type.ts'
import type { Script, Statement } from '../sql/syntax/ast-statement.ts'
import type { StatementType } from './contract.ts'

const plain: Partial<Record<Statement['kind'], StatementType>> = statementTypes

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
