// Schedules on a real engine: what a run leaves in its target in each mode, when it runs, and what is refused.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { daily } from '../support/schedule.ts'
import { openSchedulesRig, owner, type SchedulesRig, target } from '../support/schedules-rig.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

let rig: SchedulesRig

beforeEach(async () => {
  rig = await openSchedulesRig('2026-03-01T00:00:00Z')
  await rig.rig.ask(
    'CREATE TABLE daily.orders (day DATE, country STRING, amount INT64); INSERT daily.orders VALUES ("2026-03-01", "TW", 1), ("2026-03-01", "JP", 2), ("2026-03-02", "TW", 4)',
  )
})

afterEach(async () => {
  await rig.close()
})

const revenue =
  '-- revenue of a day\nSELECT @run_date AS run_date, day, SUM(amount) AS amount FROM daily.orders WHERE day = DATE_SUB(@run_date, INTERVAL 1 DAY) GROUP BY day; -- that is all'

const rows = async (table: string, columns = '*'): Promise<readonly (readonly unknown[])[]> =>
  rig.rig.rows(`SELECT ${columns} FROM daily.${table} ORDER BY 1, 2`)

describe('modes', () => {
  test('append adds the rows of each day, once', async () => {
    const schedule = await rig.schedule({ query: rig.query('revenue', revenue).id })
    await rig.advance(dayMs)
    await rig.advance(dayMs)
    await rig.advance(dayMs)
    expect(await rows('rows', 'day, amount')).toEqual([
      ['2026-03-01', 3],
      ['2026-03-02', 4],
    ])
    expect(rig.told(schedule)).toEqual([
      'done schedule 2026-03-01T03:00 0',
      'done schedule 2026-03-02T03:00 1',
      'done schedule 2026-03-03T03:00 1',
    ])
    expect(rig.runs(schedule)[1]?.facts.values).toEqual({
      run_date: '2026-03-02',
      run_time: '2026-03-02T03:00:00.000Z',
    })
  })

  test('replace keeps what its last run gave, and how the table was made', async () => {
    await rig.rig.ask(
      'CREATE TABLE daily.latest (day DATE, amount INT64 OPTIONS (description = "in cents")) PARTITION BY day',
    )
    const { id } = rig.query(
      'latest',
      'SELECT day, SUM(amount) AS amount, COUNT(*) AS orders FROM daily.orders GROUP BY day',
    )
    await rig.schedule({ query: id, target: target({ table: 'latest', mode: 'replace' }) })
    await rig.advance(dayMs)
    await rig.rig.ask('DELETE FROM daily.orders WHERE country = "JP"')
    await rig.advance(dayMs)
    expect(await rows('latest')).toEqual([
      ['2026-03-01', 1, 1],
      ['2026-03-02', 4, 1],
    ])
    const [column] = await rig.rig.rows(
      'SELECT is_partitioning_column, data_type FROM daily.INFORMATION_SCHEMA.COLUMNS WHERE table_name = "latest" AND column_name = "day"',
    )
    expect(column).toEqual(['YES', 'DATE'])
  })

  test('replace-partition leaves other days alone; rows of other days are an error', async () => {
    const partition = { column: 'day', day: 'yesterday', scope: [] }
    const { id } = rig.query(
      'by day',
      'SELECT day, SUM(amount) AS amount FROM daily.orders WHERE day = @day GROUP BY day',
      [{ name: 'day', type: 'DATE', default: { relative: 'yesterday' } }],
    )
    const made = {
      query: id,
      target: target({ table: 'by_day', mode: 'replace-partition', partition }),
      lookbackDays: 1,
    }
    const schedule = await rig.schedule(made)
    await rig.advance(2 * dayMs)
    expect(await rows('by_day')).toEqual([['2026-03-01', 3]])
    await rig.rig.ask('INSERT daily.orders VALUES ("2026-03-01", "FR", 10)')
    await rig.advance(dayMs)
    expect(await rows('by_day')).toEqual([
      ['2026-03-01', 13],
      ['2026-03-02', 4],
    ])
    expect(rig.told(schedule).slice(-2)).toEqual([
      'done lookback 2026-03-02T03:00 1',
      'done schedule 2026-03-03T03:00 1',
    ])
    const all = rig.query('all days', 'SELECT day, SUM(amount) AS amount FROM daily.orders GROUP BY day')
    const wrong = await rig.schedule({ ...made, query: all.id, name: 'wrong', lookbackDays: 0 })
    await rig.advance(dayMs)
    expect(rig.runs(wrong)[0]?.facts.error?.message).toMatch(/rows outside of the partition 2026-03-03/)
    expect(await rows('by_day')).toHaveLength(2)
  })

  test('merge changes rows by their key and adds new ones', async () => {
    const { id } = rig.query('totals', 'SELECT country, SUM(amount) AS amount FROM daily.orders GROUP BY country')
    await rig.schedule({ query: id, target: target({ table: 'totals', mode: 'merge', keys: ['Country'] }) })
    await rig.advance(dayMs)
    await rig.rig.ask(
      'DELETE FROM daily.orders WHERE country = "JP"; INSERT daily.orders VALUES ("2026-03-03", "TW", 7), ("2026-03-03", "FR", 1)',
    )
    await rig.advance(dayMs)
    expect(await rows('totals')).toEqual([
      ['FR', 1],
      ['JP', 2],
      ['TW', 12],
    ])
    const twice = rig.query('twice', 'SELECT country, amount FROM daily.orders WHERE country = "TW"')
    const schedule = await rig.schedule({
      query: twice.id,
      target: target({ table: 'totals', mode: 'merge', keys: ['country'] }),
    })
    await rig.advance(dayMs)
    expect(rig.runs(schedule)[0]?.facts.error?.message).toBe('The query gives several rows of one key (country)')
  })
})

