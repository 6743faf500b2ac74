// Commands while a Millpond runs: they talk to it over its socket. The engine is a stand-in that answers as each test
// says, so that every way it can fail is reached; test/app also runs the commands against a real one.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'

import { runCli as runProgram } from '../../src/cli/program.ts'
import { takeDataLock } from '../../src/control/lock.ts'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import { socketPaths } from '../../src/core/socket-paths.ts'
import {
  type CliRun,
  lines,
  listenOnAdmin,
  oldNode,
  runCli,
  sendJson,
  spawnCli,
  type StandIn,
  startStandIn,
  useStandIns,
} from './cli-support.ts'

const rig = useStandIns()
const { answering, millpond } = rig

const columns = [
  { name: 'event', type: 'VARCHAR' },
  { name: 'n', type: 'BIGINT' },
]

test('source and token commands ask the engine', async () => {
  const source = { source: 'web', platform: 'client', state: 'active', writeKey: 'k'.repeat(32), createdAtMicros: 1 }
  const info = { id: 'x', name: 'laptop', role: 'admin', createdAtMicros: 1, lastUsedAtMicros: null }
  const { asked } = await answering(({ method, url }, response) => {
    if (method === 'DELETE') response.writeHead(204).end()
    else if (url.startsWith('/api/sources')) sendJson(response, method === 'GET' ? { sources: [source] } : source)
    else sendJson(response, method === 'GET' ? { tokens: [info] } : { ...info, token: 'mp_secret' })
  })
  expect((await millpond('source', 'add', 'web', '--json')).stdout).toBe(
    `{"source":"web","writeKey":"${'k'.repeat(32)}"}\n`,
  )
  expect((await millpond('source', 'rotate', 'web')).code).toBe(0)
  expect((await millpond('source', 'disable', 'web')).code).toBe(0)
  expect((await millpond('source', 'enable', 'web')).code).toBe(0)
  expect((await millpond('source', 'list', '--json')).stdout).toBe(lines(source))
  expect((await millpond('token', 'create', '--name', 'laptop', '--json')).stdout).toBe(
    lines({ id: 'x', name: 'laptop', role: 'admin', token: 'mp_secret' }),
  )
  expect((await millpond('token', 'list', '--json')).stdout).toBe(lines(info))
  expect((await millpond('token', 'revoke', 'x y')).code).toBe(0)
  expect(asked.map(({ method, url, body }) => [method, url, body])).toEqual([
    ['POST', '/api/sources', { source: 'web', platform: 'client' }],
    ['POST', '/api/sources/web/rotate', undefined],
    ['POST', '/api/sources/web/disable', undefined],
    ['POST', '/api/sources/web/enable', undefined],
    ['GET', '/api/sources', undefined],
    ['POST', '/api/tokens', { name: 'laptop' }],
    ['GET', '/api/tokens', undefined],
    ['DELETE', '/api/tokens/x%20y', undefined],
  ])
})

test('what a policy on a view leaves open is told beside the answer', async () => {
  const warnings = ['shop.seen is a view: whoever may read shop.clients below it still sees its values there']
  await answering(({ body }, response) => {
    sendJson(response, { ...(body as object), warnings }, 201)
  })
  const told = `Warning: ${warnings[0]}.\n`
  expect(await millpond('policy', 'mask', 'shop.seen.email')).toMatchObject({ code: 0, stderr: told })
  expect(await millpond('policy', 'filter', 'shop.seen', 'TRUE')).toMatchObject({ code: 0, stderr: told })
})

test('an error of the engine is told as our own', async () => {
  await answering((_, response) => {
    sendJson(response, { error: { code: 'source-exists', message: 'There is a source "web" already' } }, 409)
  })
  expect(await millpond('source', 'add', 'web')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('millpond: There is a source "web" already. `millpond source list`'),
  })
})

