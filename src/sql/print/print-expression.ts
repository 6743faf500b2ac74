// Expressions and types → GoogleSQL. Brackets stand only where precedence asks for them.
import type {
  Argument,
  Call,
  DatePart,
  Expression,
  FrameBound,
  Identifier,
  InSource,
  Lambda,
  OptionEntry,
  OrderItem,
  StructFieldNode,
  TypeNode,
  WindowReference,
  WindowSpec,
} from '../syntax/ast.ts'
import { reservedWords } from '../syntax/token.ts'
import { printQuery } from './print-query.ts'
import { bytesText, nameText, stringText } from './text.ts'

export function printIdentifier(name: Identifier): string {
  return name.isQuoted || reservedWords.has(name.name.toUpperCase()) || !/^[A-Za-z_]\w*$/.test(name.name)
    ? nameText(name.name)
    : name.name
}

/** Behind a dot reserved words and digits are names as they are. */
export function printPath(parts: readonly Identifier[]): string {
  return parts
    .map((part, index) => (index > 0 && !part.isQuoted && /^\w+$/.test(part.name) ? part.name : printIdentifier(part)))
    .join('.')
}

export function printNames(names: readonly Identifier[]): string {
  return names.map(printIdentifier).join(', ')
}

export function aliasText(alias: Identifier | undefined): string {
  return alias === undefined ? '' : ` AS ${printIdentifier(alias)}`
}

const comparisonLevel = 4
const unaryLevel = 11
const primaryLevel = 12

const binaryLevels: Readonly<Record<string, number>> = {
  '|': 5,
  '^': 6,
  '&': 7,
  '<<': 8,
  '>>': 8,
  '+': 9,
  '-': 9,
  '*': 10,
  '/': 10,
  '||': 10,
}

function levelOf(node: Expression): number {
  switch (node.kind) {
    case 'logical':
      return node.operator === 'OR' ? 1 : 2
    case 'unary':
      return node.operator === 'NOT' ? 3 : unaryLevel
    case 'binary':
      return binaryLevels[node.operator] ?? comparisonLevel
    case 'is':
    case 'distinct-from':
    case 'between':
    case 'in':
    case 'like-quantified':
      return comparisonLevel
    default:
      return primaryLevel
  }
}

export function printExpression(node: Expression, level = 0): string {
  const text = printHere(node)
  return levelOf(node) < level ? `(${text})` : text
}

function list(items: readonly Expression[]): string {
  return items.map((item) => printExpression(item)).join(', ')
}

function printHere(node: Expression): string {
  switch (node.kind) {
    case 'logical':
    case 'unary':
    case 'binary':
    case 'is':
    case 'distinct-from':
    case 'between':
    case 'in':
    case 'like-quantified':
      return printOperation(node)
    case 'case':
    case 'cast':
    case 'extract':
    case 'interval':
    case 'with-expression':
      return printForm(node)
    case 'array':
    case 'array-query':
    case 'struct':
    case 'subquery':
    case 'exists':
      return printConstructor(node)
    case 'field':
      return `${printBase(node.operand)}.${node.field.isQuoted ? nameText(node.field.name) : node.field.name}`
    case 'subscript':
      return `${node.operand.kind === 'name' ? printHere(node.operand) : printBase(node.operand)}[${subscriptText(node.mode, printExpression(node.index))}]`
    case 'call':
      return printCall(node)
    default:
      return printLeaf(node)
  }
}

type Of<K extends Expression['kind']> = Extract<Expression, { readonly kind: K }>

function printLeaf(
  node: Of<
    | 'int'
    | 'float'
    | 'string'
    | 'bytes'
    | 'bool'
    | 'null'
    | 'typed-literal'
    | 'range-literal'
    | 'parameter'
    | 'positional-parameter'
    | 'system-variable'
    | 'name'
  >,
): string {
  switch (node.kind) {
    case 'int':
    case 'float':
      return node.text
    case 'string':
      return stringText(node.value)
    case 'bytes':
      return bytesText(node.value)
    case 'bool':
      return node.value ? 'TRUE' : 'FALSE'
    case 'null':
      return 'NULL'
    case 'typed-literal':
      return `${node.type} ${stringText(node.value.value)}`
    case 'range-literal':
      return `${printType(node.type)} ${stringText(node.value.value)}`
    case 'parameter':
      return `@${/^[A-Za-z_]\w*$/.test(node.name) ? node.name : nameText(node.name)}`
    case 'positional-parameter':
      return '?'
    case 'system-variable':
      return `@@${node.path.map((part) => (/^\w+$/.test(part) ? part : nameText(part))).join('.')}`
    case 'name':
      return printPath(node.parts)
  }
}

const bareBases: ReadonlySet<Expression['kind']> = new Set([
  'call',
  'field',
  'subscript',
  'subquery',
  'parameter',
  'array',
  'struct',
  'array-query',
])

