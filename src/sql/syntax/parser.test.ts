// The parser: what is read, how it is told apart, BigQuery's words for what isn't, and that nothing else ever comes out.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { expressionSamples, querySamples, statementSamples } from '../../../test/support/googlesql-samples.ts'
import { SqlError } from '../sql-error.ts'
import { nestingMax } from './cursor.ts'
import { parseExpression, parseScript, parseStatement, parseType, queryCharsMax } from './parser.ts'
import { reservedWords } from './token.ts'

function errorOf(work: () => unknown): SqlError {
  try {
    work()
  } catch (error) {
    if (error instanceof SqlError) return error
    throw error
  }
  throw new Error('no error')
}

describe('literals', () => {
  const texts: readonly (readonly [string, string])[] = [
    [String.raw`'\a\b\f\n\r\t\v\\\?\"\''`, '\u0007\b\f\n\r\t\v\\?"\''],
    [String.raw`'\101\x41\u00e9\U0001F600'`, 'AAé😀'],
    [String.raw`r'\d\'x'`, String.raw`\d\'x`],
    [`'''a\r\n'b' ''c'''`, `a\n'b' ''c`],
    [`"""a"b"""`, 'a"b'],
    [`''`, ''],
    [`"it's"`, "it's"],
  ]
  it.each(texts)('%s', (text, value) => {
    expect(parseExpression(text)).toMatchObject({ kind: 'string', value })
  })

  it('reads bytes', () => {
    expect(parseExpression(String.raw`b'\x00\xffé\101'`)).toMatchObject({
      value: new Uint8Array([0, 255, 0xc3, 0xa9, 65]),
    })
    expect(parseExpression(String.raw`BR"\x00"`)).toMatchObject({ value: new Uint8Array([92, 120, 48, 48]) })
  })

  it.each(['1', '0xFF', '0X1f'])('reads the integer %s', (text) => {
    expect(parseExpression(text)).toMatchObject({ kind: 'int', text })
  })

  it.each(['1.', '.5', '.5e3', '1e10', '1.5E-3'])('reads the float %s', (text) => {
    expect(parseExpression(text)).toMatchObject({ kind: 'float', text })
  })
})

describe('names', () => {
  const parts = (text: string) => {
    const node = parseExpression(text)
    return node.kind === 'name' ? node.parts.map(({ name }) => name) : node.kind
  }

  it('takes keywords and digits behind a dot', () => {
    expect(parts('t.select.order')).toEqual(['t', 'select', 'order'])
    expect(parts('t.1')).toEqual(['t', '1'])
    expect(parts('t.1e5')).toEqual(['t', '1e5'])
  })

  const tables: readonly (readonly [string, readonly string[]])[] = [
    ['my-project-1.ds.t', ['my-project-1', 'ds', 't']],
    ['`my-project.ds.t`', ['my-project', 'ds', 't']],
    ['`my-project`.ds.`log_*`', ['my-project', 'ds', 'log_*']],
    ['a-1b.c', ['a-1b', 'c']],
    ['ds.INFORMATION_SCHEMA.TABLES', ['ds', 'INFORMATION_SCHEMA', 'TABLES']],
  ]
  it.each(tables)('splits the table path %s', (text, expected) => {
    const statement = parseStatement(`SELECT 1 FROM ${text} AS x`)
    const item =
      statement.kind === 'query-statement' && statement.query.body.kind === 'select'
        ? statement.query.body.from
        : undefined
    expect(item?.kind === 'table' ? item.parts.map(({ name }) => name) : item).toEqual(expected)
  })

  it('gives every node its place', () => {
    const text = 'SELECT a + f(b.c) FROM t'
    const statement = parseStatement(text)
    const sum =
      statement.kind === 'query-statement' && statement.query.body.kind === 'select'
        ? statement.query.body.items[0]
        : undefined
    expect(sum?.kind === 'select-expression' && text.slice(sum.value.offset, sum.value.end)).toBe('a + f(b.c)')
    expect(
      sum?.kind === 'select-expression' &&
        sum.value.kind === 'binary' &&
        text.slice(sum.value.right.offset, sum.value.right.end),
    ).toBe('f(b.c)')
  })
})

