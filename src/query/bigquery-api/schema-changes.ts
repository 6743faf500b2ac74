// A table's schema as it is and as a client wants it -> the statements between them. What BigQuery lets the API change: columns may
// come, REQUIRED may become NULLABLE, descriptions may change. Everything else is ALTER TABLE's and refused here in Google's words.
import type { SqlType } from '../../sql/types.ts'
import type { VisibleTable } from '../contract.ts'
import { columnText, literal, optionsText } from './ddl-text.ts'
import { GoogleError } from './google-error.ts'
import { type FieldInput, modeOf, quoteName, typeOf } from './schema.ts'

/** Error: invalid. `name`: quoted. */
export function schemaChanges(name: string, table: VisibleTable, wanted: readonly FieldInput[]): string[] {
  const statements: string[] = []
  const byName = new Map(wanted.map((field) => [field.name.toLowerCase(), field]))
  for (const { name: column } of table.columns) {
    if (!byName.has(column.toLowerCase())) throw mismatch(table, `Field ${column} is missing in new schema`)
  }
  const present = new Map(table.columns.map((column) => [column.name.toLowerCase(), column]))
  for (const field of wanted) {
    const column = present.get(field.name.toLowerCase())
    if (column === undefined) {
      if (modeOf(field) === 'REQUIRED')
        throw mismatch(table, `Cannot add required fields to an existing schema. (field: ${field.name})`)
      statements.push(`ALTER TABLE ${name} ADD COLUMN ${columnText(field)}`)
      continue
    }
    const type = typeOf(field)
    if (!isSame(type, column.sqlType))
      throw mismatch(table, `Field ${field.name} has changed type from ${column.sqlType.kind} to ${type.kind}`)
    statements.push(...columnChanges(name, table, field, column))
  }
  return statements
}

function columnChanges(
  name: string,
  table: VisibleTable,
  field: FieldInput,
  column: VisibleTable['columns'][number],
): string[] {
  const alter = `ALTER TABLE ${name} ALTER COLUMN ${quoteName(column.name)}`
  const statements: string[] = []
  const mode = modeOf(field)
  if (mode === 'NULLABLE' && column.mode === 'REQUIRED') statements.push(`${alter} DROP NOT NULL`)
  if (mode === 'REQUIRED' && column.mode !== 'REQUIRED')
    throw mismatch(table, `Field ${field.name} has changed mode from NULLABLE to REQUIRED`)
  if (field.description !== undefined && field.description !== (column.description ?? ''))
    statements.push(`${alter} SET ${optionsText([['description', literal(field.description)]])}`)
  return statements
}

function isSame(one: SqlType, other: SqlType): boolean {
  if (one.kind !== other.kind) return false
  if (one.kind === 'ARRAY' && other.kind === 'ARRAY') return isSame(one.element, other.element)
  if (one.kind === 'STRUCT' && other.kind === 'STRUCT') {
    return (
      one.fields.length === other.fields.length &&
      one.fields.every(({ type, name }, index) => {
        const field = other.fields[index]
        return field !== undefined && field.name?.toLowerCase() === name?.toLowerCase() && isSame(type, field.type)
      })
    )
  }
  return true
}

function mismatch({ dataset, table }: VisibleTable, why: string): GoogleError {
  return new GoogleError('invalid', `Provided Schema does not match Table ${dataset}.${table}. ${why}`)
}
