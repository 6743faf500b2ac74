// Macros that numbers, dates and times, arrays and aggregates lower to. Called as memory.bq.<name>(…).
import { failSql, failText, shown } from './fail.ts'

interface Macro {
  readonly name: string
  readonly sql: string
}

function macro(name: string, parameters: string, body: string): Macro {
  return { name, sql: `CREATE OR REPLACE MACRO memory.bq.${name}(${parameters}) AS ${body}` }
}

const zonePattern = "'(UTC)?[+-][0-9]{1,2}(:?[0-9]{1,2})?'"
/** Hours take two digits if they can: +8, +08, +8:30, +0830. */
const zoneMinutes =
  "CAST('0' || regexp_extract(z, ':([0-9]{1,2})$', 1) || regexp_extract(z, '[+-][0-9]{2}([0-9]{1,2})$', 1) AS BIGINT)"
const zoneOffset = `((CASE WHEN contains(z, '-') THEN -1 ELSE 1 END) * (CAST(regexp_extract(z, '[+-]([0-9]{1,2})', 1) AS BIGINT) * 60 + ${zoneMinutes}))`
const badZone = (type: string): string => failSql("'Invalid time zone: ' || z", type)
const badDate = failSql("'Input calculates to invalid date: ' || printf('%04d-%02d-%02d', y, m, d)", 'DATE')
const isBadOffset = `abs(${zoneOffset}) > 840 OR ${zoneMinutes} > 59`
/** ICU takes names in any case, and abbreviations; BigQuery only the names of the tz database. */
const isBadName =
  "NOT contains(z, '/') AND NOT (z IN ('UTC', 'GMT', 'EST', 'MST', 'HST', 'EST5EDT', 'CST6CDT', 'MST7MDT', 'PST8PDT', 'CET', 'EET', 'MET', 'WET', 'Japan', 'Singapore', 'Zulu'))"

/** Casts use them, too. */
export const instantMacros: readonly Macro[] = [
  macro(
    'instant_of',
    'us',
    `CASE WHEN us NOT BETWEEN -62135596800000000 AND 253402300799999999 THEN ${failText('Timestamp value out of allowed range: overflow', 'TIMESTAMPTZ')} ELSE make_timestamptz(us) END`,
  ),
  // A local time that stands twice is the earlier instant (DuckDB: the later); one that is skipped keeps the offset before.
  macro(
    'instant_named',
    't, z',
    `memory.bq.instant_of(epoch_us(CASE WHEN timezone(z, make_timestamptz(epoch_us(t) - (epoch_us(timezone(z, make_timestamptz(epoch_us(t) - 86400000000))) - epoch_us(t) + 86400000000))) = t
      THEN make_timestamptz(epoch_us(t) - (epoch_us(timezone(z, make_timestamptz(epoch_us(t) - 86400000000))) - epoch_us(t) + 86400000000)) ELSE timezone(z, t) END))`,
  ),
]

