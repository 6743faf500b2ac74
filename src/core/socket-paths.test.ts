import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { makeSocketFolder, socketPaths } from './socket-paths.ts'

let folder: string
let deep: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-sockets-'))
  deep = join(folder, 'd'.repeat(100))
})

afterEach(async () => {
  await rm(socketPaths(deep).socketFolder, { recursive: true, force: true })
  await rm(folder, { recursive: true })
})

test('sockets stand in run/, for their owner alone', async () => {
  const paths = socketPaths(folder)
  await makeSocketFolder(paths)
  expect(paths).toMatchObject({ http: join(folder, 'run', 'http.sock'), admin: join(folder, 'run', 'admin.sock') })
  expect((await stat(paths.runFolder)).mode & 0o777).toBe(0o700)
})

test('a deep data folder gets a short path, the same at each asking, named in the data folder', async () => {
  const paths = socketPaths(deep)
  expect(Buffer.byteLength(paths.admin)).toBeLessThanOrEqual(100)
  await makeSocketFolder(paths)
  expect((await readFile(join(deep, 'run', 'socket-folder'), 'utf8')).trim()).toBe(paths.socketFolder)
  expect((await stat(paths.socketFolder)).mode & 0o777).toBe(0o700)
  expect(socketPaths(deep)).toEqual(paths)
  await makeSocketFolder(paths)
  expect(socketPaths(join(folder, 'e'.repeat(100))).socketFolder).not.toBe(paths.socketFolder)
})

test('the name in the data folder counts, wherever the temp folder is now', async () => {
  await makeSocketFolder(socketPaths(deep))
  await writeFile(join(deep, 'run', 'socket-folder'), '/elsewhere/short\n')
  expect(socketPaths(deep).admin).toBe('/elsewhere/short/admin.sock')
  await writeFile(join(deep, 'run', 'socket-folder'), '')
})

test('a short folder that others can enter is refused', async () => {
  const paths = socketPaths(deep)
  await mkdir(paths.socketFolder)
  await chmod(paths.socketFolder, 0o755)
  await expect(makeSocketFolder(paths)).rejects.toMatchObject({ code: 'setting-invalid' })
})
