// The port over the real road: what a session writes, who sees what, what other writers wait for, and what the history keeps.
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { withClient } from './postgres/client.ts'
import { fillRealCompany } from './postgres/company.ts'
import type { RealRoad } from './postgres/real-road.ts'
import { openRealRig, type Rig } from './postgres/rig.ts'

let rig: Rig<RealRoad>

beforeAll(async () => {
  rig = await openRealRig()
  await fillRealCompany(rig.road)
  await rig.road.change(
    'CREATE TABLE desk.priced (id INT64, code STRING(3), n NUMERIC(4, 2), note STRING DEFAULT "none")',
  )
  await rig.road.change('CREATE TABLE web.people (id INT64, email STRING, region STRING, card STRING)')
  await rig.road.change(
    `INSERT INTO web.people VALUES (1, 'geheim@a', 'EU', '4000-geheim-1234'), (2, 'geheim@b', 'geheimland', '5000-geheim-5678')`,
  )
  rig.road.setPolicies({
    grants: [
      { grantee: 'bob', dataset: 'web', table: '*', privilege: 'read' },
      { grantee: 'bob', dataset: 'desk', table: 'notes', privilege: 'write' },
    ],
    masks: [
      { dataset: 'web', table: 'people', column: 'email', kind: 'hash', exempt: [] },
      { dataset: 'web', table: 'people', column: 'card', kind: 'last4', exempt: [] },
    ],
    filters: [{ dataset: 'web', table: 'people', predicate: `region = 'EU'`, exempt: [] }],
  })
}, 60_000)

afterAll(async () => {
  await rig.stop()
})

beforeEach(async () => {
  await rig.road.change('TRUNCATE TABLE desk.notes')
})

async function connected<Result>(work: (client: pg.Client) => Promise<Result>, who = rig.ada): Promise<Result> {
  return withClient({ connectionString: rig.url(who) }, work)
}

interface Failed {
  readonly code?: string
  readonly message: string
}

async function failure(promise: Promise<unknown>): Promise<Failed> {
  try {
    await promise
    return { message: 'nothing failed' }
  } catch (error) {
    return error as Failed
  }
}

async function valuesOf(client: pg.Client, sql: string): Promise<unknown[]> {
  const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' })
  return rows.map((row) => (row.length === 1 ? row[0] : row))
}

