// Every public path that is not collecting goes on to the engine over run/http.sock, streamed in both directions
// (server-sent events and uploads too). undici's Pool.stream costs half of node:http's pipeline here.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Pool } from 'undici'

import { errorTable, type ErrorCode } from '../core/errors.ts'
import { clientAddressHeader, clientSchemeHeader } from '../core/http-headers.ts'
import type { Log } from '../core/log.ts'
import type { Part } from '../core/part.ts'

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  clientAddressHeader,
  clientSchemeHeader,
])
const engineConnectionsMax = 1024

export interface EngineProxy extends Part {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void
  /** Ends the answers that would never end by themselves, so that an open live page doesn't hold up a stop. */
  endFeeds(): void
}

export function createEngineProxy(
  options: { socketPath: string; clientAddress: (request: IncomingMessage) => string },
  deps: { log: Log; isEngineUp: () => boolean },
): EngineProxy {
  const pool = new Pool('http://engine', {
    socketPath: options.socketPath,
    connections: engineConnectionsMax,
    headersTimeout: 0,
    bodyTimeout: 0,
  })

  const feeds = new Set<ServerResponse>()

  function handle(request: IncomingMessage, response: ServerResponse): void {
    if (request.headers.upgrade !== undefined) {
      answerError(response, 'upgrade-unsupported', 'Millpond does not speak WebSocket. Use server-sent events.')
      return
    }
    if (!pathOf(request).startsWith('/')) {
      answerError(response, 'request-invalid', 'The address of a request must be a path.')
      return
    }
    if (!deps.isEngineUp()) {
      answerUnavailable(response)
      return
    }
    void pipe(request, response)
  }

  async function pipe(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => {
      gone.abort()
    })
    try {
      await pool.stream(
        {
          path: pathOf(request),
          method: request.method ?? 'GET',
          headers: forwardedHeaders(request, options.clientAddress(request)),
          body: hasBody(request) ? request : null,
          signal: gone.signal,
        },
        ({ statusCode, headers }) => {
          response.writeHead(statusCode, withoutHopByHop(headers))
          response.flushHeaders()
          if (isFeed(headers)) {
            feeds.add(response)
            response.once('close', () => feeds.delete(response))
          }
          return response
        },
      )
    } catch (error) {
      if (gone.signal.aborted) return
      deps.log.warn({ err: error, path: pathOf(request).split('?')[0] }, 'The engine did not answer a request.')
      if (response.headersSent) response.destroy()
      else answerUnavailable(response)
    }
  }

  return {
    handle,
    endFeeds() {
      for (const response of feeds) response.destroy()
    },
    async stop() {
      await pool.destroy()
    },
  }
}

/** Some proxies write the whole address. */
function pathOf({ url = '/' }: IncomingMessage): string {
  return url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/]*(?=\/)/i, '')
}

function isFeed(headers: Record<string, string | string[] | undefined>): boolean {
  return String(headers['content-type'] ?? '').startsWith('text/event-stream')
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
}

function forwardedHeaders(request: IncomingMessage, address: string): Record<string, string | string[]> {
  const headers = withoutHopByHop(request.headers)
  headers[clientAddressHeader] = address
  headers[clientSchemeHeader] = 'encrypted' in request.socket ? 'https' : 'http'
  return headers
}

function withoutHopByHop(headers: Record<string, string | string[] | undefined>): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !hopByHop.has(name)) kept[name] = value
  }
  return kept
}

function answerUnavailable(response: ServerResponse): void {
  response.setHeader('Retry-After', '1')
  answerError(response, 'engine-unavailable', 'The engine is starting. Collecting goes on; try again in a second.')
}

function answerError(response: ServerResponse, code: ErrorCode, message: string): void {
  response.writeHead(errorTable[code].status, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify({ error: { code, message } }))
}
