// What people do, counted over 10 million events of 200,000 people: each kind of question on the query road, uncached, and the same
// counts in SQL written by hand for the engine alone, over the same file, in turn. Tables are as the loader leaves them.
import { createHash } from 'node:crypto'
import { join } from 'node:path'

import { DuckDBInstance } from '@duckdb/node-api'

import { type Control, openControl } from '../../src/control/control.ts'
import { systemClock } from '../../src/core/clock.ts'
import { MillpondError } from '../../src/core/errors.ts'
import { createLog } from '../../src/core/log.ts'
import type { QueryRoad } from '../../src/query/contract.ts'
import { Cohorts } from '../../src/people/explore/cohorts.ts'
import { Explore } from '../../src/people/explore/explore.ts'
import type { CohortDefinition, EventPick, ExploreSpec, FunnelSpec } from '../../src/people/explore/spec.ts'
import { callColumns, commonColumns } from '../../src/warehouse/schema.ts'
import { never, openRig, root } from '../../test/app/asking-rig.ts'
import { defaultSettings } from '../../test/support/default-settings.ts'
import { createOf, planTo, rowsOf } from '../../test/contract/warehouse-plans.ts'
import { quantile } from '../support/run.ts'

const people = 200_000
const events = 16
const days = 30
const rounds = 5
/** 2026-10-01T00:00:00Z. */
const startMicros = Date.UTC(2026, 9, 1) * 1000
const range = { from: '2026-10-01', to: '2026-10-30' }
const windowSeconds = 7 * 86_400
/** The most frequent event has as many rows as the six rarest together. */
const shares = Array.from({ length: events }, (_none, n) => 1 / (n + 4))
const shareSum = shares.reduce((sum, one) => sum + one, 0)

const trackColumns = [...commonColumns, ...callColumns.track]
const planColumn = { name: 'plan', type: 'text' as const }
const totalColumn = { name: 'total', type: 'integer' as const }
const identifyColumns = [...commonColumns, ...callColumns.identify]
const tableOf = (n: number) => ({ dataset: 'web', table: `event_${n}` })

/** One row in ten is from before its person signed in. */
function fillSql(rows: number): string[] {
  const each = shares.map((share) => Math.floor((rows * share) / shareSum))
  const filled = each.map((count, n) => {
    const at = `make_timestamptz(CAST(${startMicros} + i * (${days} * 86400000000 // ${count}) AS BIGINT))`
    return `INSERT INTO web.event_${n} (id, "timestamp", received_at, loaded_at, user_id, anonymous_id, event, event_text, properties, plan, total)
      SELECT md5(concat('m${n}-', i)), ${at}, ${at}, ${at}, CASE WHEN h % 10 > 0 THEN concat('u-', md5(CAST(h % ${people} AS VARCHAR))) END,
        concat('a-', md5(concat('a', h % ${people}))), 'event_${n}', 'Event ${n}', '{"camera":"north"}',
        ['free', 'plus', 'pro', 'team'][1 + h % 4], h % 100
      FROM (SELECT i, CAST(hash(i, ${n}) % 1000000007 AS BIGINT) AS h FROM range(${count}) AS t(i)) ORDER BY i`
  })
  const known = `INSERT INTO web.identifies (id, "timestamp", received_at, loaded_at, user_id, anonymous_id)
    SELECT md5(concat('i', n)), t, t, t, concat('u-', md5(CAST(n AS VARCHAR))), concat('a-', md5(concat('a', n)))
    FROM (SELECT n, make_timestamptz(${startMicros} + n) AS t FROM range(${people}) AS r(n))`
  return [...filled, known]
}

