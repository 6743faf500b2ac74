// @name, ?, @@system and script variables: each is a bound parameter of the SQL.
import { SqlError } from '../sql-error.ts'
import { scalar } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import type * as ast from '../syntax/ast.ts'
import type { Lowered, ParameterUse } from './lowered.ts'
import { parameterName, parameterSql } from './parameters.ts'
import type { Scope } from './scope.ts'

type ParameterNode = ast.NamedParameter | ast.PositionalParameter | ast.SystemVariable

export function lowerParameter(node: ParameterNode, scope: Scope): Lowered {
  if (node.kind === 'system-variable') return systemVariable(node, scope)
  const { state } = scope
  const declared = state.context.parameters ?? []
  if (node.kind === 'positional-parameter') {
    const type = declared.filter(({ name }) => name === undefined)[node.position - 1]?.type
    return used(scope, {
      key: node.position,
      source: 'positional',
      name: undefined,
      type,
      isDeclared: type !== undefined,
    })
  }
  const wanted = node.name.toLowerCase()
  const type = declared.find(({ name }) => name?.toLowerCase() === wanted)?.type
  return used(scope, { key: wanted, source: 'named', name: node.name, type, isDeclared: type !== undefined })
}

/** A variable of the script; undefined: there is none of that name. */
export function variable(name: string, scope: Scope): Lowered | undefined {
  const wanted = name.toLowerCase()
  const type = scope.state.context.variables?.get(wanted)
  if (type === undefined) return undefined
  return variableOf(wanted, name, type, scope)
}

function variableOf(wanted: string, name: string, type: SqlType, scope: Scope): Lowered {
  const key = `var_${wanted.replaceAll(/\W/g, '_')}`
  const lowered = used(scope, { key, source: 'variable', name, type, isDeclared: true })
  return { ...lowered, origin: 'value' }
}

function systemVariable(node: ast.SystemVariable, scope: Scope): Lowered {
  const name = `@@${node.path.join('.').toLowerCase()}`
  const type = scope.state.context.variables?.get(name)
  if (type !== undefined) return variableOf(name, name, type, scope)
  const own: Readonly<Record<string, string | undefined>> = {
    '@@project_id': scope.state.context.catalog.project,
    '@@dataset_id': scope.state.context.catalog.defaultDataset ?? '',
    '@@time_zone': 'UTC',
  }
  const constant = own[name]
  if (constant === undefined)
    throw new SqlError('unsupported', `System variable ${name} is not supported locally`, node.offset)
  return { sql: `'${constant.replaceAll("'", "''")}'`, type: scalar.STRING, origin: 'literal', constant }
}

function used(scope: Scope, use: ParameterUse): Lowered {
  const { parameters } = scope.state
  const sqlName = parameterName(use.key)
  const known = parameters.get(sqlName) ?? use
  parameters.set(sqlName, known)
  if (known.type === undefined) return { sql: `$${sqlName}`, type: scalar.INT64, origin: 'null', parameter: known }
  return { sql: parameterSql(known.key, known.type), type: known.type, origin: 'parameter' }
}
