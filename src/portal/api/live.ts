// What arrives, as it arrives: server-sent events. `event: events` carries LiveEvent[]; `event: status` the counters.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import type { LiveEvent } from '../../core/event.ts'
import { parseInput } from './body.ts'
import type { ApiDeps } from './api.ts'
import { mayCall } from './role-routes.ts'

const statusIntervalMs = 1000
/** A reader that is further behind than this loses events of the feed (never of the data) until it has caught up. */
const unsentBytesMax = 1024 * 1024

const liveInput = z.object({ source: z.string().optional() })

export function liveRoutes(app: FastifyInstance, { live, recentStatus, control, clock, log }: ApiDeps): void {
  app.get('/api/live', (request, reply) => {
    const { source } = parseInput(liveInput, request.query)
    const { principal, tokenId } = request
    reply.hijack()
    const out = reply.raw
    // Nobody else looks after a hijacked answer: an error without a listener would end the engine.
    out.on('error', (error) => {
      log.debug({ err: error }, 'A live page went away.')
    })
    out.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' })

    function send(name: string, data: unknown): void {
      if (out.writableEnded || out.destroyed || out.writableLength > unsentBytesMax) return
      out.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
    }
    function sendEvents(events: readonly LiveEvent[]): void {
      const wanted = source === undefined ? events : events.filter((event) => event.source === source)
      if (wanted.length > 0) send('events', wanted)
    }
    /** A feed stays open for hours: its token may be revoked meanwhile. */
    function mayLook(): boolean {
      if (tokenId === undefined) return true
      const now = control.principalById(principal.id)
      return now !== undefined && control.isTokenValid(tokenId) && mayCall(now.role, 'GET', '/api/live')
    }
    async function sendStatus(): Promise<void> {
      if (!mayLook()) {
        // Events may come between the end and the close.
        unsubscribe()
        out.end()
        return
      }
      try {
        send('status', await recentStatus())
      } catch (error) {
        log.warn({ err: error }, 'The status for a live page could not be read.')
      }
      if (!out.destroyed && !out.writableEnded) cancelStatus = clock.schedule(() => void sendStatus(), statusIntervalMs)
    }

    let cancelStatus = (): void => undefined
    sendEvents(live.recent())
    const unsubscribe = live.subscribe(sendEvents)
    void sendStatus()
    out.once('close', () => {
      unsubscribe()
      cancelStatus()
    })
  })
}
