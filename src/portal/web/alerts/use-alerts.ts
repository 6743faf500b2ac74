// What the pages of alerts ask.
import { useQuery, type UseQueryResult } from '@tanstack/react-query'

import type { AlertAnswer, AlertHistoryAnswer, AlertRoute } from '../../api/alert-answers.ts'
import { call } from '../asking/call.ts'

/** A page that is open sees a state soon after it changed. */
const refreshMs = 10_000

export function useAlerts(): UseQueryResult<readonly AlertAnswer[]> {
  return useQuery({
    queryKey: ['alerts'],
    refetchInterval: refreshMs,
    queryFn: async ({ signal }) => (await call('GET /api/alerts', { signal })).alerts,
  })
}

export function useAlert(id: string): UseQueryResult<AlertAnswer> {
  return useQuery({
    queryKey: ['alerts', id],
    retry: false,
    refetchInterval: refreshMs,
    queryFn: async ({ signal }) => call('GET /api/alerts/:id', { params: { id }, signal }),
  })
}

export function useHistory(id: string): UseQueryResult<AlertHistoryAnswer> {
  return useQuery({
    queryKey: ['alerts', id, 'history'],
    refetchInterval: refreshMs,
    queryFn: async ({ signal }) => call('GET /api/alerts/:id/history', { params: { id }, signal }),
  })
}

export function useRoutes(): readonly AlertRoute[] | undefined {
  return useQuery({
    queryKey: ['alert-routes'],
    queryFn: async ({ signal }) => (await call('GET /api/alert-routes', { signal })).routes,
  }).data
}