describe('temporary tables', () => {
  it('are made, filled, read and dropped, as Tableau does', async () => {
    await connected(async (client) => {
      const create = `CREATE LOCAL TEMPORARY TABLE "#Tableau_1_Connect" ("COL" INTEGER, "N" numeric(10, 2), "T" varchar(20) NOT NULL) ON COMMIT PRESERVE ROWS`
      expect((await client.query(create)).command).toBe('CREATE')
      const inserted = await client.query(`INSERT INTO "#Tableau_1_Connect" VALUES ($1, $2, $3), (2, NULL, 'y')`, [
        1,
        '1.5',
        'x',
      ])
      expect([inserted.command, inserted.rowCount]).toEqual(['INSERT', 2])
      expect(await valuesOf(client, 'SELECT t."COL", t."N", "T" FROM "#Tableau_1_Connect" t ORDER BY 1')).toEqual([
        [1, '1.50', 'x'],
        [2, null, 'y'],
      ])
      const into = `SELECT id AS "ID", name INTO TEMPORARY TABLE "#Tableau_2" FROM web.tracks WHERE id < 3`
      expect((await client.query(into)).rowCount).toBe(2)
      expect(await valuesOf(client, 'SELECT "#Tableau_2"."ID" FROM "#Tableau_2" ORDER BY 1')).toEqual(['1', '2'])
      expect((await client.query('DELETE FROM "#Tableau_2" WHERE "ID" = 1')).rowCount).toBe(1)
      expect(await valuesOf(client, 'SELECT count(*) FROM pg_temp."#Tableau_2"')).toEqual(['1'])
      await client.query('DROP TABLE "#Tableau_1_Connect"; DROP TABLE IF EXISTS "#Tableau_2", nothing')
      expect((await failure(client.query('SELECT * FROM "#Tableau_2"'))).code).toBe('42P01')
      expect((await failure(client.query('DROP TABLE "#Tableau_2"'))).code).toBe('42P01')
    })
  })

  it('are nobody else’s, and hide a table of the same name', async () => {
    await connected(async (client) => {
      await client.query('CREATE TEMP TABLE pages AS SELECT 5 AS id')
      expect(await valuesOf(client, 'SELECT id FROM pages')).toEqual([5])
      expect(await valuesOf(client, 'SELECT count(*) FROM web.pages')).toEqual(['10000'])
      expect(await connected(async (other) => valuesOf(other, 'SELECT count(*) FROM pages'))).toEqual(['10000'])
      await client.query('DISCARD TEMP')
      expect(await valuesOf(client, 'SELECT count(*) FROM pages')).toEqual(['10000'])
    })
  })

  it('go with the transaction that made them', async () => {
    await connected(async (client) => {
      await client.query('BEGIN; CREATE TEMP TABLE gone AS SELECT 1 AS x')
      expect(await valuesOf(client, 'SELECT x FROM gone')).toEqual([1])
      await client.query('ROLLBACK')
      expect((await failure(client.query('SELECT x FROM gone'))).code).toBe('42P01')
      await client.query('BEGIN; CREATE TEMP TABLE kept AS SELECT 1 AS x; COMMIT')
      expect(await valuesOf(client, 'SELECT x FROM kept')).toEqual([1])
    })
  })

  it('hold only what their maker sees', async () => {
    const seen = await connected(async (client) => {
      await client.query('CREATE TEMP TABLE mine AS SELECT * FROM web.people')
      await client.query('SELECT email, card INTO TEMP other FROM web.people')
      await client.query('INSERT INTO mine SELECT * FROM web.people')
      return JSON.stringify([
        await valuesOf(client, 'SELECT * FROM mine'),
        await valuesOf(client, 'SELECT * FROM other'),
      ])
    }, rig.bob)
    expect(seen).not.toContain('geheim')
    expect(seen).toContain('1234')
  })

  it.each([
    ['CREATE TABLE desk.x AS SELECT 1 AS a', '0A000'],
    ['CREATE TABLE x (a int)', '0A000'],
    ['SELECT 1 AS a INTO x', '0A000'],
    ['CREATE TEMP TABLE desk.x (a int)', '42P16'],
    ['CREATE TEMP TABLE x (a int) ON COMMIT DROP', '0A000'],
    ['CREATE TEMP TABLE x (a int DEFAULT 5)', '0A000'],
    ['CREATE TEMP TABLE x (a nothing)', '42704'],
    ['CREATE TEMP TABLE x', '42601'],
    ['CREATE TEMP VIEW x AS SELECT 1', '0A000'],
    ['CREATE VIEW desk.v AS SELECT 1', '0A000'],
    ['CREATE TEMP TABLE x AS SELECT * FROM nothing.there', '42P01'],
    [`CREATE TEMP TABLE x AS SELECT * FROM read_csv('/etc/passwd')`, '42501'],
    ['DROP TABLE desk.notes', '0A000'],
    ['DROP SCHEMA desk', '0A000'],
    ['UPDATE desk.notes SET text = 1', '0A000'],
    ['INSERT INTO desk.notes VALUES (1) RETURNING id', '0A000'],
    ['INSERT INTO desk.notes VALUES (1) ON CONFLICT DO NOTHING', '0A000'],
    ['INSERT INTO desk.priced (id) VALUES (1)', '0A000'],
    ['ALTER TABLE desk.notes ADD x int', '0A000'],
    ['EXPLAIN INSERT INTO desk.notes VALUES (1)', '42501'],
  ])('%s is refused', async (sql, code) => {
    await connected(async (client) => {
      expect(await failure(client.query(sql))).toMatchObject({ code })
      expect(await valuesOf(client, 'SELECT 1')).toEqual([1])
    })
  })
})

