// Signing in to a real Millpond, through intake; and the audit log on its whole way, over an engine that is killed.
import { afterAll, beforeAll, expect, test } from 'vitest'

import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { runCli } from './cli-support.ts'

const password = 'a long enough password'

let millpond: Millpond

beforeAll(async () => {
  millpond = await startMillpond()
}, 60_000)

afterAll(async () => {
  await millpond.dispose()
})

async function post(path: string, body: object, cookie = ''): Promise<Response> {
  const headers = { 'content-type': 'application/json', origin: millpond.address, cookie }
  return fetch(millpond.address + path, { method: 'POST', headers, body: JSON.stringify(body) })
}

const cookieOf = (answer: Response): string => answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''

async function invite(handle: string, role: string): Promise<string> {
  const words = ['user', 'add', '--email', `${handle}@example.com`, '--role', role, '--json', '--data', millpond.data]
  const run = await runCli(words)
  expect(run).toMatchObject({ code: 0, stderr: '' })
  return (JSON.parse(run.stdout) as { link: string }).link
}

test('somebody whom the command line invites comes in, is who they are, and stays so over a new engine', async () => {
  const link = await invite('ana', 'support')
  const page = await fetch(millpond.address + new URL(link).pathname)
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('Welcome to Millpond')])
  const accepted = await post('/api/auth/invitation/accept', { code: new URL(link).hash.slice(1), password })
  expect(accepted.status).toBe(200)
  const signedIn = await post('/api/auth/sign-in', { email: 'ana@example.com', password })
  expect(signedIn.headers.getSetCookie()[0]).toMatch(/HttpOnly; SameSite=Lax$/)
  const cookie = cookieOf(signedIn)
  const me = async (): Promise<unknown> => (await fetch(`${millpond.address}/api/me`, { headers: { cookie } })).json()
  expect(await me()).toMatchObject({ handle: 'ana', role: 'support', hasSession: true })
  // What their role may not, and what nobody granted them.
  expect((await fetch(`${millpond.address}/api/live`, { headers: { cookie } })).status).toBe(403)
  const asked = await post('/api/query', { sql: 'SELECT * FROM millpond.audit' }, cookie)
  expect([asked.status, await asked.text()]).toEqual([400, expect.stringContaining('Table not found')])
  const sessions = (await (await fetch(`${millpond.address}/api/sessions`, { headers: { cookie } })).json()) as {
    sessions: { address: string }[]
  }
  expect(sessions.sessions[0]?.address).toBe('127.0.0.1')
  await millpond.kill('engine')
  await expect.poll(me, { timeout: 20_000 }).toMatchObject({ handle: 'ana' })
  const run = await runCli(['user', 'disable', 'ana', '--json', '--data', millpond.data])
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('"state":"disabled"') })
  expect(await me()).toMatchObject({ error: { code: 'token-missing' } })
})

test('every act is a row of millpond.audit once, whenever the engine is killed', async () => {
  const made: string[] = []
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < 5; index += 1) {
      const name = `r${round}n${index}`
      const answer = await firstAnswer(async () => {
        const { status } = await millpond.api('/api/tokens', { method: 'POST', body: JSON.stringify({ name }) })
        return status === 201 ? status : undefined
      }, 20_000)
      expect(answer).toBe(201)
      made.push(name)
    }
    await millpond.kill('engine')
  }
  const rows = async (): Promise<unknown[][]> =>
    millpond
      .query(
        `SELECT audit_id, action, actor, via, address, details->>'name' FROM millpond.audit WHERE action = 'token.create' ORDER BY acted_at`,
      )
      .catch(() => [])
  const isThere = async (): Promise<boolean> => {
    const names = new Set((await rows()).map((row) => row[5]))
    return made.every((name) => names.has(name))
  }
  await expect.poll(isThere, { timeout: 30_000 }).toBe(true)
  const answer = await millpond.api('/api/audit?action=token.create&limit=1000')
  const { entries } = (await answer.json()) as { entries: { id: string }[] }
  expect((await rows()).map(([id]) => id)).toEqual(entries.map(({ id }) => id).toReversed())
  expect((await rows()).at(-1)).toMatchObject([
    expect.any(String),
    'token.create',
    'owner',
    'token',
    '127.0.0.1',
    'r2n4',
  ])
  const { ledger } = await millpond.settled()
  const own = ledger.find(({ source }) => source === 'millpond')
  expect(own).toMatchObject({ waiting: 0 })
})
