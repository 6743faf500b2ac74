// Who is signed in.
import { useQuery } from '@tanstack/react-query'

import type { MeAnswer } from '../../api/answers.ts'
import { ask } from '../asking/ask.ts'

export function useMe(): MeAnswer | undefined {
  return useQuery({
    queryKey: ['me'],
    staleTime: Infinity,
    queryFn: async ({ signal }) => ask<MeAnswer>('/api/me', { signal }),
  }).data
}
