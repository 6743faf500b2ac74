import { expect, test } from 'vitest'

import { idsIn } from './ids-in.ts'

test.each<[string, string, string[]]>([
  ['lines', 'u1\nu2\n', ['u1', 'u2']],
  ['a table of Windows, with a head', 'user_id,name\r\nu1,One\r\n"u,2",Two\r\n', ['u1', 'u,2']],
  ['quotes in quotes, other separators, spaces', '"a ""b""";x\n  u1  \tx\n\n', ['a "b"', 'u1']],
  ['an id that is called as a head, further down', 'u1\nid', ['u1', 'id']],
  ['nothing', ' \n', []],
])('%s', (_name, text, ids) => {
  expect(idsIn(text)).toEqual(ids)
})
