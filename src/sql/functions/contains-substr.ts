// CONTAINS_SUBSTR: looks through every text of a value, without regard to case or form. NULL parts make the answer NULL unless
// something is found elsewhere.
import { castSql } from '../lower/cast.ts'
import { lambdaName } from '../lower/share.ts'
import { duckFields, identifier, text, typeName } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import type { LoweringCall } from './function-row.ts'
import { normalize } from './text-work.ts'

export function containsSubstr(call: LoweringCall): string {
  const [value, wanted, scope] = call.args
  if (value === undefined || wanted === undefined) throw new Error('BUG: CONTAINS_SUBSTR without arguments')
  if (typeof wanted.constant !== 'string')
    return call.invalid('CONTAINS_SUBSTR search value must be a STRING literal that is not NULL')
  const jsonScope = typeof scope?.constant === 'string' ? scope.constant : 'JSON_VALUES'
  if (!['JSON_VALUES', 'JSON_KEYS', 'JSON_KEYS_AND_VALUES'].includes(jsonScope))
    call.invalid(`Invalid json_scope: ${jsonScope}`)
  if (value.constant === null) return 'CAST(NULL AS BOOLEAN)'
  return found(call, value.sql, value.type, text(normalize(wanted.constant, 'NFKC', true)), jsonScope)
}

function found(call: LoweringCall, sql: string, type: SqlType, wanted: string, scope: string): string {
  if (type.kind === 'ARRAY') {
    const one = lambdaName('c', sql)
    return `memory.bq.any_true(list_transform(${sql}, lambda ${one}: ${found(call, one, type.element, wanted, scope)}))`
  }
  if (type.kind === 'STRUCT') {
    const one = lambdaName('c', sql)
    const parts = duckFields(type).map((name, index) => {
      const field = type.fields[index]?.type ?? type
      return found(call, `(${one}).${identifier(name)}`, field, wanted, scope)
    })
    const any = `CASE WHEN ${one} IS NULL THEN NULL ELSE memory.bq.any_true([${parts.join(', ')}]) END`
    return `list_transform([${sql}], lambda ${one}: ${any})[1]`
  }
  if (type.kind === 'JSON') return `bq_js_json_contains_text(CAST(${sql} AS VARCHAR), ${wanted}, ${text(scope)})`
  if (type.kind === 'BYTES' || type.kind === 'INTERVAL' || type.kind === 'RANGE')
    call.unsupported(`values of type ${typeName(type)} are not supported locally`)
  const shown = castSql(sql, type, { kind: 'STRING' }) ?? sql
  return `contains(bq_js_normalize(${shown}, 'NFKC', true), ${wanted})`
}
