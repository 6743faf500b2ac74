// What an address holds is read by the page that it belongs to: the shell would load the readers of all pages to know it before.
import { useMemo } from 'react'

/** `raw`: of the router, which keeps it the same while it says the same. */
export function useRead<Search>(raw: object, read: (search: Readonly<Record<string, unknown>>) => Search): Search {
  return useMemo(() => read({ ...raw }), [raw, read])
}
