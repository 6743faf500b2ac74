// Commands while no Millpond runs: they work on the data folder itself, under its lock.
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { takeDataLock } from '../../src/control/lock.ts'
import { type CliOptions, type CliRun, launcher, oldNode, runCli } from './cli-support.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-cli-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function millpond(words: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  return await runCli(words, { cwd: folder, ...options })
}

const json = (run: CliRun): unknown => JSON.parse(run.stdout)

test('source add --json prints exactly one line with source and key', async () => {
  const run = await millpond(['source', 'add', 'web', '--json'])
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.stdout).toMatch(/^\{"source":"web","writeKey":"[0-9A-Za-z]{32}"\}\n$/)
  const { keys } = JSON.parse(await readFile(join(folder, 'millpond-data', 'sources.json'), 'utf8')) as {
    keys: unknown[]
  }
  expect(keys).toEqual([{ ...(json(run) as object), platform: 'client', state: 'active' }])
})

test('a source is added, listed, rotated, disabled and enabled', async () => {
  const added = json(await millpond(['source', 'add', 'backend', '--platform', 'server', '--json'])) as {
    writeKey: string
  }
  expect(json(await millpond(['source', 'list', '--json']))).toMatchObject({
    platform: 'server',
    state: 'active',
    ...added,
  })
  const rotated = json(await millpond(['source', 'rotate', 'backend', '--json'])) as { writeKey: string }
  expect(rotated.writeKey).not.toBe(added.writeKey)
  expect(json(await millpond(['source', 'disable', 'backend', '--json']))).toEqual({
    source: 'backend',
    state: 'disabled',
  })
  expect((await millpond(['source', 'list'])).stdout).toMatch(/backend\s+server\s+disabled\s+\w{32}/)
  expect(json(await millpond(['source', 'enable', 'backend', '--json']))).toEqual({
    source: 'backend',
    state: 'active',
  })
})

test('a token is made, listed without its secret, and revoked', async () => {
  const made = json(await millpond(['token', 'create', '--name', 'laptop', '--json'])) as { id: string; token: string }
  expect(made).toMatchObject({ name: 'laptop', role: 'admin', token: expect.stringMatching(/^mp_\w{40}$/) })
  expect((await millpond(['token', 'create', 'a', '--name', 'b'])).code).toBe(2)
  const list = await millpond(['token', 'list', '--json'])
  expect(json(list)).toMatchObject({ id: made.id, name: 'laptop', lastUsedAtMicros: null, expiresAtMicros: null })
  expect(list.stdout).not.toContain(made.token)
  expect(json(await millpond(['token', 'revoke', made.id, '--json']))).toEqual({ id: made.id, revoked: true })
  expect(await millpond(['token', 'list', '--json'])).toMatchObject({ code: 0, stdout: '' })
  await millpond(['token', 'create', 'short', '--days', '7'])
  const short = json(await millpond(['token', 'list', '--json'])) as { id: string; expiresAtMicros: number }
  expect((short.expiresAtMicros / 1000 - Date.now()) / 86_400_000).toBeCloseTo(7, 1)
  expect((await millpond(['token', 'create', 'x', '--days', 'many'])).code).toBe(2)
  await millpond(['token', 'revoke', short.id])
})

test.each([
  [['source', 'add', 'My-App'], 1, 'Try "my_app".'],
  [['query', 'select 1'], 1, 'Start it with `millpond start`.'],
  [['stauts'], 2, "Unknown command 'stauts'. Did you mean status?"],
])('%j ends with %i and says what to do', async (words, code, message) => {
  const run = await millpond(words)
  expect(run).toMatchObject({ code, stdout: '' })
  expect(run.stderr).toMatch(/^millpond: [^\n]+[.?]\n$/)
  expect(run.stderr).toContain(message)
})

