// Every attempt of escapes.ts, for every role that it names, on the road of the API.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Ask, createAsker, type Outcome } from './asker.ts'
import { derivedSecrets, type Escape, escapes } from './escapes.ts'
import { openPond, policies, type Pond, principals, secretNumbers, secretWord } from './pond.ts'

let pond: Pond
let ask: Ask

beforeAll(async () => {
  pond = await openPond()
  ask = createAsker(pond, policies)
})

afterAll(async () => {
  await pond.close()
})

/** What of an outcome a member may not have got. */
function leaks({ text }: Outcome, { sql, group }: Escape): string[] {
  const said = sql.toLowerCase()
  const values = [secretWord, ...secretNumbers, ...derivedSecrets]
  // Whoever may read a view may read its text, and what it names.
  const hidden = group.endsWith('made tables and views') ? [] : ['vault', 'plans', 'dead_letters']
  const names = [...hidden, '@region', pond.folder, 'root:', 'mp_seen', 'mp_filtered']
  const found = text.toLowerCase()
  return [
    ...values.filter((value) => found.includes(value) && !said.includes(value)),
    ...names.filter((name) => found.includes(name) && !said.includes(name)),
  ]
}

/** The compiler has one code for everything that is wrong with a text. */
function unknown({ dialect }: Escape): unknown[] {
  const text = expect.stringMatching(/not found/i)
  return dialect === 'duckdb' ? ['table-unknown', text] : ['query-invalid', text]
}

test('there are enough of them, and none twice', () => {
  expect(escapes.length).toBeGreaterThan(200)
  expect(new Set(escapes.map(({ sql, dialect }) => `${dialect} ${sql}`)).size).toBe(escapes.length)
})

const groups = [...new Set(escapes.map(({ group }) => group))]

describe.each(groups)('%s', (group) => {
  for (const escape of escapes.filter((one) => one.group === group)) {
    test(escape.sql, async () => {
      for (const role of escape.roles) {
        const outcome = await ask(principals[role], escape.dialect, escape.sql)
        const { code } = outcome
        if (escape.expected === 'refused') expect([role, code]).toEqual([role, expect.any(String)])
        if (escape.expected === 'unknown') expect([role, code, outcome.text]).toEqual([role, ...unknown(escape)])
        if (role !== 'admin') expect([role, leaks(outcome, escape), outcome.text]).toEqual([role, [], outcome.text])
        expect(code).not.toBe('bug')
      }
    })
  }
})

test('the same things are there for an administrator: the attempts would succeed if they could', async () => {
  const seen = async (sql: string): Promise<string> => (await ask(principals.admin, 'duckdb', sql)).text
  for (const table of [
    'web.orders',
    'web.tracks',
    'web.tracks_other',
    'web.signup',
    'web.identifies',
    'web.users',
    'vault.plans',
  ]) {
    expect(await seen(`SELECT * FROM ${table}`)).toContain(secretWord)
  }
  expect(await seen('SELECT CAST(email AS INT) FROM web.orders')).toContain(secretWord)
  expect(await seen('SELECT * FROM web.orders WHERE CAST(region AS INT) > 0')).toMatch(/EU|geheim/)
})
