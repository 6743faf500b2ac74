// Control against real SQLite and real files in temp folders; the clock is a fake one.
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'

import type { Clock } from '../core/clock.ts'
import { diskFiles, type Files } from '../core/files.ts'
import { createLog } from '../core/log.ts'
import { type Control, openControl } from './control.ts'
import { readSourcesFile } from './sources-file.ts'
import { isOwnWriteKey } from './write-keys.ts'

const hourMicros = 3_600_000_000

let folder: string
let nowMicros: number
let opened: Control[]

const clock: Clock = {
  nowMicros: () => nowMicros,
  monotonicMs: () => nowMicros / 1000,
  schedule: () => () => undefined,
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-control-'))
  nowMicros = 1_760_000_000_000_000
  opened = []
})

afterEach(async () => {
  for (const control of opened) await control.stop()
  await rm(folder, { recursive: true })
})

async function open(files: Files = diskFiles): Promise<Control> {
  const control = await openControl(folder, { clock, log: createLog('silent'), files })
  opened.push(control)
  return control
}

async function close(control: Control): Promise<void> {
  opened = opened.filter((other) => other !== control)
  await control.stop()
}

function keys(): { writeKey: string; source: string; platform: string; state: string }[] {
  return [...readSourcesFile(join(folder, 'sources.json')).keys]
}

test('a new source has a key of ours, is listed, and is in sources.json before the call returns', async () => {
  const control = await open()
  const web = await control.addSource('web', 'client')
  expect(web).toEqual({
    source: 'web',
    platform: 'client',
    state: 'active',
    writeKey: web.writeKey,
    createdAtMicros: nowMicros,
  })
  expect(control.listSources()).toEqual([web])
  expect(keys()).toEqual([{ writeKey: web.writeKey, source: 'web', platform: 'client', state: 'active' }])
  expect(isOwnWriteKey(web.writeKey, readSourcesFile(join(folder, 'sources.json')).checksumSecret)).toBe(true)
})

test('everything is there again after a restart', async () => {
  const first = await open()
  await first.addSource('web', 'client')
  await first.addSource('api', 'server')
  await first.setSourceState('api', 'disabled')
  const { token } = await first.createToken('laptop')
  const before = first.listSources()
  await close(first)
  const second = await open()
  expect(second.listSources()).toEqual(before)
  expect(second.verifyToken(token)?.info.name).toBe('laptop')
})

test('a rotated key stays listed for ever as rotated, through a second rotation too', async () => {
  const control = await open()
  const first = await control.addSource('web', 'client')
  nowMicros += 1
  const second = await control.rotateSource('web')
  nowMicros += 1
  const third = await control.rotateSource('web')
  expect(new Set([first.writeKey, second.writeKey, third.writeKey]).size).toBe(3)
  expect(keys().map(({ writeKey, state }) => [writeKey, state])).toEqual([
    [first.writeKey, 'rotated'],
    [second.writeKey, 'rotated'],
    [third.writeKey, 'active'],
  ])
  await control.setSourceState('web', 'disabled')
  expect(keys().map(({ state }) => state)).toEqual(['rotated', 'rotated', 'disabled'])
  await control.setSourceState('web', 'active')
  expect(keys().at(-1)?.state).toBe('active')
})

test('two sources cannot have one name, and an unknown one cannot be changed', async () => {
  const control = await open()
  await control.addSource('web', 'client')
  await expect(control.addSource('web', 'server')).rejects.toMatchObject({ code: 'source-exists' })
  await expect(control.addSource('Web', 'client')).rejects.toMatchObject({ code: 'source-name-invalid' })
  await expect(control.rotateSource('nope')).rejects.toMatchObject({ code: 'source-unknown' })
  await expect(control.setSourceState('nope', 'disabled')).rejects.toMatchObject({ code: 'source-unknown' })
  expect(control.listSources()).toHaveLength(1)
})

test('changes made at the same time all land, and the same name only once', async () => {
  const control = await open()
  const names = ['a', 'b', 'c', 'd', 'a']
  const results = await Promise.allSettled(names.map(async (name) => await control.addSource(name, 'client')))
  expect(results.map((result) => result.status)).toEqual([
    'fulfilled',
    'fulfilled',
    'fulfilled',
    'fulfilled',
    'rejected',
  ])
  expect(keys().map((key) => key.source)).toEqual(expect.arrayContaining(['a', 'b', 'c', 'd']))
  expect(control.listSources().map((source) => source.source)).toEqual(['a', 'b', 'c', 'd'])
})

test('when sources.json cannot be written nothing has changed, and the next try succeeds', async () => {
  let full = false
  const files: Files = {
    ...diskFiles,
    async rename(from, to) {
      if (full) throw new Error('ENOSPC: no space left on device')
      await diskFiles.rename(from, to)
    },
  }
  const control = await open(files)
  await control.addSource('web', 'client')
  const before = keys()
  full = true
  await expect(control.addSource('api', 'server')).rejects.toThrow('ENOSPC')
  await expect(control.rotateSource('web')).rejects.toThrow('ENOSPC')
  expect(control.listSources().map((source) => source.source)).toEqual(['web'])
  expect(keys()).toEqual(before)
  full = false
  await control.addSource('api', 'server')
  expect(keys().map((key) => key.source)).toEqual(expect.arrayContaining(['web', 'api']))
})

