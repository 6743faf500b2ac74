// UNION, INTERSECT, EXCEPT: columns by position or by name, of their common types.
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import { supertypeOf } from '../coercion.ts'
import { duckType, identifier, sameType, typeName } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import { coerce } from './coerce.ts'
import { isGroupable } from './comparisons.ts'
import type { Lowered } from './lowered.ts'
import type { Scope } from './scope.ts'
import type { OutputColumn, QueryResult } from './tools.ts'

export interface SetNode extends ast.SetOperator {
  readonly offset: number
  readonly inputs: readonly ast.Node[]
}

export function operatorName({ operator, isDistinct }: ast.SetOperator): string {
  return `${operator} ${isDistinct ? 'DISTINCT' : 'ALL'}`
}

export function lowerSetOperation<Input extends ast.Node>(
  node: ast.SetOperator & { readonly inputs: readonly Input[] },
  scope: Scope,
  lower: (input: Input) => QueryResult,
): QueryResult {
  const inputs = node.inputs.map(lower)
  return combined(
    node,
    inputs,
    node.inputs.map(({ offset }) => offset),
    scope,
  )
}

export function combined(
  node: ast.SetOperator,
  inputs: readonly QueryResult[],
  offsets: readonly number[],
  scope: Scope,
): QueryResult {
  const matched = node.matching === undefined ? byPosition(node, inputs, offsets) : byName(node, inputs, offsets)
  const types = matched.map((columns, index) => commonType(columns, index, node, offsets))
  if (node.isDistinct) {
    const wrong = types.find((type) => !isGroupable(type))
    if (wrong !== undefined)
      throw new SqlError(
        'semantic',
        `Column of type ${typeName(wrong)} cannot be used in ${operatorName(node)}`,
        offsets[0] ?? 0,
      )
  }
  const first = matched.map((columns) => columns.find((column) => column !== undefined))
  const columns: OutputColumn[] = types.map((type, index) => ({
    name: first[index]?.name,
    type,
    sqlName: first[index]?.sqlName ?? `f${index}_`,
  }))
  const named = withUniqueNames(columns)
  const texts = inputs.map(
    (input, at) =>
      `(${inputText(
        input,
        matched.map((all) => all[at]),
        named,
        offsets[at] ?? 0,
        scope,
      )})`,
  )
  const word = ` ${node.operator}${node.isDistinct ? '' : ' ALL'} `
  return { sql: texts.join(word), columns: named, isValueTable: inputs.every(({ isValueTable }) => isValueTable) }
}

function withUniqueNames(columns: readonly OutputColumn[]): OutputColumn[] {
  const used = new Set<string>()
  return columns.map((column) => {
    let { sqlName } = column
    for (let count = 1; used.has(sqlName.toLowerCase()); count += 1) sqlName = `${column.sqlName}_${count}`
    used.add(sqlName.toLowerCase())
    return { ...column, sqlName }
  })
}

type Matched = readonly (OutputColumn | undefined)[]

function byPosition(node: ast.SetOperator, inputs: readonly QueryResult[], offsets: readonly number[]): Matched[] {
  const count = inputs[0]?.columns.length ?? 0
  const other = inputs.findIndex(({ columns }) => columns.length !== count)
  if (other >= 0) {
    const shown = (number: number): string => `${number} column${number === 1 ? '' : 's'}`
    const message = `Queries in ${operatorName(node)} have mismatched column count; query 1 has ${shown(count)}, query ${other + 1} has ${shown(inputs[other]?.columns.length ?? 0)}`
    throw new SqlError('semantic', message, offsets[other] ?? 0)
  }
  return Array.from({ length: count }, (_, index) => inputs.map(({ columns }) => columns[index]))
}

