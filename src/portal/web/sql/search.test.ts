import { expect, test } from 'vitest'

import { readSqlSearch } from './search.ts'

test('what an address holds is read, and what is as it is anyway is left out', () => {
  const whole = { sql: 'SELECT @n', dialect: 'duckdb', parameters: { n: { type: 'INT64', value: '1' } }, tab: 'chart' }
  expect(readSqlSearch(whole)).toEqual(whole)
  expect(readSqlSearch({ sql: '', dialect: 'googlesql', tab: 'table' })).toEqual({ sql: '' })
})

test('of a saved query it holds what differs, the dialect, too', () => {
  const whole = {
    saved: 'abc',
    dialect: 'googlesql',
    zone: 'Asia/Taipei',
    parameters: { day: { type: 'DATE', relative: 'today', choices: [1], default: { value: null }, choicesSql: 'x' } },
    tab: 'versions',
  }
  expect(readSqlSearch(whole)).toEqual(whole)
  expect(readSqlSearch({ saved: 12, parameters: { a: { default: 1, choices: {} } } })).toEqual({ saved: '12' })
})

test('an address that somebody broke gives what can be read of it', () => {
  expect(readSqlSearch({ sql: 1, dialect: 'cobol', parameters: 'x', tab: ['chart'] })).toEqual({ sql: '1' })
  const parameters = { a: { value: 1 }, b: null, c: { type: 2, value: 'kept' } }
  expect(readSqlSearch({ parameters })).toEqual({ parameters: { c: { value: 'kept' } } })
})
