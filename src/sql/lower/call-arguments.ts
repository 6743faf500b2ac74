// The arguments of a call, as overload.ts looks at them: lowered when first asked for.
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import type { SqlType } from '../types.ts'
import type { Lowered } from './lowered.ts'
import type { CallArgument, LambdaArgument } from './overload.ts'
import type { Scope } from './scope.ts'
import { lambdaName } from './share.ts'

export function callArguments(args: readonly ast.Argument[], scope: Scope): CallArgument[] {
  return args.map((argument) => callArgument(argument, scope))
}

function callArgument(node: ast.Argument, scope: Scope): CallArgument {
  if (node.kind === 'named-argument') return { ...callArgument(node.value, scope), name: node.name.name }
  if (node.kind === 'star-argument' || node.kind === 'table-argument') {
    throw new SqlError(
      'semantic',
      node.kind === 'star-argument'
        ? 'Argument * can only be used in COUNT(*)'
        : `${node.what} arguments are only allowed in table functions`,
      node.offset,
    )
  }
  const base = {
    offset: node.offset,
    name: undefined,
    part: partOf(node),
    isInterval: node.kind === 'interval' && node.to === undefined,
  }
  if (node.kind === 'lambda') {
    const refuse = (): never => {
      throw new SqlError('semantic', 'Lambda is not allowed here', node.offset)
    }
    return { ...base, value: refuse, lambda: lambdaArgument(node, scope) }
  }
  let known: Lowered | undefined
  return { ...base, value: () => (known ??= scope.state.tools.expression(node, scope)), lambda: undefined }
}

/** `DAY`, `WEEK(MONDAY)`: parts look like names and calls. */
export function partOf(node: ast.Expression | ast.Lambda): string | undefined {
  if (node.kind === 'name' && node.parts.length === 1) return node.parts[0]?.name.toUpperCase()
  if (node.kind !== 'call' || node.name.length !== 1 || node.args.length !== 1 || node.over !== undefined)
    return undefined
  const [argument] = node.args
  if (argument?.kind !== 'name' || argument.parts.length !== 1) return undefined
  return `${node.name[0]?.name.toUpperCase()}(${argument.parts[0]?.name.toUpperCase()})`
}

/** The value of `INTERVAL n DAY` alone. */
export function amountOf(argument: CallArgument): Lowered {
  const { interval } = argument.value()
  if (interval === undefined) throw new Error('BUG: not an interval')
  return interval.amount
}

function lambdaArgument(node: ast.Lambda, scope: Scope): LambdaArgument {
  return {
    parameters: node.parameters.map(({ name }) => name),
    body(types) {
      const taken = [...scope.locals.values()].map(({ sql }) => sql)
      const names: string[] = []
      const locals = new Map(scope.locals)
      for (const [index, { name }] of node.parameters.entries()) {
        const own = lambdaName('l', ...taken, ...names)
        names.push(own)
        locals.set(name.toLowerCase(), parameter(own, types[index], index))
      }
      const inner: Scope = { ...scope, locals, allowsAggregates: false, allowsWindows: false }
      return { lowered: scope.state.tools.expression(node.body, inner), names }
    },
  }
}

/** DuckDB counts elements from 1, BigQuery from 0. */
function parameter(name: string, type: SqlType | undefined, index: number): Lowered {
  const known = type ?? { kind: 'INT64' as const }
  const isPosition = index === 1 && known.kind === 'INT64'
  return { sql: isPosition ? `(${name} - 1)` : name, type: known, origin: 'value' }
}

/** An expression, as most functions take: no star, name, lambda or table. */
export function isExpression(argument: ast.Argument): argument is ast.Expression {
  const { kind } = argument
  return kind !== 'star-argument' && kind !== 'named-argument' && kind !== 'lambda' && kind !== 'table-argument'
}
