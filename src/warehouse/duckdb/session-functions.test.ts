// Macros, built-in JavaScript and JavaScript of people, as sessions call them.
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { useSession } from '../../../test/support/duckdb-session.ts'
import { systemClock } from '../../core/clock.ts'
import { createLog, type Log } from '../../core/log.ts'
import type { WarehouseSettings } from '../../core/settings.ts'
import { openDuckdbWarehouse } from './duckdb.ts'

const rig = useSession()
const { rowsOf, valueOf } = rig

describe('helpers', () => {
  test('macros and built-in JavaScript are there for everybody', async () => {
    expect(
      await rowsOf(`SELECT memory.bq.twice(4), bq_js_sum(2, 3), bq_js_sum(NULL, 3), bq_js_half(7), bq_js_half(NULL)`),
    ).toEqual([[8, 5n, null, '0.500000000', null]])
    expect(await valueOf(`SELECT bq_js_echo(1.5, '\\xFF'::BLOB, ['a', 'b'])`)).toBe('1.500000000 ff a+b')
  })

  test('what one throws is the error of the statement, in its own words', async () => {
    await expect(rowsOf('SELECT bq_js_half(-x::DECIMAL(38,9)) FROM range(3) r(x)')).rejects.toMatchObject({
      code: 'query-invalid',
      message: 'negative: no half',
    })
    await expect(rowsOf(`SELECT error('division by zero')`)).rejects.toMatchObject({ message: 'division by zero' })
  })
})

test('every macro of GoogleSQL can be made', async () => {
  const logged: object[] = []
  const log = { ...createLog('silent'), error: (told: object) => logged.push(told) } as unknown as Log
  const settings = { threads: 1, memoryBytesMax: 256 * 1024 ** 2 } as WarehouseSettings
  const other = await openDuckdbWarehouse({ folder: join(rig.folder, 'macros'), settings, clock: systemClock, log })
  await other.stop()
  expect(logged).toEqual([])
})

describe('functions of people', () => {
  const define = (id: string, body: string, on = rig.session): void => {
    on.putFunction({ id, parameterNames: ['a', 'b'], body })
  }

  test('get JSON and give JSON, and belong to one session', async () => {
    define('f', 'return { sum: a + b, big: 2n ** 70n, nan: NaN }')
    expect(await valueOf(`SELECT memory.bq.js('f', '[1, 2]')`)).toBe(
      '{"sum":3,"big":"1180591620717411303424","nan":"NaN"}',
    )
    define('f', 'return')
    expect(await valueOf(`SELECT memory.bq.js('f', '[1, 2]')`)).toBe(null)
    const other = await rig.driver.openSession({ semantics: 'plain' })
    define('f', 'return "other"', other)
    const sql = `SELECT DISTINCT memory.bq.js('f', '[' || i || ', 2]') FROM range(5000) r(i)`
    expect(await rowsOf(sql, undefined, other)).toEqual([['"other"']])
    expect(await rowsOf(sql)).toEqual([[null]])
    await expect(rowsOf(`SELECT memory.bq.js('g', '[]')`)).rejects.toMatchObject({ code: 'query-invalid' })
    await other.close()
  })

  const bad: readonly (readonly [string, string, RegExp])[] = [
    ['throws', 'throw new TypeError("no " + a)', /TypeError: no 1/],
    ['is no JavaScript', 'return (', /SyntaxError/],
    ['never ends', 'for (;;) {}', /jsUdfTimeMsMax/],
    ['never ends within the engine', 'return /^(a+)+$/.test("a".repeat(60) + "b")', /jsUdfTimeMsMax/],
    ['fills the memory', 'const l = []; for (;;) l.push(new Uint8Array(1000000))', /memory/i],
    ['recurses for ever', 'const f = () => f() + 1; return f()', /stack|recursion/i],
    ['looks for the host', 'return process.pid', /process.*not defined/],
    ['loads a module', 'return require("fs")', /require.*not defined/],
    ['leaves its brackets', '}); globalThis.x = 1; (function () {', /./],
  ]
  test.each(bad)('one that %s is told', async (_, body, message) => {
    define('bad', body)
    const sql = `SELECT memory.bq.js('bad', '[1, 2]')`
    const told = rowsOf(sql)
    if (body.startsWith('})')) await told.catch(() => undefined)
    else await expect(told).rejects.toMatchObject({ code: 'query-invalid', message })
    define('good', 'return a')
    expect(await valueOf(`SELECT memory.bq.js('good', '[1, 2]')`)).toBe('1')
  })

  test('are called only so often in one statement', async () => {
    define('f', 'return a')
    await expect(rowsOf(`SELECT memory.bq.js('f', '[1]') FROM range(200000)`)).rejects.toMatchObject({
      message: /jsUdfRowsMax/,
    })
    expect(await valueOf(`SELECT count(memory.bq.js('f', '[1]')) FROM range(100000)`)).toBe(100_000n)
  })

  test('call each other, in filters and in lists, and every row gets its own answer', async () => {
    define('double', 'return a * 2')
    define('next', 'return a + 1')
    const both = `memory.bq.js('next', '[' || memory.bq.js('double', '[' || i || ']') || ']')`
    const rows = await rowsOf(`SELECT i, ${both} FROM range(5000) r(i) WHERE ${both} <> '9' ORDER BY i`)
    expect(rows).toHaveLength(4999)
    expect(rows.every(([i, answer]) => answer === String(Number(i) * 2 + 1))).toBe(true)
    const list = `list_transform(range(3000), lambda x: memory.bq.js('next', '[' || x || ']')::BIGINT)`
    expect(await rowsOf(`SELECT list_sum(${list}) FROM range(2)`)).toEqual([[4_501_500n], [4_501_500n]])
    const alike = `(SELECT 1 AS id, 2 AS arguments, 3 AS ticket, 4 AS wait)`
    const sum = `id || ',' || arguments + ticket + wait`
    expect(
      await rowsOf(`SELECT memory.bq.js('double', '[' || ticket || ',' || wait || ']'),
      memory.bq.js('next', '[' || ${sum} || ']'), list_transform([7], lambda ticket: memory.bq.js('next', '[' || ticket || ']'))
      FROM ${alike}`),
    ).toEqual([['6', '2', ['8']]])
  })

  test('one that never ends holds up nobody else', async () => {
    define('bad', 'for (;;) {}')
    const other = await rig.driver.openSession({ semantics: 'plain' })
    let isOver = false
    const slow = rowsOf(`SELECT memory.bq.js('bad', '[]') FROM range(10000)`).finally(() => {
      isOver = true
    })
    const refused = expect(slow).rejects.toMatchObject({ message: /jsUdfTimeMsMax/ })
    let answered = 0
    for (; !isOver; answered += 1) await rowsOf('SELECT 1', undefined, other)
    await refused
    await other.close()
    expect(answered).toBeGreaterThan(10)
  })

  test('one that never ends is cancelled at once, and the next begins anew', async () => {
    define('bad', 'for (;;) {}')
    const stop = new AbortController()
    const slow = rig.session.execute({ sql: `CREATE TEMP TABLE t AS SELECT memory.bq.js('bad', '[]')` }, stop.signal)
    // What is asked elsewhere goes on meanwhile.
    const other = await rig.driver.openSession({ semantics: 'plain' })
    await rowsOf('SELECT 1', undefined, other)
    await other.close()
    stop.abort()
    await expect(slow).rejects.toMatchObject({ code: 'query-cancelled' })
    define('good', 'return a')
    expect(await valueOf(`SELECT memory.bq.js('good', '[1]')`)).toBe('1')
  })
})
