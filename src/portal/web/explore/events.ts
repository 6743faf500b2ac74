// The events that there are to ask about, and what people call them.
import { useQuery, type UseQueryResult } from '@tanstack/react-query'

import type { EventPick, EventsAnswer } from '../../api/answers.ts'
import { call } from '../asking/call.ts'

export type KnownEvent = EventsAnswer['events'][number]

export interface EventChoice {
  readonly pick: EventPick
  readonly text: string
  readonly source: string
  /** null: a row filter hides some. undefined: of the one name among several nobody counted them. */
  readonly rows: number | null | undefined
}

const staleMs = 60_000

export function useEvents(): UseQueryResult<readonly KnownEvent[]> {
  return useQuery({
    queryKey: ['explore-events'],
    staleTime: staleMs,
    queryFn: async ({ signal }) => (await call('GET /api/explore/events', { signal })).events,
  })
}

/** Each table, and each name of those that hold several. */
export function choicesOf(events: readonly KnownEvent[]): readonly EventChoice[] {
  return events.flatMap(({ source, table, names, rows }) => {
    const pick = { source, table, filters: [] }
    const own = { pick, source, rows, text: names.length === 1 ? (names[0] ?? table) : table }
    if (names.length < 2) return [own]
    return [own, ...names.map((name) => ({ pick: { ...pick, name }, source, rows: undefined, text: name }))]
  })
}

/** As it was sent; undefined: the table holds several, or they have no names. */
export function nameOf(events: readonly KnownEvent[], { source, table, name }: EventPick): string | undefined {
  if (name !== undefined) return name
  const names = events.find((event) => event.source === source && event.table === table)?.names ?? []
  return names.length === 1 ? names[0] : undefined
}

export function textOf(events: readonly KnownEvent[], pick: EventPick): string {
  return nameOf(events, pick) ?? pick.table
}
