import { expect, test } from 'vitest'

import { cellOf, isNumeric, shortText, tabSeparated } from './cells.ts'

test('NULL is not the text NULL, and nested values are JSON', () => {
  expect(cellOf(null)).toEqual({ text: 'NULL', isNull: true })
  expect(cellOf('NULL')).toEqual({ text: 'NULL', isNull: false })
  expect(cellOf('')).toEqual({ text: '', isNull: false })
  expect(cellOf('9007199254740993').text).toBe('9007199254740993')
  expect(cellOf(1.5).text).toBe('1.5')
  expect(cellOf(true).text).toBe('true')
  expect(cellOf({ a: [1, null] }).text).toBe('{"a":[1,null]}')
})

test('a cell is one short line', () => {
  expect(shortText('a\n  b\r\nc')).toBe('a ↵ b ↵ c')
  expect(shortText('x'.repeat(5000)).length).toBe(301)
})

test('rows are copied as spreadsheets read them', () => {
  const values = [
    ['1', null],
    ['a\tb', 'say "x"\nz'],
  ]
  expect(tabSeparated(['n', 'text'], values, 2)).toBe('n\ttext\n1\t"a\tb"\n\t"say ""x""\nz"')
})

test('types of numbers stand to the right, in both dialects', () => {
  const numeric = ['INT64', 'FLOAT64', 'NUMERIC', 'BIGINT', 'DECIMAL(18,3)', 'DOUBLE', 'UINTEGER', 'HUGEINT']
  expect(numeric.filter((type) => !isNumeric(type))).toEqual([])
  const others = ['STRING', 'ARRAY<INT64>', 'BIGINT[]', 'INTERVAL', 'STRUCT<a INT64>', 'DATE', 'DOUBLE[]']
  expect(others.filter(isNumeric)).toEqual([])
})
