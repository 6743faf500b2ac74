import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { chosenParameters, parameterNames, parametersOf } from './parameters.ts'

describe('names of parameters', () => {
  it.each([
    ['SELECT @a, @b, @A', ['a', 'b']],
    [`SELECT '@a', "@b", \`@c\`, r'\\'@d', '''@e'@f''', """@g"""`, []],
    ['-- @a\n# @b\n/* @c\n@d */ SELECT @e', ['e']],
    ['SELECT @@time_zone, x@y', ['y']],
    ["SELECT 'unfinished @a", []],
    ["SELECT 'unfinished\n, @a", ['a']],
    ['/* unfinished @a', []],
    ['SELECT @`a`, @ a, @1', []],
    ["SELECT 'it\\'s', @a", ['a']],
  ])('of GoogleSQL: %s', (sql, names) => {
    expect(parameterNames(sql, 'googlesql')).toEqual(names)
  })

  it.each([
    ['SELECT $a, $b, $1, @c', ['a', 'b']],
    [`SELECT '$a', "$b", 'it''s $c', $$ $d $$ -- $e`, []],
    ["SELECT '\\', $a", ['a']],
  ])('of DuckDB: %s', (sql, names) => {
    expect(parameterNames(sql, 'duckdb')).toEqual(names)
  })

  it('are found between any texts and comments, and nowhere inside them', () => {
    const plain = fc.constantFrom('SELECT ', ' + ', '1', '\n', ' x ')
    const covered = fc
      .tuple(
        fc.constantFrom(["'", "'"], ['"', '"'], ['/*', '*/'], ['-- ', '\n'], ["'''", "'''"], ['`', '`']),
        fc.nat(9),
      )
      .map(([[open, close], index]) => ({ text: `${open}@inside${index}${close} `, name: undefined }))
    const open = fc.nat(9).map((index) => ({ text: `@p${index} `, name: `p${index}` }))
    const part = fc.oneof(
      plain.map((text) => ({ text, name: undefined })),
      covered,
      open,
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const wanted = [...new Set(parts.flatMap(({ name }) => name ?? []))]
        expect(parameterNames(parts.map(({ text }) => text).join(' '), 'googlesql')).toEqual(wanted)
      }),
    )
  })

  it('are found in any text, however broken, without getting lost', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('@', 'a', "'", '"', '\\', '`', '\n', '-', '/', '*', '$'), maxLength: 60 }),
        (text) => {
          for (const dialect of ['googlesql', 'duckdb'] as const) {
            for (const name of parameterNames(text, dialect)) expect(name).toMatch(/^a+$/)
          }
        },
      ),
    )
  })
})

describe('values of parameters', () => {
  const types: Readonly<Record<string, string>> = { day: 'DATE', n: 'INT64' }

  it('take the chosen type, else what the query asks for, else STRING', () => {
    const inputs = { n: { type: 'FLOAT64', value: ' 1.5 ' }, day: { value: '2026-03-01' } }
    expect(parametersOf(['n', 'day', 'text'], inputs, (name) => types[name])).toEqual([
      { name: 'n', type: 'FLOAT64', value: '1.5' },
      { name: 'day', type: 'DATE', value: '2026-03-01' },
      { name: 'text', type: 'STRING', value: '' },
    ])
    expect(chosenParameters(['n', 'day'], inputs)).toEqual([{ name: 'n', type: 'FLOAT64', value: '1.5' }])
  })

  it('are dates once relative ones are resolved, and the default where nothing was typed', () => {
    const inputs = { day: { type: 'DATE', relative: 'today' }, n: { type: 'INT64', default: { value: 7 } } }
    expect(parametersOf(['day', 'n'], inputs, () => undefined, { day: '2026-03-01' })).toEqual([
      { name: 'day', type: 'DATE', value: '2026-03-01' },
      { name: 'n', type: 'INT64', value: '7' },
    ])
    expect(() => parametersOf(['day'], inputs, () => undefined)).toThrow('"today" is no date yet')
    expect(chosenParameters(['day', 'n'], inputs).map(({ name }) => name)).toEqual(['n'])
  })

  it('are choices as they were written: 7 is not "7"', () => {
    const inputs = { n: { type: 'INT64', choices: [7, 8], value: '7' } }
    expect(parametersOf(['n'], inputs, () => undefined)).toEqual([{ name: 'n', type: 'INT64', value: 7 }])
  })

  it('are NULL where nothing was typed, and read arrays as JSON', () => {
    const read = (type: string, value: string): unknown =>
      parametersOf(['p'], { p: { type, value } }, () => undefined)[0]?.value
    expect(read('INT64', '')).toBe(null)
    expect(read('ARRAY<STRING>', '')).toBe(null)
    expect(read('ARRAY<STRING>', '["a", null, "b"]')).toEqual(['a', null, 'b'])
    expect(read('ARRAY<BOOL>', '[true]')).toEqual(['true'])
    expect(read('ARRAY<INT64>', '["9007199254740993", 2]')).toEqual(['9007199254740993', '2'])
    expect(() => read('ARRAY<INT64>', '1, 2')).toThrow('@p: ARRAY<INT64> is written as JSON')
  })
})