/** What `.field` or `[…]` can follow without brackets. A name in brackets isn't the same as without them. */
function printBase(node: Expression): string {
  return bareBases.has(node.kind) ? printHere(node) : `(${printHere(node)})`
}

function subscriptText(mode: Of<'subscript'>['mode'], index: string): string {
  return mode === 'plain' ? index : `${mode.toUpperCase().replace('-', '_')}(${index})`
}

function printOperation(
  node: Of<'logical' | 'unary' | 'binary' | 'is' | 'distinct-from' | 'between' | 'in' | 'like-quantified'>,
): string {
  const operand = (side: Expression) => printExpression(side, comparisonLevel + 1)
  switch (node.kind) {
    case 'logical':
      return node.operands.map((one) => printExpression(one, levelOf(node) + 1)).join(` ${node.operator} `)
    case 'unary': {
      if (node.operator === 'NOT') return `NOT ${printExpression(node.operand, levelOf(node))}`
      const inner = printExpression(node.operand, unaryLevel)
      // Two minus signs would be a comment.
      return `${node.operator}${inner.startsWith('-') || inner.startsWith('+') ? ' ' : ''}${inner}`
    }
    case 'binary': {
      const level = levelOf(node)
      const left = printExpression(node.left, level === comparisonLevel ? level + 1 : level)
      return `${left} ${node.operator} ${printExpression(node.right, level + 1)}`
    }
    case 'is':
      return `${operand(node.operand)} IS ${node.isNot ? 'NOT ' : ''}${node.what}`
    case 'distinct-from':
      return `${operand(node.left)} IS ${node.isNot ? 'NOT ' : ''}DISTINCT FROM ${operand(node.right)}`
    case 'between':
      return `${operand(node.operand)} ${node.isNot ? 'NOT ' : ''}BETWEEN ${operand(node.low)} AND ${operand(node.high)}`
    case 'in':
      return `${operand(node.operand)} ${node.isNot ? 'NOT ' : ''}IN ${printSource(node.source)}`
    case 'like-quantified':
      return `${operand(node.operand)} ${node.isNot ? 'NOT ' : ''}LIKE ${node.quantifier} ${printSource(node.source)}`
  }
}

function printSource(source: InSource): string {
  if (source.kind === 'query') return `(${printQuery(source.query)})`
  return source.kind === 'unnest' ? `UNNEST(${printExpression(source.array)})` : `(${list(source.items)})`
}

export function printDatePart({ name, argument }: DatePart): string {
  const own = /^[A-Z_]\w*$/.test(name) && !reservedWords.has(name) ? name : nameText(name)
  return argument === undefined ? own : `${own}(${argument})`
}

function printForm(node: Of<'case' | 'cast' | 'extract' | 'interval' | 'with-expression'>): string {
  switch (node.kind) {
    case 'case': {
      const branches = node.branches.map(
        ({ when, result }) => ` WHEN ${printExpression(when)} THEN ${printExpression(result)}`,
      )
      const otherwise = node.otherwise === undefined ? '' : ` ELSE ${printExpression(node.otherwise)}`
      return `CASE${node.operand === undefined ? '' : ` ${printExpression(node.operand)}`}${branches.join('')}${otherwise} END`
    }
    case 'cast': {
      const format = node.format === undefined ? '' : ` FORMAT ${printExpression(node.format)}`
      return `${node.isSafe ? 'SAFE_CAST' : 'CAST'}(${printExpression(node.operand)} AS ${printType(node.type)}${format}${zoneText(node.timeZone)})`
    }
    case 'extract':
      return `EXTRACT(${printDatePart(node.part)} FROM ${printExpression(node.operand)}${zoneText(node.timeZone)})`
    case 'interval': {
      const to = node.to === undefined ? '' : ` TO ${printDatePart(node.to)}`
      return `INTERVAL ${printExpression(node.value, unaryLevel)} ${printDatePart(node.part)}${to}`
    }
    case 'with-expression': {
      const bindings = node.bindings.map(({ name, value }) => `${printIdentifier(name)} AS ${printExpression(value)}, `)
      return `WITH(${bindings.join('')}${printExpression(node.body)})`
    }
  }
}

function zoneText(zone: Expression | undefined): string {
  return zone === undefined ? '' : ` AT TIME ZONE ${printExpression(zone)}`
}

function printConstructor(node: Of<'array' | 'array-query' | 'struct' | 'subquery' | 'exists'>): string {
  switch (node.kind) {
    case 'array':
      return `${node.type === undefined ? '' : printType(node.type)}[${list(node.items)}]`
    case 'array-query':
      return `ARRAY(${printQuery(node.query)})`
    case 'subquery':
      return `(${printQuery(node.query)})`
    case 'exists':
      return `EXISTS(${printQuery(node.query)})`
    case 'struct': {
      if (node.isTuple) return `(${list(node.fields.map(({ value }) => value))})`
      const fields = node.fields.map(({ value, alias }) => `${printExpression(value)}${aliasText(alias)}`)
      return `${node.type === undefined ? 'STRUCT' : printType(node.type)}(${fields.join(', ')})`
    }
  }
}

