// Which labels a job may have.
import { describe, expect, test } from 'vitest'

import { checkedLabels } from './labels.ts'

describe('keys', () => {
  test.each(['team', 'a-b_c-9', 'équipe', '標籤', 'x'.repeat(63)])('%s is one', (key) => {
    expect(checkedLabels([[key, null]])).toEqual({ [key]: '' })
  })

  test.each(['', 'Team', 'a"b', 'a b', '9a', '_a', 'a.b', "a'b", 'x'.repeat(64)])('%j is none', (key) => {
    expect(() => checkedLabels([[key, 'v']])).toThrow(/^Label key ".*" is invalid/)
  })
})

test.each(['V', 'a b', '"', 'x'.repeat(64)])('%j is no value', (value) => {
  expect(() => checkedLabels([['key', value]])).toThrow(/^Label value ".*" of key "key" is invalid/)
})

test('64 are allowed, no more', () => {
  const pairs = Array.from({ length: 65 }, (_, index) => [`k${index}`, ''] as const)
  expect(Object.keys(checkedLabels(pairs.slice(1)))).toHaveLength(64)
  expect(() => checkedLabels(pairs)).toThrow('A job has at most 64 labels')
})