describe('precedence and brackets', () => {
  it('binds as BigQuery does', () => {
    expect(parseExpression('a OR b AND NOT c = d + e * f')).toMatchObject({
      operator: 'OR',
      operands: [
        { kind: 'name' },
        {
          operator: 'AND',
          operands: [
            {},
            { operator: 'NOT', operand: { operator: '=', right: { operator: '+', right: { operator: '*' } } } },
          ],
        },
      ],
    })
    expect(parseExpression('a || b + c')).toMatchObject({ operator: '+', left: { operator: '||' } })
    expect(parseExpression('a | b ^ c & d << e')).toMatchObject({
      operator: '|',
      right: { operator: '^', right: { operator: '&', right: { operator: '<<' } } },
    })
    expect(parseExpression('a - b - c')).toMatchObject({ left: { operator: '-' } })
    expect(parseExpression('a BETWEEN b AND c AND d')).toMatchObject({
      kind: 'logical',
      operands: [{ kind: 'between' }, {}],
    })
  })

  it('tells queries, tuples and expressions in brackets apart', () => {
    expect(parseExpression('(1)')).toMatchObject({ kind: 'int' })
    expect(parseExpression('(1, 2)')).toMatchObject({ kind: 'struct', isTuple: true })
    expect(parseExpression('((SELECT 1) + 1)')).toMatchObject({ kind: 'binary', left: { kind: 'subquery' } })
    expect(parseExpression('((SELECT 1) UNION ALL SELECT 2)')).toMatchObject({
      kind: 'subquery',
      query: { body: { kind: 'set-operation' } },
    })
    expect(parseExpression('a IN ((SELECT 1))')).toMatchObject({ source: { kind: 'query' } })
    expect(parseExpression('a IN ((SELECT 1), 2)')).toMatchObject({ source: { kind: 'list' } })
    expect(parseExpression('(a).b')).toMatchObject({ kind: 'field', operand: { kind: 'name' } })
  })

  it('joins from the left, and by conditions that come late', () => {
    const from = (text: string) => {
      const statement = parseStatement(`SELECT 1 FROM ${text}`)
      return statement.kind === 'query-statement' && statement.query.body.kind === 'select'
        ? statement.query.body.from
        : undefined
    }
    expect(from('a JOIN b ON x JOIN c ON y')).toMatchObject({ left: { kind: 'join' }, right: { kind: 'table' } })
    expect(from('a JOIN b JOIN c ON x ON y')).toMatchObject({
      left: { kind: 'table' },
      right: { kind: 'join' },
      on: { parts: [{ name: 'y' }] },
    })
    expect(from('((SELECT 1) UNION ALL SELECT 2) u')).toMatchObject({ kind: 'from-query', alias: { name: 'u' } })
    expect(from('((SELECT 1) a JOIN b USING (x))')).toMatchObject({ kind: 'join', isInBrackets: true })
    expect(from('t pivot')).toMatchObject({ kind: 'table', alias: { name: 'pivot' } })
  })
})

describe('types', () => {
  it('ends nested ones with any number of brackets', () => {
    expect(parseType('ARRAY<STRUCT<a ARRAY<INT64>>>')).toMatchObject({
      kind: 'array-type',
      element: { kind: 'struct-type' },
    })
    expect(parseType('STRUCT<>')).toMatchObject({ fields: [] })
    expect(parseType('numeric(10, 2)')).toMatchObject({ name: 'NUMERIC', parameters: ['10', '2'] })
    expect(parseType('STRUCT<INT64, date DATE>')).toMatchObject({
      fields: [{ name: undefined }, { name: { name: 'date' } }],
    })
    expect(parseExpression('a >> 2 > 1')).toMatchObject({ operator: '>', left: { operator: '>>' } })
  })
})