test('opening control makes sources.json what SQLite says, whatever stands there', async () => {
  const control = await open()
  expect(keys()).toEqual([])
  await control.addSource('web', 'client')
  const good = await readFile(join(folder, 'sources.json'), 'utf8')
  for (const content of ['', '{"version":1}', 'torn {']) {
    await writeFile(join(folder, 'sources.json'), content)
    await close(await open())
    expect(await readFile(join(folder, 'sources.json'), 'utf8')).toBe(good)
  }
  await rm(join(folder, 'sources.json'))
  await close(await open())
  expect(await readFile(join(folder, 'sources.json'), 'utf8')).toBe(good)
})

test('what is secret is readable by its owner alone', async () => {
  const control = await open()
  await control.addSource('web', 'client')
  for (const name of ['sources.json', 'secret', 'control.sqlite', 'control.sqlite-wal']) {
    expect([name, (await stat(join(folder, name))).mode & 0o777]).toEqual([name, 0o600])
  }
})

test('the file of a newer version is refused, and stays as it is', async () => {
  await close(await open())
  const database = new DatabaseSync(join(folder, 'control.sqlite'))
  database.exec('PRAGMA user_version = 99')
  database.close()
  await expect(open()).rejects.toMatchObject({ code: 'setting-invalid' })
})

test('a token is shown once, stored hashed, verified, and refused after it is revoked', async () => {
  const control = await open()
  const { info, token } = await control.createToken(' laptop ')
  expect(info).toMatchObject({ name: 'laptop', role: 'admin', lastUsedAtMicros: null })
  expect(token).toMatch(/^mp_[0-9A-Za-z]{40}$/)
  expect(control.verifyToken(token)?.info.id).toBe(info.id)
  for (const wrong of ['', 'mp_', token.slice(0, -1), `${token}x`, token.slice(3), 'x'.repeat(10_000)]) {
    expect(control.verifyToken(wrong)).toBeUndefined()
  }
  await close(control)
  const everything = Buffer.concat([await readFile(join(folder, 'control.sqlite'))]).toString('latin1')
  expect(everything).not.toContain(token.slice(3))
  const again = await open()
  await again.revokeToken(info.id)
  expect(again.verifyToken(token)).toBeUndefined()
  expect(again.listTokens()).toEqual([])
  await expect(again.revokeToken(info.id)).rejects.toMatchObject({ code: 'token-unknown' })
  await expect(again.createToken('  ')).rejects.toMatchObject({ code: 'request-invalid' })
})

test("a token's last use is written at most once a minute", async () => {
  const control = await open()
  const { token } = await control.createToken('laptop')
  const firstUse = nowMicros
  control.verifyToken(token)
  nowMicros += 59_000_000
  control.verifyToken(token)
  expect(control.listTokens()[0]?.lastUsedAtMicros).toBe(firstUse)
  nowMicros += 1_000_000
  control.verifyToken(token)
  expect(control.listTokens()[0]?.lastUsedAtMicros).toBe(nowMicros)
})

test('a one-time code makes one token, once, and then no more codes are needed', async () => {
  const control = await open()
  expect(control.oneTimeCodeNeeded()).toBe(true)
  const older = control.createOneTimeCode()
  nowMicros += 1
  expect(control.oneTimeCodeNeeded(nowMicros)).toBe(true)
  const code = control.createOneTimeCode()
  // An engine that starts again leaves the link that its intake printed alone.
  expect(control.oneTimeCodeNeeded(nowMicros)).toBe(false)
  expect(control.redeemOneTimeCode(older)).toBeUndefined()
  expect(control.redeemOneTimeCode('wrong')).toBeUndefined()
  const redeemed = control.redeemOneTimeCode(code)
  expect(control.verifyToken(redeemed?.token ?? '')?.principal.role).toBe('admin')
  expect(control.redeemOneTimeCode(code)).toBeUndefined()
  expect(control.oneTimeCodeNeeded()).toBe(false)
  expect((await readFile(join(folder, 'control.sqlite-wal'))).toString('latin1')).not.toContain(code)
})

test('redeeming a one-time code makes all others worthless', async () => {
  const control = await open()
  const code = control.createOneTimeCode()
  // As an earlier version left them.
  const database = new DatabaseSync(join(folder, 'control.sqlite'))
  const life = [nowMicros, nowMicros + 24 * hourMicros] as const
  const insert = 'INSERT INTO one_time_codes (hash, created_at, expires_at) VALUES (?, ?, ?)'
  database.prepare(insert).run(createHash('sha256').update('older').digest('hex'), ...life)
  database.close()
  expect(control.redeemOneTimeCode(code)).toBeDefined()
  expect(control.redeemOneTimeCode('older')).toBeUndefined()
})

test('a one-time code dies after 24 hours', async () => {
  const control = await open()
  const code = control.createOneTimeCode()
  nowMicros += 24 * hourMicros
  expect(control.redeemOneTimeCode(code)).toBeUndefined()
  expect(control.oneTimeCodeNeeded()).toBe(true)
})

test('a copy is a whole database of its own, for nobody else to read', async () => {
  const control = await open()
  const { writeKey } = await control.addSource('web', 'server')
  const { token } = await control.createToken('laptop')
  const other = join(folder, 'other')
  await diskFiles.makeFolder(other)
  await control.copyTo(join(other, 'control.sqlite'))
  await control.addSource('later', 'client')
  expect((await stat(join(other, 'control.sqlite'))).mode & 0o777).toBe(0o600)
  const copy = await openControl(other, { clock, log: createLog('silent') })
  expect(copy.listSources().map((one) => [one.source, one.writeKey])).toEqual([['web', writeKey]])
  expect(copy.verifyToken(token)?.info.name).toBe('laptop')
  await copy.stop()
  await expect(control.copyTo(join(other, 'control.sqlite'))).rejects.toThrow('EEXIST')
})
