// The sources that there are, and how much each may hold; asked for again now and then, because somebody else may add one.
import { useQuery } from '@tanstack/react-query'

import type { BudgetsAnswer, SourceAnswer } from '../../api/answers.ts'
import { call } from './call.ts'

const sourcesQuery = {
  queryKey: ['sources'],
  refetchInterval: 10_000,
  queryFn: async ({ signal }: { signal: AbortSignal }) => call('GET /api/sources', { signal }),
}

export function useSources(): readonly SourceAnswer[] | undefined {
  return useQuery(sourcesQuery).data?.sources
}

export function useBudgets(): BudgetsAnswer | undefined {
  return useQuery(sourcesQuery).data?.budgets
}
