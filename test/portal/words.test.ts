// Both languages are complete, hold the same values, and no word is there for nobody.
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { expect, test } from 'vitest'

import { en } from '../../src/portal/web/words/en.ts'
import { zhHant } from '../../src/portal/web/words/zh-hant.ts'

const web = resolve(import.meta.dirname, '../../src/portal/web')
const texts = globSync(`${web}/**/*.{ts,tsx}`)
  .filter((path) => !path.includes('/words/'))
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n')

test('both languages have the same words with the same values in them', () => {
  expect(Object.keys(zhHant)).toEqual(Object.keys(en))
  const valuesOf = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort()
  const other = Object.entries(en).filter(([key, text]) => {
    const translated = zhHant[key as keyof typeof en]
    return translated === '' || valuesOf(translated).join() !== valuesOf(text).join()
  })
  expect(other).toEqual([])
})

test('every word is used', () => {
  // `theme.${value}`: a key whose end is chosen while it runs.
  const chosen = [...texts.matchAll(/`([\w.-]+)\$\{/g)]
    .map((match) => match[1] ?? '')
    .filter((head) => head.includes('.'))
  const unused = Object.keys(en).filter(
    (key) => !texts.includes(`'${key}'`) && !chosen.some((head) => key.startsWith(head)),
  )
  expect(unused).toEqual([])
})