function printCall(call: Call): string {
  const name = `${call.isSafe ? 'SAFE.' : ''}${printCallName(call.name)}`
  const parts = [call.isDistinct ? 'DISTINCT ' : '', call.args.map(printArgument).join(', ')]
  if (call.nulls !== undefined) parts.push(call.nulls === 'ignore' ? ' IGNORE NULLS' : ' RESPECT NULLS')
  if (call.having !== undefined)
    parts.push(` HAVING ${call.having.which.toUpperCase()} ${printExpression(call.having.value)}`)
  if (call.orderBy.length > 0) parts.push(` ORDER BY ${printOrder(call.orderBy)}`)
  if (call.limit !== undefined) parts.push(` LIMIT ${printExpression(call.limit)}`)
  const within = call.withinGroup === undefined ? '' : ` WITHIN GROUP (ORDER BY ${printOrder(call.withinGroup)})`
  const over = call.over === undefined ? '' : ` OVER ${printWindow(call.over)}`
  return `${name}(${parts.join('')})${within}${over}`
}

/** IF, LEFT, … are reserved, and yet names of functions. */
function printCallName(parts: readonly Identifier[]): string {
  return parts.map(({ name, isQuoted }) => (!isQuoted && /^\w+$/.test(name) ? name : nameText(name))).join('.')
}

export function printArgument(argument: Argument): string {
  switch (argument.kind) {
    case 'star-argument':
      return '*'
    case 'named-argument':
      return `${printIdentifier(argument.name)} => ${printArgument(argument.value)}`
    case 'lambda':
      return printLambda(argument)
    case 'table-argument':
      return `${argument.what} ${printPath(argument.parts)}`
    default:
      return printExpression(argument)
  }
}

function printLambda({ parameters, body }: Lambda): string {
  const [only] = parameters
  const head = only !== undefined && parameters.length === 1 ? printIdentifier(only) : `(${printNames(parameters)})`
  return `${head} -> ${printExpression(body)}`
}

export function printOrder(items: readonly OrderItem[]): string {
  return items
    .map(({ value, collate, direction, nulls }) =>
      [
        printExpression(value),
        collate === undefined ? '' : ` COLLATE ${printExpression(collate)}`,
        direction === undefined ? '' : ` ${direction}`,
        nulls === undefined ? '' : ` NULLS ${nulls}`,
      ].join(''),
    )
    .join(', ')
}

export function printWindow(window: WindowReference | WindowSpec): string {
  if (window.kind === 'window-name') return printIdentifier(window.name)
  const parts: string[] = []
  if (window.base !== undefined) parts.push(printIdentifier(window.base))
  if (window.partitionBy.length > 0) parts.push(`PARTITION BY ${list(window.partitionBy)}`)
  if (window.orderBy.length > 0) parts.push(`ORDER BY ${printOrder(window.orderBy)}`)
  const { frame } = window
  if (frame !== undefined) {
    const from = printBound(frame.from)
    parts.push(
      frame.to === undefined ? `${frame.unit} ${from}` : `${frame.unit} BETWEEN ${from} AND ${printBound(frame.to)}`,
    )
  }
  return `(${parts.join(' ')})`
}

function printBound({ kind, value }: FrameBound): string {
  const words = kind.toUpperCase().replace('-', ' ')
  return value === undefined ? words : `${printExpression(value, comparisonLevel + 1)} ${words}`
}

export function printType(type: TypeNode): string {
  switch (type.kind) {
    case 'array-type':
      return `ARRAY<${printType(type.element)}>`
    case 'range-type':
      return `RANGE<${printType(type.element)}>`
    case 'struct-type':
      return `STRUCT<${type.fields.map(printStructField).join(', ')}>`
    case 'any-type':
      return 'ANY TYPE'
    case 'table-type':
      return type.columns === undefined ? 'ANY TABLE' : `TABLE<${type.columns.map(printStructField).join(', ')}>`
    case 'simple-type': {
      const parameters = type.parameters.length === 0 ? '' : `(${type.parameters.join(', ')})`
      return `${type.name}${parameters}${type.collate === undefined ? '' : ` COLLATE ${stringText(type.collate.value)}`}`
    }
  }
}

function printStructField({ name, type, isNotNull, options }: StructFieldNode): string {
  return `${name === undefined ? '' : `${printIdentifier(name)} `}${printType(type)}${isNotNull ? ' NOT NULL' : ''}${printOptions(options)}`
}

/** With a blank before it; nothing if there are none. */
export function printOptions(options: readonly OptionEntry[]): string {
  if (options.length === 0) return ''
  return ` OPTIONS(${options.map(({ name, operator, value }) => `${name.isQuoted ? nameText(name.name) : name.name} ${operator} ${printExpression(value)}`).join(', ')})`
}
