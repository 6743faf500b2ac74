// Replays: events of the past, sent to a destination once more. Counted first, so that whoever starts one knows what it does.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import type { DestinationInfo } from '../../control/destination-store.ts'
import type { ReplayRecord } from '../../control/replay-store.ts'
import { isoTime } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import { eventTypes } from '../../core/event.ts'
import { destinationTypeOf } from '../../deliver/destinations/registry.ts'
import {
  eventsPerSecondDefault,
  eventsPerSecondMax,
  type ReplayWish,
} from '../../deliver/destinations/replay/replay.ts'
import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import type { ReplayCounts, ReplayShown } from './destination-answers.ts'
import { says } from './says.ts'

/** A date is its first moment, UTC. */
const time = z.union(
  [z.iso.datetime({ offset: true }), z.iso.date()],
  'is no time, e.g. 2026-11-24 or 2026-11-24T10:00:00Z',
)
const wanted = z.strictObject({
  from: time,
  to: time.optional(),
  person: z.string().min(1).max(1000).optional(),
  calls: z.array(z.enum(eventTypes)).min(1).optional(),
  events: z.array(z.string().min(1).max(300)).min(1).max(1000).optional(),
  again: z.boolean().default(false),
  eventsPerSecond: z.number().int().min(1).max(eventsPerSecondMax).default(eventsPerSecondDefault),
})
const address = z.object({ name: z.string().max(100) })
const oneOf = z.object({ name: z.string().max(100), replay: z.string().max(100) })

export function replayRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { control, hub, clock } = deps
  app.post(
    '/api/destinations/:name/replays',
    says('Counts events of the past for a destination; nothing is sent before it is started', {
      params: address,
      body: wanted,
      status: 201,
    }),
    async (request, reply) => {
      const destination = control.destinations.get(parseInput(address, request.params).name)
      const { from, to, ...rest } = parseInput(wanted, request.body)
      const nowMicros = clock.nowMicros()
      const fromMicros = Date.parse(from) * 1000
      const toMicros = Math.min(nowMicros, to === undefined ? nowMicros : Date.parse(to) * 1000)
      if (fromMicros >= toMicros)
        throw new MillpondError('request-invalid', '`from` must lie before `to`, and before now')
      if (destination.state !== 'active') {
        throw new MillpondError('request-invalid', `${destination.name} is disabled; enable it first`)
      }
      const wish: ReplayWish = { ...rest, fromMicros, toMicros }
      const added = control.replays.add(destination, { ...wish })
      hub.destinationsChanged()
      return reply.code(201).send(shown(deps, destination, added))
    },
  )

  app.get('/api/destinations/:name/replays', says('Replays, newest first', { params: address }), (request) => {
    const destination = control.destinations.get(parseInput(address, request.params).name)
    return { replays: control.replays.list(destination.id).map((one) => shown(deps, destination, one)) }
  })

  for (const [verb, summary] of [
    ['start', 'Sends what was counted'],
    ['cancel', 'Ends a replay; what it has sent is there'],
  ] as const) {
    app.post(
      `/api/destinations/:name/replays/:replay/${verb}`,
      says(summary, { params: oneOf }),
      (request): ReplayShown => {
        const { name, replay } = parseInput(oneOf, request.params)
        const destination = control.destinations.get(name)
        const changed = control.replays[verb](destination, replay)
        hub.destinationsChanged()
        return shown(deps, destination, changed)
      },
    )
  }
}

function shown({ hub }: Pick<ApiDeps, 'hub'>, destination: DestinationInfo, record: ReplayRecord): ReplayShown {
  const { id, state, createdBy, createdAtMicros } = record
  const { fromMicros, toMicros, person, calls, events, again, eventsPerSecond } = record.wish as unknown as ReplayWish
  const live = hub.replays().find((one) => one.id === id && one.state === state)
  const counted = (state === 'counting' ? live?.counts : record.counted) as ReplayCounts | undefined
  const ran = (state === 'running' ? live?.counts : record.ran) as ReplayCounts | undefined
  const countsTwice = destinationTypeOf(destination.type).repetition === 'at-least-once'
  return {
    id,
    state,
    from: isoTime(fromMicros),
    to: isoTime(toMicros),
    ...(person === undefined ? {} : { person }),
    ...(calls === undefined ? {} : { calls }),
    ...(events === undefined ? {} : { events }),
    again,
    eventsPerSecond,
    counted: counted ?? null,
    ran: ran ?? null,
    twice: again && countsTwice ? (counted?.there ?? 0) : 0,
    readUntil: live === undefined || live.readMicros === 0 ? null : isoTime(live.readMicros),
    lastError: live?.lastError ?? null,
    createdBy,
    createdAt: isoTime(createdAtMicros),
  }
}
