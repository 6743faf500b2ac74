// FROM → GoogleSQL.
import type {
  Expression,
  FromItem,
  Identifier,
  JoinItem,
  PivotClause,
  SampleClause,
  TableFunctionItem,
  UnpivotClause,
  WithOffset,
} from '../syntax/ast.ts'
import {
  aliasText,
  printArgument,
  printExpression,
  printIdentifier,
  printNames,
  printPath,
} from './print-expression.ts'
import { printQuery } from './print-query.ts'

export function printFrom(item: FromItem): string {
  switch (item.kind) {
    case 'table': {
      const time = item.systemTime === undefined ? '' : ` FOR SYSTEM_TIME AS OF ${printExpression(item.systemTime)}`
      return `${printPath(item.parts)}${aliasText(item.alias)}${offsetText(item.withOffset)}${time}`
    }
    case 'unnest':
      return `UNNEST(${printExpression(item.array)})${aliasText(item.alias)}${offsetText(item.withOffset)}`
    case 'from-query':
      return `${item.isLateral ? 'LATERAL ' : ''}(${printQuery(item.query)})${aliasText(item.alias)}`
    case 'table-function':
      return printTableFunction(item)
    case 'join':
      return printJoin(item)
    case 'pivot':
      return `${printFrom(item.input)} ${printPivot(item.clause)}${aliasText(item.alias)}`
    case 'unpivot':
      return `${printFrom(item.input)} ${printUnpivot(item.clause)}${aliasText(item.alias)}`
    case 'sample':
      return `${printFrom(item.input)} ${printSample(item.clause)}`
    case 'match-recognize':
      return `${printFrom(item.input)} MATCH_RECOGNIZE(${item.text})${aliasText(item.alias)}`
    case 'graph-table':
      return `GRAPH_TABLE(${item.text})${aliasText(item.alias)}`
  }
}

function offsetText(offset: WithOffset | undefined): string {
  return offset === undefined ? '' : ` WITH OFFSET${aliasText(offset.alias)}`
}

export function printTableFunction({ isLateral, name, args, alias }: TableFunctionItem): string {
  return `${isLateral ? 'LATERAL ' : ''}${printPath(name)}(${args.map(printArgument).join(', ')})${aliasText(alias)}`
}

function printJoin(join: JoinItem): string {
  const left = printFrom(join.left)
  const right = printFrom(join.right)
  const text =
    join.join === 'COMMA' ? `${left}, ${right}` : `${left} ${printJoinWords(join.join)} ${right}${conditionText(join)}`
  return join.isInBrackets ? `(${text})` : text
}

export function printJoinWords(join: Exclude<JoinItem['join'], 'COMMA'>): string {
  return join === 'INNER' ? 'JOIN' : `${join} JOIN`
}

export function conditionText({
  on,
  using,
}: {
  on: Expression | undefined
  using: readonly Identifier[] | undefined
}): string {
  if (on !== undefined) return ` ON ${printExpression(on)}`
  return using === undefined ? '' : ` USING (${printNames(using)})`
}

export function printPivot({ aggregates, input, values }: PivotClause): string {
  const calls = aggregates.map(({ call, alias }) => `${printExpression(call)}${aliasText(alias)}`)
  const columns = values.map(({ value, alias }) => `${printExpression(value)}${aliasText(alias)}`)
  return `PIVOT(${calls.join(', ')} FOR ${printExpression(input, 5)} IN (${columns.join(', ')}))`
}

export function printUnpivot({ nulls, values, name, inputs }: UnpivotClause): string {
  const [only] = values
  const target = only !== undefined && values.length === 1 ? printIdentifier(only) : `(${printNames(values)})`
  const columns = inputs.map((one) => {
    const paths = one.columns.map(printPath)
    const text = values.length === 1 && paths.length === 1 ? paths.join('') : `(${paths.join(', ')})`
    return one.alias === undefined ? text : `${text} AS ${printExpression(one.alias)}`
  })
  return `UNPIVOT${nulls === undefined ? '' : ` ${nulls} NULLS `}(${target} FOR ${printIdentifier(name)} IN (${columns.join(', ')}))`
}

export function printSample({ method, size, unit }: SampleClause): string {
  return `TABLESAMPLE ${method} (${printExpression(size, 5)} ${unit})`
}
