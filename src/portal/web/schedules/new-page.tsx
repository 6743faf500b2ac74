// A new schedule of a saved query: every field has a beginning, and what it would do stands beside it.
import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'

import type { SavedQueryAnswer } from '../../api/job-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { useSavedQuery } from '../asking/saved.ts'
import { linkClass } from '../shell/link-class.ts'
import { useMe } from '../shell/me.ts'
import { Empty } from '../shell/parts.tsx'
import { say } from '../shell/toast.tsx'
import { browserZone } from '../sql/work.ts'
import { useWords } from '../words/words.ts'
import { draftFor } from './draft.ts'
import { ScheduleForm } from './schedule-form.tsx'
import { readNewScheduleSearch } from './search.ts'
import { schedulesWords } from './words.ts'

export function NewSchedulePage() {
  const t = useWords(schedulesWords)
  const { query: id } = readNewScheduleSearch({ ...useSearch({ from: '/schedules/new' }) })
  const { data: query, error } = useSavedQuery(id)
  if (id === undefined || error !== null) {
    return (
      <Empty title={t('schedules.no-query')}>
        {error !== null && <p role="alert">{messageOf(error)}</p>}
        <Link to="/sql" search={{ tab: 'saved' }} className={linkClass}>
          {t('schedules.to-saved')}
        </Link>
      </Empty>
    )
  }
  return query === undefined ? null : <New key={query.id} query={query} />
}

function New({ query }: { readonly query: SavedQueryAnswer }) {
  const t = useWords(schedulesWords)
  const me = useMe()
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  const first = useMemo(
    () => draftFor(query, query.zone === 'UTC' ? browserZone() : query.zone, query.verifiedBy !== me?.handle),
    [query, me],
  )
  const title = t('schedules.new', { name: query.name })
  return (
    <div className="h-full overflow-auto">
      <title>{`${title} · Millpond`}</title>
      <div className="mx-auto grid max-w-6xl grid-cols-1 gap-5 p-5">
        <div className="grid gap-1">
          <Link to="/sql" search={{ saved: query.id }} className="text-muted hover:text-text">
            {query.name}
          </Link>
          <h2 className="text-base font-semibold">{title}</h2>
        </div>
        {me !== undefined && (
          <ScheduleForm
            query={query}
            first={first}
            keep={async (body) => {
              const added = await call('POST /api/schedules', { body })
              say(t('schedules.did-save', { name: added.name }))
              await queryClient.invalidateQueries({ queryKey: ['schedules'] })
              await navigate({ to: '/schedules/$id', params: { id: added.id } })
              return added
            }}
          />
        )}
      </div>
    </div>
  )
}
