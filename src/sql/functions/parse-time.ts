// PARSE_DATE, PARSE_DATETIME, PARSE_TIME and PARSE_TIMESTAMP: reads a text by a format, element by element, as BigQuery does.
import { dayNames, daysFrom, monthNames, type TimeKind } from './civil-time.ts'
import { offsetOf } from './time-zone.ts'

const allowed: Readonly<Record<TimeKind, RegExp>> = {
  DATE: /^(?:[AaBbCDdeFGghJjmnQtUuVWwxYy%]|E4Y)$/,
  TIME: /^(?:[HIklMnPpRrSTtX%]|E\d{1,2}S|E\*S)$/,
  DATETIME: /^(?:[AaBbCcDdeFGgHhIJjklMmnPpQRrSsTtUuVWwXxYy%]|E4Y|E\d{1,2}S|E\*S)$/,
  TIMESTAMP: /^(?:[AaBbCcDdeFGgHhIJjklMmnPpQRrSsTtUuVWwXxYyZz%]|E4Y|Ez|E\d{1,2}S|E\*S)$/,
}
const shorthands: Readonly<Record<string, string | undefined>> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  x: '%m/%d/%y',
  F: '%Y-%m-%d',
  R: '%H:%M',
  r: '%I:%M:%S %p',
  T: '%H:%M:%S',
  X: '%H:%M:%S',
}

/** Elements with which the format may be read: BigQuery's words for what a type hasn't, ours for what isn't known here. */
export function checkParseFormat(
  format: string,
  kind: TimeKind,
): { readonly invalid?: string; readonly unsupported?: string } {
  for (const [, name] of format.matchAll(elementPattern)) {
    if (name === undefined) continue
    const plain = plainName(name)
    if (!allowed[kind].test(plain)) return { invalid: `Invalid format: %${name} is not allowed for the ${kind} type.` }
    if (/^[GgJUuVWw]$/.test(plain)) return { unsupported: `the parse element %${name}` }
  }
  return /(?:^|[^%])(?:%%)*%$/.test(format) ? { invalid: "Format string cannot end with a single '%'" } : {}
}

const elementPattern = /%(E\d{1,2}S|E\*S|E4Y|Ez|[EO]?[A-Za-z%]|[^])/g

function plainName(name: string): string {
  return /^[EO][A-Za-z]$/.test(name) && name !== 'Ez' ? name.slice(1) : name
}

interface Fields {
  year: number
  month: number | undefined
  day: number | undefined
  dayOfYear: number | undefined
  century: number | undefined
  yearInCentury: number | undefined
  /** %D or %x was there. */
  hasShortDate: boolean
  hour: number
  hour12: number | undefined
  isAfternoon: boolean
  minute: number
  second: number
  micros: number
  epochSeconds: bigint | undefined
  zone: string | undefined
}

/**
 * Local micros since 1970 as text; followed by a space and the zone if the text named one. Throws with BigQuery's words.
 */
export function parseTime(kind: TimeKind, format: string, input: string): string {
  const problem = checkParseFormat(format, kind)
  if (problem.invalid !== undefined) throw new Error(problem.invalid)
  if (problem.unsupported !== undefined) throw new Error(`Not supported here: ${problem.unsupported}`)
  const reader = new TextReader(input)
  const fields = emptyFields()
  reader.skipSpace()
  readAll(reader, format, fields)
  reader.skipSpace()
  if (!reader.isAtEnd()) reader.fail()
  return resultOf(fields)
}

function emptyFields(): Fields {
  return {
    year: 1970,
    month: undefined,
    day: undefined,
    dayOfYear: undefined,
    century: undefined,
    yearInCentury: undefined,
    hasShortDate: false,
    hour: 0,
    hour12: undefined,
    isAfternoon: false,
    minute: 0,
    second: 0,
    micros: 0,
    epochSeconds: undefined,
    zone: undefined,
  }
}

function readAll(reader: TextReader, format: string, fields: Fields): void {
  for (const [all, name, space] of format.matchAll(/%(E\d{1,2}S|E\*S|E4Y|Ez|[EO]?[A-Za-z%]|[^])|(\s+)|[^]/g)) {
    if (space !== undefined) reader.skipSpace()
    else if (name === undefined || name === '%') reader.literal(name ?? all)
    else readElement(reader, plainName(name), fields)
  }
}

