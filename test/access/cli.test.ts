// The commands about people, keys and policies while no Millpond runs: on the data folder itself, under its lock.
import { createPrivateKey } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { type CliRun, runCli } from '../app/cli-support.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-cli-access-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

const millpond = async (words: string): Promise<CliRun> =>
  runCli(
    (words.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", '')),
    { cwd: folder },
  )

async function json(words: string): Promise<unknown> {
  const run = await millpond(`${words} --json`)
  expect(run).toMatchObject({ code: 0, stderr: '' })
  return run.stdout === '' ? undefined : JSON.parse(run.stdout)
}

test('somebody comes, changes and goes, and their token with them', async () => {
  expect(await json('person add ana --attribute region=EU --attribute region=UK --attribute team=data')).toMatchObject({
    handle: 'ana',
    kind: 'person',
    role: 'member',
    attributes: { region: ['EU', 'UK'], team: 'data' },
  })
  expect(await json('person add grafana --service --role admin')).toMatchObject({ kind: 'service', role: 'admin' })
  expect(await json('token create notebook --for ana')).toMatchObject({ handle: 'ana', role: 'member' })
  expect(await json('person change ana --attribute region=US --attribute team=')).toMatchObject({
    role: 'member',
    attributes: { region: 'US' },
  })
  expect((await millpond('person list')).stdout).toMatch(/ana +person +member +region=US/)
  expect((await millpond('token list')).stdout).toMatch(/notebook +ana +member/)
  expect(await json('person remove ana')).toEqual({ handle: 'ana', removed: true })
  expect((await millpond('token list')).stdout).toContain('No tokens yet')
})

test('grants and masks are made, listed and taken back', async () => {
  await json('person add ana')
  expect((await millpond('grant list')).stdout).toContain('members see nothing')
  expect(await json('grant add ana web')).toEqual({ grantee: 'ana', dataset: 'web', table: '*', privilege: 'read' })
  expect(await json("grant add '*' web.pages --write")).toMatchObject({
    grantee: '*',
    table: 'pages',
    privilege: 'write',
  })
  expect((await millpond('grant list')).stdout).toMatch(/ana +read +web +\*/)
  expect(await json('grant remove ana web')).toMatchObject({ grantee: 'ana' })
  expect(await millpond('grant remove ana web')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no grant'),
  })
  expect(await json("policy mask 'web.*.email' --as hash --except ana")).toEqual({
    dataset: 'web',
    table: '*',
    column: 'email',
    kind: 'hash',
    exempt: ['ana'],
  })
  expect((await millpond('policy list')).stdout).toMatch(/web\.\*\.email +hash +ana/)
  expect(await json("policy remove 'web.*.email'")).toEqual({ place: 'web.*.email', removed: true })
  expect((await millpond('policy list')).stdout).toContain('No masks and no filters')
})

test('a key is written for its owner alone, and never over a file', async () => {
  await json('person add etl --service')
  const made = (await json('key create etl --out key.json --public-url https://pond.example.com/')) as { id: string }
  const path = join(folder, 'key.json')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  const key = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>
  expect(key).toMatchObject({ private_key_id: made.id, token_uri: 'https://pond.example.com/oauth2/token' })
  expect(createPrivateKey(key['private_key'] ?? '').asymmetricKeyDetails?.modulusLength).toBe(2048)
  expect((await millpond('key list')).stdout).toContain(made.id)
  expect(await millpond('key create etl --out key.json')).toMatchObject({ code: 1, stdout: '' })
  await writeFile(join(folder, 'other.json'), 'mine')
  expect((await millpond('key create etl --out other.json')).stderr).toContain('Choose another --out')
  expect(await readFile(join(folder, 'other.json'), 'utf8')).toBe('mine')
  expect(await json(`key revoke ${made.id}`)).toEqual({ id: made.id, revoked: true })
  expect((await millpond('key list')).stdout).toContain('No keys yet')
})

test('a key that can not be made leaves no file', async () => {
  expect((await millpond('key create nobody --out key.json')).stderr).toContain('millpond person list')
  await expect(stat(join(folder, 'key.json'))).rejects.toThrow('ENOENT')
})

test.each([
  ['person add Ana', 1, "can't be a handle"],
  ['person add ana --attribute region', 2, 'needs name=value'],
  ['person add ana --role king', 2, 'king'],
  ['person change ana', 2, 'Give what is to change'],
  ['person remove owner', 1, 'owns the data folder'],
  ['person remove nobody', 1, 'millpond person list'],
  ['token create x --for nobody', 1, 'millpond person list'],
  ['grant add nobody web', 1, 'millpond person list'],
  ["grant add '*' a.b.c", 2, 'neither a dataset nor'],
  ["grant add '*' '*.orders'", 1, 'a table needs its dataset'],
  ['policy mask web.email', 2, 'dataset.table.column'],
  ["policy mask '*.a.b'", 1, 'a mask names its dataset'],
  ['policy mask web.orders.email --as secret', 2, 'secret'],
  ["policy filter web.orders 'TRUE'", 1, 'millpond start'],
  ['policy remove web', 2, 'dataset.table'],
  ['policy remove web.orders', 1, 'no row filter'],
  ['key create etl', 2, '--out'],
  ['key revoke x', 1, 'no key'],
])('%s ends with %i and says what to do', async (words, code, message) => {
  const run = await millpond(words)
  expect(run).toMatchObject({ code, stdout: '' })
  expect(run.stderr).toContain(message)
  expect(run.stderr).toMatch(/^millpond: [^\n]+[.?]\n$/)
})

test('somebody is invited, shut out and let in again, with no Millpond running', async () => {
  const made = (await json('user add --email Ana.Lee@example.com --role analyst')) as Record<string, unknown>
  expect(made).toMatchObject({
    handle: 'ana.lee',
    email: 'ana.lee@example.com',
    role: 'analyst',
    state: 'invited',
    ways: [],
  })
  expect(made['link']).toMatch(/^http:\/\/127\.0\.0\.1:8080\/invitation#\w{32}$/)
  expect(made).not.toHaveProperty('path')
  const again = (await json('user invite ana.lee')) as Record<string, unknown>
  expect(again['link']).not.toBe(made['link'])
  expect(await json('user disable ana.lee')).toMatchObject({ state: 'disabled' })
  expect((await millpond('user list')).stdout).toMatch(/ana\.lee +ana\.lee@example\.com +analyst +disabled/)
  expect(await json('user enable ana.lee')).toMatchObject({ state: 'invited' })
  expect(await millpond('user add --email ana.lee@example.com --role viewer')).toMatchObject({ code: 1 })
  expect(await millpond('user add --email x@example.com')).toMatchObject({ code: 2 })
  expect((await millpond('user add --email bo@example.com --role viewer')).stdout).toMatch(
    /^bo@example\.com \(bo, viewer\) comes in by this link, once, within 7 days\. It is shown only now:\n\n {2}http/,
  )
})
