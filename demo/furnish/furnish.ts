// The company's desks: a person of each role, their saved queries, the schedules that make daily tables, dashboards, alerts, and cohorts. All
// through the public API, and only what is not there yet: a second start changes nothing that somebody has changed.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { AdminClient } from '../../src/cli/admin-client.ts'
import type { AlertAsked } from '../../src/portal/api/alert-answers.ts'
import type { SavedQueryAnswer, ScheduleAnswer } from '../../src/portal/api/job-answers.ts'
import { saveCohorts } from './cohorts.ts'
import { dailies, dashboards } from './dashboards.ts'

/** Of the admin socket. */
export type Call = AdminClient['call']

export interface Office {
  readonly call: Call
  readonly query: (sql: string) => Promise<unknown[][]>
}

export interface Desk {
  readonly role: string
  readonly email: string
  /** One-time, to set a password. */
  readonly path: string
}

const people = [
  ['support', 'sam'],
  ['analyst', 'ana'],
  ['ml', 'milo'],
  ['engineer', 'eva'],
  ['viewer', 'vera'],
] as const
const queriesFolder = join(import.meta.dirname, '..', 'queries')

const alerts: readonly AlertAsked[] = [
  {
    name: 'Cameras lose their connection',
    sql: `SELECT firmware, COUNT(*) AS losses FROM cubby_backend.camera_disconnected
WHERE timestamp < @run_time AND timestamp >= TIMESTAMP_SUB(@run_time, INTERVAL 6 HOUR) GROUP BY firmware`,
    groupBy: 'firmware',
    condition: { kind: 'threshold', is: 'above', value: 20 },
    everyMinutes: 30,
    forCount: 1,
    parameters: {},
    zone: 'UTC',
    routes: [],
    runbook: 'Stop the rollout of the firmware, then ask dashboard "Cubby, every morning" since when.',
  },
  {
    name: 'Nothing comes from the app',
    sql: `SELECT MAX(UNIX_SECONDS(timestamp)) AS newest FROM cubby_ios.app_opened
WHERE timestamp < @run_time AND timestamp >= TIMESTAMP_SUB(@run_time, INTERVAL 1 DAY)`,
    condition: { kind: 'absence' },
    everyMinutes: 60,
    forCount: 2,
    parameters: {},
    zone: 'UTC',
    routes: [],
    runbook: 'Look at Sources: does the app still send?',
  },
]

/** `fromDay`: of the first day of the company's history. Returns whoever may come in by a link for the first time. */
export async function furnish(office: Office, fromDay: string, today: string): Promise<readonly Desk[]> {
  const { call } = office
  const desks = await invite(call)
  await saveQueries(call)
  await makeDailies(office, fromDay, today)
  const { dashboards: there } = (await call('GET', '/api/dashboards')) as {
    readonly dashboards: readonly { slug: string }[]
  }
  for (const dashboard of dashboards)
    if (!there.some(({ slug }) => slug === dashboard.slug)) await call('POST', '/api/dashboards', dashboard)
  const { alerts: known } = (await call('GET', '/api/alerts')) as { readonly alerts: readonly { name: string }[] }
  for (const alert of alerts)
    if (!known.some(({ name }) => name === alert.name)) await call('POST', '/api/alerts', alert)
  await saveCohorts(call)
  return desks
}

async function invite(call: Call): Promise<readonly Desk[]> {
  const { users } = (await call('GET', '/api/users')) as { readonly users: readonly { readonly email: string }[] }
  const desks: Desk[] = []
  for (const [role, name] of people) {
    const email = `${name}@cubby.example`
    if (users.some((one) => one.email === email)) continue
    const made = (await call('POST', '/api/users', { email, role })) as {
      readonly handle: string
      readonly path: string
    }
    await call('POST', '/api/grants', { grantee: made.handle, dataset: '*' })
    desks.push({ role, email, path: made.path })
  }
  return desks
}

async function savedQueries(call: Call): Promise<readonly SavedQueryAnswer[]> {
  return ((await call('GET', '/api/queries')) as { readonly queries: readonly SavedQueryAnswer[] }).queries
}

/** The questions of demo/queries, under the words of their first line. Scripts are no queries of one result. */
async function saveQueries(call: Call): Promise<void> {
  const known = await savedQueries(call)
  for (const file of (await readdir(queriesFolder)).sort()) {
    const sql = await readFile(join(queriesFolder, file), 'utf8')
    const name = /^-- (.*)/.exec(sql)?.[1]?.replaceAll('/', ' ').slice(0, 200) ?? file
    if (known.some((one) => one.folder === 'cubby' && one.name === name)) continue
    const made = (await call('POST', '/api/queries', { name, folder: 'cubby', sql })) as SavedQueryAnswer
    await call('POST', `/api/queries/${made.id}/verify`, { version: made.version })
  }
}

/** A saved query, a schedule of every night, and the days that were. */
async function makeDailies({ call, query }: Office, fromDay: string, today: string): Promise<void> {
  const { schedules } = (await call('GET', '/api/schedules')) as { readonly schedules: readonly ScheduleAnswer[] }
  const missing = dailies.filter(({ name }) => !schedules.some((one) => one.name === name))
  if (missing.length === 0) return
  await query('CREATE SCHEMA IF NOT EXISTS daily')
  const known = await savedQueries(call)
  for (const { name, table, sql } of missing) {
    const old = known.find((one) => one.folder === 'daily' && one.name === name)
    const kept = old ?? ((await call('POST', '/api/queries', { name, folder: 'daily', sql })) as SavedQueryAnswer)
    await call('POST', `/api/queries/${kept.id}/verify`, { version: kept.version })
    const partition = { column: 'day', day: 'yesterday', scope: [] }
    const target = { dataset: 'daily', table, mode: 'replace-partition', keys: [], partition }
    const definition = { name, query: kept.id, cron: '15 0 * * *', zone: 'UTC', target, lookbackDays: 2 }
    const { id } = (await call('POST', '/api/schedules', definition)) as ScheduleAnswer
    await call('POST', `/api/schedules/${id}/backfill`, { from: fromDay, to: today })
  }
}
