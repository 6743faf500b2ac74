// The rows on asking: what GoogleSQL costs beside DuckDB's own SQL, fifty dashboards at once, whole results through every door, and
// dry runs. Over made tables of the real processes, asked over HTTP like everybody.
import { setInterval } from 'node:timers'

import { Client, Query } from 'pg'

import { quantile, residentMiB, withMillpond } from './support/run.ts'
import type { Millpond } from '../test/support/millpond.ts'

const settings = { MILLPOND_RESULT_ROWS_MAX: '100000000', MILLPOND_RESULT_BYTES_MAX: String(8 * 2 ** 30) }

/** `thousands` of thousand rows: thirty events, a year, a hundred thousand people. */
function factsSql(thousands: number): string {
  return `CREATE TABLE lab.facts PARTITION BY day AS
    SELECT TIMESTAMP_ADD(TIMESTAMP '2026-01-01', INTERVAL MOD(i * 7919, 31536000) SECOND) AS ts,
      DATE_ADD(DATE '2026-01-01', INTERVAL DIV(MOD(i * 7919, 31536000), 86400) DAY) AS day,
      MOD(i * 31, 100000) AS user_id, CONCAT('event_', CAST(MOD(i, 30) AS STRING)) AS name,
      MOD(i, 1000) / 7 AS amount, ['DE', 'TW', 'US', 'FR'][OFFSET(MOD(i, 4))] AS country
    FROM (SELECT a * 1000 + b AS i FROM UNNEST(GENERATE_ARRAY(0, ${thousands - 1})) AS a, UNNEST(GENERATE_ARRAY(0, 999)) AS b)`
}

async function ask(millpond: Millpond, body: object): Promise<number> {
  const started = performance.now()
  const response = await millpond.api('/api/query', { method: 'POST', body: JSON.stringify(body) })
  const text = await response.text()
  if (!response.ok || text.includes('"error":')) throw new Error(text.slice(0, 300))
  return performance.now() - started
}

/** The highest resident memory of the engine while something runs. */
async function withPeak<Result>(
  millpond: Millpond,
  work: () => Promise<Result>,
): Promise<{ result: Result; peakMiB: number }> {
  const { engine } = await millpond.pids()
  let peakMiB = await residentMiB(engine)
  const timer = setInterval(() => {
    void residentMiB(engine).then((now) => (peakMiB = Math.max(peakMiB, now)))
  }, 200)
  try {
    return { result: await work(), peakMiB }
  } finally {
    clearInterval(timer)
  }
}

async function fill(millpond: Millpond, rows: number): Promise<void> {
  await ask(millpond, { sql: 'CREATE SCHEMA lab' })
  await ask(millpond, { sql: factsSql(rows / 1000) })
}

/** The same question in both languages. */
const pairs: readonly (readonly [string, string, string])[] = [
  [
    'count by name',
    'SELECT name, COUNT(*) AS n FROM lab.facts GROUP BY name',
    'SELECT name, count(*) AS n FROM made.lab.facts GROUP BY name',
  ],
  [
    'sum by day',
    'SELECT day, SUM(amount) AS s FROM lab.facts GROUP BY day',
    'SELECT day, sum(amount) AS s FROM made.lab.facts GROUP BY day',
  ],
  [
    'day of a timestamp',
    'SELECT DATE(ts) AS d, COUNT(*) AS n FROM lab.facts GROUP BY d',
    `SELECT CAST(ts AT TIME ZONE 'UTC' AS DATE) AS d, count(*) AS n FROM made.lab.facts GROUP BY d`,
  ],
  [
    'distinct people',
    `SELECT COUNT(DISTINCT user_id) AS n FROM lab.facts WHERE name = 'event_3'`,
    `SELECT count(DISTINCT user_id) AS n FROM made.lab.facts WHERE name = 'event_3'`,
  ],
  [
    'conditions',
    `SELECT country, COUNTIF(amount > 100) AS n, AVG(amount) AS a FROM lab.facts WHERE day BETWEEN '2026-03-01' AND '2026-06-30' GROUP BY country`,
    `SELECT country, count(*) FILTER (WHERE amount > 100) AS n, avg(amount) AS a FROM made.lab.facts WHERE day BETWEEN DATE '2026-03-01' AND DATE '2026-06-30' GROUP BY country`,
  ],
  [
    'top ten',
    'SELECT user_id, SUM(amount) AS s FROM lab.facts GROUP BY user_id ORDER BY s DESC LIMIT 10',
    'SELECT user_id, sum(amount) AS s FROM made.lab.facts GROUP BY user_id ORDER BY s DESC LIMIT 10',
  ],
  [
    'window',
    'SELECT MAX(r) AS m FROM (SELECT ROW_NUMBER() OVER (PARTITION BY country ORDER BY ts) AS r FROM lab.facts WHERE user_id < 5000)',
    'SELECT max(r) AS m FROM (SELECT row_number() OVER (PARTITION BY country ORDER BY ts) AS r FROM made.lab.facts WHERE user_id < 5000)',
  ],
]

