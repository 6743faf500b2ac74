// Types as they were written, resolved.
import { type Offset, SqlError } from '../sql-error.ts'
import { scalarNamed } from '../type-names.ts'
import type { SqlType, StructField } from '../types.ts'
import type * as ast from '../syntax/ast.ts'

/** `limits`: STRING(10) → [10], NUMERIC(10, 2) → [10, 2]. */
export interface ResolvedType {
  readonly type: SqlType
  readonly limits: readonly number[]
}

const unknownHere: Readonly<Record<string, string>> = {
  GEOGRAPHY: 'GEOGRAPHY',
  GRAPH_ELEMENT: 'GRAPH_ELEMENT',
}

/** Type parameters only count at the outermost level; within ARRAY and STRUCT they are refused by name. */
export function resolveType(node: ast.TypeNode): ResolvedType {
  switch (node.kind) {
    case 'simple-type':
      return resolveSimple(node)
    case 'array-type': {
      const element = inner(node.element)
      if (element.kind === 'ARRAY') throw new SqlError('semantic', 'Arrays of arrays are not supported', node.offset)
      return { type: { kind: 'ARRAY', element }, limits: [] }
    }
    case 'struct-type': {
      const fields: StructField[] = node.fields.map((field) => ({ name: field.name?.name, type: inner(field.type) }))
      return { type: { kind: 'STRUCT', fields }, limits: [] }
    }
    case 'range-type': {
      const element = inner(node.element)
      if (element.kind !== 'DATE' && element.kind !== 'DATETIME' && element.kind !== 'TIMESTAMP') {
        throw new SqlError('semantic', 'RANGE is only supported for DATE, DATETIME and TIMESTAMP', node.offset)
      }
      return { type: { kind: 'RANGE', element }, limits: [] }
    }
    case 'any-type':
    case 'table-type':
      throw new SqlError('semantic', 'This type is only allowed for a parameter of a function', node.offset)
  }
}

function inner(node: ast.TypeNode): SqlType {
  const { type, limits } = resolveType(node)
  if (limits.length > 0)
    throw new SqlError('unsupported', 'Type parameters inside ARRAY and STRUCT are not supported locally', node.offset)
  return type
}

function resolveSimple(node: ast.SimpleType): ResolvedType {
  const type = scalarNamed(node.name)
  if (type === undefined) throw unknownType(node.name, node.offset)
  if (node.collate !== undefined && node.collate.value !== '') {
    throw new SqlError('unsupported', 'COLLATE is not supported locally', node.collate.offset)
  }
  const limits = node.parameters.map((parameter) => {
    if (/^\d+$/.test(parameter)) return Number(parameter)
    throw new SqlError('unsupported', `Type parameter ${parameter} is not supported locally`, node.offset)
  })
  checkLimits(type, limits, node.offset)
  return { type, limits }
}

function unknownType(name: string, offset: Offset): SqlError {
  const known = unknownHere[name]
  if (known !== undefined) return new SqlError('unsupported', `${known} is not supported locally`, offset)
  return new SqlError('semantic', `Type not found: ${name}`, offset)
}

function checkLimits(type: SqlType, limits: readonly number[], offset: Offset): void {
  const [first, second = 0] = limits
  if (first === undefined) return
  const refuse = (message: string): never => {
    throw new SqlError('semantic', message, offset)
  }
  if (type.kind === 'STRING' || type.kind === 'BYTES') {
    if (limits.length > 1 || first < 1) refuse(`${type.kind} length must be greater than 0`)
    return
  }
  if (type.kind === 'NUMERIC') {
    if (second > 9 || first < Math.max(1, second) || first > second + 29)
      refuse('In NUMERIC(P, S), P must be between max(S,1) and S+29, S between 0 and 9')
    return
  }
  if (type.kind === 'BIGNUMERIC') {
    if (second > 18 || first > 38 || first < Math.max(1, second)) {
      throw new SqlError(
        'unsupported',
        'BIGNUMERIC beyond 38 digits, 18 of them fractional, is not supported locally',
        offset,
      )
    }
    return
  }
  refuse(`${type.kind} does not support type parameters`)
}
