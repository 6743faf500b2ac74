import { expect, test } from 'vitest'

import { TagRoutes } from './routes.ts'

test.each([
  ['inference.**', 'inference', true],
  ['inference.**', 'inference.cat.v2', true],
  ['inference.**', 'inferences', false],
  ['inference.*', 'inference.cat', true],
  ['inference.*', 'inference', false],
  ['inference.*', 'inference.cat.v2', false],
  ['*', 'a', true],
  ['*', 'a.b', false],
  ['**', '', true],
  ['**', 'a.b.c', true],
  ['**.ai', 'ai', true],
  ['**.ai', 'eu.prod.ai', true],
  ['**.ai', 'eu.ai.prod', false],
  ['a.**.z', 'a.z', true],
  ['a.**.z', 'a.b.c.z', true],
  ['a.**.z', 'a.b.c', false],
  ['a.**.b.**.c', 'a.x.b.y.b.c', true],
  ['app-*.x', 'app-1.x', true],
  ['app-*.x', 'app.x', false],
  ['a*c*e', 'abcde', true],
  ['a*c*e', 'abde', false],
  ['a.b', 'a.b', true],
  ['a.b', 'a+b', false],
])('%s and the tag %s: %s', (pattern, tag, isInference) => {
  const { name } = new TagRoutes([`${pattern}=ai.inferences`]).tableOf(tag)
  expect(name).toBe(isInference ? 'ai.inferences' : 'logs.entries')
})

test('The first rule that fits decides', () => {
  const routes = new TagRoutes(['inference.debug.**=logs.entries', 'inference.**=ai.inferences', '**=logs.entries'])
  expect(['inference.debug.a', 'inference.a', 'x'].map((tag) => routes.tableOf(tag).name)).toEqual([
    'logs.entries',
    'ai.inferences',
    'logs.entries',
  ])
})

test('A tag made to confuse takes no longer than pattern times tag', () => {
  const routes = new TagRoutes([`${'**.a.'.repeat(20)}b=ai.inferences`, `${'*a'.repeat(20)}b=ai.inferences`])
  const startMs = performance.now()
  expect(routes.tableOf('a.'.repeat(20_000)).name).toBe('logs.entries')
  expect(routes.tableOf('a'.repeat(40_000)).name).toBe('logs.entries')
  expect(performance.now() - startMs).toBeLessThan(1000)
})

test('Any number of tags is remembered in a bounded memory', () => {
  const routes = new TagRoutes(['t.*=ai.inferences'])
  for (let n = 0; n < 5000; n++) expect(routes.tableOf(`t.${n}`).name).toBe('ai.inferences')
})
