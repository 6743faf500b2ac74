// The ways in, over the real API on real control: one-time links, sessions in a browser and what other sites may not do
// with them, feeds whose token ends, and the commands that the start block prints.
import { mkdtemp, rm } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { loadSettings } from '../../src/config/config.ts'
import { type Control, openControl } from '../../src/control/control.ts'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import type { LiveEvent } from '../../src/core/event.ts'
import { createLog } from '../../src/core/log.ts'
import { createLiveRing } from '../../src/deliver/live/live.ts'
import { type ApiDeps, buildApi } from '../../src/portal/api/api.ts'
import { startBlock } from '../../src/processes/start-block.ts'
import { firstAnswer, startMillpond } from '../support/millpond.ts'
import { runCli } from './cli-support.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-accounts-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

describe('a session', () => {
  let control: Control
  let app: FastifyInstance
  let ticks: (() => void)[]
  const live = createLiveRing(10)
  const clock: Clock = {
    ...systemClock,
    schedule(task) {
      ticks.push(task)
      return () => undefined
    },
  }

  beforeEach(async () => {
    ticks = []
    const log = createLog('silent')
    control = await openControl(folder, { clock, log })
    const status = async (): Promise<object> => ({ ledger: [] })
    // Only what these routes reach; the whole engine is in road.test.ts.
    const bigquery = { clock, log, control, made: { catalog: () => ({ datasets: [] }) } }
    const deps = { control, live, clock, log, status, recentStatus: status, sourcesChanged: () => undefined, bigquery }
    app = buildApi('public', { ...deps, publicUrl: 'https://in.example.com' } as unknown as ApiDeps)
  })

  afterEach(async () => {
    await app.close()
    await control.stop()
  })

  test('begins with the one-time link, clicked on any site, and goes over https only where that is the address', async () => {
    const answer = await app.inject(`/login?code=${control.createOneTimeCode()}`)
    expect(answer.statusCode).toBe(303)
    expect(answer.headers['set-cookie']).toMatch(/HttpOnly; SameSite=Lax; .*Secure/)
    const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? ''
    const page = await app.inject({ url: '/', headers: { cookie, 'sec-fetch-site': 'cross-site' } })
    expect(page.statusCode).toBe(200)
  })

  test.each([
    ['its own page', { 'sec-fetch-site': 'same-origin' }, 201],
    ['the person', { 'sec-fetch-site': 'none' }, 201],
    ['its own page over plain http', { origin: 'http://pond.local:8080' }, 201],
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'http://pond.local:8080' }, 403],
    ['a sister site', { 'sec-fetch-site': 'same-site' }, 403],
    ['another site over plain http', { origin: 'http://evil.example' }, 403],
    ['a framed page', { origin: 'null' }, 403],
    ['nobody who says so', {}, 403],
  ])('lets %s make a change or not', async (_who, headers, statusCode) => {
    const { token } = await control.createToken('browser')
    const host = 'pond.local:8080'
    const ask = { method: 'POST', url: '/api/sources', payload: { source: 'web' } } as const
    const answer = await app.inject({ ...ask, headers: { host, cookie: `millpond_token=${token}`, ...headers } })
    expect(answer.statusCode).toBe(statusCode)
    if (statusCode === 403) expect(answer.json()).toMatchObject({ error: { code: 'not-allowed' } })
    const again = await app.inject({ ...ask, headers: { host, authorization: `Bearer ${token}`, ...headers } })
    expect(again.statusCode).toBe(statusCode === 403 ? 201 : 409)
  })

  test('that ends ends its feed, and what arrives in the same moment harms nobody', async () => {
    const { info, token } = await control.createToken('browser')
    const address = new URL('/api/live', await app.listen({ port: 0, host: '127.0.0.1' }))
    const feed = await new Promise<IncomingMessage>((resolve) => {
      get(address, { headers: { authorization: `Bearer ${token}` } }, resolve)
    })
    const ended = feed.resume().toArray()
    await expect.poll(() => ticks.length).toBe(1)
    await control.revokeToken(info.id)
    ticks[0]?.()
    live.add([{ source: 'web', name: 'Too Late' } as LiveEvent])
    await ended
    expect(ticks).toHaveLength(1)
  })
})

describe('the start block', () => {
  const block = (data: string, oneTimeCode?: string): string =>
    startBlock({
      settings: loadSettings({ variables: new Map(), workingFolder: folder, data }),
      address: 'http://127.0.0.1:8080',
      oneTimeCode,
      command: 'node bin/millpond.js',
      workingFolder: folder,
    })
  const printed = (text: string, command: RegExp): string[] => {
    const words = /node bin\/millpond\.js (.*)/.exec(command.exec(text)?.[0] ?? '')?.[1] ?? ''
    return words.replaceAll("'", '').trim().split(' ')
  }

  test('prints commands that work as they stand, wherever the data folder is', async () => {
    const text = block('elsewhere')
    const token = await runCli([...printed(text, /token: [^)]*/), '--json'], { cwd: tmpdir() })
    expect(token).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('"name":"laptop"') })
    const source = await runCli(printed(text, /.*source add web/), { cwd: tmpdir() })
    expect(source).toMatchObject({ code: 0, stderr: '' })
    const listed = await runCli(['source', 'list', '--json', '--data', join(folder, 'elsewhere')])
    expect(listed.stdout).toContain('"source":"web"')
  })

  test('names the data folder only where it is not the usual one, quoted where a shell needs it', () => {
    expect(block('millpond-data', 'code')).not.toContain('--data')
    expect(block("it's here", 'code')).toContain(String.raw`--data '${folder}/it'\''s here' query`)
    expect(block('there', 'code')).toContain(`--data ${join(folder, 'there')} source add web`)
  })
})

test('the printed link still works after the engine died before anybody used it', async () => {
  const millpond = await startMillpond({ waitForEngine: false })
  try {
    const code = await firstAnswer(async () => /\/login\?code=(\S+)/.exec(millpond.output())?.[1], 20_000)
    const { engine } = await millpond.pids()
    await millpond.kill('engine')
    const link = async (): Promise<number | undefined> => {
      if ((await millpond.pids()).engine === engine) return undefined
      const { status } = await fetch(`${millpond.address}/login?code=${code}`, { redirect: 'manual' })
      return status === 503 ? undefined : status
    }
    expect(await firstAnswer(link, 10_000, millpond.output)).toBe(303)
    expect(millpond.output().match(/Millpond is running/g)).toHaveLength(1)
  } finally {
    await millpond.dispose()
  }
})
