// The query at hand: text, dialect and parameters. It lives in three places that follow each other:
//
//   state ──at once──▶ draft in the browser (survives a closed tab)
//   state ──300 ms───▶ address (can be sent to somebody)     address changed by others (history, palette) ──▶ state
//
// Of a saved query draft and address hold what differs from it. The bare address means the draft.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'

import { useRead } from '../shell/use-read.ts'
import { keepSetting, readSetting } from '../words/settings.ts'
import { readSqlSearch, type SqlSearch, type Tab } from './search.ts'
import { searchOf, type Work, workOf } from './work.ts'

const draftKey = 'millpond.sql-draft'
const addressDelayMs = 300

export interface Workbench extends Work {
  readonly tab: Tab
  /** What the address holds, or is about to. */
  readonly address: SqlSearch
  readonly change: (part: Partial<Work>) => void
  readonly chooseTab: (tab: Tab) => void
  /** Leaves the saved query, or goes to another. */
  readonly open: (search: SqlSearch) => void
}

/** The address, or the draft if the address says nothing. */
export function useAddress(): SqlSearch {
  const search = useOwnSearch()
  return useMemo(() => {
    const isBare = search.sql === undefined && search.saved === undefined
    return isBare ? { ...readDraft(), ...search } : search
  }, [search])
}

/** `base`: the saved query that the address names, or nothing at all. */
export function useWorkbench(address: SqlSearch, base: Work): Workbench {
  const search = useOwnSearch()
  const navigate = useNavigate({ from: '/sql' })
  const [work, setWork] = useState<Work>(() => workOf(address, base))
  const next: SqlSearch = { saved: address.saved, ...searchOf(work, base) }
  const addressKey = keyOf(address)
  const workKey = keyOf(next)
  const writtenKey = useRef<string>(addressKey)
  const isWritten = keyOf(search) === workKey

  useEffect(() => {
    if (addressKey === writtenKey.current) return
    writtenKey.current = addressKey
    setWork(workOf(address, base))
  }, [addressKey, address, base])

  useEffect(() => {
    keepSetting(draftKey, JSON.stringify(next))
    if (isWritten) return undefined
    const timer = setTimeout(() => {
      writtenKey.current = workKey
      void navigate({ search: ({ tab, chart }) => ({ ...next, tab, chart }), replace: true })
    }, addressDelayMs)
    return () => clearTimeout(timer)
    // oxlint-disable-next-line react/exhaustive-deps -- the key says all that `next` holds
  }, [workKey, isWritten, navigate])

  return {
    ...work,
    tab: search.tab ?? 'table',
    address: { ...next, tab: search.tab, chart: search.chart },
    change: (part) => setWork((before) => ({ ...before, ...part })),
    chooseTab: (tab) =>
      void navigate({ search: (before) => ({ ...before, tab: tab === 'table' ? undefined : tab }), replace: true }),
    open: (wanted) => void navigate({ search: wanted }),
  }
}

function useOwnSearch(): SqlSearch {
  return useRead(useSearch({ from: '/sql' }), readSqlSearch)
}

function keyOf({ saved, sql, dialect, zone, parameters }: SqlSearch): string {
  return JSON.stringify([saved, sql, dialect, zone, parameters])
}

function readDraft(): SqlSearch {
  try {
    return readSqlSearch(JSON.parse(readSetting(draftKey) ?? '{}') as Readonly<Record<string, unknown>>)
  } catch {
    // Written by nobody but us; whatever broke it, an empty page is better than none.
    return {}
  }
}
