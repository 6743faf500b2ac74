// COPY … TO STDOUT: rows as lines of text or CSV.
import type { EngineColumn, ResultChunk } from '../../../warehouse/session.ts'
import { textEncoder } from '../values/encode-text.ts'
import type { Zone } from '../values/time-text.ts'
import { sayBare, sayCopy } from '../wire/messages.ts'
import type { Output } from '../wire/output.ts'
import type { CopyOptions } from './copy-statement.ts'
import type { RowCursor } from './row-cursor.ts'

export async function copyOut(out: Output, cursor: RowCursor, options: CopyOptions, zone: Zone): Promise<number> {
  const { columns } = cursor
  sayCopy(out, 'H', columns.length)
  if (options.header !== 'no')
    sayLine(
      out,
      columns.map(({ name }) => fieldText(name, options, false)),
      options,
    )
  const write = lineWriter(out, columns, options, zone)
  const { rows } = await cursor.read(Number.POSITIVE_INFINITY, write)
  sayBare(out, 'c')
  return rows
}

function lineWriter(out: Output, columns: readonly EngineColumn[], options: CopyOptions, zone: Zone) {
  const encoders = columns.map(({ type }) => textEncoder(type, zone))
  const isForced = columns.map(({ name }) => options.forceQuote === '*' || options.forceQuote.includes(name))
  return async (chunk: ResultChunk, from: number, to: number): Promise<void> => {
    for (let row = from; row < to; row += 1) {
      const fields = encoders.map((encode, column) => {
        const value = chunk.columns[column]?.[row] ?? null
        return value === null ? options.nullText : fieldText(encode(value), options, isForced[column] ?? false)
      })
      sayLine(out, fields, options)
      if (out.isFull) await out.drain()
    }
  }
}

function sayLine(out: Output, fields: readonly string[], { delimiter }: CopyOptions): void {
  out.begin('d').chars(fields.join(delimiter)).byte(10).end()
}

const textEscapes: Record<string, string> = {
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}

function fieldText(text: string, options: CopyOptions, isForced: boolean): string {
  const { format, delimiter, quote, escape, nullText } = options
  if (format === 'text') {
    // eslint-disable-next-line no-control-regex
    const escaped = text.replace(/[\b\f\n\r\t\v\\]/g, (letter) => textEscapes[letter] ?? letter)
    return delimiter === '\t' ? escaped : escaped.replaceAll(delimiter, `\\${delimiter}`)
  }
  const isSpecial =
    text === nullText || text === '\\.' || /[\r\n]/.test(text) || text.includes(delimiter) || text.includes(quote)
  if (!isForced && !isSpecial) return text
  const escaped = text.replaceAll(escape, escape + escape)
  return `${quote}${escape === quote ? escaped : escaped.replaceAll(quote, escape + quote)}${quote}`
}
