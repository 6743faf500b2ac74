// Macros that text and JSON lower to. Called as memory.bq.<name>(…).
import { sketchHashes } from './approximate.ts'
import { failSql, failText } from './fail.ts'

interface Macro {
  readonly name: string
  readonly sql: string
}

function macro(name: string, parameters: string, body: string): Macro {
  return { name, sql: `CREATE OR REPLACE MACRO memory.bq.${name}(${parameters}) AS ${body}` }
}

/** BigQuery lets padding and repeating make a megabyte at most. */
const madeBytesMax = 1_048_576
const padded = (name: string): Macro =>
  macro(
    `text_${name}`,
    's, n, p',
    `CASE WHEN n < 0 THEN ${failText('Second argument (output size) for LPAD/RPAD cannot be negative', 'VARCHAR')}
      WHEN p = '' THEN ${failText('Third argument (pad pattern) for LPAD/RPAD cannot be empty', 'VARCHAR')}
      WHEN n > ${madeBytesMax} THEN ${failText('Output of LPAD/RPAD exceeds max allowed output size of 1MB', 'VARCHAR')}
      ELSE ${name}(s, CAST(n AS INTEGER), p) END`,
  )

/** least() would pass over NULL. */
const capped = (sql: string, most: number): string => `CASE WHEN ${sql} > ${most} THEN ${most} ELSE ${sql} END`

const edge = (name: 'left' | 'right'): Macro =>
  macro(
    `text_${name}`,
    's, n',
    `CASE WHEN n < 0 THEN ${failText(`Second argument in ${name.toUpperCase()}() cannot be negative`, 'VARCHAR')} ELSE "${name}"(s, ${capped('n', 2_147_483_647)}) END`,
  )

/** substring() takes offsets of 32 bits. */
const farthest = 4_000_000_000

const texts: readonly Macro[] = [
  macro(
    'text_ascii',
    's',
    `CASE WHEN s = '' THEN 0 WHEN unicode(s) > 127 THEN ${failSql("'Argument to ASCII is not a structurally valid ASCII string: ''' || s || ''''", 'BIGINT')} ELSE CAST(unicode(s) AS BIGINT) END`,
  ),
  macro(
    'text_chr',
    'n',
    `CASE WHEN n NOT BETWEEN 0 AND 1114111 OR n BETWEEN 55296 AND 57343 THEN ${failSql("'Invalid codepoint ' || n", 'VARCHAR')} ELSE chr(CAST(n AS INTEGER)) END`,
  ),
  macro(
    'text_start',
    's, p',
    `CASE WHEN p > ${farthest} THEN ${farthest} WHEN p > 0 THEN p WHEN p = 0 OR p < -length(s) THEN 1 ELSE length(s) + p + 1 END`,
  ),
  macro('text_from', 's, p', 'substring(s, memory.bq.text_start(s, p))'),
  macro(
    'text_part',
    's, p, n',
    `CASE WHEN n < 0 THEN ${failText('Third argument in SUBSTR() cannot be negative', 'VARCHAR')} ELSE substring(s, memory.bq.text_start(s, p), ${capped('n', farthest)}) END`,
  ),
  edge('left'),
  edge('right'),
  padded('lpad'),
  padded('rpad'),
  macro(
    'text_repeat',
    's, n',
    `CASE WHEN n < 0 THEN ${failText('Second argument (repeat count) for REPEAT cannot be negative', 'VARCHAR')}
      WHEN s <> '' AND n > ${madeBytesMax} // greatest(strlen(s), 1) THEN ${failText('Output of REPEAT exceeds max allowed output size of 1MB', 'VARCHAR')}
      WHEN s = '' THEN substring('', n) ELSE repeat(s, n) END`,
  ),
  macro(
    'text_code_points',
    's',
    "CASE WHEN s = '' THEN [] ELSE list_transform(string_split(s, ''), lambda c: CAST(unicode(c) AS BIGINT)) END",
  ),
  macro(
    'any_true',
    'l',
    'CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, true) THEN true WHEN len(l) > len(list_filter(l, lambda b: b IS NOT NULL)) THEN NULL ELSE false END',
  ),
]

