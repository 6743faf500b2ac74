// Rows of ours as a DuckDB relation in brackets: for views of INFORMATION_SCHEMA, whose rows are a few thousand at most.
import type { SqlType } from '../../sql/types.ts'

export interface RelationColumn {
  readonly name: string
  readonly type: 'STRING' | 'INT64' | 'BOOL' | 'TIMESTAMP' | 'FLOAT64' | 'JSON' | 'ARRAY<STRING>'
}

const duckdbTypes: Record<RelationColumn['type'], string> = {
  STRING: 'VARCHAR',
  INT64: 'BIGINT',
  BOOL: 'BOOLEAN',
  TIMESTAMP: 'TIMESTAMPTZ',
  FLOAT64: 'DOUBLE',
  JSON: 'JSON',
  'ARRAY<STRING>': 'VARCHAR[]',
}

/** Times are microseconds since 1970. */
export type RelationValue = string | number | boolean | null | readonly string[]

export function sqlTypeOf({ type }: RelationColumn): SqlType {
  return type === 'ARRAY<STRING>' ? { kind: 'ARRAY', element: { kind: 'STRING' } } : { kind: type }
}

/** One text of JSON, unfolded by the engine: faster to read than as many VALUES. */
export function relationText(
  columns: readonly RelationColumn[],
  rows: readonly Readonly<Record<string, RelationValue>>[],
): string {
  const shape = Object.fromEntries(columns.map((column) => [column.name, wireType(column)]))
  const json = JSON.stringify(
    rows.map((row) => Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null]))),
  )
  const unfolded = `SELECT unnest(from_json(${quoted(json)}, ${quoted(JSON.stringify([shape]))})) AS r`
  return `(SELECT ${columns.map((column) => `${valueText(column)} AS ${name(column)}`).join(', ')} FROM (${unfolded}))`
}

function wireType({ type }: RelationColumn): string | string[] {
  if (type === 'TIMESTAMP') return 'BIGINT'
  return type === 'ARRAY<STRING>' ? ['VARCHAR'] : duckdbTypes[type]
}

function valueText(column: RelationColumn): string {
  const value = `r.${name(column)}`
  return column.type === 'TIMESTAMP' ? `make_timestamptz(${value})` : value
}

function name(column: RelationColumn): string {
  return `"${column.name.replaceAll('"', '""')}"`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
