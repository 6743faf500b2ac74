// Aligned tables for people. What stands in them was sent by strangers, so nothing may reach the terminal that it would
// obey: control characters and direction overrides are shown, not written.
import { styleText } from 'node:util'

import type { OutStream } from './context.ts'

const cellWidthMax = 60

/** Control characters (C0, C1, delete) and invisible characters that turn the direction of text. */
const unprintable = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu
/** East Asian wide characters and emoji take two columns. */
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u
const widthless = /\p{M}|[\u200B-\u200D]|[\uFE00-\uFE0F]/u

export interface TableColumn {
  readonly name: string
  readonly align?: 'left' | 'right'
}

export function printable(text: string): string {
  return text.replaceAll(unprintable, (character) => {
    const code = character.codePointAt(0) ?? 0
    if (character === '\n') return '\\n'
    if (character === '\t') return '\\t'
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

/** Columns that a text takes on a terminal. */
export function textWidth(text: string): number {
  let width = 0
  for (const character of text) width += widthOf(character)
  return width
}

/** Header, rule, rows; each line ends with a newline. Null is a dim NULL. */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly unknown[])[],
  stream: OutStream,
): string {
  const cells = rows.map((row) => columns.map((_, index) => cellText(row[index])))
  const names = columns.map((column) => shorten(printable(column.name)))
  const widths = names.map((name, index) =>
    Math.max(textWidth(name), ...cells.map((row) => textWidth(row[index] ?? ''))),
  )
  const line = (texts: readonly string[], style: (text: string, index: number) => string): string =>
    texts
      .map((text, index) => {
        const space = ' '.repeat((widths[index] ?? 0) - textWidth(text))
        const styled = style(text, index)
        return columns[index]?.align === 'right' ? space + styled : styled + space
      })
      .join('  ')
      .trimEnd()
  const header = line(names, (text) => paint('bold', text, stream))
  const rule = widths.map((width) => '─'.repeat(width)).join('  ')
  const body = cells.map((row, index) =>
    line(row, (text, column) => (isNothing(rows[index]?.[column]) ? paint('dim', text, stream) : text)),
  )
  return [header, paint('dim', rule, stream), ...body, ''].join('\n')
}

/** Plain where the stream is no terminal or NO_COLOR is set. */
export function paint(style: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string, stream: OutStream): string {
  if (stream.isTTY !== true) return text
  return styleText(style, text, { stream: stream as unknown as NodeJS.WriteStream })
}

function cellText(value: unknown): string {
  if (isNothing(value)) return 'NULL'
  return shorten(printable(typeof value === 'string' ? value : JSON.stringify(value)))
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined
}

function shorten(text: string): string {
  if (text.length <= cellWidthMax / 2 || textWidth(text) <= cellWidthMax) return text
  let short = ''
  let width = 0
  for (const character of text) {
    width += widthOf(character)
    if (width >= cellWidthMax) break
    short += character
  }
  return `${short}…`
}

function widthOf(character: string): number {
  if (character < '\u0300') return 1
  if (widthless.test(character)) return 0
  return wide.test(character) ? 2 : 1
}
