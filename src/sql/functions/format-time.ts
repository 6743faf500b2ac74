// FORMAT_DATE, FORMAT_DATETIME, FORMAT_TIME and FORMAT_TIMESTAMP: a constant format is compiled into DuckDB pieces, any other
// goes through the same elements in JavaScript. Elements that a type hasn't stay in the text as they are, as in BigQuery.
import { text } from '../type-names.ts'
import { civilOf, type CivilTime, dayNames, isoYearStart, daysFrom, monthNames, type TimeKind } from './civil-time.ts'

interface Element {
  readonly kinds: string
  /** A strftime code of DuckDB with the same answer. */
  readonly code?: string
  /** DuckDB SQL for x, a TIMESTAMP (or DATE) without zone; o is the offset in minutes. */
  readonly sql?: (x: string, o: string) => string
  readonly js: (time: CivilTime, offset: number, micros: bigint) => string
  /** Stands for other elements. */
  readonly means?: string
}

const pad2 = (value: number): string => String(value).padStart(2, '0')
const pad2Space = (value: number): string => String(value).padStart(2, ' ')
const hour12 = (hour: number): number => (hour % 12 === 0 ? 12 : hour % 12)
const shortened = (means: string, kinds: string): Element => ({ kinds, means, js: () => '' })
const sunday = ({ dayOfYear, weekday }: CivilTime): number => Math.floor((dayOfYear + 6 - weekday) / 7)
const monday = ({ dayOfYear, weekday }: CivilTime): number => Math.floor((dayOfYear + 6 - ((weekday + 6) % 7)) / 7)

