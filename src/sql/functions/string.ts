// String functions over STRING and BYTES. BigQuery counts code points; so do DuckDB's length, substring, left and right.
import { castSql } from '../lower/cast.ts'
import { text, typeName } from '../type-names.ts'
import { containsSubstr } from './contains-substr.ts'
import { failText } from './fail.ts'
import type { FunctionRow, Lowering, LoweringCall } from './function-row.ts'
import { overBytes } from './latin.ts'

/** Unicode's White_Space, which TRIM without letters takes off. */
const whiteSpace = text(
  '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000',
)

/** INITCAP's own: white space, and signs between words. */
const wordEnds = text('[](){}/|\\<>!?@"^#$&~_,.:;*%+-')

function spacesAnd(signs: string): string {
  return `concat(${whiteSpace}, ${signs})`
}

function argument(call: LoweringCall, index: number): string {
  return call.args[index]?.sql ?? 'NULL'
}

function wholeNumber(call: LoweringCall, index: number): number | undefined {
  const constant = call.args[index]?.constant
  if (typeof constant !== 'string' || !/^-?\d{1,9}$/.test(constant)) return undefined
  return Number(constant)
}

/** CONCAT takes anything that casts to STRING. */
function concat(call: LoweringCall): string {
  if (call.args.some(({ type }) => type.kind === 'BYTES')) return concatBytes(call)
  const parts = call.args.map(({ sql, type, constant }) => {
    const cast = constant === null ? 'CAST(NULL AS VARCHAR)' : castSql(sql, type, { kind: 'STRING' })
    return (
      cast ??
      call.invalid(
        `No matching signature for function CONCAT for argument types: ${call.args.map((one) => typeName(one.type)).join(', ')}`,
      )
    )
  })
  return parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(' || ')})`
}

function concatBytes(call: LoweringCall): string {
  const parts = call.args.map(({ sql, type, constant }) => {
    if (constant === null) return 'CAST(NULL AS BLOB)'
    return type.kind === 'BYTES'
      ? sql
      : call.invalid('No matching signature for function CONCAT: STRING and BYTES together')
  })
  return parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(' || ')})`
}

function substring(call: LoweringCall): string {
  const value = argument(call, 0)
  const from = wholeNumber(call, 1)
  const count = wholeNumber(call, 2)
  const isPlain = from !== undefined && from >= 0 && (call.args.length === 2 || (count !== undefined && count >= 0))
  if (isPlain) return `substring(${value}, ${Math.max(from, 1)}${call.args.length === 2 ? '' : `, ${count}`})`
  if (call.args.length === 2) return `memory.bq.text_from(${value}, ${argument(call, 1)})`
  return `memory.bq.text_part(${value}, ${argument(call, 1)}, ${argument(call, 2)})`
}

function edge(name: 'LEFT' | 'RIGHT'): Lowering {
  return (call) => {
    const count = wholeNumber(call, 1)
    if (count !== undefined && count >= 0) return `"${name.toLowerCase()}"(${argument(call, 0)}, ${count})`
    return `memory.bq.text_${name.toLowerCase()}(${argument(call, 0)}, ${argument(call, 1)})`
  }
}

function pad(name: 'lpad' | 'rpad'): Lowering {
  return (call) => {
    const pattern = call.args[2] === undefined ? "' '" : argument(call, 2)
    const count = wholeNumber(call, 1)
    const constant = call.args[2]?.constant
    const isPlain = call.args[2] === undefined || (typeof constant === 'string' && constant !== '')
    if (isPlain && count !== undefined && count >= 0 && count <= 1_000_000)
      return `${name}(${argument(call, 0)}, ${count}, ${pattern})`
    return `memory.bq.text_${name}(${argument(call, 0)}, ${argument(call, 1)}, ${pattern})`
  }
}

function trim(name: 'trim' | 'ltrim' | 'rtrim'): Lowering {
  return (call) => `${name}(${argument(call, 0)}, ${call.args[1] === undefined ? whiteSpace : argument(call, 1)})`
}

function inText(call: LoweringCall): string {
  if (call.args.length === 2) return `instr(${argument(call, 0)}, ${argument(call, 1)})`
  return `bq_js_instr(${argument(call, 0)}, ${argument(call, 1)}, ${argument(call, 2)}, ${call.args[3] === undefined ? '1::BIGINT' : argument(call, 3)})`
}

