// The query at hand: text, dialect and parameters. It lives in three places that follow each other:
//
//   state ──at once──▶ draft in the browser (survives a closed tab)
//   state ──300 ms───▶ address (can be sent to somebody)     address changed by others (history, palette) ──▶ state
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'

import { keepSetting, readSetting } from '../words/settings.ts'
import { type Dialect, type ParameterInputs, readSqlSearch, type SqlSearch, type Tab } from './search.ts'

const draftKey = 'millpond.sql-draft'
const addressDelayMs = 300

export interface Work {
  readonly sql: string
  readonly dialect: Dialect
  readonly parameters: ParameterInputs
}

export interface Workbench extends Work {
  readonly tab: Tab
  readonly change: (part: Partial<Work>) => void
  readonly chooseTab: (tab: Tab) => void
}

export function useWorkbench(): Workbench {
  const search = useSearch({ from: '/sql' })
  const navigate = useNavigate({ from: '/sql' })
  const [work, setWork] = useState<Work>(() => workOf(search.sql === undefined ? readDraft() : search))
  const addressKey = JSON.stringify(searchOf(workOf(search)))
  const workKey = JSON.stringify(searchOf(work))
  const writtenKey = useRef<string>(addressKey)

  useEffect(() => {
    // Ours, or a link to the bare page: that keeps what is at hand.
    if (addressKey === writtenKey.current || search.sql === undefined) return
    writtenKey.current = addressKey
    setWork(workOf(search))
  }, [addressKey, search])

  useEffect(() => {
    keepSetting(draftKey, workKey)
    if (workKey === addressKey) return undefined
    const timer = setTimeout(() => {
      writtenKey.current = workKey
      void navigate({
        search: ({ tab }) => ({ ...searchOf(work), ...(tab === undefined ? {} : { tab }) }),
        replace: true,
      })
    }, addressDelayMs)
    return () => clearTimeout(timer)
  }, [workKey, addressKey, work, navigate])

  return {
    ...work,
    tab: search.tab ?? 'table',
    change: (part) => setWork((before) => ({ ...before, ...part })),
    chooseTab: (tab) => void navigate({ search: (before) => ({ ...before, tab }), replace: true }),
  }
}

function workOf({ sql = '', dialect = 'googlesql', parameters = {} }: SqlSearch): Work {
  return { sql, dialect, parameters }
}

/** What is as it is anyway stays out of the address. */
function searchOf({ sql, dialect, parameters }: Work): SqlSearch {
  return {
    sql,
    ...(dialect === 'googlesql' ? {} : { dialect }),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
  }
}

function readDraft(): SqlSearch {
  try {
    return readSqlSearch(JSON.parse(readSetting(draftKey) ?? '{}') as Readonly<Record<string, unknown>>)
  } catch {
    // Written by nobody but us; whatever broke it, an empty page is better than none.
    return {}
  }
}
