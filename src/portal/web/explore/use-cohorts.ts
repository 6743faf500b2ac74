// The saved cohorts that a question may name.
import { useQuery } from '@tanstack/react-query'

import type { CohortListed } from '../../api/cohort-answers.ts'
import { call } from '../asking/call.ts'

const staleMs = 10_000
const none: readonly CohortListed[] = []

export function useCohorts(): readonly CohortListed[] {
  const { data } = useQuery({
    queryKey: ['cohorts'],
    staleTime: staleMs,
    queryFn: async ({ signal }) => (await call('GET /api/cohorts', { signal })).cohorts,
  })
  return data ?? none
}