/** Letters of `kinds`: d DATE, t TIME, c DATETIME (civil), i TIMESTAMP (instant). */
const elements: Readonly<Record<string, Element | undefined>> = {
  A: { kinds: 'dci', code: '%A', js: ({ weekday }) => dayNames[weekday] ?? '' },
  a: { kinds: 'dci', code: '%a', js: ({ weekday }) => (dayNames[weekday] ?? '').slice(0, 3) },
  B: { kinds: 'dci', code: '%B', js: ({ month }) => monthNames[month - 1] ?? '' },
  b: { kinds: 'dci', code: '%b', js: ({ month }) => (monthNames[month - 1] ?? '').slice(0, 3) },
  h: shortened('%b', 'dci'),
  C: {
    kinds: 'dci',
    sql: (x) => `CAST(year(${x}) // 100 AS VARCHAR)`,
    js: ({ year }) => String(Math.floor(year / 100)),
  },
  c: shortened('%a %b %e %H:%M:%S %Y', 'ci'),
  D: shortened('%m/%d/%y', 'dci'),
  x: shortened('%m/%d/%y', 'dci'),
  d: { kinds: 'dci', code: '%d', js: ({ day }) => pad2(day) },
  e: { kinds: 'dci', sql: (x) => `lpad(CAST(day(${x}) AS VARCHAR), 2, ' ')`, js: ({ day }) => pad2Space(day) },
  F: shortened('%Y-%m-%d', 'dci'),
  G: { kinds: 'dci', sql: (x) => `CAST(isoyear(${x}) AS VARCHAR)`, js: ({ isoYear }) => String(isoYear) },
  g: {
    kinds: 'dci',
    sql: (x) => `lpad(CAST(isoyear(${x}) % 100 AS VARCHAR), 2, '0')`,
    js: ({ isoYear }) => pad2(isoYear % 100),
  },
  H: { kinds: 'tci', code: '%H', js: ({ hour }) => pad2(hour) },
  I: { kinds: 'tci', code: '%I', js: ({ hour }) => pad2(hour12(hour)) },
  J: { kinds: 'dci', js: (time, _offset, micros) => String(isoDayOfYear(time, micros)).padStart(3, '0') },
  j: { kinds: 'dci', code: '%j', js: ({ dayOfYear }) => String(dayOfYear).padStart(3, '0') },
  k: { kinds: 'tci', sql: (x) => `lpad(CAST(hour(${x}) AS VARCHAR), 2, ' ')`, js: ({ hour }) => pad2Space(hour) },
  l: {
    kinds: 'tci',
    sql: (x) => `lpad(CAST((hour(${x}) + 11) % 12 + 1 AS VARCHAR), 2, ' ')`,
    js: ({ hour }) => pad2Space(hour12(hour)),
  },
  M: { kinds: 'tci', code: '%M', js: ({ minute }) => pad2(minute) },
  m: { kinds: 'dci', code: '%m', js: ({ month }) => pad2(month) },
  n: { kinds: 'dtci', sql: () => 'chr(10)', js: () => '\n' },
  P: { kinds: 'tci', sql: (x) => `lower(strftime(${x}, '%p'))`, js: ({ hour }) => (hour < 12 ? 'am' : 'pm') },
  p: { kinds: 'tci', code: '%p', js: ({ hour }) => (hour < 12 ? 'AM' : 'PM') },
  Q: { kinds: 'dci', sql: (x) => `CAST(quarter(${x}) AS VARCHAR)`, js: ({ month }) => String(Math.ceil(month / 3)) },
  R: shortened('%H:%M', 'tci'),
  r: shortened('%I:%M:%S %p', 'tci'),
  S: { kinds: 'tci', code: '%S', js: ({ second }) => pad2(second) },
  s: {
    kinds: 'ci',
    sql: (x, o) => `CAST((epoch_us(${x}) + 62135596800000000) // 1000000 - 62135596800 - ${o} * 60 AS VARCHAR)`,
    js: secondsSince,
  },
  T: shortened('%H:%M:%S', 'tci'),
  X: shortened('%H:%M:%S', 'tci'),
  t: { kinds: 'dtci', sql: () => 'chr(9)', js: () => '\t' },
  U: { kinds: 'dci', code: '%U', js: (time) => pad2(sunday(time)) },
  u: { kinds: 'dci', code: '%u', js: ({ weekday }) => String(weekday === 0 ? 7 : weekday) },
  V: { kinds: 'dci', code: '%V', js: ({ isoWeek }) => pad2(isoWeek) },
  W: { kinds: 'dci', code: '%W', js: (time) => pad2(monday(time)) },
  w: { kinds: 'dci', code: '%w', js: ({ weekday }) => String(weekday) },
  Y: { kinds: 'dci', sql: (x) => `CAST(year(${x}) AS VARCHAR)`, js: ({ year }) => String(year) },
  y: { kinds: 'dci', code: '%y', js: ({ year }) => pad2(year % 100) },
  Z: { kinds: 'i', js: (_time, offset) => zoneName(offset) },
  z: {
    kinds: 'i',
    sql: (_x, o) => `replace(memory.bq.offset_colon(${o}), ':', '')`,
    js: (_time, offset) => offsetText(offset, ''),
  },
  '%': { kinds: 'dtci', sql: () => "'%'", js: () => '%' },
  Ez: { kinds: 'i', sql: (_x, o) => `memory.bq.offset_colon(${o})`, js: (_time, offset) => offsetText(offset, ':') },
  E4Y: {
    kinds: 'dci',
    sql: (x) => `lpad(CAST(year(${x}) AS VARCHAR), 4, '0')`,
    js: ({ year }) => String(year).padStart(4, '0'),
  },
  ET: { kinds: 'tci', sql: () => "'T'", js: () => 'T' },
}

/** %E*S: all digits there are. */
const exactSeconds: Element = {
  kinds: 'tci',
  sql: (x) =>
    `CASE WHEN microsecond(${x}) % 1000000 = 0 THEN strftime(${x}, '%S') ELSE rtrim(strftime(${x}, '%S.%f'), '0') END`,
  js: ({ second, micros }) =>
    micros === 0 ? pad2(second) : `${pad2(second)}.${String(micros).padStart(6, '0')}`.replace(/0+$/, ''),
}

const letterOfKind: Readonly<Record<TimeKind, string>> = { DATE: 'd', TIME: 't', DATETIME: 'c', TIMESTAMP: 'i' }

