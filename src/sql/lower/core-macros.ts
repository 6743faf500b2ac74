// DuckDB macros that operators and casts lower to: BigQuery's texts, ranges and errors. Called as memory.bq.<name>(…).
//
// `try_x` answers NULL where BigQuery's cast fails (SAFE_CAST), `to_x` fails with BigQuery's words.

export interface CoreMacro {
  readonly name: string
  readonly sql: string
}

const datePattern = '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}'
const timePattern = String.raw`[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]{0,6})?`
const zonePattern = '([Zz]|[+-][0-9]{1,2}(:?[0-9]{1,2})?| [A-Z][A-Za-z0-9_+-]{2,}(/[A-Z][A-Za-z0-9_+-]*)*)?'
const localPattern = `${datePattern}([ Tt]${timePattern})?`

function macro(name: string, parameters: string, body: string): CoreMacro {
  return { name, sql: `CREATE OR REPLACE MACRO memory.bq.${name}(${parameters}) AS ${body}` }
}

/** `to_x` from `try_x`: NULL stays NULL, what can't be read is an error. */
function strict(name: string, message: string): CoreMacro {
  return macro(
    `to_${name}`,
    'x',
    `CASE WHEN x IS NULL THEN NULL ELSE coalesce(memory.bq.try_${name}(x), error(${message})) END`,
  )
}

/** Fractions of seconds in groups of three digits, none if there are none. */
const fraction = macro(
  'fraction',
  'micros',
  "CASE WHEN micros = 0 THEN '' WHEN micros % 1000 = 0 THEN '.' || lpad(CAST(micros // 1000 AS VARCHAR), 3, '0') ELSE '.' || lpad(CAST(micros AS VARCHAR), 6, '0') END",
)

