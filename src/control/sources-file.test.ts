// The directory that intake asks: real files, a fake clock.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

import type { Clock } from '../core/clock.ts'
import { diskFiles, writeFileAtomic } from '../core/files.ts'
import { type KeyEntry, openKeyDirectory } from './sources-file.ts'
import { createWriteKey } from './write-keys.ts'

const checksumSecret = 'a secret'
const ourKey = (): string => createWriteKey(randomBytes, checksumSecret)
const web: KeyEntry = { writeKey: ourKey(), source: 'web', platform: 'client', state: 'active' }

let folder: string
let path: string
let nowMs: number
const clock: Clock = { nowMicros: () => nowMs * 1000, monotonicMs: () => nowMs, schedule: () => () => undefined }

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-keys-'))
  path = join(folder, 'sources.json')
  nowMs = 0
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function publish(...keys: KeyEntry[]): Promise<void> {
  await writeFileAtomic(diskFiles, path, JSON.stringify({ version: 1, checksumSecret, keys }))
}

test('a listed key, a key of ours that is not listed, and a stranger', async () => {
  await publish(web)
  const directory = openKeyDirectory(path, { clock })
  expect(directory.lookup(web.writeKey)).toEqual({ kind: 'listed', source: 'web', platform: 'client', state: 'active' })
  expect(directory.lookup(ourKey())).toEqual({ kind: 'unlisted' })
  for (const foreign of [
    '',
    'x',
    'x'.repeat(32),
    'x'.repeat(100_000),
    '__proto__',
    'constructor',
    web.writeKey.slice(1),
  ]) {
    expect(directory.lookup(foreign)).toEqual({ kind: 'foreign' })
  }
})

test('a key made a moment ago is found at the next miss', async () => {
  await publish(web)
  const directory = openKeyDirectory(path, { clock })
  const fresh = { ...web, writeKey: ourKey(), source: 'api' }
  await publish(web, fresh)
  expect(directory.lookup(fresh.writeKey)).toEqual({ kind: 'unlisted' })
  nowMs += 50
  expect(directory.lookup(fresh.writeKey)).toMatchObject({ kind: 'listed', source: 'api' })
})

test('a changed state of a known key counts after half a second at the latest', async () => {
  await publish(web)
  const directory = openKeyDirectory(path, { clock })
  await publish({ ...web, state: 'disabled' })
  nowMs += 499
  expect(directory.lookup(web.writeKey)).toMatchObject({ state: 'active' })
  nowMs += 1
  expect(directory.lookup(web.writeKey)).toMatchObject({ state: 'disabled' })
})

test('reload takes a change at once', async () => {
  await publish(web)
  const directory = openKeyDirectory(path, { clock })
  await publish({ ...web, state: 'rotated' })
  expect(directory.reload()).toBe(true)
  expect(directory.lookup(web.writeKey)).toMatchObject({ state: 'rotated' })
})

test('without the file nothing of the right shape is refused: it may well be ours', async () => {
  const directory = openKeyDirectory(path, { clock })
  expect(directory.lookup(web.writeKey)).toEqual({ kind: 'unlisted' })
  expect(directory.lookup('not a key')).toEqual({ kind: 'foreign' })
  await publish(web)
  nowMs += 50
  expect(directory.lookup(web.writeKey)).toMatchObject({ kind: 'listed' })
})

test.each([
  '',
  '{',
  '[]',
  '{"version":2,"checksumSecret":"x","keys":[]}',
  '{"version":1,"checksumSecret":"","keys":[]}',
])('a damaged file (%s) leaves the last good list', async (content) => {
  await publish(web)
  const directory = openKeyDirectory(path, { clock })
  await writeFile(path, content)
  expect(directory.reload()).toBe(false)
  expect(directory.lookup(web.writeKey)).toMatchObject({ kind: 'listed' })
  await publish({ ...web, state: 'disabled' })
  expect(directory.reload()).toBe(true)
  expect(directory.lookup(web.writeKey)).toMatchObject({ state: 'disabled' })
})
