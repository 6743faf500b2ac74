// Counters of Fluent Forward for status and metrics. Each thing is counted in one place.

/** Why something was refused. `docs/specs/forward.md` explains each. */
export type ForwardRefusal =
  /** Bytes that are no message; the connection is closed. */
  | 'unreadable'
  /** A message, or its entries after decompression, beyond `chunkBytesMax`. */
  | 'too_large'
  /** The sender went away in the middle of a message. */
  | 'cut_off'
  /** No room in the buffer or on disk: closed without an ack. */
  | 'not_kept'
  /** An unfinished message was given up because memory was short. */
  | 'memory'
  /** Shared key, user or password wrong, or no handshake at all. */
  | 'handshake'
  /** Metrics or traces of Fluent Bit: acknowledged, not kept. */
  | 'signal'
  /** Beyond `forwardConnectionsMax`, or too many failed handshakes from that address. */
  | 'connection'

/**
 * Numbers by name, since the start: `connectionsAccepted`, `messages` (kept), `entries` and `bytes` (of kept messages, after
 * decompression), `acks`, `heartbeats`, `refused.<reason>`. At this moment: `connections`, `heldBytes`.
 */
export type ForwardStats = Readonly<Record<string, number>>

export class ForwardCounters {
  connectionsAccepted = 0
  messages = 0
  entries = 0
  bytes = 0
  acks = 0
  heartbeats = 0
  readonly #refused: Record<string, number> = {}

  refuse(reason: ForwardRefusal): void {
    const name = `refused.${reason}`
    this.#refused[name] = (this.#refused[name] ?? 0) + 1
  }

  snapshot(): Record<string, number> {
    const { connectionsAccepted, messages, entries, bytes, acks, heartbeats } = this
    return { connectionsAccepted, messages, entries, bytes, acks, heartbeats, ...this.#refused }
  }
}
