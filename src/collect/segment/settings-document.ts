// The settings that analytics.js and the mobile SDKs fetch before their first event. Without this answer analytics.js sends
// nothing at all, so it is made from memory alone and says yes for every key of ours, whatever state it is in.
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Where senders reach us. The Host header never decides: a cache would keep what one stranger sent. */
export interface PublicAddress {
  readonly protocol: 'http' | 'https'
  /** host[:port][/prefix], without a trailing slash. */
  readonly host: string
}

const ageSecondsMax = 300
const staleSecondsMax = 86_400

const everywhere = new Set(['', '0.0.0.0', '[::]', '[::ffff:0:0]'])

/** `url` (publicUrl, or where we listen) unless that says "everywhere": then the address at which this sender found us. */
export function publicAddress(url: string | undefined, socket: Socket): PublicAddress {
  const { protocol, host, hostname, pathname } = new URL(url === undefined || url === '' ? 'http://0.0.0.0' : url)
  if (!everywhere.has(hostname)) {
    return { protocol: protocol === 'https:' ? 'https' : 'http', host: `${host}${pathname.replace(/\/+$/, '')}` }
  }
  const address = (socket.localAddress ?? '127.0.0.1').replace(/^::ffff:/, '')
  const local = address.includes(':') ? `[${address}]` : address
  return { protocol: 'encrypted' in socket ? 'https' : 'http', host: `${local}:${socket.localPort ?? 80}` }
}

/** The document that all SDKs accept. A second key under `integrations` would make analytics.js load more code. */
export function settingsDocument(writeKey: string, address: PublicAddress): object {
  const everything = { __default: { enabled: true, integrations: {} } }
  return {
    integrations: {
      'Segment.io': {
        apiKey: writeKey,
        apiHost: `${address.host}/v1`,
        protocol: address.protocol,
        addBundledMetadata: true,
        httpConfig: retryConfig,
      },
    },
    plan: { track: everything, identify: everything, group: everything },
    edgeFunction: {},
    middlewareSettings: {},
    metrics: { sampleRate: 0 },
    analyticsNextEnabled: true,
    enabledMiddleware: {},
  }
}

/** Turns on the retry rules of newer mobile SDKs; without them Kotlin deletes its batch on any 4xx but 429. */
const retryConfig = {
  rateLimitConfig: { enabled: true, maxRetryCount: 100, maxRetryInterval: 300, maxRateLimitDuration: 86_400 },
  backoffConfig: {
    enabled: true,
    maxRetryCount: 100,
    baseBackoffInterval: 0.5,
    maxBackoffInterval: 300,
    maxTotalBackoffDuration: 604_800,
    jitterPercent: 10,
    default4xxBehavior: 'drop',
    default5xxBehavior: 'retry',
    unknownCodeBehavior: 'retry',
    statusCodeOverrides: { 408: 'retry', 410: 'retry', 429: 'retry', 460: 'retry', 501: 'retry', 505: 'drop' },
  },
}

export function sendSettings(
  request: IncomingMessage,
  response: ServerResponse,
  document: object,
  more: readonly string[] = [],
): void {
  const body = Buffer.from(JSON.stringify(document))
  const etag = `"${createHash('sha1').update(body).digest('base64url')}"`
  const headers = [
    'ETag',
    etag,
    'Cache-Control',
    `public, max-age=${ageSecondsMax}, s-maxage=${ageSecondsMax}, stale-while-revalidate=${staleSecondsMax}, stale-if-error=${staleSecondsMax}`,
    'Access-Control-Allow-Origin',
    '*',
    'Cross-Origin-Resource-Policy',
    'cross-origin',
    ...more,
  ]
  if (matches(request.headers['if-none-match'], etag)) {
    response.writeHead(304, headers)
    response.end()
    return
  }
  headers.push('Content-Type', 'application/json; charset=utf-8', 'Content-Length', String(body.length))
  response.writeHead(200, headers)
  response.end(request.method === 'HEAD' ? undefined : body)
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag || tag.trim() === '*')
}
