// The first rows as text, for where a table is wanted as a picture: in mails. Pages draw tables of their own.
import { isNumeric, shortText, textOf } from './cells.ts'
import type { ChartRows, Drawing, Shape, Size } from './chart.ts'
import { fitted } from './format.ts'

const rowHeight = 22

export function drawTable({ columns, values, count }: ChartRows, size: Size, label: string): Drawing {
  const width = size.width / Math.max(1, columns.length)
  const rows = Math.min(count, Math.max(1, Math.floor(size.height / rowHeight) - 1))
  const shapes = columns.flatMap(({ name, type }, column): Shape[] => {
    const isRight = isNumeric(type)
    const place = { x: isRight ? (column + 1) * width - 8 : column * width, anchor: isRight ? 'end' : 'start' } as const
    const cells = Array.from({ length: rows }, (_none, row): Shape => {
      const text = fitted(shortText(textOf(values[column]?.[row])), width - 12)
      return { shape: 'text', ...place, y: (row + 1) * rowHeight + 14, text, ink: 'text' }
    })
    return [{ shape: 'text', ...place, y: 14, text: fitted(name, width - 12), ink: 'muted' }, ...cells]
  })
  const lines = Array.from({ length: rows }, (_none, row): Shape => {
    return { shape: 'path', d: `M0 ${(row + 1) * rowHeight - 2}h${size.width}`, stroke: 'line' }
  })
  return { ...size, label, shapes: [...lines, ...shapes] }
}