describe('for-each', () => {
  const parameters = [{ name: 'country', type: 'STRING' }]
  const sql =
    'SELECT @run_date AS day, @country AS country, SUM(amount) AS amount FROM daily.orders WHERE country = @country'
  const partition = { column: 'day', day: 'today', scope: ['country'] }

  test('over a list: a run for every value, each its own part', async () => {
    const { id } = rig.query('by country', sql, parameters)
    const schedule = await rig.schedule({
      query: id,
      parameters: { country: { each: ['TW', 'JP', 'TW'] } },
      target: target({ table: 'by_country', mode: 'replace-partition', partition }),
    })
    await rig.advance(dayMs)
    rig.schedules.runNow(schedule.id, owner, Date.parse('2026-03-01T03:00:00Z'))
    await rig.settled()
    expect(rig.runs(schedule)).toHaveLength(4)
    expect(await rows('by_country', 'country, amount')).toEqual([
      ['JP', 2],
      ['TW', 5],
    ])
  })

  test("over another query's rows, found anew each time", async () => {
    const { id } = rig.query('by country', sql, parameters)
    const countries = rig.query('countries', 'SELECT DISTINCT country FROM daily.orders')
    const schedule = await rig.schedule({ query: id, forEach: countries.id })
    await rig.advance(dayMs)
    await rig.rig.ask('INSERT daily.orders VALUES ("2026-03-02", "FR", 9)')
    await rig.advance(dayMs)
    expect(await rows('rows', 'CAST(day AS STRING), country')).toEqual([
      ['2026-03-01', 'JP'],
      ['2026-03-01', 'TW'],
      ['2026-03-02', 'FR'],
      ['2026-03-02', 'JP'],
      ['2026-03-02', 'TW'],
    ])
    expect(rig.told(schedule).filter((run) => run.startsWith('done schedule'))).toHaveLength(7)
  })
})

