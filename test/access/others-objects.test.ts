// One person asks for what is another's, by its id, at every route that takes one; on a real Millpond. A route that this file does not
// know fails it: whoever adds one says whose things it is about.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type ApiDeps, buildApi } from '../../src/portal/api/api.ts'
import { portalPages } from '../../src/portal/api/portal-pages.ts'
import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'

const password = 'a long enough password'
const secret = 'geheim'
/** Never done by itself. */
const endless =
  'SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 100000)) a, UNNEST(GENERATE_ARRAY(1, 100000)) b, UNNEST(GENERATE_ARRAY(1, 100000)) c WHERE a + b + c < 0'

/** Nobody's in particular: roles, grants and policies decide, and the other tests of this folder ask about them. */
const nobodys = [
  // The application is the same for everybody; what it shows it asks for.
  ...portalPages.map((page) => `GET ${page}`),
  'GET /assets/:name',
  'POST /api/auth/sign-in/:provider',
  'GET /api/auth/callback/:provider',
  /^(?:GET|POST|PUT|DELETE) \/api\/(?:sources|tokens|keys|clients|users|principals|destinations|imports)\//,
  // What is saved is read and run by everybody who may ask, with their own rights.
  /^GET \/api\/(?:queries|dashboards)\/:id(?:\/versions)?$/,
  /^(?:GET|POST) \/api\/dashboards\/:id\/tiles\//,
  // Administrators alone; the page itself asks for a signature, in test/app/embeds.test.ts.
  /^(?:GET|PUT|POST|DELETE) \/api\/dashboards\/:id\/embed/,
  'GET /embed/:id',
  /^(?:GET|POST) \/api\/cohorts\/:id(?:\/(?:size|sql|people|freeze))?$/,
  // Seen by everybody; whoever is woken mutes. Routes are the administrators'.
  /^GET \/api\/alerts\/:id/,
  'POST /api/alerts/:id/mute',
  /^(?:PUT|DELETE) \/api\/alert-routes\//,
  'POST /api/queries/:id/run',
  // Somebody else than who wrote it; whose word counts, each schedule decides.
  'POST /api/queries/:id/verify',
  // Of people whose events one may see.
  /^(?:GET|POST) \/api\/people\/:id/,
]