const readers: readonly CoreMacro[] = [
  macro(
    'interval_of',
    'months, days, micros',
    'to_months(CAST(months AS INTEGER)) + to_days(CAST(days AS INTEGER)) + to_microseconds(CAST(micros AS BIGINT))',
  ),
  macro(
    'try_int',
    'x',
    String.raw`CASE WHEN regexp_full_match(x, '\s*[-+]?[0-9]+\s*') THEN TRY_CAST(trim(x, E' \t\n\r\f\v') AS BIGINT)
      WHEN regexp_full_match(x, '\s*[-+]?0[xX][0-9a-fA-F]+\s*') THEN TRY_CAST(
        CASE WHEN contains(x, '-') THEN -TRY_CAST('0x' || regexp_extract(x, '0[xX]([0-9a-fA-F]+)', 1) AS BIGINT)
        ELSE TRY_CAST('0x' || regexp_extract(x, '0[xX]([0-9a-fA-F]+)', 1) AS BIGINT) END AS BIGINT) END`,
  ),
  strict('int', "'Bad int64 value: ' || x"),
  macro(
    'try_float',
    'x',
    String.raw`CASE WHEN regexp_full_match(x, '\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*') THEN coalesce(TRY_CAST(trim(x, E' \t\n\r\f\v') AS DOUBLE), CASE WHEN contains(x, '-') THEN '-inf' ELSE 'inf' END::DOUBLE)
      WHEN regexp_full_match(lower(x), '\s*[-+]?(nan)\s*') THEN 'nan'::DOUBLE
      WHEN regexp_full_match(lower(x), '\s*[+]?inf(inity)?\s*') THEN 'inf'::DOUBLE
      WHEN regexp_full_match(lower(x), '\s*-inf(inity)?\s*') THEN '-inf'::DOUBLE END`,
  ),
  strict('float', "'Bad double value: ' || x"),
  macro('try_bool', 'x', "CASE lower(x) WHEN 'true' THEN true WHEN 'false' THEN false END"),
  strict('bool', "'Bad bool value: ' || x"),
  macro(
    'try_numeric',
    'x',
    String.raw`CASE WHEN regexp_full_match(x, '\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*') THEN TRY_CAST(trim(x, E' \t\n\r\f\v') AS DECIMAL(38,9)) END`,
  ),
  strict('numeric', "'Invalid NUMERIC value: ' || x"),
  macro(
    'try_bignumeric',
    'x',
    String.raw`CASE WHEN regexp_full_match(x, '\s*[-+]?([0-9]+\.?[0-9]{0,18}0*|\.[0-9]{1,18}0*)\s*') THEN TRY_CAST(trim(x, E' \t\n\r\f\v') AS DECIMAL(38,18))
      WHEN regexp_full_match(x, '\s*[-+]?([0-9]+\.?[0-9]{0,18}|\.[0-9]{1,18})[eE][+]?[0-9]+\s*') THEN TRY_CAST(trim(x, E' \t\n\r\f\v') AS DECIMAL(38,18)) END`,
  ),
  macro(
    'to_bignumeric',
    'x',
    "CASE WHEN x IS NULL THEN NULL ELSE coalesce(memory.bq.try_bignumeric(x), error('Invalid BIGNUMERIC value, or beyond the 20 + 18 digits kept here: ' || x)) END",
  ),
  macro(
    'try_date',
    'x',
    `CASE WHEN regexp_full_match(x, '${datePattern}') AND NOT starts_with(x, '0000') THEN TRY_CAST(x AS DATE) END`,
  ),
  strict('date', "'Invalid date: ''' || x || ''''"),
  macro(
    'try_time',
    'x',
    `CASE WHEN regexp_full_match(x, '${timePattern}') AND NOT starts_with(x, '24') THEN TRY_CAST(x AS TIME) END`,
  ),
  strict('time', "'Invalid time string \"' || x || '\"'"),
  macro(
    'try_datetime',
    'x',
    `CASE WHEN regexp_full_match(x, '${localPattern}') AND NOT starts_with(x, '0000') THEN TRY_CAST(upper(x) AS TIMESTAMP) END`,
  ),
  strict('datetime', "'Invalid datetime string \"' || x || '\"'"),
  macro(
    'at_zone',
    't, z',
    `CASE WHEN z IN ('', 'Z', 'z') THEN make_timestamptz(epoch_us(t))
      WHEN starts_with(z, '+') OR starts_with(z, '-') THEN memory.bq.at_offset(t, CAST(z[1] || '1' AS BIGINT), CAST(regexp_extract(z, '^.([0-9]{1,2})', 1) AS BIGINT), CAST(CASE WHEN contains(z, ':') THEN split_part(z, ':', 2) WHEN length(z) > 3 THEN substr(z, 4) ELSE '0' END AS BIGINT))
      WHEN bq_js_is_zone(substr(z, 2)) THEN memory.bq.instant_named(t, substr(z, 2)) END`,
  ),
  macro(
    'at_offset',
    't, s, h, m',
    'CASE WHEN h * 60 + m <= 840 AND m < 60 THEN make_timestamptz(epoch_us(t) - s * (h * 60 + m) * 60000000) END',
  ),
  macro(
    'try_timestamp',
    'x',
    `CASE WHEN NOT regexp_full_match(x, '${datePattern}([ Tt]${timePattern}${zonePattern})?') OR starts_with(x, '0000') THEN NULL
      ELSE memory.bq.at_zone(TRY_CAST(upper(regexp_extract(x, '^${localPattern}')) AS TIMESTAMP), substr(x, length(regexp_extract(x, '^${localPattern}')) + 1)) END`,
  ),
  strict('timestamp', "'Invalid timestamp: ''' || x || ''''"),
  macro(
    'try_interval',
    'x',
    String.raw`CASE WHEN regexp_full_match(x, '[-+]?[0-9]+-[0-9]+ [-+]?[0-9]+ [-+]?[0-9]+:[0-9]+:[0-9]+(\.[0-9]{0,6})?') THEN memory.bq.interval_of(
      CASE WHEN starts_with(x, '-') THEN -1 ELSE 1 END * (CAST(regexp_extract(x, '^[-+]?([0-9]+)', 1) AS BIGINT) * 12 + CAST(regexp_extract(x, '^[-+]?[0-9]+-([0-9]+)', 1) AS BIGINT)),
      CAST(string_split(x, ' ')[2] AS BIGINT),
      CASE WHEN starts_with(string_split(x, ' ')[3], '-') THEN -1 ELSE 1 END * (CAST(regexp_extract(x, ' [-+]?([0-9]+):', 1) AS BIGINT) * 3600000000 + CAST(regexp_extract(x, ':([0-9]+):', 1) AS BIGINT) * 60000000 + CAST(round(CAST(regexp_extract(x, ':([0-9.]+)$', 1) AS DOUBLE) * 1000000) AS BIGINT))) END`,
  ),
  strict('interval', "'Invalid INTERVAL value: ' || x"),
  // Bound by a lambda: TRY takes no aggregate, and the argument may be one.
  macro('try_string', 'x', 'list_transform([x], lambda bq_bytes: TRY(decode(bq_bytes)))[1]'),
  macro(
    'to_string',
    'x',
    "CASE WHEN x IS NULL THEN NULL ELSE coalesce(memory.bq.try_string(x), error('Invalid cast of bytes to UTF8 string')) END",
  ),
  macro('try_float_int', 'x', 'TRY_CAST(round(x) AS BIGINT)'),
  macro(
    'to_float_int',
    'x',
    "CASE WHEN x IS NULL THEN NULL WHEN isfinite(x) THEN coalesce(TRY_CAST(round(x) AS BIGINT), error('int64 out of range: ' || memory.bq.float_text(x))) ELSE error('Illegal conversion of non-finite floating point number to an integer: ' || memory.bq.float_text(x)) END",
  ),
  macro('try_float_numeric', 'x', "CASE WHEN isfinite(x) THEN TRY_CAST(printf('%.25f', x) AS DECIMAL(38,9)) END"),
  macro(
    'to_float_numeric',
    'x',
    "CASE WHEN x IS NULL THEN NULL ELSE coalesce(memory.bq.try_float_numeric(x), error(CASE WHEN isfinite(x) THEN 'numeric out of range: ' ELSE 'Illegal conversion of non-finite floating point number to numeric: ' END || memory.bq.float_text(x))) END",
  ),
]

