import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { withoutBareWords } from '../../core/json-text.ts'
import { isDeeperThan, judge } from './parse.ts'

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8')

describe('judge', () => {
  test('agrees with JSON.parse on any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
        let value: unknown
        try {
          value = JSON.parse(Buffer.from(text).toString())
        } catch {
          // Not JSON: the value stays undefined, which is what the comparison below needs.
        }
        const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
        fc.pre(!/NaN|Infinity|^\ufeff/.test(text))
        expect(judge(bytes(text), 'track').kind).toBe(isObject ? 'readable' : 'unreadable')
      }),
      { numRuns: 500 },
    )
  })

  test('counts what a batch holds and keeps its bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 20 }), (batch) => {
        const body = bytes(JSON.stringify({ batch }))
        const judgement = judge(body, 'batch')
        expect(judgement).toMatchObject({ kind: 'readable', count: batch.length, repaired: false })
        expect(judgement.kind === 'readable' && body.equals(judgement.body)).toBe(true)
      }),
    )
  })

  test('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom('batch' as const, 'track' as const),
        (body, call) => {
          expect(['readable', 'unreadable']).toContain(judge(body, call).kind)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('reads the first event only if it is an object', () => {
    expect(judge(bytes('{"batch":[{"a":1}]}'), 'batch')).toMatchObject({ first: { a: 1 } })
    for (const first of ['1', 'null', '[]', '"x"']) {
      expect(judge(bytes(`{"batch":[${first}]}`), 'batch')).toMatchObject({ kind: 'readable', first: undefined })
    }
  })

  test('says what is wrong in plain ASCII', () => {
    const judgement = judge(bytes('{"é": ü}'), 'track')
    expect(judgement).toMatchObject({
      kind: 'unreadable',
      message: expect.stringMatching(/^The body is not JSON: [ -~]+$/),
    })
  })
})

describe('withoutBareWords', () => {
  test.each([
    { text: '{"a":NaN}', result: '{"a":null}' },
    { text: '[Infinity,-Infinity,NaN]', result: '[null,null,null]' },
    { text: '{"NaN":"-Infinity \\" NaN","b":NaN}', result: '{"NaN":"-Infinity \\" NaN","b":null}' },
    { text: '{"a":"NaN"}', result: undefined },
    { text: '{"a":1}', result: undefined },
    { text: '{"a":"NaN', result: undefined },
  ])('$text', ({ text, result }) => {
    expect(withoutBareWords(text)).toBe(result)
  })

  test('what Python writes of any value reads as the value with null for what is no number', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('NaN', 'Infinity', '-Infinity'), (value, odd) => {
        const python = `{"value":${JSON.stringify(value)},"odd":[${odd},${odd}]}`
        expect(JSON.parse(withoutBareWords(python) ?? '')).toEqual({
          value: JSON.parse(JSON.stringify(value)),
          odd: [null, null],
        })
      }),
    )
  })
})

test('isDeeperThan counts brackets outside of strings', () => {
  expect(isDeeperThan(bytes('[[[]]]'), 3)).toBe(false)
  expect(isDeeperThan(bytes('[[[[]]]]'), 3)).toBe(true)
  expect(isDeeperThan(bytes('[[["[[[\\"[[["]]]'), 3)).toBe(false)
  expect(isDeeperThan(bytes('{"a":{"b":{"c":{'), 3)).toBe(true)
  expect(isDeeperThan(bytes('"[[[[[[['), 3)).toBe(false)
})
