// Exact decimal arithmetic on whole numbers, for what DuckDB's DECIMAL can't: texts in, texts out.

const digits = /^([-+]?)(\d*)(?:\.(\d*))?$/

/** '1.5' at scale 9: 1500000000n. Further digits are an error of the caller. */
export function unscaled(value: string, scale: number): bigint {
  const [, sign = '', whole = '', fraction = ''] = digits.exec(value) ?? []
  const size = BigInt(`${whole === '' ? '0' : whole}${fraction.padEnd(scale, '0').slice(0, scale)}`)
  return sign === '-' ? -size : size
}

export function scaledText(value: bigint, scale: number): string {
  const size = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  return `${value < 0n ? '-' : ''}${size.slice(0, -scale)}.${size.slice(-scale)}`
}

export function divideHalfAway(value: bigint, by: bigint): bigint {
  const size = value < 0n ? -value : value
  const divisor = by < 0n ? -by : by
  const rounded = (2n * size + divisor) / (2n * divisor)
  return value < 0n === by < 0n ? rounded : -rounded
}

function divideHalfEven(value: bigint, by: bigint): bigint {
  const rounded = divideHalfAway(value, by)
  const isTie = (2n * value) % by === 0n && value % by !== 0n
  if (!isTie || rounded % 2n === 0n) return rounded
  return rounded > 0n ? rounded - 1n : rounded + 1n
}

function root(value: bigint): bigint {
  if (value < 2n) return value
  let guess = 1n << BigInt(Math.ceil(value.toString(2).length / 2))
  for (let next = (guess + value / guess) / 2n; next < guess; next = (guess + value / guess) / 2n) guess = next
  return guess
}

type Operation = (left: bigint, right: bigint, unit: bigint, at: Rounder) => bigint
/** Rounds value / by to the scale. */
type Rounder = (value: bigint, by: bigint) => bigint

const operations: Readonly<Record<string, Operation | undefined>> = {
  multiply: (left, right, unit, at) => at(left * right, unit),
  divide: (left, right, unit, at) => {
    if (right === 0n) throw new Error('division by zero')
    return at(left * unit, right)
  },
  div: (left, right, unit) => {
    if (right === 0n) throw new Error('division by zero')
    return (left / right) * unit
  },
  sqrt: (left, _right, unit, at) => {
    if (left < 0n) throw new Error('Argument to SQRT cannot be negative')
    // Ten more digits than are kept: a root is whole or never near a tie.
    const more = 10n ** 10n
    const value = root(left * unit * more * more)
    return value * value === left * unit * more * more ? at(value, more) : divideHalfAway(value, more)
  },
  round: (left, right, unit) => roundTo(left, right / unit, unit, divideHalfAway),
  round_even: (left, right, unit) => roundTo(left, right / unit, unit, divideHalfEven),
  trunc: (left, right, unit) => roundTo(left, right / unit, unit, (value, by) => value / by),
}

function roundTo(value: bigint, places: bigint, unit: bigint, how: (value: bigint, by: bigint) => bigint): bigint {
  const scale = BigInt(String(unit).length - 1)
  if (places >= scale) return value
  if (places < -40n) return 0n
  const by = 10n ** (scale - places)
  return how(value, by) * by
}

/** NUMERIC has scale 9 and rounds; BIGNUMERIC is kept with scale 18 and refuses what doesn't fit, because BigQuery keeps 38. */
export function decimalCall(name: string, left: string, right: string, scale: number): string {
  const operation = operations[name]
  if (operation === undefined) throw new Error(`BUG: no decimal operation ${name}`)
  const unit = 10n ** BigInt(scale)
  const exactly: Rounder = (value, by) => {
    if (value % by !== 0n)
      throw new Error('BIGNUMERIC results with more than 18 decimal places are not supported locally')
    return value / by
  }
  if (scale !== 9 && name === 'sqrt') throw new Error('SQRT of BIGNUMERIC is not supported locally')
  const result = operation(unscaled(left, scale), unscaled(right, scale), unit, scale === 9 ? divideHalfAway : exactly)
  return scaledText(inRange(result, scale), scale)
}

function inRange(value: bigint, scale: number): bigint {
  const most = 10n ** 38n - 1n
  if (value >= -most && value <= most) return value
  throw new Error(
    scale === 9 ? 'numeric overflow' : 'BIGNUMERIC overflow: more than 38 digits are not supported locally',
  )
}

/** PARSE_NUMERIC, PARSE_BIGNUMERIC. */
export function parseDecimal(input: string, scale: number): string {
  const name = scale === 9 ? 'PARSE_NUMERIC' : 'PARSE_BIGNUMERIC'
  const fail = (): never => {
    throw new Error(`Invalid input to ${name}: "${input}"`)
  }
  const bare = /^\s*([-+]?)\s*((?:[\d,]*\d[\d,]*\.?\d*|,*\.\d+)(?:[eE][-+]?\d{1,5})?)\s*$/.exec(input)
  const trailing = /^\s*((?:[\d,]*\d[\d,]*\.?\d*|,*\.\d+)(?:[eE][-+]?\d{1,5})?)\s*([-+])\s*$/.exec(input)
  const sign = bare?.[1] ?? trailing?.[2] ?? ''
  const body = (bare?.[2] ?? trailing?.[1] ?? fail()).replaceAll(',', '').toLowerCase()
  const [mantissa = '', exponent = '0'] = body.split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const value = BigInt(`${whole}${fraction}`)
  const shift = Number(exponent) - fraction.length + scale
  if (value === 0n) return '0'
  if (shift > 80 || shift < -5000) return shift > 80 ? fail() : '0'
  const by = 10n ** BigInt(Math.abs(shift))
  if (shift < 0 && scale !== 9 && value % by !== 0n) {
    throw new Error('BIGNUMERIC values with more than 18 decimal places are not supported locally')
  }
  const size = shift >= 0 ? value * by : divideHalfAway(value, by)
  if (size >= 10n ** 38n) return fail()
  return scaledText(sign === '-' ? -size : size, scale)
}

/** ROUND and TRUNC of FLOAT64 by the number's true decimal value, as BigQuery does: 2.675 is a little less than it looks. */
export function roundFloat(value: number, places: number, mode: 'round' | 'trunc'): number {
  if (!Number.isFinite(value) || value === 0 || places > 340) return value
  if (places < -310) return 0
  const { mantissa, exponent } = binaryOf(Math.abs(value))
  // |value| = mantissa * 2^exponent; wanted: whole part (or nearest) of |value| * 10^places.
  const top = mantissa * 2n ** BigInt(Math.max(exponent, 0)) * 10n ** BigInt(Math.max(places, 0))
  const bottom = 2n ** BigInt(Math.max(-exponent, 0)) * 10n ** BigInt(Math.max(-places, 0))
  const whole = mode === 'trunc' ? top / bottom : (2n * top + bottom) / (2n * bottom)
  const size = Number(`${whole}e${-places}`)
  if (!Number.isFinite(size)) throw new Error(`Floating point overflow in function: ROUND(${value}, ${places})`)
  return value < 0 ? -size : size
}

function binaryOf(value: number): { readonly mantissa: bigint; readonly exponent: number } {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const power = Number(bits >> 52n)
  const fraction = bits & ((1n << 52n) - 1n)
  return power === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: power - 1075 }
}
