// How a value of a result is written: in a grid, in what is copied, and in charts.
const shownLengthMax = 300

export interface Cell {
  readonly text: string
  readonly isNull: boolean
}

/** Integers come as texts and stay so: a browser's numbers would lose digits. */
export function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return { text: 'NULL', isNull: true }
  return { text: textOf(value), isNull: false }
}

export function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** One line of a grid; a huge JSON must not make it slow. */
export function shortText(text: string): string {
  const line = text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text
  return line.replaceAll(/\s*\n\s*/g, ' ↵ ')
}

export function isNumeric(type: string): boolean {
  return /^(?:INT64|FLOAT64|NUMERIC|BIGNUMERIC|DECIMAL|DOUBLE|FLOAT|REAL|U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?)\b(?!.*\[)/.test(
    type,
  )
}

export function isTime(type: string): boolean {
  return /^(?:DATE|DATETIME|TIMESTAMP)/.test(type)
}

/** Tab-separated, as spreadsheets paste it: what holds a tab, a quote or a line's end stands in quotes. */
export function tabSeparated(names: readonly string[], values: readonly (readonly unknown[])[], count: number): string {
  const lines = [names.map(quoted).join('\t')]
  for (let row = 0; row < count; row += 1) lines.push(values.map((column) => quoted(textOf(column[row]))).join('\t'))
  return lines.join('\n')
}

function quoted(text: string): string {
  return /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** undefined: no number. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** Milliseconds. DATE and DATETIME have no zone: they stand as if in UTC. NaN: no time. */
export function timeOf(value: unknown): number {
  const text = textOf(value)
    .replace(' ', 'T')
    .replace(/\.(\d{3})\d+/, '.$1')
  return Date.parse(/T[\d:.]+$/.test(text) ? `${text}Z` : text)
}
