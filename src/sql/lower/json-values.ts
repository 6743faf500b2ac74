// Values on their way to JavaScript functions and back: BigQuery says how each type looks in JSON.
import { duckFields, duckType, identifier, text } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import { lambdaName } from './share.ts'

/** INT64 and NUMERIC travel as texts, as in BigQuery; bytes as base64, times as their texts. */
export function toJsonSql(sql: string, type: SqlType): string {
  switch (type.kind) {
    case 'ARRAY': {
      const one = lambdaName('j', sql)
      return `to_json(list_transform(${sql}, lambda ${one}: ${toJsonSql(one, type.element)}))`
    }
    case 'STRUCT': {
      const fields = duckFields(type).map(
        (name, index) =>
          `${text(name)}, ${toJsonSql(`(${sql}).${identifier(name)}`, type.fields[index]?.type ?? type)}`,
      )
      return `CASE WHEN ${sql} IS NOT NULL THEN json_object(${fields.join(', ')}) END`
    }
    case 'INT64':
    case 'NUMERIC':
    case 'BIGNUMERIC':
    case 'DATE':
    case 'TIME':
      return `to_json(CAST(${sql} AS VARCHAR))`
    case 'BYTES':
      return `to_json(to_base64(${sql}))`
    case 'DATETIME':
      return `to_json(memory.bq.datetime_text(${sql}))`
    case 'TIMESTAMP':
      return `to_json(strftime(make_timestamp(epoch_us(${sql})), '%Y-%m-%dT%H:%M:%S.%fZ'))`
    default:
      return `to_json(${sql})`
  }
}

export function fromJsonSql(sql: string, type: SqlType): string {
  const one = lambdaName('j', sql)
  return `list_transform([CAST(${sql} AS JSON)], lambda ${one}: ${partOf(one, type)})[1]`
}

function partOf(sql: string, type: SqlType): string {
  switch (type.kind) {
    case 'ARRAY': {
      const one = lambdaName('j', sql)
      return `list_transform(CAST(${sql} AS JSON[]), lambda ${one}: ${partOf(one, type.element)})`
    }
    case 'STRUCT': {
      const fields = duckFields(type).map(
        (name, index) =>
          `${text(name)}: ${partOf(`(${sql} -> ${text(`$."${name}"`)})`, type.fields[index]?.type ?? type)}`,
      )
      return `CASE WHEN json_type(${sql}) = 'OBJECT' THEN {${fields.join(', ')}} END`
    }
    case 'JSON':
      return sql
    case 'BYTES':
      return `from_base64(${sql} ->> '$')`
    default:
      return `CAST((${sql} ->> '$') AS ${duckType(type)})`
  }
}
