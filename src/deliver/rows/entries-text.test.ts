import { expect, test } from 'vitest'

import { encode, eventTime, Raw } from '../../../test/support/forward-body.ts'
import { entriesText } from './entries-text.ts'

const base64 = (...values: unknown[]) => Buffer.concat(values.map(encode)).toString('base64')

test.each([
  [
    'entries',
    base64([eventTime(1), { a: 2n ** 60n }], 7),
    '["1970-01-01T00:00:01.000000000Z",{"a":1152921504606846976}],7',
  ],
  ['a cut one', base64([1, { a: 1 }], [1, { a: 2 }]).slice(0, 12), '[1,{"a":1}]'],
  ['nothing that can be read', base64(new Raw('c1')), 'wQ=='],
  ['one that is cut at once', base64(['x'.repeat(100)]).slice(0, 16), base64(['x'.repeat(100)]).slice(0, 16)],
  ['what is deep', base64(new Raw(`${'91'.repeat(120)}c0`)), `${'['.repeat(120)}null${']'.repeat(120)}`],
  ['nothing', '', ''],
])('%s', (_, raw, expected) => {
  expect(entriesText(raw, 4096)).toBe(expected)
})

test('It is as long as was asked for', () => {
  expect(entriesText(base64({ a: 'x'.repeat(100) }), 10)).toBe('{"a":"xxxx')
})
