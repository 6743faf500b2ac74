// A real Millpond for tests and benchmarks: both processes, through bin/millpond.js, on free loopback ports, in a
// temporary folder. Whatever it starts it ends, by process id.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import type { Status } from '../../src/portal/api/status.ts'

const root = resolve(import.meta.dirname, '../..')
const launcher = join(root, 'bin', 'millpond.js')

export interface MillpondOptions {
  /** An existing data folder to start on; by default a new temporary one, removed at stop. */
  readonly data?: string
  /** MILLPOND_… settings. */
  readonly settings?: Readonly<Record<string, string>>
  /** False: don't wait for the engine, only for the public port. */
  readonly waitForEngine?: boolean
  /** Where to talk to it, if that is not the address that it names. */
  readonly address?: string
}

export interface Millpond {
  readonly address: string
  /** Port of Fluent Forward on loopback; 0 when it is off. */
  readonly forwardPort: number
  /** Port of the Postgres protocol on loopback; 0 when it is off, or the engine wasn't waited for. */
  readonly postgresPort: number
  readonly data: string
  /** Of the administrator who opened the one-time link; '' when the engine wasn't waited for. */
  readonly token: string
  /** Makes a source and returns its write key. */
  addSource(source: string, platform?: 'client' | 'server'): Promise<string>
  /** Rows as arrays of values. */
  query(sql: string): Promise<unknown[][]>
  /** The first value of the first row. */
  queryValue(sql: string): Promise<unknown>
  api(path: string, init?: RequestInit): Promise<Response>
  status(): Promise<Status>
  /** Resolves when the loader has nothing left to load. */
  settled(timeoutMs?: number): Promise<Status>
  pids(): Promise<{ intake: number; engine: number }>
  /** kill -9 of the process; `intake` takes the engine with it. */
  kill(which: 'intake' | 'engine'): Promise<void>
  /** Orderly stop with SIGTERM; keeps the data folder. */
  stop(): Promise<void>
  /** Stop and remove the data folder. */
  dispose(): Promise<void>
  /** What the processes printed so far. */
  readonly output: () => string
}

