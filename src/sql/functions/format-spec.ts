// Reads FORMAT's format strings: what stands between, and the pieces with their flags, width and precision.

export interface FormatPiece {
  /** Flags as written, without the width. */
  readonly flags: string
  /** '*': the next argument. */
  readonly width: string
  /** undefined: none; '*': the next argument. */
  readonly precision: string | undefined
  /** d i x X o u f F e E g G s t T p P */
  readonly conversion: string
}

export type FormatPart = string | FormatPiece

const known = 'dixXoufFeEgGstTpP'

/** Throws BigQuery's message. */
export function readFormat(format: string): FormatPart[] {
  const parts: FormatPart[] = []
  let at = 0
  while (at < format.length) {
    const percent = format.indexOf('%', at)
    if (percent !== at) parts.push(format.slice(at, percent === -1 ? undefined : percent))
    if (percent === -1) break
    if (format[percent + 1] === '%') {
      parts.push('%')
      at = percent + 2
      continue
    }
    const [all, flags = '', width = '', point, precision, conversion] =
      /^%([-+ #0']*)(\*|\d*)(\.(\*|\d*))?([^]?)/u.exec(format.slice(percent)) as RegExpExecArray
    if (conversion === undefined || conversion === '' || conversion === '%')
      throw new Error(`Invalid FORMAT string: "${format}"`)
    if (!known.includes(conversion))
      throw new Error(`Invalid format specifier character "${conversion}" in FORMAT string: "${format}"`)
    if (Number(width) > sizeMax || Number(precision) > sizeMax)
      throw new Error(`FORMAT: a width or precision over ${sizeMax} is not supported locally`)
    parts.push({ flags, width, precision: point === undefined ? undefined : precision, conversion })
    at = percent + all.length
  }
  return parts
}

export const sizeMax = 100_000

/** Arguments that a piece takes: numbers for its stars, then its value. */
export function starsOf({ width, precision }: FormatPiece): number {
  return (width === '*' ? 1 : 0) + (precision === '*' ? 1 : 0)
}

/** How a value is told to the pieces: i INT64, f FLOAT64, n NUMERIC, s STRING, j JSON, o any other. */
export type ValueKind = 'i' | 'f' | 'n' | 's' | 'j' | 'o'

/** undefined: it may take the value; otherwise what it wants. */
export function wantedBy(conversion: string, kind: ValueKind): string | undefined {
  if ('di'.includes(conversion)) return kind === 'i' ? undefined : 'integer'
  if ('xXo'.includes(conversion)) return kind === 'i' ? undefined : 'integer'
  if (conversion === 'u') return 'UINT'
  if ('fFeEgG'.includes(conversion)) return kind === 'f' || kind === 'n' ? undefined : 'FLOAT64'
  if (conversion === 's') return kind === 's' ? undefined : 'STRING'
  if ('pP'.includes(conversion)) return kind === 'j' ? undefined : 'JSON'
  return undefined
}