function translate(call: LoweringCall): string {
  const from = call.args[1]?.constant
  if (typeof from !== 'string')
    return `bq_js_translate(${argument(call, 0)}, ${argument(call, 1)}, ${argument(call, 2)})`
  const letters = Array.from(from)
  const twice = letters.find((letter, index) => letters.indexOf(letter) !== index)
  if (twice === undefined) return `translate(${argument(call, 0)}, ${argument(call, 1)}, ${argument(call, 2)})`
  return failText(`Duplicate character "${twice}" in TRANSLATE source characters`, 'VARCHAR')
}

const normalForms = ['NFC', 'NFKC', 'NFD', 'NFKD']

function normalize(call: LoweringCall, isFolded: boolean): string {
  const form = String(call.args[1]?.constant ?? 'NFC')
  if (!normalForms.includes(form)) call.invalid(`Invalid normalization mode: ${form}`)
  return `bq_js_normalize(${argument(call, 0)}, ${text(form)}, ${isFolded})`
}

function split(call: LoweringCall): string {
  const delimiter = call.args[1]
  if (delimiter === undefined) return `string_split(${argument(call, 0)}, ',')`
  const parts = `string_split(${argument(call, 0)}, ${delimiter.sql})`
  return typeof delimiter.constant === 'string' ? parts : `CASE WHEN ${delimiter.sql} IS NOT NULL THEN ${parts} END`
}

function collate(call: LoweringCall): string {
  const name = call.args[1]?.constant
  if (name === '' || name === 'binary') return argument(call, 0)
  return call.unsupported(`collation ${text(String(name))} is not supported locally`)
}

const asciiOnly = 'strlen($1) = length($1)'

/** What STRING and BYTES have in common: signature with X for the type, lowering. */
const shared: readonly (readonly [signature: string, lower: Lowering])[] = [
  ['ENDS_WITH(X, X) -> BOOL', 'ends_with($1, $2)'],
  ['INSTR(X, X, [INT64], [INT64]) -> INT64', inText],
  ['LEFT(X, INT64) -> X', edge('LEFT')],
  ['RIGHT(X, INT64) -> X', edge('RIGHT')],
  ['LPAD(X, INT64, [X]) -> X', pad('lpad')],
  ['RPAD(X, INT64, [X]) -> X', pad('rpad')],
  ['REPEAT(X, INT64) -> X', 'memory.bq.text_repeat($1, $2)'],
  ['REPLACE(X, X, X) -> X', 'replace($1, $2, $3)'],
  [
    'REVERSE(X) -> X',
    `CASE WHEN ${asciiOnly} THEN reverse($1) ELSE array_to_string(list_reverse(string_split($1, '')), '') END`,
  ],
  ['STARTS_WITH(X, X) -> BOOL', 'starts_with($1, $2)'],
  ['STRPOS(X, X) -> INT64', 'instr($1, $2)'],
  ['SUBSTR(X, INT64, [INT64]) -> X', substring],
  ['SUBSTRING(X, INT64, [INT64]) -> X', substring],
  ['TRANSLATE(X, X, X) -> X', translate],
]