const writers: readonly CoreMacro[] = [
  macro(
    'float_text',
    'x',
    "CASE WHEN x = 0 THEN '0' WHEN isnan(x) THEN 'nan' WHEN CAST(printf('%.15g', x) AS DOUBLE) = x THEN printf('%.15g', x) ELSE printf('%.17g', x) END",
  ),
  macro('decimal_text', 'x', String.raw`regexp_replace(CAST(x AS VARCHAR), '\.?0+$', '')`),
  fraction,
  macro('datetime_text', 'x', "strftime(x, '%Y-%m-%d %H:%M:%S') || memory.bq.fraction(microsecond(x) % 1000000)"),
  macro('timestamp_text', 'x', "memory.bq.datetime_text(make_timestamp(epoch_us(x))) || '+00'"),
  macro(
    'offset_text',
    'minutes',
    "CASE WHEN minutes < 0 THEN '-' ELSE '+' END || lpad(CAST(abs(minutes) // 60 AS VARCHAR), 2, '0') || CASE WHEN abs(minutes) % 60 = 0 THEN '' ELSE ':' || lpad(CAST(abs(minutes) % 60 AS VARCHAR), 2, '0') END",
  ),
  macro(
    'timestamp_text_at',
    'x, zone',
    "memory.bq.datetime_text(x AT TIME ZONE zone) || memory.bq.offset_text(date_diff('minute', x AT TIME ZONE 'UTC', x AT TIME ZONE zone))",
  ),
  macro(
    'clock_text',
    'us',
    "lpad(CAST(us // 3600000000 AS VARCHAR), 2, '0') || ':' || lpad(CAST(us // 60000000 % 60 AS VARCHAR), 2, '0') || ':' || lpad(CAST(us // 1000000 % 60 AS VARCHAR), 2, '0') || memory.bq.fraction(us % 1000000)",
  ),
  macro('time_text', 'x', 'memory.bq.clock_text(epoch_us(x))'),
  macro('interval_months', 'x', "(datepart('year', x) * 12 + datepart('month', x))"),
  macro(
    'interval_micros',
    'x',
    "(datepart('hour', x) * 3600000000 + datepart('minute', x) * 60000000 + datepart('microsecond', x))",
  ),
  macro(
    'interval_parts_text',
    'm, d, us',
    `CASE WHEN m < 0 THEN '-' ELSE '' END || abs(m) // 12 || '-' || abs(m) % 12 || ' ' || d || ' ' || CASE WHEN us < 0 THEN '-' ELSE '' END
      || abs(us) // 3600000000 || ':' || abs(us) // 60000000 % 60 || ':' || abs(us) // 1000000 % 60 || memory.bq.fraction(abs(us) % 1000000)`,
  ),
  macro(
    'interval_text',
    'x',
    "memory.bq.interval_parts_text(memory.bq.interval_months(x), datepart('day', x), memory.bq.interval_micros(x))",
  ),
]

