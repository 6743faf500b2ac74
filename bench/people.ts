// One person out of a million, among millions of events: what each part of their page costs, on the query road and through the
// real engine, over tables as the loader leaves them (by the time of coming, not compacted).
import { join } from 'node:path'

import { DuckDBInstance } from '@duckdb/node-api'

import { systemClock } from '../src/core/clock.ts'
import { createLog } from '../src/core/log.ts'
import { openControl } from '../src/control/control.ts'
import { People } from '../src/people/people.ts'
import { rowTables } from '../src/warehouse/row-tables.ts'
import { callColumns, commonColumns, usersColumns } from '../src/warehouse/schema.ts'
import { never, openRig, root } from '../test/app/asking-rig.ts'
import { createOf, planTo } from '../test/contract/warehouse-plans.ts'
import { quantile } from './support/run.ts'

const users = 1_000_000
/** Those who did something. */
const active = 200_000
const eventTables = 30
const inferences = rowTables['ai.inferences']
const asked = 25

function tablesOf(): Parameters<typeof createOf>[] {
  const trackColumns = [...commonColumns, ...callColumns.track]
  const events = Array.from({ length: eventTables }, (_, n): Parameters<typeof createOf> => [
    { dataset: 'web', table: `event_${n}` },
    trackColumns,
  ])
  const traits = ['email', 'name'].map((name) => ({ name, type: 'text' as const }))
  return [
    ...events,
    [{ dataset: 'web', table: 'pages' }, [...commonColumns, ...callColumns.page]],
    [
      { dataset: 'web', table: 'identifies' },
      [...commonColumns, ...callColumns.identify, { name: 'context_device_id', type: 'text' }, ...traits],
    ],
    [{ dataset: 'web', table: 'users' }, [...usersColumns, ...traits]],
    [inferences.table, inferences.all],
  ]
}

/** A user's ids look random, and are known from their number. */
const userSql = (n: string): string => `concat('u-', md5(CAST(${n} AS VARCHAR)))`
const anonymousSql = (n: string): string => `concat('a-', md5(concat('a', CAST(${n} AS VARCHAR))))`
const deviceSql = (n: string): string => `concat('cam-', md5(concat('d', CAST(${n} AS VARCHAR))))`

function commonSql(n: string, at: string): string {
  return `md5(concat('m', CAST(i AS VARCHAR))) AS id, ${at} AS "timestamp", ${at} AS received_at, ${at} AS loaded_at, ${n} AS n`
}

