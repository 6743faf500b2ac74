// Both languages are complete, hold the same values, and no word is there for nobody.
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import { expect, test } from 'vitest'

import type { Catalogue } from '../../src/portal/web/words/words.ts'

const web = resolve(import.meta.dirname, '../../src/portal/web')
const sources = globSync(`${web}/**/*.{ts,tsx}`)
const isCatalogue = (path: string): boolean =>
  /(?:^|-)words\.ts$/.test(path.split('/').at(-1) ?? '') && !path.includes('/words/')
const texts = sources
  .filter((path) => !isCatalogue(path))
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n')

const modules = await Promise.all(
  sources
    .filter(isCatalogue)
    .map(async (path) => (await import(pathToFileURL(path).href)) as Record<string, Catalogue>),
)
const words = modules.flatMap((module) => Object.values(module).flatMap((catalogue) => Object.entries(catalogue)))

test('both languages say everything, with the same values in it', () => {
  const valuesOf = (text: string): string => (text.match(/\{\w+\}/g) ?? []).sort().join()
  expect(words.length).toBeGreaterThan(100)
  expect(words.filter(([, [en, zh]]) => en === '' || zh === '' || valuesOf(en) !== valuesOf(zh))).toEqual([])
})

test('a key is one word, wherever it stands', () => {
  const keys = words.map(([key]) => key)
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([])
})

test('every word is used', () => {
  // `theme.${value}`: a key whose end is chosen while it runs.
  const chosen = [...texts.matchAll(/`([\w.-]+)\$\{/g)]
    .map((match) => match[1] ?? '')
    .filter((head) => head.includes('.'))
  const unused = words
    .map(([key]) => key)
    .filter((key) => !texts.includes(`'${key}'`) && !chosen.some((head) => key.startsWith(head)))
  expect(unused).toEqual([])
})
