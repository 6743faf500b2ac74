// `millpond rebuild` while nothing runs and the warehouse is lost: what it refuses, what it says, and how it is given up.
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { type CliRun, runCli, spawnCli } from './cli-support.ts'

const settings = { MILLPOND_SEGMENT_BYTES_MAX: '64KiB', MILLPOND_CHECKPOINT_AGE_MS_MAX: '200' }

let millpond: Millpond
let data: string

async function archived(): Promise<string[]> {
  return (await readdir(join(data, 'archive', 'events')).catch((): string[] => [])).toSorted((a, b) => (a < b ? -1 : 1))
}

beforeEach(async () => {
  millpond = await startMillpond({ settings })
  data = millpond.data
  const key = await millpond.addSource('web', 'server')
  const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`
  for (let count = 0; count < 20; count++) {
    const batch = Array.from({ length: 20 }, (_, index) => {
      const messageId = `m${count}-${index}`
      return { type: 'track', event: 'Opened', userId: 'u1', messageId, properties: { padding: 'x'.repeat(1500) } }
    })
    const body = JSON.stringify({ batch })
    const response = await fetch(`${millpond.address}/v1/batch`, { method: 'POST', headers: { authorization }, body })
    expect(response.status).toBe(200)
  }
  await millpond.settled()
  await firstAnswer(async () => ((await archived()).length > 2 ? true : undefined), 10_000, millpond.output)
  await millpond.stop()
  await rm(join(data, 'warehouse'), { recursive: true })
}, 60_000)

afterEach(async () => {
  await millpond.dispose()
})

async function rebuild(...words: string[]): Promise<CliRun> {
  return runCli(['rebuild', ...words, '--data', data])
}

test('one dataset needs a warehouse; without its beginning the archive says what is lost', async () => {
  const refused = await rebuild('--dataset', 'web')
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toContain('no warehouse to put one dataset into; leave --dataset out')
  expect(existsSync(join(data, 'warehouse', 'fed.duckdb'))).toBe(false)

  await rm(join(data, 'archive', 'events', String((await archived())[0])))
  const rebuilt = await rebuild()
  expect(rebuilt).toMatchObject({ code: 0, stderr: '' })
  expect(rebuilt.stdout).toMatch(/The archive begins at .*: rows from before are lost unless a backup has them\./)
  // Now there is one, and its rows are kept.
  const again = await rebuild('--json')
  expect(JSON.parse(again.stdout)).toMatchObject({ differences: [], isFromNothing: false })
}, 60_000)

test('Ctrl-C leaves nothing behind', async () => {
  const child = spawnCli(['rebuild', '--data', data])
  const done = Promise.all([
    text(child.stdout as Readable),
    text(child.stderr as Readable),
    new Promise((resolve) => child.once('exit', resolve)),
  ])
  while (!existsSync(join(data, 'rebuild'))) await wait(2)
  child.kill('SIGINT')
  const [stdout, stderr, code] = await done
  expect({ stdout, stderr, code }).toEqual({
    stdout: '',
    stderr: 'millpond: The rebuild was given up, and nothing was changed.\n',
    code: 1,
  })
  expect(existsSync(join(data, 'rebuild'))).toBe(false)
  expect(existsSync(join(data, 'warehouse', 'fed.duckdb'))).toBe(false)
  // Behind the 400: what the audit log says of the token, the source and the link.
  expect(JSON.parse((await rebuild('--json')).stdout)).toMatchObject({ events: 403, isFromNothing: true })
}, 60_000)
