// JSON values as BigQuery keeps them: members sorted, the first of two with one name, numbers as INT64, UINT64 or FLOAT64.

export class JsonNumber {
  /** As it is printed. */
  readonly text: string
  readonly isWhole: boolean

  constructor(text: string, isWhole: boolean) {
    this.text = text
    this.isWhole = isWhole
  }
}

export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | ReadonlyMap<string, JsonValue>

export type WideNumbers = 'exact' | 'round'

const depthMax = 500
const wordChars: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null }

/** Throws `syntax error …` and the like, without the function's name in front. */
export function parseJson(source: string, wide: WideNumbers): JsonValue {
  return new JsonReader(source, wide).read()
}

class JsonReader {
  private readonly source: string
  private readonly literal = /"(?:[^"\\]|\\[^])*"/y
  private readonly token = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/y
  private readonly wide: WideNumbers
  private at = 0
  private depth = 0

  constructor(source: string, wide: WideNumbers) {
    this.source = source
    this.wide = wide
  }

  read(): JsonValue {
    const value = this.value()
    this.space()
    if (this.at < this.source.length) this.fail('value', 'expected end of input')
    return value
  }

  private fail(what: string, wanted: string): never {
    const found = this.at < this.source.length ? `unexpected '${this.source[this.at]}'` : 'unexpected end of input'
    throw new Error(`syntax error while parsing ${what} - ${found}; ${wanted}`)
  }

  private space(): void {
    while (' \t\n\r'.includes(this.source[this.at] ?? 'x')) this.at += 1
  }

  private value(): JsonValue {
    this.space()
    switch (this.source[this.at]) {
      case '{':
        return this.nested(() => this.object())
      case '[':
        return this.nested(() => this.array())
      case '"':
        return this.string()
      default:
        return this.wordOrNumber()
    }
  }

  private nested<T>(work: () => T): T {
    this.depth += 1
    if (this.depth > depthMax)
      throw new Error(`Max nesting of ${depthMax} has been exceeded while parsing JSON document`)
    this.at += 1
    const value = work()
    this.depth -= 1
    return value
  }

  private accept(letter: string): boolean {
    this.space()
    if (this.source[this.at] !== letter) return false
    this.at += 1
    return true
  }

  private object(): ReadonlyMap<string, JsonValue> {
    const members = new Map<string, JsonValue>()
    if (this.accept('}')) return members
    for (;;) {
      this.space()
      if (this.source[this.at] !== '"') this.fail('object key', 'expected string literal')
      const key = this.string()
      if (!this.accept(':')) this.fail('object separator', "expected ':'")
      const value = this.value()
      if (!members.has(key)) members.set(key, value)
      if (this.accept('}')) return sorted(members)
      if (!this.accept(',')) this.fail('object', "expected '}'")
    }
  }

  private array(): readonly JsonValue[] {
    const items: JsonValue[] = []
    if (this.accept(']')) return items
    for (;;) {
      items.push(this.value())
      if (this.accept(']')) return items
      if (!this.accept(',')) this.fail('array', "expected ']'")
    }
  }

  private string(): string {
    this.literal.lastIndex = this.at
    const match = this.literal.exec(this.source)
    if (match === null) return this.fail('value', 'invalid string')
    this.at += match[0].length
    const text = this.unquoted(match[0])
    if (!text.isWellFormed())
      throw new Error(
        'syntax error while parsing value - invalid string: surrogate U+DC00..U+DFFF must be followed by U+DC00..U+DFFF',
      )
    return text
  }

  private unquoted(literal: string): string {
    try {
      return JSON.parse(literal) as string
    } catch {
      return this.fail('value', 'invalid string')
    }
  }

  private wordOrNumber(): JsonValue {
    this.token.lastIndex = this.at
    const match = this.token.exec(this.source)
    if (match === null) return this.fail('value', "expected '[', '{', or a literal")
    const [text] = match
    this.at += text.length
    const word = wordChars[text]
    return word === undefined ? numberOf(text, this.wide) : word
  }
}

export function numberOf(text: string, wide: WideNumbers): JsonNumber {
  if (/^-?\d+$/.test(text)) {
    const whole = BigInt(text)
    if (whole >= -(2n ** 63n) && whole < 2n ** 64n) return new JsonNumber(String(whole), true)
  }
  const value = Number(text)
  if (!Number.isFinite(value)) throw new Error(`number overflow parsing '${text}'`)
  const shown = doubleJson(value)
  if (wide === 'exact' && plainDigits(shown) !== plainDigits(text)) {
    throw new Error(`Input number: ${text} cannot round-trip through string representation`)
  }
  return new JsonNumber(shown, false)
}

/** Digits without noughts around them, and where the point stands: the same for all texts of one number. */
function plainDigits(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?$/.exec(text) ?? []
  const digits = `${whole}${fraction}`
  const bare = digits.replace(/^0+/, '')
  if (bare === '') return '0'
  const point = whole.length - (digits.length - bare.length) + Number(exponent)
  return `${sign}${bare.replace(/0+$/, '')}e${point}`
}

/** The shortest text that reads back as the same FLOAT64, laid out as BigQuery's library does: 1.0, 1e+15, 1e-05. */
export function doubleJson(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const [, sign = '', first = '', rest = '', exponent = '0'] =
    /^(-?)(\d)\.?(\d*)e([-+]\d+)$/.exec(value.toExponential()) ?? []
  const digits = first + rest
  const point = Number(exponent) + 1
  if (digits.length <= point && point <= 15) return `${sign}${digits.padEnd(point, '0')}.0`
  if (point > 0 && point <= 15) return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
  if (point > -4 && point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  const power = String(Math.abs(point - 1)).padStart(2, '0')
  return `${sign}${first}${rest === '' ? '' : `.${rest}`}e${point - 1 < 0 ? '-' : '+'}${power}`
}

export function sorted(members: ReadonlyMap<string, JsonValue>): ReadonlyMap<string, JsonValue> {
  return new Map([...members].sort(([left], [right]) => compareKeys(left, right)))
}

/** By code points, which differ from UTF-16 only beside surrogates. */
export function compareKeys(left: string, right: string): number {
  if (/[\ud800-\uffff]/.test(left + right)) return Buffer.compare(Buffer.from(left), Buffer.from(right))
  return left < right ? -1 : left > right ? 1 : 0
}

export function printJson(value: JsonValue): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof JsonNumber) return value.text
  if (isMembers(value))
    return `{${[...value].map(([key, one]) => `${JSON.stringify(key)}:${printJson(one)}`).join(',')}}`
  return `[${value.map(printJson).join(',')}]`
}

export function printPretty(value: JsonValue, indent = ''): string {
  const inner = `${indent}  `
  if (value !== null && typeof value === 'object' && !(value instanceof JsonNumber)) {
    const isObject = isMembers(value)
    const parts = isObject
      ? [...value].map(([key, one]) => `${inner}${JSON.stringify(key)}: ${printPretty(one, inner)}`)
      : value.map((one) => `${inner}${printPretty(one, inner)}`)
    const [open, close] = isObject ? '{}' : '[]'
    return parts.length === 0 ? `${open}${close}` : `${open}\n${parts.join(',\n')}\n${indent}${close}`
  }
  return printJson(value)
}

export function isMembers(value: JsonValue): value is ReadonlyMap<string, JsonValue> {
  return value instanceof Map
}

export function isItems(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