const plain: readonly FunctionRow[] = [
  { signature: 'ASCII(STRING) -> INT64', lower: 'memory.bq.text_ascii($1)' },
  overBytes('ASCII(BYTES) -> INT64', "CASE WHEN $1 = '' THEN 0 ELSE CAST(unicode($1) AS BIGINT) END"),
  ...['BYTE_LENGTH', 'OCTET_LENGTH'].flatMap((name): FunctionRow[] => [
    { signature: `${name}(STRING) -> INT64`, lower: 'strlen($1)' },
    { signature: `${name}(BYTES) -> INT64`, lower: 'octet_length($1)' },
  ]),
  { signature: 'LENGTH(STRING) -> INT64', lower: 'length($1)' },
  { signature: 'LENGTH(BYTES) -> INT64', lower: 'octet_length($1)' },
  { signature: 'CHAR_LENGTH(STRING) -> INT64', lower: 'length($1)' },
  { signature: 'CHARACTER_LENGTH(STRING) -> INT64', lower: 'length($1)' },
  { signature: 'CHR(INT64) -> STRING', lower: 'memory.bq.text_chr($1)' },
  { signature: 'CODE_POINTS_TO_BYTES(ARRAY<INT64>) -> BYTES', lower: 'bq_js_code_points_to_bytes($1)' },
  { signature: 'CODE_POINTS_TO_STRING(ARRAY<INT64>) -> STRING', lower: 'bq_js_code_points_to_text($1)' },
  { signature: 'COLLATE(STRING, LITERAL STRING) -> STRING', lower: collate, note: 'Only the binary collation.' },
  { signature: 'CONCAT(STRING, STRING...) -> STRING', lower: concat },
  { signature: 'CONCAT(BYTES, BYTES...) -> BYTES', lower: concatBytes },
  { signature: 'CONCAT(ANY, ANY...) -> STRING', lower: concat },
  { signature: 'CONTAINS_SUBSTR(ANY, LITERAL STRING, [json_scope => LITERAL STRING]) -> BOOL', lower: containsSubstr },
  {
    signature: 'EDIT_DISTANCE(STRING, STRING, [max_distance => INT64]) -> INT64',
    lower: (call) =>
      `bq_js_edit_distance(${argument(call, 0)}, ${argument(call, 1)}, ${call.args[2] === undefined ? '9223372036854775807::BIGINT' : argument(call, 2)})`,
  },
  overBytes(
    'EDIT_DISTANCE(BYTES, BYTES, [max_distance => INT64]) -> INT64',
    (call) =>
      `bq_js_edit_distance(${argument(call, 0)}, ${argument(call, 1)}, ${call.args[2] === undefined ? '9223372036854775807::BIGINT' : argument(call, 2)})`,
  ),
  { signature: 'FROM_BASE32(STRING) -> BYTES', lower: 'bq_js_from_base32($1)' },
  { signature: 'FROM_BASE64(STRING) -> BYTES', lower: 'bq_js_from_base64($1)' },
  { signature: 'FROM_HEX(STRING) -> BYTES', lower: 'bq_js_from_hex($1)' },
  {
    signature: 'INITCAP(STRING, [STRING]) -> STRING',
    lower: (call) =>
      `bq_js_initcap(${argument(call, 0)}, ${call.args[1] === undefined ? spacesAnd(wordEnds) : argument(call, 1)})`,
  },
  { signature: 'LOWER(STRING) -> STRING', lower: `CASE WHEN ${asciiOnly} THEN lower($1) ELSE bq_js_lower($1) END` },
  { signature: 'UPPER(STRING) -> STRING', lower: `CASE WHEN ${asciiOnly} THEN upper($1) ELSE bq_js_upper($1) END` },
  overBytes('LOWER(BYTES) -> BYTES', "translate($1, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')"),
  overBytes('UPPER(BYTES) -> BYTES', "translate($1, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')"),
  ...(['trim', 'ltrim', 'rtrim'] as const).flatMap((name): FunctionRow[] => [
    { signature: `${name.toUpperCase()}(STRING, [STRING]) -> STRING`, lower: trim(name) },
    overBytes(`${name.toUpperCase()}(BYTES, BYTES) -> BYTES`, trim(name)),
  ]),
  { signature: 'NORMALIZE(STRING, [PART]) -> STRING', lower: (call) => normalize(call, false) },
  { signature: 'NORMALIZE_AND_CASEFOLD(STRING, [PART]) -> STRING', lower: (call) => normalize(call, true) },
  { signature: 'SAFE_CONVERT_BYTES_TO_STRING(BYTES) -> STRING', lower: 'bq_js_bytes_to_text($1)' },
  { signature: 'SOUNDEX(STRING) -> STRING', lower: 'bq_js_soundex($1)' },
  { signature: 'SPLIT(STRING, [STRING]) -> ARRAY<STRING>', lower: split },
  overBytes('SPLIT(BYTES, BYTES) -> ARRAY<BYTES>', split),
  { signature: 'TO_BASE32(BYTES) -> STRING', lower: 'bq_js_to_base32($1)' },
  { signature: 'TO_BASE64(BYTES) -> STRING', lower: 'to_base64($1)' },
  { signature: 'TO_HEX(BYTES) -> STRING', lower: 'lower(hex($1))' },
  { signature: 'TO_CODE_POINTS(STRING) -> ARRAY<INT64>', lower: 'memory.bq.text_code_points($1)' },
  overBytes('TO_CODE_POINTS(BYTES) -> ARRAY<INT64>', 'memory.bq.text_code_points($1)'),
  { signature: 'UNICODE(STRING) -> INT64', lower: "CASE WHEN $1 = '' THEN 0 ELSE CAST(unicode($1) AS BIGINT) END" },
]

export const stringFunctions: readonly FunctionRow[] = [
  ...plain,
  ...shared.map(([signature, lower]): FunctionRow => ({ signature: signature.replaceAll(/\bX\b/g, 'STRING'), lower })),
  ...shared.map(([signature, lower]) => overBytes(signature.replaceAll(/\bX\b/g, 'BYTES'), lower)),
]
