// What arrives, as the page shows it: gathered for a moment, so that a flood is drawn four times a second and not a thousand.
import { startTransition, useEffect, useReducer, useRef, useState } from 'react'

import type { LiveEvent, Status } from '../../api/answers.ts'
import { type Connection, openStream } from '../asking/stream.ts'
import { addressOf } from '../asking/call.ts'
import { changeFeed, emptyFeed, type Feed, type FeedChange, keptMax } from './feed.ts'
import { type Sample, withSample } from './rates.ts'

const drawIntervalMs = 250
/** The status of each second is the heartbeat. */
const silenceMsMax = 10_000

export interface Live {
  readonly connection: Connection
  readonly status: Status | undefined
  readonly samples: readonly Sample[]
  readonly feed: Feed
  readonly change: (change: FeedChange) => void
}

/** `onlySource`: the server leaves out the events of all others, so that a busy source hides no quiet one. */
export function useLive(onlySource?: string): Live {
  const [connection, setConnection] = useState<Connection>('connecting')
  const [{ status, samples }, setStatus] = useState<Pick<Live, 'status' | 'samples'>>({
    status: undefined,
    samples: [],
  })
  const [feed, change] = useReducer(changeFeed, emptyFeed)
  const waiting = useRef<LiveEvent[]>([])

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    function draw(): void {
      timer = undefined
      const events = waiting.current
      waiting.current = []
      startTransition(() => change({ kind: 'arrived', events }))
    }
    const close = openStream({
      path: () => addressOf('GET /api/live', { query: { source: onlySource } }),
      silenceMsMax,
      connection: setConnection,
      on: {
        events(events) {
          waiting.current = [...waiting.current, ...(events as LiveEvent[])].slice(-keptMax)
          timer ??= setTimeout(draw, drawIntervalMs)
        },
        missed(count) {
          change({ kind: 'missed', count: count as number })
        },
        status(data) {
          const next = data as Status
          const atMs = performance.now()
          setStatus((before) => ({ status: next, samples: withSample(before.samples, next.ledger, atMs) }))
        },
      },
    })
    return () => {
      close()
      clearTimeout(timer)
    }
  }, [onlySource])

  return { connection, status, samples, feed, change }
}