describe('data tests', () => {
  test('a failing one keeps the target as it was; a warning is told with the run', async () => {
    const { id } = rig.query('revenue', revenue)
    const schedule = await rig.schedule({
      query: id,
      tests: [
        { kind: 'rows', min: 1, severity: 'fail' },
        { kind: 'unique', columns: ['day'], severity: 'fail' },
        { kind: 'not_null', columns: ['amount'], severity: 'fail' },
        { kind: 'freshness', column: 'day', hoursMax: 20, severity: 'warn' },
      ],
    })
    await rig.advance(dayMs)
    await rig.advance(dayMs)
    const [first, second] = rig.runs(schedule)
    expect(first?.facts.error).toEqual({
      code: 'data-test-failed',
      message: 'Data test failed: rows: 0 rows, expected 1 to any number',
    })
    expect(second?.state).toBe('done')
    expect(second?.facts.warnings).toEqual(['freshness(day): the newest is 2026-03-01 00:00:00+00'])
    await rig.rig.ask('INSERT daily.rows (day, amount) VALUES ("2026-03-02", NULL)')
    await rig.advance(dayMs)
    expect(rig.runs(schedule)[2]?.facts.error?.message).toBe(
      'Data test failed: unique(day): 1 values that more than one row has; not_null(amount): 1 rows without a value',
    )
    expect(await rows('rows', 'day, amount')).toHaveLength(2)
  })

  test('an anomaly is a count away from the last four of its weekday', async () => {
    const { id } = rig.query('counted', 'SELECT n FROM UNNEST(GENERATE_ARRAY(1, @wanted)) AS n', [
      { name: 'wanted', type: 'INT64', default: { value: 100 } },
    ])
    const schedule = await rig.schedule({
      query: id,
      cron: '0 3 * * 1',
      tests: [{ kind: 'anomaly', severity: 'fail' }],
    })
    for (let week = 0; week < 5; week += 1) await rig.advance(7 * dayMs)
    expect(rig.told(schedule).every((run) => run.startsWith('done'))).toBe(true)
    const { schedules } = rig
    await schedules.change(schedule.id, { ...schedule, parameters: { wanted: { value: 120 } } }, owner)
    await rig.advance(7 * dayMs)
    expect(rig.runs(schedule).at(-1)?.facts.error?.message).toBe(
      'Data test failed: anomaly: 120 rows, expected 95 to 105',
    )
  })
})

test('a schedule runs behind the one whose table it reads, and not if that one failed', async () => {
  const first = rig.query(
    'first',
    'SELECT day, 1 / (SELECT COUNT(*) FROM daily.orders) AS share FROM daily.orders GROUP BY day',
  )
  await rig.rig.ask('CREATE TABLE daily.shares (day DATE, share FLOAT64)')
  const second = rig.query('second', 'SELECT COUNT(*) AS days FROM daily.shares')
  const below = await rig.schedule({ query: second.id, name: 'below', target: target({ table: 'days' }) })
  const above = await rig.schedule({
    query: first.id,
    name: 'above',
    target: target({ table: 'shares', mode: 'replace' }),
  })
  await rig.advance(dayMs)
  expect(await rig.rig.rows('SELECT t.days FROM daily.days AS t')).toEqual([[2]])
  await rig.rig.ask('DELETE FROM daily.orders WHERE TRUE')
  await rig.rig.ask('INSERT daily.orders VALUES ("2026-03-05", "TW", 1)')
  await rig.schedules.change(above.id, { ...above, tests: [{ kind: 'rows', min: 2, severity: 'fail' }] }, owner)
  await rig.advance(dayMs)
  expect(rig.told(above).at(-1)).toMatch(/^failed/)
  expect(rig.runs(below).at(-1)).toMatchObject({
    state: 'skipped',
    facts: { error: { message: 'above, whose table it reads, has no result of the same time' } },
  })
  const circle = {
    ...above,
    query: rig.query('circle', 'SELECT DATE "2026-01-01" AS day, 0.5 AS share FROM daily.days').id,
  }
  await expect(rig.schedules.change(above.id, circle, owner)).rejects.toThrow(
    'These schedules would wait for each other: above → below → above',
  )
})

describe('back-fill', () => {
  test('tells its cost first, then runs each time once, oldest first; what was appended before is left out', async () => {
    const { id } = rig.query('revenue', revenue)
    const schedule = await rig.schedule({ query: id })
    await rig.advance(3 * dayMs)
    const days = { from: '2026-02-27', to: '2026-03-02', isDryRun: true }
    const told = await rig.schedules.backfill(schedule.id, owner, days)
    expect(told).toMatchObject({
      runs: 2,
      leftOut: 2,
      first: '2026-02-27T03:00:00.000Z',
      last: '2026-02-28T03:00:00.000Z',
    })
    expect(told.bytes).toBe(2 * 10 * 1024 * 1024)
    expect(rig.runs(schedule)).toHaveLength(3)
    await rig.schedules.backfill(schedule.id, owner, { ...days, isDryRun: false })
    await rig.schedules.backfill(schedule.id, owner, { ...days, isDryRun: false })
    await rig.settled()
    expect(rig.told(schedule).slice(0, 2)).toEqual([
      'done backfill 2026-02-27T03:00 0',
      'done backfill 2026-02-28T03:00 0',
    ])
    expect(rig.runs(schedule)).toHaveLength(5)
  })

  test('a replacing schedule has none', async () => {
    const { id } = rig.query('revenue', revenue)
    const schedule = await rig.schedule({ query: id, target: target({ table: 'r', mode: 'replace' }) })
    const days = { from: '2026-02-27', to: '2026-03-02', isDryRun: true }
    await expect(rig.schedules.backfill(schedule.id, owner, days)).rejects.toThrow(/run it once instead/)
  })
})

