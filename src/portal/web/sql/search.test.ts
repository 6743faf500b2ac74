import { expect, test } from 'vitest'

import { readSqlSearch } from './search.ts'

test('what an address holds is read, and what is as it is anyway is left out', () => {
  const whole = { sql: 'SELECT @n', dialect: 'duckdb', parameters: { n: { type: 'INT64', value: '1' } }, tab: 'chart' }
  expect(readSqlSearch(whole)).toEqual(whole)
  expect(readSqlSearch({ sql: '', dialect: 'googlesql', tab: 'table' })).toEqual({ sql: '' })
})

test('an address that somebody broke gives what can be read of it', () => {
  expect(readSqlSearch({ sql: 1, dialect: 'cobol', parameters: 'x', tab: ['chart'] })).toEqual({ sql: '1' })
  const parameters = { a: { value: 1 }, b: null, c: { type: 2, value: 'kept' } }
  expect(readSqlSearch({ parameters })).toEqual({ parameters: { c: { value: 'kept' } } })
})
