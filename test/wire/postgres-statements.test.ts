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

describe('the rest', () => {
  it('SQL-level PREPARE and EXECUTE', async () => {
    await connected(async (client) => {
      await client.query('PREPARE p (bigint, text) AS SELECT $1 + 1 AS n, $2 AS t')
      expect((await client.query(`EXECUTE p (41, 'it''s')`)).rows).toEqual([{ n: '42', t: "it's" }])
      expect(await stateOf(client.query('EXECUTE p (1)'))).toBe('42601')
      await client.query('DEALLOCATE p')
      expect(await stateOf(client.query('EXECUTE p (1, 2)'))).toBe('26000')
    })
  })

  it('named statements are kept, and read again', async () => {
    await connected(async (client) => {
      for (const id of [1, 2, 3]) {
        const { rows } = await client.query({
          name: 'by-id',
          text: 'SELECT id FROM web.tracks WHERE id = $1',
          values: [id],
        })
        expect(rows).toEqual([{ id: String(id) }])
      }
    })
  })

  it('refuses by name what it has not', async () => {
    await connected(async (client) => {
      expect(await stateOf(client.query('LISTEN a'))).toBe('0A000')
      expect(await stateOf(client.query(`NOTIFY a, 'b'`))).toBe('0A000')
      expect(await stateOf(client.query(`SELECT to_char(1234, '9,999')`))).toBe('0A000')
      expect(await stateOf(client.query(`SELECT 'a' SIMILAR TO '%a%'`))).toBe('0A000')
      expect(await stateOf(client.query(`COPY web.pages TO '/tmp/x'`))).toBe('42501')
      expect(await stateOf(client.query(`COPY web.pages TO STDOUT (FORMAT binary)`))).toBe('0A000')
      expect(await stateOf(client.query('SELEC 1'))).toBe('42601')
      expect(await stateOf(client.query(`SELECT 'open`))).toBe('42601')
    })
  })

  it('means by / and ~ what Postgres means, and NULLs come last', async () => {
    const { rows } = await connected(async (client) =>
      client.query(`SELECT 7 / 2 AS d, 'abc' ~ 'b' AS m, 'ABC' ~* '^a' AS i, 'abc' !~ 'z' AS n,
        to_char(timestamp '2026-03-01 14:05:09', 'YYYY-MM-DD HH24:MI:SS') AS t, to_char(date '2026-03-01', 'FMMonth Q') AS q,
        (SELECT array_agg(x) FROM (SELECT x FROM (VALUES (1), (NULL)) v(x) ORDER BY x) s) AS o`),
    )
    expect(rows).toEqual([{ d: 3, m: true, i: true, n: true, t: '2026-03-01 14:05:09', q: 'March 1', o: [1, null] }])
  })

  it('divides by zero as DuckDB does: NULL, and no error', async () => {
    const { rows } = await connected(async (client) => client.query('SELECT 7 / 0 AS d, 7 % 0 AS m, 7 // 0 AS w'))
    expect(rows).toEqual([{ d: null, m: null, w: null }])
  })

  it('answers an empty query', async () => {
    await connected(async (client) => {
      expect((await client.query('')).rows).toEqual([])
      expect((await client.query(' -- nothing\n ; ')).rows).toEqual([])
    })
  })

  it('says where in the text an error is', async () => {
    await connected(async (client) => {
      const error = await client.query(`SELECT 'é', 'open`).catch((thrown: unknown) => thrown as { position: string })
      expect(error).toMatchObject({ position: '13' })
    })
  })

  it('answers EXPLAIN a line a row', async () => {
    const { rows } = await connected(async (client) => client.query('EXPLAIN SELECT * FROM web.pages'))
    expect(rows.length).toBeGreaterThan(2)
    expect(Object.keys(rows[0] as object)).toEqual(['QUERY PLAN'])
  })
})
