// How node:http (and https) must be set up in front of collect, so that slow, silent and half-open senders cost little.
import { type Server, type ServerOptions, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

import { type Clock, systemClock } from '../../core/clock.ts'
import type { CollectSettings } from '../../core/settings.ts'
import { findRoute } from '../segment/routes.ts'
import { watchRequests } from './request-watch.ts'

/** Longer than the 60 s for which load balancers keep idle connections: the side that closes first must be theirs. */
const keepAliveTimeoutMs = 65_000
const headersTimeoutMs = 15_000
const checkIntervalMs = 5_000
/** Pixel events travel in the address; Node's own limit of 16 KiB is too small for them. */
const headerBytesMax = 32 * 1024
const probeDelayMs = 60_000

export function serverOptions(): ServerOptions {
  return {
    keepAliveTimeout: keepAliveTimeoutMs,
    headersTimeout: headersTimeoutMs,
    // Would count for media files too, which may take hours; `guardServer` ends all other requests that take too long.
    requestTimeout: 0,
    connectionsCheckingInterval: checkIntervalMs,
    maxHeaderSize: headerBytesMax,
    noDelay: true,
    // Finds peers that vanished without a word (half-open connections).
    keepAlive: true,
    keepAliveInitialDelay: probeDelayMs,
  }
}

/** What can't be said in options: the number of connections, and an answer to what is no HTTP. Before `listen`. */
export function guardServer(server: Server, settings: CollectSettings, clock: Clock = systemClock): void {
  server.maxConnections = settings.connectionsMax
  // The last resort for bodies: `bodyTimeoutMs` answers 503 first, because 408 makes some SDKs drop the batch.
  const limits = { timeoutMs: settings.bodyTimeoutMs + checkIntervalMs, checkIntervalMs }
  watchRequests(server, limits, { clock, isExempt: (request) => findRoute(request.url ?? '')?.kind === 'asset' })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Who has not shaken hands can't read an answer, and what is written would wait for ever.
    const isHandshake = /^(?:ERR_TLS_|ERR_SSL_|EPROTO)/.test(error.code ?? '')
    if (error.code === 'ECONNRESET' || isHandshake || !socket.writable) {
      socket.destroy()
      return
    }
    const status = statusOfClientError(error.code)
    const body = JSON.stringify({
      success: false,
      code: 'body-unreadable',
      message: `No readable HTTP request: ${error.message}`,
    })
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      () => socket.destroy(),
    )
  })
}

function statusOfClientError(code: string | undefined): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408
  return 400
}