describe('errors', () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ['SELECT', 'Unexpected end of script', 6],
    ['', 'Unexpected end of script', 0],
    ['SELEC 1', 'Unexpected identifier "SELEC"', 0],
    ['SELECT FROM t', 'SELECT list must not be empty', 7],
    ['SELECT a b c', 'Expected end of input but got identifier "c"', 11],
    ['SELECT 1 UNION SELECT 2', 'Expected keyword ALL or keyword DISTINCT but got keyword SELECT', 15],
    [
      'SELECT 1 UNION ALL SELECT 2 UNION DISTINCT SELECT 3',
      'Different set operations cannot be used in the same query without using parentheses for grouping',
      28,
    ],
    ['SELECT "abc', 'Unclosed string literal', 7],
    [String.raw`SELECT '\q'`, String.raw`Illegal escape sequence: \q`, 8],
    [String.raw`SELECT '\400'`, String.raw`Illegal escape sequence: \4`, 8],
    [
      String.raw`SELECT '\x4'`,
      String.raw`Illegal escape sequence: Hex escape must be followed by 2 hex digits but saw: \x4`,
      8,
    ],
    [
      String.raw`SELECT b'\u0041'`,
      String.raw`Illegal escape sequence: Unicode escape sequence \u cannot be used in bytes literals`,
      9,
    ],
    ['SELECT 1a', 'Missing whitespace between literal and alias', 8],
    ['SELECT a = b = c', 'Unexpected "="', 13],
    ['SELECT a < b IS TRUE', 'Unexpected keyword IS', 13],
    ['SELECT a + NOT b', 'Unexpected keyword NOT', 11],
    ['SELECT a FROM "b"', 'Unexpected string literal "b"', 14],
    ['SELECT `', 'Unclosed identifier literal', 7],
    ['SELECT ``', 'Invalid empty identifier', 7],
    ['SELECT /* x', 'Unclosed comment', 7],
    ['SELECT f(x', 'Expected ")" or "," but got end of script', 10],
    ['SELECT 1 EXCEPT SELECT 2', 'EXCEPT must be followed by ALL, DISTINCT, or "("', 9],
    ['SELECT é', 'Illegal input character "é"', 7],
    ['CREATE TABLE t (a)', 'Expected type but got ")"', 17],
    ['SELECT a FROM b, c RIGHT JOIN d ON TRUE', 'RIGHT JOIN must be parenthesized when following a comma join', 19],
    ['l: LOOP END LOOP m', 'Mismatched end label; expected l, got m', 17],
    [
      'SELECT 1 FROM a JOIN b ON x ON y',
      'The number of join conditions is 2 but the number of joins that require a join condition is only 1. Unexpected keyword ON',
      28,
    ],
  ]
  it.each(cases)('%s', (text, message, offset) => {
    const error = errorOf(() => parseScript(text))
    expect({ message: error.message, offset: error.offset, kind: error.kind }).toEqual({
      message,
      offset,
      kind: 'syntax',
    })
  })

  it('keeps reserved words for the grammar', () => {
    for (const word of reservedWords) expect(() => parseStatement(`SELECT 1 AS ${word}`), word).toThrow(SqlError)
    for (const word of reservedWords) expect(() => parseStatement(`SELECT 1 AS \`${word}\``), word).not.toThrow()
  })

  it('bounds length, nesting and chains', () => {
    expect(errorOf(() => parseScript('('.repeat(10_000_000))).message).toContain('too large')
    for (const open of [
      '(',
      '[',
      'f(',
      'NOT ',
      '- ',
      'CASE ',
      '(SELECT ',
      'ARRAY<',
      'IF(',
      'SELECT * FROM (',
      'a.b[',
      'STRUCT(',
      'BEGIN ',
      'x -> ',
    ]) {
      const text = `SELECT ${open.repeat(Math.floor(queryCharsMax / open.length / 2))}`
      expect(() => parseScript(text), open).toThrow(SqlError)
    }
    expect(errorOf(() => parseExpression(`1${' + 1'.repeat(5000)}`)).message).toContain('Too deeply nested')
    expect(errorOf(() => parseExpression('('.repeat(nestingMax + 1))).message).toContain('Too deeply nested')
    expect(parseExpression(`a${' AND a'.repeat(5000)}`)).toMatchObject({ kind: 'logical' })
  })

  it('reads long texts in linear time', () => {
    for (const part of [
      'a,',
      '(SELECT 1),',
      '((1)),',
      "'x',",
      '[1],',
      'f((a, b), x -> 1),',
      '/* x */ 1,',
      'a.b.c,',
      '((SELECT 1) UNION ALL (SELECT 2)),',
    ]) {
      expect(() => parseScript(`SELECT ${part.repeat(Math.floor(200_000 / part.length))}`), part).not.toThrow()
    }
  })
})

describe('any text', () => {
  const words = [
    'SELECT',
    'FROM',
    'WHERE',
    'a',
    'b.c',
    '1',
    '1.5',
    "'x'",
    '(',
    ')',
    '[',
    ']',
    ',',
    ';',
    '.',
    '*',
    '+',
    '-',
    '=',
    '<',
    '>',
    'AS',
    'JOIN',
    'ON',
    'UNION ALL',
    'WITH',
    'CASE',
    'WHEN',
    'THEN',
    'END',
    'BEGIN',
    'IF',
    'ELSE',
    'NOT',
    'IN',
    'UNNEST(',
    'ARRAY<',
    'STRUCT<',
    'INT64',
    'INTERVAL',
    'DAY',
    '@p',
    '?',
    '@@x',
    '|>',
    'AGGREGATE',
    'GROUP BY',
    'ORDER BY',
    'CREATE TABLE',
    'INSERT',
    'VALUES',
    'MERGE',
    'USING',
    'DECLARE',
    'SET',
    'LOOP',
    'EXCEPT',
    'PIVOT(',
    'FOR',
    '`q`',
    "b'\\x00'",
    '->',
    '=>',
    'OVER (',
    'PARTITION BY',
    '--',
    '/*',
    '"',
    '@{',
    ':',
  ]
  const onlySqlErrors = (text: string) => {
    try {
      parseScript(text)
    } catch (error) {
      if (!(error instanceof SqlError)) throw error
      expect(error.offset).toBeGreaterThanOrEqual(0)
      expect(error.offset).toBeLessThanOrEqual(text.length)
    }
  }

  it('is a tree or an SqlError, made of random tokens', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 40 }), (tokens) => onlySqlErrors(tokens.join(' '))),
      { numRuns: 2000 },
    )
  })

  it('is a tree or an SqlError, made of random letters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => onlySqlErrors(`SELECT ${text}`)),
      { numRuns: 1000 },
    )
  })

  it('is a tree or an SqlError, made of changed samples', () => {
    const samples = [...expressionSamples.map((text) => `SELECT ${text}`), ...querySamples, ...statementSamples]
    const changed = fc.tuple(fc.constantFrom(...samples), fc.nat(), fc.nat(20), fc.constantFrom('', ...words))
    fc.assert(
      fc.property(changed, ([sample, at, cut, put]) => {
        const from = at % (sample.length + 1)
        onlySqlErrors(sample.slice(0, from) + put + sample.slice(from + cut))
      }),
      { numRuns: 3000 },
    )
  })
})