function readElement(reader: TextReader, name: string, fields: Fields): void {
  const shorthand = shorthands[name]
  if (shorthand !== undefined) {
    const hasPartOfYear = fields.century !== undefined || fields.yearInCentury !== undefined
    if (hasPartOfYear && /%[Yy]/.test(shorthand))
      throw new Error(`Not supported here: the parse element %${name} behind %C or %y`)
    fields.hasShortDate ||= name === 'D' || name === 'x'
    return readAll(reader, shorthand, fields)
  }
  const seconds = /^E(\d{1,2}|\*)S$/.exec(name)?.[1]
  if (seconds !== undefined) return readSeconds(reader, seconds, fields)
  switch (name) {
    case 'A':
    case 'a':
      reader.name(dayNames)
      return
    case 'B':
    case 'b':
    case 'h':
      fields.month = reader.name(monthNames) + 1
      return
    case 'n':
    case 't':
      return reader.skipSpace()
    case 'Z':
      fields.zone = reader.zoneName()
      return
    case 'z':
    case 'Ez':
      fields.zone = reader.offset(name === 'Ez')
      return
    case 's':
      fields.epochSeconds = reader.signed()
      return
    case 'p':
    case 'P':
      fields.isAfternoon = reader.half()
      return
    default:
      return readNumber(reader, name, fields)
  }
}

function readNumber(reader: TextReader, name: string, fields: Fields): void {
  switch (name) {
    case 'Y':
      setYear(fields, reader.number(4, 0, 9999))
      return
    case 'E4Y':
      setYear(fields, reader.number(4, 0, 9999, 4))
      return
    case 'C':
      if (fields.yearInCentury !== undefined && fields.hasShortDate)
        throw new Error('Not supported here: the parse element %C behind %D or %x')
      fields.century = reader.number(2, 0, 99)
      return
    case 'y':
      fields.yearInCentury = reader.number(2, 0, 99)
      return
    case 'm':
      fields.month = reader.number(2, 1, 12)
      return
    case 'd':
      fields.day = reader.number(2, 1, 31)
      return
    case 'e':
      reader.skipSpace()
      fields.day = reader.number(2, 1, 31)
      return
    case 'j':
      // Whatever month and day stand behind it override its own.
      fields.dayOfYear = reader.number(3, 1, 366)
      fields.month = undefined
      fields.day = undefined
      return
    case 'Q':
      fields.month = reader.number(1, 1, 4) * 3 - 2
      return
    case 'k':
      reader.skipSpace()
      fields.hour = reader.number(2, 0, 23)
      fields.hour12 = undefined
      return
    case 'H':
      fields.hour = reader.number(2, 0, 23)
      fields.hour12 = undefined
      return
    case 'I':
    case 'l':
      reader.skipSpace()
      fields.hour12 = reader.number(2, 1, 12) % 12
      return
    case 'M':
      fields.minute = reader.number(2, 0, 59)
      return
    case 'S':
      fields.second = reader.number(2, 0, 60)
      return
    default:
      reader.fail()
  }
}

function setYear(fields: Fields, year: number): void {
  fields.year = year
  fields.century = undefined
  fields.yearInCentury = undefined
}

function readSeconds(reader: TextReader, digits: string, fields: Fields): void {
  fields.second = reader.number(2, 0, 60)
  const most = digits === '*' ? 9 : Number(digits)
  if (most > 0 && reader.accept('.')) {
    const fraction = reader.digits(most)
    // Finer than microseconds is cut off, as the engine keeps none.
    fields.micros = Number(fraction.slice(0, 6).padEnd(6, '0'))
  }
}

const microsMin = -62_135_596_800_000_000n
const microsMax = 253_402_300_799_999_999n

function resultOf(fields: Fields): string {
  const micros = fields.epochSeconds === undefined ? microsOf(fields) : fields.epochSeconds * 1_000_000n
  if (micros < microsMin || micros > microsMax) throw new Error('Invalid result from parsing function')
  if (fields.epochSeconds !== undefined) return `${micros} UTC`
  return fields.zone === undefined ? String(micros) : `${micros} ${fields.zone}`
}

