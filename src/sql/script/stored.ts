// What BigQuery makes of arrays when it writes them into a table: NULL becomes an empty one, and no element may be NULL.
import { duckFields } from '../type-names.ts'
import type { SqlType } from '../types.ts'

export function hasArray(type: SqlType): boolean {
  if (type.kind === 'ARRAY') return true
  return type.kind === 'STRUCT' && type.fields.some((field) => hasArray(field.type))
}

/** `sql` is short: a column. It may stand there several times. */
export function storedSql(sql: string, type: SqlType, name: string): string {
  if (!hasArray(type)) return sql
  if (type.kind === 'STRUCT') {
    const names = duckFields(type)
    const fields = type.fields.map((field, index) => {
      const key = (names[index] ?? '').replaceAll("'", "''")
      return `'${key}': ${storedSql(`struct_extract(${sql}, '${key}')`, field.type, names[index] ?? name)}`
    })
    return `CASE WHEN ${sql} IS NULL THEN NULL ELSE {${fields.join(', ')}} END`
  }
  if (type.kind !== 'ARRAY') return sql
  const message = `Array cannot have a null element; error in writing field ${name}`.replaceAll("'", "''")
  const inside = hasArray(type.element)
    ? `list_transform(${sql}, lambda "_e": ${storedSql('"_e"', type.element, name)})`
    : sql
  return `CASE WHEN len(${sql}) > list_count(${sql}) THEN error('${message}') ELSE coalesce(${inside}, []) END`
}

/** `rows`: a query whose columns are `columns`, in order. */
export function storedRows(
  rows: string,
  columns: readonly { readonly name: string; readonly type: SqlType }[],
): string {
  if (!columns.some(({ type }) => hasArray(type))) return rows
  const names = columns.map((_, index) => `"c${index + 1}"`)
  const parts = columns.map(
    ({ name, type }, index) => `${storedSql(`"_s".${names[index] ?? ''}`, type, name)} AS ${names[index] ?? ''}`,
  )
  return `SELECT ${parts.join(', ')} FROM (${rows}) AS "_s"(${names.join(', ')})`
}
