// The table is whole: every function of BigQuery is in it or refused by name, and all that lowerings call exists.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { conditionals } from '../lower/conditional.ts'
import { parseSignature } from '../lower/signature.ts'
import { jsFunctions } from './js-functions.ts'
import { functionMacros } from './macros.ts'
import { functionTable } from './table.ts'

/** BigQuery's reference, "All functions", without ST_* and what is syntax (ARRAY, CAST, EXTRACT). */
const documented =
  `ABS ACOS ACOSH AEAD.ENCRYPT AEAD.DECRYPT_BYTES AEAD.DECRYPT_STRING AGG ANY_VALUE APPENDS APPROX_COUNT_DISTINCT APPROX_QUANTILES
  APPROX_TOP_COUNT APPROX_TOP_SUM ARRAY_AGG ARRAY_CONCAT ARRAY_CONCAT_AGG ARRAY_FIRST ARRAY_LAST ARRAY_LENGTH ARRAY_REVERSE ARRAY_SLICE
  ARRAY_TO_STRING ASCII ASIN ASINH ATAN ATAN2 ATANH AVG BAG_OF_WORDS BIT_AND BIT_COUNT BIT_OR BIT_XOR BOOL BYTE_LENGTH CBRT CEIL CEILING CHANGES
  CHAR_LENGTH CHARACTER_LENGTH CHR COALESCE CODE_POINTS_TO_BYTES CODE_POINTS_TO_STRING COLLATE CONCAT CONTAINS_SUBSTR CORR COS COSH
  COSINE_DISTANCE COT COTH COUNT COUNTIF COVAR_POP COVAR_SAMP CSC CSCH CUME_DIST CURRENT_DATE CURRENT_DATETIME CURRENT_TIME CURRENT_TIMESTAMP DATE
  DATE_ADD DATE_BUCKET DATE_DIFF DATE_FROM_UNIX_DATE DATE_SUB DATE_TRUNC DATETIME DATETIME_ADD DATETIME_BUCKET DATETIME_DIFF DATETIME_SUB
  DATETIME_TRUNC DENSE_RANK DETERMINISTIC_DECRYPT_BYTES DETERMINISTIC_DECRYPT_STRING DETERMINISTIC_ENCRYPT DIV DLP_DETERMINISTIC_DECRYPT
  DLP_DETERMINISTIC_ENCRYPT DLP_KEY_CHAIN EDIT_DISTANCE ENDS_WITH ERROR EUCLIDEAN_DISTANCE EXP EXTERNAL_OBJECT_TRANSFORM EXTERNAL_QUERY
  FARM_FINGERPRINT FIRST_VALUE FLOAT64 FLOOR FORMAT FORMAT_DATE FORMAT_DATETIME FORMAT_TIME FORMAT_TIMESTAMP FROM_BASE32 FROM_BASE64 FROM_HEX
  GAP_FILL GENERATE_ARRAY GENERATE_DATE_ARRAY GENERATE_RANGE_ARRAY GENERATE_TIMESTAMP_ARRAY GENERATE_UUID GREATEST GROUPING HLL_COUNT.EXTRACT
  HLL_COUNT.INIT HLL_COUNT.MERGE HLL_COUNT.MERGE_PARTIAL IEEE_DIVIDE IF IFNULL INITCAP INSTR INT64 IS_INF IS_NAN JSON_ARRAY JSON_ARRAY_APPEND
  JSON_ARRAY_INSERT JSON_EXTRACT JSON_EXTRACT_ARRAY JSON_EXTRACT_SCALAR JSON_EXTRACT_STRING_ARRAY JSON_FLATTEN JSON_KEYS JSON_OBJECT JSON_QUERY
  JSON_QUERY_ARRAY JSON_REMOVE JSON_SET JSON_STRIP_NULLS JSON_TYPE JSON_VALUE JSON_VALUE_ARRAY JUSTIFY_DAYS JUSTIFY_HOURS JUSTIFY_INTERVAL
  KEYS.NEW_KEYSET KLL_QUANTILES.INIT_INT64 KLL_QUANTILES.MERGE_PARTIAL LAG LAST_DAY LAST_VALUE LAX_BOOL LAX_FLOAT64 LAX_INT64 LAX_STRING LEAD LEAST
  LEFT LENGTH LN LOG LOG10 LOGICAL_AND LOGICAL_OR LOWER LPAD LTRIM MAKE_INTERVAL MAX MAX_BY MD5 MIN MIN_BY ML.PREDICT MOD NET.HOST
  NET.IP_FROM_STRING NET.IP_NET_MASK NET.IP_TO_STRING NET.IP_TRUNC NET.IPV4_FROM_INT64 NET.IPV4_TO_INT64 NET.PUBLIC_SUFFIX NET.REG_DOMAIN
  NET.SAFE_IP_FROM_STRING NORMALIZE NORMALIZE_AND_CASEFOLD NTH_VALUE NTILE NULLIF NULLIFZERO OBJ.FETCH_METADATA OCTET_LENGTH PARSE_BIGNUMERIC
  PARSE_DATE PARSE_DATETIME PARSE_JSON PARSE_NUMERIC PARSE_TIME PARSE_TIMESTAMP PERCENT_RANK PERCENTILE_CONT PERCENTILE_DISC POW POWER RAND RANGE
  RANGE_BUCKET RANGE_CONTAINS RANGE_END RANGE_INTERSECT RANGE_OVERLAPS RANGE_SESSIONIZE RANGE_START RANK REGEXP_CONTAINS REGEXP_EXTRACT
  REGEXP_EXTRACT_ALL REGEXP_INSTR REGEXP_REPLACE REGEXP_SUBSTR REPEAT REPLACE REVERSE RIGHT ROUND ROW_NUMBER RPAD RTRIM S2_CELLIDFROMPOINT
  S2_COVERINGCELLIDS SAFE_ADD SAFE_CONVERT_BYTES_TO_STRING SAFE_DIVIDE SAFE_MULTIPLY SAFE_NEGATE SAFE_SUBTRACT SEARCH SEC SECH SESSION_USER SHA1
  SHA256 SHA512 SIGN SIN SINH SOUNDEX SPLIT SQRT STARTS_WITH STDDEV STDDEV_POP STDDEV_SAMP STRING STRING_AGG STRPOS SUBSTR SUBSTRING SUM TAN TANH
  TEXT_ANALYZE TF_IDF TIME TIME_ADD TIME_DIFF TIME_SUB TIME_TRUNC TIMESTAMP TIMESTAMP_ADD TIMESTAMP_BUCKET TIMESTAMP_DIFF TIMESTAMP_MICROS
  TIMESTAMP_MILLIS TIMESTAMP_SECONDS TIMESTAMP_SUB TIMESTAMP_TRUNC TO_BASE32 TO_BASE64 TO_CODE_POINTS TO_HEX TO_JSON TO_JSON_STRING TRANSLATE TRIM
  TRUNC TYPEOF UNICODE UNIX_DATE UNIX_MICROS UNIX_MILLIS UNIX_SECONDS UPPER VAR_POP VAR_SAMP VARIANCE VECTOR_INDEX.STATISTICS VECTOR_SEARCH
  ZEROIFNULL`.split(/\s+/)

