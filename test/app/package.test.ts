// What `npm pack` makes is what people install: it must hold all that a start needs, and no more than that.
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

import { tableFromIPC } from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { firstAnswer } from '../support/millpond.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-pack-'))
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root })
  // npm prints what prepack printed first, then its JSON.
  const name = /"filename":\s*"([^"]+)"/.exec(stdout)?.[1] ?? ''
  await run('tar', ['-xzf', join(folder, name), '-C', folder])
  await symlink(join(root, 'node_modules'), join(folder, 'package', 'node_modules'))
}, 120_000)

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  // What is served of the web application may be in use by tests beside this one.
  const built = await readdir(join(root, 'dist'))
  for (const name of built.filter((one) => one !== 'web')) await rm(join(root, 'dist', name), { recursive: true })
})

/** The fingerprint is the example of BigQuery's documentation. */
const everyLibrary = `CREATE TEMP FUNCTION twice(x FLOAT64) RETURNS FLOAT64 LANGUAGE js AS 'return x * 2';
  SELECT FARM_FINGERPRINT('1footrue'), NET.REG_DOMAIN('https://www.little-lantern.co.uk/'), twice(21)`

/** Name of a package, without what is taken from inside it. */
const bareImport = /^(?:import|export)\b[^;']*\bfrom\s*'((?:@[\w.-]+\/)?\w[\w.-]*)(?:\/[^']*)?'/gm

describe('the package', () => {
  it('starts from what it ships, and asks with every library that asking needs', async () => {
    const data = join(folder, 'data')
    const child = spawn(process.execPath, [join(folder, 'package', 'bin', 'millpond.js'), 'start'], {
      env: {
        ...process.env,
        MILLPOND_DATA: data,
        MILLPOND_HTTP_PORT: '0',
        MILLPOND_FORWARD_PORT: '0',
        MILLPOND_POSTGRES_PORT: '0',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk) => (said += String(chunk)))
    const address = await firstAnswer(
      async () => /running at (\S+)/.exec(said)?.[1],
      30_000,
      () => said,
    )
    expect((await fetch(`${address}/health`)).status).toBe(200)
    expect((await fetch(address)).status).toBe(401)
    const code = await firstAnswer(
      async () => /login\?code=(\S+)/.exec(said)?.[1],
      30_000,
      () => said,
    )
    const login = await fetch(`${address}/login?code=${code}`, { redirect: 'manual' })
    const token = /millpond_token=([^;]+)/.exec(login.headers.get('set-cookie') ?? '')?.[1] ?? ''
    const ask = async (path: string, body: object): Promise<Buffer> => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const response = await fetch(`${address}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
      expect(response.status).toBe(200)
      return Buffer.from(await response.arrayBuffer())
    }
    const portal = await fetch(address, { headers: { cookie: `millpond_token=${token}` } })
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(await portal.text())?.[1] ?? ''
    expect((await fetch(`${address}${script}`)).headers.get('content-type')).toContain('javascript')
    const asked = await ask('/api/query', { sql: everyLibrary })
    expect(asked.toString()).toContain('"row":["-1541654101129638711","little-lantern.co.uk",42]')
    const arrow = await ask('/api/export', { sql: 'SELECT 1 AS n', format: 'arrow' })
    expect(tableFromIPC(arrow).toArray().map(String)).toEqual(['{"n": 1}'])
    const exited = new Promise((resolveExit) => child.once('exit', resolveExit))
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
  })

  it('imports only what npm will install with it', async () => {
    const dist = join(folder, 'package', 'dist')
    // What browsers get is bundled: its libraries are in it.
    const names = (await readdir(dist, { recursive: true })).filter((name) => /^(?!web\/).*\.js$/.test(name))
    const texts = await Promise.all(names.map(async (name) => readFile(join(dist, name), 'utf8')))
    const imported = new Set(texts.flatMap((text) => [...text.matchAll(bareImport)].map((match) => match[1] ?? '')))
    const shipped = JSON.parse(await readFile(join(folder, 'package', 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }
    expect(imported.size).toBeGreaterThan(10)
    expect([...imported].filter((name) => !Object.hasOwn(shipped.dependencies, name))).toEqual([])
  })

  it('holds no tests, no source and no data', async () => {
    const { stdout } = await run('find', [join(folder, 'package'), '-not', '-path', '*/node_modules/*', '-type', 'f'])
    const names = stdout
      .trim()
      .split('\n')
      .map((path) => path.slice(join(folder, 'package').length + 1))
    expect(names.filter((name) => /\.test\.|^src\/|^test\/|millpond-data/.test(name))).toEqual([])
    expect(names).toEqual(
      expect.arrayContaining(['bin/millpond.js', 'dist/main.js', 'dist/engine.js', 'LICENSE', 'README.md']),
    )
    const shipped = JSON.parse(await readFile(join(folder, 'package', 'package.json'), 'utf8')) as { bin: object }
    expect(shipped.bin).toEqual({ millpond: 'bin/millpond.js' })
  })
})
