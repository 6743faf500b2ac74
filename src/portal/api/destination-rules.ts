// What a destination's owner says about events before they go: its schema, what it would do with the last events, its versions.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { isoTime } from '../../core/clock.ts'
import { eventTypes } from '../../core/event.ts'
import type { Destination, DestinationType } from '../../deliver/destinations/destination.ts'
import type { Hub } from '../../deliver/destinations/hub.ts'
import { itemWithoutSecrets, secretsRemover } from '../../deliver/destinations/redact.ts'
import { destinationTypeOf } from '../../deliver/destinations/registry.ts'
import type { RoutingRules } from '../../deliver/destinations/routing/rules.ts'
import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import type { RulesPreviewShown } from './destination-answers.ts'
import { says } from './says.ts'

const names = z.array(z.string().min(1).max(300)).max(1000)
const paths = z
  .array(
    z
      .string()
      .regex(/^[^.]+(?:\.[^.]+)*$/, 'is no path, e.g. properties.email')
      .max(300),
  )
  .max(1000)
const script = z.string().max(100_000)

export const rulesSchema = z.strictObject({
  calls: z.array(z.enum(eventTypes)).min(1).optional(),
  events: z.strictObject({ only: names.optional(), not: names.optional() }).optional(),
  filter: script.min(1).optional(),
  sample: z
    .strictObject({ percent: z.number().min(0).max(100), by: z.enum(['person', 'event']).default('person') })
    .optional(),
  fields: z.strictObject({ only: paths.optional(), not: paths.optional(), hash: paths.optional() }).optional(),
  mapping: script.min(1).optional(),
  code: script.min(1).optional(),
}) satisfies z.ZodType<RoutingRules>

const address = z.object({ name: z.string().max(100) })
const wanted = z.strictObject({
  /** Those that would be saved; absent: those that are in force. */
  rules: rulesSchema.optional(),
  eventsMax: z.number().int().min(1).max(100).default(20),
})

type Content = Pick<Destination, 'sources' | 'settings' | 'rules'>

/** Error: request-invalid, with what the scripts' own language says. */
export async function checkRules(hub: Pick<Hub, 'preview'>, type: DestinationType, content: Content): Promise<void> {
  const tried: Destination = { ...content, id: '', name: '', type: type.type, state: 'active', version: 0 }
  await hub.preview(tried, 0)
}

export function destinationRulesRoutes(app: FastifyInstance, { control, hub }: ApiDeps): void {
  app.post(
    '/api/destinations/:name/preview',
    says('What the last events would become there; nothing is sent', { params: address, body: wanted }),
    async (request): Promise<RulesPreviewShown> => {
      const { name } = parseInput(address, request.params)
      const { rules, eventsMax } = parseInput(wanted, request.body)
      const info = control.destinations.get(name)
      const type = destinationTypeOf(info.type)
      const settings = { ...info.settings, ...control.destinations.secretsOf(name) }
      // Somebody reads what people sent: that is never without a trace.
      control.record('destination.preview', name)
      const previewed = await hub.preview({ ...info, settings, rules: rules ?? info.rules }, eventsMax)
      const removeSecrets = secretsRemover(type, settings)
      const events = previewed.map(({ event, status, reason, payload }) => ({
        messageId: event.messageId,
        source: event.source,
        type: event.type,
        name: event.name,
        receivedAt: isoTime(event.receivedAtMicros),
        status: status ?? ('sent' as const),
        reason: removeSecrets(reason),
        payload: payload.map((text) => itemWithoutSecrets(text, removeSecrets)),
      }))
      return { destinationType: type.type, events }
    },
  )

  app.get(
    '/api/destinations/:name/versions',
    says('What it was set to, by the versions that the ledger names', { params: address }),
    (request) => {
      const { name } = parseInput(address, request.params)
      const versions = control.destinations.versions(name)
      return {
        versions: versions.map(({ changedAtMicros, ...version }) => ({
          ...version,
          changedAt: isoTime(changedAtMicros),
        })),
      }
    },
  )
}
