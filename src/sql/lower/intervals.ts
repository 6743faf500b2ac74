// INTERVAL: literals and arithmetic. DuckDB keeps months, days and microseconds apart just as BigQuery does.
import { microsIn } from '../functions/date-parts.ts'
import { type Offset, SqlError } from '../sql-error.ts'
import { scalar, typeName } from '../type-names.ts'
import { coerce } from './coerce.ts'
import { type Lowered, value } from './lowered.ts'

const makers: Readonly<Record<string, readonly [name: string, type: string] | undefined>> = {
  YEAR: ['to_years', 'INTEGER'],
  QUARTER: ['to_quarters', 'INTEGER'],
  MONTH: ['to_months', 'INTEGER'],
  WEEK: ['to_weeks', 'INTEGER'],
  DAY: ['to_days', 'INTEGER'],
  HOUR: ['to_hours', 'BIGINT'],
  MINUTE: ['to_minutes', 'BIGINT'],
  SECOND: ['to_seconds', 'BIGINT'],
  MILLISECOND: ['to_milliseconds', 'BIGINT'],
  MICROSECOND: ['to_microseconds', 'BIGINT'],
}

/** `INTERVAL amount PART`. */
export function intervalOf(amount: Lowered, part: string, offset: Offset): Lowered {
  const maker = makers[part]
  if (maker === undefined) throw new SqlError('semantic', `Unsupported INTERVAL part: ${part}`, offset)
  const count = coerce(amount, scalar.INT64, offset)
  if (count === undefined)
    throw new SqlError('semantic', `Expected INTERVAL value of type INT64, found ${typeName(amount.type)}`, offset)
  const [name, type] = maker
  const sql = `${name}(${type === 'BIGINT' ? count.sql : `CAST(${count.sql} AS ${type})`})`
  return { ...value(sql, scalar.INTERVAL, count), interval: { part, amount: count } }
}

const order = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND']

/** `INTERVAL '1-2 3 4:5:6.7' YEAR TO SECOND`, for any two of the six parts. */
export function intervalRange(text: string, from: string, to: string, offset: Offset): Lowered {
  const [first, last] = [order.indexOf(from), order.indexOf(to)]
  const invalid = (): SqlError => new SqlError('semantic', `Invalid INTERVAL value '${text}'`, offset)
  if (first < 0 || last <= first) throw new SqlError('semantic', `Invalid INTERVAL from ${from} to ${to}`, offset)
  const groups = [
    [0, 1],
    [2, 2],
    [3, 5],
  ].filter(([start = 0, end = 0]) => end >= first && start <= last)
  const words = text.trim().split(' ')
  if (words.length !== groups.length) throw invalid()
  const parts: string[] = []
  for (const [index, [start = 0, end = 0]] of groups.entries()) {
    const names = order.slice(Math.max(start, first), Math.min(end, last) + 1)
    parts.push(...readGroup(words[index] ?? '', names, start === 0 ? '-' : ':', invalid))
  }
  return value(`(${parts.join(' + ')})`, scalar.INTERVAL)
}

function readGroup(word: string, names: readonly string[], separator: string, invalid: () => SqlError): string[] {
  const match = /^([-+]?)([\d.:-]+)$/.exec(word)
  const numbers = match?.[2]?.split(separator) ?? []
  if (numbers.length !== names.length) throw invalid()
  const sign = match?.[1] === '-' ? '-' : ''
  return names.map((name, index) => {
    const number = numbers[index] ?? ''
    if (name === 'SECOND') {
      const seconds = /^(\d+)(?:\.(\d{0,6}))?$/.exec(number)
      if (seconds === null) throw invalid()
      return `to_microseconds(${sign}${BigInt(seconds[1] ?? 0) * 1_000_000n + BigInt((seconds[2] ?? '').padEnd(6, '0'))})`
    }
    if (!/^\d+$/.test(number)) throw invalid()
    return `${makers[name]?.[0]}(${sign}${number})`
  })
}

export function intervalOperation(
  operator: string,
  left: Lowered,
  right: Lowered,
  offset: Offset,
): Lowered | undefined {
  const [a, b] = [left.type.kind, right.type.kind]
  if (a === 'INTERVAL' && b === 'INTERVAL' && (operator === '+' || operator === '-')) {
    return value(`(${left.sql} ${operator} ${right.sql})`, scalar.INTERVAL, left, right)
  }
  if (b === 'INTERVAL' && (operator === '+' || operator === '-')) return shifted(left, operator, right, offset)
  if (a === 'INTERVAL' && operator === '+') return shifted(right, operator, left, offset)
  if (operator === '*' && a === 'INTERVAL' && b === 'INT64') return multiplied(left, right)
  if (operator === '*' && a === 'INT64' && b === 'INTERVAL') return multiplied(right, left)
  if (operator === '/' && a === 'INTERVAL' && b === 'INT64') {
    return value(`memory.bq.interval_divide(${left.sql}, ${right.sql})`, scalar.INTERVAL, left, right)
  }
  return undefined
}

function multiplied(interval: Lowered, factor: Lowered): Lowered {
  return value(`memory.bq.interval_multiply(${interval.sql}, ${factor.sql})`, scalar.INTERVAL, interval, factor)
}

function shifted(moment: Lowered, operator: string, interval: Lowered, offset: Offset): Lowered | undefined {
  const sql = (base: string): string => `(${base} ${operator} ${interval.sql})`
  switch (moment.type.kind) {
    case 'DATE':
    case 'DATETIME':
      return value(`memory.bq.datetime_in_range${sql(moment.sql)}`, scalar.DATETIME, moment, interval)
    case 'TIMESTAMP': {
      const part = interval.interval?.part
      const isMonths = part === 'YEAR' || part === 'QUARTER' || part === 'MONTH'
      if (isMonths)
        throw new SqlError('semantic', `TIMESTAMP ${operator} INTERVAL does not support the ${part} date part`, offset)
      if (part !== undefined && interval.interval !== undefined) {
        const micros = `${interval.interval.amount.sql} * ${microsIn(part)}`
        return value(
          `memory.bq.instant_of(epoch_us(${moment.sql}) ${operator} ${micros})`,
          scalar.TIMESTAMP,
          moment,
          interval,
        )
      }
      const days = `memory.bq.without_months(${interval.sql})`
      return value(
        `memory.bq.instant_of(epoch_us(${moment.sql} ${operator} ${days}))`,
        scalar.TIMESTAMP,
        moment,
        interval,
      )
    }
    default:
      return undefined
  }
}