const operators: readonly CoreMacro[] = [
  macro(
    'without_months',
    'x',
    "CASE WHEN memory.bq.interval_months(x) <> 0 THEN error('TIMESTAMP +/- INTERVAL does not support MONTH and YEAR parts') ELSE x END",
  ),
  macro(
    'interval_multiply',
    'x, n',
    "memory.bq.interval_of(memory.bq.interval_months(x) * n, datepart('day', x) * n, memory.bq.interval_micros(x) * n)",
  ),
  macro(
    'interval_divide',
    'x, n',
    `CASE WHEN n = 0 THEN error('Interval division by zero') ELSE memory.bq.interval_of(
      CAST(trunc(memory.bq.interval_months(x) / n) AS BIGINT),
      CAST(trunc((memory.bq.interval_months(x) % n * 30 + datepart('day', x)) / n) AS BIGINT),
      CAST(trunc(((memory.bq.interval_months(x) % n * 30 + datepart('day', x)) % n * 86400000000 + memory.bq.interval_micros(x)) / n) AS BIGINT)) END`,
  ),
  macro(
    'at',
    'l, i, shown',
    "CASE WHEN i BETWEEN 1 AND len(l) THEN l[i] WHEN l IS NULL OR i IS NULL THEN NULL ELSE error('Array index ' || shown || ' is out of bounds') END",
  ),
  macro('safe_at', 'l, i', 'CASE WHEN i >= 1 THEN l[i] END'),
  macro(
    'shift_left',
    'x, n',
    `CASE WHEN n < 0 THEN error('Bitwise shift by negative offset.') WHEN n > 63 THEN 0 WHEN n = 0 THEN x WHEN n = 63 THEN CASE WHEN x % 2 = 0 THEN 0 ELSE (-9223372036854775807 - 1)::BIGINT END
      ELSE ((x & ((1::BIGINT << (63 - n)::BIGINT) - 1)) << n) + CASE WHEN (x >> (63 - n)) & 1 = 1 THEN (-9223372036854775807 - 1)::BIGINT ELSE 0 END END`,
  ),
  macro(
    'shift_right',
    'x, n',
    "CASE WHEN n < 0 THEN error('Bitwise shift by negative offset.') WHEN n > 63 THEN 0 WHEN n = 0 THEN x ELSE ((x >> 1) & 9223372036854775807) >> (n - 1) END",
  ),
]

/** In an order in which each may use those before it. */
export const coreMacros: readonly CoreMacro[] = [...writers, ...readers, ...operators]
