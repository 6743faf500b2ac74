// Queries → GoogleSQL on one line. formatSql lays the text out.
import type {
  GroupingItem,
  NamedWindow,
  Query,
  QueryBody,
  Select,
  SelectItem,
  SetOperator,
  With,
} from '../syntax/ast.ts'
import {
  aliasText,
  printExpression,
  printIdentifier,
  printNames,
  printOptions,
  printOrder,
  printPath,
  printWindow,
} from './print-expression.ts'
import { printFrom } from './print-from.ts'
import { printPipe } from './print-pipe.ts'

export function printQuery(query: Query): string {
  const parts = [query.with === undefined ? '' : `${printWith(query.with)} `, printBody(query.body)]
  if (query.orderBy.length > 0) parts.push(` ORDER BY ${printOrder(query.orderBy)}`)
  if (query.limit !== undefined) parts.push(` LIMIT ${printExpression(query.limit)}`)
  if (query.skip !== undefined) parts.push(` OFFSET ${printExpression(query.skip)}`)
  for (const pipe of query.pipes) parts.push(` |> ${printPipe(pipe)}`)
  return parts.join('')
}

export function printWith({ isRecursive, entries }: With): string {
  const texts = entries.map(({ name, query }) => `${printIdentifier(name)} AS (${printQuery(query)})`)
  return `WITH ${isRecursive ? 'RECURSIVE ' : ''}${texts.join(', ')}`
}

function printBody(body: QueryBody): string {
  switch (body.kind) {
    case 'select':
      return printSelect(body)
    case 'brackets':
      return `(${printQuery(body.query)})`
    case 'from-first':
      return `FROM ${printFrom(body.from)}`
    case 'set-operation':
      return body.inputs.map(printBody).join(` ${printSetOperator(body)} `)
  }
}

export function printSetOperator(operator: SetOperator): string {
  const parts: string[] = []
  if (operator.mode !== undefined) parts.push(operator.mode)
  parts.push(operator.operator, operator.isDistinct ? 'DISTINCT' : 'ALL')
  if (operator.isStrict) parts.push('STRICT')
  const columns = operator.columns === undefined ? undefined : `(${printNames(operator.columns)})`
  if (operator.matching === 'by-name') parts.push('BY NAME', ...(columns === undefined ? [] : ['ON', columns]))
  if (operator.matching === 'corresponding')
    parts.push('CORRESPONDING', ...(columns === undefined ? [] : ['BY', columns]))
  return parts.join(' ')
}

export function printSelect(select: Select): string {
  const parts = ['SELECT ']
  if (select.privacy !== undefined) parts.push(`WITH ${select.privacy.name}${printOptions(select.privacy.options)} `)
  if (select.isDistinct) parts.push('DISTINCT ')
  if (select.as !== undefined)
    parts.push(`AS ${select.as.kind === 'type' ? printPath(select.as.parts) : select.as.kind.toUpperCase()} `)
  parts.push(select.items.map(printSelectItem).join(', '))
  if (select.from !== undefined) parts.push(` FROM ${printFrom(select.from)}`)
  if (select.where !== undefined) parts.push(` WHERE ${printExpression(select.where)}`)
  if (select.groupBy !== undefined) {
    parts.push(` GROUP BY ${select.groupBy.isAll ? 'ALL' : select.groupBy.items.map(printGrouping).join(', ')}`)
  }
  if (select.having !== undefined) parts.push(` HAVING ${printExpression(select.having)}`)
  if (select.qualify !== undefined) parts.push(` QUALIFY ${printExpression(select.qualify)}`)
  parts.push(printWindows(select.windows))
  return parts.join('')
}

export function printWindows(windows: readonly NamedWindow[]): string {
  if (windows.length === 0) return ''
  return ` WINDOW ${windows.map(({ name, window }) => `${printIdentifier(name)} AS ${printWindow(window)}`).join(', ')}`
}

export function printSelectItem(item: SelectItem): string {
  if (item.kind === 'select-expression') return `${printExpression(item.value)}${aliasText(item.alias)}`
  const of = item.of === undefined ? '' : `${printStarBase(item)}.`
  const except = item.except.length === 0 ? '' : ` EXCEPT (${printNames(item.except)})`
  const replace = item.replace.map(({ value, name }) => `${printExpression(value)} AS ${printIdentifier(name)}`)
  return `${of}*${except}${replace.length === 0 ? '' : ` REPLACE (${replace.join(', ')})`}`
}

function printStarBase({ of }: Extract<SelectItem, { kind: 'select-star' }>): string {
  if (of === undefined) return ''
  const isBare =
    of.kind === 'name' ||
    of.kind === 'call' ||
    of.kind === 'field' ||
    of.kind === 'subscript' ||
    of.kind === 'subquery' ||
    of.kind === 'struct'
  return isBare || of.kind === 'parameter' ? printExpression(of) : `(${printExpression(of)})`
}

export function printGrouping(item: GroupingItem): string {
  switch (item.kind) {
    case 'grouping-expression':
      return printExpression(item.value)
    case 'grouping-set':
      return `(${item.items.map((value) => printExpression(value)).join(', ')})`
    case 'grouping-sets':
      return `GROUPING SETS (${item.sets.map(printGrouping).join(', ')})`
    case 'rollup':
    case 'cube':
      return `${item.kind.toUpperCase()}(${item.elements
        .map((element) => {
          const texts = element.map((value) => printExpression(value)).join(', ')
          return element.length === 1 ? texts : `(${texts})`
        })
        .join(', ')})`
  }
}
