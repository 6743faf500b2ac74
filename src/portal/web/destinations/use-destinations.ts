// What the pages of destinations ask.
import { useQuery, type UseQueryResult } from '@tanstack/react-query'

import type { DestinationShown, DestinationTypeShown } from '../../api/destination-answers.ts'
import { call } from '../asking/call.ts'

const refreshMs = 5000

export function useDestinations(): UseQueryResult<readonly DestinationShown[]> {
  return useQuery({
    queryKey: ['destinations'],
    refetchInterval: refreshMs,
    queryFn: async ({ signal }) => (await call('GET /api/destinations', { signal })).destinations,
  })
}

export function useDestinationTypes(): readonly DestinationTypeShown[] | undefined {
  return useQuery({
    queryKey: ['destination-types'],
    staleTime: Infinity,
    queryFn: async ({ signal }) => (await call('GET /api/destination-types', { signal })).types,
  }).data
}