const { scalars, aggregates, windows, refused } = functionTable
const rows = [...scalars.values(), ...aggregates.values(), ...windows.values()].flat()

function isKnown(name: string): boolean {
  return scalars.has(name) || aggregates.has(name) || windows.has(name) || conditionals[name] !== undefined
}

function isRefused(name: string): boolean {
  return refused.has(name) || refused.has(`${name.split('.')[0]}.*`)
}

describe('the function table', () => {
  test.each(documented)('%s is known or refused', (name) => {
    expect({ name, is: isKnown(name) || isRefused(name) }).toEqual({ name, is: true })
  })

  test('no function is known and refused at once', () => {
    expect([...refused.keys()].filter(isKnown)).toEqual([])
  })

  test('every signature can be read', () => {
    for (const { signature } of rows) expect(parseSignature(signature).text).toBe(signature)
  })

  test('no signature stands twice', () => {
    const signatures = rows.map(({ signature }) => signature.replace(/ -> .*/, ''))
    expect(signatures.filter((one, index) => signatures.indexOf(one) !== index)).toEqual([])
  })
})

describe('what lowerings call', () => {
  const texts = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
    .join('\n')

  test('names of macros and of JavaScript functions stand once', () => {
    for (const list of [functionMacros, jsFunctions]) {
      const names = list.map(({ name }) => name)
      expect(names.filter((one, index) => names.indexOf(one) !== index)).toEqual([])
    }
  })

  test('every macro exists', () => {
    const known = new Set(functionMacros.map(({ name }) => name))
    const called = [...texts.matchAll(/memory\.bq\.(\w+)\(/g)].map(([, name = '']) => name)
    expect(called.filter((name) => !known.has(name))).toEqual([])
  })

  test('every JavaScript function exists', () => {
    const known = new Set(jsFunctions.map(({ name }) => name))
    const called = [...texts.matchAll(/\b(bq_js_\w+)\(/g)].map(([, name = '']) => name)
    expect(called.filter((name) => !known.has(name))).toEqual([])
  })
})
