import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { stateOf, withClient } from './postgres/client.ts'
import { fillRealCompany } from './postgres/company.ts'
import { openRealRig, type Rig } from './postgres/rig.ts'
import type { RealRoad } from './postgres/real-road.ts'

let rig: Rig<RealRoad>

beforeAll(async () => {
  rig = await openRealRig()
  await fillRealCompany(rig.road)
})

afterAll(async () => {
  await rig.stop()
})

async function connected<Result>(
  work: (client: pg.Client) => Promise<Result>,
  config: pg.ClientConfig = {},
): Promise<Result> {
  return withClient({ connectionString: rig.url(), ...config }, work)
}

const asText = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig

describe('values', () => {
  it('come as Postgres writes them', async () => {
    const { rows } = await connected(async (client) =>
      client.query({ text: 'SELECT * FROM web.tracks ORDER BY id', types: asText, rowMode: 'array' }),
    )
    expect(rows).toEqual([
      [
        '1',
        'one',
        '1.500000000',
        '2026-03-01 10:00:00.25+00',
        '2026-03-01',
        '{a,"b c",NULL}',
        '{"k":1}',
        't',
        '0.1',
        '\\x00ff',
        '2026-03-01 10:00:00',
        '10:00:01.5',
        '1 mon 2 days 03:04:05',
      ],
      [
        '2',
        null,
        '-0.000000001',
        '1969-12-31 23:59:59.999999+00',
        '0044-03-15 BC',
        '{}',
        'null',
        'f',
        'Infinity',
        '\\x',
        '1999-01-01 00:00:00',
        '00:00:00',
        '-1 days',
      ],
      [
        '3',
        'three \'quoted\', "x"',
        '12345678901234567890.123456789',
        'infinity',
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
      ],
    ])
  })

  it('have the oids and modifiers of their types', async () => {
    const { fields } = await connected(async (client) =>
      client.query(`SELECT true, 1::tinyint, 2::smallint, 3, 4::bigint, 5::hugeint, 1.5::decimal(10,2), 1.5::float, 1.5::double, 'x', 'x'::blob,
        date '2026-01-01', time '10:00', timestamp '2026-01-01', timestamptz '2026-01-01', interval 1 day, uuid(), '{}'::json,
        [1], ['a'], {'a': 1}, map {'k': 1}, [[1]], 1::utinyint, 1::uinteger, 1::ubigint, NULL, [1.5]`),
    )
    expect(fields.map(({ dataTypeID, dataTypeModifier }) => [dataTypeID, dataTypeModifier])).toEqual([
      [16, -1],
      [21, -1],
      [21, -1],
      [23, -1],
      [20, -1],
      [1700, (39 << 16) + 4],
      [1700, (10 << 16) + 2 + 4],
      [700, -1],
      [701, -1],
      [25, -1],
      [17, -1],
      [1082, -1],
      [1083, -1],
      [1114, -1],
      [1184, -1],
      [1186, -1],
      [2950, -1],
      [114, -1],
      [1007, -1],
      [1009, -1],
      [114, -1],
      [114, -1],
      [114, -1],
      [21, -1],
      [20, -1],
      [1700, (20 << 16) + 4],
      [23, -1],
      [1231, (2 << 16) + 1 + 4],
    ])
  })

  it('nest as JSON without losing a digit', async () => {
    const { rows } = await connected(async (client) =>
      client.query({
        text: `SELECT {'a': 9007199254740993, 'b': [1.10::decimal(5,2), NULL], 'c': timestamp '2026-01-01 10:00:00', 'd': 'x"y', 'e': 'NaN'::double},
          map {'k': {'n': true}}, [['a'], []]`,
        types: asText,
        rowMode: 'array',
      }),
    )
    expect(rows).toEqual([
      [
        '{"a":9007199254740993,"b":[1.10,null],"c":"2026-01-01T10:00:00","d":"x\\"y","e":"NaN"}',
        '{"k":{"n":true}}',
        '[["a"],[]]',
      ],
    ])
  })

  it('come in binary too, and mean the same', async () => {
    const sql = `SELECT 7::smallint, 8, 9::bigint, 1.5::double, true, 'abc', date '2026-03-01', timestamptz '2026-03-01 10:00:00+00'`
    const [text, binary] = await connected(async (client) => [
      await client.query({ text: sql, rowMode: 'array' }),
      await client.query({ text: sql, rowMode: 'array', binary: true } as pg.QueryArrayConfig),
    ])
    expect(binary.rows[0]?.slice(0, 6)).toEqual(text.rows[0]?.slice(0, 6))
    expect(binary.rows[0]?.[7]).toEqual(text.rows[0]?.[7])
  })

  it('are named as Postgres names them', async () => {
    const { fields } = await connected(async (client) =>
      client.query(`SELECT count(*), max(id), 1, 'x', id::text, lower(name), CASE WHEN true THEN 1 END, 1 + 1, id AS "Own", (SELECT 5), 1::int, name n,
        version(), current_user, sum(id) OVER () FROM web.tracks GROUP BY id, name`),
    )
    expect(fields.map(({ name }) => name)).toEqual([
      'count',
      'max',
      '?column?',
      '?column?',
      'id',
      'lower',
      'case',
      '?column?',
      'Own',
      '?column?',
      'int4',
      'n',
      'version',
      'current_user',
      'sum',
    ])
  })
})