export async function startMillpond(options: MillpondOptions = {}): Promise<Millpond> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'millpond-')))
  const child = spawn(process.execPath, [launcher, 'start'], {
    cwd: data,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...withoutMillpond(process.env),
      MILLPOND_DATA: data,
      MILLPOND_HTTP_PORT: '0',
      MILLPOND_FORWARD_PORT: '0',
      MILLPOND_POSTGRES_PORT: '0',
      MILLPOND_LOG_LEVEL: 'warn',
      ...options.settings,
    },
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  try {
    const info = await firstAnswer(
      async () => (options.address === undefined ? readIntake(data, child, output) : isUp(options.address)),
      20_000,
      () => output,
    )
    const address = options.address ?? info.address
    const token = options.waitForEngine === false ? '' : await ownToken(data, () => output, address)
    const forwardPort = await forwardPortOf(data)
    return createHandle({ data, child, address, forwardPort, token, output: () => output })
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

interface Parts {
  readonly data: string
  readonly child: ChildProcess
  readonly address: string
  readonly forwardPort: number
  readonly token: string
  readonly output: () => string
}

function createHandle({ data, child, address, forwardPort, token, output }: Parts): Millpond {
  async function api(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${token}`)
    if (init.body !== undefined && init.body !== null) headers.set('content-type', 'application/json')
    return fetch(`${address}${path}`, { ...init, headers })
  }
  async function query(sql: string): Promise<unknown[][]> {
    const response = await api('/api/query', { method: 'POST', body: JSON.stringify({ sql, dialect: 'duckdb' }) })
    const text = await response.text()
    const rows: unknown[][] = []
    for (const line of text.split('\n').filter((one) => one !== '')) {
      const parsed = JSON.parse(line) as { row?: unknown[]; error?: { code: string; message: string } }
      if (parsed.error !== undefined) throw new Error(`${parsed.error.code}: ${parsed.error.message}`)
      if (parsed.row !== undefined) rows.push(parsed.row)
    }
    return rows
  }
  async function status(): Promise<Status> {
    const response = await api('/api/status')
    if (!response.ok) throw new Error(`status answered ${response.status}: ${await response.text()}`)
    return (await response.json()) as Status
  }
  async function pids(): Promise<{ intake: number; engine: number }> {
    const intake = (JSON.parse(await readFile(join(data, 'run', 'intake.json'), 'utf8')) as { pid: number }).pid
    const engine = (JSON.parse(await readFile(join(data, 'run', 'engine.json'), 'utf8')) as { pid: number }).pid
    return { intake, engine }
  }
  async function gone(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null)
      await new Promise((resolve) => child.once('exit', resolve))
  }
  async function stop(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await gone()
  }
  return {
    address,
    forwardPort,
    postgresPort: Number(/Postgres \(BI tools\) +\S+:(\d+)/.exec(output())?.[1] ?? 0),
    data,
    token,
    api,
    query,
    status,
    pids,
    stop,
    output,
    async addSource(source, platform = 'client') {
      const response = await api('/api/sources', { method: 'POST', body: JSON.stringify({ source, platform }) })
      const body = (await response.json()) as { writeKey?: string }
      if (body.writeKey === undefined) throw new Error(`source add answered ${JSON.stringify(body)}`)
      return body.writeKey
    },
    async queryValue(sql) {
      return (await query(sql))[0]?.[0]
    },
    async settled(timeoutMs = 30_000) {
      return firstAnswer(
        async () => {
          const now = await status()
          return now.streams.every((stream) => stream.loadedSequence >= stream.lastSequence) ? now : undefined
        },
        timeoutMs,
        output,
      )
    },
    async kill(which) {
      killHard((await pids())[which])
      if (which === 'intake') await gone()
    },
    async dispose() {
      await stop()
      await rm(data, { recursive: true, force: true })
    },
  }
}

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((opened) => server.listen(0, '127.0.0.1', opened))
  const bound = server.address()
  await new Promise((closed) => server.close(closed))
  if (typeof bound !== 'object' || bound === null) throw new Error('A server without a port.')
  return bound.port
}

/** An engine killed a moment ago may not have its successor yet: then there is nothing to kill. */
function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Asks again every few milliseconds until there is an answer; throws `last words` of the process after the deadline. */
export async function firstAnswer<Answer>(
  ask: () => Promise<Answer | undefined>,
  timeoutMs: number,
  lastWords: () => string = () => '',
): Promise<Answer> {
  const deadline = performance.now() + timeoutMs
  let lastError: unknown
  while (performance.now() < deadline) {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
      // What was wrong before is mended: it isn't the reason any more.
      lastError = undefined
    } catch (error) {
      lastError = error
    }
    await delay(15)
  }
  throw new Error(
    `No answer within ${timeoutMs} ms. ${lastError instanceof Error ? lastError.message : ''}\n${lastWords()}`,
  )
}

async function isUp(address: string): Promise<{ address: string } | undefined> {
  return (await fetch(`${address}/health`)).ok ? { address } : undefined
}

async function readIntake(data: string, child: ChildProcess, output: string): Promise<{ address: string } | undefined> {
  if (child.exitCode !== null) throw new Error(`Millpond ended with ${child.exitCode}: ${output}`)
  const info = JSON.parse(await readFile(join(data, 'run', 'intake.json'), 'utf8')) as { pid: number; address: string }
  // A file of an earlier start may still lie there: believe it only if that process is ours.
  return info.pid === child.pid ? info : undefined
}

async function forwardPortOf(data: string): Promise<number> {
  const info = JSON.parse(await readFile(join(data, 'run', 'intake.json'), 'utf8')) as { forwardAddress?: string }
  return Number(/:(\d+)$/.exec(info.forwardAddress ?? '')?.[1] ?? 0)
}

/** By the one-time link of the start block on a new folder; kept beside it for later starts on the same folder. */
async function ownToken(data: string, output: () => string, address: string): Promise<string> {
  const kept = tokenByData.get(data)
  const started = await firstAnswer(
    async () => (output().includes('Millpond is running') ? output() : undefined),
    20_000,
    output,
  )
  if (kept !== undefined) return kept
  const code = /\/login\?code=(\S+)/.exec(started)?.[1]
  const response = await fetch(`${address}/login?code=${code ?? ''}`, { redirect: 'manual' })
  const token = /millpond_token=([^;]+)/.exec(response.headers.get('set-cookie') ?? '')?.[1]
  if (token === undefined)
    throw new Error(`The one-time link did not work: ${response.status} ${await response.text()}`)
  tokenByData.set(data, token)
  return token
}

const tokenByData = new Map<string, string>()

function withoutMillpond(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('MILLPOND_')))
}