test('the place of a mistake in SQL is shown where it is', async () => {
  const message = 'Binder Error: no column "nope"\n\nLINE 1: select nope\n               ^'
  await answering((_, response) => {
    sendJson(response, { error: { code: 'query-invalid', message } }, 400)
  })
  expect((await millpond('query', 'select nope')).stderr).toBe(`millpond: ${message}\n`)
})

test('query prints one JSON object a row, a table, or CSV', async () => {
  const { asked } = await answering((_, response) => {
    response.end(lines({ columns }, { row: ['a,b', 1] }, { row: [null, '9007199254740993'] }, { end: { rows: 2 } }))
  })
  const run = await millpond('query', '--json', 'select 1')
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.stdout).toBe(lines({ event: 'a,b', n: 1 }, { event: null, n: '9007199254740993' }))
  expect((await millpond('query', '--csv', 'select 1')).stdout).toBe('event,n\r\n"a,b",1\r\n,9007199254740993\r\n')
  const table = await millpond('query', 'select 1')
  expect(table.stdout).toBe(
    'event                 n\n─────  ────────────────\na,b                   1\nNULL   9007199254740993\n',
  )
  expect(table.stderr).toBe('2 rows.\n')
  expect(asked.map(({ url, body }) => [url, body])).toEqual(
    Array.from({ length: 3 }, () => ['/api/query', { sql: 'select 1', dialect: 'googlesql' }]),
  )
})

test('query reads its SQL from standard input', async () => {
  const { asked } = await answering((_, response) => {
    response.end(lines({ columns }, { end: { rows: 0 } }))
  })
  const run = await runCli(['query', '-', '--json', '--data', rig.folder], { stdin: 'select\n2' })
  expect(run).toMatchObject({ code: 0, stdout: '' })
  expect(asked[0]?.body).toEqual({ sql: 'select\n2', dialect: 'googlesql' })
})

test('a table ends the query once it is full', async () => {
  let closed: Promise<unknown> = Promise.resolve()
  await answering((_, response) => {
    closed = once(response, 'close')
    response.write(lines({ columns }))
    for (let row = 0; row < 10; row += 1) response.write(lines({ row: ['x', row] }))
    // Never ended by us: only the command can end it.
  })
  const run = await millpond('query', '--rows', '3', 'select 1')
  await closed
  expect(run.code).toBe(0)
  expect(run.stdout.trim().split('\n')).toHaveLength(5)
  expect(run.stderr).toContain('The first 3 rows')
})

test('a large result streams through whole', async () => {
  const rows = 200_000
  await answering((_, response) => {
    response.write(lines({ columns }))
    let row = 0
    const send = (): void => {
      while (row < rows) {
        row += 1
        if (!response.write(lines({ row: ['event', row] }))) {
          response.once('drain', send)
          return
        }
      }
      response.end(lines({ end: { rows } }))
    }
    send()
  })
  const run = await millpond('query', '--json', 'select 1')
  const printed = run.stdout.trimEnd().split('\n')
  expect(printed).toHaveLength(rows)
  expect(printed.at(-1)).toBe(`{"event":"event","n":${rows}}`)
})

test.each([
  [
    'an error behind the first rows',
    lines({ columns }, { row: ['a', 1] }, { error: { code: 'query-limit', message: 'Too many rows' } }),
    'Too many rows',
  ],
  ['an answer that just ends', lines({ columns }, { row: ['a', 1] }), 'not answering'],
  ['an answer that is no JSON', 'oops', 'not JSON'],
])('%s is a failure, never a short result', async (_, answer, message) => {
  await answering((_asked, response) => {
    response.end(answer)
  })
  const run = await millpond('query', '--json', 'select 1')
  expect(run.code).toBe(1)
  expect(run.stderr).toContain(message)
})

test('an engine that dies in the middle of a query is a failure', async () => {
  await answering((_, response) => {
    response.write(lines({ columns }, { row: ['a', 1] }), () => {
      response.destroy()
    })
  })
  const run = await millpond('query', '--csv', 'select 1')
  expect(run.code).toBe(1)
  expect(run.stderr).toContain('The engine went away')
})

