// @@row_count, @@error.message and their kin: put into the tree as literals before a statement is compiled.
import type * as ast from '../syntax/ast.ts'
import { SqlError } from '../sql-error.ts'
import type { RunningScript } from './script-run.ts'

/** Of a query, a DML statement or an expression, at the moment in which it runs. */
export function withSystemVariables<Tree>(tree: Tree, run: RunningScript): Tree {
  return replaced(tree, run) as Tree
}

function replaced(node: unknown, run: RunningScript): unknown {
  if (typeof node !== 'object' || node === null || node instanceof Uint8Array) return node
  if (Array.isArray(node)) {
    const items = node.map((item) => replaced(item, run))
    return items.every((item, index) => item === node[index]) ? node : items
  }
  if ((node as { readonly kind?: unknown }).kind === 'system-variable')
    return literalOf(node as ast.SystemVariable, run)
  let copy: Record<string, unknown> | undefined
  for (const [key, value] of Object.entries(node)) {
    const changed = replaced(value, run)
    if (changed !== value) copy = { ...(copy ?? (node as Record<string, unknown>)), [key]: changed }
  }
  return copy ?? node
}

function literalOf(variable: ast.SystemVariable, run: RunningScript): ast.Expression {
  const { offset, end } = variable
  const name = variable.path.join('.').toLowerCase()
  const { handled } = run.scene
  const text = (value: string | undefined): ast.Expression =>
    value === undefined ? { kind: 'null', offset, end } : { kind: 'string', value, offset, end }
  switch (name) {
    case 'row_count':
      return { kind: 'int', text: String(run.rowCount), offset, end }
    case 'error.message':
      return text(handled?.message)
    case 'error.statement_text':
      return text(handled?.statementText)
    case 'error.formatted_stack_trace':
      return text(handled?.stack)
    case 'time_zone':
      return text('UTC')
    default:
      throw new SqlError('unsupported', `The system variable @@${name} is not supported locally`, offset)
  }
}
