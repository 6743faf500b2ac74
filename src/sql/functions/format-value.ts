// Writes one piece of FORMAT, as C's printf does with exact decimal digits; NUMERIC rounds half away from zero.
import { type FormatPiece, readFormat, sizeMax, starsOf, type ValueKind, wantedBy } from './format-spec.ts'
import { layOut } from './json-work.ts'

interface Layout {
  readonly isLeft: boolean
  readonly isZero: boolean
  readonly isGrouped: boolean
  readonly isAlternate: boolean
  readonly plus: string
  readonly width: number
  readonly precision: number | undefined
  readonly conversion: string
}

/** `stars`: values of `*`, in order. */
function layoutOf(piece: FormatPiece, stars: readonly number[]): Layout {
  const { flags, conversion } = piece
  const rest = [...stars]
  const width = piece.width === '*' ? (rest.shift() ?? 0) : Number(piece.width)
  const given =
    piece.precision === undefined ? undefined : piece.precision === '*' ? (rest.shift() ?? 0) : Number(piece.precision)
  if (Math.abs(width) > sizeMax || (given ?? 0) > sizeMax)
    throw new Error(`FORMAT: a width or precision over ${sizeMax} is not supported locally`)
  return {
    isLeft: flags.includes('-') || width < 0,
    isZero: flags.includes('0'),
    isGrouped: flags.includes("'"),
    isAlternate: flags.includes('#'),
    plus: flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '',
    width: Math.abs(width),
    precision: given === undefined || given < 0 ? undefined : given,
    conversion,
  }
}

/** `raw` is the value's text. */
export function formatPiece(piece: FormatPiece, stars: readonly number[], kind: ValueKind, raw: string): string {
  const layout = layoutOf(piece, stars)
  switch (layout.conversion) {
    case 'd':
    case 'i':
    case 'x':
    case 'X':
    case 'o':
      return formatInt(BigInt(raw), layout)
    case 's':
    case 't':
    case 'T':
    case 'p':
      return padText(raw, layout)
    case 'P':
      return padText(layOut(raw), layout)
    default:
      return kind === 'f' ? formatFloat(floatOf(raw), layout) : formatDecimal(raw, layout)
  }
}

function floatOf(raw: string): number {
  if (/^-?inf/.test(raw)) return raw.startsWith('-') ? -Infinity : Infinity
  return raw.endsWith('nan') ? Number.NaN : Number(raw)
}

function padText(text: string, { width, precision, isLeft }: Layout): string {
  const letters = Array.from(text)
  const cut = precision === undefined ? letters : letters.slice(0, precision)
  const padding = ' '.repeat(Math.max(0, width - cut.length))
  return isLeft ? cut.join('') + padding : padding + cut.join('')
}

/** Sign, prefix and digits to the width. */
function padNumber(sign: string, digits: string, layout: Layout, mayFill: boolean): string {
  const length = sign.length + digits.length
  const missing = Math.max(0, layout.width - length)
  if (layout.isLeft) return sign + digits + ' '.repeat(missing)
  return layout.isZero && mayFill ? sign + '0'.repeat(missing) + digits : ' '.repeat(missing) + sign + digits
}

function signOf(isNegative: boolean, { plus }: Layout): string {
  return isNegative ? '-' : plus
}

function formatInt(value: bigint, layout: Layout): string {
  const size = value < 0n ? -value : value
  const base = 'xX'.includes(layout.conversion) ? 16 : layout.conversion === 'o' ? 8 : 10
  let digits = size.toString(base)
  if (layout.conversion === 'X') digits = digits.toUpperCase()
  if (layout.precision !== undefined)
    digits = digits === '0' && layout.precision === 0 ? '' : digits.padStart(layout.precision, '0')
  if (layout.isGrouped) digits = base === 10 ? grouped(digits, 3, ',') : grouped(digits, 4, base === 16 ? ':' : ',')
  const prefix = layout.isAlternate && base === 16 ? `0${layout.conversion}` : ''
  if (layout.isAlternate && base === 8) digits = `0${digits}`
  const sign = base === 10 ? signOf(value < 0n, layout) : value < 0n ? '-' : layout.plus
  return padNumber(sign + prefix, digits, layout, layout.precision === undefined)
}

