// JSON functions over JSON values and JSON texts. Paths are constants; a parameter's is read row by row.
import { lambdaName } from '../lower/share.ts'
import { text } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import { failText } from './fail.ts'
import type { FunctionRow, LoweredArgument, LoweringCall } from './function-row.ts'
import { type PathMode, type PathStep, pointerOf, readPath } from './json-path.ts'
import { valueText } from './value-text.ts'

function argument(call: LoweringCall, index: number): string {
  return call.args[index]?.sql ?? 'NULL'
}

function named(call: LoweringCall, name: string): LoweredArgument | undefined {
  return call.args.find((one) => one.name?.toLowerCase() === name)
}

/** undefined: known only at run time. */
function stepsOf(
  call: LoweringCall,
  path: LoweredArgument | undefined,
  mode: PathMode,
): readonly PathStep[] | undefined {
  const constant = path === undefined ? '$' : path.constant
  if (typeof constant !== 'string') {
    const isParameter = constant === null || /^\(?(?:CAST\()?\$/.test(path?.sql ?? '')
    return isParameter ? undefined : call.invalid('JSONPath must be a string literal or query parameter')
  }
  if (/^\s*lax\b/i.test(constant)) call.unsupported('lax JSONPaths are not supported locally')
  try {
    return readPath(constant, mode)
  } catch (error) {
    return call.invalid(error instanceof Error ? error.message : String(error))
  }
}

type Reader = 'value' | 'query' | 'query_array' | 'value_array'

/** JSON_VALUE(STRING, …): the engine reads what both read alike, JavaScript the rest. */
function fromText(call: LoweringCall, reader: Reader, mode: PathMode): string {
  const steps = stepsOf(call, call.args[1], mode)
  const path = call.args[1]?.sql ?? "'$'"
  const slow = `bq_js_json_${reader}_of_text(${argument(call, 0)}, ${path}, '${mode}')`
  if (reader !== 'value' || steps === undefined) return slow
  return `memory.bq.json_text_value(${argument(call, 0)}, ${text(pointerOf(steps))}, ${path}, '${mode}', ${steps.length > 1})`
}

function fromJson(call: LoweringCall, reader: Reader, mode: PathMode): string {
  const steps = stepsOf(call, call.args[1], mode)
  const path = call.args[1]?.sql ?? "'$'"
  const slow = `bq_js_json_${reader}_of_json(CAST(${argument(call, 0)} AS VARCHAR), ${path}, '${mode}')`
  if (steps !== undefined && reader === 'value') {
    return `memory.bq.json_value(${argument(call, 0)}, ${text(pointerOf(steps))}, ${path}, '${mode}')`
  }
  if (steps !== undefined && reader === 'query') {
    const found =
      steps.length === 0 ? argument(call, 0) : `json_extract(${argument(call, 0)}, ${text(pointerOf(steps))})`
    return `CAST(${found} AS JSON)`
  }
  if (reader === 'query') return `CAST(${slow} AS JSON)`
  return reader === 'query_array' ? `CAST(${slow} AS JSON[])` : slow
}

function extractors(name: string, reader: Reader, mode: PathMode): FunctionRow[] {
  const [ofText, ofJson] = {
    value: ['STRING', 'STRING'],
    query: ['STRING', 'JSON'],
    query_array: ['ARRAY<STRING>', 'ARRAY<JSON>'],
    value_array: ['ARRAY<STRING>', 'ARRAY<STRING>'],
  }[reader] as [string, string]
  return [
    { signature: `${name}(STRING, [STRING]) -> ${ofText}`, lower: (call) => fromText(call, reader, mode) },
    { signature: `${name}(JSON, [STRING]) -> ${ofJson}`, lower: (call) => fromJson(call, reader, mode) },
  ]
}

function toJsonString(call: LoweringCall): string {
  const [value, pretty] = call.args
  const compact = value === undefined ? 'NULL' : valueText(call, value.sql, value.type, 'json')
  if (pretty === undefined || pretty.constant === false) return compact
  if (pretty.constant === true) return `bq_js_json_lay_out(${compact})`
  return `CASE WHEN ${pretty.sql} THEN bq_js_json_lay_out(${compact}) WHEN NOT ${pretty.sql} THEN ${compact} END`
}

/** Text of one value, not yet in BigQuery's form. */
function rawJson(
  call: LoweringCall,
  { sql, type, constant }: LoweredArgument,
  style: 'value' | 'wide' = 'value',
): string {
  return constant === null ? "'null'" : valueText(call, sql, type, style)
}

function toJson(call: LoweringCall): string {
  const [value] = call.args
  const wide = named(call, 'stringify_wide_numbers')
  if (value === undefined) return 'NULL'
  const made = (style: 'value' | 'wide'): string => `CAST(bq_js_json_normal(${rawJson(call, value, style)}) AS JSON)`
  if (wide === undefined || wide.constant === false) return made('value')
  if (wide.constant === true) return made('wide')
  return `CASE WHEN ${wide.sql} THEN ${made('wide')} WHEN NOT ${wide.sql} THEN ${made('value')} END`
}

function jsonArray(call: LoweringCall): string {
  const items = call.args.map((one) => rawJson(call, one))
  return `CAST(bq_js_json_normal('[' || ${items.length === 0 ? "''" : items.join(" || ',' || ")} || ']') AS JSON)`
}

function jsonObject(call: LoweringCall): string {
  const keys = call.args.filter((_one, index) => index % 2 === 0)
  const values = call.args.filter((_one, index) => index % 2 === 1)
  const isWrong =
    keys.length !== values.length || keys.some(({ type, constant }) => type.kind !== 'STRING' && constant !== null)
  if (isWrong) call.invalid('No matching signature for function JSON_OBJECT: keys are STRINGs, each with a value')
  const list = (items: readonly string[]): string => `CAST([${items.join(', ')}] AS VARCHAR[])`
  return `CAST(bq_js_json_object(${list(keys.map(({ sql }) => sql))}, ${list(values.map((one) => rawJson(call, one)))}) AS JSON)`
}

function jsonObjectOfArrays(call: LoweringCall): string {
  const values = call.args[1]
  const element: SqlType = values?.type.kind === 'ARRAY' ? values.type.element : { kind: 'STRING' }
  const one = lambdaName('j', values?.sql ?? '')
  const texts = `list_transform(${values?.sql}, lambda ${one}: ${valueText(call, one, element, 'value')})`
  const missing = (what: string): string =>
    failText(`Invalid input to JSON_OBJECT: The ${what} array cannot be NULL`, 'JSON')
  return `CASE WHEN ${argument(call, 0)} IS NULL THEN ${missing('keys')} WHEN ${values?.sql} IS NULL THEN ${missing('values')}
    ELSE CAST(bq_js_json_object(${argument(call, 0)}, ${texts}) AS JSON) END`
}

/** JSON_SET, JSON_ARRAY_APPEND, JSON_ARRAY_INSERT: pairs of path and value behind the JSON. */
function edit(kind: string, option: string) {
  return (call: LoweringCall): string => {
    const [value, ...pairs] = call.args.filter((one) => one.name === undefined)
    if (pairs.length === 0 || pairs.length % 2 === 1)
      call.invalid(`No matching signature for function ${kind}: every JSONPath needs a value`)
    const flag = named(call, option)
    const parts: string[] = []
    const arrays: string[] = []
    for (const [index, pair] of pairs.entries()) {
      if (index % 2 === 1) {
        parts.push(rawJson(call, pair))
        arrays.push(String(pair.type.kind === 'ARRAY'))
      } else parts.push(editPath(call, pair))
    }
    const edited = `bq_js_json_edit(${text(kind)}, CAST(${value?.sql} AS VARCHAR), CAST([${parts.join(', ')}] AS VARCHAR[]), [${arrays.join(', ')}], ${flag?.sql ?? 'true'})`
    return `CAST(${edited} AS JSON)`
  }
}

function editPath(call: LoweringCall, path: LoweredArgument): string {
  if (path.constant === null) return 'NULL'
  if (path.type.kind !== 'STRING') call.invalid('A JSONPath must be a STRING')
  stepsOf(call, path, 'strict')
  return path.sql
}

function remove(call: LoweringCall): string {
  const [value, ...paths] = call.args
  const list = `CAST([${paths.map((path) => editPath(call, path)).join(', ')}] AS VARCHAR[])`
  return `CAST(bq_js_json_remove(CAST(${value?.sql} AS VARCHAR), ${list}) AS JSON)`
}

function strip(call: LoweringCall): string {
  const path = call.args[1]?.name === undefined ? call.args[1] : undefined
  if (path !== undefined) stepsOf(call, path, 'strict')
  const options = `${named(call, 'include_arrays')?.sql ?? 'true'}, ${named(call, 'remove_empty')?.sql ?? 'false'}`
  return `CAST(bq_js_json_strip(CAST(${argument(call, 0)} AS VARCHAR), ${path?.sql ?? "'$'"}, ${options}) AS JSON)`
}

function keys(call: LoweringCall): string {
  const depth = call.args[1]?.name === undefined ? call.args[1] : undefined
  return `bq_js_json_keys(CAST(${argument(call, 0)} AS VARCHAR), coalesce(${depth?.sql ?? 'NULL'}, 1000)::BIGINT, ${named(call, 'mode')?.sql ?? "'strict'"})`
}

const ofJson = (name: string): string => `bq_js_json_${name}(CAST($1 AS VARCHAR))`
const wideMode = (call: LoweringCall, fallback: string): string =>
  named(call, 'wide_number_mode')?.sql ?? `'${fallback}'`
const toFloat = (call: LoweringCall): string =>
  `bq_js_json_float(CAST(${argument(call, 0)} AS VARCHAR), ${wideMode(call, 'round')})`

export const jsonFunctions: readonly FunctionRow[] = [
  ...extractors('JSON_VALUE', 'value', 'standard'),
  ...extractors('JSON_QUERY', 'query', 'standard'),
  ...extractors('JSON_QUERY_ARRAY', 'query_array', 'standard'),
  ...extractors('JSON_VALUE_ARRAY', 'value_array', 'standard'),
  ...extractors('JSON_EXTRACT', 'query', 'legacy'),
  ...extractors('JSON_EXTRACT_SCALAR', 'value', 'legacy'),
  ...extractors('JSON_EXTRACT_ARRAY', 'query_array', 'legacy'),
  ...extractors('JSON_EXTRACT_STRING_ARRAY', 'value_array', 'legacy'),
  {
    signature: 'PARSE_JSON(STRING, [wide_number_mode => STRING]) -> JSON',
    lower: (call) => `CAST(bq_js_json_parse(${argument(call, 0)}, ${wideMode(call, 'exact')}) AS JSON)`,
  },
  { signature: 'TO_JSON(ANY, [stringify_wide_numbers => BOOL]) -> JSON', lower: toJson },
  { signature: 'TO_JSON_STRING(ANY, [BOOL]) -> STRING', lower: toJsonString },
  { signature: 'TO_JSON_STRING(ANY, [pretty_print => BOOL]) -> STRING', lower: toJsonString },
  { signature: 'JSON_TYPE(JSON) -> STRING', lower: ofJson('type') },
  { signature: 'JSON_KEYS(JSON, [INT64], [mode => STRING]) -> ARRAY<STRING>', lower: keys },
  { signature: 'JSON_ARRAY([ANY]...) -> JSON', lower: jsonArray },
  { signature: 'JSON_OBJECT(ARRAY<STRING>, ARRAY<T>) -> JSON', lower: jsonObjectOfArrays },
  { signature: 'JSON_OBJECT([ANY]...) -> JSON', lower: jsonObject },
  {
    signature: 'JSON_SET(JSON, ANY..., [create_if_missing => BOOL]) -> JSON',
    lower: edit('JSON_SET', 'create_if_missing'),
  },
  {
    signature: 'JSON_ARRAY_APPEND(JSON, ANY..., [append_each_element => BOOL]) -> JSON',
    lower: edit('JSON_ARRAY_APPEND', 'append_each_element'),
  },
  {
    signature: 'JSON_ARRAY_INSERT(JSON, ANY..., [insert_each_element => BOOL]) -> JSON',
    lower: edit('JSON_ARRAY_INSERT', 'insert_each_element'),
  },
  { signature: 'JSON_REMOVE(JSON, STRING, STRING...) -> JSON', lower: remove },
  {
    signature: 'JSON_STRIP_NULLS(JSON, [STRING], [include_arrays => BOOL], [remove_empty => BOOL]) -> JSON',
    lower: strip,
  },
  { signature: 'BOOL(JSON) -> BOOL', lower: ofJson('bool') },
  { signature: 'INT64(JSON) -> INT64', lower: ofJson('int') },
  { signature: 'STRING(JSON) -> STRING', lower: ofJson('string') },
  { signature: 'FLOAT64(JSON, [wide_number_mode => STRING]) -> FLOAT64', lower: toFloat },
  { signature: 'LAX_BOOL(JSON) -> BOOL', lower: ofJson('lax_bool') },
  { signature: 'LAX_INT64(JSON) -> INT64', lower: ofJson('lax_int') },
  { signature: 'LAX_FLOAT64(JSON) -> FLOAT64', lower: ofJson('lax_float') },
  { signature: 'LAX_STRING(JSON) -> STRING', lower: ofJson('lax_string') },
]