test('status shows sections and tables, and --json one line', async () => {
  const engine = { pid: 1, startedAtMicros: 1_760_000_000_000_000, residentBytes: 200 * 2 ** 20 }
  const archive = { segments: 0, beginsAtMicros: 0 }
  const status = { version: '0.1.0', engine, ledger: [{ source: 'web', received: 3, stored: 3 }], empty: [], archive }
  await answering((_, response) => {
    sendJson(response, status)
  })
  expect((await millpond('status', '--json')).stdout).toBe(lines(status))
  const { stdout } = await millpond('status')
  expect(stdout).toMatch(/version\s+0\.1\.0/)
  expect(stdout).toMatch(/engine\npid +1\nstarted at +2025-10-09 08:53:20Z\nresident +200 MiB\n/)
  expect(stdout).toMatch(/source {2}received {2}stored\n.*\nweb\s+3\s+3/)
  expect(stdout).toMatch(/begins at +-\n/)
})

test('dead letters are listed by filter and replayed with what was asked', async () => {
  const letter = { id: '7', source: 'web', reason: 'key_disabled', raw: '{"a":"\u001B[31m"}' }
  const { asked } = await answering(({ method }, response) => {
    if (method === 'GET') sendJson(response, { deadLetters: [letter] })
    else response.end(lines({ done: 1, total: 2 }, { done: 2, total: 2 }, { end: { replayed: 2, skipped: [] } }))
  })
  expect((await millpond('dead-letters', 'list', '--source', 'web', '--reason', 'key_disabled', '--json')).stdout).toBe(
    lines(letter),
  )
  expect((await millpond('dead-letters', 'list', '--limit', '5')).stdout).toContain('key_disabled')
  expect((await millpond('dead-letters', 'replay', '--id', '7', '8', '--to', 'web', '--json')).stdout).toBe(
    lines({ replayed: 2, total: 2, skipped: [] }),
  )
  expect((await millpond('dead-letters', 'replay', '--all')).stdout).toBe('Replayed 2 of 2 dead letters.\n')
  expect(asked.map(({ url, body }) => [url, body])).toEqual([
    ['/api/dead-letters?limit=50&source=web&reason=key_disabled', undefined],
    ['/api/dead-letters?limit=5', undefined],
    ['/api/dead-letters/replay', { ids: ['7', '8'], to: 'web' }],
    ['/api/dead-letters/replay', {}],
  ])
})

test('a replay that stops half-way is a failure', async () => {
  await answering((_, response) => {
    response.end(lines({ done: 1, total: 2 }))
  })
  expect(await millpond('dead-letters', 'replay', '--all')).toMatchObject({
    code: 1,
    stdout: 'Replayed 1 of 2 dead letters.\n',
  })
})

test('letters that a replay skipped are told with the reason, and what to do', async () => {
  const skipped = [{ id: '7\u001B[31m', why: 'no source `unknown`; name one with --to' }]
  await answering((_, response) => {
    response.end(lines({ done: 1, total: 2 }, { end: { replayed: 1, skipped } }))
  })
  expect(await millpond('dead-letters', 'replay', '--all')).toMatchObject({
    code: 1,
    stdout: 'Replayed 1 of 2 dead letters.\nSkipped 7\\x1b[31m: no source `unknown`; name one with --to.\n',
    stderr: 'millpond: 1 dead letter was skipped. Name a source that receives them with --to.\n',
  })
  expect(await millpond('dead-letters', 'replay', '--all', '--json')).toMatchObject({
    code: 1,
    stdout: lines({ replayed: 1, total: 2, skipped }),
  })
})

test('an error in the middle of a replay is told as it is', async () => {
  await answering((_, response) => {
    response.end(lines({ done: 1, total: 2 }, { error: { code: 'disk-full', message: 'The disk is full' } }))
  })
  expect(await millpond('dead-letters', 'replay', '--all')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('millpond: The disk is full. Make room'),
  })
})