export async function benchQueryOverhead(rows: number): Promise<object> {
  return withMillpond(async ({ millpond }) => {
    await fill(millpond, rows)
    const ratios: Record<string, number> = {}
    for (const [name, google, duck] of pairs) {
      const ours: number[] = []
      const theirs: number[] = []
      // In turn, so that a noisy minute hits both.
      for (let round = 0; round < 9; round += 1) {
        ours.push(await ask(millpond, { sql: google, useCache: false }))
        theirs.push(await ask(millpond, { sql: duck, dialect: 'duckdb', useCache: false }))
      }
      ratios[name] = Number((quantile(ours, 0.5) / quantile(theirs, 0.5)).toFixed(2))
    }
    const worst = Math.max(...Object.values(ratios))
    return { bench: 'query-overhead', rows, ratios, worst }
  }, settings)
}

/** Ten tiles of a dashboard; each dashboard looks at people of its own, so that no answer serves two. */
function tiles(dashboard: number): string[] {
  const mine = `user_id >= ${dashboard * 2000} AND user_id < ${dashboard * 2000 + 2000}`
  const month = `day >= '2026-${String(1 + (dashboard % 12)).padStart(2, '0')}-01'`
  return [
    `SELECT COUNT(*) FROM lab.facts WHERE ${mine}`,
    `SELECT day, COUNT(*) FROM lab.facts WHERE ${mine} GROUP BY day ORDER BY day`,
    `SELECT name, COUNT(*) AS n FROM lab.facts WHERE ${mine} GROUP BY name ORDER BY n DESC LIMIT 10`,
    `SELECT country, SUM(amount) FROM lab.facts WHERE ${mine} GROUP BY country`,
    `SELECT COUNT(DISTINCT user_id) FROM lab.facts WHERE ${mine} AND ${month}`,
    `SELECT DATE_TRUNC(day, MONTH) AS m, AVG(amount) FROM lab.facts WHERE ${mine} GROUP BY m ORDER BY m`,
    `SELECT user_id, MAX(ts) FROM lab.facts WHERE ${mine} GROUP BY user_id ORDER BY 2 DESC LIMIT 20`,
    `SELECT COUNTIF(amount > 50), COUNTIF(name = 'event_7') FROM lab.facts WHERE ${mine} AND ${month}`,
    `SELECT EXTRACT(HOUR FROM ts) AS h, COUNT(*) FROM lab.facts WHERE ${mine} GROUP BY h ORDER BY h`,
    `SELECT APPROX_QUANTILES(amount, 4) FROM lab.facts WHERE ${mine}`,
  ]
}

export async function benchDashboards(rows: number): Promise<object> {
  return withMillpond(async ({ millpond }) => {
    await fill(millpond, rows)
    const tookMs: number[] = []
    const { peakMiB } = await withPeak(millpond, async () =>
      Promise.all(
        Array.from({ length: 50 }, async (_, dashboard) => {
          for (const sql of tiles(dashboard)) tookMs.push(await ask(millpond, { sql }))
        }),
      ),
    )
    const p50Ms = Math.round(quantile(tookMs, 0.5))
    const p95Ms = Math.round(quantile(tookMs, 0.95))
    return { bench: 'dashboards', rows, queries: tookMs.length, p50Ms, p95Ms, engineMiB: peakMiB }
  }, settings)
}

