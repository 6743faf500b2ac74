// Rows as comma-separated values (RFC 4180): NULL is empty, an empty text is "".
import type { EngineColumn, ResultChunk } from '../../warehouse/session.ts'
import { jsonValue } from './json-value.ts'

export function csvHead(columns: readonly EngineColumn[]): string {
  return `${columns.map(({ name }) => csvCell(name)).join(',')}\r\n`
}

export function csvChunk(chunk: ResultChunk, columns: readonly EngineColumn[]): string {
  let text = ''
  for (let row = 0; row < chunk.rowCount; row += 1) {
    for (const [index, { type }] of columns.entries()) {
      if (index > 0) text += ','
      text += csvCell(jsonValue(chunk.columns[index]?.[row] ?? null, type))
    }
    text += '\r\n'
  }
  return text
}

export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
