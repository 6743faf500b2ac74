import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { jsonLengthMax, prettyJson } from './pretty-json.ts'

test('JSON gets lines and indents, and loses neither digits nor doubled keys', () => {
  expect(prettyJson('{"a":9007199254740993,"a":[],"b":[1,{"c":"x, y"}],"d":{}}')).toBe(
    '{\n  "a": 9007199254740993,\n  "a": [],\n  "b": [\n    1,\n    {\n      "c": "x, y"\n    }\n  ],\n  "d": {}\n}',
  )
})

test('what is no JSON, cut, very long or very deep is shown as well as it can be', () => {
  expect(prettyJson('{"a":')).toBe('{"a":')
  expect(prettyJson(`"${'x'.repeat(jsonLengthMax)}"`).length).toBe(jsonLengthMax + 1)
  expect(prettyJson('['.repeat(5000) + ']'.repeat(5000)).length).toBeLessThan(1_000_000)
})

test('any JSON says the same as before', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value)
      expect(JSON.stringify(JSON.parse(prettyJson(text)))).toBe(text)
    }),
  )
})
