// What a client binds, in text or binary -> text that the engine casts, and the type it is cast to. Every parameter is bound
// as text and stands in the statement inside a cast of ours: the client's type decides, not the text.
import { PgError, states } from '../sqlstate.ts'
import { BodyReader } from '../wire/body.ts'
import { type ArrayItem, readArray } from './arrays.ts'
import { floatText } from './encode-text.ts'
import { readNumeric } from './numeric.ts'
import { elementOids, oids } from './oids.ts'
import { dateText, intervalText, timestampText, timeText, type Zone } from './time-text.ts'

export interface BoundParameter {
  readonly text: string | null
  /** The engine's type that the text is cast to. */
  readonly castType: string
}

/** numeric without digits, where none are known. */
export const bareNumeric = 'DECIMAL(38, 10)'

/** undefined: a type that no column here has, and that therefore can't be compared with anything. */
const castTypes: Partial<Record<number, string>> = {
  [oids.bool]: 'BOOLEAN',
  [oids.bytea]: 'BLOB',
  [oids.char]: 'VARCHAR',
  [oids.name]: 'VARCHAR',
  [oids.int8]: 'BIGINT',
  // Drivers send small numbers as int2; the engine would compute with so few bits.
  [oids.int2]: 'INTEGER',
  [oids.int4]: 'INTEGER',
  [oids.text]: 'VARCHAR',
  [oids.oid]: 'UINTEGER',
  [oids.json]: 'JSON',
  [oids.float4]: 'FLOAT',
  [oids.float8]: 'DOUBLE',
  [oids.unknown]: 'VARCHAR',
  [oids.bpchar]: 'VARCHAR',
  [oids.varchar]: 'VARCHAR',
  [oids.date]: 'DATE',
  [oids.time]: 'TIME',
  [oids.timetz]: 'TIMETZ',
  [oids.timestamp]: 'TIMESTAMP',
  [oids.timestamptz]: 'TIMESTAMPTZ',
  [oids.interval]: 'INTERVAL',
  [oids.numeric]: bareNumeric,
  [oids.uuid]: 'UUID',
  [oids.jsonb]: 'JSON',
}

/** Of a parameter whose value isn't known yet. Error: a type we don't have. */
export function castTypeOf(oid: number): string {
  const element = elementOids.get(oid)
  if (element !== undefined) return `${castTypeOf(element)}[]`
  const type = castTypes[oid]
  if (type === undefined) {
    throw new PgError(states.unsupported, `Parameters of the type with oid ${oid} are not supported: send them as text`)
  }
  return type
}

/** `value` undefined: NULL. Errors: values that are none of their type. */
export function readParameter(value: Buffer | undefined, oid: number, isBinary: boolean, zone: Zone): BoundParameter {
  if (value === undefined) return { text: null, castType: castTypeOf(oid) }
  const element = elementOids.get(oid)
  if (element !== undefined) return arrayParameter(value, element, isBinary, zone)
  const text = isBinary ? binaryText(value, oid) : value.toString('utf8')
  return scalarParameter(text, oid, zone)
}

function scalarParameter(text: string, oid: number, zone: Zone): BoundParameter {
  if (text.includes('\0')) throw new PgError(states.invalidText, 'A text must not hold a zero byte')
  if (oid === oids.numeric) return numericParameter(text.trim())
  const castType = castTypeOf(oid)
  if (oid === oids.bytea) return { text: blobText(text), castType }
  if (oid === oids.bool) return { text: boolText(text), castType }
  if (oid === oids.timestamptz) return { text: zonedText(text, zone), castType }
  return { text, castType }
}

/** A decimal of just the digits that were sent: nothing is rounded. What 38 digits can't hold is refused. */
function numericParameter(text: string): BoundParameter {
  if (/^(?:nan|[+-]?inf(?:inity)?)$/i.test(text)) return { text, castType: 'DOUBLE' }
  const castType = decimalTypeOf(text)
  if (castType !== undefined) return { text, castType }
  throw new PgError(states.invalidText, `invalid input syntax for type numeric: "${text.slice(0, 100)}"`)
}

/** undefined: it is no number. Error: it has too many digits. */
export function decimalTypeOf(text: string): string | undefined {
  const match = /^[+-]?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/.exec(text)
  if (match === null || ((match[1] ?? '') === '' && (match[2] ?? '') === '')) return undefined
  const [, whole = '', behind = '', exponentText = '0'] = match
  const exponent = Number(exponentText)
  const scale = Math.max(0, behind.length - exponent)
  const width = Math.max(1, whole.replace(/^0+/, '').length + exponent) + scale
  if (width > 38) throw new PgError(states.outOfRange, 'A numeric of more than 38 digits is not supported')
  return `DECIMAL(${width}, ${scale})`
}

/** The engine reads bytes as \xAB each. */
function blobText(text: string): string {
  if (text.startsWith('\\x')) {
    const hex = text.slice(2).replace(/\s/g, '')
    if (!/^(?:[0-9a-fA-F]{2})*$/.test(hex)) throw new PgError(states.invalidText, 'invalid hexadecimal data for bytea')
    return hex.replace(/../g, '\\x$&')
  }
  const bytes = text.replace(/\\(?:([0-3][0-7]{2})|(\\))/g, (_, octal: string | undefined) =>
    octal === undefined ? '\\' : String.fromCharCode(Number.parseInt(octal, 8)),
  )
  const isBytes = Buffer.from(bytes, 'latin1').toString('latin1') === bytes
  return Buffer.from(bytes, isBytes ? 'latin1' : 'utf8')
    .toString('hex')
    .replace(/../g, '\\x$&')
}

