// Mathematical functions of INT64 and FLOAT64, and those of any ordered type; numeric.ts has NUMERIC's.
//
// Where C's answer is NaN or infinite though every argument is finite, BigQuery reports an error: `checked` rows do so, too.
import { failText } from './fail.ts'
import type { FunctionRow, LoweredArgument, LoweringCall } from './function-row.ts'
import { type DecimalOperator, safeDecimal, sqlAt } from './numeric.ts'

function checked(name: string, duck: string): FunctionRow {
  return { signature: `${name}(FLOAT64) -> FLOAT64`, lower: `memory.bq.finite1(${duck}, $1, '${name}')` }
}

/** DuckDB's trigonometry fails for infinities, where BigQuery answers NaN. */
function ofAngle(name: string, duck: string): FunctionRow {
  return { signature: `${name}(FLOAT64) -> FLOAT64`, lower: `CASE WHEN isinf($1) THEN 'nan'::DOUBLE ELSE ${duck} END` }
}

function checkedAngle(name: string, duck: string): FunctionRow {
  return {
    signature: `${name}(FLOAT64) -> FLOAT64`,
    lower: `CASE WHEN isinf($1) THEN 'nan'::DOUBLE ELSE memory.bq.finite1(${duck}, $1, '${name}') END`,
  }
}

/** Domain errors before DuckDB's own words. */
function within(name: string, duck: string, domain: string): FunctionRow {
  return {
    signature: `${name}(FLOAT64) -> FLOAT64`,
    lower: `CASE WHEN isnan($1) THEN $1 WHEN ${domain} THEN ${duck} ELSE memory.bq.finite1('nan'::DOUBLE, $1, '${name}') END`,
  }
}

const trigonometric: readonly FunctionRow[] = [
  ofAngle('SIN', 'sin($1)'),
  ofAngle('COS', 'cos($1)'),
  ofAngle('TAN', 'tan($1)'),
  checkedAngle('SEC', '(1 / cos($1))'),
  checkedAngle('CSC', '(1 / sin($1))'),
  checkedAngle('COT', '(1 / tan($1))'),
  within('ASIN', 'asin($1)', 'abs($1) <= 1 OR $1 IS NULL'),
  within('ACOS', 'acos($1)', 'abs($1) <= 1 OR $1 IS NULL'),
  { signature: 'ATAN(FLOAT64) -> FLOAT64', lower: 'atan($1)' },
  { signature: 'ATAN2(FLOAT64, FLOAT64) -> FLOAT64', lower: 'atan2($1, $2)' },
  checked('SINH', 'sinh($1)'),
  checked('COSH', 'cosh($1)'),
  { signature: 'TANH(FLOAT64) -> FLOAT64', lower: 'tanh($1)' },
  { signature: 'ASINH(FLOAT64) -> FLOAT64', lower: 'asinh($1)' },
  within('ACOSH', 'acosh($1)', '$1 >= 1 OR $1 IS NULL'),
  within('ATANH', 'atanh($1)', 'abs($1) < 1 OR $1 IS NULL'),
  { signature: 'SECH(FLOAT64) -> FLOAT64', lower: '(1 / cosh($1))' },
  checked('CSCH', '(1 / sinh($1))'),
  checked('COTH', '(1 / tanh($1))'),
]

/** Of two numbers: INT64 counts as FLOAT64, NUMERIC is refused (its answer would have to be exact). */
function ofTwo(name: string, body: (left: string, right: string) => string): readonly FunctionRow[] {
  const asFloat = body('CAST($1 AS DOUBLE)', 'CAST($2 AS DOUBLE)')
  return [
    { signature: `${name}(INT64, INT64) -> FLOAT64`, lower: asFloat },
    {
      signature: `${name}(T, T) -> T`,
      lower: (call) => {
        const { kind } = call.result
        if (kind === 'NUMERIC' || kind === 'BIGNUMERIC') return call.unsupported(`${name} of ${kind}`)
        if (kind === 'FLOAT64') return body(sqlAt(call, 0), sqlAt(call, 1))
        return call.invalid(`No matching signature for function ${name} for argument types: ${kind}, ${kind}`)
      },
    },
  ]
}

const power = (left: string, right: string): string =>
  `memory.bq.finite2(pow(${left}, ${right}), ${left}, ${right}, 'POW')`

/** FLOAT64 functions that NUMERIC has, too: INT64 arguments must become FLOAT64, not NUMERIC. */
function ofNumber(signature: string, lower: string): readonly FunctionRow[] {
  const name = signature.slice(0, signature.indexOf('('))
  return [
    { signature, lower },
    { signature: `${name}(INT64) -> FLOAT64`, lower: lower.replaceAll('$1', 'CAST($1 AS DOUBLE)') },
  ]
}

