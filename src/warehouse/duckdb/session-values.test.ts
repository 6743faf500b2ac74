// Values of every type of the engine, as sessions give them out.
import { describe, expect, test } from 'vitest'

import { useSession } from '../../../test/support/duckdb-session.ts'
import type { EngineValue } from '../session.ts'

const rig = useSession()
const { rowsOf, valueOf, execute } = rig
const never = new AbortController().signal

describe('values', () => {
  const cases: readonly (readonly [string, EngineValue])[] = [
    ['true', true],
    ['-7::TINYINT', -7],
    ['300::USMALLINT', 300],
    ['4294967295::UINTEGER', 4_294_967_295],
    ['9007199254740993::BIGINT', 9_007_199_254_740_993n],
    ['18446744073709551615::UBIGINT', 2n ** 64n - 1n],
    ['(-170141183460469231731687303715884105727)::HUGEINT', -(2n ** 127n - 1n)],
    ['340282366920938463463374607431768211455::UHUGEINT', 2n ** 128n - 1n],
    ['1.5::FLOAT', 1.5],
    ["'NaN'::DOUBLE", NaN],
    ["'-Infinity'::DOUBLE", -Infinity],
    ['-0.05::DECIMAL(4,2)', '-0.05'],
    ['12345.6::DECIMAL(9,1)', '12345.6'],
    ['-1.10::DECIMAL(18,2)', '-1.10'],
    ['99999999999999999999999999999.999999999::DECIMAL(38,9)', '99999999999999999999999999999.999999999'],
    ['7::DECIMAL(5,0)', '7'],
    ["'short'", 'short'],
    [
      "'a text that is longer than twelve bytes: žluťoučký kůň 🐎'",
      'a text that is longer than twelve bytes: žluťoučký kůň 🐎',
    ],
    [`'{"a": 1}'::JSON`, '{"a": 1}'],
    ["'\\x00\\xFFabcdefghijklmnop'::BLOB", new Uint8Array([0, 255, ...Buffer.from('abcdefghijklmnop')])],
    ["DATE '1969-12-31'", -1],
    ["'infinity'::DATE", Infinity],
    ["'-infinity'::DATE", -Infinity],
    ["TIME '00:00:01.5'", 1_500_000n],
    ["TIMESTAMP '1970-01-02 00:00:00.000001'", 86_400_000_001n],
    ["TIMESTAMPTZ '1970-01-01 01:00:00+01'", 0n],
    ["'infinity'::TIMESTAMP", 2n ** 63n - 1n],
    ["'-infinity'::TIMESTAMPTZ", -(2n ** 63n - 1n)],
    ["'1970-01-01 00:00:02'::TIMESTAMP_S", 2_000_000n],
    ["'infinity'::TIMESTAMP_MS", 2n ** 63n - 1n],
    ["'1970-01-01 00:00:00.002'::TIMESTAMP_MS", 2000n],
    ['INTERVAL 14 MONTH + INTERVAL 3 DAY + INTERVAL 5 SECOND', { months: 14, days: 3, micros: 5_000_000n }],
    ["'8f14e45f-ceea-467a-9538-1c5a1f0c7a11'::UUID", '8f14e45f-ceea-467a-9538-1c5a1f0c7a11'],
    ['[1::BIGINT, NULL, 3]', [1n, null, 3n]],
    ['[]::BIGINT[]', []],
    [
      "[['a'], [], NULL, ['a text of more than twelve bytes', 'c']]",
      [['a'], [], null, ['a text of more than twelve bytes', 'c']],
    ],
    ['[1, 2, 3]::INTEGER[3]', [1, 2, 3]],
    ["{'a': 1, 'b': 'x', 'c': NULL}", [1, 'x', null]],
    ["[{'a': [1, 2]}, NULL]", [[[1, 2]], null]],
    [
      "MAP {'k': 1::BIGINT, 'l': NULL}",
      [
        ['k', 1n],
        ['l', null],
      ],
    ],
    ["'b'::ENUM('a', 'b')", 'b'],
    ["'101'::BIT", '101'],
    ["TIMETZ '01:02:03+01'", '01:02:03+01'],
    ['NULL', null],
    ['NULL::BIGINT[]', null],
  ]
  test.each(cases)('%s', async (sql, expected) => {
    expect(await valueOf(`SELECT ${sql} AS x`)).toEqual(expected)
    if (sql.endsWith('[3]')) return
    // Among others, and with NULL beside it.
    const rows = await rowsOf(`SELECT CASE WHEN i % 3 <> 0 THEN ${sql} END AS x FROM range(100) t(i) ORDER BY i`)
    expect(rows.map(([value]) => value)).toEqual(Array.from({ length: 100 }, (_, i) => (i % 3 === 0 ? null : expected)))
  })

  test('many texts of all lengths come as they are, from a table, from expressions and filtered', async () => {
    await execute(
      'CREATE TEMP TABLE texts AS SELECT i, repeat(chr((65 + i % 26)::INTEGER), (i % 40)::INTEGER) AS t FROM range(30000) r(i)',
    )
    const make = (i: number): string => String.fromCodePoint(65 + (i % 26)).repeat(i % 40)
    const expected = Array.from({ length: 30_000 }, (_, i) => make(i))
    const texts = async (sql: string): Promise<EngineValue[]> => (await rowsOf(sql)).map(([text]) => text ?? null)
    expect(await texts('SELECT t FROM texts ORDER BY i')).toEqual(expected)
    expect(await texts("SELECT t || '' FROM texts ORDER BY i DESC")).toEqual(expected.toReversed())
    const every = expected.filter((_, i) => i % 7 === 0)
    expect(await texts('SELECT t FROM texts WHERE i % 7 = 0 ORDER BY i')).toEqual(every)
    expect(await valueOf('SELECT list_filter(list(t ORDER BY i), x -> len(x) > 38) FROM texts')).toEqual(
      expected.filter((text) => text.length > 38),
    )
    const structs = await rowsOf(`SELECT {'t': t, 'l': list_filter([t, 'x'], y -> len(y) > 20)} FROM texts ORDER BY i`)
    expect(structs.map(([value]) => value)).toEqual(expected.map((t) => [t, t.length > 20 ? [t] : []]))
  })

  test('a column tells its type as a tree, JSON by its own name', async () => {
    const run = await rig.session.run(
      {
        sql: `SELECT '{}'::JSON AS j, ['{}'::JSON] AS k, {'a': 1.5, 'b': ['x']} AS s, 1::UTINYINT AS u, '1'::BIT AS o`,
      },
      never,
    )
    await run.close()
    expect(run.columns).toEqual([
      { name: 'j', type: { kind: 'JSON' } },
      { name: 'k', type: { kind: 'LIST', element: { kind: 'JSON' } } },
      {
        name: 's',
        type: {
          kind: 'STRUCT',
          fields: [
            { name: 'a', type: { kind: 'DECIMAL', width: 2, scale: 1 } },
            { name: 'b', type: { kind: 'LIST', element: { kind: 'VARCHAR' } } },
          ],
        },
      },
      { name: 'u', type: { kind: 'UTINYINT' } },
      { name: 'o', type: { kind: 'OTHER', name: 'BIT' } },
    ])
  })

  test('chunks with huge values come in pieces', async () => {
    const run = await rig.session.run({ sql: `SELECT i, repeat('x', 1000000) AS t FROM range(20) r(i)` }, never)
    const counts: number[] = []
    for await (const chunk of run.chunks) counts.push(chunk.rowCount)
    expect(Math.max(...counts)).toBeLessThan(6)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20)
  })
})
