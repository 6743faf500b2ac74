import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { isNestedDeeperThan, withoutBareWords } from './json-text.ts'

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

test('the depth of any JSON is found without parsing it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const text = JSON.stringify(value)
      const depth = depthOf(value)
      expect(isNestedDeeperThan(text, depth)).toBe(false)
      if (depth > 0) expect(isNestedDeeperThan(text, depth - 1)).toBe(true)
    }),
  )
})

test.each([
  ['[[["[[[\\"[[["]]]', false],
  ['"[[[[[[[', false],
  ['{"a":{"b":{"c":{', true],
  ['][[[]]]', false],
  ['"\\', false],
])('what is no JSON is counted as well: %s', (text, isDeep) => {
  expect(isNestedDeeperThan(text, 3)).toBe(isDeep)
})

test('bare words become null, and strings that say them stay', () => {
  expect(withoutBareWords('{"a":[NaN,-Infinity,{"b":Infinity}],"NaN":"NaN, \\"Infinity"}')).toBe(
    '{"a":[null,null,{"b":null}],"NaN":"NaN, \\"Infinity"}',
  )
  expect(withoutBareWords('{"a":"NaN"}')).toBeUndefined()
  expect(withoutBareWords('{"a":1}')).toBeUndefined()
  const word = fc.constantFrom('NaN', 'Infinity', '-Infinity')
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.jsonValue().map((value) => ({ value })),
          word,
        ),
      ),
      (items) => {
        const texts = items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)))
        const text = `[${texts.join(',')}]`
        expect(JSON.parse(withoutBareWords(text) ?? text)).toEqual(
          items.map((item) => (typeof item === 'string' ? null : (JSON.parse(JSON.stringify(item)) as unknown))),
        )
      },
    ),
  )
})