const logarithm = (name: string, duck: string): readonly FunctionRow[] =>
  ofNumber(
    `${name}(FLOAT64) -> FLOAT64`,
    `CASE WHEN $1 <= 0 THEN memory.bq.finite1('nan'::DOUBLE, $1, '${name}') ELSE ${duck}($1) END`,
  )

const logOfBase = (x: string, base: string): string =>
  `CASE WHEN isinf(${base}) THEN 'nan'::DOUBLE WHEN ${x} <= 0 OR ${base} <= 0 OR ${base} = 1 THEN memory.bq.finite2('nan'::DOUBLE, ${x}, ${base}, 'LOG') ELSE ln(${x}) / ln(${base}) END`

const exponential: readonly FunctionRow[] = [
  ...ofNumber(
    'SQRT(FLOAT64) -> FLOAT64',
    `CASE WHEN $1 < 0 THEN ${failText('Argument to SQRT cannot be negative', 'DOUBLE')} ELSE sqrt($1) END`,
  ),
  ...ofNumber('CBRT(FLOAT64) -> FLOAT64', 'cbrt($1)'),
  ...ofNumber('EXP(FLOAT64) -> FLOAT64', "memory.bq.finite1(exp($1), $1, 'EXP')"),
  ...logarithm('LN', 'ln'),
  ...logarithm('LOG', 'ln'),
  ...logarithm('LOG10', 'log10'),
  ...ofTwo('LOG', logOfBase),
  ...ofTwo('POW', power),
  ...ofTwo('POWER', power),
]

/** ROUND and TRUNC to places: DuckDB's where it can't be wrong, else by the number's true decimal value. */
function places(name: 'round' | 'trunc'): (call: LoweringCall) => string {
  return (call) => {
    const value = `CAST(${sqlAt(call, 0)} AS DOUBLE)`
    const exact = `bq_js_${name}(${value}, ${sqlAt(call, 1)})`
    const count = constantPlaces(call.args[1])
    if (count === undefined) return exact
    if (count === 0) return `${name}(${value})`
    const scaled = count > 0 ? `abs(${value}) * 1e${count}` : `abs(${value}) / 1e${-count}`
    // Products that seem to be a tie (for ROUND) or whole (for TRUNC) may only look so, for want of digits.
    const doubtful = name === 'round' ? `(${scaled}) % 1 = 0.5` : `(${scaled}) % 1 = 0 AND ${value} <> trunc(${value})`
    const plain = name === 'round' ? `round(${scaled})` : `trunc(${scaled})`
    const back = count > 0 ? `${plain} / 1e${count}` : `${plain} * 1e${-count}`
    return `CASE WHEN (${scaled}) < 4e15 AND NOT (${doubtful}) THEN sign(${value}) * (${back}) ELSE ${exact} END`
  }
}

/** Literals from -15 to 15, apart from -0. */
function constantPlaces(argument: LoweredArgument | undefined): number | undefined {
  const { constant } = argument ?? {}
  if (typeof constant !== 'string' || !/^-?\d{1,2}$/.test(constant)) return undefined
  const count = Number(constant)
  return Math.abs(count) <= 15 ? count : undefined
}

const roundings: readonly FunctionRow[] = [
  ...['CEIL', 'CEILING'].flatMap((name) => ofNumber(`${name}(FLOAT64) -> FLOAT64`, 'ceil($1)')),
  ...ofNumber('FLOOR(FLOAT64) -> FLOAT64', 'floor($1)'),
  ...ofNumber('ROUND(FLOAT64) -> FLOAT64', 'round($1)'),
  ...ofNumber('TRUNC(FLOAT64) -> FLOAT64', 'trunc($1)'),
  { signature: 'ROUND(FLOAT64, INT64) -> FLOAT64', lower: places('round') },
  { signature: 'ROUND(INT64, INT64) -> FLOAT64', lower: places('round') },
  { signature: 'TRUNC(FLOAT64, INT64) -> FLOAT64', lower: places('trunc') },
  { signature: 'TRUNC(INT64, INT64) -> FLOAT64', lower: places('trunc') },
]

/** SAFE_ADD(T, T) and its kin: the arguments' common type decides. */
function safe(name: string, operator: DecimalOperator): FunctionRow {
  return { signature: `${name}(T, T) -> T`, lower: (call) => safeOf(call, name, operator) }
}

function safeOf(call: LoweringCall, name: string, operator: DecimalOperator): string {
  const [left, right] = [sqlAt(call, 0), sqlAt(call, 1)]
  const { kind } = call.result
  if (kind === 'INT64') return `TRY_CAST(CAST(${left} AS HUGEINT) ${operator} CAST(${right} AS HUGEINT) AS BIGINT)`
  if (kind === 'NUMERIC' || kind === 'BIGNUMERIC') return safeDecimal(operator, left, right, kind)
  if (kind !== 'FLOAT64')
    return call.invalid(`No matching signature for function ${name} for argument types: ${kind}, ${kind}`)
  const finite = `memory.bq.safe_finite2(${left} ${operator} ${right}, ${left}, ${right})`
  return operator === '/' ? `CASE WHEN ${right} <> 0 THEN ${finite} END` : finite
}

