import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { diffLines } from './line-diff.ts'

const told = (before: string, after: string): string =>
  diffLines(before, after)
    .map(({ kind, text }) => `${{ same: ' ', removed: '-', added: '+' }[kind]}${text}`)
    .join('\n')

test('what stays is shown once, what goes before what comes', () => {
  expect(told('SELECT a\nFROM t\nWHERE x', 'SELECT a, b\nFROM t\nWHERE x\nLIMIT 1')).toBe(
    '-SELECT a\n+SELECT a, b\n FROM t\n WHERE x\n+LIMIT 1',
  )
  expect(told('a\nb\nc', 'b\na\nc')).toBe('-a\n b\n+a\n c')
})

test('a diff holds both texts, and as few changes as can be', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 12 })
    .map((all) => all.join('\n'))
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffLines(before, after)
      const of = (other: string): string =>
        lines
          .filter(({ kind }) => kind === 'same' || kind === other)
          .map((line) => line.text)
          .join('\n')
      expect(of('removed')).toBe(before)
      expect(of('added')).toBe(after)
      expect(lines.filter(({ kind }) => kind === 'same').length).toBe(commonMax(before.split('\n'), after.split('\n')))
    }),
  )
})

/** The slow and plain way. */
function commonMax(one: readonly string[], other: readonly string[]): number {
  const [first, ...rest] = one
  if (first === undefined) return 0
  const place = other.indexOf(first)
  const without = commonMax(rest, other)
  return place < 0 ? without : Math.max(without, 1 + commonMax(rest, other.slice(place + 1)))
}

test('texts too long to compare are shown as written anew', () => {
  const lines = (name: string): string => Array.from({ length: 3_000 }, (_none, n) => `${name}${n}`).join('\n')
  const diff = diffLines(`same\n${lines('a')}\nend`, `same\n${lines('b')}\nend`)
  expect(diff.length).toBe(6_002)
  expect([diff[0]?.kind, diff[1]?.kind, diff[6_000]?.kind, diff[6_001]?.kind]).toEqual([
    'same',
    'removed',
    'added',
    'same',
  ])
})
