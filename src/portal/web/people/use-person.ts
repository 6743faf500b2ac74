// What a person's page asks: the head, pages of the timeline, the histogram, notes, receipts, and the live stream.
import {
  type InfiniteData,
  useInfiniteQuery,
  type UseInfiniteQueryResult,
  useQuery,
  type UseQueryResult,
} from '@tanstack/react-query'
import { startTransition, useEffect, useReducer, useRef, useState } from 'react'

import type {
  HistogramAnswer,
  PersonAnswer,
  PersonLiveRows,
  PersonLiveStatus,
  TimelineAnswer,
  TimelineRowAnswer,
} from '../../api/answers.ts'
import { addressOf, call } from '../asking/call.ts'
import { type Connection, openStream } from '../asking/stream.ts'
import { changeFeed, emptyFeed, type Feed, type FeedChange } from './feed.ts'
import type { PersonSearch } from './search.ts'

const pageRows = 200
export const histogramParts = 96
/** The server says something every 15 seconds. */
const silenceMsMax = 40_000
const drawIntervalMs = 250
/** A phone draws slower. */
const drawIntervalNarrowMs = 1000

export function usePerson(id: string, reason: string | undefined): UseQueryResult<PersonAnswer> {
  return useQuery({
    queryKey: ['person', id],
    retry: false,
    queryFn: async ({ signal }) => call('GET /api/people/:id', { params: { id }, query: { reason }, signal }),
  })
}

export function useTimeline(
  id: string,
  { from, to, sources, reason }: PersonSearch,
): UseInfiniteQueryResult<InfiniteData<TimelineAnswer>> {
  return useInfiniteQuery({
    queryKey: ['timeline', id, from, to, sources],
    retry: false,
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }: TimelineAnswer) => next ?? undefined,
    queryFn: async ({ pageParam, signal }) =>
      call('GET /api/people/:id/timeline', {
        params: { id },
        query: { from, to, sources, reason, before: pageParam, limit: pageRows },
        signal,
      }),
  })
}

export function useHistogram(
  id: string,
  window: { readonly from: string; readonly to: string } | undefined,
): UseQueryResult<HistogramAnswer> {
  return useQuery({
    queryKey: ['histogram', id, window],
    enabled: window !== undefined,
    placeholderData: (before) => before,
    queryFn: async ({ signal }) =>
      call('GET /api/people/:id/histogram', {
        params: { id },
        query: { from: window?.from ?? '', to: window?.to ?? '', buckets: histogramParts },
        signal,
      }),
  })
}

export interface PersonLive {
  readonly connection: Connection
  readonly status: PersonLiveStatus | undefined
  readonly feed: Feed
  readonly change: (change: FeedChange) => void
}

/** `isOn`: false where a window of the past is looked at, and for somebody who is not there. */
export function usePersonLive(id: string, isOn: boolean, reason: string | undefined): PersonLive {
  const [connection, setConnection] = useState<Connection>('connecting')
  const [status, setStatus] = useState<PersonLiveStatus>()
  const [feed, change] = useReducer(changeFeed, emptyFeed)
  const waiting = useRef<TimelineRowAnswer[]>([])

  useEffect(() => {
    change({ kind: 'cleared' })
    if (!isOn) return undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const intervalMs = matchMedia('(width < 48rem)').matches ? drawIntervalNarrowMs : drawIntervalMs
    function draw(): void {
      timer = undefined
      const rows = waiting.current
      waiting.current = []
      startTransition(() => change({ kind: 'came', rows }))
    }
    const close = openStream({
      path: (lastId) =>
        addressOf('GET /api/people/:id/live', {
          params: { id },
          query: { reason, after: lastId === '' ? undefined : lastId },
        }),
      silenceMsMax,
      connection: setConnection,
      on: {
        rows(data) {
          const { rows, ...rest } = data as PersonLiveRows
          waiting.current = [...rows, ...waiting.current]
          setStatus(rest)
          timer ??= setTimeout(draw, intervalMs)
        },
        status: (data) => setStatus(data as PersonLiveStatus),
      },
    })
    return () => {
      close()
      clearTimeout(timer)
    }
  }, [id, isOn, reason])
  return { connection, status, feed, change }
}
