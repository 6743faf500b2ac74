// Saved queries: the list, one, and its versions.
import { useQuery, type UseQueryResult } from '@tanstack/react-query'

import type { MeAnswer } from '../../api/answers.ts'
import type { QueryVersionAnswer, SavedQueryAnswer } from '../../api/job-answers.ts'
import { call } from './call.ts'

const staleMs = 10_000

export function useSavedQueries(): UseQueryResult<readonly SavedQueryAnswer[]> {
  return useQuery({
    queryKey: ['queries'],
    queryFn: async ({ signal }) => (await call('GET /api/queries', { signal })).queries,
  })
}

export function savedKey(id: string) {
  return ['queries', id] as const
}

/** undefined: none is asked for. */
export function useSavedQuery(id: string | undefined): UseQueryResult<SavedQueryAnswer> {
  return useQuery({
    queryKey: savedKey(id ?? ''),
    enabled: id !== undefined,
    staleTime: staleMs,
    retry: false,
    queryFn: async ({ signal }) => call('GET /api/queries/:id', { params: { id: id ?? '' }, signal }),
  })
}

export function useVersions(id: string): UseQueryResult<readonly QueryVersionAnswer[]> {
  return useQuery({
    queryKey: [...savedKey(id), 'versions'],
    queryFn: async ({ signal }) => (await call('GET /api/queries/:id/versions', { params: { id }, signal })).versions,
  })
}

/** Whom the API lets save queries and schedules, and take whole results as files (portal/api/role-routes.ts). */
export function maySave(me: MeAnswer | undefined): boolean {
  return me !== undefined && me.role !== 'viewer' && me.role !== 'support'
}

export function mayChange(me: MeAnswer | undefined, { owner }: { readonly owner: string | undefined }): boolean {
  return maySave(me) && (me?.role === 'admin' || me?.handle === owner)
}

export function pathOf({ folder, name }: Pick<SavedQueryAnswer, 'folder' | 'name'>): string {
  return folder === '' ? name : `${folder} / ${name}`
}
