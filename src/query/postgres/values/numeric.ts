// numeric in binary: digits to the base of 10,000, the exponent of the first, a sign, and the digits shown behind the point.
import { PgError, states } from '../sqlstate.ts'
import type { BodyReader } from '../wire/body.ts'
import type { Output } from '../wire/output.ts'

const negative = 0x4000
const notANumber = 0xc000
const infinite = 0xd000
const negativeInfinite = 0xf000
const groupDigits = 4

/** `text`: plain digits, with a sign and a point perhaps. */
export function writeNumeric(out: Output, text: string): void {
  const isNegative = text.startsWith('-')
  const [whole = '', behind = ''] = text.replace(/^[+-]/, '').split('.')
  const trimmed = whole.replace(/^0+/, '')
  const padded = trimmed.padStart(Math.ceil(trimmed.length / groupDigits) * groupDigits, '0')
  const all = padded + behind.padEnd(Math.ceil(behind.length / groupDigits) * groupDigits, '0')
  let groups = Array.from({ length: all.length / groupDigits }, (_, index) =>
    Number(all.slice(index * groupDigits, (index + 1) * groupDigits)),
  )
  let weight = padded.length / groupDigits - 1
  while (groups.length > 0 && groups[0] === 0) {
    groups = groups.slice(1)
    weight -= 1
  }
  while (groups.at(-1) === 0) groups = groups.slice(0, -1)
  const isZero = groups.length === 0
  out
    .int16(groups.length)
    .int16(isZero ? 0 : weight)
    .int16(isNegative && !isZero ? negative : 0)
    .int16(behind.length)
  for (const group of groups) out.int16(group)
}

/** Plain digits, or NaN, Infinity, -Infinity. */
export function readNumeric(reader: BodyReader): string {
  const count = reader.uint16()
  const weight = reader.int16()
  const sign = reader.uint16()
  const scale = reader.uint16()
  if (sign === notANumber) return 'NaN'
  if (sign === infinite) return 'Infinity'
  if (sign === negativeInfinite) return '-Infinity'
  const groups = Array.from({ length: count }, () => reader.uint16())
  if (scale > 0x3fff || Math.abs(weight) > 0x3fff || groups.some((group) => group > 9999)) {
    throw new PgError(states.invalidBinary, 'A binary numeric could not be read')
  }
  const at = (index: number): string => String(groups[index] ?? 0).padStart(groupDigits, '0')
  let whole = ''
  for (let index = 0; index <= weight; index += 1) whole += at(index)
  let behind = ''
  for (let index = weight + 1; behind.length < scale; index += 1) behind += index < 0 ? '0000' : at(index)
  const digits = whole.replace(/^0+(?=\d)/, '') || '0'
  const shown = scale === 0 ? digits : `${digits}.${behind.slice(0, scale)}`
  return sign === negative ? `-${shown}` : shown
}