test('asking does not make a data folder', async () => {
  await millpond(['status'])
  await millpond(['doctor'])
  await expect(readFile(join(folder, 'millpond-data', 'lock'))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a setting with a slip stops every command and names the nearest', async () => {
  const run = await millpond(['source', 'list'], { env: { MILLPOND_PORT: '9000' } })
  expect(run).toMatchObject({
    code: 1,
    stderr: 'millpond: There is no setting MILLPOND_PORT. Did you mean MILLPOND_HTTP_PORT?\n',
  })
  const bad = await millpond(['start'], { env: { MILLPOND_HTTP_PORT: '80a' } })
  expect(bad).toMatchObject({ code: 1, stdout: '' })
  expect(bad.stderr).toContain('MILLPOND_HTTP_PORT is "80a", but must be a whole number from 0 to 65535')
})

test('--data, the environment and the settings file choose the data folder', async () => {
  await writeFile(join(folder, 'millpond.config.json'), JSON.stringify({ data: 'from-file' }))
  await millpond(['source', 'add', 'a'])
  await millpond(['source', 'add', 'b'], { env: { MILLPOND_DATA: 'from-env' } })
  await millpond(['source', 'add', 'c', '--data', 'from-flag'], { env: { MILLPOND_DATA: 'from-env' } })
  const listed = async (data: string): Promise<unknown> =>
    (json(await millpond(['--data', data, 'source', 'list', '--json'])) as { source: string }).source
  expect([await listed('from-file'), await listed('from-env'), await listed('from-flag')]).toEqual(['a', 'b', 'c'])
})

test('commands at the same time all succeed, one after the other', async () => {
  const names = Array.from({ length: 6 }, (_, index) => `s${index}`)
  const runs = await Promise.all(names.map(async (name) => await millpond(['source', 'add', name, '--json'])))
  expect(runs.map((run) => run.stderr)).toEqual(names.map(() => ''))
  const listed = (await millpond(['source', 'list', '--json'])).stdout.trim().split('\n')
  expect(listed).toHaveLength(names.length)
})

describe('doctor', () => {
  interface Report {
    good: boolean
    checks: { name: string; state: string; found: string; next?: string }[]
  }
  const check = (run: CliRun, name: string) => (json(run) as Report).checks.find((one) => one.name === name)

  test('finds nothing wrong with a fresh folder, and changes nothing', async () => {
    await millpond(['source', 'add', 'web'])
    const run = await millpond(['doctor', '--json'], { env: { MILLPOND_HTTP_PORT: '0' } })
    expect(run.code).toBe(0)
    expect((json(run) as Report).good).toBe(true)
    expect(check(run, 'write keys')?.found).toBe('1 active of 1 ever issued')
    const plain = await millpond(['doctor'], { env: { MILLPOND_HTTP_PORT: '0' } })
    expect(plain.stdout).toContain('✓ node')
    expect(plain.stdout).not.toContain('\u001B')
  })

  test('names a taken port, a damaged sources.json and a bad certificate, each with what to do', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await millpond(['source', 'add', 'web'])
    await writeFile(join(folder, 'millpond-data', 'sources.json'), '{')
    const env = { MILLPOND_HTTP_PORT: String(port), MILLPOND_TLS_CERT: 'absent.pem', MILLPOND_TLS_KEY: 'absent.pem' }
    const run = await millpond(['doctor', '--json'], { env })
    server.close()
    expect(run).toMatchObject({ code: 1, stderr: '' })
    for (const name of ['port', 'write keys', 'TLS']) {
      expect(check(run, name)).toMatchObject({ state: 'bad', next: expect.stringMatching(/\w/) })
    }
  })

  test('says when somebody has the data folder whose engine does not answer', async () => {
    const lock = takeDataLock(join(folder, 'millpond-data'))
    const run = await millpond(['doctor', '--json'])
    lock.release()
    expect(check(run, 'running')).toMatchObject({ state: 'warning' })
  })

  test('a bad setting is a finding, not a crash', async () => {
    const run = await millpond(['doctor', '--json'], { env: { MILLPOND_THREADS: '-1' } })
    expect(run.code).toBe(1)
    expect(check(run, 'settings')?.found).toContain('MILLPOND_THREADS')
  })
})

test('--version is that of the package, and help has an example', async () => {
  const packageFile = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  expect(await millpond(['--version'])).toMatchObject({ code: 0, stdout: `${packageFile.version}\n` })
  const help = await millpond(['query', '--help'])
  expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('$ millpond query "SELECT') })
})

const old = oldNode()

test.skipIf(old === undefined)('an older Node hands over to the one that npm installed', async () => {
  const node = old ?? ''
  const run = await millpond(['source', 'add', 'web', '--json'], { node })
  expect(run).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^\{"source":"web"/) })
  expect(await millpond(['source', 'add', 'web'], { node })).toMatchObject({ code: 1 })
  expect(await millpond(['stauts'], { node })).toMatchObject({ code: 2 })
  expect((await millpond(['query', '-', '--rows', 'x'], { node, stdin: 'select 1' })).code).toBe(2)
})

test.skipIf(old === undefined)('an older Node without the one that npm installs says what to do', async () => {
  await cp(launcher, join(folder, 'bin', 'millpond.js'))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  const run = await promisify(execFile)(old ?? '', [join(folder, 'bin', 'millpond.js')]).catch(
    (error: unknown) => error,
  )
  expect(run).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^millpond: Millpond needs Node 24, .*npm ci.*\n$/),
  })
})

test('a package without its built program says what to do', async () => {
  await cp(launcher, join(folder, 'node_modules', 'millpond', 'bin', 'millpond.js'))
  await writeFile(join(folder, 'node_modules', 'millpond', 'package.json'), '{"type":"module"}')
  const script = join(folder, 'node_modules', 'millpond', 'bin', 'millpond.js')
  const run = await promisify(execFile)(process.execPath, [script]).catch((error: unknown) => error)
  expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('dist/main.js is missing') })
})
