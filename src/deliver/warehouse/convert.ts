// What a value becomes in a column whose type a person chose (`millpond retype`). One rule for the rows that are there,
// for what is still to come and for a rebuild. Undefined: it doesn't fit, `_overflow` keeps it. After several retypes a
// rebuild may know more than the rows: it converts what was sent, not what the last retype left.
import type { ColumnType, Scalar } from '../../warehouse/driver.ts'
import { columnJson } from '../screen/parse.ts'
import { parseTime } from '../screen/time.ts'
import { isInt64 } from './tables.ts'

const wholeNumber = /^-?(?:0|[1-9]\d{0,18})$/
const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
/** More digits than a double keeps. */
const exactDigitsMax = 15

/** Types that a column can be given. */
export const retypeTypes = ['text', 'integer', 'float', 'boolean', 'timestamp'] as const satisfies readonly ColumnType[]

/** `value` is a leaf of an event: text, number, bigint, boolean, array, or a number by its digits. Timestamps are microseconds. */
export function convertValue(type: ColumnType, value: unknown): Scalar | undefined {
  switch (type) {
    case 'text':
      return textOf(value)
    case 'integer':
      return integerOf(value)
    case 'float':
      return floatOf(value)
    case 'boolean':
      return booleanOf(value)
    case 'timestamp':
      return typeof value === 'string' || typeof value === 'number' ? parseTime(value) : undefined
    case 'json':
  }
  // Nobody chooses it: every value would fit, and none could be asked for.
  return undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : columnJson(value, true)
}

function integerOf(value: unknown): number | bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  if (typeof value === 'bigint') return isInt64(value) ? value : undefined
  if (typeof value !== 'string' || !wholeNumber.test(value)) return undefined
  const whole = BigInt(value)
  if (!isInt64(whole)) return undefined
  return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole
}

function floatOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return BigInt(Number(value)) === value ? Number(value) : undefined
  if (typeof value !== 'string' || !jsonNumber.test(value)) return undefined
  const digits = value
    .replace(/[eE].*$/, '')
    .replaceAll(/\D/g, '')
    .replace(/^0+/, '')
  const number = Number(value)
  return digits.length <= exactDigitsMax && Number.isFinite(number) ? number : undefined
}

function booleanOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (value === 'true' || value === 1) return true
  return value === 'false' || value === 0 ? false : undefined
}
