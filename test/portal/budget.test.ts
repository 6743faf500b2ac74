// What a browser has to load before it shows something. More is a decision: change the budget in the same commit, with the reason.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { expect, test } from 'vitest'

const built = resolve(import.meta.dirname, '../../dist/web')

interface Chunk {
  readonly file: string
  readonly imports?: readonly string[]
  readonly css?: readonly string[]
}
const manifest = JSON.parse(readFileSync(join(built, '.vite/manifest.json'), 'utf8')) as Record<string, Chunk>

/** With all that they import, each file once. */
function filesOf(names: readonly string[], kind: (chunk: Chunk) => readonly string[]): Set<string> {
  const seen = new Set<string>()
  function visit(name: string): void {
    const chunk = manifest[name]
    if (chunk === undefined || seen.has(name)) return
    seen.add(name)
    chunk.imports?.forEach(visit)
  }
  names.forEach(visit)
  return new Set([...seen].flatMap((name) => kind(manifest[name] ?? { file: '' })))
}

function kibibytes(files: Set<string>): number {
  const bytes = [...files].reduce((sum, file) => sum + readFileSync(join(built, `${file}.gz`)).length, 0)
  return bytes / 1024
}

test.each([
  ['the shell', ['index.html'], 110],
  ['Explore', ['index.html', 'explore/explore-page.tsx'], 120],
  ['a person', ['index.html', 'people/person-page.tsx'], 150],
  ['a dashboard', ['index.html', 'dashboards/dashboard-page.tsx'], 140],
  ['the SQL page', ['index.html', 'sql/sql-page.tsx'], 300],
])('%s takes no more gzipped script than its budget', (_name, pages, budget) => {
  expect(pages.filter((page) => manifest[page] === undefined)).toEqual([])
  const size = kibibytes(filesOf(pages, ({ file }) => [file]))
  expect(size).toBeGreaterThan(50)
  expect(size).toBeLessThan(budget)
})

test('the styles of all pages take no more than 8 KiB', () => {
  expect(kibibytes(filesOf(Object.keys(manifest), ({ css = [] }) => css))).toBeLessThan(8)
})
