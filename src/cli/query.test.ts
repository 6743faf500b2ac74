import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { parseLines } from './admin-client.ts'
import { csvCell, tellApart } from './query.ts'

test.each([
  [null, ''],
  ['', '""'],
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', '"two\nlines"'],
  [12.5, '12.5'],
  [true, 'true'],
  [{ a: 1 }, '"{""a"":1}"'],
])('the CSV cell of %j is %s', (value, cell) => {
  expect(csvCell(value)).toBe(cell)
})

test('columns of one name are told apart, whatever names there are', () => {
  expect(tellApart(['a', 'a', 'a_2', 'a'])).toEqual(['a', 'a_2', 'a_2_2', 'a_3'])
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'a_2', 'a_2_2', '__proto__', 'b')), (names) => {
      expect(new Set(tellApart(names)).size).toBe(names.length)
    }),
  )
})

test('lines are found wherever the network cuts them, also inside a letter', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.json()),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      async (lines, sizes) => {
        const values: unknown[] = lines.map((line) => JSON.parse(line))
        const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''))
        async function* chunks(): AsyncGenerator<Uint8Array> {
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1
            yield bytes.subarray(at, at + size)
            at += size
          }
        }
        const found: unknown[] = []
        for await (const line of parseLines(chunks())) found.push(line)
        expect(found).toEqual(values)
      },
    ),
  )
})

test('a last line without a newline counts, and one that is not JSON is an error', async () => {
  async function collect(text: string): Promise<unknown[]> {
    const found: unknown[] = []
    async function* once(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(text)
    }
    for await (const line of parseLines(once())) found.push(line)
    return found
  }
  expect(await collect('{"a":1}\n\n{"b":2}')).toEqual([{ a: 1 }, { b: 2 }])
  await expect(collect('{"a":')).rejects.toMatchObject({ code: 'bug' })
})
