// |> AGGREGATE … GROUP BY …: grouping columns first, then the aggregates.
import type * as ast from '../syntax/ast.ts'
import type { Relation } from './from-shapes.ts'
import { impliedName } from './names.ts'
import { selectNode } from './pipe-relation.ts'
import { lowerSelectFrom, type InnerResult } from './select.ts'
import type { Scope } from './scope.ts'
import { noTail } from './tail.ts'

type Aggregate = Extract<ast.PipeOperator, { readonly kind: 'pipe-aggregate' }>

export function lowerPipeAggregate(pipe: Aggregate, relation: Relation, scope: Scope): InnerResult {
  const groups = pipe.groupBy ?? []
  const keys = groups.flatMap((group) =>
    expressionsOf(group.grouping).map((value) => ({ value, alias: group.alias, order: group.order })),
  )
  const keyItems = keys.map(({ value, alias }): ast.SelectExpression => ({
    kind: 'select-expression',
    value,
    alias: alias ?? impliedAlias(value),
    offset: value.offset,
    end: value.end,
  }))
  const items: ast.SelectItem[] = [...keyItems, ...pipe.items.map(({ item }) => item)]
  const groupBy: ast.GroupBy = {
    kind: 'group-by',
    isAll: false,
    items:
      groups.length === 0
        ? [{ kind: 'grouping-set', items: [], offset: pipe.offset, end: pipe.end }]
        : groups.map(({ grouping }) => grouping),
    offset: pipe.offset,
    end: pipe.end,
  }
  const orders = [...keys.map(({ order }) => order), ...pipe.items.map(({ order }) => order)]
  const orderBy = orders.flatMap((order, index) => {
    const isKey = index < keys.length
    if (order === undefined && !(pipe.isOrdered && isKey)) return []
    return [orderItem(index, order, pipe)]
  })
  return lowerSelectFrom(selectNode(items, pipe, { groupBy }), relation, scope, { ...noTail, orderBy })
}

function impliedAlias(value: ast.Expression): ast.Identifier | undefined {
  const name = impliedName(value)
  return name === undefined
    ? undefined
    : { kind: 'identifier', name, isQuoted: false, offset: value.offset, end: value.end }
}

function orderItem(index: number, order: ast.PipeOrder | undefined, at: ast.Node): ast.OrderItem {
  const { offset, end } = at
  return {
    kind: 'order-item',
    value: { kind: 'int', text: String(index + 1), offset, end },
    direction: order?.direction,
    nulls: order?.nulls,
    collate: undefined,
    offset,
    end,
  }
}

function expressionsOf(grouping: ast.GroupingItem): readonly ast.Expression[] {
  switch (grouping.kind) {
    case 'grouping-expression':
      return [grouping.value]
    case 'rollup':
    case 'cube':
      return grouping.elements.flat()
    case 'grouping-sets':
      return grouping.sets.flatMap(expressionsOf)
    case 'grouping-set':
      return grouping.items
  }
}
