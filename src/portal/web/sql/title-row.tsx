// Which query this is: its name, version and state, and what can be done with it as a whole.
import { Link, useRouter } from '@tanstack/react-router'
import { useState } from 'react'

import type { QueryAsked } from '../../api/answers.ts'
import type { SavedQueryAnswer } from '../../api/job-answers.ts'
import { maySave, pathOf } from '../asking/saved.ts'
import { copyText } from '../shell/copy.ts'
import { isMac } from '../shell/keys.ts'
import { linkClass } from '../shell/link-class.ts'
import { useMe } from '../shell/me.ts'
import { Button, Key } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { NotebookDialog } from './notebook-dialog.tsx'
import type { Saver } from './use-save.ts'
import type { Workbench } from './use-workbench.ts'
import { savedWords } from './saved-words.ts'

interface TitleProps {
  readonly workbench: Workbench
  readonly saved: SavedQueryAnswer | undefined
  readonly saver: Saver
  readonly asked: () => Promise<QueryAsked>
}

export function TitleRow({ workbench, saved, saver, asked }: TitleProps) {
  const t = useWords(savedWords)
  const router = useRouter()
  const me = useMe()
  const isBlank = workbench.sql.trim() === ''
  const [hasNotebook, setNotebook] = useState(false)

  function copyLink(): void {
    const { href } = router.buildLocation({ to: '/sql', search: workbench.address })
    void copyText(new URL(href, location.origin).href)
  }

  return (
    <div className="flex min-h-11 flex-wrap items-center gap-x-2 gap-y-1 border-b border-line px-3 py-1">
      <h2 className="min-w-0 truncate font-semibold">{saved === undefined ? t('saved.untitled') : pathOf(saved)}</h2>
      {saved !== undefined && <State saved={saved} isEdited={saver.isEdited} />}
      <div className="ml-auto flex flex-wrap gap-2">
        <Link to="/sql" search={{ sql: '' }} className={linkClass}>
          {t('saved.new')}
        </Link>
        {!isBlank && <Button onClick={copyLink}>{t('saved.copy-link')}</Button>}
        {maySave(me) && !isBlank && (
          <Button onClick={() => setNotebook(true)} aria-haspopup="dialog">
            {t('saved.notebook')}
          </Button>
        )}
        {maySave(me) && saved !== undefined && (
          <Button onClick={saver.ask} aria-haspopup="dialog">
            {t('saved.details')}
          </Button>
        )}
        {maySave(me) && saved?.dialect === 'googlesql' && (
          <Link to="/schedules/new" search={{ query: saved.id }} className={linkClass}>
            {t('saved.schedule')}
          </Link>
        )}
        {maySave(me) && !isBlank && workbench.dialect === 'googlesql' && (
          <Link
            to="/alerts/new"
            search={saved === undefined ? { sql: workbench.sql } : { query: saved.id }}
            className={linkClass}
          >
            {t('saved.alert')}
          </Link>
        )}
        {maySave(me) && (
          <Button
            disabled={isBlank || (saved !== undefined && !saver.isEdited)}
            aria-keyshortcuts="Control+S Meta+S"
            onClick={saver.save}
          >
            {t('saved.save')}
            <span aria-hidden>
              <Key>{isMac ? '⌘S' : 'Ctrl S'}</Key>
            </span>
          </Button>
        )}
      </div>
      {hasNotebook && <NotebookDialog name={saved?.name ?? 'query'} asked={asked} close={() => setNotebook(false)} />}
    </div>
  )
}

function State({
  saved: { version, verifiedBy },
  isEdited,
}: {
  readonly saved: SavedQueryAnswer
  readonly isEdited: boolean
}) {
  const t = useWords(savedWords)
  return (
    <p className="flex items-center gap-2 whitespace-nowrap text-muted">
      <span>{t('saved.version', { version })}</span>
      {isEdited ? (
        <span className="text-warn">{t('saved.edited')}</span>
      ) : (
        verifiedBy !== undefined && <span className="text-good">✓ {t('saved.verified-by', { who: verifiedBy })}</span>
      )}
    </p>
  )
}
