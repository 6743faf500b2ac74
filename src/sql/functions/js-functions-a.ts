// What text, hashes, addresses and JSON need JavaScript for. A NULL among the arguments gives NULL without a call.
import { createHash } from 'node:crypto'

import { fingerprint64 } from 'farmhash-modern'

import { fromBase32, fromBase64, fromHex, toBase32 } from './decodings.ts'
import { formatConstant, formatRow } from './format-value.ts'
import type { JsFunction } from './js-function.ts'
import { jsonJsFunctions } from './js-functions-json.ts'
import { textJson } from './json-scan.ts'
import { bytesLiteral, textLiteral } from './literal-text.ts'
import {
  addressFromNumber,
  addressOf,
  addressText,
  hostOf,
  netMask,
  numberFromAddress,
  publicSuffixOf,
  registeredDomainOf,
  strictAddressOf,
  truncateAddress,
} from './net-work.ts'
import { checkRewrite, nullableUnsupported, oneGroup, placePattern, readPattern } from './regexp-pattern.ts'
import {
  bytesToText,
  codePointsToBytes,
  codePointsToText,
  editDistance,
  initcap,
  inText,
  latin,
  normalize,
  soundex,
  translate,
  unlatin,
} from './text-work.ts'

/** Their parameters are those that the engine hands over, as `parameters` says. */
type Call = (...values: never[]) => unknown

function define(name: string, parameters: readonly string[], result: string, call: Call): JsFunction {
  return { name: `bq_js_${name}`, parameters, result, call }
}

const texts: readonly JsFunction[] = [
  define('latin', ['BLOB'], 'VARCHAR', latin),
  define('unlatin', ['VARCHAR'], 'BLOB', unlatin),
  define('instr', ['VARCHAR', 'VARCHAR', 'BIGINT', 'BIGINT'], 'BIGINT', inText),
  define('translate', ['VARCHAR', 'VARCHAR', 'VARCHAR'], 'VARCHAR', translate),
  define('initcap', ['VARCHAR', 'VARCHAR'], 'VARCHAR', initcap),
  define('lower', ['VARCHAR'], 'VARCHAR', (value: string) => value.toLowerCase()),
  define('upper', ['VARCHAR'], 'VARCHAR', (value: string) => value.toUpperCase()),
  define('normalize', ['VARCHAR', 'VARCHAR', 'BOOLEAN'], 'VARCHAR', normalize),
  define('soundex', ['VARCHAR'], 'VARCHAR', soundex),
  define('edit_distance', ['VARCHAR', 'VARCHAR', 'BIGINT'], 'BIGINT', editDistance),
  define('code_points_to_text', ['BIGINT[]'], 'VARCHAR', codePointsToText),
  define('code_points_to_bytes', ['BIGINT[]'], 'BLOB', codePointsToBytes),
  define('bytes_to_text', ['BLOB'], 'VARCHAR', bytesToText),
  define('to_base32', ['BLOB'], 'VARCHAR', toBase32),
  define('from_base32', ['VARCHAR'], 'BLOB', fromBase32),
  define('from_base64', ['VARCHAR'], 'BLOB', fromBase64),
  define('from_hex', ['VARCHAR'], 'BLOB', fromHex),
]

/** 0 or 1 group; two more if the pattern can match the empty text. */
function groupsOf(pattern: string): bigint {
  const facts = readPattern(pattern)
  if (facts.groups > 1) throw new Error(oneGroup)
  if (facts.isNullable && facts.hasAssertions) throw new Error(nullableUnsupported)
  return BigInt(facts.groups + (facts.isNullable ? 2 : 0))
}

function placeOf(pattern: string, occurrence: bigint, after: bigint): string {
  if (occurrence < 1n) throw new Error('Occurrence must be positive')
  if (after !== 0n && after !== 1n) throw new Error('Invalid return_position_after_match.')
  return placePattern(pattern, Number(occurrence) - 1, after === 1n)
}

const patterns: readonly JsFunction[] = [
  define('regexp_checked', ['VARCHAR'], 'VARCHAR', (pattern: string) => {
    readPattern(pattern)
    return pattern
  }),
  define('regexp_groups', ['VARCHAR'], 'BIGINT', groupsOf),
  define('regexp_place', ['VARCHAR', 'BIGINT', 'BIGINT'], 'VARCHAR', placeOf),
  define('regexp_rewrite', ['VARCHAR', 'VARCHAR'], 'VARCHAR', (pattern: string, rewrite: string) => {
    checkRewrite(rewrite, readPattern(pattern).groups)
    return rewrite
  }),
]

const hashes: readonly JsFunction[] = [
  define('sha512', ['BLOB'], 'BLOB', (bytes: Uint8Array) => createHash('sha512').update(bytes).digest()),
  define('farm_fingerprint', ['BLOB'], 'BIGINT', (bytes: Uint8Array) =>
    BigInt.asIntN(64, fingerprint64(Buffer.from(bytes))),
  ),
]

const addresses: readonly JsFunction[] = [
  define('net_host', ['VARCHAR'], 'VARCHAR', hostOf),
  define('net_public_suffix', ['VARCHAR'], 'VARCHAR', publicSuffixOf),
  define('net_reg_domain', ['VARCHAR'], 'VARCHAR', registeredDomainOf),
  define('net_ip_from_string', ['VARCHAR'], 'BLOB', strictAddressOf),
  define('net_safe_ip_from_string', ['VARCHAR'], 'BLOB', addressOf),
  define('net_ip_to_string', ['BLOB'], 'VARCHAR', addressText),
  define('net_ip_net_mask', ['BIGINT', 'BIGINT'], 'BLOB', netMask),
  define('net_ip_trunc', ['BLOB', 'BIGINT'], 'BLOB', truncateAddress),
  define('net_ipv4_from_int64', ['BIGINT'], 'BLOB', addressFromNumber),
  define('net_ipv4_to_int64', ['BLOB'], 'BIGINT', numberFromAddress),
]

const literals: readonly JsFunction[] = [
  define('text_json', ['VARCHAR'], 'VARCHAR', textJson),
  define('literal', ['VARCHAR', 'VARCHAR'], 'VARCHAR', textLiteral),
  define('format_piece', ['VARCHAR', 'BIGINT[]', 'VARCHAR', 'VARCHAR'], 'VARCHAR', formatConstant),
  define('format_row', ['VARCHAR', 'VARCHAR[]'], 'VARCHAR', formatRow),
  define('bytes_literal', ['BLOB', 'BOOLEAN'], 'VARCHAR', bytesLiteral),
]

export const jsFunctionsA: readonly JsFunction[] = [
  ...texts,
  ...patterns,
  ...hashes,
  ...addresses,
  ...literals,
  ...jsonJsFunctions,
]
