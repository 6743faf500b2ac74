// People found by what somebody types, as they type it.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

import type { FoundPersonAnswer } from '../../api/answers.ts'
import { call } from './call.ts'

/** Each letter would be a query of the warehouse. */
const typingPauseMs = 200

/** `text` of one letter finds nobody: it would find everybody. */
export function useFoundPeople(
  text: string,
  isOn = true,
): { readonly people: readonly FoundPersonAnswer[] | undefined; readonly error: Error | null } {
  const wanted = text.trim()
  const [settled, setSettled] = useState(wanted)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(wanted), typingPauseMs)
    return () => clearTimeout(timer)
  }, [wanted])
  const { data, error } = useQuery({
    queryKey: ['people', settled],
    enabled: isOn && settled.length > 1,
    retry: false,
    staleTime: 30_000,
    queryFn: async ({ signal }) => call('GET /api/people', { query: { search: settled, limit: 20 }, signal }),
  })
  if (wanted.length < 2) return { people: [], error: null }
  return { people: data?.people, error }
}
