// Files as hubs and exports write them, and `millpond import` run on them.
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'

import { DuckDBInstance } from '@duckdb/node-api'

import { takeDataLock } from '../../src/control/lock.ts'
import { makeSocketFolder, socketPaths } from '../../src/core/socket-paths.ts'
import { type CliRun, runCli } from './cli-support.ts'

export interface ImportOutcome {
  readonly source: string
  readonly files: number
  readonly filesDoneBefore: number
  readonly filesUnreadable: number
  readonly events: number
  readonly skipped: number
  readonly eventsWithoutTime: number
  readonly stored?: number
  readonly duplicates?: number
  readonly flagged?: number
  readonly quarantined?: number
}

export async function put(folder: string, name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
  return path
}

export function lines(values: readonly unknown[]): string {
  return values.map((value) => `${typeof value === 'string' ? value : JSON.stringify(value)}\n`).join('')
}

/** One event as Segment's archives hold them. */
export function archived(index: number, more: object = {}): object {
  const at = new Date(Date.UTC(2026, 0, 1) + index * 60_000).toISOString()
  return {
    anonymousId: `device-${index % 7}`,
    channel: 'client',
    context: { library: { name: 'analytics.js', version: '2.11.1' }, ip: '203.0.113.9' },
    event: 'Recipe Cooked',
    integrations: {},
    messageId: `ajs-${index}`,
    originalTimestamp: at,
    properties: { minutes: index, recipe: 'Rösti 🍲' },
    receivedAt: at,
    sentAt: at,
    timestamp: at,
    type: 'track',
    userId: null,
    version: 2,
    writeKey: 'old-key',
    ...more,
  }
}

/** What SQL makes, written by the engine itself. */
export async function writeTable(path: string, select: string, options = ''): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(`COPY (${select}) TO '${path}' ${options}`)
  connection.closeSync()
  instance.closeSync()
}

export interface ImportRunResult extends CliRun {
  /** What --json printed; undefined if it printed nothing. */
  readonly outcome: ImportOutcome | undefined
}

export async function runImport(data: string, words: readonly string[]): Promise<ImportRunResult> {
  const run = await runCli(['import', '--json', '--data', data, ...words])
  return { ...run, outcome: run.stdout === '' ? undefined : (JSON.parse(run.stdout) as ImportOutcome) }
}

/** What stands in for an engine: keeps the ids that it is given, `delayMs` each batch, and refuses as the test says. */
export interface EngineStandIn {
  readonly ids: readonly string[]
  /** Batches that were answered with a refusal. */
  readonly refused: () => number
  stop(): Promise<void>
}

export async function startEngineStandIn(
  data: string,
  { delayMs = 0, refuse }: { delayMs?: number; refuse?: (response: ServerResponse, before: number) => boolean },
): Promise<EngineStandIn> {
  const lock = takeDataLock(data)
  const paths = socketPaths(data)
  await makeSocketFolder(paths)
  const ids: string[] = []
  let refused = 0
  const answer = (response: ServerResponse, value: unknown): void => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  }
  const server = createServer((request, response) => {
    const receive = async (): Promise<void> => {
      const body = await text(request)
      if (request.url === '/api/status') {
        answer(response, { ledger: [], streams: [{ stream: 'engine', loadedSequence: 1, waitingBytes: 0 }] })
        return
      }
      if (refuse?.(response, refused) === true) {
        refused += 1
        return
      }
      const { batch } = JSON.parse(body) as { batch: { messageId: string }[] }
      ids.push(...batch.map(({ messageId }) => messageId))
      await delay(delayMs)
      answer(response, { events: batch.length, sequence: 1 })
    }
    // A sender that is killed leaves half a request.
    receive().catch(() => response.destroy())
  })
  server.listen(paths.admin)
  await once(server, 'listening')
  return {
    ids,
    refused: () => refused,
    async stop() {
      server.closeAllConnections()
      const closed = once(server, 'close')
      server.close()
      await closed
      lock.release()
    },
  }
}
