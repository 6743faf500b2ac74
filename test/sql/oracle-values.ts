// The evaluator's values and types (ZetaSQL's protos) as the texts that case files hold.
export interface OracleType {
  readonly typeKind?: string
  readonly arrayType?: { readonly elementType: OracleType }
  readonly structType?: { readonly field?: readonly { readonly fieldName?: string; readonly fieldType: OracleType }[] }
  readonly rangeType?: { readonly elementType: OracleType }
}

export function typeText(type: OracleType): string {
  const kind = (type.typeKind ?? '').replace('TYPE_', '')
  if (kind === 'ARRAY' && type.arrayType !== undefined) return `ARRAY<${typeText(type.arrayType.elementType)}>`
  if (kind === 'RANGE' && type.rangeType !== undefined) return `RANGE<${typeText(type.rangeType.elementType)}>`
  if (kind === 'STRUCT') {
    const fields = (type.structType?.field ?? []).map(({ fieldName = '', fieldType }) =>
      fieldName === '' ? typeText(fieldType) : `${fieldName} ${typeText(fieldType)}`,
    )
    return `STRUCT<${fields.join(', ')}>`
  }
  return kind === 'DOUBLE' ? 'FLOAT64' : kind
}

export function rowText(cells: readonly unknown[], types: readonly OracleType[]): string {
  return JSON.stringify(cells.map((cell, index) => valueOf(cell, types[index] ?? {})))
}

interface Proto {
  readonly value?: string
  readonly [key: string]: unknown
}

function valueOf(cell: unknown, type: OracleType): unknown {
  const proto = cell as Proto | null
  const kind = proto?.value
  if (proto === null || kind === undefined) return null
  const raw = proto[kind]
  switch (kind) {
    case 'int64Value':
      return exact(BigInt(String(raw)))
    case 'doubleValue':
      return floatOf(Number(raw))
    case 'bytesValue':
      return Buffer.from(raw as Uint8Array).toString('base64')
    case 'dateValue':
      return dateText(Number(raw))
    case 'timestampValue': {
      const { seconds = '0', nanos = 0 } = raw as { seconds?: string; nanos?: number }
      return `${secondsText(Number(seconds))}${fraction(nanos)}Z`
    }
    case 'datetimeValue': {
      const { bitFieldDatetimeSeconds = '0', nanos = 0 } = raw as { bitFieldDatetimeSeconds?: string; nanos?: number }
      return `${civil(BigInt(bitFieldDatetimeSeconds))}${fraction(nanos)}`
    }
    case 'timeValue': {
      const bits = BigInt(String(raw))
      return `${civil(bits >> 30n).slice(11)}${fraction(Number(bits & 0x3fffffffn))}`
    }
    case 'numericValue':
      return scaled(raw as Uint8Array, 9)
    case 'bignumericValue':
      return scaled(raw as Uint8Array, 38)
    case 'jsonValue':
      return JSON.stringify(JSON.parse(String(raw)))
    case 'intervalValue':
      return intervalText(Buffer.from(raw as Uint8Array))
    case 'arrayValue': {
      const { element = [] } = raw as { element?: unknown[] }
      return element.map((one) => valueOf(one, type.arrayType?.elementType ?? {}))
    }
    case 'structValue': {
      const { field = [] } = raw as { field?: unknown[] }
      return field.map((one, index) => valueOf(one, type.structType?.field?.[index]?.fieldType ?? {}))
    }
    case 'rangeValue': {
      const { start, end } = raw as { start?: unknown; end?: unknown }
      const inner = type.rangeType?.elementType ?? {}
      const bound = (one: unknown): string => {
        const value = valueOf(one ?? null, inner)
        return typeof value === 'string' ? value : 'UNBOUNDED'
      }
      return `[${bound(start)}, ${bound(end)})`
    }
    default:
      return raw
  }
}

function exact(value: bigint): number | string {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : String(value)
}

export function floatOf(value: number): number | string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return 'Infinity'
  if (value === -Infinity) return '-Infinity'
  return value === 0 ? 0 : value
}

export function dateText(days: number): string {
  const text = new Date(days * 86_400_000).toISOString().slice(0, 10)
  return text.startsWith('-') ? text.slice(3) : text
}

function secondsText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19)
}

/** Micros, without trailing noughts. */
function fraction(nanos: number): string {
  return nanos === 0 ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`
}

/** ZetaSQL packs year, month, day, hour, minute and second into one number. */
function civil(bits: bigint): string {
  const part = (shift: bigint, width: bigint): string => String((bits >> shift) & ((1n << width) - 1n)).padStart(2, '0')
  const year = part(26n, 14n).padStart(4, '0')
  return `${year}-${part(22n, 4n)}-${part(17n, 5n)}T${part(12n, 5n)}:${part(6n, 6n)}:${part(0n, 6n)}`
}

/** Little-endian two's complement, scaled by 10^scale. */
function scaled(bytes: Uint8Array, scale: number): string {
  let value = 0n
  for (let index = bytes.length - 1; index >= 0; index -= 1) value = (value << 8n) | BigInt(bytes[index] ?? 0)
  if (((bytes[bytes.length - 1] ?? 0) & 0x80) !== 0) value -= 1n << BigInt(8 * bytes.length)
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  const text = `${digits.slice(0, -scale)}.${digits.slice(-scale)}`.replace(/\.?0+$/, '')
  return value < 0n ? `-${text}` : text
}

/** 8 bytes micros, 4 days, 4 months with a sign bit and the nanoseconds' rest. */
function intervalText(bytes: Buffer): string {
  const packed = bytes.readUInt32LE(12)
  const months = ((packed >>> 13) & 0x3ffff) * (packed >>> 31 === 1 ? -1 : 1)
  return intervalOf(months, bytes.readInt32LE(8), bytes.readBigInt64LE(0))
}

/** BigQuery's text: `1-2 3 4:5:6.789`. */
export function intervalOf(months: number, days: number, micros: bigint): string {
  const size = micros < 0n ? -micros : micros
  const seconds = size / 1_000_000n
  const rest = Number(size % 1_000_000n)
  const head = `${months < 0 ? '-' : ''}${Math.floor(Math.abs(months) / 12)}-${Math.abs(months) % 12}`
  const tail = `${micros < 0n ? '-' : ''}${seconds / 3600n}:${(seconds / 60n) % 60n}:${seconds % 60n}${fraction(rest * 1000)}`
  return `${head} ${days} ${tail}`
}
