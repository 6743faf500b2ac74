// What senders write into a field -> the value of its column. Undefined: it doesn't fit, and stays as it was sent.
import type { ColumnType } from '../../warehouse/driver.ts'
import type { FieldConversion } from '../../warehouse/row-tables.ts'
import { parseTime } from '../screen/time.ts'
import { isInt64 } from '../warehouse/tables.ts'

/** Cloud Logging's numbers, by every name that loggers have for them. */
const severities: ReadonlyMap<string, number> = new Map(
  Object.entries({
    0: 'default unspecified none',
    100: 'debug trace verbose finest finer fine silly d',
    200: 'info information informational log http i',
    300: 'notice',
    400: 'warning warn w',
    500: 'error err severe e',
    600: 'critical crit fatal f',
    700: 'alert',
    800: 'emergency emerg panic',
  }).flatMap(([value, names]) => names.split(' ').map((name): [string, number] => [name, Number(value)])),
)
/** From emergency (0) to debug (7). */
const syslogSeverities = [800, 700, 600, 500, 400, 300, 200, 100]
const textNumber = /^-?\d{1,400}$/
const textInteger = /^(?:0|-?[1-9]\d{0,18})$/
const latencyText = /^(\d{1,15}(?:\.\d{1,12})?)(ns|us|µs|ms|s)$/
const millisOfUnit: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000 }

/** A value as a column of this type holds it: text, number or bigint, boolean, microseconds; of json anything. */
export function convertField(conversion: FieldConversion, type: ColumnType, value: unknown): unknown {
  if (conversion === 'plain') return fitted(type, value)
  const special = convertSpecial(conversion, value)
  // Somebody may have given the column another type.
  return special === undefined ? undefined : fitted(type, special)
}

function convertSpecial(conversion: Exclude<FieldConversion, 'plain'>, value: unknown): number | undefined {
  const number = numberOf(value)
  switch (conversion) {
    case 'severity':
      return number === undefined ? severityNamed(value) : severityNumbered(number)
    case 'otlp-severity':
      return number === undefined ? severityNamed(value) : otlpSeverity(number)
    case 'syslog-severity':
      return number === undefined ? severityNamed(value) : syslogSeverities[number]
    case 'python-severity':
      return number === undefined || number < 1 || number > 59 ? undefined : pythonSeverity(number)
    case 'latency':
      return number ?? latencyOf(value)
    case 'seconds':
      return number === undefined ? undefined : number * 1000
    default:
      return undefined
  }
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value === '') return undefined
  const number = Number(value)
  return String(number) === value && Number.isFinite(number) ? number : undefined
}

function severityNamed(value: unknown): number | undefined {
  return typeof value === 'string' && value.length < 20 ? severities.get(value.toLowerCase()) : undefined
}

/** Cloud Logging counts in hundreds, pino and bunyan in tens; their levels in between belong to the lower one. */
function severityNumbered(level: number): number | undefined {
  if (level % 100 === 0 && level >= 0 && level <= 800) return level
  if (level < 1 || level > 99) return undefined
  if (level < 30) return 100
  if (level < 40) return 200
  if (level < 50) return 400
  return level < 60 ? 500 : 600
}

/** Four numbers to a name: TRACE, DEBUG, INFO, WARN, ERROR, FATAL. */
function otlpSeverity(number: number): number | undefined {
  if (!Number.isInteger(number) || number < 1 || number > 24) return undefined
  return [100, 100, 200, 400, 500, 600][Math.floor((number - 1) / 4)]
}

function pythonSeverity(level: number): number {
  return [100, 100, 200, 400, 500, 600][Math.floor(level / 10)] ?? 600
}

/** Milliseconds of "1.500s" or of { seconds, nanos }. */
function latencyOf(value: unknown): number | undefined {
  if (typeof value === 'string') {
    const match = latencyText.exec(value)
    const unit = match?.[2]
    return match === null || unit === undefined ? undefined : Number(match[1]) * (millisOfUnit[unit] ?? 1)
  }
  if (typeof value !== 'object' || value === null || !('seconds' in value)) return undefined
  const seconds = numberOf(value.seconds)
  const nanos = 'nanos' in value ? numberOf(value.nanos) : 0
  const isWhole = Object.keys(value).length === ('nanos' in value ? 2 : 1)
  return seconds === undefined || nanos === undefined || !isWhole ? undefined : seconds * 1000 + nanos / 1e6
}

/** A value as this type holds it; texts of numbers are numbers when they read the same back. */
export function fitted(type: ColumnType, value: unknown): unknown {
  switch (type) {
    case 'text':
      if (typeof value === 'string') return value
      return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined
    case 'integer':
      return integerOf(value)
    case 'float':
      return floatOf(value)
    case 'boolean':
      if (typeof value === 'boolean') return value
      return value === 'true' ? true : value === 'false' ? false : undefined
    case 'timestamp':
      return timeOf(value)
    case 'json':
    default:
      return value
  }
}

function integerOf(value: unknown): number | bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  if (typeof value === 'bigint') return isInt64(value) ? value : undefined
  if (typeof value !== 'string' || !textInteger.test(value)) return undefined
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  const big = BigInt(value)
  return isInt64(big) ? big : undefined
}

function floatOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value === 'bigint') return BigInt(Number(value)) === value ? Number(value) : undefined
  return numberOf(value)
}

/** Microseconds of a text, or of a number of seconds, milli-, micro- or nanoseconds: its size tells which. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value === 'string') return textNumber.test(value) ? timeOf(Number(value)) : parseTime(value)
  if (typeof value === 'bigint') return timeOf(Number(value))
  if (typeof value !== 'number') return undefined
  const size = Math.abs(value)
  // From 1973 on the four don't overlap, as far as the year 5138.
  if (size < 1e11) return parseTime(value * 1000)
  if (size < 1e14) return parseTime(value)
  return size < 1e17 ? parseTime(value / 1000) : parseTime(value / 1e6)
}
