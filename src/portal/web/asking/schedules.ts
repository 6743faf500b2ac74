// Schedules, and the datasets that their tables may stand in.
import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'

import type { PreviewAnswer, RunAnswer, ScheduleAnswer, ScheduleAsked } from '../../api/job-answers.ts'
import { call } from './call.ts'
import { askRows } from './catalogue.ts'

const listRefreshMs = 10_000
const runsRefreshMs = 10_000
/** While something runs. */
const liveRefreshMs = 1_000
const runsShownMax = 200

/** Not everybody may have any. */
export function useSchedules(isAllowed = true): UseQueryResult<readonly ScheduleAnswer[]> {
  return useQuery({
    queryKey: ['schedules'],
    enabled: isAllowed,
    refetchInterval: listRefreshMs,
    queryFn: async ({ signal }) => (await call('GET /api/schedules', { signal })).schedules,
  })
}

export function useSchedule(id: string): UseQueryResult<ScheduleAnswer> {
  return useQuery({
    queryKey: ['schedules', id],
    retry: false,
    queryFn: async ({ signal }) => call('GET /api/schedules/:id', { params: { id }, signal }),
  })
}

export function isOpen({ state }: RunAnswer): boolean {
  return state === 'queued' || state === 'running'
}

export function useRuns(id: string, limit = runsShownMax): UseQueryResult<readonly RunAnswer[]> {
  return useQuery<readonly RunAnswer[]>({
    queryKey: ['schedules', id, 'runs', limit],
    refetchInterval: (query) => (query.state.data?.some(isOpen) === true ? liveRefreshMs : runsRefreshMs),
    queryFn: async ({ signal }) =>
      (await call('GET /api/schedules/:id/runs', { params: { id }, query: { limit }, signal })).runs,
  })
}

export function useNextRuns(id: string): UseQueryResult<PreviewAnswer> {
  return useQuery({
    queryKey: ['schedules', id, 'next'],
    retry: false,
    queryFn: async ({ signal }) => call('GET /api/schedules/:id/next', { params: { id }, signal }),
  })
}

/** Of what isn't saved yet. undefined: it says too little to be asked about. */
export function useDraftRuns(asked: ScheduleAsked | undefined): UseQueryResult<PreviewAnswer> {
  return useQuery({
    queryKey: ['schedule-preview', JSON.stringify(asked)],
    enabled: asked !== undefined,
    retry: false,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      call('POST /api/schedules/preview', { body: asked ?? ({} as ScheduleAsked), signal }),
  })
}

export function useDatasets(): readonly string[] | undefined {
  return useQuery({
    queryKey: ['datasets'],
    queryFn: async ({ signal }) => {
      const sql = 'SELECT schema_name FROM `region-us`.INFORMATION_SCHEMA.SCHEMATA ORDER BY 1'
      return (await askRows({ sql }, signal)).map(([name = '']) => name)
    },
  }).data
}
