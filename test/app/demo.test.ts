// `npm run demo` as a person runs it, small: it fills a Millpond of its own over the real roads, every question of
// docs/guide/demo.md has an answer, live traffic arrives, Ctrl-C ends it in order, and a second fill stores nothing twice.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { destinationsOf } from '../../demo/furnish/destinations.ts'
import { openPond, type Pond } from '../../demo/pond.ts'
import { firstAnswer } from '../support/millpond.ts'
import { plainEnvironment } from './cli-support.ts'

const root = resolve(import.meta.dirname, '../..')
const freePorts = plainEnvironment({ MILLPOND_HTTP_PORT: '0', MILLPOND_FORWARD_PORT: '0', MILLPOND_POSTGRES_PORT: '0' })
const small = ['--days', '3', '--households', '60']
const page = await readFile(join(root, 'docs/guide/demo.md'), 'utf8')
const questions = [...page.matchAll(/^#+ (.*)\n[^#]*?```sql\n([^`]*)```/gm)].map(([, title = '', sql = '']) => ({
  title,
  sql,
}))

const saved = readdirSync(join(root, 'demo/queries')).map((name) => ({
  name,
  sql: readFileSync(join(root, 'demo/queries', name), 'utf8'),
}))

let data: string
/** Where the vendors of the first run listened. */
let firstUrls: readonly string[] = []

beforeAll(async () => {
  data = join(await mkdtemp(join(tmpdir(), 'millpond-demo-')), 'pond')
})

afterAll(async () => {
  await rm(resolve(data, '..'), { recursive: true, force: true })
})

async function rowsOfTile(pond: Pond, slug: string, tile: string): Promise<string> {
  let count = 0
  for await (const line of pond.lines('POST', `/api/dashboards/${slug}/tiles/${tile}/rows`, { parameters: {} }))
    if ('row' in (line as object)) count += 1
  return count > 0 ? 'some' : 'none'
}

interface Demo {
  readonly child: ChildProcess
  readonly output: () => string
  readonly ended: Promise<unknown>
}

