// Literals as DuckDB writes them: always of exactly BigQuery's type.
import type { SqlType } from '../types.ts'

/** A number's text as a literal of a number type; undefined: it doesn't fit that type. */
export function literalSql(constant: string, type: SqlType): string | undefined {
  switch (type.kind) {
    case 'INT64': {
      const value = integerOf(constant)
      if (value === undefined || value > 9223372036854775807n || value < -9223372036854775808n) return undefined
      return value === -9223372036854775808n
        ? '(-9223372036854775807::BIGINT - 1)'
        : value < 0n
          ? `(${value}::BIGINT)`
          : `${value}::BIGINT`
    }
    case 'FLOAT64':
      return floatSql(constant)
    case 'NUMERIC':
      return decimalSql(constant, 29, 9)
    case 'BIGNUMERIC':
      return decimalSql(constant, 20, 18)
    default:
      return undefined
  }
}

function integerOf(constant: string): bigint | undefined {
  const match = /^([-+]?)(0[xX][0-9a-fA-F]+|\d+)$/.exec(constant)
  if (match === null) return undefined
  const size = BigInt(match[2] ?? '')
  return match[1] === '-' ? -size : size
}

function floatSql(constant: string): string | undefined {
  const value = Number(constant)
  if (Number.isNaN(value)) return undefined
  if (!Number.isFinite(value)) return `'${value < 0 ? '-' : ''}inf'::DOUBLE`
  const shown = Object.is(value, -0) ? '-0' : String(value)
  const plain = shown.includes('e') ? shown : `${shown}e0`
  return value < 0 || Object.is(value, -0) ? `(${plain})` : plain
}

/** Rounds half away from zero beyond the scale, as BigQuery does. */
function decimalSql(constant: string, wholeDigits: number, scale: number): string | undefined {
  const match = /^\s*([-+]?)(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?\s*$/.exec(constant)
  if (match === null || `${match[2]}${match[3]}` === '') return undefined
  const exponent = Number(match[4] ?? 0)
  if (Math.abs(exponent) > 400) return undefined
  const digits = `${match[2]}${match[3]}`
  const point = (match[2] ?? '').length + exponent
  const whole = point <= 0 ? '0' : digits.slice(0, point).padEnd(point, '0')
  const fraction = point <= 0 ? '0'.repeat(-point) + digits : digits.slice(point)
  let scaled = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'))
  const beyond = fraction.slice(scale)
  if (scale === 18 && /[1-9]/.test(beyond)) return undefined
  if (/^[5-9]/.test(beyond)) scaled += 1n
  const shown = String(scaled).padStart(scale + 1, '0')
  if (shown.length - scale > wholeDigits) return undefined
  return `'${match[1] === '-' ? '-' : ''}${shown.slice(0, -scale)}.${shown.slice(-scale)}'::DECIMAL(38,${scale})`
}

export function bytesSql(hex: string): string {
  return hex === '' ? "''::BLOB" : `unhex('${hex}')`
}
