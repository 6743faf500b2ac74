// What the printer writes is read as the same tree again.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { expressionSamples, querySamples, statementSamples } from '../../../test/support/googlesql-samples.ts'
import { SqlError } from '../sql-error.ts'
import { parseExpression, parseScript, parseType } from '../syntax/parser.ts'
import { printExpression, printType } from './print-expression.ts'
import { printScript } from './print-statement.ts'

/** A tree without its places. `isInBrackets` of joins is for printing only. */
function shape(value: unknown): unknown {
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(shape)
  const kept = Object.entries(value).filter(([key]) => key !== 'offset' && key !== 'end' && key !== 'isInBrackets')
  return Object.fromEntries(kept.map(([key, one]) => [key, shape(one)]))
}

describe('round trip', () => {
  it.each(expressionSamples)('%s', (text) => {
    const tree = parseExpression(text)
    const printed = printExpression(tree)
    expect(shape(parseExpression(printed))).toEqual(shape(tree))
  })

  it.each([...querySamples, ...statementSamples])('%s', (text) => {
    const tree = parseScript(text)
    const printed = printScript(tree)
    expect(shape(parseScript(printed))).toEqual(shape(tree))
    expect(printScript(parseScript(printed))).toBe(printed)
  })

  it('of expressions put together at random', () => {
    const leaf = fc.constantFrom(...expressionSamples)
    const { node } = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc
          .tuple(
            tie('node'),
            fc.constantFrom('+', '||', '=', 'AND', 'OR', '<<', 'LIKE', 'IS DISTINCT FROM', '-', '&'),
            tie('node'),
          )
          .map(([a, op, b]) => `(${a}) ${op} (${b})`),
        fc.tuple(fc.constantFrom('NOT', '-', '~', '+'), tie('node')).map(([op, a]) => `${op} (${a})`),
        tie('node').map((a) => `(${a}).f`),
        tie('node').map((a) => `(${a})[OFFSET(0)]`),
        tie('node').map((a) => `CAST((${a}) IN (1, (${a})) AS STRING)`),
        tie('node').map((a) => `(SELECT AS STRUCT (${a}), t.* FROM t WHERE (${a}) GROUP BY (${a}))`),
        tie('node').map((a) => `(${a}) BETWEEN (${a}) AND (${a})`),
        tie('node').map((a) => `INTERVAL (${a}) DAY`),
        tie('node').map((a) => `CASE (${a}) WHEN (${a}) THEN (${a}) END`),
      ),
    }))
    fc.assert(
      fc.property(node, (text) => {
        const tree = parseExpression(text)
        expect(shape(parseExpression(printExpression(tree)))).toEqual(shape(tree))
      }),
      { numRuns: 500 },
    )
  })

  it('of whatever the parser takes of changed samples', () => {
    const samples = [...querySamples, ...statementSamples]
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.nat(),
        fc.nat(12),
        fc.constantFrom(...samples),
        (sample, at, cut, other) => {
          const from = at % (sample.length + 1)
          const text = sample.slice(0, from) + other.slice(from, from + cut) + sample.slice(from + cut)
          let tree
          try {
            tree = parseScript(text)
          } catch (error) {
            if (error instanceof SqlError) return
            throw error
          }
          expect(shape(parseScript(printScript(tree)))).toEqual(shape(tree))
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('text', () => {
  it('quotes names that need it', () => {
    expect(printExpression(parseExpression('`a b`.`select`.c'))).toBe('`a b`.`select`.c')
    expect(printExpression(parseExpression("'a\\'b\\n'"))).toBe("'a\\'b\\n'")
  })

  it('writes brackets only where they are needed', () => {
    expect(printExpression(parseExpression('((a) + ((b) * c)) = (d)'))).toBe('a + b * c = d')
    expect(printExpression(parseExpression('(a + b) * c - (d - e)'))).toBe('(a + b) * c - (d - e)')
  })

  it('writes types', () => {
    expect(printType(parseType('array<struct<a int64,b string(10)>>'))).toBe('ARRAY<STRUCT<a INT64, b STRING(10)>>')
  })
})