interface Asked {
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

interface Things {
  readonly session: string
  readonly token: string
  readonly query: string
  readonly schedule: string
  readonly run: string
  readonly job: string
  readonly note: string
  readonly dashboard: string
  readonly cohort: string
  readonly alert: string
  readonly report: string
}

let pond: Millpond
const cookies = new Map<string, string>()
let things: Things
let running: Promise<unknown>

beforeAll(async () => {
  pond = await startMillpond()
  const key = await pond.addSource('web')
  await sendTo(pond.address, { userId: 'u1', event: 'Hello' }, { key, path: '/v1/track' })
  await pond.settled()
  for (const name of ['ann', 'ben']) {
    await people(name)
    for (const privilege of ['read', 'write']) {
      const dataset = privilege === 'read' ? '*' : 'daily'
      await pond.api('/api/grants', { method: 'POST', body: JSON.stringify({ grantee: name, dataset, privilege }) })
    }
  }
  await pond.api('/api/query', { method: 'POST', body: JSON.stringify({ sql: 'CREATE SCHEMA daily' }) })
  things = await makeThings()
}, 120_000)

afterAll(async () => {
  await as('ann', `DELETE /api/jobs/${things.job}`)
  await running
  await pond.dispose()
})

async function people(name: string): Promise<void> {
  const body = JSON.stringify({ email: `${name}@example.com`, role: 'analyst' })
  const made = (await (await pond.api('/api/users', { method: 'POST', body })).json()) as { path: string }
  const answer = await fetch(`${pond.address}/api/auth/invitation/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: pond.address },
    body: JSON.stringify({ code: made.path.split('#')[1], password }),
  })
  cookies.set(name, (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '')
}

async function as(name: string, call: string, { body, headers = {} }: Asked = {}) {
  const [method = '', path = ''] = call.split(' ')
  const answer = await fetch(`${pond.address}${path}`, {
    method,
    headers: {
      cookie: cookies.get(name) ?? '',
      origin: pond.address,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text, body: jsonOf(text) }
}

function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>
  } catch {
    return {}
  }
}

const saved = {
  name: `${secret} query`,
  sql: `SELECT DATE '2026-01-01' AS day, '${secret}' AS word`,
  dialect: 'googlesql',
}
const dashboard = { slug: 'hers', title: 'Hers', tiles: [] }
const cohort = { name: 'Hers', definition: { kind: 'ids', ids: [secret] } }
const alert = {
  name: 'Hers',
  sql: 'SELECT 1 AS n',
  condition: { kind: 'absence' },
  everyMinutes: 1440,
}
const report = { name: `${secret} report`, dashboard: 'hers', cron: '0 8 * * *', routes: ['mail'] }
const scheduled = (query: string) => ({
  name: `${secret} schedule`,
  query,
  version: 1,
  cron: '0 3 * * *',
  target: { dataset: 'daily', table: 'rows', mode: 'replace' },
})

/** All of Ann. */
async function makeThings(): Promise<Things> {
  const made = async (call: string, asked?: Asked) => {
    const answer = await as('ann', call, asked)
    if (answer.status >= 300) throw new Error(`${call}: ${answer.text}`)
    return answer.body
  }
  const [session] = (await made('GET /api/sessions'))['sessions'] as [{ id: string }]
  const token = await made('POST /api/me/tokens', { body: { name: secret } })
  const query = String((await made('POST /api/queries', { body: saved }))['id'])
  const schedule = String((await made('POST /api/schedules', { body: scheduled(query) }))['id'])
  const { runs } = (await made(`POST /api/schedules/${schedule}/run`, { body: {} })) as { runs: [{ id: string }] }
  const { id } = await made('POST /api/dashboards', { body: dashboard })
  const people = await made('POST /api/cohorts', { body: cohort })
  const watch = await made('POST /api/alerts', { body: alert })
  const settings = { to: 'a@example.com', from: 'b@example.com' }
  const route = JSON.stringify({ kind: 'email', settings, secrets: { smtpUrl: 'smtp://127.0.0.1:1' } })
  await pond.api('/api/alert-routes/mail', { method: 'PUT', body: route })
  const mailed = await made('POST /api/reports', { body: report })
  const note = await made('POST /api/people/user:u1/notes', { body: { text: secret } })
  running = as('ann', 'POST /api/query', { body: { sql: endless } })
  const job = await firstAnswer(async () => {
    const { jobs } = (await made('GET /api/jobs?state=live')) as { jobs: { sql: string; id: string }[] }
    return jobs.find(({ sql }) => sql === endless)?.id
  }, 30_000)
  return {
    session: session.id,
    token: String(token['id']),
    query,
    schedule,
    run: runs[0].id,
    job,
    note: String(note['id']),
    dashboard: String(id),
    cohort: String(people['id']),
    alert: String(watch['id']),
    report: String(mailed['id']),
  }
}

/** What Ben tries: the route, with Ann's ids. */
const attempts = (): readonly (readonly [route: string, path: string, body?: object])[] => {
  const { session, token, query, schedule, run, job, note, dashboard: board, cohort: people, alert: watch } = things
  const reportPath = `/api/reports/${things.report}`
  const [queryPath, schedulePath] = [`/api/queries/${query}`, `/api/schedules/${schedule}`]
  return [
    ['DELETE /api/sessions/:id', `/api/sessions/${session}`],
    ['DELETE /api/me/tokens/:id', `/api/me/tokens/${token}`],
    ['DELETE /api/jobs/:id', `/api/jobs/${job}`],
    ['PUT /api/queries/:id', queryPath, { ...saved, sql: 'SELECT 1' }],
    ['DELETE /api/queries/:id', queryPath],
    ['PUT /api/alerts/:id', `/api/alerts/${watch}`, { ...alert, name: 'His' }],
    ['DELETE /api/alerts/:id', `/api/alerts/${watch}`],
    ['POST /api/alerts/:id/pause', `/api/alerts/${watch}/pause`],
    ['POST /api/alerts/:id/resume', `/api/alerts/${watch}/resume`],
    ['POST /api/alerts/:id/test', `/api/alerts/${watch}/test`],
    ['PUT /api/cohorts/:id', `/api/cohorts/${people}`, { ...cohort, name: 'His' }],
    ['DELETE /api/cohorts/:id', `/api/cohorts/${people}`],
    ['PUT /api/dashboards/:id', `/api/dashboards/${board}`, { ...dashboard, title: 'His', version: 1 }],
    ['DELETE /api/dashboards/:id', `/api/dashboards/${board}`],
    ['GET /api/reports/:id', reportPath],
    ['PUT /api/reports/:id', reportPath, { ...report, routes: ['mail'], name: 'His' }],
    ['DELETE /api/reports/:id', reportPath],
    ['POST /api/reports/:id/pause', `${reportPath}/pause`],
    ['POST /api/reports/:id/resume', `${reportPath}/resume`],
    ['POST /api/reports/:id/send', `${reportPath}/send`],
    ['GET /api/reports/:id/mails', `${reportPath}/mails`],
    ['GET /api/reports/:id/preview', `${reportPath}/preview`],
    ['GET /api/schedules/:id', schedulePath],
    ['PUT /api/schedules/:id', schedulePath, { ...scheduled(query), cron: '* * * * *' }],
    ['DELETE /api/schedules/:id', schedulePath],
    ['POST /api/schedules/:id/pause', `${schedulePath}/pause`],
    ['POST /api/schedules/:id/resume', `${schedulePath}/resume`],
    ['GET /api/schedules/:id/next', `${schedulePath}/next`],
    ['GET /api/schedules/:id/runs', `${schedulePath}/runs`],
    ['POST /api/schedules/:id/run', `${schedulePath}/run`, {}],
    ['POST /api/schedules/:id/backfill', `${schedulePath}/backfill`, { from: '2026-01-01', to: '2026-01-02' }],
    ['POST /api/schedules/:id/runs/:run/cancel', `${schedulePath}/runs/${run}/cancel`],
    ['DELETE /api/people/:id/notes/:note', `/api/people/user:u1/notes/${note}`],
  ]
}

/** Of Ann, as she sees it; without what passes by itself. */
async function seen(): Promise<unknown> {
  const { query, schedule, job, dashboard: board, cohort: people } = things
  const lists = await Promise.all(
    [
      '/api/sessions',
      '/api/me/tokens',
      `/api/queries/${query}/versions`,
      '/api/people/user:u1/notes',
      `/api/dashboards/${board}`,
      `/api/cohorts/${people}`,
      `/api/reports/${things.report}`,
    ].map(async (path) => (await as('ann', `GET ${path}`)).body),
  )
  const {
    lastRun: _run,
    nextRunTime: _next,
    plannedUntil: _until,
    ...rest
  } = (await as('ann', `GET /api/schedules/${schedule}`)).body
  const runs = (await as('ann', `GET /api/schedules/${schedule}/runs`)).body['runs'] as object[]
  const jobs = (await as('ann', 'GET /api/jobs')).body['jobs'] as { id: string; state: string }[]
  return { lists, rest, runs: runs.length, state: jobs.find(({ id }) => id === job)?.state }
}

test('every route that takes an id is known here', () => {
  const known = attempts().map(([route]) => route)
  const routes: string[] = []
  const app = buildApi('public', { bigquery: {} } as ApiDeps, (method, url) => routes.push(`${method} ${url}`))
  void app.close()
  const unknown = routes.filter(
    (route) =>
      route.includes(':') &&
      !known.includes(route) &&
      !nobodys.some((one) => (typeof one === 'string' ? one === route : one.test(route))),
  )
  expect(unknown).toEqual([])
  expect(known.filter((route) => !routes.includes(route))).toEqual([])
})

test('what is Ann’s is as if it were not there, or not Ben’s to touch; and it stays as it was', async () => {
  const before = await seen()
  expect(before).toMatchObject({ state: 'running' })
  for (const [route, path, body] of attempts()) {
    const [method = ''] = route.split(' ')
    const { status, text } = await as('ben', `${method} ${path}`, body === undefined ? {} : { body })
    expect([route, status]).toEqual([route, expect.toSatisfy((one) => one === 403 || one === 404)])
    // Saved queries are there for everybody, and an error may name them.
    expect([route, route.includes('/queries/') || !text.includes(secret)]).toEqual([route, true])
  }
  const { cohort: people } = things
  const parts = ['', '/sql', '/people', '/size'].map((part) => `/api/cohorts/${people}${part}`)
  const own = ['sessions', 'me/tokens', 'jobs', 'schedules', 'reports', 'cohorts'].map((name) => `/api/${name}`)
  for (const path of [...own, ...parts]) {
    const { status, text } = await as('ben', `GET ${path}`)
    expect([path, status, text.includes(secret)]).toEqual([path, 200, false])
  }
  expect(await seen()).toEqual(before)
})

test('a name that looks like somebody else’s id leads nobody astray', async () => {
  const { query, schedule, dashboard: board, cohort: people, alert: watch } = things
  const twin = await as('ben', 'POST /api/queries', {
    body: { ...saved, name: query, sql: "SELECT DATE '2026-01-02' AS day" },
  })
  expect(twin.status).toBe(201)
  const planned = await as('ben', 'POST /api/schedules', {
    body: { ...scheduled(String(twin.body['id'])), name: schedule },
  })
  expect(planned.status).toBe(201)
  const drawn = await as('ben', 'POST /api/dashboards', { body: { ...dashboard, slug: board } })
  expect(drawn.status).toBe(201)
  expect((await as('ben', 'POST /api/cohorts', { body: { ...cohort, name: people } })).status).toBe(201)
  expect((await as('ben', `GET /api/cohorts/${people}`)).body).toMatchObject({ id: people, owner: 'ann' })
  expect((await as('ben', 'POST /api/alerts', { body: { ...alert, name: watch } })).status).toBe(201)
  expect((await as('ben', `GET /api/alerts/${watch}`)).body).toMatchObject({ id: watch, owner: 'ann' })
  expect((await as('ben', `GET /api/dashboards/${board}`)).body).toMatchObject({ id: board, owner: 'ann' })
  expect((await as('ben', `GET /api/queries/${query}`)).body).toMatchObject({ id: query, owner: 'ann' })
  expect((await as('ann', `GET /api/schedules/${schedule}`)).body).toMatchObject({ id: schedule, owner: 'ann' })
  expect((await as('ben', `DELETE /api/queries/${query}`)).status).toBe(403)
})

test('a query of its owner alone is there for nobody else: by no route, name, schedule or tile', async () => {
  const own = { ...saved, name: 'hers alone', sql: "SELECT DATE '2026-01-01' AS day", audience: 'owner' }
  const id = String((await as('ann', 'POST /api/queries', { body: own })).body['id'])
  for (const named of [id, 'hers%20alone']) {
    const path = `/api/queries/${named}`
    for (const [call, body] of [
      [`GET ${path}`],
      [`GET ${path}/versions`],
      [`POST ${path}/run`, {}],
      [`POST ${path}/verify`, { version: 1 }],
      [`PUT ${path}`, saved],
      [`DELETE ${path}`],
    ] as const) {
      const { status } = await as('ben', call, body === undefined ? {} : { body })
      expect([call, status]).toEqual([call, 404])
    }
  }
  expect((await as('ben', 'GET /api/queries')).text).not.toContain('hers alone')
  expect((await as('ann', 'GET /api/queries')).text).toContain('hers alone')
  for (const body of [
    { ...scheduled(id), name: 'of ben' },
    { ...scheduled(things.query), target: { dataset: 'daily', table: 'rows', mode: 'append' }, forEach: id },
  ])
    expect((await as('ben', 'POST /api/schedules/preview', { body })).status).toBe(404)
  const tile = { id: 'a', title: 'A', query: id, place: { x: 0, y: 0, width: 4, height: 4 } }
  expect(
    (await as('ben', 'POST /api/dashboards', { body: { ...dashboard, slug: 'bens', tiles: [tile] } })).status,
  ).toBe(404)
  // A name and another version leave it as it is; its owner gives it to everybody.
  const { audience: _audience, ...kept } = own
  expect((await as('ann', `PUT /api/queries/${id}`, { body: { ...kept, sql: 'SELECT 1 AS a' } })).body).toMatchObject({
    audience: 'owner',
    version: 2,
  })
  expect((await as('ben', `GET /api/queries/${id}`)).status).toBe(404)
  await as('ann', `PUT /api/queries/${id}`, { body: { ...own, audience: 'everybody' } })
  expect((await as('ben', `GET /api/queries/${id}`)).status).toBe(200)
})

test('a verification takes nobody else’s place: what a schedule stands on stays', async () => {
  const { query } = things
  const verify = async (name: string) =>
    (await as(name, `POST /api/queries/${query}/verify`, { body: { version: 1 } })).status
  const latest = { ...scheduled(query), version: undefined, name: 'by the latest' }
  expect((await as('ann', 'POST /api/schedules', { body: latest })).status).toBe(400)
  expect([await verify('ann'), await verify('ben')]).toEqual([403, 200])
  // The word of one member is none for another's schedule.
  expect((await as('ann', 'POST /api/schedules', { body: latest })).status).toBe(400)
  const body = JSON.stringify({ version: 1 })
  expect((await pond.api(`/api/queries/${query}/verify`, { method: 'POST', body })).status).toBe(200)
  expect(await verify('ben')).toBe(200)
  expect((await as('ann', 'POST /api/schedules', { body: latest })).status).toBe(201)
  expect((await as('ann', `GET /api/queries/${query}`)).text).not.toContain('verifiers')
})

describe('by BigQuery’s API', () => {
  let tokens: Readonly<Record<string, string>>

  beforeAll(async () => {
    const made = await Promise.all(
      ['ann', 'ben'].map(async (name) => {
        const { body } = await as(name, 'POST /api/me/tokens', { body: { name: 'client' } })
        return [name, String(body['token'])] as const
      }),
    )
    tokens = Object.fromEntries(made)
  })

  const ask = async (name: string, call: string, body?: object) =>
    as(name, call, {
      headers: { cookie: '', authorization: `Bearer ${tokens[name] ?? ''}` },
      ...(body === undefined ? {} : { body }),
    })
  const base = '/bigquery/v2/projects/millpond'

  test('jobs, their rows, and the tables of their rows', async () => {
    const configuration = { query: { query: `SELECT '${secret}' AS word`, useLegacySql: false } }
    const made = await ask('ann', `POST ${base}/jobs`, { configuration })
    const { jobId } = made.body['jobReference'] as { jobId: string }
    const rows = await ask('ann', `GET ${base}/queries/${jobId}`)
    expect(rows.text).toContain(secret)
    const { body } = await ask('ann', `GET ${base}/jobs/${jobId}`)
    const { query } = body['configuration'] as { query: { destinationTable: { datasetId: string; tableId: string } } }
    const { datasetId, tableId } = query.destinationTable
    const calls = [
      `GET ${base}/jobs/${jobId}`,
      `GET ${base}/queries/${jobId}`,
      `POST ${base}/jobs/${jobId}/cancel`,
      `DELETE ${base}/jobs/${jobId}/delete`,
      `GET ${base}/datasets/${datasetId}/tables/${tableId}`,
      `GET ${base}/datasets/${datasetId}/tables/${tableId}/data`,
    ]
    for (const call of calls) {
      const { status, text } = await ask('ben', call)
      expect([call, status, text.includes(secret)]).toEqual([
        call,
        expect.toSatisfy((one) => one === 403 || one === 404),
        false,
      ])
    }
    expect((await ask('ben', `GET ${base}/jobs?allUsers=true&projection=full`)).text).not.toContain(jobId)
    expect((await ask('ann', `GET ${base}/queries/${jobId}`)).text).toContain(secret)
  })

  test('uploads that have begun', async () => {
    const configuration = {
      load: {
        destinationTable: { projectId: 'millpond', datasetId: 'daily', tableId: 'load' },
        autodetect: true,
        skipLeadingRows: 1,
        sourceFormat: 'CSV',
      },
    }
    const path = '/upload/bigquery/v2/projects/millpond/jobs?uploadType=resumable'
    const begun = await ask('ann', `POST ${path}`, { configuration })
    expect(begun.text).toBe('')
    const place = new URL(begun.headers.get('location') ?? '', pond.address)
    for (const method of ['PUT', 'DELETE']) {
      expect((await ask('ben', `${method} ${place.pathname}${place.search}`, { a: 1 })).status).toBe(404)
    }
    expect((await ask('ann', `PUT ${place.pathname}${place.search}`, { a: 1 })).status).toBe(200)
  })
})
