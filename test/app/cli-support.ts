// For the tests of the command line: it always runs as a real process, through bin/millpond.js.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'

import { afterEach, beforeEach } from 'vitest'

import { takeDataLock } from '../../src/control/lock.ts'
import { makeSocketFolder, socketPaths } from '../../src/core/socket-paths.ts'

export const launcher = resolve(import.meta.dirname, '../../bin/millpond.js')

export interface CliRun {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface CliOptions {
  readonly node?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
}

/** The environment of a person who has set nothing of ours. */
export function plainEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const ours = Object.entries(process.env).filter(
    ([name]) => !/^(MILLPOND_|FORCE_COLOR|NODE_OPTIONS|VITEST|NO_COLOR)/.test(name),
  )
  return { ...Object.fromEntries(ours), ...extra }
}

export function spawnCli(words: readonly string[], options: CliOptions = {}): ChildProcess {
  return spawn(options.node ?? process.execPath, [launcher, ...words], {
    env: plainEnvironment(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
}

export async function runCli(words: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const child = spawnCli(words, options)
  child.stdin?.end(options.stdin ?? '')
  const [stdout, stderr, [code, signal]] = await Promise.all([
    child.stdout === null ? '' : text(child.stdout),
    child.stderr === null ? '' : text(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ])
  return { stdout, stderr, code, signal }
}

/** A Node on this machine that is too old to run us itself; undefined if there is none. */
export function oldNode(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin']
  return folders
    .map((folder) => join(folder, 'node'))
    .find((node) => {
      const { status, stdout } = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' })
      const major = Number.parseInt(stdout ?? '', 10)
      return status === 0 && major >= 16 && major < 24
    })
}

export interface Asked {
  readonly method: string
  readonly url: string
  readonly body: unknown
}

/** What stands in for a running engine: holds the data lock, listens on the admin socket, answers as the test says. */
export interface StandIn {
  readonly asked: readonly Asked[]
  stop(): Promise<void>
}

export async function startStandIn(
  dataFolder: string,
  answer: (asked: Asked, response: ServerResponse) => void,
): Promise<StandIn> {
  const lock = takeDataLock(dataFolder)
  const listening = await listenOnAdmin(dataFolder, answer)
  return {
    asked: listening.asked,
    async stop() {
      await listening.stop()
      lock.release()
    },
  }
}

/** The admin socket alone, for tests in which the engine is away for a while. */
export async function listenOnAdmin(
  dataFolder: string,
  answer: (asked: Asked, response: ServerResponse) => void,
): Promise<StandIn> {
  const paths = socketPaths(dataFolder)
  await makeSocketFolder(paths)
  const asked: Asked[] = []
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    const one = {
      method: request.method ?? '',
      url: request.url ?? '',
      body: body === '' ? undefined : (JSON.parse(body) as unknown),
    }
    asked.push(one)
    answer(one, response)
  }
  const server = createServer((request, response) => void receive(request, response))
  server.listen(paths.admin)
  await once(server, 'listening')
  return {
    asked,
    async stop() {
      server.closeAllConnections()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

export function lines(...values: unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('')
}

export interface StandInRig {
  /** Of the data; new for each test. */
  readonly folder: string
  /** Stops when the test ends. */
  answering(answer: (asked: Asked, response: ServerResponse) => void): Promise<StandIn>
  /** The command line on that folder. */
  millpond(...words: string[]): Promise<CliRun>
}

/** For all tests of a file. */
export function useStandIns(): StandInRig {
  let folder: string
  let standIns: StandIn[]
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millpond-cli-'))
    standIns = []
  })
  afterEach(async () => {
    for (const standIn of standIns) await standIn.stop()
    await rm(folder, { recursive: true })
  })
  return {
    get folder() {
      return folder
    },
    async answering(answer) {
      const standIn = await startStandIn(folder, answer)
      standIns.push(standIn)
      return standIn
    },
    millpond: async (...words) => runCli([...words, '--data', folder]),
  }
}