const bulkSql = 'SELECT ts, day, user_id, name, amount, country FROM lab.facts'

/** Each door gives all rows out; what comes is counted, not kept. */
const doors: Record<string, (millpond: Millpond) => Promise<void>> = {
  arrow: async (millpond) => exported(millpond, 'arrow'),
  csv: async (millpond) => exported(millpond, 'csv'),
  parquet: async (millpond) => exported(millpond, 'parquet'),
  api: async (millpond) => {
    await drained(
      await millpond.api('/api/query', { method: 'POST', body: JSON.stringify({ sql: bulkSql, useCache: false }) }),
    )
  },
  bigquery: bigqueryPages,
  postgres: postgresRows,
}

async function exported(millpond: Millpond, format: string): Promise<void> {
  await drained(await millpond.api('/api/export', { method: 'POST', body: JSON.stringify({ sql: bulkSql, format }) }))
}

async function drained(response: Response): Promise<void> {
  if (!response.ok) throw new Error(await response.text())
  const reader = response.body?.getReader()
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read());
}

async function bigqueryPages(millpond: Millpond): Promise<void> {
  const root = '/bigquery/v2/projects/millpond/queries'
  const sent = { query: bulkSql, useLegacySql: false, useQueryCache: false, maxResults: 50_000, timeoutMs: 200_000 }
  let page = (await (await millpond.api(root, { method: 'POST', body: JSON.stringify(sent) })).json()) as {
    readonly jobReference: { readonly jobId: string }
    readonly pageToken?: string
  }
  const { jobId } = page.jobReference
  while (page.pageToken !== undefined) {
    const address = `${root}/${jobId}?maxResults=50000&pageToken=${encodeURIComponent(page.pageToken)}`
    page = (await (await millpond.api(address)).json()) as typeof page
  }
}

async function postgresRows(millpond: Millpond): Promise<void> {
  const made = (await (
    await millpond.api('/api/tokens', { method: 'POST', body: JSON.stringify({ name: 'bench' }) })
  ).json()) as { readonly token: string }
  const client = new Client({
    host: '127.0.0.1',
    port: millpond.postgresPort,
    user: 'owner',
    password: made.token,
    database: 'millpond',
  })
  await client.connect()
  await new Promise<void>((resolve, reject) => {
    const query = client.query(new Query('SELECT ts, day, user_id, name, amount, country FROM lab.facts'))
    query.on('error', reject)
    query.on('row', () => undefined)
    query.on('end', () => {
      resolve()
    })
  })
  await client.end()
}

export async function benchBulk(rows: number): Promise<object> {
  return withMillpond(async ({ millpond }) => {
    await fill(millpond, rows)
    const seen: Record<string, object> = {}
    for (const [door, read] of Object.entries(doors)) {
      const started = performance.now()
      const { peakMiB } = await withPeak(millpond, async () => read(millpond))
      seen[door] = { rowsPerSecond: Math.round(rows / ((performance.now() - started) / 1000)), engineMiB: peakMiB }
    }
    return { bench: 'bulk', rows, ...seen }
  }, settings)
}

export async function benchDryRun(rows: number): Promise<object> {
  return withMillpond(async ({ millpond }) => {
    await fill(millpond, rows)
    const tookMs: number[] = []
    for (let round = 0; round < 30; round += 1) {
      for (const sql of tiles(round)) tookMs.push(await ask(millpond, { sql, dryRun: true }))
    }
    // The first one measures the table.
    const [firstMs = 0, ...later] = tookMs
    const p50Ms = Number(quantile(later, 0.5).toFixed(1))
    return {
      bench: 'dry-run',
      rows,
      firstMs: Math.round(firstMs),
      p50Ms,
      p99Ms: Number(quantile(later, 0.99).toFixed(1)),
    }
  }, settings)
}
