// Who is signed in, and how they go.
import { useQuery } from '@tanstack/react-query'

import type { MeAnswer } from '../../api/answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { forgetWork } from '../words/settings.ts'
import { say } from './toast.tsx'

export function useMe(): MeAnswer | undefined {
  return useQuery({
    queryKey: ['me'],
    staleTime: Infinity,
    queryFn: async ({ signal }) => call('GET /api/me', { signal }),
  }).data
}

/** The page that comes then asks who is there. */
export async function signOut(): Promise<void> {
  try {
    await call('POST /api/auth/sign-out')
    forgetWork()
    location.assign('/login')
  } catch (error) {
    say(messageOf(error), true)
  }
}
