// Any address of one's own: events as JSON, signed as Standard Webhooks (standardwebhooks.com) describes, in batches or one by one.
import { createHash } from 'node:crypto'

import { isoTime } from '../../../core/clock.ts'
import { webhookHeaders } from '../../../outgoing/standard-webhook.ts'
import { columnJson } from '../../screen/parse.ts'
import {
  commonSettings,
  type DestinationSettings,
  type DestinationType,
  judgeStatus,
  type OutgoingEvent,
  urlObjection,
} from '../destination.ts'

/** One event as a webhook gets it: as sent, with what the receiver knows. */
function textOf({ event, isExact, ...known }: OutgoingEvent): string {
  const { type, messageId, source, atMicros, receivedAtMicros } = known
  const timestamp = isoTime(atMicros)
  const receivedAt = isoTime(receivedAtMicros)
  const { writeKey: _, integrations: __, ...content } = event
  return columnJson({ ...content, type, messageId, source, timestamp, receivedAt }, isExact)
}

function headersOf(body: string, settings: DestinationSettings, nowMicros: number): Record<string, string> {
  const { secret, authorization } = settings
  const id = `msg_${createHash('sha256').update(body).digest('hex').slice(0, 32)}`
  const headers = webhookHeaders(body, { id, secret, nowMicros })
  if (authorization !== undefined) headers['authorization'] = authorization
  return headers
}

export const webhook: DestinationType = {
  type: 'webhook',
  title: 'Webhook',
  description: 'an address of your own: JSON over HTTP, signed',
  integrationNames: ['Webhook', 'Webhooks'],
  settings: [
    {
      name: 'url',
      description: 'where events are posted',
      isRequired: true,
      isSecret: false,
      example: 'https://example.com/events',
    },
    {
      name: 'secret',
      description: 'key of the signature (HMAC-SHA256, header webhook-signature)',
      isRequired: false,
      isSecret: true,
      example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    },
    {
      name: 'authorization',
      description: 'value of the header Authorization',
      isRequired: false,
      isSecret: true,
      example: 'Bearer abc',
    },
    {
      name: 'mode',
      description: 'batch: {"events":[…]}, up to 500 at a time; single: one event a request',
      isRequired: false,
      isSecret: false,
      choices: ['batch', 'single'],
      default: 'batch',
      example: 'single',
    },
    {
      name: 'sendErasures',
      description: 'post {"type":"erase","userId","anonymousId"} when somebody is erased',
      isRequired: false,
      isSecret: false,
      choices: ['true', 'false'],
      default: 'false',
      example: 'true',
    },
    ...commonSettings,
  ],
  limits: {
    eventsPerRequestMax: 500,
    perLane: { single: 1 },
    bytesPerRequestMax: 1024 * 1024,
    requestsMax: 4,
    lastVerified: '2026-11-23',
    documentation: 'https://www.standardwebhooks.com',
  },
  repetition: 'at-least-once',
  repetitionNote:
    'After a crash or a lost answer an event comes again, with the same `messageId`: remember those you have.',
  check: ({ url }) => urlObjection('url', url),
  shape: (event, { mode = 'batch' }) => ({ items: [{ lane: mode, text: textOf(event) }] }),
  request(lane, items, settings, nowMicros) {
    const body = lane === 'single' ? (items[0] ?? '') : `{"events":[${items.join(',')}]}`
    return { url: settings['url'] ?? '', headers: headersOf(body, settings, nowMicros), body }
  },
  forget(names, settings, nowMicros) {
    if (settings['sendErasures'] !== 'true') return { notAsked: true }
    const body = JSON.stringify({ type: 'erase', ...names })
    return { url: settings['url'] ?? '', headers: headersOf(body, settings, nowMicros), body }
  },
  forgetNote: 'It is told with sendErasures=true; erase the person there yourself',
  judge: judgeStatus,
}
