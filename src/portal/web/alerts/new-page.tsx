// A new alert.
import { Link, useNavigate, useSearch } from '@tanstack/react-router'

import { useRead } from '../shell/use-read.ts'
import { useWords } from '../words/words.ts'
import { newDraft } from './draft.ts'
import { EditAlert } from './edit-alert.tsx'
import { readNewAlertSearch } from './search.ts'
import { alertWords } from './words.ts'

export function NewAlertPage() {
  const t = useWords(alertWords)
  const navigate = useNavigate()
  const search = useRead(useSearch({ from: '/alerts/new' }), readNewAlertSearch)
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  return (
    <div className="h-full overflow-auto">
      <title>{`${t('alerts.new')} · Millpond`}</title>
      <div className="mx-auto grid max-w-3xl grid-cols-1 gap-4 p-5">
        <div>
          <Link to="/alerts" className="inline-flex min-h-6 items-center text-muted hover:text-text">
            {t('alerts.title')}
          </Link>
          <h2 className="text-base font-semibold">{t('alerts.new')}</h2>
        </div>
        <EditAlert
          initial={newDraft(timeZone, search)}
          saved={({ id }) => void navigate({ to: '/alerts/$id', params: { id } })}
          cancel={() => void navigate({ to: '/alerts' })}
        />
      </div>
    </div>
  )
}
