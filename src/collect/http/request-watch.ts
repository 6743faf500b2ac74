// Ends requests whose body takes too long. Node's own limit (`requestTimeout`) counts for all requests alike, and would cut
// off a large file on a slow line; here uploads are left out, which have a limit of their own (assets/upload.ts).
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

import type { Clock } from '../../core/clock.ts'

export interface WatchLimits {
  /** From the end of the headers to the end of the body. */
  readonly timeoutMs: number
  readonly checkIntervalMs: number
}

interface Watched {
  readonly request: IncomingMessage
  readonly sinceMs: number
}

/** Such a request ends as Node would end it: `clientError` says 408 and closes. */
export function watchRequests(
  server: Server,
  { timeoutMs, checkIntervalMs }: WatchLimits,
  deps: { readonly clock: Clock; readonly isExempt: (request: IncomingMessage) => boolean },
): void {
  const { clock, isExempt } = deps
  const watched = new Map<Socket, Watched>()
  let isChecking = false

  // One timer for all; none when nobody sends.
  function checkLater(): void {
    isChecking = true
    clock.schedule(() => {
      const overdueMs = clock.monotonicMs() - timeoutMs
      for (const [socket, { request, sinceMs }] of watched) {
        if (request.complete || socket.destroyed) watched.delete(socket)
        else if (sinceMs <= overdueMs) {
          watched.delete(socket)
          const error = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
          server.emit('clientError', error, socket)
        }
      }
      isChecking = false
      if (watched.size > 0) checkLater()
    }, checkIntervalMs)
  }

  server.on('request', (request) => {
    const { socket } = request
    if (isExempt(request)) {
      watched.delete(socket)
      return
    }
    watched.set(socket, { request, sinceMs: clock.monotonicMs() })
    if (!isChecking) checkLater()
  })
}
