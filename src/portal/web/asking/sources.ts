// The sources that there are, asked for again now and then: somebody else may add one.
import { useQuery } from '@tanstack/react-query'

import type { SourceAnswer } from '../../api/answers.ts'
import { call } from './call.ts'

const refreshMs = 10_000

export function useSources(): readonly SourceAnswer[] | undefined {
  return useQuery({
    queryKey: ['sources'],
    refetchInterval: refreshMs,
    queryFn: async ({ signal }) => (await call('GET /api/sources', { signal })).sources,
  }).data
}
