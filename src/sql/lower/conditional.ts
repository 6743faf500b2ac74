// IF, COALESCE and their kin: forms whose branches are not all evaluated.
import { SqlError } from '../sql-error.ts'
import { scalar, text, typeName } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import type * as ast from '../syntax/ast.ts'
import { isExpression } from './call-arguments.ts'
import { coerce, unify } from './coerce.ts'
import { compare, isOrderable } from './comparisons.ts'
import { type Lowered, value } from './lowered.ts'
import { attempted } from './safely.ts'
import type { Scope } from './scope.ts'
import { lambdaName } from './share.ts'

type Conditional = (node: ast.Call, scope: Scope) => Lowered

function argumentsOf(node: ast.Call, scope: Scope, least: number, most: number): Lowered[] {
  const name = node.name.map((part) => part.name.toUpperCase()).join('.')
  if (node.args.length < least || node.args.length > most) {
    throw new SqlError(
      'semantic',
      `No matching signature for function ${name}: it takes ${least === most ? least : `${least} or more`} arguments`,
      node.offset,
    )
  }
  return node.args.map((argument) => {
    if (!isExpression(argument)) {
      throw new SqlError('semantic', `No matching signature for function ${name}`, argument.offset)
    }
    return scope.state.tools.expression(argument, scope)
  })
}

function alike(node: ast.Call, values: readonly Lowered[]): { readonly type: SqlType; readonly all: Lowered[] } {
  const all = unify(values, [node.offset])
  if (all !== undefined) return all
  const name = node.name.map((part) => part.name.toUpperCase()).join('.')
  throw new SqlError(
    'semantic',
    `No matching signature for function ${name} for argument types: ${values.map((one) => typeName(one.type)).join(', ')}`,
    node.offset,
  )
}

function lowerIf(node: ast.Call, scope: Scope): Lowered {
  const [condition, yes, no] = argumentsOf(node, scope, 3, 3) as [Lowered, Lowered, Lowered]
  const test = coerce(condition, scalar.BOOL, node.offset)
  const both = unify([yes, no], [node.offset])
  if (test === undefined || both === undefined) {
    const types = [condition, yes, no].map((one) => typeName(one.type)).join(', ')
    throw new SqlError(
      'semantic',
      `No matching signature for function IF for argument types: ${types}. Supported signature: IF(BOOL, ANY, ANY)`,
      node.offset,
    )
  }
  const [a, b] = both.all
  return value(`(CASE WHEN ${test.sql} THEN ${a?.sql} ELSE ${b?.sql} END)`, both.type, test, a, b)
}

function coalesce(node: ast.Call, scope: Scope, most: number): Lowered {
  const { type, all } = alike(node, argumentsOf(node, scope, most === 2 ? 2 : 1, most))
  const sql = all.length === 1 ? (all[0]?.sql ?? '') : `coalesce(${all.map((one) => one.sql).join(', ')})`
  return value(sql, type, ...all)
}

function nullIf(node: ast.Call, scope: Scope): Lowered {
  const { type, all } = alike(node, argumentsOf(node, scope, 2, 2))
  const [a, b] = all as [Lowered, Lowered]
  const test = compare('=', a, b, node.offset)
  const isPlain = type.kind !== 'STRUCT' && type.kind !== 'FLOAT64'
  return value(
    isPlain ? `nullif(${a.sql}, ${b.sql})` : `(CASE WHEN ${test.sql} THEN NULL ELSE ${a.sql} END)`,
    type,
    a,
    b,
  )
}

function ifError(node: ast.Call, scope: Scope): Lowered {
  const { type, all } = alike(node, argumentsOf(node, scope, 2, 2))
  const [a, b] = all as [Lowered, Lowered]
  refuseSubquery(a, node)
  const name = lambdaName('r', a.sql, b.sql)
  const sql = `list_transform([${attempted(a.sql, scope.select.overRows)}], lambda ${name}: CASE WHEN ${name} IS NULL THEN ${b.sql} ELSE ${name}[1] END)[1]`
  refuseSubquery(b, node)
  return value(sql, type, a, b)
}

function refuseSubquery(one: Lowered, node: ast.Call): void {
  if (one.sql.includes('SELECT '))
    throw new SqlError(
      'unsupported',
      'Subqueries in functions that catch errors are not supported locally',
      node.offset,
    )
}

function isError(node: ast.Call, scope: Scope): Lowered {
  const [a] = argumentsOf(node, scope, 1, 1) as [Lowered]
  refuseSubquery(a, node)
  return value(`(${attempted(a.sql, scope.select.overRows)} IS NULL)`, scalar.BOOL, a)
}

function nullIfError(node: ast.Call, scope: Scope): Lowered {
  const [a] = argumentsOf(node, scope, 1, 1) as [Lowered]
  refuseSubquery(a, node)
  return value(`${attempted(a.sql, scope.select.overRows)}[1]`, a.type, a)
}

function sessionUser(node: ast.Call, scope: Scope): Lowered {
  argumentsOf(node, scope, 0, 0)
  scope.state.facts.isVolatile = true
  return value(text(scope.state.context.sessionUser), scalar.STRING)
}

/** GREATEST and LEAST: NULL and NaN win. */
function extreme(node: ast.Call, scope: Scope, which: 'greatest' | 'least'): Lowered {
  const { type, all } = alike(node, argumentsOf(node, scope, 1, Infinity))
  if (!isOrderable(type))
    throw new SqlError(
      'semantic',
      `${which.toUpperCase()} is not defined for arguments of type ${typeName(type)}`,
      node.offset,
    )
  const sqls = all.map(({ sql }) => sql)
  const nulls = all.flatMap((one) => (one.origin === 'literal' ? [] : [`${one.sql} IS NULL`]))
  const nans =
    type.kind === 'FLOAT64' ? all.flatMap((one) => (one.origin === 'literal' ? [] : [`isnan(${one.sql})`])) : []
  const plain = `${which}(${sqls.join(', ')})`
  if (nulls.length === 0) return value(plain, type, ...all)
  const nan = nans.length === 0 ? '' : ` WHEN ${nans.join(' OR ')} THEN 'nan'::DOUBLE`
  return value(`(CASE WHEN ${nulls.join(' OR ')} THEN NULL${nan} ELSE ${plain} END)`, type, ...all)
}

export const conditionals: Readonly<Record<string, Conditional | undefined>> = {
  IF: lowerIf,
  COALESCE: (node, scope) => coalesce(node, scope, Infinity),
  IFNULL: (node, scope) => coalesce(node, scope, 2),
  NULLIF: nullIf,
  IFERROR: ifError,
  ISERROR: isError,
  NULLIFERROR: nullIfError,
  SESSION_USER: sessionUser,
  GREATEST: (node, scope) => extreme(node, scope, 'greatest'),
  LEAST: (node, scope) => extreme(node, scope, 'least'),
}
