import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import type { OutStream } from './context.ts'
import { printable, renderTable, textWidth } from './table.ts'

const pipe: OutStream = { write: () => true, once: () => undefined, removeListener: () => undefined }

test('columns are as wide as their widest cell, numbers to the right, NULL spelled out', () => {
  const columns = [{ name: 'event' }, { name: 'count', align: 'right' as const }]
  expect(
    renderTable(
      columns,
      [
        ['Signed Up', 12],
        ['購入', null],
        ['é', 1234567],
      ],
      pipe,
    ),
  ).toBe(
    [
      'event        count',
      '─────────  ───────',
      'Signed Up       12',
      '購入          NULL',
      'é          1234567',
      '',
    ].join('\n'),
  )
})

test('objects are shown as JSON, long cells are cut', () => {
  const table = renderTable([{ name: 'a' }], [[{ b: [1] }], ['x'.repeat(500)]], pipe)
  expect(table).toContain('{"b":[1]}')
  expect(table).toContain(`${'x'.repeat(59)}…`)
})

test('nothing that a terminal would obey gets through', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 }), (cells) => {
      const lines = renderTable(
        [{ name: cells[0] ?? '' }],
        cells.map((cell) => [cell]),
        pipe,
      ).split('\n')
      expect(lines).toHaveLength(cells.length + 3)
      for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/u)
    }),
  )
  expect(printable('\u001B[31mred\u0007\n\u202Eevil')).toBe('\\x1b[31mred\\x07\\n\\u202eevil')
})

test.each([
  ['abc', 3],
  ['é', 1],
  ['e\u0301', 1],
  ['購入', 4],
  ['🎉', 2],
  ['', 0],
])('%s takes %i columns', (text, width) => {
  expect(textWidth(text)).toBe(width)
})
