// Collect on a real port, with an append that keeps records in memory, for tests that speak its protocol.
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'

import type { NewRecord } from '../../src/buffer/record.ts'
import {
  type CollectDeps,
  type CollectStats,
  createCollectServer,
  guardServer,
  serverOptions,
} from '../../src/collect/collect.ts'
import type { KeyVerdict } from '../../src/control/sources-file.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { RequestMeta } from '../../src/core/event.ts'
import { createLog } from '../../src/core/log.ts'
import type { CollectSettings } from '../../src/core/settings.ts'

export const testKeys = {
  web: 'wk-web-active',
  shop: 'wk-shop-active',
  disabled: 'wk-disabled',
  rotated: 'wk-rotated',
  unlisted: 'wk-unlisted',
  foreign: 'wk-never-issued',
} as const

const verdicts: Readonly<Record<string, KeyVerdict>> = {
  [testKeys.web]: { kind: 'listed', source: 'web', platform: 'client', state: 'active' },
  [testKeys.shop]: { kind: 'listed', source: 'shop', platform: 'server', state: 'active' },
  [testKeys.disabled]: { kind: 'listed', source: 'old', platform: 'client', state: 'disabled' },
  [testKeys.rotated]: { kind: 'listed', source: 'web', platform: 'client', state: 'rotated' },
  [testKeys.unlisted]: { kind: 'unlisted' },
}

export const tlsPair = {
  cert: readFileSync(new URL('tls/localhost.cert.pem', import.meta.url)),
  key: readFileSync(new URL('tls/localhost.key.pem', import.meta.url)),
}

export const testSettings: CollectSettings = {
  bodyBytesMax: 1024 * 1024,
  bodiesBytesMax: 8 * 1024 * 1024,
  connectionsMax: 1_000,
  bodyTimeoutMs: 5_000,
  requestsPerSecondMax: 10_000,
  deviceClocksMax: 1_000,
}

export interface KeptRecord extends Omit<NewRecord, 'meta' | 'body'> {
  readonly meta: RequestMeta
  readonly bytes: Buffer
  /** The body parsed as UTF-8. */
  readonly body: { readonly batch?: readonly KeptEvent[] } & KeptEvent
}

export type KeptEvent = Readonly<Record<string, unknown>>

export interface TestServer {
  readonly url: string
  readonly port: number
  readonly server: Server
  readonly records: readonly KeptRecord[]
  /** All events of all records, batches opened. */
  events(): readonly KeptEvent[]
  stats(): CollectStats
  stop(): Promise<void>
}

export interface TestServerOptions extends Partial<Omit<CollectDeps, 'log'>> {
  readonly settings?: Partial<CollectSettings>
  readonly publicUrl?: string
  readonly trustedProxies?: readonly string[]
  readonly tls?: boolean
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const records: KeptRecord[] = []
  const collectSettings = { ...testSettings, ...options.settings }
  const collect = createCollectServer(
    { collect: collectSettings, publicUrl: options.publicUrl, trustedProxies: options.trustedProxies ?? [] },
    {
      clock: systemClock,
      health: () => ({ status: 'ok' }),
      async append(record) {
        records.push(keep(record))
        return records.length
      },
      keys: { lookup: (writeKey) => verdicts[writeKey] ?? { kind: 'foreign' } },
      ...options,
      log: createLog('silent'),
    },
  )
  const httpOptions = serverOptions()
  const server =
    options.tls === true
      ? createSecureServer({ ...httpOptions, ...tlsPair }, collect.handle)
      : createServer(httpOptions, collect.handle)
  guardServer(server, collectSettings, options.clock)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: options.tls === true ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    port,
    server,
    records,
    events: () => records.flatMap(({ body }) => body.batch ?? [body]),
    stats: collect.stats,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function keep(record: NewRecord): KeptRecord {
  const bytes = Buffer.from(record.body)
  return { ...record, meta: JSON.parse(record.meta), bytes, body: JSON.parse(bytes.toString('utf8')) }
}
