import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { batchSpans } from './spans.ts'

function slices(text: string): string[] | undefined {
  const body = Buffer.from(text)
  return batchSpans(body)?.map(({ start, end }) => body.subarray(start, end).toString())
}

test.each([
  ['{"batch":[{"a":1} , {"b":"]}"},7,"x\\"y",null ]}', ['{"a":1}', '{"b":"]}"}', '7', '"x\\"y"', 'null']],
  [' { "x" : [1,{"batch":[9]}] , "batch" : [ ] , "z" : 1 } ', []],
  ['{"batch":[1],"batch":[2,3]}', ['2', '3']],
  ['{"b\\u0061tch":[1]}', ['1']],
  ['{"batch":{"a":1}}', undefined],
  ['{"other":[1]}', undefined],
  ['[1]', undefined],
  ['{}', undefined],
  ['{"a\\q":1,"batch":[1]}', undefined],
  ['{"batch":[1],"a\\', ['1']],
])('%s', (text, expected) => {
  expect(slices(text)).toEqual(expected)
})

test('Every batch is cut where JSON.parse sees its events', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.jsonValue(), fc.constantFrom(0, 1, 3), (batch, other, indent) => {
      const text = JSON.stringify({ other, batch, last: other }, null, indent)
      expect(slices(text)?.map((slice) => JSON.parse(slice) as unknown)).toEqual(
        (JSON.parse(text) as { batch: unknown[] }).batch,
      )
    }),
  )
})