function microsOf(fields: Fields): bigint {
  const days = daysOf(yearOf(fields), fields)
  const hour = fields.hour12 === undefined ? fields.hour : fields.hour12 + (fields.isAfternoon ? 12 : 0)
  const seconds = BigInt(days) * 86_400n + BigInt(hour * 3600 + fields.minute * 60 + fields.second)
  return seconds * 1_000_000n + BigInt(fields.micros)
}

function yearOf({ year, century, yearInCentury }: Fields): number {
  if (century !== undefined) return century * 100 + (yearInCentury ?? 0)
  if (yearInCentury === undefined) return year
  // As POSIX has it: 69 to 99 are of the 20th century.
  return yearInCentury + (yearInCentury < 69 ? 2000 : 1900)
}

function daysOf(year: number, { month, day, dayOfYear }: Fields): number {
  if (year < 1) throw new Error('Out-of-range datetime field in parsing function')
  const lengthOfYear = daysFrom(year + 1, 1, 1) - daysFrom(year, 1, 1)
  if (dayOfYear !== undefined && dayOfYear > lengthOfYear) {
    throw new Error(`Year ${year} has ${lengthOfYear} days, but the specified day of year was ${dayOfYear}`)
  }
  const base = new Date(daysFrom(year, 1, dayOfYear ?? 1) * 86_400_000)
  const wanted = day ?? base.getUTCDate()
  const days = daysFrom(year, month ?? base.getUTCMonth() + 1, wanted)
  if (new Date(days * 86_400_000).getUTCDate() !== wanted)
    throw new Error('Out-of-range datetime field in parsing function')
  return days
}

class TextReader {
  private readonly input: string
  private index = 0

  constructor(input: string) {
    this.input = input
  }

  fail(): never {
    throw new Error(`Failed to parse input string "${this.input}"`)
  }

  isAtEnd(): boolean {
    return this.index >= this.input.length
  }

  skipSpace(): void {
    while (/\s/.test(this.input[this.index] ?? '')) this.index += 1
  }

  accept(letter: string): boolean {
    if (this.input[this.index] !== letter) return false
    this.index += 1
    return true
  }

  literal(letter: string): void {
    if (this.accept(letter)) return
    const found = this.input[this.index]
    if (found === undefined) this.fail()
    throw new Error(`Mismatch between format character '${letter}' and string character '${found}'`)
  }

  digits(most: number): string {
    const found =
      new RegExp(String.raw`^\d{1,${most}}`).exec(this.input.slice(this.index, this.index + most))?.[0] ?? this.fail()
    this.index += found.length
    return found
  }

  number(width: number, least: number, most: number, widthLeast = 1): number {
    const found = this.digits(width)
    const value = Number(found)
    if (found.length < widthLeast || value < least || value > most) this.fail()
    return value
  }

  signed(): bigint {
    const found = /^-?\d{1,12}/.exec(this.input.slice(this.index))?.[0] ?? this.fail()
    this.index += found.length
    return BigInt(found)
  }

  /** Index of a name, whole or its first three letters, in any case. */
  name(names: readonly string[]): number {
    const rest = this.input.slice(this.index).toLowerCase()
    for (const [index, name] of names.entries()) {
      for (const form of [name.toLowerCase(), name.slice(0, 3).toLowerCase()]) {
        if (rest.startsWith(form)) {
          this.index += form.length
          return index
        }
      }
    }
    return this.fail()
  }

  half(): boolean {
    const found = this.input.slice(this.index, this.index + 2).toLowerCase()
    if (found !== 'am' && found !== 'pm') this.fail()
    this.index += 2
    return found === 'pm'
  }

  zoneName(): string {
    const found = /^\S+/.exec(this.input.slice(this.index))?.[0] ?? this.fail()
    this.index += found.length
    return found
  }

  offset(isExtended: boolean): string {
    if (isExtended && /^[Zz]/.test(this.input.slice(this.index))) {
      this.index += 1
      return '+00:00'
    }
    const form = isExtended ? /^[+-]\d{2}(?::?\d{2})?/ : /^[+-]\d{2}(?:\d{2})?/
    const found = form.exec(this.input.slice(this.index))?.[0] ?? this.fail()
    this.index += found.length
    if (offsetOf(found) === undefined) this.fail()
    return found
  }
}
