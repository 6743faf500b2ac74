// Whatever the parser takes gives SqlError or SQL that DuckDB can prepare: cases of test/sql, cut up and put together anew.
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { SqlError } from '../sql-error.ts'
import { readCaseFiles } from '../../../test/sql/case-file.ts'
import { type CompiledSql, openCompiledSql } from '../../../test/support/compiled-sql.ts'

const folder = new URL('../../../test/sql', import.meta.url).pathname
const corpus = readCaseFiles(folder)
  .flatMap(({ cases }) => cases.map(({ sql }) => sql))
  .filter((sql) => sql.length < 400)
  .map(tokens)
const pieces = corpus.flatMap(bracketed)

function tokens(sql: string): string[] {
  return sql.match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\w+|\s+|[^\w\s]/g) ?? []
}

/** Everything in brackets, short ones. */
function bracketed(list: readonly string[]): string[][] {
  const open: number[] = []
  const found: string[][] = []
  for (const [index, token] of list.entries()) {
    if (token === '(') open.push(index)
    const start = token === ')' ? open.pop() : undefined
    if (start !== undefined && index - start < 40) found.push(list.slice(start, index + 1))
  }
  return found
}

interface Change {
  readonly at: number
  readonly kind: 'drop' | 'name' | 'piece' | 'value'
  readonly pick: number
}

const names = ['event_id', 'user_id', 'name', 'ts', 'props', 'amount', 'n', 'day', 'tags', 'id', 'v', 'i', 'f', 's']

function changed(list: readonly string[], { at, kind, pick }: Change): string[] {
  const copy = [...list]
  const nth = (isWanted: (token: string) => boolean): number => {
    const places = copy.flatMap((token, index) => (isWanted(token) ? [index] : []))
    return places[at % Math.max(1, places.length)] ?? -1
  }
  const piece = pieces[pick % pieces.length] ?? []
  if (kind === 'drop') copy.splice(at % copy.length, 1)
  const index =
    kind === 'name'
      ? nth((token) => /^[a-z]\w*$/.test(token))
      : kind === 'piece'
        ? nth((token) => token === '(')
        : nth((token) => /^(\d+|NULL|'.*')$/.test(token))
  if (index < 0 || kind === 'drop') return copy
  if (kind === 'name') copy[index] = names[pick % names.length] ?? 'n'
  else if (kind === 'value') copy.splice(index, 1, ...piece)
  else copy.splice(index, closing(copy, index) - index + 1, ...piece)
  return copy
}

function closing(list: readonly string[], start: number): number {
  let depth = 0
  for (let index = start; index < list.length; index += 1) {
    if (list[index] === '(') depth += 1
    if (list[index] === ')') depth -= 1
    if (depth === 0) return index
  }
  return list.length - 1
}

const change = fc.record({
  at: fc.nat(10_000),
  kind: fc.constantFrom<Change['kind']>('drop', 'name', 'piece', 'value'),
  pick: fc.nat(1_000_000),
})

describe('any query', () => {
  let engine: CompiledSql

  beforeAll(async () => {
    engine = await openCompiledSql()
  })

  afterAll(() => {
    engine.stop()
  })

  it('is refused, or can be prepared', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(corpus.length - 1),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        async (which, changes) => {
          const sql = changes.reduce<readonly string[]>(changed, corpus[which] ?? []).join('')
          const compiled = attempt(sql, engine)
          if (compiled === undefined) return
          const trouble = await engine.prepare(compiled).then(
            () => '',
            (error: unknown) => String(error),
          )
          expect(/^Error: (Parser|Binder|Catalog) Error/.test(trouble) ? `${sql}\n${trouble}` : '').toBe('')
        },
      ),
      { numRuns: 3000 },
    )
  }, 120_000)

  it.each([
    ['calls', `SELECT ${'UPPER('.repeat(60)}name${')'.repeat(60)} FROM ds.users`],
    ['sums of floats', `SELECT ${Array.from({ length: 300 }, () => 'amount').join(' + ')} FROM ds.events`],
    ['casts', `SELECT ${'CAST(CAST('.repeat(15)}'1'${' AS INT64) AS STRING)'.repeat(15)}`],
    ['times', `SELECT ${'TIMESTAMP(STRING('.repeat(6)}ts${'))'.repeat(6)} FROM ds.events`],
    ['arrays', `SELECT ${'ARRAY_CONCAT([1], '.repeat(20)}[2]${')'.repeat(20)}`],
    ['queries', `SELECT * FROM ${'(SELECT * FROM '.repeat(40)}ds.events${')'.repeat(40)}`],
  ])('stays small however deep %s go', async (_what, sql) => {
    const compiled = engine.compile(sql).sql
    expect(compiled.length).toBeLessThan(50_000)
    await engine.prepare(compiled)
  })
})

function attempt(sql: string, engine: CompiledSql): string | undefined {
  try {
    return engine.compile(sql).sql
  } catch (error) {
    if (error instanceof SqlError) return undefined
    throw error
  }
}