function grouped(digits: string, size: number, comma: string): string {
  return digits.replace(new RegExp(`\\B(?=(?:[0-9a-fA-F]{${size}})+(?![0-9a-fA-F]))`, 'g'), comma)
}

/** The digits of |value| from the first that isn't 0, and where the point stands among them. */
interface Digits {
  readonly digits: string
  readonly point: number
}

type Rounding = 'even' | 'away'

function formatFloat(value: number, layout: Layout): string {
  const isUpper = 'FEG'.includes(layout.conversion)
  const isNegative = value < 0
  if (!Number.isFinite(value)) {
    const word = Number.isNaN(value) ? 'nan' : 'inf'
    return padNumber(signOf(isNegative, layout), isUpper ? word.toUpperCase() : word, layout, false)
  }
  return padNumber(signOf(isNegative, layout), sized(exactDigits(Math.abs(value)), layout, 'even'), layout, true)
}

function formatDecimal(raw: string, layout: Layout): string {
  const isNegative = raw.startsWith('-')
  const [whole = '', fraction = ''] = raw.replace('-', '').split('.')
  return padNumber(
    signOf(isNegative, layout),
    sized(trimmed(whole + fraction, whole.length), layout, 'away'),
    layout,
    true,
  )
}

function trimmed(all: string, point: number): Digits {
  const bare = all.replace(/^0+/, '')
  const digits = bare.replace(/0+$/, '')
  return digits === '' ? { digits: '', point: 0 } : { digits, point: point - (all.length - bare.length) }
}

/** Every digit of the FLOAT64. */
function exactDigits(value: number): Digits {
  if (value === 0) return { digits: '', point: 0 }
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const power = Number(bits >> 52n)
  const mantissa = (bits & ((1n << 52n) - 1n)) | (power === 0 ? 0n : 1n << 52n)
  const exponent = (power === 0 ? 1 : power) - 1075
  if (exponent >= 0) {
    const whole = String(mantissa << BigInt(exponent))
    return trimmed(whole, whole.length)
  }
  // mantissa / 2^n = mantissa * 5^n / 10^n
  const scaled = String(mantissa * 5n ** BigInt(-exponent))
  return trimmed(scaled, scaled.length + exponent)
}

/** Rounded to `count` digits behind the first place that counts; `count` may be negative. */
function rounded({ digits, point }: Digits, count: number, rounding: Rounding): Digits {
  if (count >= digits.length) return { digits, point }
  if (count < 0) return { digits: '', point: 0 }
  const next = digits[count] ?? '0'
  const isTie = next === '5' && count + 1 === digits.length
  const isOdd = count > 0 && Number(digits[count - 1]) % 2 === 1
  const isUp = next > '5' || (next === '5' && (!isTie || rounding === 'away' || isOdd))
  const kept = digits.slice(0, count)
  if (!isUp) return trimmed(kept, point)
  const raised = String(BigInt(`0${kept}`) + 1n).padStart(count, '0')
  return trimmed(raised, point + raised.length - count)
}

function sized(value: Digits, layout: Layout, rounding: Rounding): string {
  const lower = layout.conversion.toLowerCase()
  if (lower === 'f') return fixed(value, layout.precision ?? 6, layout, rounding)
  if (lower === 'e') return scientific(value, layout.precision ?? 6, layout, rounding)
  const places = layout.precision === 0 ? 1 : (layout.precision ?? 6)
  const short = rounded(value, places, rounding)
  const exponent = short.digits === '' ? 0 : short.point - 1
  const isPlain = exponent >= -4 && exponent < places
  const text = isPlain
    ? fixed(short, places - 1 - exponent, layout, rounding)
    : scientific(short, places - 1, layout, rounding)
  if (layout.isAlternate) return text
  return isPlain ? text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '') : text.replace(/\.?0*(e[-+]\d+)$/i, '$1')
}