function secondsSince(_time: CivilTime, offset: number, micros: bigint): string {
  const shifted = micros - BigInt(offset) * 60_000_000n
  return String((shifted - (((shifted % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n)
}

function isoDayOfYear({ isoYear, year, month, day }: CivilTime, _micros: bigint): number {
  return daysFrom(year, month, day) - isoYearStart(isoYear) + 1
}

function offsetText(minutes: number, between: string): string {
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${pad2(Math.floor(size / 60))}${between}${pad2(size % 60)}`
}

function zoneName(minutes: number): string {
  if (minutes === 0) return 'UTC'
  const size = Math.abs(minutes)
  return size % 60 === 0 ? `UTC${minutes < 0 ? '-' : '+'}${size / 60}` : `UTC${offsetText(minutes, '')}`
}

type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'element'; readonly element: Element }
  /** %E3S: seconds with so many digits. */
  | { readonly kind: 'seconds'; readonly digits: number }

/** Splits a format; shorthands are already resolved. Throws what BigQuery has but we don't. */
export function readFormat(format: string, kind: TimeKind): Token[] {
  const tokens: Token[] = []
  const letter = letterOfKind[kind]
  const pattern = /%(E\d{1,2}S|E\*S|E4Y|Ez|ET|[EO]?[A-Za-z%]|[-_0^#+\d ])|%$|[^%]+/g
  for (const [all, name] of format.matchAll(pattern)) {
    if (name === undefined) {
      tokens.push({ kind: 'text', text: all })
      continue
    }
    if (/^[-_0^#+\d ]$/.test(name)) throw new Error(`the flag or width in the format element ${all}`)
    const digits = /^E(\d{1,2})S$/.exec(name)?.[1]
    if (digits !== undefined && letter !== 'd') {
      tokens.push({ kind: 'seconds', digits: Number(digits) })
      continue
    }
    tokens.push(...readElement(name, all, kind))
  }
  return tokens
}

function readElement(name: string, all: string, kind: TimeKind): Token[] {
  if (name === 'E*S' && kind !== 'DATE') return [{ kind: 'element', element: exactSeconds }]
  const plain = Object.hasOwn(elements, name) ? name : name.replace(/^[EO](?=[A-Za-z])/, '')
  const element = Object.hasOwn(elements, plain) ? elements[plain] : undefined
  if (element?.kinds.includes(letterOfKind[kind]) !== true) return [{ kind: 'text', text: all }]
  return element.means === undefined ? [{ kind: 'element', element }] : readFormat(element.means, kind)
}

/** At run time. */
export function formatTime(kind: TimeKind, format: string, micros: bigint, offsetMinutes: number): string {
  const time = civilOf(micros)
  const parts = readFormat(format, kind).map((token) => {
    if (token.kind === 'text') return token.text
    if (token.kind === 'element') return token.element.js(time, offsetMinutes, micros)
    const fraction = String(time.micros).padStart(6, '0').padEnd(token.digits, '0').slice(0, token.digits)
    return token.digits === 0 ? pad2(time.second) : `${pad2(time.second)}.${fraction}`
  })
  return parts.join('')
}

/** DuckDB SQL of a constant format; `x` is a local TIMESTAMP, DATE or TIME put at 1970, `offset` minutes as SQL. undefined: only JavaScript can. */
export function formatSql(kind: TimeKind, format: string, x: string, offset: string): string | undefined {
  const pieces: string[] = []
  let codes = ''
  let hasCode = false
  const flush = (): void => {
    if (codes === '') return
    pieces.push(hasCode ? `strftime(${x}, ${text(codes)})` : text(codes.replaceAll('%%', '%')))
    codes = ''
    hasCode = false
  }
  for (const token of readFormat(format, kind)) {
    if (token.kind === 'text') codes += token.text.replaceAll('%', '%%')
    else if (token.kind === 'element' && token.element.code !== undefined) {
      codes += token.element.code
      hasCode = true
    } else {
      const sql = pieceSql(token, x, offset)
      if (sql === undefined) return undefined
      flush()
      pieces.push(sql)
    }
  }
  flush()
  if (pieces.length === 0) return `CASE WHEN ${x} IS NOT NULL THEN '' END`
  // A format without any element still gives NULL for NULL.
  if (!pieces.some((piece) => piece.includes(x))) pieces.push(`CASE WHEN ${x} IS NOT NULL THEN '' END`)
  return pieces.length === 1 ? (pieces[0] ?? '') : `(${pieces.join(' || ')})`
}

function pieceSql(token: Token, x: string, offset: string): string | undefined {
  if (token.kind === 'element') return token.element.sql?.(x, offset)
  if (token.kind === 'text') return undefined
  if (token.digits === 0) return `strftime(${x}, '%S')`
  return token.digits <= 6
    ? `left(strftime(${x}, '%S.%f'), ${3 + token.digits})`
    : `rpad(strftime(${x}, '%S.%f'), ${3 + token.digits}, '0')`
}
