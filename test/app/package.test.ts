// What `npm pack` makes is what people install: it must hold all that a start needs, and no more than that.
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

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
  await rm(join(root, 'dist'), { recursive: true, force: true })
})

describe('the package', () => {
  it('starts from what it ships', async () => {
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
    const exited = new Promise((resolveExit) => child.once('exit', resolveExit))
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
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