describe('parameters', () => {
  it('are typed by the engine, by casts beside them, or as text', async () => {
    const rows = await connected(async (client) => [
      (await client.query('SELECT id FROM web.tracks WHERE id = $1', [2])).rows,
      (await client.query('SELECT $1::int + 1 AS n, $2::text AS t, $3::text[] AS l', [41, 'x', ['a', 'b,"c"', null]]))
        .rows,
      (await client.query('SELECT $1 AS t', ['plain'])).rows,
      (
        await client.query('SELECT id FROM web.tracks WHERE seen > $1 AND seen < $2 ORDER BY id', [
          new Date(0),
          '2027-01-01',
        ])
      ).rows,
      (await client.query('SELECT id FROM web.pages ORDER BY id LIMIT $1 OFFSET $2', [2, 5])).rows,
      (await client.query('SELECT id FROM web.tracks WHERE id = ANY($1::bigint[]) ORDER BY id', [[3, 1]])).rows,
      (await client.query('SELECT $1::bytea = raw AS same FROM web.tracks WHERE id = 1', [Buffer.from([0, 255])])).rows,
      (await client.query('SELECT $1::numeric AS n', ['0.123456789012345678901234567890'])).rows,
      (await client.query('SELECT $1::boolean AS b, $2::json AS j', ['yes', '{"a":[1]}'])).rows,
    ])
    expect(rows).toEqual([
      [{ id: '2' }],
      [{ n: 42, t: 'x', l: ['a', 'b,"c"', null] }],
      [{ t: 'plain' }],
      [{ id: '1' }],
      [{ id: '5' }, { id: '6' }],
      [{ id: '1' }, { id: '3' }],
      [{ same: true }],
      [{ n: '0.123456789012345678901234567890' }],
      [{ b: true, j: { a: [1] } }],
    ])
  })

  it('are bound, never spliced', async () => {
    const evil = `x'; DROP TABLE web.pages; --`
    const { rows } = await connected(async (client) => client.query('SELECT $1 AS t', [evil]))
    expect(rows).toEqual([{ t: evil }])
  })

  it('that are no value of their type are refused', async () => {
    await connected(async (client) => {
      expect(await stateOf(client.query('SELECT $1::int', ['x']))).toBe('22P02')
      expect(await stateOf(client.query('SELECT $1::boolean', ['maybe']))).toBe('22P02')
      expect(await stateOf(client.query('SELECT $1::text[]', ['{a']))).toBe('22P02')
      expect(await stateOf(client.query('SELECT $1::numeric', ['1'.repeat(60)]))).toBe('22003')
      expect(await stateOf(client.query('SELECT $1'))).toBe('42P02')
      expect(await stateOf(client.query('SELECT $1', ['a', 'b']))).toBe('08P01')
    })
  })
})

