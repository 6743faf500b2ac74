// Values as text, type by type: SQL literals and plain text for FORMAT (%T, %t), JSON for TO_JSON and TO_JSON_STRING. What is written
// here is DuckDB SQL that writes the text of each row; NULL becomes a word.
import { castSql } from '../lower/cast.ts'
import { lambdaName } from '../lower/share.ts'
import { duckFields, identifier, text, typeName } from '../type-names.ts'
import type { SqlType, StructType } from '../types.ts'
import type { LoweringCall } from './function-row.ts'
import { textJson } from './json-scan.ts'

/**
 * plain: %t · literal: %T · json: TO_JSON_STRING, numbers that JavaScript can't hold are strings · value: TO_JSON, numbers as they are ·
 * wide: TO_JSON with stringify_wide_numbers.
 */
export type TextStyle = 'plain' | 'literal' | 'json' | 'value' | 'wide'

/** A VARCHAR that is never NULL. */
export function valueText(call: LoweringCall, sql: string, type: SqlType, style: TextStyle): string {
  const isJson = style !== 'plain' && style !== 'literal'
  const none = isJson ? "'null'" : "'NULL'"
  if (type.kind === 'ARRAY') {
    const one = lambdaName('t', sql)
    const items = `list_transform(${sql}, lambda ${one}: ${valueText(call, one, type.element, style)})`
    return `coalesce('[' || array_to_string(${items}, ${isJson ? "','" : "', '"}) || ']', ${none})`
  }
  if (type.kind === 'STRUCT') return structText(call, sql, type, style)
  const written = isJson ? jsonScalar(call, sql, type, style) : plainScalar(call, sql, type, style)
  return `coalesce(${written}, ${none})`
}

function structText(call: LoweringCall, sql: string, type: StructType, style: TextStyle): string {
  const one = lambdaName('t', sql)
  const isJson = style !== 'plain' && style !== 'literal'
  const parts = duckFields(type).map((name, index) => {
    const field = type.fields[index]
    const value = valueText(call, `(${one}).${identifier(name)}`, field?.type ?? type, style)
    return isJson ? `${text(`${textJson(field?.name ?? '')}:`)} || ${value}` : value
  })
  const isSingle = style === 'literal' && parts.length <= 1
  const [open, comma, close] = isJson ? ['{', ',', '}'] : [isSingle ? 'STRUCT(' : '(', ', ', ')']
  const whole = [`'${open}'`, parts.join(` || '${comma}' || `), `'${close}'`].filter((part) => part !== '').join(' || ')
  return `list_transform([${sql}], lambda ${one}: CASE WHEN ${one} IS NULL THEN ${isJson ? "'null'" : "'NULL'"} ELSE ${whole} END)[1]`
}

function textOf(sql: string, type: SqlType): string {
  return castSql(sql, type, { kind: 'STRING' }) ?? `CAST(${sql} AS VARCHAR)`
}

function plainScalar(call: LoweringCall, sql: string, type: SqlType, style: TextStyle): string {
  const isLiteral = style === 'literal'
  switch (type.kind) {
    case 'STRING':
      return isLiteral ? `bq_js_literal(${sql}, '')` : sql
    case 'BYTES':
      return `bq_js_bytes_literal(${sql}, ${isLiteral})`
    case 'FLOAT64':
      return `memory.bq.float_shown(${sql}, ${isLiteral})`
    case 'JSON':
      return isLiteral ? `bq_js_literal(${normalJson(sql)}, 'JSON ')` : normalJson(sql)
    case 'INT64':
    case 'BOOL':
      return textOf(sql, type)
    case 'INTERVAL':
      return isLiteral ? `'INTERVAL "' || ${textOf(sql, type)} || '" YEAR TO SECOND'` : textOf(sql, type)
    case 'RANGE':
      return call.unsupported('RANGE values are not supported locally here')
    default:
      return isLiteral ? `'${typeName(type)} "' || ${textOf(sql, type)} || '"'` : textOf(sql, type)
  }
}

/** JSON as BigQuery prints it. */
export function normalJson(sql: string): string {
  return `bq_js_json_normal(CAST(${sql} AS VARCHAR))`
}

function jsonScalar(call: LoweringCall, sql: string, type: SqlType, style: TextStyle): string {
  switch (type.kind) {
    case 'STRING':
      return `memory.bq.text_json(${sql})`
    case 'BYTES':
      return `'"' || to_base64(${sql}) || '"'`
    case 'BOOL':
      return `CAST(${sql} AS VARCHAR)`
    case 'INT64':
      return style === 'value' ? `CAST(${sql} AS VARCHAR)` : `memory.bq.int_json(${sql})`
    case 'FLOAT64':
      return style === 'json' ? `memory.bq.float_json(${sql})` : `memory.bq.float_json_value(${sql})`
    case 'NUMERIC':
    case 'BIGNUMERIC':
      return style === 'value'
        ? `memory.bq.decimal_text(${sql})`
        : `memory.bq.decimal_json(${sql}, ${style === 'wide'})`
    case 'JSON':
      return normalJson(sql)
    case 'TIMESTAMP':
      return `'"' || replace(replace(${textOf(sql, type)}, ' ', 'T'), '+00', 'Z') || '"'`
    case 'DATETIME':
      return `'"' || replace(${textOf(sql, type)}, ' ', 'T') || '"'`
    case 'DATE':
    case 'TIME':
      return `'"' || ${textOf(sql, type)} || '"'`
    default:
      return call.unsupported(`${typeName(type)} as JSON is not supported locally`)
  }
}