describe('tables that people made', () => {
  it('keep nobody waiting longer than he wants to wait for another writer', async () => {
    await connected(async (writer) => {
      await writer.query(`BEGIN; INSERT INTO desk.notes (id) VALUES (1)`)
      await connected(async (other) => {
        await other.query('SET statement_timeout = 50')
        const insert = `INSERT INTO desk.notes (id) VALUES (2)`
        expect((await failure(other.query(insert))).code).toBe('57014')
        expect((await failure(other.query(`BEGIN; ${insert}`))).code).toBe('57014')
        await other.query('ROLLBACK')
      })
      await writer.query('COMMIT')
      expect(await valuesOf(writer, 'SELECT id FROM desk.notes')).toEqual(['1'])
    })
  })

  it('take rows', async () => {
    await connected(async (client) => {
      await client.query('INSERT INTO desk.notes (id, text) VALUES ($1, $2)', [1, 'one'])
      await client.query('INSERT INTO notes SELECT id, url, now() FROM web.pages WHERE id BETWEEN $1 AND 3', [2])
      expect(await valuesOf(client, 'SELECT id, text FROM desk.notes ORDER BY 1')).toEqual([
        ['1', 'one'],
        ['2', '/page/2'],
        ['3', '/page/3'],
      ])
      expect(
        (await client.query('DELETE FROM desk.notes AS n WHERE n.id IN (SELECT id FROM web.pages WHERE id < 3)'))
          .rowCount,
      ).toBe(2)
      expect((await client.query('TRUNCATE desk.notes')).command).toBe('TRUNCATE')
      await client.query(`INSERT INTO desk.priced (id, code, n, note) VALUES (1, 'abc', 1.23, 'x')`)
      expect(await valuesOf(client, 'SELECT code, n FROM desk.priced')).toEqual([['abc', '1.230000000']])
      const limits = [`(id, code, note) VALUES (1, 'abcd', 'x')`, `(id, n, note) VALUES (1, 1.239, 'x')`]
      for (const sql of limits)
        expect((await failure(client.query(`INSERT INTO desk.priced ${sql}`))).code).toBe('23000')
    })
  })

  it('only from those who may write them', async () => {
    await connected(async (client) => {
      expect(await client.query(`INSERT INTO desk.notes (id) VALUES (1)`)).toMatchObject({ rowCount: 1 })
      expect(await failure(client.query('INSERT INTO web.pages VALUES (1)'))).toMatchObject({ code: '42501' })
      expect(await failure(client.query('DELETE FROM web.people'))).toMatchObject({ code: '42501' })
      expect(await failure(client.query('INSERT INTO desk.priced (id) VALUES (1)'))).toMatchObject({ code: '42P01' })
      expect(await failure(client.query('INSERT INTO millpond.jobs (job_id) VALUES (1)'))).toMatchObject({
        code: '42P01',
      })
    }, rig.bob)
    expect(await failure(connected(async (client) => client.query('DELETE FROM web.latest')))).toMatchObject({
      code: '42501',
    })
  })
})

describe('transactions', () => {
  it('that only read keep nobody from writing; one that writes waits for its turn', async () => {
    await connected(async (idle) => {
      await idle.query('BEGIN')
      expect(await valuesOf(idle, 'SELECT count(*) FROM desk.notes')).toEqual(['0'])
      await connected(async (other) => other.query('INSERT INTO desk.notes (id) VALUES (1)'))
      await rig.road.change('INSERT INTO desk.notes (id) VALUES (2)')
      await idle.query('INSERT INTO desk.notes (id) VALUES (3)')
      expect(await valuesOf(idle, 'SELECT id FROM desk.notes ORDER BY 1')).toEqual(['1', '2', '3'])
      expect(await connected(async (other) => valuesOf(other, 'SELECT count(*) FROM desk.notes'))).toEqual(['2'])
      await idle.query('ROLLBACK')
      expect(await valuesOf(idle, 'SELECT id FROM desk.notes ORDER BY 1')).toEqual(['1', '2'])
      await idle.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
      await idle.query('SELECT * FROM desk.notes')
      expect((await failure(idle.query('INSERT INTO desk.notes (id) VALUES (4)'))).code).toBe('0A000')
      await idle.query('ROLLBACK')
    })
  })

  it.each([
    'SELECT * FROM web.nothing',
    `SELECT 'x'::int`,
    'SELECT nothing FROM web.pages',
    `INSERT INTO desk.notes VALUES ('x')`,
  ])('are aborted by %s', async (sql) => {
    await connected(async (client) => {
      await client.query('BEGIN; INSERT INTO desk.notes (id) VALUES (1)')
      expect((await failure(client.query(sql))).message).not.toBe('nothing failed')
      expect(await failure(client.query('SELECT 5'))).toMatchObject({ code: '25P02' })
      expect((await client.query('COMMIT')).command).toBe('ROLLBACK')
      expect(await valuesOf(client, 'SELECT count(*) FROM desk.notes')).toEqual(['0'])
    })
  })
})

