// Expressions that aren't calls: one function a kind of node, in one pass.
import { type Offset, SqlError } from '../sql-error.ts'
import { isNumeric, scalar, text, typeName } from '../type-names.ts'
import type { SqlType, StructField } from '../types.ts'
import type * as ast from '../syntax/ast.ts'
import { elementAt, fieldOf } from './access.ts'
import { lowerCast, lowerExtract } from './cast-expression.ts'
import { lowerCall } from './call.ts'
import { coerce, coerceOr, madeSql, unify } from './coerce.ts'
import { between, compare, distinct, like } from './comparisons.ts'
import { intervalOf, intervalRange } from './intervals.ts'
import { bytesSql, literalSql } from './literal.ts'
import { looseOf, type Lowered, nullOf, value } from './lowered.ts'
import { lowerTypedLiteral, rangeLiteral } from './literal-nodes.ts'
import { impliedName, lowerName } from './names.ts'
import { arithmetic, bitNot, bits, concatenate, negative, noSignature } from './operators.ts'
import { lowerParameter } from './parameter-nodes.ts'
import { type Scope, settle } from './scope.ts'
import { lowerArrayQuery, lowerExists, lowerIn, lowerLikeQuantified, lowerScalarQuery } from './subqueries.ts'
import { resolveType } from './type-node.ts'

export function lowerExpression(node: ast.Expression, scope: Scope): Lowered {
  const known = scope.select.byNode.get(node)
  return known ?? settle(lowerNode(node, scope), scope)
}

function lowerNode(node: ast.Expression, scope: Scope): Lowered {
  switch (node.kind) {
    case 'int':
      return lowerInt(node)
    case 'float':
      return literal(node.text, scalar.FLOAT64, node.offset)
    case 'string':
      return { sql: text(node.value), type: scalar.STRING, origin: 'literal', constant: node.value }
    case 'bytes':
      return { sql: bytesSql(Buffer.from(node.value).toString('hex')), type: scalar.BYTES, origin: 'literal' }
    case 'bool':
      return { sql: String(node.value), type: scalar.BOOL, origin: 'literal', constant: node.value }
    case 'null':
      return nullOf()
    case 'typed-literal':
      return lowerTypedLiteral(node)
    case 'range-literal':
      return rangeLiteral(node)
    case 'interval':
      return lowerInterval(node, scope)
    case 'parameter':
    case 'positional-parameter':
    case 'system-variable':
      return lowerParameter(node, scope)
    case 'name':
      return lowerName(node.parts, scope)
    case 'field':
      return fieldOf(lowerExpression(node.operand, scope), node.field.name, node.field.offset)
    case 'subscript':
      return elementAt(lowerExpression(node.operand, scope), lowerExpression(node.index, scope), node.mode, node)
    case 'call':
      return lowerCall(node, scope)
    case 'cast':
      return lowerCast(node, scope)
    case 'extract':
      return lowerExtract(node, scope)
    case 'array':
      return lowerArray(node, scope)
    case 'struct':
      return lowerStruct(node, scope)
    case 'array-query':
      return lowerArrayQuery(node, scope)
    case 'subquery':
      return lowerScalarQuery(node, scope)
    case 'exists':
      return lowerExists(node, scope)
    case 'with-expression':
      return lowerWith(node, scope)
    default:
      return lowerOperator(node, scope)
  }
}

type Operator =
  | ast.Unary
  | ast.Binary
  | ast.Logical
  | ast.IsTest
  | ast.DistinctFrom
  | ast.Between
  | ast.In
  | ast.LikeQuantified
  | ast.Case

function lowerOperator(node: Operator, scope: Scope): Lowered {
  const lower = (one: ast.Expression): Lowered => lowerExpression(one, scope)
  switch (node.kind) {
    case 'unary':
      return lowerUnary(node, lower(node.operand))
    case 'binary':
      return lowerBinary(node, lower(node.left), lower(node.right))
    case 'logical':
      return lowerLogical(node, scope)
    case 'is':
      return lowerIs(node, lower(node.operand))
    case 'distinct-from':
      return distinct(node.isNot, lower(node.left), lower(node.right), node.offset)
    case 'between':
      return between(node.isNot, lower(node.operand), lower(node.low), lower(node.high), node.offset)
    case 'in':
      return lowerIn(node, scope)
    case 'like-quantified':
      return lowerLikeQuantified(node, scope)
    case 'case':
      return lowerCase(node, scope)
  }
}

function literal(constant: string, type: SqlType, offset: Offset): Lowered {
  const sql = literalSql(constant, type)
  if (sql === undefined) throw new SqlError('semantic', `Invalid ${typeName(type)} literal: ${constant}`, offset)
  return { sql, type, origin: 'literal', constant }
}

