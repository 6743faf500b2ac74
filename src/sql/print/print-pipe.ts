// Pipe operators → GoogleSQL, without the `|>`.
import type { PipeOperator, PipeOrder, Query } from '../syntax/ast.ts'
import type { PipeSubpipeline } from '../syntax/ast-pipe.ts'
import { aliasText, printExpression, printIdentifier, printNames, printOrder } from './print-expression.ts'
import {
  conditionText,
  printFrom,
  printJoinWords,
  printPivot,
  printSample,
  printTableFunction,
  printUnpivot,
} from './print-from.ts'
import {
  printGrouping,
  printQuery,
  printSelect,
  printSelectItem,
  printSetOperator,
  printWindows,
  printWith,
} from './print-query.ts'

export function printPipe(pipe: PipeOperator): string {
  switch (pipe.kind) {
    case 'pipe-select':
      return printSelect(pipe.select)
    case 'pipe-extend':
      return `EXTEND ${pipe.items.map(printSelectItem).join(', ')}${printWindows(pipe.windows)}`
    case 'pipe-set':
      return `SET ${pipe.items.map(({ column, value }) => `${printIdentifier(column)} = ${printExpression(value)}`).join(', ')}`
    case 'pipe-drop':
      return `DROP ${printNames(pipe.columns)}`
    case 'pipe-rename':
      return `RENAME ${pipe.items.map(({ from, to }) => `${printIdentifier(from)} AS ${printIdentifier(to)}`).join(', ')}`
    case 'pipe-as':
      return `AS ${printIdentifier(pipe.alias)}`
    case 'pipe-where':
      return `WHERE ${printExpression(pipe.condition)}`
    case 'pipe-limit':
      return `LIMIT ${printExpression(pipe.limit)}${pipe.skip === undefined ? '' : ` OFFSET ${printExpression(pipe.skip)}`}`
    case 'pipe-aggregate':
      return printAggregate(pipe)
    case 'pipe-order-by':
      return `ORDER BY ${printOrder(pipe.orderBy)}`
    case 'pipe-distinct':
      return 'DISTINCT'
    case 'pipe-join':
      return `${printJoinWords(pipe.join)} ${printFrom(pipe.right)}${conditionText(pipe)}`
    case 'pipe-set-operation':
      return `${printSetOperator(pipe)} ${pipe.inputs.map(printInput).join(', ')}`
    case 'pipe-call':
      return `CALL ${printTableFunction(pipe.call)}`
    case 'pipe-window':
      return `WINDOW ${pipe.items.map(printSelectItem).join(', ')}`
    case 'pipe-sample':
      return printSample(pipe.clause)
    case 'pipe-pivot':
      return `${printPivot(pipe.clause)}${aliasText(pipe.alias)}`
    case 'pipe-unpivot':
      return `${printUnpivot(pipe.clause)}${aliasText(pipe.alias)}`
    case 'pipe-match-recognize':
      return `MATCH_RECOGNIZE(${pipe.text})${aliasText(pipe.alias)}`
    case 'pipe-with':
      return printWith(pipe.with)
    case 'pipe-recursive-union':
      return `RECURSIVE ${printSetOperator(pipe)} ${pipe.inputs.map(printInput).join(', ')}${aliasText(pipe.alias)}`
  }
}

function printInput(input: Query | PipeSubpipeline): string {
  return `(${input.kind === 'query' ? printQuery(input) : input.pipes.map((pipe) => `|> ${printPipe(pipe)}`).join(' ')})`
}

function orderText(order: PipeOrder | undefined): string {
  return order === undefined ? '' : ` ${order.direction}${order.nulls === undefined ? '' : ` NULLS ${order.nulls}`}`
}

function printAggregate({ items, groupBy, isOrdered }: Extract<PipeOperator, { kind: 'pipe-aggregate' }>): string {
  const calls = items.map(({ item, order }) => `${printSelectItem(item)}${orderText(order)}`).join(', ')
  const groups = groupBy?.map(
    ({ grouping, alias, order }) => `${printGrouping(grouping)}${aliasText(alias)}${orderText(order)}`,
  )
  const by = groups === undefined ? [] : [`GROUP ${isOrdered ? 'AND ORDER ' : ''}BY ${groups.join(', ')}`]
  return ['AGGREGATE', ...(calls === '' ? [] : [calls]), ...by].join(' ')
}
