// The type of a result's column as people read it: of GoogleSQL, or the engine's where a dialect of its own was asked in.
import { typeName } from '../../sql/type-names.ts'
import type { JobResult } from '../contract.ts'

type Column = JobResult['columns'][number]

export function columnType({ type, sqlType }: Pick<Column, 'type' | 'sqlType'>): string {
  return sqlType ? typeName(sqlType) : engineName(type)
}

function engineName(type: Column['type']): string {
  switch (type.kind) {
    case 'DECIMAL':
      return `DECIMAL(${type.width},${type.scale})`
    case 'LIST':
      return `${engineName(type.element)}[]`
    case 'STRUCT':
      return `STRUCT(${type.fields.map(({ name, type: inner }) => `${name} ${engineName(inner)}`).join(', ')})`
    case 'MAP':
      return `MAP(${engineName(type.key)}, ${engineName(type.value)})`
    case 'OTHER':
      return type.name
    case 'TIMESTAMPTZ':
      return 'TIMESTAMP WITH TIME ZONE'
    default:
      return type.kind
  }
}