function lowerInt(node: ast.IntLiteral): Lowered {
  const constant = String(BigInt(node.text))
  const sql = literalSql(constant, scalar.INT64)
  if (sql === undefined && constant !== '9223372036854775808') {
    throw new SqlError('semantic', `Invalid integer literal: ${node.text}`, node.offset)
  }
  // Only -9223372036854775808 may name it; alone it overflows.
  return { sql: sql ?? `CAST(${text(constant)} AS BIGINT)`, type: scalar.INT64, origin: 'literal', constant }
}

function lowerUnary(node: ast.Unary, operand: Lowered): Lowered {
  switch (node.operator) {
    case '-':
      return negative(operand, node.offset)
    case '+':
      if (operand.origin !== 'null' && !isNumeric(operand.type)) throw noSignature('+', [operand], node.offset)
      return operand
    case '~':
      return bitNot(operand, node.offset)
    case 'NOT': {
      const bool = coerceOr(operand, scalar.BOOL, node.offset, () => noSignature('NOT', [operand], node.offset).message)
      return value(`(NOT ${bool.sql})`, scalar.BOOL, bool)
    }
  }
}

function lowerBinary(node: ast.Binary, left: Lowered, right: Lowered): Lowered {
  const { operator, offset } = node
  switch (operator) {
    case '+':
    case '-':
    case '*':
    case '/':
      return arithmetic(operator, left, right, offset)
    case '||':
      return concatenate(left, right, offset)
    case '<<':
    case '>>':
    case '&':
    case '|':
    case '^':
      return bits(operator, left, right, offset)
    case 'LIKE':
    case 'NOT LIKE':
      return like(operator === 'NOT LIKE', left, right, offset)
    default:
      return compare(operator === '!=' ? '<>' : operator, left, right, offset)
  }
}

function lowerLogical(node: ast.Logical, scope: Scope): Lowered {
  const parts = node.operands.map((operand) => {
    const lowered = lowerExpression(operand, scope)
    return coerceOr(
      lowered,
      scalar.BOOL,
      operand.offset,
      () => noSignature(node.operator, [lowered], node.offset).message,
    )
  })
  return value(`(${parts.map(({ sql }) => sql).join(` ${node.operator} `)})`, scalar.BOOL, ...parts)
}

function lowerIs(node: ast.IsTest, operand: Lowered): Lowered {
  const not = node.isNot ? 'NOT ' : ''
  if (node.what === 'NULL') return value(`(${operand.sql} IS ${not}NULL)`, scalar.BOOL, operand)
  const what = node.what === 'UNKNOWN' ? 'NULL' : node.what
  const bool = coerceOr(
    operand,
    scalar.BOOL,
    node.offset,
    () => noSignature(`IS ${node.what}`, [operand], node.offset).message,
  )
  return value(`(${bool.sql} IS ${not}${what})`, scalar.BOOL, bool)
}

function lowerCase(node: ast.Case, scope: Scope): Lowered {
  const operand = node.operand && lowerExpression(node.operand, scope)
  const whens = node.branches.map(({ when }) => lowerExpression(when, scope))
  const results = node.branches.map(({ result }) => lowerExpression(result, scope))
  const otherwise = node.otherwise === undefined ? nullOf() : lowerExpression(node.otherwise, scope)
  const offsets = [...node.branches.map(({ result }) => result.offset), node.otherwise?.offset ?? node.offset]
  const all = unify([...results, otherwise], offsets)
  if (all === undefined) {
    throw new SqlError(
      'semantic',
      `No matching signature for operator CASE: results of types ${results.map((one) => typeName(one.type)).join(', ')} have no common supertype`,
      node.offset,
    )
  }
  const values = all.all.slice(0, -1)
  const last = all.all.at(-1)
  const tests =
    operand === undefined
      ? whens.map((when, index) => condition(when, node.branches[index]?.when.offset ?? node.offset))
      : undefined
  const arms = (tests ?? simpleTests(operand as Lowered, whens, node)).map(
    (test, index) => ` WHEN ${test.sql} THEN ${values[index]?.sql}`,
  )
  const head =
    tests === undefined && !isSearched(operand as Lowered, whens)
      ? `CASE ${simpleOperand(operand as Lowered, whens, node).sql}`
      : 'CASE'
  const tail = otherwise.origin === 'null' && otherwise.parameter === undefined ? '' : ` ELSE ${last?.sql}`
  return value(`(${head}${arms.join('')}${tail} END)`, all.type, operand, ...whens, ...all.all)
}

function condition(when: Lowered, offset: Offset): Lowered {
  return coerceOr(when, scalar.BOOL, offset, () => noSignature('CASE', [when], offset).message)
}

/** Structs and floats that could be NaN are compared by `=`; the rest by DuckDB's own CASE x WHEN. */
function isSearched(operand: Lowered, whens: readonly Lowered[]): boolean {
  return [operand, ...whens].some(({ type }) => type.kind === 'STRUCT' || type.kind === 'FLOAT64')
}

