// A connection that stays open: server-sent events. EventSource gives up for good when an answer is not 200 (an engine that starts
// anew answers 503), so every loss is handled here in one way:
//
//   connecting ──open──► live ──error, or silence──► lost ──wait──► connecting …
//        └──────error───────────────────────────────────┘   └─ 401 ─► asking reloads: the login page
import { call } from './call.ts'

const retryMs = { first: 500, max: 8000 }

export type Connection = 'connecting' | 'live' | 'lost'

export interface StreamOptions {
  /** `lastId`: of the newest message; '' before the first. */
  readonly path: (lastId: string) => string
  /** Longer than its heartbeat: a half-open connection never reports an error. */
  readonly silenceMsMax: number
  readonly connection: (state: Connection) => void
  /** What is done with the JSON of a message, by its name. */
  readonly on: Readonly<Record<string, (data: unknown) => void>>
}

/** Returns how to end it. */
export function openStream({ path, silenceMsMax, connection, on }: StreamOptions): () => void {
  let source: EventSource | undefined
  let lastId = ''
  let heardAtMs = 0
  let retries = 0
  let retryTimer: ReturnType<typeof setTimeout> | undefined

  function heard(): void {
    heardAtMs = performance.now()
    retries = 0
    connection('live')
  }

  function lost(): void {
    source?.close()
    source = undefined
    connection(retries === 0 && heardAtMs === 0 ? 'connecting' : 'lost')
    retryTimer = setTimeout(connect, Math.min(retryMs.first * 2 ** retries, retryMs.max))
    retries += 1
    // Only an ordinary request tells why. That it fails, too, is no news.
    void call('GET /api/me').catch(() => undefined)
  }

  function connect(): void {
    const mine = new EventSource(path(lastId))
    source = mine
    heardAtMs = Math.max(heardAtMs, performance.now())
    mine.addEventListener('open', heard)
    for (const [name, act] of Object.entries(on)) {
      mine.addEventListener(name, (message: MessageEvent<string>) => {
        heard()
        lastId = message.lastEventId || lastId
        act(JSON.parse(message.data))
      })
    }
    mine.addEventListener('error', () => {
      if (source === mine) lost()
    })
  }

  connect()
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
