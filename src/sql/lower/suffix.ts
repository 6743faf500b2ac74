// Which tables of a wildcard a WHERE clause leaves: constant conditions over _TABLE_SUFFIX.
import type * as ast from '../syntax/ast.ts'

type Test = (suffix: string) => boolean

/** True for every suffix that the conditions can't rule out. */
export function suffixFilter(conditions: readonly ast.Expression[]): Test {
  const tests = conditions.flatMap((condition) => testOf(condition) ?? [])
  return (suffix) => tests.every((test) => test(suffix))
}

function isSuffix(node: ast.Expression): boolean {
  return node.kind === 'name' && node.parts.at(-1)?.name.toUpperCase() === '_TABLE_SUFFIX'
}

function constantOf(node: ast.Expression): string | undefined {
  return node.kind === 'string' ? node.value : undefined
}

const comparisons: Readonly<Record<string, ((left: string, right: string) => boolean) | undefined>> = {
  '=': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
}

/** undefined: nothing can be told from it. */
function testOf(node: ast.Expression): Test | undefined {
  switch (node.kind) {
    case 'binary': {
      const compare = comparisons[node.operator]
      const [left, right] = [constantOf(node.left), constantOf(node.right)]
      if (compare === undefined) return undefined
      if (isSuffix(node.left) && right !== undefined) return (suffix) => compare(suffix, right)
      if (isSuffix(node.right) && left !== undefined) return (suffix) => compare(left, suffix)
      return undefined
    }
    case 'between': {
      const [low, high] = [constantOf(node.low), constantOf(node.high)]
      if (!isSuffix(node.operand) || low === undefined || high === undefined) return undefined
      return (suffix) => (suffix >= low && suffix <= high) !== node.isNot
    }
    case 'in': {
      if (!isSuffix(node.operand) || node.source.kind !== 'list' || node.isNot) return undefined
      const values = node.source.items.map(constantOf)
      return values.includes(undefined) ? undefined : (suffix) => values.includes(suffix)
    }
    case 'logical': {
      const tests = node.operands.map(testOf)
      if (node.operator === 'AND') return (suffix) => tests.every((test) => test === undefined || test(suffix))
      return tests.includes(undefined) ? undefined : (suffix) => tests.some((test) => test?.(suffix) === true)
    }
    default:
      return undefined
  }
}
