// How command lines are understood and how they end, without a process for each: test/app runs real ones.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { systemClock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Settings } from '../core/settings.ts'
import { runCli } from './program.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-program-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function millpond(
  words: readonly string[],
  runIntake: (settings: Settings) => Promise<void> = async () => undefined,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    write(text: string) {
      written[name] += text
      return true
    },
    once: () => undefined,
    removeListener: () => undefined,
  })
  const code = await runCli(words, {
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    readStdin: async () => '',
    workingFolder: folder,
    variables: new Map(),
    version: '1.2.3',
    clock: systemClock,
    wait: async () => undefined,
    runIntake,
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
  return { code, ...written }
}

test.each([
  [['source', 'add', 'My-App'], 1, 'Try "my_app".'],
  [['source', 'rotate', 'nope'], 1, 'There is no source "nope". `millpond source list` shows all sources.'],
  [['token', 'revoke', 'nope'], 1, '`millpond token list` shows all tokens.'],
  [['token', 'create', '--name', ' '], 1, 'A token needs a name'],
  [['query', 'select 1'], 1, 'Start it with `millpond start`.'],
  [['status'], 1, 'Start it with `millpond start`.'],
  [['dead-letters', 'list'], 1, 'Start it with `millpond start`.'],
  [['dead-letters', 'replay', '--all'], 1, 'Start it with `millpond start`.'],
  [['stauts'], 2, "Unknown command 'stauts'. Did you mean status?"],
  [['frobnicate'], 2, "Unknown command 'frobnicate'. `--help` shows what is possible."],
  [['source', 'ad', 'web'], 2, "Unknown command 'ad'. Did you mean add?"],
  [['source', 'add'], 2, "Missing required argument 'name'."],
  [['source', 'add', 'a', 'b'], 2, 'Too many arguments'],
  [['query'], 2, "Missing required argument 'sql'."],
  [['query', '--jsn', 'x'], 2, "Unknown option '--jsn'. Did you mean --json?"],
  [['query', '--json', '--csv', 'x'], 2, 'cannot be used with'],
  [['query', ' '], 2, 'There is no SQL to run.'],
  [['query', '-'], 2, 'There is no SQL to run.'],
  [['query', '--rows', '0', 'x'], 2, 'whole number from 1'],
  [['source', 'add', 'web', '--platform', 'tv'], 2, 'client, server'],
  [['dead-letters', 'replay'], 2, 'Say which: --id, --source, --reason, or --all'],
  [['dead-letters', 'replay', '--all', '--source', 'web'], 2, '--all means every dead letter'],
  [['dead-letters', 'list', '--reason', 'bad_luck'], 2, 'key_disabled'],
  [['dead-letters', 'list', '--limit', '10001'], 2, 'from 1 to 10000'],
  [['status', '--config', 'absent.json'], 1, 'absent.json cannot be read'],
])('%j ends with %i and one line that says what to do', async (words, code, message) => {
  const run = await millpond(words)
  expect(run).toMatchObject({ code, stdout: '' })
  expect(run.stderr).toMatch(/^millpond: [^\n]+[.?]\n$/)
  expect(run.stderr).toContain(message)
})

const commands =
  'start,status,query,doctor,source,source add,source list,source rotate,source disable,source enable,token,token create,token list,token revoke,dead-letters,dead-letters list,dead-letters replay'.split(
    ',',
  )

test.each(commands)('%s --help has an example of itself', async (command) => {
  const run = await millpond([...command.split(' '), '--help'])
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.stdout).toMatch(new RegExp(`Example:\\n  \\$ (\\w+=\\S+ )?millpond ${command}`))
})

test.each([[[]], [['source']], [['token']], [['dead-letters']]])(
  '%j alone shows help and counts as called wrongly',
  async (words) => {
    const run = await millpond(words)
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toContain('Example:')
  },
)

test('millpond help names every command', async () => {
  const { code, stdout } = await millpond(['help'])
  expect(code).toBe(0)
  for (const command of commands) expect(stdout).toContain(command.split(' ')[0])
  expect(await millpond(['--version'])).toMatchObject({ code: 0, stdout: '1.2.3\n' })
})

test('start hands checked settings to the server and ends with it', async () => {
  let got: Settings | undefined
  const run = await millpond(['start', '--data', 'here'], async (settings) => {
    got = settings
  })
  expect(run).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(got).toMatchObject({ data: join(folder, 'here'), httpPort: 8080 })
})

test.each([
  [new MillpondError('port-taken', 'Port 8080 is taken'), 'millpond: Port 8080 is taken. Stop the other program'],
  [new MillpondError('data-locked', 'It is in use. Stop it first'), 'millpond: It is in use. Stop it first.\n'],
  [new MillpondError('not-found', 'evil \u001B[31m'), 'millpond: evil \\x1b[31m.\n'],
  [new Error('boom'), 'Something went wrong that should not have: boom. Please report it'],
  ['a text', 'Something went wrong that should not have: a text.'],
])('a start that fails with %s is told in one line', async (error, message) => {
  const run = await millpond(['start'], async () => {
    throw error
  })
  expect(run).toMatchObject({ code: 1, stdout: '' })
  expect(run.stderr).toContain(message)
  expect(run.stderr.split('\n')).toHaveLength(2)
})