function boolText(text: string): string {
  const lower = text.trim().toLowerCase()
  const isTrue = /^(?:t|tr|tru|true|y|ye|yes|on|1)$/.test(lower)
  if (!isTrue && !/^(?:f|fa|fal|fals|false|n|no|of|off|0)$/.test(lower)) {
    throw new PgError(states.invalidText, `invalid input syntax for type boolean: "${text.slice(0, 100)}"`)
  }
  return isTrue ? 'true' : 'false'
}

/** Text without an offset means the session's zone; the engine's own may be another. */
function zonedText(text: string, zone: Zone): string {
  const trimmed = text.trim()
  const hasZone = /(?:z|[+-]\d{1,2}(?::?\d{2}){0,2}|[a-z]{3,}(?:\/\w+)?)(?:\s+(?:ad|bc))?$/i.test(
    trimmed.replace(/^[+-]?\d+-\d+-\d+/, ''),
  )
  if (hasZone || zone.name === 'UTC') return trimmed
  return `${trimmed} ${zone.name}`
}

function arrayParameter(value: Buffer, element: number, isBinary: boolean, zone: Zone): BoundParameter {
  const items = isBinary ? binaryArray(value, element) : readArray(value.toString('utf8'))
  const bound = items.map((item) => {
    if (item !== null && typeof item !== 'string') {
      throw new PgError(states.unsupported, 'Parameters that are arrays of arrays are not supported')
    }
    return item === null ? null : scalarParameter(item, element, zone)
  })
  const castType = castTypeOf(element)
  const texts = bound.map((item) => (item === null ? 'NULL' : listItem(item.text ?? '')))
  return { text: `[${texts.join(', ')}]`, castType: `${castType}[]` }
}

/** An item inside the engine's text form of a list. */
function listItem(text: string): string {
  return `"${text.replace(/(["\\])/g, '\\$1')}"`
}

function binaryArray(value: Buffer, element: number): readonly ArrayItem[] {
  const reader = new BodyReader(value)
  const dimensions = reader.int32()
  reader.int32()
  const sent = reader.uint32()
  if (dimensions === 0) return []
  if (dimensions !== 1) throw new PgError(states.unsupported, 'Parameters that are arrays of arrays are not supported')
  const count = reader.int32()
  reader.int32()
  if (count < 0 || count > value.length / 4) throw new PgError(states.invalidBinary, 'A binary array could not be read')
  return Array.from({ length: count }, () => {
    const length = reader.int32()
    return length === -1 ? null : binaryText(reader.bytes(length), sent === 0 ? element : sent)
  })
}

type BinaryReader = (reader: BodyReader, value: Buffer) => string

const epochDays = 10_957
const epochMicros = 946_684_800_000_000n
const infinity = 2n ** 63n - 1n

const binaryReaders: Partial<Record<number, BinaryReader>> = {
  [oids.bool]: (reader) => (reader.byte() === 0 ? 'false' : 'true'),
  [oids.bytea]: (reader) => `\\x${reader.rest().toString('hex')}`,
  [oids.int2]: (reader) => String(reader.int16()),
  [oids.int4]: (reader) => String(reader.int32()),
  [oids.oid]: (reader) => String(reader.uint32()),
  [oids.int8]: (reader) => String(reader.bytes(8).readBigInt64BE()),
  [oids.float4]: (reader) => floatText(reader.bytes(4).readFloatBE(), true),
  [oids.float8]: (reader) => floatText(reader.bytes(8).readDoubleBE(), false),
  [oids.numeric]: (reader) => readNumeric(reader),
  [oids.date]: (reader) => {
    const days = reader.int32()
    if (days === 0x7fff_ffff) return 'infinity'
    return days === -0x8000_0000 ? '-infinity' : engineDate(dateText(days + epochDays))
  },
  [oids.time]: (reader) => timeText(reader.bytes(8).readBigInt64BE()),
  [oids.timestamp]: (reader) => instant(reader, ''),
  [oids.timestamptz]: (reader) => instant(reader, '+00'),
  [oids.interval]: (reader) => {
    const micros = reader.bytes(8).readBigInt64BE()
    return intervalText({ micros, days: reader.int32(), months: reader.int32() })
  },
  [oids.uuid]: (reader) =>
    reader
      .bytes(16)
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  [oids.jsonb]: (reader) => {
    if (reader.byte() !== 1) throw new PgError(states.invalidBinary, 'A binary jsonb of an unknown version')
    return reader.rest().toString('utf8')
  },
}

const textLike: readonly number[] = [
  oids.text,
  oids.varchar,
  oids.bpchar,
  oids.name,
  oids.char,
  oids.json,
  oids.unknown,
]

function binaryText(value: Buffer, oid: number): string {
  const read = binaryReaders[oid]
  if (read === undefined) {
    if (textLike.includes(oid)) return value.toString('utf8')
    throw new PgError(states.unsupported, `Binary parameters of the type with oid ${oid} are not supported: send text`)
  }
  const reader = new BodyReader(value)
  try {
    const text = read(reader, value)
    if (reader.isAtEnd) return text
  } catch (error) {
    if (!(error instanceof PgError) || error.state !== states.protocolViolation) throw error
  }
  throw new PgError(states.invalidBinary, 'incorrect binary data format in bind parameter')
}

function instant(reader: BodyReader, suffix: string): string {
  const micros = reader.bytes(8).readBigInt64BE()
  if (micros === infinity) return 'infinity'
  return micros === -infinity - 1n ? '-infinity' : engineDate(`${timestampText(micros + epochMicros)}${suffix}`)
}

/** The engine wants BC between date and time, and says (BC). */
function engineDate(text: string): string {
  return text.endsWith(' BC') ? text.replace(/ BC$/, '').replace(/^(\d+-\d\d-\d\d)/, '$1 (BC)') : text
}
