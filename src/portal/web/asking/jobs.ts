// What the person asked lately, newest first; the portal's own questions are left out.
import { useQuery, type UseQueryResult } from '@tanstack/react-query'

import type { JobAnswer } from '../../api/answers.ts'
import { call } from './call.ts'
import { ownLabel } from './catalogue.ts'

const shownMax = 200

export function useJobs(): UseQueryResult<readonly JobAnswer[]> {
  return useQuery({
    queryKey: ['jobs'],
    queryFn: async ({ signal }) => {
      const { jobs } = await call('GET /api/jobs', { signal })
      return jobs.filter(({ labels }) => labels['asked_by'] !== ownLabel.asked_by).slice(0, shownMax)
    },
  })
}