async function fill(folder: string, rows: number): Promise<void> {
  const instance = await DuckDBInstance.create(join(folder, 'warehouse', 'fed.duckdb'))
  const connection = await instance.connect()
  try {
    for (const sql of fillSql(rows)) await connection.run(sql)
    await connection.run('CHECKPOINT')
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

const pick = (n: number): EventPick => ({ source: 'web', table: `event_${n}`, filters: [] })
const common = { range, zone: 'UTC' }

function funnel(steps: number, more: Partial<FunnelSpec> = {}): FunnelSpec {
  const picks = Array.from({ length: steps }, (_none, n) => pick(n))
  return { ...common, kind: 'funnel', steps: picks, windowSeconds, entry: 'any', dialect: 'duckdb', ...more }
}

const peopleADay: ExploreSpec = {
  ...common,
  kind: 'trend',
  series: [{ event: pick(0), measure: { kind: 'people' } }],
  interval: 'day',
  compares: false,
}

const questions: Readonly<Record<string, ExploreSpec>> = {
  'funnel, 5 steps': funnel(5),
  'funnel, 5 steps, first entry': funnel(5, { entry: 'first' }),
  'funnel, 5 steps, by plan': funnel(5, { breakdown: { property: 'plan', top: 4 } }),
  'funnel, 16 steps': funnel(16),
  'funnel, 5 steps, GoogleSQL': funnel(5, { dialect: 'googlesql' }),
  'retention, 14 days': {
    ...common,
    kind: 'retention',
    born: pick(3),
    back: pick(0),
    interval: 'day',
    periods: 14,
    counts: 'on',
  },
  'retention, 14 days, any event': {
    ...common,
    kind: 'retention',
    born: pick(3),
    back: { source: 'web', table: 'tracks', filters: [] },
    interval: 'day',
    periods: 14,
    counts: 'on',
  },
  'trend, people a day': peopleADay,
  'trend, events a day, any event': {
    ...common,
    kind: 'trend',
    series: [{ event: { source: 'web', table: 'tracks', filters: [] }, measure: { kind: 'events' } }],
    interval: 'day',
    compares: false,
  },
  'paths, 4 steps, a week': {
    ...common,
    range: { from: '2026-10-24', to: '2026-10-30' },
    kind: 'paths',
    source: 'web',
    event: 'Event 3',
    direction: 'after',
    steps: 4,
    windowSeconds: 3600,
    top: 6,
  },
}

const who = 'coalesce(user_id, anonymous_id) AS person'

/** Ids as they stand in the rows, nothing but the counts. */
function funnelByHand(steps: number): string {
  const parts = Array.from({ length: steps }, (_none, n) => {
    const own = `s${n} AS (SELECT ${who}, epoch_us("timestamp") AS t FROM web.event_${n})`
    if (n === 0) return `${own}, c0 AS (SELECT person, t AS began, t FROM s0)`
    return `${own}, c${n} AS (SELECT c.person, c.began, s.t FROM c${n - 1} AS c ASOF JOIN s${n} AS s
      ON c.person = s.person AND c.t < s.t WHERE s.t <= c.began + ${windowSeconds * 1e6})`
  })
  const counts = parts.map((_part, n) => `SELECT ${n}, count(DISTINCT person) FROM c${n}`)
  return `WITH ${parts.join(', ')} ${counts.join(' UNION ALL ')}`
}

const byHand: Readonly<Record<string, string>> = {
  'funnel, 5 steps': funnelByHand(5),
  'funnel, 16 steps': funnelByHand(16),
  'retention, 14 days': `WITH born AS (SELECT ${who}, min("timestamp"::DATE) AS day FROM web.event_3 GROUP BY 1),
    back AS (SELECT DISTINCT ${who}, "timestamp"::DATE AS day FROM web.event_0),
    masks AS (SELECT born.person, born.day, bit_or(1::BIGINT << (back.day - born.day)) AS mask FROM born JOIN back USING (person)
      WHERE back.day > born.day AND back.day - born.day <= 14 GROUP BY ALL),
    kinds AS (SELECT day, mask, count(*) AS n FROM masks GROUP BY ALL)
    SELECT day, k, sum(n) FROM kinds, range(1, 15) AS p(k) WHERE (mask >> k) % 2 = 1 GROUP BY ALL
    UNION ALL SELECT day, 0, count(*) FROM born GROUP BY ALL`,
  'trend, people a day': `SELECT "timestamp"::DATE, count(DISTINCT coalesce(user_id, anonymous_id)) FROM web.event_0 GROUP BY 1`,
}

/** Every question is worked out anew. */
function uncached(road: QueryRoad): QueryRoad {
  return new Proxy(road, {
    get(target, name) {
      if (name !== 'submit') return Reflect.get(target, name, target) as unknown
      const submit: QueryRoad['submit'] = async (request, signal) =>
        target.submit({ ...request, usesCache: false }, signal)
      return submit
    },
  })
}

export async function benchExplore(rows: number): Promise<object> {
  const made = await openRig()
  const views = [...commonColumns, ...callColumns.track.filter(({ name }) => !name.startsWith('_'))]
  const members = shares.map((_share, n) => ({ table: `event_${n}`, columns: views.map(({ name }) => name) }))
  const changes = [
    ...shares.map((_share, n) => createOf(tableOf(n), [...trackColumns, planColumn, totalColumn])),
    createOf({ dataset: 'web', table: 'identifies' }, identifyColumns),
    { kind: 'define-union', table: { dataset: 'web', table: 'tracks' }, columns: views, members } as const,
  ]
  await made.driver.load(planTo(1, { changes }))
  await made.driver.checkpoint()
  await made.side.stop()
  await made.driver.stop()
  await fill(made.folder, rows)
  // As it is shipped.
  const { memoryBytesMax } = defaultSettings(made.folder).warehouse
  const rig = await openRig({ folder: made.folder, memoryBytesMax })
  try {
    const control = await openControl(join(made.folder, 'control'), { clock: systemClock, log: createLog('silent') })
    const queryOf = (id: string) => control.queries.get(id)
    const cohorts = new Cohorts({ store: control.cohorts, queryOf, clock: systemClock })
    const explore = new Explore({ road: uncached(rig.side.road), sources: () => ['web'], cohorts, clock: systemClock })
    const told: Record<string, object> = {}
    const tell = (name: string, figures: object): void => {
      told[name] = figures
      console.error(name, figures)
    }
    for (const [name, spec] of Object.entries(questions)) {
      const sql = byHand[name]
      tell(
        name,
        await measured(
          async () => explore.answer({ principal: root, signal: never }, spec),
          sql === undefined ? undefined : async () => rowsOf(rig.driver, sql),
        ),
      )
    }
    tell('people behind step 5', await behind(explore, funnel(5), 4))
    tell('people behind step 16', await behind(explore, funnel(16), 15))
    for (const [kind, definition] of Object.entries(saveCohorts(control, cohorts))) {
      const caller = { principal: root, signal: never }
      const inIt = [{ cohort: kind, is: 'in' as const }]
      const asked: Readonly<Record<string, () => Promise<unknown>>> = {
        size: async () => explore.cohortSize(caller, definition),
        'people a day': async () => explore.answer(caller, { ...peopleADay, cohorts: inIt }),
        'funnel, 5 steps': async () => explore.answer(caller, funnel(5, { cohorts: inIt })),
      }
      for (const [name, ask] of Object.entries(asked))
        tell(`cohort of ${kind}: ${name}`, await measured(ask, undefined))
    }
    await control.stop()
    return { bench: 'explore', rows, people, ms: told }
  } finally {
    await rig.close()
  }
}

/** Under the names of what they are made of. */
function saveCohorts(control: Control, cohorts: Cohorts): Readonly<Record<string, CohortDefinition>> {
  const maker = control.principalById('owner')
  if (maker === undefined) throw new Error('there is no owner')
  const sql = "SELECT user_id FROM web.event_2 WHERE plan = 'pro'"
  const content = { dialect: 'googlesql', sql, parameters: [], zone: 'UTC' } as const
  const query = control.queries.add({ name: 'pros', folder: '', description: '' }, content, maker.id).id
  const ids = Array.from({ length: 10_000 }, (_none, n) => `u-${createHash('md5').update(String(n)).digest('hex')}`)
  const definitions: Readonly<Record<string, CohortDefinition>> = {
    question: { kind: 'question', spec: funnel(3), cell: { of: 'funnel', step: 2, who: 'reached', group: '' } },
    query: { kind: 'query', query },
    ids: { kind: 'ids', ids },
  }
  for (const [name, definition] of Object.entries(definitions))
    cohorts.add({ name, description: '', audience: 'everybody' }, definition, maker)
  return definitions
}

/** What the engine refuses is told as that: it is a figure, too. */
async function measured(ask: () => Promise<unknown>, askByHand: (() => Promise<unknown>) | undefined): Promise<object> {
  const [ours, hand]: [number[], number[]] = [[], []]
  try {
    for (let round = 0; round < rounds; round += 1) {
      ours.push(await timed(ask))
      if (askByHand !== undefined) hand.push(await timed(askByHand))
    }
  } catch (error) {
    if (!(error instanceof MillpondError)) throw error
    return { refused: error.code }
  }
  return summary(ours, hand)
}

async function behind(explore: Explore, spec: FunnelSpec, step: number): Promise<object> {
  const took: number[] = []
  let found = 0
  for (let round = 0; round < rounds; round += 1) {
    const cell = { of: 'funnel', step, who: 'reached', group: '' } as const
    took.push(
      await timed(async () => {
        const page = { after: undefined, limit: 100 }
        found = (await explore.people({ principal: root, signal: never }, spec, cell, page)).people.length
      }),
    )
  }
  return { ...summary(took, []), found }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

function summary(ours: readonly number[], hand: readonly number[]): object {
  const p50 = quantile(ours, 0.5)
  const all = { p50: Math.round(p50), worst: Math.round(Math.max(...ours)) }
  if (hand.length === 0) return all
  const byHandMs = Math.round(quantile(hand, 0.5))
  return { ...all, byHand: byHandMs, ratio: Math.round((byHandMs / p50) * 100) / 100 }
}