function runDemo(...words: readonly string[]): Demo {
  const child = spawn(process.execPath, [join(root, 'demo/run.ts'), '--data', data, ...words], {
    env: freePorts,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  return { child, output: () => output, ended: once(child, 'close') }
}

const totals = `SELECT source, sum(stored) AS stored, sum(flagged) AS flagged FROM millpond.source_counts WHERE source <> 'millpond' GROUP BY source ORDER BY source`

describe('a demo that runs', () => {
  let demo: Demo
  let pond: Pond

  beforeAll(async () => {
    demo = runDemo(...small, '--pace', '1200')
    await firstAnswer(
      async () => {
        if (demo.child.exitCode !== null) throw new Error('The demo has ended.')
        return demo.output().includes('Live traffic goes on') ? true : undefined
      },
      50_000,
      demo.output,
    )
    pond = await openPond(data, freePorts)
  })

  afterAll(async () => {
    await pond.stop()
    demo.child.kill('SIGINT')
    await demo.ended
  })

  it('says what is there, what to ask, and who may look', () => {
    const output = demo.output()
    for (const source of ['cubby_ios', 'cubby_android', 'cubby_web', 'cubby_backend', 'forward'])
      expect(output).toContain(source)
    expect(output.match(/node bin\/millpond\.js --data \S+ query "/g)).toHaveLength(3)
    expect(output).toMatch(/Administrator, once +http:\S+\/login\?code=/)
  })

  it('is joined, not started again', () => {
    expect(pond.isOurs).toBe(false)
  })

  it('passes events on: delivered, kept back for no consent, tried again; and it goes on live', async () => {
    const became = async (where: string): Promise<number> =>
      Number((await pond.query(`SELECT COUNT(*) FROM millpond.deliveries WHERE ${where}`))[0]?.[0])
    const some = [
      ...['mixpanel', 'ga4', 'meta'].map((name) => `destination = '${name}' AND status = 'delivered'`),
      "destination = 'meta' AND status = 'skipped' AND reason = 'No consent for advertising'",
      "status = 'delivered' AND attempts > 1",
      "destination = 'mixpanel' AND status = 'delivered' AND sent_payload IS NOT NULL AND event_received_at > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 5 SECOND)",
    ]
    for (const where of some)
      await firstAnswer(
        async () => ((await became(where)) > 0 ? true : undefined),
        30_000,
        () => where,
      )
    const all = await destinationsOf(pond.call)
    expect(all.map(({ name, state }) => [name, state])).toEqual([
      ['ga4', 'active'],
      ['meta', 'active'],
      ['mixpanel', 'active'],
    ])
    firstUrls = all.map(({ settings }) => settings['baseUrl'] ?? '')
    expect(firstUrls.every((url) => url.startsWith('http://127.0.0.1:'))).toBe(true)
    expect(demo.output()).not.toMatch(/cubby-demo-(?:project-token|api-secret|access-token)/)
  })

  it('has a page with questions', () => {
    expect(questions.length).toBeGreaterThanOrEqual(10)
  })

  it.each(questions)('answers: $title', async ({ sql }) => {
    const rows = await pond.query(sql)
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.flat().some((value) => value !== null)).toBe(true)
  })

  it.each(saved)('answers the saved query $name', async ({ sql }) => {
    expect((await pond.query(sql)).length).toBeGreaterThan(0)
  })

  it('answers the questions that it prints', async () => {
    const printed = [...demo.output().matchAll(/ query "([^"]+)"/g)]
    for (const [, sql = ''] of printed) expect((await pond.query(sql)).length).toBeGreaterThan(0)
  })

  it('tells the stories of the page', async () => {
    const [worst] = await pond.query(questions.find(({ title }) => title.startsWith('1.'))?.sql ?? '')
    expect(worst).toContain('2.5.0')
    const reasons = await pond.query('SELECT DISTINCT reason FROM millpond.dead_letters ORDER BY reason')
    expect(reasons.flat()).toEqual([
      'entry_unreadable',
      'event_name_missing',
      'event_not_an_object',
      'event_too_large',
      'event_type_unknown',
      'id_missing',
      'key_rotated',
    ])
    const [[duplicates, flagged] = []] = await pond.query(
      'SELECT SUM(duplicates), SUM(flagged) FROM millpond.source_counts',
    )
    expect(duplicates).toBeGreaterThanOrEqual(60)
    expect(flagged).toBeGreaterThanOrEqual(2)
  })

  it('has a desk for each role, and everything that they look at has rows', async () => {
    const output = demo.output()
    for (const role of ['support', 'analyst', 'ml', 'engineer', 'viewer'])
      expect(output).toMatch(new RegExp(`${role}, once +http:\\S+/invitation#\\S+ +\\(\\w+@cubby\\.example\\)`))
    type Runs = { readonly runs: readonly { readonly state: string }[] }
    const { schedules } = (await pond.call('GET', '/api/schedules')) as {
      readonly schedules: readonly { id: string }[]
    }
    expect(schedules.length).toBeGreaterThanOrEqual(2)
    for (const { id } of schedules) {
      const states = await firstAnswer(
        async () => {
          const { runs } = (await pond.call('GET', `/api/schedules/${id}/runs`)) as Runs
          const all = runs.map(({ state }) => state)
          return all.length > 0 && !all.some((state) => state === 'queued' || state === 'running') ? all : undefined
        },
        60_000,
        demo.output,
      )
      expect(new Set(states)).toEqual(new Set(['done']))
    }
    type Board = { readonly slug: string; readonly tiles: readonly { readonly id: string }[] }
    const { dashboards } = (await pond.call('GET', '/api/dashboards')) as { readonly dashboards: readonly Board[] }
    for (const { slug } of dashboards) {
      const { tiles } = (await pond.call('GET', `/api/dashboards/${slug}`)) as Board
      for (const { id } of tiles) expect([slug, id, await rowsOfTile(pond, slug, id)]).toEqual([slug, id, 'some'])
    }
    const { alerts } = (await pond.call('GET', '/api/alerts')) as {
      readonly alerts: readonly { readonly name: string }[]
    }
    for (const { name } of alerts) {
      const definition = (await pond.call('GET', `/api/alerts/${encodeURIComponent(name)}`)) as { definition: object }
      const asked = { alert: { ...definition.definition, name }, days: 1, dryRun: true }
      expect(await pond.call('POST', '/api/alerts/backtest', asked)).toMatchObject({ isBlind: false })
    }
    const { cohorts } = (await pond.call('GET', '/api/cohorts')) as { readonly cohorts: readonly { id: string }[] }
    const sizes = await Promise.all(cohorts.map(async ({ id }) => pond.call('GET', `/api/cohorts/${id}/size`)))
    expect(sizes.map((size) => (size as { readonly people: number }).people > 0)).toEqual([true, true])
  })

  it('goes on live, over the SDK and the Fluent client', async () => {
    const filledMs = (JSON.parse(await readFile(join(data, 'demo.json'), 'utf8')) as { filledMs: number }).filledMs
    const since = `timestamp > TIMESTAMP_MILLIS(${filledMs})`
    const count = async (sql: string): Promise<number | undefined> =>
      Number((await pond.query(sql))[0]?.[0]) || undefined
    const libraries = `context_library_name = '@segment/analytics-node'`
    await firstAnswer(
      async () => count(`SELECT count(*) FROM cubby_ios.tracks WHERE ${libraries} AND ${since}`),
      30_000,
    )
    await firstAnswer(async () => count(`SELECT count(*) FROM ai.inferences WHERE ${since}`), 30_000)
    expect((await pond.status()).ledgerSums).toBe(true)
  })
})

describe('after Ctrl-C', () => {
  it('Millpond is stopped in order, and started again by another fill that stores nothing twice', async () => {
    const path = join(data, 'demo.json')
    const state = JSON.parse(await readFile(path, 'utf8')) as object
    const before = await openPond(data, freePorts)
    const stored = await before.query(totals)
    expect(before.isOurs).toBe(true)
    await before.stop()
    // As if it had been interrupted in the last second of its fill, and by the clock of that second.
    await writeFile(path, JSON.stringify({ ...state, filledMs: undefined }))
    const again = runDemo(...small, '--no-live')
    expect(await again.ended).toEqual([0, null])
    expect(again.output()).toContain('Millpond is stopped.')
    const after = await openPond(data, freePorts)
    const now = await after.query(totals)
    const urls = (await destinationsOf(after.call)).map(({ settings }) => settings['baseUrl'] ?? '')
    await after.stop()
    // The vendors listen elsewhere each time, and are found again.
    expect(urls.length).toBe(3)
    expect(urls.filter((url) => firstUrls.includes(url))).toEqual([])
    // Time has gone on between the two fills: a few messages of today may be new.
    for (const [index, [source, count]] of now.entries()) {
      expect(source).toBe(stored[index]?.[0])
      expect(Number(count) - Number(stored[index]?.[1])).toBeLessThan(30)
    }
  })

  it('another company is not mixed in', async () => {
    const other = runDemo('--days', '5', '--no-live')
    expect(await other.ended).toEqual([1, null])
    expect(other.output()).toContain('holds the demo with --seed cubby --days 3 --households 60')
  })
})