const times: readonly Macro[] = [
  macro(
    'date_in_range',
    'd',
    `CASE WHEN d NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN ${failText('Date value out of allowed range: from 0001-01-01 to 9999-12-31', 'DATE')} ELSE d END`,
  ),
  macro(
    'datetime_in_range',
    't',
    `CASE WHEN t NOT BETWEEN TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN ${failText('Datetime value out of allowed range: overflow', 'TIMESTAMP')} ELSE t END`,
  ),
  macro(
    'datetime_of',
    'us',
    `CASE WHEN us NOT BETWEEN -62135596800000000 AND 253402300799999999 THEN ${failText('Datetime value out of allowed range: overflow', 'TIMESTAMP')} ELSE make_timestamp(us) END`,
  ),
  macro('zone_offset', 'z', zoneOffset),
  macro(
    'local_in',
    'i, z',
    `CASE WHEN z IN ('UTC', 'GMT', 'Etc/UTC') THEN make_timestamp(epoch_us(i))
      WHEN regexp_full_match(z, ${zonePattern}) THEN CASE WHEN ${isBadOffset} THEN ${badZone('TIMESTAMP')} ELSE make_timestamp(epoch_us(i) + ${zoneOffset} * 60000000) END
      WHEN ${isBadName} THEN ${badZone('TIMESTAMP')} ELSE timezone(z, i) END`,
  ),
  macro(
    'instant_in',
    't, z',
    `CASE WHEN z IN ('UTC', 'GMT', 'Etc/UTC') THEN make_timestamptz(epoch_us(t))
      WHEN regexp_full_match(z, ${zonePattern}) THEN CASE WHEN ${isBadOffset} THEN ${badZone('TIMESTAMPTZ')} ELSE memory.bq.instant_of(epoch_us(t) - ${zoneOffset} * 60000000) END
      WHEN ${isBadName} THEN ${badZone('TIMESTAMPTZ')} ELSE memory.bq.instant_named(t, z) END`,
  ),
  // What bq_js_parse_time answers: local micros, or `micros zone` if the text named one.
  macro(
    'instant_parsed',
    'p, z',
    "memory.bq.instant_in(make_timestamp(CAST(split_part(p, ' ', 1) AS BIGINT)), coalesce(nullif(split_part(p, ' ', 2), ''), z))",
  ),
  macro('time_of', 'us', 'CAST(make_timestamp(((us) % 86400000000 + 86400000000) % 86400000000) AS TIME)'),
  macro(
    'make_date_checked',
    'y, m, d',
    `CASE WHEN y IS NULL OR m IS NULL OR d IS NULL THEN NULL WHEN y NOT BETWEEN 1 AND 9999 OR m NOT BETWEEN 1 AND 12 OR d NOT BETWEEN 1 AND 31 THEN ${badDate}
      WHEN d <= 28 THEN make_date(y, m, d) WHEN d > day(last_day(make_date(y, m, 1))) THEN ${badDate} ELSE make_date(y, m, d) END`,
  ),
  macro(
    'make_clock_checked',
    'h, m, s',
    `CASE WHEN h NOT BETWEEN 0 AND 23 OR m NOT BETWEEN 0 AND 59 OR s NOT BETWEEN 0 AND 60 THEN ${failSql("'Input calculates to invalid time: ' || printf('%02d:%02d:%02d', h, m, s)", 'BIGINT')} ELSE h * 3600000000 + m * 60000000 + s * 1000000 END`,
  ),
  macro(
    'interval_us',
    'x',
    "(datepart('hour', x) * 3600000000 + datepart('minute', x) * 60000000 + datepart('microsecond', x))",
  ),
  macro('interval_mon', 'x', "(datepart('year', x) * 12 + datepart('month', x))"),
  macro(
    'make_span',
    'mo, d, us',
    'to_months(CAST(mo AS INTEGER)) + to_days(CAST(d AS INTEGER)) + to_microseconds(CAST(us AS BIGINT))',
  ),
  // Carries the smaller unit into the larger, so that both end with the same sign.
  macro(
    'justified',
    'a, b, size',
    '(a + b // size + CASE WHEN a + b // size > 0 AND b % size < 0 THEN -1 WHEN a + b // size < 0 AND b % size > 0 THEN 1 ELSE 0 END)',
  ),
  macro(
    'justified_rest',
    'a, b, size',
    '(b % size + CASE WHEN a + b // size > 0 AND b % size < 0 THEN size WHEN a + b // size < 0 AND b % size > 0 THEN -size ELSE 0 END)',
  ),
  macro(
    'justify_total',
    'mo, us',
    'memory.bq.make_span(memory.bq.justified(mo, us, 2592000000000), memory.bq.justified_rest(mo, us, 2592000000000) // 86400000000, memory.bq.justified_rest(mo, us, 2592000000000) % 86400000000)',
  ),
  macro(
    'justify_interval',
    'x',
    "memory.bq.justify_total(memory.bq.interval_mon(x), datepart('day', x) * 86400000000 + memory.bq.interval_us(x))",
  ),
  macro('whole_minutes', 'i, t', 'make_timestamp(epoch_us(i) + (epoch_us(t) - epoch_us(i)) // 60000000 * 60000000)'),
  macro('offset_minutes', 'i, t', '((epoch_us(t) - epoch_us(i)) // 60000000)'),
  macro('offset_colon', 'm', "CASE WHEN m < 0 THEN '-' ELSE '+' END || printf('%02d:%02d', abs(m) // 60, abs(m) % 60)"),
]

