// How long the compiler takes for a statement: every query of test/sql, parsed and lowered, without running any.
//
//   node bench/query-compile.ts
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import { compileQuery } from '../src/sql/lower/compile.ts'
import { parseStatement } from '../src/sql/syntax/parser.ts'
import { readCaseFile } from '../test/sql/case-file.ts'
import { openCompiledSql } from '../test/support/compiled-sql.ts'

const rounds = 5
const folder = join(import.meta.dirname, '../test/sql')

interface Timing {
  readonly sql: string
  readonly parseMs: number
  readonly wholeMs: number
}

function queries(): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.test'))
  return names.flatMap((name) => readCaseFile(join(folder, name), name).cases.map(({ sql }) => sql))
}

/** The best of some rounds, so that the garbage collector counts for little; undefined: it does not compile. */
function timed(sql: string, compile: (statement: ReturnType<typeof parseStatement>) => void): Timing | undefined {
  let best: Timing | undefined
  for (let round = 0; round < rounds; round += 1) {
    try {
      const start = performance.now()
      const statement = parseStatement(sql)
      const parsed = performance.now()
      compile(statement)
      const wholeMs = performance.now() - start
      if (best === undefined || wholeMs < best.wholeMs) best = { sql, parseMs: parsed - start, wholeMs }
    } catch {
      return undefined
    }
  }
  return best
}

function percentile(sorted: readonly number[], part: number): number {
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 1000) / 1000
}

const engine = await openCompiledSql([])
const timings = queries().flatMap(
  (sql) =>
    timed(sql, (statement) => {
      if (statement.kind === 'query-statement')
        compileQuery(statement.query, { catalog: engine.catalog, sessionUser: 'owner' })
    }) ?? [],
)
engine.stop()
const whole = timings.map(({ wholeMs }) => wholeMs).toSorted((a, b) => a - b)
const sum = (pick: (one: Timing) => number): number => timings.reduce((total, one) => total + pick(one), 0)
const slowest = timings.toSorted((a, b) => b.wholeMs - a.wholeMs).slice(0, 5)
console.log({
  bench: 'query-compile',
  statements: timings.length,
  p50Ms: percentile(whole, 0.5),
  p99Ms: percentile(whole, 0.99),
  maxMs: percentile(whole, 1),
  parseShare: Math.round((sum(({ parseMs }) => parseMs) / sum(({ wholeMs }) => wholeMs)) * 100) / 100,
  slowest: slowest.map(({ sql, wholeMs }) => `${percentile([wholeMs], 0)} ms ${sql.slice(0, 100)}`),
})