/** How a pattern whose groups are counted row by row is extracted; bq_js_regexp_groups says how many, and if it can match nothing. */
const patterns: readonly Macro[] = [
  macro(
    'regexp_rest',
    's, p',
    `CASE WHEN p < 1 THEN ${failText('Position must be positive', 'VARCHAR')} WHEN p = 1 THEN s WHEN p <= length(s) THEN substring(s, p) END`,
  ),
  macro(
    'regexp_nth',
    'l, n',
    `CASE WHEN n < 1 THEN ${failText('Occurrence must be positive', 'VARCHAR')} ELSE l[n] END`,
  ),
  macro('without_last', 's, l', "CASE WHEN s = '' THEN l ELSE l[:-2] END"),
  macro(
    'regexp_raw',
    's, p, k',
    `CASE k WHEN 0 THEN regexp_extract_all(s, p) WHEN 1 THEN regexp_extract_all(s, p, 1)
    WHEN 2 THEN memory.bq.without_last(s, regexp_extract_all(s, p)) WHEN 3 THEN memory.bq.without_last(s, regexp_extract_all(s, p, 1)) END`,
  ),
  macro('regexp_extract_any', 's, p, k, n', 'memory.bq.regexp_nth(memory.bq.regexp_raw(s, p, k), n)'),
  macro(
    'regexp_all_any',
    's, p, k',
    "list_transform(memory.bq.regexp_raw(s, p, k), lambda found: coalesce(found, ''))",
  ),
  macro(
    'regexp_place',
    'v, s, p, n, before, start',
    `CASE WHEN n < 1 THEN ${failText('Occurrence must be positive', 'BIGINT')} WHEN v IS NULL OR p IS NULL OR start IS NULL THEN NULL WHEN s IS NULL THEN 0
      WHEN len(regexp_extract_all(s, p)) < n THEN 0 ELSE length(regexp_extract(s, before, 1)) + start END`,
  ),
]

/** Beyond 2^53 JavaScript can't hold a whole number: JSON shows it as a string. */
const wholeMax = 9_007_199_254_740_992

const json: readonly Macro[] = [
  macro(
    'text_json',
    's',
    `CASE WHEN regexp_matches(s, '[\\x00-\\x1f\\x{2028}\\x{2029}]') THEN bq_js_text_json(s) ELSE '"' || replace(replace(s, '\\', '\\\\'), '"', '\\"') || '"' END`,
  ),
  macro(
    'int_json',
    'n',
    `CASE WHEN n BETWEEN -${wholeMax} AND ${wholeMax} THEN CAST(n AS VARCHAR) ELSE '"' || n || '"' END`,
  ),
  macro(
    'float_json',
    'x',
    `CASE WHEN isnan(x) THEN '"NaN"' WHEN isinf(x) THEN CASE WHEN x > 0 THEN '"Infinity"' ELSE '"-Infinity"' END ELSE memory.bq.float_text(x) END`,
  ),
  macro(
    'float_json_value',
    'x',
    `CASE WHEN isnan(x) THEN '"NaN"' WHEN isinf(x) THEN CASE WHEN x > 0 THEN '"Infinity"' ELSE '"-Infinity"' END ELSE CAST(x AS VARCHAR) END`,
  ),
  macro(
    'decimal_json',
    'x, plain',
    `CASE WHEN x BETWEEN -${wholeMax} AND ${wholeMax} AND (x = trunc(x) OR (plain AND CAST(CAST(x AS DOUBLE) AS VARCHAR) = memory.bq.decimal_text(x))) THEN memory.bq.decimal_text(x) ELSE '"' || memory.bq.decimal_text(x) || '"' END`,
  ),
  macro(
    'float_shown',
    'x, literal',
    `CASE WHEN x = 0 THEN CAST(x AS VARCHAR) WHEN isfinite(x) THEN memory.bq.float_text(x) || CASE WHEN regexp_matches(memory.bq.float_text(x), '[.e]') THEN '' ELSE '.0' END
      WHEN literal THEN 'CAST("' || memory.bq.float_text(x) || '" AS FLOAT64)' ELSE memory.bq.float_text(x) END`,
  ),
  macro(
    'json_value',
    'j, pointer, path, mode',
    `CASE json_type(j, pointer) WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'NULL' THEN NULL
      WHEN 'DOUBLE' THEN bq_js_json_value_of_json(CAST(j AS VARCHAR), path, mode) ELSE json_extract_string(j, pointer) END`,
  ),
  // The engine takes commas too many and NaN, and prints numbers anew: such texts go to JavaScript, and members that may stand twice.
  macro(
    'json_text_value',
    's, pointer, path, mode, deep',
    `CASE WHEN s IS NULL THEN NULL WHEN NOT json_valid(s) OR regexp_matches(s, ',\\s*[\\]}]|[nN][aA][nN]|[iI][nN][fF]') THEN bq_js_json_value_of_text(s, path, mode)
      ELSE CASE json_type(s, pointer) WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'NULL' THEN NULL WHEN 'VARCHAR' THEN json_extract_string(s, pointer) WHEN 'BOOLEAN' THEN json_extract_string(s, pointer)
        WHEN 'UBIGINT' THEN CASE WHEN json_extract_string(s, pointer) = '0' THEN bq_js_json_value_of_text(s, path, mode) ELSE json_extract_string(s, pointer) END
        ELSE CASE WHEN deep OR json_type(s, pointer) IS NOT NULL THEN bq_js_json_value_of_text(s, path, mode) END END END`,
  ),
]

/** In an order in which each may use those before it; macros.ts joins them with the others. */
export const macrosA: readonly Macro[] = [...texts, ...patterns, ...json, macro('sketch_hashes', 'b', sketchHashes)]
