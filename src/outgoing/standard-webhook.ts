// Headers of a signed webhook, as Standard Webhooks (standardwebhooks.com) describes: receivers check them with libraries that there are.
import { createHmac } from 'node:crypto'

/** `id`: the same on every try, so that whoever remembers it takes nothing twice. `secret` undefined: not signed. */
export function webhookHeaders(
  body: string,
  { id, secret, nowMicros }: { readonly id: string; readonly secret: string | undefined; readonly nowMicros: number },
): Record<string, string> {
  const seconds = String(Math.floor(nowMicros / 1_000_000))
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'user-agent': 'Millpond',
    'webhook-id': id,
    'webhook-timestamp': seconds,
  }
  if (secret !== undefined) {
    const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${seconds}.${body}`).digest('base64')
    headers['webhook-signature'] = `v1,${signature}`
  }
  return headers
}

/** `whsec_` and base64 are bytes; any other text is a key as it stands. */
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret)
}