describe('a member', () => {
  it('sees masked values and allowed rows, in the catalogue nothing more, and in errors neither', async () => {
    await connected(async (client) => {
      const texts: string[] = []
      const tries = [
        'SELECT * FROM web.people',
        'SELECT p.email, p.card FROM web.people p',
        'SELECT email::int FROM web.people',
        'SELECT card::date FROM web.people',
        'SELECT region::int FROM web.people',
        'SELECT error(email) FROM web.people',
        'SELECT * FROM pg_stats',
        'SELECT * FROM pg_statistic',
        'SELECT * FROM pg_views',
        'SELECT * FROM pg_policy',
        'SELECT * FROM pg_stat_activity',
        'EXPLAIN SELECT * FROM web.people',
        'EXPLAIN ANALYZE SELECT * FROM web.people',
        'COPY web.people TO STDOUT',
        'DECLARE c CURSOR WITH HOLD FOR SELECT * FROM web.people',
        'FETCH ALL c',
        'SELECT * FROM information_schema.columns',
      ]
      for (const sql of tries) {
        const result = await client.query(sql).catch((error: unknown) => error as Failed)
        texts.push(
          'rows' in result ? JSON.stringify(result.rows) : JSON.stringify({ ...result, message: result.message }),
        )
      }
      expect(texts.filter((text) => text.includes('geheim'))).toEqual([])
      expect(texts[0]).toContain('1234')
      expect(texts[0]).not.toContain('5678')
    }, rig.bob)
  })
})

describe('history', () => {
  it('keeps what the client wrote, and not what it asked of the catalogue', async () => {
    await connected(async (client) => {
      await client.query('SELECT relname FROM pg_class; SHOW search_path; SET application_name = x')
      await client.query('SELECT count(*) FROM pages  WHERE  id > 5')
      await client.query('SELECT relname FROM pg_class, web.pages LIMIT 1')
      const state = await valuesOf(client, `SELECT query, state FROM pg_stat_activity`)
      expect(state).toEqual([[`SELECT query, state FROM pg_stat_activity`, 'active']])
    })
    const told = rig.road.jobs(rig.ada).map(({ sql }) => sql)
    expect(told).toContain('SELECT count(*) FROM pages  WHERE  id > 5')
    expect(told).toContain('SELECT relname FROM pg_class, web.pages LIMIT 1')
    expect(told.filter((sql) => /search_path|pg_stat_activity|pg_class$/.test(sql))).toEqual([])
  })
})

it('the zone of a session is its own', async () => {
  await connected(async (client) => {
    await client.query(`SET TIME ZONE 'Asia/Taipei'`)
    const shown = `SELECT seen::text, date_trunc('day', seen)::text FROM web.tracks WHERE id = 1`
    expect(await valuesOf(client, shown)).toEqual([['2026-03-01 18:00:00.25+08', '2026-03-01 00:00:00+08']])
    expect(await connected(async (other) => valuesOf(other, shown))).toEqual([
      ['2026-03-01 10:00:00.25+00', '2026-03-01 00:00:00+00'],
    ])
    expect((await failure(client.query(`SET TimeZone = 'Nowhere/Land'`))).code).toBe('22023')
    expect((await failure(client.query(`SET TimeZone = 'UTC''; SET threads = 1; --'`))).code).toBe('22023')
    await client.query('BEGIN; SET LOCAL TimeZone = UTC')
    expect(await valuesOf(client, shown)).toEqual([['2026-03-01 10:00:00.25+00', '2026-03-01 00:00:00+00']])
    await client.query('ROLLBACK')
    expect(await valuesOf(client, shown)).toEqual([['2026-03-01 18:00:00.25+08', '2026-03-01 00:00:00+08']])
  })
})
