// An entry of the ledger as a row of `millpond.deliveries`.
import { createHash } from 'node:crypto'

import { isoTime } from '../../core/clock.ts'
import type { Delivery } from './delivery.ts'
import { type Redact, redactPayload } from './redact.ts'

/** `replay`: its id, if it was one that brought it. */
export function ledgerRow(
  delivery: Delivery,
  destinationId: string,
  removeSecrets: Redact,
  replay: string | null,
): string {
  const { event, payload, settledAtMicros } = delivery
  // The same event settled again after a crash is the same entry.
  const parts = [destinationId, event.source, event.messageId, event.receivedAtMicros]
  const hash = createHash('sha256').update([...parts, ...(replay === null ? [] : [replay])].join('\n'))
  return JSON.stringify({
    delivery_id: hash.digest('hex').slice(0, 32),
    destination: delivery.destination,
    destination_type: delivery.destinationType,
    destination_version: delivery.destinationVersion,
    replay_id: replay,
    message_id: event.messageId,
    event_source: event.source,
    event_type: event.type,
    event_name: event.name,
    user_id: event.userId === '' ? null : event.userId,
    anonymous_id: event.anonymousId === '' ? null : event.anonymousId,
    event_received_at: isoTime(event.receivedAtMicros),
    status: delivery.status,
    reason: delivery.reason === '' ? null : removeSecrets(delivery.reason),
    attempts: delivery.attempts,
    answer: delivery.answer === '' ? null : removeSecrets(delivery.answer),
    sent_payload: payload.map((text) => redactPayload(text, removeSecrets)),
    settled_at: isoTime(settledAtMicros),
  })
}
