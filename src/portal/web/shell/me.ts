// Who is signed in.
import { useQuery } from '@tanstack/react-query'

import type { MeAnswer } from '../../api/answers.ts'
import { call } from '../asking/call.ts'

export function useMe(): MeAnswer | undefined {
  return useQuery({
    queryKey: ['me'],
    staleTime: Infinity,
    queryFn: async ({ signal }) => call('GET /api/me', { signal }),
  }).data
}
