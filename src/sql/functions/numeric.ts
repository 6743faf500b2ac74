// NUMERIC and BIGNUMERIC: the operators, and functions whose answers must be exact. Products and quotients that DuckDB's DECIMAL
// can hold are computed there, the others by whole numbers in JavaScript. BIGNUMERIC is kept with 18 of BigQuery's 38 decimal
// places: what needs more fails and says so.
import { failText } from './fail.ts'
import { safely } from '../lower/safely.ts'
import type { FunctionRow, LoweredArgument, LoweringCall } from './function-row.ts'

export type DecimalKind = 'NUMERIC' | 'BIGNUMERIC'
export type DecimalOperator = '+' | '-' | '*' | '/'

/** Both sides already coerced to `kind`. */
export function decimalOperation(operator: DecimalOperator, left: string, right: string, kind: DecimalKind): string {
  if (operator === '+' || operator === '-') return `(${left} ${operator} ${right})`
  const name = operator === '*' ? 'multiply' : 'divide'
  return `memory.bq.${kind.toLowerCase()}_${name}(${left}, ${right})`
}

export function duckDecimal(kind: DecimalKind): string {
  return kind === 'NUMERIC' ? 'DECIMAL(38,9)' : 'DECIMAL(38,18)'
}

export function sqlAt(call: LoweringCall, index: number): string {
  return call.args[index]?.sql ?? 'NULL'
}

/** By name of decimal.ts. */
export function decimalCallSql(name: string, left: string, right: string, kind: DecimalKind): string {
  return `memory.bq.${kind.toLowerCase()}_call('${name}', ${left}, ${right})`
}

function rounding(name: 'round' | 'trunc', kind: DecimalKind): (call: LoweringCall) => string {
  return (call) => {
    const [value, places, mode] = call.args
    const scale = kind === 'NUMERIC' ? 9 : 18
    const sql = value?.sql ?? 'NULL'
    const how = mode === undefined ? name : roundingMode(call, mode)
    const constant = places === undefined ? 0 : placesOf(places)
    if (constant !== undefined && constant >= 0 && how === 'round') {
      return constant >= scale ? sql : `CAST(CAST(${sql} AS DECIMAL(38,${constant})) AS ${duckDecimal(kind)})`
    }
    if (constant === 0 && how === 'trunc') return `CAST(trunc(${sql}) AS ${duckDecimal(kind)})`
    const count = places?.sql ?? '0'
    return decimalCallSql(
      how,
      sql,
      `CAST(CASE WHEN abs(${count}) < 100 THEN ${count} WHEN ${count} < 0 THEN -100 WHEN ${count} > 0 THEN 100 END AS ${duckDecimal(kind)})`,
      kind,
    )
  }
}

function roundingMode(call: LoweringCall, mode: LoweredArgument): string {
  if (mode.constant === 'ROUND_HALF_AWAY_FROM_ZERO') return 'round'
  if (mode.constant === 'ROUND_HALF_EVEN') return 'round_even'
  if (mode.constant === undefined) return call.unsupported('a rounding mode that is not a constant')
  return call.invalid(`Could not cast literal "${String(mode.constant)}" to type ROUNDING_MODE`)
}

function placesOf({ constant }: LoweredArgument): number | undefined {
  return typeof constant === 'string' && /^-?\d{1,4}$/.test(constant) ? Number(constant) : undefined
}

function both(make: (kind: DecimalKind) => readonly FunctionRow[]): readonly FunctionRow[] {
  return [...make('NUMERIC'), ...make('BIGNUMERIC')]
}

const refused =
  (what: string) =>
  (call: LoweringCall): string =>
    call.unsupported(what)

/** SAFE_ADD and its kin: overflow and division by zero give NULL, errors of the arguments stay errors. */
export function safeDecimal(operator: DecimalOperator, left: string, right: string, kind: DecimalKind): string {
  if (kind === 'NUMERIC' || operator === '+' || operator === '-') {
    return safely([left, right], (x = '', y = '') => decimalOperation(operator, x, y, kind))
  }
  // NULL for "can't be kept exactly here" would be an answer that BigQuery doesn't give.
  const exact = decimalOperation(operator, left, right, kind)
  return operator === '/' ? `CASE WHEN ${right} = 0 THEN NULL ELSE ${exact} END` : exact
}

export const numericFunctions: readonly FunctionRow[] = [
  { signature: 'PARSE_NUMERIC(STRING) -> NUMERIC', lower: 'CAST(bq_js_parse_decimal($1, 9) AS DECIMAL(38,9))' },
  { signature: 'PARSE_BIGNUMERIC(STRING) -> BIGNUMERIC', lower: 'CAST(bq_js_parse_decimal($1, 18) AS DECIMAL(38,18))' },
  ...both((kind) => [
    { signature: `ABS(${kind}) -> ${kind}`, lower: 'abs($1)' },
    { signature: `SIGN(${kind}) -> ${kind}`, lower: `CAST(sign($1) AS ${duckDecimal(kind)})` },
    { signature: `CEIL(${kind}) -> ${kind}`, lower: `CAST(ceil($1) AS ${duckDecimal(kind)})` },
    { signature: `CEILING(${kind}) -> ${kind}`, lower: `CAST(ceil($1) AS ${duckDecimal(kind)})` },
    { signature: `FLOOR(${kind}) -> ${kind}`, lower: `CAST(floor($1) AS ${duckDecimal(kind)})` },
    { signature: `ROUND(${kind}, [INT64], [LITERAL STRING]) -> ${kind}`, lower: rounding('round', kind) },
    { signature: `TRUNC(${kind}, [INT64]) -> ${kind}`, lower: rounding('trunc', kind) },
    {
      signature: `DIV(${kind}, ${kind}) -> ${kind}`,
      lower: (call) => decimalCallSql('div', sqlAt(call, 0), sqlAt(call, 1), kind),
    },
    {
      signature: `MOD(${kind}, ${kind}) -> ${kind}`,
      lower: `CASE WHEN $2 = 0 THEN ${failText('division by zero: MOD by 0', duckDecimal(kind))} ELSE CAST($1 % $2 AS ${duckDecimal(kind)}) END`,
    },
    {
      signature: `SQRT(${kind}) -> ${kind}`,
      lower: (call) => decimalCallSql('sqrt', sqlAt(call, 0), `0::${duckDecimal(kind)}`, kind),
    },
    { signature: `EXP(${kind}) -> ${kind}`, lower: refused(`EXP of ${kind}`) },
    { signature: `LN(${kind}) -> ${kind}`, lower: refused(`LN of ${kind}`) },
    { signature: `LOG10(${kind}) -> ${kind}`, lower: refused(`LOG10 of ${kind}`) },
    { signature: `CBRT(${kind}) -> ${kind}`, lower: refused(`CBRT of ${kind}`) },
    { signature: `LOG(${kind}) -> ${kind}`, lower: refused(`LOG of ${kind}`) },
    { signature: `SAFE_NEGATE(${kind}) -> ${kind}`, lower: '(-$1)' },
  ]),
]