const numbers: readonly Macro[] = [
  // Overflow and domain errors of floating point functions: a result that isn't finite though all that went in was.
  macro(
    'finite1',
    'r, x, shown',
    `CASE WHEN isfinite(x) AND NOT isfinite(r) THEN ${failSql("'Floating point error in function: ' || shown || '(' || x || ')'", 'DOUBLE')} ELSE r END`,
  ),
  macro(
    'finite2',
    'r, x, y, shown',
    `CASE WHEN isfinite(x) AND isfinite(y) AND NOT isfinite(r) THEN ${failSql("'Floating point error in function: ' || shown || '(' || x || ', ' || y || ')'", 'DOUBLE')} ELSE r END`,
  ),
  macro('safe_finite2', 'r, x, y', 'CASE WHEN isfinite(x) AND isfinite(y) AND NOT isfinite(r) THEN NULL ELSE r END'),
  macro(
    'int_divide',
    'x, y',
    `CASE WHEN y = 0 THEN ${failSql(`'division by zero: ' || ${shown('x')} || ' / 0'`, 'BIGINT')} ELSE x // y END`,
  ),
  macro(
    'int_modulo',
    'x, y',
    `CASE WHEN y = 0 THEN ${failSql(`'division by zero: MOD(' || ${shown('x')} || ', 0)'`, 'BIGINT')} WHEN y = -1 THEN x - x ELSE x % y END`,
  ),
  macro(
    'numeric_modulo',
    'x, y',
    `CASE WHEN y = 0 THEN ${failSql(`'division by zero: MOD(' || ${shown('x')} || ', 0)'`, 'DECIMAL(38,9)')} ELSE CAST(x % y AS DECIMAL(38,9)) END`,
  ),
  macro(
    'in_numeric_range',
    'x',
    `CASE WHEN abs(x) > 99999999999999999999999999999.999999999::DECIMAL(38,9) THEN ${failText('numeric overflow', 'DECIMAL(38,9)')} ELSE x END`,
  ),
  macro(
    'numeric_multiply_slowly',
    'x, y',
    `CASE WHEN abs(CAST(x AS DOUBLE) * CAST(y AS DOUBLE)) < 1e19 THEN CAST(x * y AS DECIMAL(38,9)) ELSE CAST(bq_js_numeric('multiply', CAST(x AS VARCHAR), CAST(y AS VARCHAR), 9) AS DECIMAL(38,9)) END`,
  ),
  macro(
    'numeric_divide_slowly',
    'x, y',
    `CAST(bq_js_numeric('divide', CAST(x AS VARCHAR), CAST(y AS VARCHAR), 9) AS DECIMAL(38,9))`,
  ),
  // DuckDB's division of 128-bit numbers goes bit by bit, two microseconds a row, and rounding a product needs one. So the answer is
  // guessed with floats, and taken if exact arithmetic proves that it is less than half a last digit off; ties go the long way.
  macro('billionths', 'f', 'CAST(CAST(round(f * 1e9) AS BIGINT) AS DECIMAL(18,0)) * 0.000000001::DECIMAL(9,9)'),
  macro(
    'numeric_multiply',
    'x, y',
    `CASE WHEN abs(CAST(x AS DOUBLE) * CAST(y AS DOUBLE)) < 4e6
      AND abs(CAST(x AS DOUBLE)) < 1e10 AND abs(CAST(y AS DOUBLE)) < 1e10
      THEN CASE WHEN abs(x * y - memory.bq.billionths(CAST(x AS DOUBLE) * CAST(y AS DOUBLE))) < 0.0000000005
        THEN CAST(memory.bq.billionths(CAST(x AS DOUBLE) * CAST(y AS DOUBLE)) AS DECIMAL(38,9)) ELSE CAST(x * y AS DECIMAL(38,9)) END
      ELSE memory.bq.numeric_multiply_slowly(x, y) END`,
  ),
  macro(
    'numeric_divide',
    'x, y',
    `CASE WHEN y <> 0 AND abs(CAST(x AS DOUBLE) / CAST(y AS DOUBLE)) < 4e6 AND abs(CAST(x AS DOUBLE)) < 1e10 AND abs(CAST(y AS DOUBLE)) < 1e10
      THEN CASE WHEN abs(x - memory.bq.billionths(CAST(x AS DOUBLE) / CAST(y AS DOUBLE)) * y) * 2 < abs(y) * 0.000000001::DECIMAL(9,9)
        THEN CAST(memory.bq.billionths(CAST(x AS DOUBLE) / CAST(y AS DOUBLE)) AS DECIMAL(38,9)) ELSE memory.bq.numeric_divide_slowly(x, y) END
      ELSE memory.bq.numeric_divide_slowly(x, y) END`,
  ),
  macro(
    'bignumeric_multiply',
    'x, y',
    "CAST(bq_js_numeric('multiply', CAST(x AS VARCHAR), CAST(y AS VARCHAR), 18) AS DECIMAL(38,18))",
  ),
  macro(
    'bignumeric_divide',
    'x, y',
    "CAST(bq_js_numeric('divide', CAST(x AS VARCHAR), CAST(y AS VARCHAR), 18) AS DECIMAL(38,18))",
  ),
  macro(
    'numeric_call',
    'f, x, y',
    'CAST(bq_js_numeric(f, CAST(x AS VARCHAR), CAST(y AS VARCHAR), 9) AS DECIMAL(38,9))',
  ),
  macro(
    'bignumeric_call',
    'f, x, y',
    'CAST(bq_js_numeric(f, CAST(x AS VARCHAR), CAST(y AS VARCHAR), 18) AS DECIMAL(38,18))',
  ),
  macro(
    'finite_total',
    'total, noughts',
    `CASE WHEN isinf(total) AND noughts = 0 THEN ${failText('double overflow', 'DOUBLE')} ELSE total END`,
  ),
  macro('numeric_average', 'total, n', 'CASE WHEN n > 0 THEN memory.bq.numeric_divide(total, n) END'),
  macro('bignumeric_average', 'total, n', 'CASE WHEN n > 0 THEN memory.bq.bignumeric_divide(total, n) END'),
]