/** BY NAME needs all columns everywhere unless FULL or LEFT say else; CORRESPONDING takes those that all have. */
function byName(node: ast.SetOperator, inputs: readonly QueryResult[], offsets: readonly number[]): Matched[] {
  const nameOf = (column: OutputColumn): string => (column.name ?? '').toLowerCase()
  const lists = inputs.map(({ columns }) => columns.map(nameOf))
  for (const [index, list] of lists.entries()) {
    if (list.includes('') || new Set(list).size < list.length) {
      throw new SqlError(
        'semantic',
        `Columns of queries in ${operatorName(node)} BY NAME must have names, each once`,
        offsets[index] ?? 0,
      )
    }
  }
  const wanted = node.columns?.map(({ name }) => name.toLowerCase())
  const inAll = (name: string): boolean => lists.every((list) => list.includes(name))
  let names = lists[0] ?? []
  if (wanted !== undefined) names = wanted
  else if (node.mode === 'FULL') names = [...new Set(lists.flat())]
  else if (node.mode === 'INNER' || (node.matching === 'corresponding' && node.mode === undefined))
    names = names.filter(inAll)
  if (node.mode === undefined && node.matching === 'by-name' && wanted === undefined) {
    const off = lists.findIndex((list) => list.length !== names.length || !list.every((name) => names.includes(name)))
    if (off >= 0)
      throw new SqlError(
        'semantic',
        `Queries in ${operatorName(node)} BY NAME have different columns; use FULL, LEFT or INNER`,
        offsets[off] ?? 0,
      )
  }
  const matched = names.map((name) => inputs.map(({ columns }) => columns.find((column) => nameOf(column) === name)))
  const lacking = matched.findIndex(
    (columns) => columns.includes(undefined) && node.mode !== 'FULL' && node.mode !== 'LEFT',
  )
  if (lacking >= 0 || names.length === 0)
    throw new SqlError(
      'semantic',
      `Column ${names[lacking] ?? ''} is not in all queries of ${operatorName(node)}`,
      offsets[0] ?? 0,
    )
  return matched
}

function commonType(columns: Matched, index: number, node: ast.SetOperator, offsets: readonly number[]): SqlType {
  const known = columns.flatMap((column) => (column === undefined ? [] : [typed(column)]))
  const type = supertypeOf(known)
  if (type !== undefined) return type
  const types = known.map((one) => typeName(one.type)).join(', ')
  throw new SqlError(
    'semantic',
    `Column ${index + 1} in ${operatorName(node)} has incompatible types: ${types}`,
    offsets[1] ?? 0,
  )
}

/** Literals in a SELECT list still coerce as such. */
function typed(column: OutputColumn): Lowered {
  return column.lowered ?? { sql: '', type: column.type, origin: 'value' }
}

function inputText(
  input: QueryResult,
  columns: Matched,
  output: readonly OutputColumn[],
  offset: number,
  scope: Scope,
): string {
  const isSame =
    input.columns.length === columns.length &&
    columns.every(
      (column, index) =>
        column !== undefined &&
        column === input.columns[index] &&
        sameType(column.type, output[index]?.type ?? column.type) &&
        column.lowered?.origin !== 'null',
    )
  if (isSame) return input.sql
  const relation = scope.state.relationName('input')
  const parts = columns.map((column, index) => {
    const { type, sqlName = '' } = output[index] ?? {}
    if (column === undefined) return `CAST(NULL AS ${duckType(type ?? { kind: 'INT64' })}) AS ${identifier(sqlName)}`
    return `${columnAs(column, type ?? column.type, relation, offset)} AS ${identifier(sqlName)}`
  })
  return `SELECT ${parts.join(', ')} FROM (${input.sql}) AS ${identifier(relation)}`
}

function columnAs(column: OutputColumn, type: SqlType, relation: string, offset: number): string {
  const own = `${identifier(relation)}.${identifier(column.sqlName)}`
  const { origin = 'value' } = column.lowered ?? {}
  if (sameType(column.type, type) && origin !== 'null') return own
  if (origin === 'literal' || origin === 'null' || origin === 'made')
    return coerce(typed(column), type, offset)?.sql ?? own
  return (
    coerce({ sql: own, type: column.type, origin: origin === 'error' ? 'error' : 'value' }, type, offset)?.sql ?? own
  )
}
