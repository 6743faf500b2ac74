// The attempts of escapes.ts, cut up and put together again by chance: no secret comes out, nothing crashes, nothing hangs.
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { type Ask, createAsker } from './asker.ts'
import { derivedSecrets, escapes } from './escapes.ts'
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

/** Without words that are secrets themselves: what one says, one may hear. */
const corpus = escapes.map(({ sql }) => sql).filter((sql) => !sql.includes(secretWord))
const words = corpus.map((sql) => sql.match(/\w+|\s+|'[^']*'|"[^"]*"|`[^`]*`|./gs) ?? [])

const statement = fc
  .tuple(
    fc.constantFrom(...words),
    fc.constantFrom(...words),
    fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(4)), { maxLength: 3 }),
  )
  .map(([one, other, edits]) => {
    const mixed = [...one]
    for (const [at, from, length] of edits) {
      const start = from % other.length
      mixed.splice(at % mixed.length, length, ...other.slice(start, start + 1 + length))
    }
    return mixed.join('')
  })

test('no mixture of attempts shows a secret or is a fault of ours', async () => {
  await fc.assert(
    fc.asyncProperty(statement, fc.constantFrom('duckdb' as const, 'googlesql' as const), async (sql, dialect) => {
      const { code, text } = await ask(principals.ana, dialect, sql)
      expect(code).not.toBe('bug')
      const shown = [secretWord, ...secretNumbers, ...derivedSecrets].filter((secret) => text.includes(secret))
      expect([sql, shown]).toEqual([sql, []])
    }),
    { numRuns: 400 },
  )
}, 120_000)