const lists: readonly Macro[] = [
  // A NULL beside a value counts for the value; equal neighbours (infinities too) need no sum.
  macro(
    'between_two',
    'low, high, part',
    'CASE WHEN low IS NULL THEN high WHEN high IS NULL OR low = high OR part = 0 THEN low ELSE low * (1 - part) + high * part END',
  ),
  macro(
    'numeric_between',
    'low, high, part',
    'CASE WHEN low IS NULL THEN high WHEN high IS NULL OR low = high OR part = 0 THEN low ELSE memory.bq.numeric_multiply(low, 1 - part) + memory.bq.numeric_multiply(high, part) END',
  ),
  // range() takes a step beyond the end badly near the type's limits, so the count is computed first.
  macro(
    'generate_ints',
    'a, b, step',
    `CASE WHEN step = 0 THEN ${failText('Sequence step cannot be 0.', 'BIGINT[]')} WHEN (step > 0 AND a > b) OR (step < 0 AND a < b) THEN CAST([] AS BIGINT[])
      WHEN a IS NULL OR b IS NULL OR step IS NULL THEN NULL ELSE list_transform(range(0, CAST((CAST(b AS HUGEINT) - a) // step AS BIGINT) + 1), lambda i: CAST(a + i * step AS BIGINT)) END`,
  ),
  macro(
    'generate_floats',
    'a, b, step',
    `CASE WHEN step = 0 THEN ${failText('Sequence step cannot be 0.', 'DOUBLE[]')} WHEN a IS NULL OR b IS NULL OR step IS NULL THEN NULL
      WHEN NOT (isfinite(a) AND isfinite(b) AND isfinite(step)) THEN ${failText('GENERATE_ARRAY needs finite bounds and steps', 'DOUBLE[]')}
      ELSE list_filter(list_transform(range(0, CAST(greatest((b - a) / step, -2) AS BIGINT) + 2), lambda i: a + i * step), lambda v: CASE WHEN step > 0 THEN v <= b ELSE v >= b END) END`,
  ),
  macro(
    'generate_decimals',
    'a, b, step',
    `CASE WHEN step = 0 THEN ${failText('Sequence step cannot be 0.', 'DECIMAL(38,9)[]')} WHEN a IS NULL OR b IS NULL OR step IS NULL THEN NULL
      ELSE list_filter(list_transform(range(0, CAST(greatest(CAST(b - a AS DOUBLE) / CAST(step AS DOUBLE), -2) AS BIGINT) + 2), lambda i: CAST(a + step * CAST(i AS DECIMAL(18,0)) AS DECIMAL(38,9))), lambda v: CASE WHEN step > 0 THEN v <= b ELSE v >= b END) END`,
  ),
  macro(
    'approx_quantiles',
    'l, n',
    'CASE WHEN l IS NOT NULL THEN list_transform(range(0, n + 1), lambda i: l[greatest((i * len(l) + n - 1) // n, 1)]) END',
  ),
  macro(
    'top_count',
    'h, n',
    'list_transform(list_sort(list_transform(map_entries(h), lambda e: {c: -CAST(e.value AS BIGINT), k: e.key.v}))[1:n], lambda e: {value: e.k, count: -e.c})',
  ),
  macro(
    'top_sum',
    'l, n',
    `list_transform(list_sort(list_transform(list_distinct(list_transform(l, lambda e: {v: e.v})), lambda d: {
      c: list_sum(list_transform(list_filter(l, lambda e: e.v IS NOT DISTINCT FROM d.v), lambda e: e.w)), k: d.v}), 'DESC', 'NULLS LAST')[1:n], lambda e: {value: e.k, sum: e.c})`,
  ),
  macro('percentile_disc', 'l, p', 'l[greatest(CAST(ceil(p * len(l)) AS BIGINT), 1)]'),
  macro(
    'percentile_cont',
    'l, p',
    'memory.bq.between_two(l[CAST(floor(p * (len(l) - 1)) AS BIGINT) + 1], l[CAST(ceil(p * (len(l) - 1)) AS BIGINT) + 1], p * (len(l) - 1) - floor(p * (len(l) - 1)))',
  ),
  macro(
    'percentile_numeric',
    'l, place',
    'memory.bq.numeric_between(l[CAST(floor(place) AS BIGINT) + 1], l[CAST(ceil(place) AS BIGINT) + 1], CAST(place - floor(place) AS DECIMAL(38,9)))',
  ),
  macro(
    'range_contains',
    'r, o',
    `CASE WHEN r IS NULL OR o IS NULL THEN NULL ELSE (r."start" IS NULL OR (o."start" IS NOT NULL AND r."start" <= o."start")) AND (r."end" IS NULL OR (o."end" IS NOT NULL AND r."end" >= o."end")) END`,
  ),
  macro(
    'range_holds',
    'r, v',
    `CASE WHEN r IS NULL OR v IS NULL THEN NULL ELSE (r."start" IS NULL OR r."start" <= v) AND (r."end" IS NULL OR v < r."end") END`,
  ),
  macro(
    'range_overlaps',
    'r, o',
    `CASE WHEN r IS NULL OR o IS NULL THEN NULL ELSE (r."start" IS NULL OR o."end" IS NULL OR r."start" < o."end") AND (o."start" IS NULL OR r."end" IS NULL OR o."start" < r."end") END`,
  ),
  macro(
    'range_intersect',
    'r, o, failure',
    `CASE WHEN r IS NULL OR o IS NULL THEN NULL WHEN memory.bq.range_overlaps(r, o) THEN {'start': greatest(r."start", o."start"), 'end': least(r."end", o."end")} ELSE failure END`,
  ),
  macro(
    'split_instants',
    'r, step',
    `CASE WHEN step <= 0 THEN ${failText('GENERATE_RANGE_ARRAY needs a positive step', 'STRUCT("start" TIMESTAMPTZ, "end" TIMESTAMPTZ)[]')}
      WHEN r IS NULL OR step IS NULL THEN NULL
      WHEN r."start" IS NULL OR r."end" IS NULL THEN ${failText('GENERATE_RANGE_ARRAY needs a bounded range', 'STRUCT("start" TIMESTAMPTZ, "end" TIMESTAMPTZ)[]')}
      ELSE list_transform(range(epoch_us(r."start"), epoch_us(r."end"), step), lambda us: {'start': make_timestamptz(us), 'end': make_timestamptz(least(us + step, epoch_us(r."end")))}) END`,
  ),
  macro(
    'list_part',
    'l, s, e',
    'CASE WHEN l IS NULL OR s IS NULL OR e IS NULL THEN NULL WHEN CASE WHEN e < 0 THEN e + len(l) ELSE e END < greatest(CASE WHEN s < 0 THEN s + len(l) ELSE s END, 0) THEN l[1:0] ELSE l[greatest(CASE WHEN s < 0 THEN s + len(l) ELSE s END, 0) + 1:CASE WHEN e < 0 THEN e + len(l) ELSE e END + 1] END',
  ),
  macro(
    'range_bucket',
    'p, l',
    `CASE WHEN p IS NULL OR l IS NULL THEN NULL WHEN list_contains(list_transform(l, lambda e, i: e IS NULL OR (i > 1 AND l[i - 1] > e)), true)
      THEN ${failText('Elements in input array to RANGE_BUCKET must be in ascending order', 'BIGINT')} ELSE CAST(len(list_filter(l, lambda e: e <= p)) AS BIGINT) END`,
  ),
]

/** In an order in which each may use those before it; macros.ts joins them with the others. */
export const macrosB: readonly Macro[] = [...times, ...numbers, ...lists]
