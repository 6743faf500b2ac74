// The Millpond that the demo fills: started as a child on the demo's own data folder, or joined if one runs there already.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { type AdminClient, createAdminClient } from '../src/cli/admin-client.ts'
import { readIntakeInfo } from '../src/control/lock.ts'
import { socketPaths } from '../src/core/socket-paths.ts'
import type { Status } from '../src/portal/api/status.ts'
import type { Call } from './furnish/furnish.ts'
import { type SourceName, sources } from './traffic/traffic.ts'

const launcher = resolve(import.meta.dirname, '..', 'bin', 'millpond.js')
const startTimeoutMs = 30_000
const askAgainMs = 50
const lastWordsMax = 4000

export interface Pond {
  readonly data: string
  readonly address: string
  readonly forward: { readonly host: string; readonly port: number }
  /** True if we started it, and therefore stop it. */
  readonly isOurs: boolean
  /** The administrator's one-time link; only of a start of ours. */
  readonly loginLink: string | undefined
  status(): Promise<Status>
  /** Rows of a query, as arrays. */
  query(sql: string): Promise<unknown[][]>
  /** As the machine's owner. Error: what Millpond says. */
  readonly call: Call
  /** Of routes that answer lines. */
  readonly lines: AdminClient['lines']
  writeKeys(): Promise<Record<SourceName, string>>
  /** Gives the source a new key; the old one is remembered as rotated. */
  rotate(source: SourceName): Promise<void>
  /** Ends it in order, if it is ours. */
  stop(): Promise<void>
}

/** `environment`: of a Millpond that is started; undefined: ours. Errors are sentences for people: what it said when it didn't start. */
export async function openPond(data: string, environment?: NodeJS.ProcessEnv): Promise<Pond> {
  const client = await createAdminClient(socketPaths(data).admin)
  if (await answers(client)) return handle(data, client, undefined)
  await client.close()
  await mkdir(data, { recursive: true })
  // Detached: Ctrl-C of the terminal is for us, and we end it in order when the last events are sent.
  const child = spawn(process.execPath, [launcher, 'start', '--data', data], {
    cwd: data,
    detached: true,
    ...(environment === undefined ? {} : { env: environment }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const started = new StartedPond(child)
  try {
    return await handle(data, await started.answered(data), started)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

async function answers(client: AdminClient): Promise<boolean> {
  return client.call('GET', '/api/status').then(
    () => true,
    () => false,
  )
}

class StartedPond {
  readonly #child: ChildProcess
  #output = ''

  constructor(child: ChildProcess) {
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        // The start block is at the beginning, the last words at the end.
        this.#output =
          this.#output.length < lastWordsMax ? this.#output + text : (this.#output + text).slice(-lastWordsMax)
      })
    }
  }

  async answered(data: string): Promise<AdminClient> {
    const deadline = performance.now() + startTimeoutMs
    while (performance.now() < deadline && this.#child.exitCode === null) {
      if (readIntakeInfo(data)?.pid !== undefined && this.#output.includes('Millpond is running')) {
        const client = await createAdminClient(socketPaths(data).admin)
        if (await answers(client)) return client
        await client.close()
      }
      await delay(askAgainMs)
    }
    throw new Error(`Millpond did not start.\n${this.#output.trim()}`)
  }

  get loginLink(): string | undefined {
    return /\bhttps?:\S+\/login\?code=\S+/.exec(this.#output)?.[0]
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await gone
  }
}

async function handle(data: string, client: AdminClient, started: StartedPond | undefined): Promise<Pond> {
  const { address, forwardAddress } = readIntakeInfo(data) ?? {}
  const [, host, port] = /^(.*):(\d+)$/.exec(forwardAddress ?? '') ?? []
  if (address === undefined || host === undefined) {
    throw new Error('The demo needs the port of Fluent Forward: start Millpond without MILLPOND_FORWARD_PORT=off.')
  }
  return {
    data,
    address,
    isOurs: started !== undefined,
    loginLink: started?.loginLink,
    forward: { host, port: Number(port) },
    status: async () => (await client.call('GET', '/api/status')) as Status,
    async query(sql) {
      const rows: unknown[][] = []
      for await (const line of client.lines('POST', '/api/query', { sql })) {
        const { row, error } = line as { row?: unknown[]; error?: { message: string } }
        if (error !== undefined) throw new Error(error.message)
        if (row !== undefined) rows.push(row)
      }
      return rows
    },
    call: async (method, path, body) => client.call(method, path, body),
    lines: (method, path, body) => client.lines(method, path, body),
    writeKeys: async () => writeKeysOf(client),
    async rotate(source) {
      await client.call('POST', `/api/sources/${source}/rotate`)
    },
    async stop() {
      await client.close()
      await started?.stop()
    },
  }
}

async function writeKeysOf(client: AdminClient): Promise<Record<SourceName, string>> {
  type Listed = { readonly sources: readonly { readonly source: string; readonly writeKey: string }[] }
  const { sources: there } = (await client.call('GET', '/api/sources')) as Listed
  const keys: Partial<Record<SourceName, string>> = {}
  for (const [source, platform] of Object.entries(sources) as [SourceName, 'client' | 'server'][]) {
    const known = there.find((one) => one.source === source)
    const added = known ?? ((await client.call('POST', '/api/sources', { source, platform })) as { writeKey: string })
    keys[source] = added.writeKey
  }
  return keys as Record<SourceName, string>
}