function fixed(value: Digits, places: number, layout: Layout, rounding: Rounding): string {
  const { digits, point } = rounded(value, value.point + places, rounding)
  const whole = point <= 0 ? '0' : digits.slice(0, point).padEnd(point, '0')
  const fraction = (point <= 0 ? '0'.repeat(-point) + digits : digits.slice(point)).padEnd(places, '0').slice(0, places)
  const shown = layout.isGrouped ? grouped(whole, 3, ',') : whole
  return places === 0 ? `${shown}${layout.isAlternate ? '.' : ''}` : `${shown}.${fraction}`
}

function scientific(value: Digits, places: number, layout: Layout, rounding: Rounding): string {
  const { digits, point } = rounded(value, places + 1, rounding)
  const exponent = digits === '' ? 0 : point - 1
  const fraction = digits.slice(1).padEnd(places, '0')
  const letter = 'EG'.includes(layout.conversion) ? 'E' : 'e'
  const dot = places === 0 ? (layout.isAlternate ? '.' : '') : '.'
  return `${digits[0] ?? '0'}${dot}${fraction}${letter}${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** One piece of a constant format: `spec` as it was written, without the percent sign. */
export function formatConstant(
  spec: string,
  stars: readonly (bigint | null)[],
  kind: string,
  raw: string,
): string | null {
  const [piece] = readFormat(`%${spec}`)
  if (piece === undefined || typeof piece === 'string') throw new Error('BUG: no piece of a format')
  if (stars.includes(null)) return null
  return formatPiece(piece, stars.map(Number), kind as ValueKind, raw)
}

/** A format known only row by row. Of each value: kind, type, raw text, text of %t, text of %T. */
export function formatRow(format: string, values: readonly (string | null)[]): string | null {
  let next = 0
  let result = ''
  let isNull = false
  const parts = readFormat(format)
  const count = values.length / fieldsOfValue
  const wanted = parts.reduce((sum, part) => sum + (typeof part === 'string' ? 0 : starsOf(part) + 1), 0)
  if (wanted !== count) throw new Error(tooMany(format, wanted, count))
  const field = (which: number): string | null => values[next * fieldsOfValue + which] ?? null
  for (const part of parts) {
    if (typeof part === 'string') {
      result += part
      continue
    }
    const stars: number[] = []
    for (let star = 0; star < starsOf(part); star += 1) {
      const raw = starValue(field(0), field(2), next)
      if (raw === null) isNull = true
      stars.push(Number(raw ?? 0))
      next += 1
    }
    const kind = (field(0) ?? 'o') as ValueKind
    const wants = wantedBy(part.conversion, kind)
    if (wants !== undefined) throw new Error(wrongType(next + 2, wants, field(1) ?? ''))
    const raw = part.conversion === 't' ? field(3) : part.conversion === 'T' ? field(4) : field(2)
    if (raw === null) isNull = true
    else result += formatPiece(part, stars, kind, raw)
    next += 1
  }
  return isNull ? null : result
}

const fieldsOfValue = 5

function starValue(kind: string | null, raw: string | null, index: number): string | null {
  if (kind !== 'i') throw new Error(wrongType(index + 2, 'integer', ''))
  return raw
}

export function wrongType(argument: number, wants: string, got: string): string {
  return `Invalid type for argument ${argument} to FORMAT; Expected ${wants}; Got ${got}`
}

export function tooMany(format: string, wanted: number, count: number): string {
  return `Too ${count > wanted ? 'many' : 'few'} arguments to FORMAT for pattern "${format}"; Expected ${wanted + 1}; Got ${count + 1}`
}