describe('transactions', () => {
  it('commit and roll back', async () => {
    await connected(async (client) => {
      await client.query('BEGIN')
      await client.query(`INSERT INTO desk.notes VALUES (1, 'a', NULL)`)
      await client.query('ROLLBACK')
      expect((await client.query('SELECT count(*) FROM desk.notes')).rows).toEqual([{ count: '0' }])
      await client.query('START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE')
      const inserted = await client.query(`INSERT INTO desk.notes VALUES (1, 'a', NULL), (2, 'b', NULL)`)
      expect([inserted.command, inserted.rowCount]).toEqual(['INSERT', 2])
      await client.query('COMMIT')
      expect((await client.query('DELETE FROM desk.notes')).rowCount).toBe(2)
    })
  })

  it('that failed hear nothing until their end', async () => {
    await connected(async (client) => {
      await client.query('BEGIN')
      expect(await stateOf(client.query('SELECT * FROM web.nothing'))).toBe('42P01')
      expect(await stateOf(client.query('SELECT 1'))).toBe('25P02')
      expect((await client.query('COMMIT')).command).toBe('ROLLBACK')
      expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    })
  })

  it('of several statements in one query are one', async () => {
    await connected(async (client) => {
      expect(
        await stateOf(client.query(`INSERT INTO desk.notes VALUES (9, 'x', NULL); SELECT * FROM web.nothing`)),
      ).toBe('42P01')
      expect((await client.query('SELECT count(*) FROM desk.notes')).rows).toEqual([{ count: '0' }])
      const results = (await client.query(
        'SELECT 1 AS a; SELECT 2 AS b;; SELECT 3 AS c',
      )) as unknown as pg.QueryResult[]
      expect(results.map(({ rows }) => rows)).toEqual([[{ a: 1 }], [{ b: 2 }], [{ c: 3 }]])
    })
  })

  it('that read only refuse to write', async () => {
    await connected(async (client) => {
      await client.query('BEGIN READ ONLY')
      expect(await stateOf(client.query(`INSERT INTO desk.notes VALUES (1, 'a', NULL)`))).toBe('25006')
      await client.query('ROLLBACK')
      await client.query('SET default_transaction_read_only = on')
      expect(await stateOf(client.query(`INSERT INTO desk.notes VALUES (1, 'a', NULL)`))).toBe('25006')
    })
  })

  it('go back to savepoints only where nothing is lost', async () => {
    await connected(async (client) => {
      await client.query('BEGIN; SAVEPOINT a')
      expect(await stateOf(client.query('SELECT nope'))).toBe('42703')
      await client.query('ROLLBACK TO SAVEPOINT a')
      expect((await client.query('SELECT 5 AS n')).rows).toEqual([{ n: 5 }])
      await client.query(`INSERT INTO desk.notes VALUES (1, 'a', NULL)`)
      expect(await stateOf(client.query('ROLLBACK TO a'))).toBe('0A000')
      await client.query('ROLLBACK')
      expect(await stateOf(client.query('SAVEPOINT b'))).toBe('25P01')
    })
  })
})