function simpleTests(operand: Lowered, whens: readonly Lowered[], node: ast.Case): readonly Lowered[] {
  if (isSearched(operand, whens))
    return whens.map((when, index) => compare('=', operand, when, node.branches[index]?.when.offset ?? node.offset))
  return simpleParts(operand, whens, node).slice(1)
}

function simpleOperand(operand: Lowered, whens: readonly Lowered[], node: ast.Case): Lowered {
  return simpleParts(operand, whens, node)[0] as Lowered
}

function simpleParts(operand: Lowered, whens: readonly Lowered[], node: ast.Case): Lowered[] {
  const both = unify([operand, ...whens], [node.offset])
  if (both === undefined) throw noSignature('CASE', [operand, ...whens], node.offset)
  return both.all
}

function lowerInterval(node: ast.IntervalExpression, scope: Scope): Lowered {
  if (node.to === undefined) {
    const amount = lowerExpression(node.value, scope)
    if (amount.type.kind === 'STRING' && typeof amount.constant === 'string') {
      return intervalRange(amount.constant, node.part.name, node.part.name, node.value.offset)
    }
    return intervalOf(amount, node.part.name, node.offset)
  }
  if (node.value.kind !== 'string')
    throw new SqlError('semantic', 'INTERVAL with a range of parts needs a STRING literal', node.value.offset)
  return intervalRange(node.value.value, node.part.name, node.to.name, node.value.offset)
}

function lowerArray(node: ast.ArrayConstructor, scope: Scope): Lowered {
  const items = node.items.map((item) => lowerExpression(item, scope))
  if (node.type !== undefined) {
    const { type } = resolveType(node.type)
    const element = type.kind === 'ARRAY' ? type.element : type
    const parts = items.map((item, index) => {
      const offset = node.items[index]?.offset ?? node.offset
      return coerceOr(
        item,
        element,
        offset,
        () => `Array element type ${typeName(item.type)} does not coerce to ${typeName(element)}`,
      )
    })
    return value(madeSql(parts, type), type, ...parts)
  }
  const all = unify(
    items,
    node.items.map(({ offset }) => offset),
  )
  if (all === undefined) {
    const types = [...new Set(items.map((item) => typeName(item.type)))].join(', ')
    throw new SqlError('semantic', `Array elements of types {${types}} do not have a common supertype`, node.offset)
  }
  if (all.type.kind === 'ARRAY') {
    throw new SqlError(
      'semantic',
      'Cannot construct array with element type ARRAY because nested arrays are not supported',
      node.offset,
    )
  }
  const type: SqlType = { kind: 'ARRAY', element: all.type }
  return { sql: madeSql(all.all, type), type, origin: 'made', parts: items, loose: looseOf(items) }
}

function lowerStruct(node: ast.StructConstructor, scope: Scope): Lowered {
  const parts = node.fields.map((field) => lowerExpression(field.value, scope))
  if (node.type !== undefined) {
    const { type } = resolveType(node.type)
    if (type.kind !== 'STRUCT' || type.fields.length !== parts.length) {
      throw new SqlError(
        'semantic',
        `STRUCT type has ${type.kind === 'STRUCT' ? type.fields.length : 0} fields but constructor call has ${parts.length} fields`,
        node.offset,
      )
    }
    const coerced = parts.map((part, index) => {
      const wanted = type.fields[index]?.type ?? part.type
      const offset = node.fields[index]?.value.offset ?? node.offset
      return coerceOr(
        part,
        wanted,
        offset,
        () => `Struct field ${index + 1} has type ${typeName(part.type)} which does not coerce to ${typeName(wanted)}`,
      )
    })
    return value(madeSql(coerced, type), type, ...coerced)
  }
  const fields: StructField[] = parts.map((part, index) => ({
    name: node.isTuple ? undefined : (node.fields[index]?.alias?.name ?? impliedName(node.fields[index]?.value)),
    type: part.type,
  }))
  const type: SqlType = { kind: 'STRUCT', fields }
  const firm = parts.map((part) => coerce(part, part.type, node.offset) ?? part)
  return { sql: madeSql(firm, type), type, origin: 'made', parts, loose: looseOf(parts) }
}

/** `WITH(a AS 1, a + 1)`: each name stands for its expression. */
function lowerWith(node: ast.WithExpression, scope: Scope): Lowered {
  const locals = new Map(scope.locals)
  let inner = scope
  for (const { name, value: bound } of node.bindings) {
    const { facts } = scope.state
    const before = facts.isVolatile
    facts.isVolatile = false
    const lowered = lowerExpression(bound, inner)
    const isVolatile = facts.isVolatile
    facts.isVolatile = before || isVolatile
    if (isVolatile)
      throw new SqlError(
        'unsupported',
        'WITH expressions over volatile functions are not supported locally',
        bound.offset,
      )
    locals.set(name.name.toLowerCase(), lowered)
    inner = { ...scope, locals }
  }
  return lowerExpression(node.body, inner)
}