const safeFunctions: readonly FunctionRow[] = [
  safe('SAFE_ADD', '+'),
  safe('SAFE_SUBTRACT', '-'),
  safe('SAFE_MULTIPLY', '*'),
  {
    signature: 'SAFE_DIVIDE(INT64, INT64) -> FLOAT64',
    lower: 'CASE WHEN $2 <> 0 THEN CAST($1 AS DOUBLE) / CAST($2 AS DOUBLE) END',
  },
  safe('SAFE_DIVIDE', '/'),
  { signature: 'SAFE_NEGATE(INT64) -> INT64', lower: 'TRY_CAST(-CAST($1 AS HUGEINT) AS BIGINT)' },
  { signature: 'SAFE_NEGATE(FLOAT64) -> FLOAT64', lower: '(-$1)' },
]

const euclidean = 'list_distance($1, $2)'
const sameLength = (name: string, duck: string): string =>
  `CASE WHEN len($1) <> len($2) THEN ${failText(`Array length mismatch in ${name}`, 'DOUBLE')} WHEN list_contains(list_transform(list_concat($1, $2), lambda e: e IS NULL), true) THEN ${failText(`${name} does not take NULL elements`, 'DOUBLE')} ELSE ${duck} END`
const hasNoLength =
  'list_sum(list_transform($1, lambda e: e * e)) = 0 OR list_sum(list_transform($2, lambda e: e * e)) = 0'

export const mathFunctions: readonly FunctionRow[] = [
  { signature: 'ABS(INT64) -> INT64', lower: 'abs($1)' },
  { signature: 'ABS(FLOAT64) -> FLOAT64', lower: 'abs($1)' },
  { signature: 'SIGN(INT64) -> INT64', lower: 'CAST(sign($1) AS BIGINT)' },
  { signature: 'SIGN(FLOAT64) -> FLOAT64', lower: 'CASE WHEN isnan($1) THEN $1 ELSE CAST(sign($1) AS DOUBLE) END' },
  { signature: 'IS_INF(FLOAT64) -> BOOL', lower: 'isinf($1)' },
  { signature: 'IS_NAN(FLOAT64) -> BOOL', lower: 'isnan($1)' },
  { signature: 'IEEE_DIVIDE(FLOAT64, FLOAT64) -> FLOAT64', lower: '($1 / $2)' },
  { signature: 'IEEE_DIVIDE(INT64, INT64) -> FLOAT64', lower: '(CAST($1 AS DOUBLE) / CAST($2 AS DOUBLE))' },
  { signature: 'RAND() -> FLOAT64', volatile: true, lower: 'random()' },
  { signature: 'DIV(INT64, INT64) -> INT64', lower: 'memory.bq.int_divide($1, $2)' },
  { signature: 'MOD(INT64, INT64) -> INT64', lower: 'memory.bq.int_modulo($1, $2)' },
  ...exponential,
  ...roundings,
  ...safeFunctions,
  ...trigonometric,
  {
    signature: 'RANGE_BUCKET(T, ARRAY<T>) -> INT64',
    lower: (call) =>
      call.args[0]?.type.kind === 'FLOAT64'
        ? `CASE WHEN isnan(${sqlAt(call, 0)}) THEN NULL ELSE memory.bq.range_bucket(${sqlAt(call, 0)}, ${sqlAt(call, 1)}) END`
        : `memory.bq.range_bucket(${sqlAt(call, 0)}, ${sqlAt(call, 1)})`,
  },
  {
    signature: 'EUCLIDEAN_DISTANCE(ARRAY<FLOAT64>, ARRAY<FLOAT64>) -> FLOAT64',
    lower: sameLength('EUCLIDEAN_DISTANCE', euclidean),
  },
  {
    signature: 'COSINE_DISTANCE(ARRAY<FLOAT64>, ARRAY<FLOAT64>) -> FLOAT64',
    lower: sameLength(
      'COSINE_DISTANCE',
      `CASE WHEN ${hasNoLength} THEN ${failText('Cannot compute COSINE_DISTANCE against zero vector', 'DOUBLE')} ELSE list_cosine_distance($1, $2) END`,
    ),
  },
  { signature: 'BIT_COUNT(INT64) -> INT64', lower: 'CAST(bit_count($1) AS BIGINT)' },
  {
    signature: 'BIT_COUNT(BYTES) -> INT64',
    lower: 'CASE WHEN octet_length($1) = 0 THEN 0 ELSE CAST(bit_count(CAST($1 AS BIT)) AS BIGINT) END',
  },
]
