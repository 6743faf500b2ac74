// GROUP BY: ordinals, aliases, ALL, ROLLUP, CUBE, GROUPING SETS.
import { SqlError } from '../sql-error.ts'
import { typeName } from '../type-names.ts'
import type * as ast from '../syntax/ast.ts'
import { isGroupable } from './comparisons.ts'
import type { Lowered } from './lowered.ts'
import type { Item } from './output.ts'
import type { Scope, SelectState } from './scope.ts'
import type { SelectEntry } from './select-items.ts'

export interface Grouping {
  /** Behind GROUP BY. */
  readonly text: string
}

export function groupedBy(groupBy: ast.GroupBy, entries: readonly SelectEntry[], scope: Scope): Grouping {
  const inner: Scope = { ...scope, clause: 'GROUP BY', allowsAggregates: false, allowsWindows: false }
  scope.select.isGrouped = true
  const key = (node: ast.Expression): string => groupingKey(node, entries, inner)
  const texts = groupBy.items.map((item) => groupingText(item, key))
  return { text: texts.join(', ') }
}

function groupingText(item: ast.GroupingItem, key: (node: ast.Expression) => string): string {
  const list = (nodes: readonly ast.Expression[]): string => nodes.map(key).join(', ')
  switch (item.kind) {
    case 'grouping-expression':
      return key(item.value)
    case 'rollup':
    case 'cube': {
      const elements = item.elements.map((nodes) => (nodes.length === 1 ? list(nodes) : `(${list(nodes)})`))
      return `${item.kind === 'rollup' ? 'ROLLUP' : 'CUBE'} (${elements.join(', ')})`
    }
    case 'grouping-sets':
      return `GROUPING SETS (${item.sets.map((set) => groupingText(set, key)).join(', ')})`
    case 'grouping-set':
      return `(${list(item.items)})`
  }
}

function groupingKey(node: ast.Expression, entries: readonly SelectEntry[], scope: Scope): string {
  const entry = selected(node, entries)
  const known = entry?.node === undefined ? undefined : scope.select.byNode.get(entry.node)
  const lowered = known ?? (entry === undefined ? scope.state.tools.expression(node, scope) : entry.lower(scope))
  if (!isGroupable(lowered.type)) {
    throw new SqlError(
      'semantic',
      `Grouping by expressions of type ${typeName(lowered.type)} is not allowed`,
      node.offset,
    )
  }
  scope.select.keys.add(lowered.sql)
  if (entry?.node !== undefined) scope.select.byNode.set(entry.node, settled(lowered, scope.select))
  return lowered.sql
}

function settled(lowered: Lowered, select: SelectState): Lowered {
  const loose = lowered.loose?.filter((one) => one.select !== select)
  return { ...lowered, loose: loose === undefined || loose.length === 0 ? undefined : loose }
}

/** An integer is a column's number; a lone name is an alias of SELECT before it is a column. */
function selected(node: ast.Expression, entries: readonly SelectEntry[]): SelectEntry | undefined {
  if (node.kind === 'int') {
    const entry = entries[Number(node.text) - 1]
    if (entry === undefined)
      throw new SqlError('semantic', `GROUP BY is out of SELECT column number range: ${node.text}`, node.offset)
    return entry
  }
  if (node.kind !== 'name' || node.parts.length !== 1) return undefined
  const wanted = node.parts[0]?.name.toLowerCase()
  const found = entries.filter(({ name }) => name?.toLowerCase() === wanted)
  const aliases = found.filter(({ isAlias }) => isAlias)
  if (aliases.length > 1)
    throw new SqlError('semantic', `Name ${node.parts[0]?.name} is ambiguous in GROUP BY`, node.offset)
  return aliases[0] ?? (found.length === 1 ? found[0] : undefined)
}

/** GROUP BY ALL: every item of SELECT without an aggregate. */
export function groupByAll(
  items: readonly (Item & { readonly hasAggregates: boolean })[],
  select: SelectState,
): Grouping | undefined {
  select.isGrouped = true
  const keys = items.filter(({ hasAggregates, lowered }) => !hasAggregates && lowered.loose !== undefined)
  for (const { lowered } of keys) {
    select.keys.add(lowered.sql)
    ;(lowered as { loose?: Lowered['loose'] }).loose = undefined
  }
  return { text: keys.length === 0 ? '()' : keys.map(({ lowered }) => lowered.sql).join(', ') }
}
