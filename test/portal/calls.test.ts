// The client of the pages: its calls are routes that there are, what is asked and answered is what the routes say, and a wrong call
// doesn't compile.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, expectTypeOf, test } from 'vitest'

import { type ApiDeps, buildApi } from '../../src/portal/api/api.ts'
import type { ParameterFormAsked, RetypeAsked, SourceAnswer, SourceAsked } from '../../src/portal/api/answers.ts'
import type { Asked, Calls } from '../../src/portal/api/calls.ts'
import type { Says } from '../../src/portal/api/says.ts'
import { addressOf } from '../../src/portal/web/asking/call.ts'

const said = new Map<string, Says | undefined>()
const app = buildApi('public', { bigquery: {} } as ApiDeps, (method, url, says) => said.set(`${method} ${url}`, says))
void app.close()

const text = readFileSync(join(import.meta.dirname, '../../src/portal/api/calls.ts'), 'utf8')
const names = [...text.matchAll(/^ {2}'([A-Z]+ \/api\/[^']+)'/gm)].map(([, name = '']) => name)

test('every call is a route of the public door', () => {
  expect(names.length).toBeGreaterThan(10)
  expect(names.filter((name) => !said.has(name))).toEqual([])
})

describe('what pages ask is taken by the schemas of the routes', () => {
  test.each([
    ['POST /api/sources', { source: 'web', platform: 'server' } satisfies SourceAsked],
    ['POST /api/maintenance/retype', { dataset: 'web', table: 'a', column: 'b', type: 'float' } satisfies RetypeAsked],
    [
      'POST /api/query/parameters',
      {
        parameters: [{ name: 'city', type: 'STRING', choicesSql: 'SELECT 1', default: { value: 'Taipei' } }],
        zone: 'Asia/Taipei',
        values: { city: { relative: 'today' } },
      } satisfies ParameterFormAsked,
    ],
    [
      'POST /api/query',
      { sql: 'SELECT 1', dialect: 'duckdb', dryRun: true } satisfies Calls['POST /api/query']['body'],
    ],
  ])('%s', (name, body) => {
    expect(said.get(name)?.body?.safeParse(body).success).toBe(true)
    expect(said.get(name)?.body?.safeParse({ ...body, more: 1 }).success).toBe(false)
  })
})

test('the parts of an address are known to the compiler, and nothing else is taken', () => {
  expectTypeOf<Asked<'POST /api/sources/:source/rotate'>['params']>().toEqualTypeOf<
    Readonly<Record<'source', string>>
  >()
  expectTypeOf<Asked<'POST /api/sources'>['body']>().toEqualTypeOf<SourceAsked>()
  expectTypeOf<Calls['POST /api/sources']['answer']>().toEqualTypeOf<SourceAnswer>()
  expectTypeOf<Asked<'GET /api/me'>>().not.toHaveProperty('params')
  expectTypeOf<Asked<'GET /api/me'>>().not.toHaveProperty('body')
  // @ts-expect-error A source has no such platform.
  const wrong: Asked<'POST /api/sources'> = { body: { source: 'web', platform: 'toaster' } }
  expect(wrong.body.source).toBe('web')
})

test('values in an address are one part of it, whatever they hold', () => {
  expect(addressOf('POST /api/sources/:source/rotate', { params: { source: 'a/../b?c' } })).toBe(
    '/api/sources/a%2F..%2Fb%3Fc/rotate',
  )
  expect(addressOf('GET /api/dead-letters', { query: { limit: 20, source: undefined } })).toBe(
    '/api/dead-letters?limit=20',
  )
})
