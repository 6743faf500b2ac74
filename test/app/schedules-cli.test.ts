// Saved queries and schedules over the command line and the HTTP API of a running Millpond, also over the death of its engine.
import { afterAll, beforeAll, expect, test } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { runCli } from './cli-support.ts'

let millpond: Millpond

beforeAll(async () => {
  millpond = await startMillpond()
})

afterAll(async () => {
  await millpond.dispose()
})

async function cli(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli([...words, '--data', millpond.data])
  expect([words.join(' '), code, code === 0 ? '' : stderr]).toEqual([words.join(' '), 0, ''])
  return stdout
}

const states = async (): Promise<string[]> => {
  const { runs } = (await (await millpond.api('/api/schedules/doubles/runs')).json()) as { runs: { state: string }[] }
  return runs.map(({ state }) => state)
}

test('a query is saved, run, scheduled, filled back, and still there when the engine died', async () => {
  await cli('query', 'CREATE SCHEMA daily')
  const sql = 'SELECT @run_date AS day, @n * 2 AS n'
  expect(
    await cli('saved', 'save', 'math/double', '--param', 'n:INT64:21', '--param', 'run_date:DATE:today', sql),
  ).toBe('Saved math/double, version 1.\n')
  expect(await cli('saved', 'show', 'math/double')).toBe(`${sql}\n`)
  expect(JSON.parse(await cli('saved', 'list', '--json'))).toMatchObject({ folder: 'math', verifiedBy: 'owner' })
  const run = await runCli(['saved', 'run', 'math/double', '--param', 'n=4', '--json', '--data', millpond.data])
  expect(JSON.parse(run.stdout)).toMatchObject({ n: 8 })
  const target = [
    '--target',
    'daily.doubles',
    '--mode',
    'replace-partition',
    '--partition',
    'day=today',
    '--scope',
    'n',
  ]
  const wrong = await runCli([
    'schedule',
    'add',
    'x',
    'math/double',
    '--cron',
    '99 * * * *',
    ...target,
    '--data',
    millpond.data,
  ])
  expect(wrong.stderr).toMatch(/is no schedule/)
  const add = ['schedule', 'add', 'doubles', 'math/double', '--cron', '0 3 1 1 *', '--zone', 'Asia/Taipei']
  await cli(...add, '--target', 'daily.doubles', '--mode', 'append', '--test', 'rows:1-1', '--warn', 'unique:n')
  expect(await cli('schedule', 'list')).toMatch(/doubles.*0 3 1 1 \*.*Asia\/Taipei.*daily\.doubles.*append.*on/)
  expect(await cli('schedule', 'show', 'doubles')).toMatch(/A month: \d+ runs/)
  await cli('schedule', 'run', 'doubles', '--run-time', '2026-03-01T00:00:00Z')
  await expect.poll(states, { timeout: 20_000 }).toEqual(['done'])
  expect(
    await cli('schedule', 'backfill', 'doubles', '--from', '2024-01-01', '--to', '2025-12-31', '--dry-run'),
  ).toMatch(/^2 runs would read/)
  await cli('schedule', 'backfill', 'doubles', '--from', '2024-01-01', '--to', '2025-12-31')
  await expect.poll(states, { timeout: 20_000 }).toEqual(['done', 'done', 'done'])
  await millpond.kill('engine')
  await expect.poll(async () => states().catch(() => []), { timeout: 30_000 }).toEqual(['done', 'done', 'done'])
  expect(await cli('query', '--csv', 'SELECT day, n FROM daily.doubles ORDER BY day')).toBe(
    'day,n\r\n2024-01-01,42\r\n2025-01-01,42\r\n2026-03-01,42\r\n',
  )
  expect(await cli('schedule', 'runs', 'doubles')).toMatch(/2026-03-01T00:00:00\.000Z.*done.*manual/)
  await cli('schedule', 'pause', 'doubles')
  await cli('schedule', 'remove', 'doubles')
  expect((await millpond.api('/api/schedules/doubles')).status).toBe(404)
})