test('the next runs are told with their values and what a month costs', async () => {
  const { id } = rig.query('by day', 'SELECT day FROM daily.orders WHERE day = @day', [
    { name: 'day', type: 'DATE', default: { relative: 'yesterday' } },
  ])
  const schedule = await rig.schedule({ query: id, zone: 'America/New_York', cron: '30 2 * * *' })
  rig.clock.advance(6 * dayMs)
  const preview = await rig.schedules.preview(schedule.id, owner)
  expect(preview.next.map(({ runTime, values }) => [runTime, values[0]?.['day']])).toEqual([
    ['2026-03-07T07:30:00.000Z', '2026-03-06'],
    ['2026-03-08T07:00:00.000Z', '2026-03-07'],
    ['2026-03-09T06:30:00.000Z', '2026-03-08'],
  ])
  expect(preview.runsAMonth).toBe(30)
  expect(preview.bytesAMonth).toBe(30 * 10 * 1024 * 1024)
})

test('a schedule that is not saved tells the same, is refused for the same, and leaves nothing behind', async () => {
  const { id } = rig.query('by day', 'SELECT day FROM daily.orders WHERE day = @day', [
    { name: 'day', type: 'DATE', default: { relative: 'yesterday' } },
  ])
  const draft = { ...daily, name: 'draft', query: id, target: target({ table: 'rows' }) }
  const preview = await rig.schedules.previewDraft(draft, owner)
  expect(preview.next.map(({ runTime, values }) => [runTime, values[0]?.['day']])).toEqual([
    ['2026-03-01T03:00:00.000Z', '2026-02-28'],
    ['2026-03-02T03:00:00.000Z', '2026-03-01'],
    ['2026-03-03T03:00:00.000Z', '2026-03-02'],
  ])
  const merging = { ...draft, target: target({ table: 'rows', mode: 'merge', keys: ['city'] }) }
  await expect(rig.schedules.previewDraft(merging, owner)).rejects.toThrow('The query gives no column city')
  expect(rig.schedules.list(owner)).toEqual([])
  const schedule = await rig.schedules.add(draft, owner)
  expect(await rig.schedules.preview(schedule.id, owner)).toEqual(preview)
  expect(rig.schedules.nextTime(schedule)).toBe(Date.parse('2026-03-01T03:00:00Z'))
  await rig.advance(dayMs)
  expect(rig.schedules.bytesAMonth(schedule)).toBe(rig.runs(schedule)[0]?.facts.bytes)
  expect(rig.schedules.nextTime(rig.schedules.setEnabled(schedule.id, false, owner))).toBe(undefined)
  rig.clock.advance(31 * dayMs)
  expect(rig.schedules.bytesAMonth(schedule)).toBe(0)
})

test('errors stand where they are in the saved text', async () => {
  await rig.rig.ask('CREATE TABLE daily.zero (n INT64); INSERT daily.zero VALUES (0)')
  const { id } = rig.query('broken', 'SELECT\n  1 / n AS x FROM daily.zero')
  const schedule = await rig.schedule({ query: id })
  await rig.advance(dayMs)
  expect(rig.runs(schedule)[0]).toMatchObject({ state: 'failed', attempt: 1 })
  expect(rig.runs(schedule)[0]?.facts.error?.message).toMatch(/division by zero/)
  const { id: gone } = rig.query('gone', 'SELECT a FROM daily.later')
  await expect(rig.schedule({ query: gone })).rejects.toThrow(/daily\.later.* at \[1:15\]/)
})