function fillSql(rows: number): string[] {
  const at = `make_timestamptz(CAST(1790000000000000 + i * (2592000000000 // ${rows}) AS BIGINT))`
  const who = `(hash(i) % ${active})`
  const perTable = Math.floor(rows / eventTables)
  const events = Array.from({ length: eventTables }, (_, table) => {
    const own = `SELECT ${commonSql(who, at)} FROM (SELECT r * ${eventTables} + ${table} AS i FROM range(${perTable}) AS t(r))`
    return `INSERT INTO web.event_${table} (id, "timestamp", received_at, loaded_at, user_id, anonymous_id, event, event_text, properties)
      SELECT id, "timestamp", received_at, loaded_at, ${userSql('n')}, ${anonymousSql('n')}, 'event_${table}', 'Event ${table}',
        '{"camera":"north","duration":17}' FROM (${own})`
  })
  const known = `SELECT ${commonSql('i', 'make_timestamptz(1789000000000000 + i)')} FROM range(${users}) AS t(i)`
  return [
    ...events,
    `INSERT INTO web.identifies (id, "timestamp", received_at, loaded_at, user_id, anonymous_id, context_device_id, email, name)
     SELECT id, "timestamp", received_at, loaded_at, ${userSql('n')}, ${anonymousSql('n')}, concat('phone-', md5(CAST(n AS VARCHAR))),
       concat('person', n, '@example.com'), concat('Person Number ', n) FROM (${known})`,
    `INSERT INTO web.users (id, received_at, email, name)
     SELECT ${userSql('n')}, received_at, concat('person', n, '@example.com'), concat('Person Number ', n) FROM (${known})`,
    `INSERT INTO ai.inferences (id, "timestamp", received_at, loaded_at, user_id, device_id, model, top_label)
     SELECT id, "timestamp", received_at, loaded_at, ${userSql('n')}, ${deviceSql('n')}, 'cry', 'cry'
     FROM (SELECT ${commonSql(who, at)} FROM range(${Math.floor(rows / 10)}) AS t(i))`,
  ]
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

export async function benchPeople(rows: number): Promise<object> {
  const made = await openRig()
  const tables = tablesOf()
  const columns = [...commonColumns, ...callColumns.track.filter(({ name }) => !name.startsWith('_'))]
  const members = Array.from({ length: eventTables }, (_, n) => ({
    table: `event_${n}`,
    columns: columns.map(({ name }) => name),
  }))
  const union = { kind: 'define-union', table: { dataset: 'web', table: 'tracks' }, columns, members } as const
  await made.driver.load(planTo(1, { changes: [...tables.map(([table, specs]) => createOf(table, specs)), union] }))
  await made.driver.checkpoint()
  await made.side.stop()
  await made.driver.stop()
  await fill(made.folder, rows)
  const rig = await openRig({ folder: made.folder })
  const control = await openControl(join(rig.folder, 'control'), { clock: systemClock, log: createLog('silent') })
  try {
    const road = rig.side.road
    const people = new People({ road, store: control.people, sources: () => ['web'], clock: systemClock })
    return { bench: 'people', rows, users, people: active, ...(await measure(people, rows)) }
  } finally {
    await control.stop()
    await rig.close()
  }
}

async function measure(people: People, rows: number): Promise<object> {
  const took: Record<string, { ms: number[]; cpuMs: number }> = {}
  async function timed<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const begun = performance.now()
    const before = process.cpuUsage()
    const result = await work()
    const { user, system } = process.cpuUsage(before)
    const own = (took[name] ??= { ms: [], cpuMs: 0 })
    own.ms.push(performance.now() - begun)
    own.cpuMs += (user + system) / 1000
    return result
  }
  const caller = { principal: root, signal: never }
  const search = async (name: string, text: string): Promise<string | undefined> => {
    const found = await timed(name, async () => people.search(caller, text, 20))
    return found[0] && `${found[0].kind}:${found[0].id}`
  }
  let shown = 0
  for (let n = 0; n < asked; n += 1) {
    const number = (n * 7919) % active
    const id = (await search('search: e-mail', `Person${number}@example.com`)) ?? ''
    await search('search: id', id.slice('user:'.length))
    await search('search: beginning of a name', `person number ${number}`)
    await search('search: nobody', `nobody ${number}`)
    const person = await timed('who is it', async () => people.find(caller, id))
    await timed('head', async () => people.profile(person))
    const page = await timed('timeline: first page', async () => people.timeline(person, { limit: 100 }))
    shown += page.rows.length
    const toMicros = 1_790_000_000_000_000 + 2_592_000_000_000
    const day = { fromMicros: toMicros - 86_400_000_000, toMicros, buckets: 48 }
    await timed('histogram of a day', async () => people.histogram(person, day))
    await timed('one row', async () => people.details(person, page.rows[0]?.ref ?? ''))
    await timed('live: what came', async () => people.arrived(person, toMicros - 1_000_000))
  }
  if (shown < (asked * rows) / active / 2) throw new Error(`Only ${shown} rows were shown`)
  const told = Object.entries(took).map(([name, { ms, cpuMs }]) => [
    name,
    // The time of the processors doesn't depend on who else is working on the machine.
    { p50: quantile(ms, 0.5), p95: quantile(ms, 0.95), cpu: Math.round(cpuMs / ms.length) },
  ])
  return { rowsShown: shown, ms: Object.fromEntries(told) as object }
}
