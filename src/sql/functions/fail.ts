// Errors at run time inside expressions. DuckDB's own error() counts as volatile, which TRY (the SAFE. prefix) refuses, so a
// JavaScript function that throws stands in for it.
import { text } from '../type-names.ts'

/** DuckDB SQL of the given type that fails when it is reached; `message` is DuckDB SQL too. */
export function failSql(message: string, duckType: string): string {
  return `CAST(bq_js_fail(${message}) AS ${duckType})`
}

export function failText(message: string, duckType: string): string {
  return failSql(text(message), duckType)
}

/** Shows an argument in a message; a NULL must not hide the message. */
export function shown(sql: string): string {
  return `coalesce(CAST(${sql} AS VARCHAR), 'NULL')`
}
