// CAST and EXTRACT as they stand in expressions.
import { type Offset, SqlError } from '../sql-error.ts'
import { scalar, text as quoted, typeName } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import type * as ast from '../syntax/ast.ts'
import { lowerScalar } from './call.ts'
import { castTo } from './cast-value.ts'
import { scalarTable } from './function-table.ts'
import { limited } from './limits.ts'
import type { Lowered } from './lowered.ts'
import type { CallArgument } from './overload.ts'
import type { Scope } from './scope.ts'
import { resolveType } from './type-node.ts'

export function lowerCast(node: ast.Cast, scope: Scope): Lowered {
  const operand = scope.state.tools.expression(node.operand, scope)
  const { type, limits } = resolveType(node.type)
  if (node.format !== undefined) return formatted(node, operand, type, scope)
  const cast = castTo(operand, type, node.isSafe, node.operand.offset)
  if (limits.length === 0) return cast
  return { ...cast, sql: limited(cast.sql, type, limits, node.isSafe), constant: undefined, origin: 'value' }
}

const bytesFormats: Readonly<Record<string, readonly [string, string] | undefined>> = {
  HEX: ['TO_HEX', 'FROM_HEX'],
  BASE64: ['TO_BASE64', 'FROM_BASE64'],
}

/** Format elements whose text FORMAT_DATE and its kin write alike; the longest first. */
const timeElements: readonly (readonly [string, string])[] = [
  ['YYYY', '%E4Y'],
  ['HH24', '%H'],
  ['HH12', '%I'],
  ['DDD', '%j'],
  ['YY', '%y'],
  ['MM', '%m'],
  ['DD', '%d'],
  ['HH', '%I'],
  ['MI', '%M'],
  ['SS', '%S'],
]

/** CAST(… FORMAT …): bytes, and times as texts by numbers; the rest is refused by name. */
function formatted(node: ast.Cast, operand: Lowered, type: SqlType, scope: Scope): Lowered {
  const format = node.format && scope.state.tools.expression(node.format, scope)
  const { kind } = operand.type
  const pair = `${kind} ${type.kind}`
  if (typeof format?.constant === 'string') {
    const [toText, toBytes] = bytesFormats[format.constant.toUpperCase()] ?? []
    const name = pair === 'BYTES STRING' ? toText : pair === 'STRING BYTES' ? toBytes : undefined
    const overloads = name === undefined ? undefined : scalarTable.get(name)
    if (name !== undefined && overloads !== undefined)
      return lowerScalar(name, overloads, [argumentOf(operand, node.offset)], scope, node)
    const pattern = type.kind === 'STRING' ? timeFormat(format.constant) : undefined
    if (pattern !== undefined) {
      const written = formattedTime(node, operand, pattern, scope)
      if (written !== undefined) return written
    }
  }
  throw new SqlError(
    'unsupported',
    `CAST with FORMAT from ${kind} to ${type.kind} is not supported locally`,
    node.offset,
  )
}

function formattedTime(node: ast.Cast, operand: Lowered, pattern: string, scope: Scope): Lowered | undefined {
  const { kind } = operand.type
  if (kind !== 'DATE' && kind !== 'DATETIME' && kind !== 'TIMESTAMP' && kind !== 'TIME') return undefined
  const name = `FORMAT_${kind}`
  const overloads = scalarTable.get(name)
  if (overloads === undefined || (node.timeZone !== undefined && kind !== 'TIMESTAMP')) return undefined
  const text: Lowered = { sql: quoted(pattern), type: scalar.STRING, origin: 'literal', constant: pattern }
  const args = [argumentOf(text, node.offset), argumentOf(operand, node.offset)]
  if (node.timeZone !== undefined)
    args.push(argumentOf(scope.state.tools.expression(node.timeZone, scope), node.timeZone.offset))
  return lowerScalar(name, overloads, args, scope, node)
}

/** undefined: it has elements that aren't plain numbers. */
function timeFormat(format: string): string | undefined {
  let pattern = ''
  for (let rest = format; rest !== '';) {
    const element = timeElements.find(([name]) => rest.toUpperCase().startsWith(name))
    const plain = /^[-./,';: ]/.exec(rest)?.[0]
    if (element === undefined && plain === undefined) return undefined
    pattern += element?.[1] ?? plain ?? ''
    rest = rest.slice(element?.[0].length ?? 1)
  }
  return pattern
}

export function argumentOf(lowered: Lowered, offset: Offset): CallArgument {
  return { offset, name: undefined, part: undefined, value: () => lowered, lambda: undefined, isInterval: false }
}

/** The function table has a row EXTRACT_FROM_<type> for each type. */
export function lowerExtract(node: ast.Extract, scope: Scope): Lowered {
  const { tools } = scope.state
  const operand = tools.expression(node.operand, scope)
  const kind = operand.origin === 'null' ? 'DATE' : operand.type.kind
  const name = `EXTRACT_FROM_${kind}`
  const overloads = scalarTable.get(name)
  if (overloads === undefined)
    throw new SqlError('semantic', `EXTRACT does not support values of type ${typeName(operand.type)}`, node.offset)
  const part = node.part.argument === undefined ? node.part.name : `${node.part.name}(${node.part.argument})`
  const refuse = (): never => {
    throw new Error('BUG: a date part has no value')
  }
  const args: CallArgument[] = [
    { offset: node.part.offset, name: undefined, part, value: refuse, lambda: undefined, isInterval: false },
    argumentOf(operand, node.operand.offset),
  ]
  if (node.timeZone !== undefined) {
    if (kind !== 'TIMESTAMP')
      throw new SqlError('semantic', `EXTRACT from ${kind} does not support AT TIME ZONE`, node.timeZone.offset)
    args.push(argumentOf(tools.expression(node.timeZone, scope), node.timeZone.offset))
  }
  const lowered = lowerScalar(name, overloads, args, scope, node)
  return { ...lowered, type: extracted[node.part.name] ?? lowered.type }
}

const extracted: Readonly<Record<string, SqlType | undefined>> = {
  DATE: scalar.DATE,
  TIME: scalar.TIME,
  DATETIME: scalar.DATETIME,
}
