// What arrives, as it arrives: server-sent events. `event: events` carries LiveEvent[]; `event: status` the counters;
// `event: missed` how many events were left out since the last one, because the reader was too slow.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import type { LiveEvent } from '../../core/event.ts'
import { parseInput } from './body.ts'
import { openEventStream, principalNow } from './event-stream.ts'
import type { ApiDeps } from './api.ts'
import { eventStream, says } from './says.ts'

const statusIntervalMs = 1000

const liveInput = z.object({ source: z.string().optional() })

export function liveRoutes(app: FastifyInstance, { live, recentStatus, control, clock, log }: ApiDeps): void {
  app.get(
    '/api/live',
    says('What arrives, as it arrives: server-sent events', { query: liveInput, media: eventStream }),
    (request, reply) => {
      const { source } = parseInput(liveInput, request.query)
      const out = openEventStream(reply, log)
      let missed = 0

      function sendEvents(events: readonly LiveEvent[]): void {
        const wanted = source === undefined ? events : events.filter((event) => event.source === source)
        if (out.isSlow()) missed += wanted.length
        else if (wanted.length > 0) out.send('events', wanted)
      }
      async function sendStatus(): Promise<void> {
        if (principalNow(request, control) === undefined) {
          // Events may come between the end and the close.
          unsubscribe()
          out.end()
          return
        }
        try {
          out.send('status', await recentStatus())
          if (missed > 0 && !out.isSlow()) {
            out.send('missed', missed)
            missed = 0
          }
        } catch (error) {
          log.warn({ err: error }, 'The status for a live page could not be read.')
        }
        if (out.isOpen()) cancelStatus = clock.schedule(() => void sendStatus(), statusIntervalMs)
      }

      let cancelStatus = (): void => undefined
      sendEvents(live.recent())
      const unsubscribe = live.subscribe(sendEvents)
      void sendStatus()
      out.onClose(() => {
        unsubscribe()
        cancelStatus()
      })
    },
  )
}
