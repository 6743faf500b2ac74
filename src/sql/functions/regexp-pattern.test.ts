// What is read of a pattern must be what RE2 makes of it: DuckDB, which has it built in, is asked about random patterns.
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { checkRewrite, placePattern, readPattern } from './regexp-pattern.ts'

let connection: DuckDBConnection

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect()
})

afterAll(() => {
  connection.closeSync()
})

async function ask(sql: string, ...values: readonly string[]): Promise<unknown> {
  const result = await connection.runAndReadAll(sql, [...values])
  return result.getRowsJson()[0]?.[0]
}

async function isValid(pattern: string): Promise<boolean> {
  try {
    await ask('SELECT regexp_matches(?, ?)', 'x', pattern)
    return true
  } catch {
    return false
  }
}

function read(pattern: string): ReturnType<typeof readPattern> | undefined {
  try {
    return readPattern(pattern)
  } catch (error) {
    expect(String(error)).toContain('Cannot parse regular expression: ')
    return undefined
  }
}

const pieces = Array.from('ab1.|()[]^$*+?{},-:').concat([
  '\\d',
  '\\b',
  '\\pL',
  '\\x41',
  '\\(',
  '\\Q',
  '\\E',
  '(?:',
  '(?i)',
  '(?P<n>',
  '[^',
  '[[:alpha:]]',
  '{2}',
  '{1,}',
  '{2,1}',
  '\\A',
  '\\z',
  '(?=',
  '\\y',
])
const patterns = fc
  .array(fc.constantFrom(...pieces), { maxLength: 9 })
  .map((parts) => parts.join(''))
  // Refused by us, though RE2 makes something of it.
  .filter((pattern) => !/(?:\(\?i\)|\\Q\\E)[*+?{]/.test(pattern))

describe('readPattern', () => {
  test('accepts what RE2 accepts, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(patterns, async (pattern) => {
        expect({ pattern, isValid: read(pattern) !== undefined }).toEqual({ pattern, isValid: await isValid(pattern) })
      }),
      { numRuns: 1500 },
    )
  })

  test('knows whether a pattern can match the empty text', async () => {
    await fc.assert(
      fc.asyncProperty(patterns, async (pattern) => {
        const facts = read(pattern)
        if (facts === undefined || facts.hasAssertions) return
        expect({ pattern, isNullable: facts.isNullable }).toEqual({
          pattern,
          isNullable: await ask('SELECT regexp_full_match(?, ?)', '', pattern),
        })
      }),
      { numRuns: 800 },
    )
  })

  test('never hangs or crashes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (pattern) => {
        read(pattern)
      }),
    )
    expect(() => readPattern('('.repeat(100_000))).toThrow('Cannot parse regular expression')
  })

  test.each([
    ['a', 0, false],
    ['(a)', 1, false],
    ['(a)?b', 1, true],
    ['(a)|b', 1, true],
    ['((a)|b)', 2, true],
    ['(?:(a)){0,2}', 1, true],
    ['(?:x(a))+', 1, false],
    ['[(](a)\\(', 1, false],
  ])('groups of %s', (pattern, groups, isGroupOptional) => {
    expect(readPattern(pattern)).toMatchObject({ groups, isGroupOptional })
  })
})

describe('placePattern', () => {
  test.each([
    ['xaby', 'a(b)', 0, false, 'xa'],
    ['xaby', 'a(b)', 0, true, 'xab'],
    ['abab', 'b', 1, false, 'aba'],
    ['abab', 'b', 1, true, 'abab'],
    ['a[b]', '[[](b)', 0, false, 'a['],
  ])('in %s, %s after %i matches', async (text, pattern, count, isEnd, before) => {
    expect(await ask('SELECT regexp_extract(?, ?, 1)', text, placePattern(pattern, count, isEnd))).toBe(before)
  })

  test('refuses groups within groups, and what can match nothing', () => {
    expect(() => placePattern('(?:(a)|b)', 0, false)).toThrow('not supported locally')
    expect(() => placePattern('a*', 0, false)).toThrow('can match the empty text')
    expect(() => placePattern('(a)(b)', 0, false)).toThrow('more than 1 capturing group')
  })
})

describe('checkRewrite', () => {
  test.each(['x', '\\0', '\\1\\\\', ''])('%s is fine', (rewrite) => {
    expect(() => checkRewrite(rewrite, 1)).not.toThrow()
  })

  test.each([
    ['\\2', 'requests 2 matches'],
    ['\\x', "must be followed by a digit or '\\'"],
    ['x\\', 'not allowed at end'],
  ])('%s fails', (rewrite, message) => {
    expect(() => checkRewrite(rewrite, 1)).toThrow(message)
  })
})
