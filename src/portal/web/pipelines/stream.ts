// The connection to /api/live. EventSource gives up for good when an answer is not 200 (an engine that starts anew answers 503),
// so every loss is handled here in one way:
//
//   connecting ──open──► live ──error, or silence for 10 s──► lost ──wait──► connecting …
//        └──────error──────────────────────────────────────────┘   └─ 401 ─► asking reloads: the login page
import type { LiveEvent, Status } from '../../api/answers.ts'
import { call } from '../asking/call.ts'

const silenceMsMax = 10_000
const retryMs = { first: 500, max: 8000 }

export type Connection = 'connecting' | 'live' | 'lost'

export interface StreamListener {
  readonly connection: (state: Connection) => void
  readonly events: (events: readonly LiveEvent[]) => void
  /** So many were left out, because this page was too slow. */
  readonly missed: (count: number) => void
  readonly status: (status: Status) => void
}

/** Returns how to end it. */
export function openStream(listener: StreamListener, onlySource?: string): () => void {
  const path = onlySource === undefined ? '/api/live' : `/api/live?source=${encodeURIComponent(onlySource)}`
  let source: EventSource | undefined
  let heardAtMs = 0
  let retries = 0
  let retryTimer: ReturnType<typeof setTimeout> | undefined

  function heard(): void {
    heardAtMs = performance.now()
    retries = 0
    listener.connection('live')
  }

  function lost(): void {
    source?.close()
    source = undefined
    listener.connection(retries === 0 && heardAtMs === 0 ? 'connecting' : 'lost')
    retryTimer = setTimeout(connect, Math.min(retryMs.first * 2 ** retries, retryMs.max))
    retries += 1
    // Only an ordinary request tells why. That it fails, too, is no news.
    void call('GET /api/me').catch(() => undefined)
  }

  function connect(): void {
    const mine = new EventSource(path)
    source = mine
    const openedAtMs = performance.now()
    heardAtMs = Math.max(heardAtMs, openedAtMs)
    mine.addEventListener('open', heard)
    mine.addEventListener('events', (message: MessageEvent<string>) => {
      heard()
      listener.events(JSON.parse(message.data) as LiveEvent[])
    })
    mine.addEventListener('status', (message: MessageEvent<string>) => {
      heard()
      listener.status(JSON.parse(message.data) as Status)
    })
    mine.addEventListener('missed', (message: MessageEvent<string>) => {
      heard()
      listener.missed(Number(message.data))
    })
    mine.addEventListener('error', () => {
      if (source === mine) lost()
    })
  }

  connect()
  // A half-open connection never reports an error; the status of each second is its heartbeat.
  const watch = setInterval(() => {
    if (source !== undefined && performance.now() - heardAtMs > silenceMsMax) lost()
  }, 1000)
  return () => {
    clearTimeout(retryTimer)
    clearInterval(watch)
    source?.close()
    source = undefined
  }
}
