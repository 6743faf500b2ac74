import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { systemClock } from '../core/clock.ts'
import type { CliContext } from './context.ts'
import { type Check, examine } from './doctor-checks.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-doctor-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function found(name: string, variables: Record<string, string> = {}): Promise<Check | undefined> {
  const unused = async (): Promise<never> => Promise.reject(new Error('Doctor starts nothing.'))
  const context: CliContext = {
    stdout: process.stdout,
    stderr: process.stderr,
    readStdin: unused,
    workingFolder: folder,
    variables: new Map(Object.entries({ MILLPOND_HTTP_PORT: '0', MILLPOND_FORWARD_PORT: 'off', ...variables })),
    version: '0.0.0',
    clock: systemClock,
    wait: unused,
    runIntake: unused,
    rebuildOffline: () => {
      throw new Error('Doctor rebuilds nothing.')
    },
    backupOffline: () => {
      throw new Error('Doctor copies nothing.')
    },
    restoreOffline: () => {
      throw new Error('Doctor restores nothing.')
    },
  }
  return (await examine(context, {})).find((check) => check.name === name)
}

describe('the port of Postgres', () => {
  test.each([
    ['off', 'none is opened (MILLPOND_POSTGRES_PORT=off)'],
    ['0', 'any free one'],
  ])('%s: %s', async (port, text) => {
    expect(await found('Postgres port', { MILLPOND_POSTGRES_PORT: port })).toMatchObject({ state: 'good', found: text })
  })

  test('is taken by another program, and the setting is named', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const check = await found('Postgres port', { MILLPOND_POSTGRES_PORT: String(port) })
    server.close()
    expect(check).toMatchObject({ state: 'bad', found: `127.0.0.1:${port} is taken` })
    expect(check?.next).toContain('MILLPOND_POSTGRES_PORT')
  })
})

test('the warehouse is told file by file, as far as there is one', async () => {
  expect(await found('warehouse')).toMatchObject({ state: 'good', found: 'not made yet' })
  const warehouse = join(folder, 'millpond-data', 'warehouse')
  await mkdir(warehouse, { recursive: true })
  await writeFile(join(warehouse, 'fed.duckdb'), Buffer.alloc(4096))
  expect((await found('warehouse'))?.found).toMatch(/^fed\.duckdb 4[^,]*$/)
  await writeFile(join(warehouse, 'made.duckdb'), Buffer.alloc(8192))
  expect((await found('warehouse'))?.found).toMatch(/^fed\.duckdb 4.*, made\.duckdb 8/)
})
