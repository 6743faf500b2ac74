// What is wrong with a script before it runs: declarations that stand too late, BREAK without a loop, labels that nobody has.
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import type { Jump, Statement } from '../syntax/ast-statement.ts'

interface Around {
  readonly labels: readonly { readonly name: string; readonly isLoop: boolean }[]
  readonly isInLoop: boolean
}

/** SqlError: BigQuery would not run it either. */
export function checkScript(statements: readonly Statement[]): void {
  checkBlock(statements, { labels: [], isInLoop: false })
}

/** Declarations stand first in a script and in a BEGIN block, and nowhere else. */
function checkBlock(statements: readonly Statement[], around: Around): void {
  const first = statements.findIndex(({ kind }) => kind !== 'declare')
  checkList(first === -1 ? [] : statements.slice(first), around)
}

function checkList(statements: readonly Statement[], around: Around): void {
  for (const statement of statements) checkStatement(statement, around)
}

function checkStatement(statement: Statement, around: Around): void {
  switch (statement.kind) {
    case 'declare':
      throw new SqlError(
        'semantic',
        'Variable declarations are allowed only at the start of a block or script',
        statement.offset,
      )
    case 'if':
    case 'case-statement':
      for (const { body } of statement.branches) checkList(body, around)
      checkList(statement.otherwise ?? [], around)
      return
    case 'block': {
      const inside = { ...around, labels: withLabel(around, statement.label, false) }
      checkBlock(statement.body, inside)
      // EXCEPTION opens a block of its own.
      checkBlock(statement.handler ?? [], inside)
      return
    }
    case 'loop':
    case 'while':
    case 'repeat':
    case 'for':
      return checkList(statement.body, { labels: withLabel(around, statement.label, true), isInLoop: true })
    case 'leave':
    case 'iterate':
      return checkJump(statement, around)
    case 'create-procedure':
      return checkScript([statement.body])
    default:
  }
}

function withLabel({ labels }: Around, label: ast.Identifier | undefined, isLoop: boolean): Around['labels'] {
  if (label === undefined) return labels
  const name = label.name.toLowerCase()
  if (labels.some((one) => one.name === name)) {
    throw new SqlError('semantic', `Duplicate label ${label.name}: a statement around has it, too`, label.offset)
  }
  return [...labels, { name, isLoop }]
}

function checkJump({ kind, label, offset }: Jump, { labels, isInLoop }: Around): void {
  if (label === undefined) {
    if (isInLoop) return
    const word = kind === 'leave' ? 'BREAK' : 'CONTINUE'
    throw new SqlError('semantic', `${word} is only allowed inside of a loop body`, offset)
  }
  const found = labels.find(({ name }) => name === label.name.toLowerCase())
  if (found === undefined)
    throw new SqlError('semantic', `Label ${label.name} is not that of a statement around`, offset)
  if (kind === 'iterate' && !found.isLoop)
    throw new SqlError(
      'semantic',
      `CONTINUE or ITERATE needs the label of a loop: ${label.name} is that of a block`,
      offset,
    )
}