/** Runs a command in this process, so that the test decides what happens while it waits. */
async function millpondHere(
  words: readonly string[],
  wait: (ms: number) => Promise<void>,
  clock: Clock,
): Promise<CliRun> {
  const written = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    write(text: string) {
      written[name] += text
      return true
    },
    once: () => undefined,
    removeListener: () => undefined,
  })
  const code = await runProgram([...words, '--data', rig.folder], {
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    readStdin: async () => '',
    workingFolder: rig.folder,
    variables: new Map(),
    version: '0',
    clock,
    wait,
    runIntake: async () => undefined,
    rebuildOffline: async function* nothing() {
      yield* []
    },
    backupOffline: async function* nothing() {
      yield* []
    },
    restoreOffline: async function* nothing() {
      yield* []
    },
  })
  return { code, signal: null, ...written }
}

test('while the engine is starting again commands wait for it', async () => {
  const lock = takeDataLock(rig.folder)
  let engine: StandIn | undefined
  const run = await millpondHere(
    ['status', '--json'],
    async () => {
      engine ??= await listenOnAdmin(rig.folder, (_, response) => {
        sendJson(response, { back: true })
      })
    },
    systemClock,
  )
  await engine?.stop()
  lock.release()
  expect(run).toMatchObject({ code: 0, stdout: lines({ back: true }) })
})

test('an engine that stays away is told after five seconds', async () => {
  const lock = takeDataLock(rig.folder)
  let waitedMs = 0
  const wait = async (ms: number): Promise<void> => {
    waitedMs += ms
  }
  const run = await millpondHere(['source', 'list'], wait, { ...systemClock, monotonicMs: () => waitedMs })
  lock.release()
  expect(waitedMs).toBe(5000)
  expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('has not answered for 5 seconds') })
})

test('a socket left behind by a killed engine does not count as running', async () => {
  const standIn = await startStandIn(rig.folder, () => undefined)
  // A second name for the socket stays when the first is closed, as after kill -9.
  const { admin } = socketPaths(rig.folder)
  const { link, rename } = await import('node:fs/promises')
  await link(admin, `${admin}.left`)
  await standIn.stop()
  await rename(`${admin}.left`, admin)
  expect(await millpond('status')).toMatchObject({ code: 1, stderr: expect.stringContaining('millpond start') })
  expect((await millpond('source', 'add', 'web', '--json')).code).toBe(0)
})

test('a deep data folder has its sockets under a short path, and commands find them', async () => {
  const deep = join(rig.folder, 'd'.repeat(60), 'e'.repeat(60))
  const standIn = await startStandIn(deep, (_, response) => {
    sendJson(response, { deep: true })
  })
  const { socketFolder } = socketPaths(deep)
  const elsewhere = await mkdtemp(join(tmpdir(), 'other-temp-'))
  // Another temp folder in the command's environment: the path is taken from the data folder.
  const run = await runCli(['status', '--json', '--data', deep], { env: { TMPDIR: elsewhere } })
  await standIn.stop()
  await rm(socketFolder, { recursive: true })
  await rm(elsewhere, { recursive: true })
  expect(run).toMatchObject({ code: 0, stdout: lines({ deep: true }) })
})

const old = oldNode()

test.skipIf(old === undefined).each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  'under an older Node %s reaches the command, and its end comes back',
  async (signal) => {
    let arrived: (response: ServerResponse) => void = () => undefined
    const waiting = new Promise<ServerResponse>((resolve) => {
      arrived = resolve
    })
    await answering((_, response) => {
      arrived(response)
    })
    const child = spawnCli(['query', 'select 1', '--data', rig.folder], { node: old ?? '' })
    const response = await waiting
    const closed = once(response, 'close')
    const ended = once(child, 'close')
    child.kill(signal)
    expect(await ended).toEqual([null, signal])
    await closed
  },
)