test("runs have their owner's rights of the moment", async () => {
  const { control } = rig
  const ana = await control.addPrincipal('ana', 'person', 'member')
  const schedule = await rig.schedule({ query: rig.query('revenue', revenue).id })
  expect(() => rig.schedules.get(schedule.id, ana)).toThrow(/no schedule/)
  await control.addGrant({ grantee: 'ana', dataset: 'daily', table: '*', privilege: 'write' })
  const hers = control.schedules.add({ ...schedule, name: 'hers' }, ana.id, [])
  await rig.advance(dayMs)
  expect(rig.told(schedule)).toEqual(['done schedule 2026-03-01T03:00 0'])
  expect(rig.runs(hers)[0]).toMatchObject({ state: 'done' })
  await control.removePrincipal('ana')
  await rig.advance(dayMs)
  expect(rig.runs(hers)[1]).toMatchObject({ state: 'failed', facts: { error: { code: 'not-allowed' } } })
})

test('a target that its owner may not write is refused before anything runs; a dataset that is not there may still be made', async () => {
  const { control, saved, schedules } = rig
  const ana = await control.addPrincipal('ana', 'person', 'member')
  const content = { dialect: 'googlesql', sql: 'SELECT 1 AS a', parameters: [], zone: 'UTC' } as const
  const made = saved.add({ name: 'hers', folder: '', description: '' }, content, ana)
  const draft = { ...daily, query: made.id, version: 1, target: target({ table: 'rows' }) }
  const nowhere = { ...draft, target: target({ dataset: 'nowhere', table: 'rows' }) }
  await expect(schedules.add(draft, ana)).rejects.toThrow('you have no grant to write dataset daily')
  await expect(schedules.previewDraft(draft, ana)).rejects.toThrow('you have no grant to write dataset daily')
  await expect(schedules.add(nowhere, owner)).rejects.toThrow('Not found: Dataset millpond:nowhere')
  expect((await schedules.previewDraft(nowhere, owner)).next).toHaveLength(3)
  await rig.rig.ask('CREATE SCHEMA nowhere')
  const kept = await schedules.add(nowhere, owner)
  const logs = { ...nowhere, target: target({ dataset: 'millpond', table: 'rows' }) }
  await expect(schedules.change(kept.id, logs, owner)).rejects.toThrow('Access Denied: dataset millpond')
})

test('what somebody else takes back for themselves is not run any more', async () => {
  const { control, saved } = rig
  const ana = await control.addPrincipal('ana', 'person', 'member')
  const bob = await control.addPrincipal('bob', 'person', 'member')
  const content = { dialect: 'googlesql', sql: 'SELECT 1 AS a', parameters: [], zone: 'UTC' } as const
  const place = { name: 'hers', folder: '', description: '' }
  const made = saved.add(place, content, ana)
  const bobs = control.schedules.add({ ...daily, name: 'of bob', query: made.id, version: 1 }, bob.id, [])
  saved.save(made.id, { ...place, audience: 'owner' }, content, ana)
  await rig.advance(dayMs)
  expect(rig.runs(bobs)[0]).toMatchObject({ state: 'failed', facts: { error: { code: 'not-found' } } })
  expect(saved.get(made.id, owner).audience).toBe('owner')
})

test('a version that nobody verified whose word counts is not run', async () => {
  const { control, saved } = rig
  const ana = await control.addPrincipal('ana', 'person', 'member')
  const bob = await control.addPrincipal('bob', 'person', 'member')
  const content = { dialect: 'googlesql', sql: 'SELECT 1 AS a', parameters: [], zone: 'UTC' } as const
  const made = saved.add({ name: 'hers', folder: '', description: '' }, content, ana)
  expect(() => saved.verify(made.id, 1, ana)).toThrow(/Somebody else/)
  saved.verify(made.id, 1, bob)
  await expect(rig.schedule({ query: made.id })).rejects.toThrow(/verified by an administrator/)
  saved.verify(made.id, 1, owner)
  const schedule = await rig.schedule({ query: made.id })
  saved.save(made.id, { name: 'hers', folder: '', description: '' }, { ...content, sql: 'SELECT 2 AS a' }, ana)
  saved.verify(made.id, 2, bob)
  await rig.advance(dayMs)
  expect(await rig.rig.rows('SELECT a FROM daily.rows')).toEqual([[1]])
  saved.verify(made.id, 2, owner)
  await rig.advance(dayMs)
  expect(rig.runs(schedule).map(({ facts }) => facts.version)).toEqual([1, 2])
})
