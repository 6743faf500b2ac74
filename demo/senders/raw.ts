// Senders that no SDK stands behind: bytes go out as they are, and a refusal is what they deserve.
import { connect } from 'node:net'

import type { Pond } from '../pond.ts'
import type { RawMessage, SourceName } from '../traffic/traffic.ts'
import { postSegment } from './segment-history.ts'

const ackTimeoutMs = 30_000

export interface RawKeys {
  readonly current: Readonly<Record<SourceName, string>>
  /** Of `cubby_backend`, before its key was rotated. */
  readonly rotated: string
}

/** Resolves when it is answered, whatever the answer. */
export async function sendRaw(pond: Pond, keys: RawKeys, { to, key, body }: RawMessage): Promise<void> {
  if (to === 'forward') {
    await sendForward(pond.forward, body)
    return
  }
  const writeKey = key === 'rotated' ? keys.rotated : keys.current[to]
  await postSegment(pond.address, '/v1/import', writeKey, String(body))
}

/** One message on a connection of its own; the acknowledgement is its end. */
async function sendForward({ host, port }: Pond['forward'], body: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port })
    socket.setTimeout(ackTimeoutMs, () => socket.destroy(new Error('Millpond did not acknowledge a Forward message.')))
    socket.once('error', reject)
    socket.once('data', () => {
      socket.end()
    })
    socket.once('close', () => {
      resolve()
    })
    socket.write(body)
  })
}