describe('cursors', () => {
  it('give rows forward, a piece at a time', async () => {
    await connected(async (client) => {
      await client.query('BEGIN')
      await client.query('DECLARE "SQL_CUR1" CURSOR WITH HOLD FOR SELECT id FROM web.pages ORDER BY id')
      const first = await client.query('FETCH 3 IN "SQL_CUR1"')
      expect(first.rows).toEqual([{ id: '0' }, { id: '1' }, { id: '2' }])
      expect((await client.query('MOVE 2 FROM "SQL_CUR1"')).command).toBe('MOVE')
      expect((await client.query('FETCH NEXT FROM "SQL_CUR1"')).rows).toEqual([{ id: '5' }])
      // Another statement while the cursor is open.
      expect((await client.query('SELECT count(*) FROM web.pages')).rows).toEqual([{ count: '10000' }])
      await client.query('COMMIT')
      expect((await client.query('FETCH FORWARD 1 FROM "SQL_CUR1"')).rows).toEqual([{ id: '6' }])
      expect((await client.query('FETCH ALL FROM "SQL_CUR1"')).rows).toHaveLength(9993)
      await client.query('CLOSE "SQL_CUR1"')
      expect(await stateOf(client.query('FETCH 1 FROM "SQL_CUR1"'))).toBe('34000')
    })
  })

  it('end with their transaction and never go back', async () => {
    await connected(async (client) => {
      expect(await stateOf(client.query('DECLARE c CURSOR FOR SELECT 1'))).toBe('25P01')
      await client.query('BEGIN; DECLARE c CURSOR FOR SELECT 1; COMMIT')
      expect(await stateOf(client.query('FETCH c'))).toBe('34000')
      expect(await stateOf(client.query('FETCH BACKWARD 1 FROM c'))).toBe('55000')
    })
  })
})

describe('settings', () => {
  it('are set, shown, and taken back', async () => {
    await connected(async (client) => {
      await client.query(
        `SET application_name = 'tests'; SET SESSION search_path TO web, desk; SET statement_timeout TO '30s'`,
      )
      expect((await client.query('SHOW application_name')).rows).toEqual([{ application_name: 'tests' }])
      expect((await client.query('SHOW search_path')).rows).toEqual([{ search_path: 'web, desk' }])
      expect((await client.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '30s' }])
      await client.query(`BEGIN; SET LOCAL application_name = 'inside'; SET extra_float_digits = 3; ROLLBACK`)
      expect((await client.query('SHOW application_name')).rows).toEqual([{ application_name: 'tests' }])
      expect((await client.query('SHOW extra_float_digits')).rows).toEqual([{ extra_float_digits: '1' }])
      await client.query('RESET ALL')
      expect((await client.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '0' }])
      expect(await stateOf(client.query(`SET client_encoding = 'LATIN1'`))).toBe('22023')
      expect(await stateOf(client.query(`SET nothing = 1`))).toBe('42704')
      expect(await stateOf(client.query(`SET server_version = '9'`))).toBe('55P02')
      await client.query(`SET myapp.user = 'x'; DISCARD ALL`).catch((error: unknown) => {
        expect((error as { code: string }).code).toBe('25001')
      })
      await client.query('DISCARD ALL')
    })
  })

  it('make times of the zone that was set', async () => {
    await connected(async (client) => {
      await client.query(`SET TIME ZONE 'Europe/Berlin'`)
      const result = await client.query({
        text: `SELECT timestamptz '2026-07-01 10:00:00+00' AS a, timestamptz '2026-01-01 00:30:00' AS b, date_trunc('day', timestamptz '2026-07-01 22:30:00+00') AS c`,
        types: asText,
      })
      expect(result.rows).toEqual([
        { a: '2026-07-01 12:00:00+02', b: '2026-01-01 00:30:00+01', c: '2026-07-02 00:00:00+02' },
      ])
      expect(await stateOf(client.query(`SET TimeZone = 'Mars/Base'`))).toBe('22023')
      expect((await client.query('SELECT $1::timestamptz AS t', ['2026-01-01 00:00:00'])).rows).toEqual([
        { t: new Date('2025-12-31T23:00:00Z') },
      ])
    })
  })

  it('decide where bare names are looked for', async () => {
    await connected(async (client) => {
      expect((await client.query('SELECT count(*) FROM pages')).rows).toEqual([{ count: '10000' }])
      await client.query('SET search_path = desk')
      expect(await stateOf(client.query('SELECT count(*) FROM pages'))).toBe('42P01')
      expect((await client.query('SELECT current_schema() AS s, current_schemas(true) AS l')).rows).toEqual([
        { s: 'desk', l: ['pg_catalog', 'desk'] },
      ])
    })
  })
})
