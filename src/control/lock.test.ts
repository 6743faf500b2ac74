// The data lock between real processes: the kernel must free it after kill -9.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { diskFiles } from '../core/files.ts'
import { readIntakeInfo, takeDataLock, writeIntakeInfo } from './lock.ts'

let folder: string
let children: ChildProcess[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-lock-'))
  children = []
})

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

/** A process that takes the lock, says so, and holds it until it is killed. */
async function holder(): Promise<ChildProcess> {
  const code = `
    const { takeDataLock } = await import(process.argv[1])
    takeDataLock(process.argv[2])
    console.log('held')
    setInterval(() => undefined, 1000)`
  const lockModule = new URL('lock.ts', import.meta.url).href
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, lockModule, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  await once(child.stdout ?? child, 'data')
  return child
}

test('a second process is refused with the pid of the first, and let in after kill -9', async () => {
  const first = await holder()
  await diskFiles.makeFolder(join(folder, 'run'))
  await writeIntakeInfo(diskFiles, folder, { pid: first.pid ?? 0, address: 'http://127.0.0.1:1', startedAtMicros: 1 })
  expect(() => takeDataLock(folder, { waitMs: 0 })).toThrow(expect.objectContaining({ code: 'data-locked' }))
  expect(() => takeDataLock(folder, { waitMs: 0 })).toThrow(`(pid ${first.pid})`)
  const ended = once(first, 'exit')
  first.kill('SIGKILL')
  await ended
  takeDataLock(folder, { waitMs: 0 }).release()
})

test('within one process it is taken once, and free after its release', () => {
  const lock = takeDataLock(folder, { waitMs: 0 })
  expect(() => takeDataLock(folder, { waitMs: 0 })).toThrow('in use by another Millpond')
  lock.release()
  takeDataLock(folder, { waitMs: 0 }).release()
})

test('an absent data folder is made, for its owner alone', async () => {
  const inner = join(folder, 'deep', 'data')
  takeDataLock(inner).release()
  expect(await diskFiles.list(inner)).toEqual(['lock'])
})

test('a torn or absent run/intake.json is no error', async () => {
  expect(readIntakeInfo(folder)).toBeUndefined()
  await diskFiles.makeFolder(join(folder, 'run'))
  const file = await diskFiles.open(join(folder, 'run', 'intake.json'), 'create')
  await file.write([Buffer.from('{"pid":')], 0)
  await file.close()
  expect(readIntakeInfo(folder)).toBeUndefined()
})
