// Every version of a saved query, and what each changed.
import { useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'

import type { QueryVersionAnswer, SavedQueryAnswer } from '../../api/job-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { maySave, useVersions } from '../asking/saved.ts'
import { useMe } from '../shell/me.ts'
import { Button } from '../shell/parts.tsx'
import { say } from '../shell/toast.tsx'
import { useWords } from '../words/words.ts'
import { type DiffLine, diffLines } from './line-diff.ts'
import { textOfValue } from './parameters.ts'
import type { Workbench } from './use-workbench.ts'
import { workOfSaved } from './work.ts'
import { savedWords } from './saved-words.ts'

interface VersionsProps {
  readonly saved: SavedQueryAnswer
  readonly workbench: Workbench
}

export function Versions({ saved, workbench }: VersionsProps) {
  const { data: versions, error } = useVersions(saved.id)
  const [chosen, setChosen] = useState<number | undefined>()
  const shown = versions?.find(({ version }) => version === (chosen ?? saved.version)) ?? versions?.[0]
  if (error !== null) return <p className="p-3 text-bad">{messageOf(error)}</p>
  if (versions === undefined || shown === undefined) return null
  return (
    <div className="grid h-full min-h-0 grid-cols-[minmax(0,1fr)] md:grid-cols-[20rem_minmax(0,1fr)]">
      <ol className="min-h-0 overflow-auto border-line md:border-r">
        {versions.map((version) => (
          <Version
            key={version.version}
            version={version}
            saved={saved}
            isShown={version === shown}
            show={() => setChosen(version.version)}
            open={() => workbench.change(workOfSaved(version))}
          />
        ))}
      </ol>
      <Diff before={versions.find(({ version }) => version === shown.version - 1)} after={shown} />
    </div>
  )
}

interface VersionProps {
  readonly version: QueryVersionAnswer
  readonly saved: SavedQueryAnswer
  readonly isShown: boolean
  readonly show: () => void
  readonly open: () => void
}

function Version({ version: { version, savedBy, savedAt, verifiedBy }, saved, isShown, show, open }: VersionProps) {
  const t = useWords(savedWords)
  const me = useMe()
  const queryClient = useQueryClient()
  // Somebody else than who wrote it, or an administrator.
  const mayVerify = maySave(me) && verifiedBy !== me?.handle && (me?.role === 'admin' || me?.handle !== savedBy)

  async function verify(): Promise<void> {
    try {
      await call('POST /api/queries/:id/verify', { params: { id: saved.id }, body: { version } })
      say(t('saved.verify-done', { version }))
    } catch (error) {
      say(messageOf(error), true)
    }
    await queryClient.invalidateQueries({ queryKey: ['queries'] })
  }

  return (
    <li className={`grid gap-1 border-b border-line px-3 py-2 ${isShown ? 'bg-accent-soft' : ''}`}>
      <div className="flex items-center gap-2">
        <button
          type="button"
          aria-pressed={isShown}
          className="min-h-6 rounded font-medium hover:underline"
          onClick={show}
        >
          {t('saved.version-long', { version })}
        </button>
        <span className="ml-auto flex gap-1">
          {mayVerify && (
            <Button aria-label={t('saved.verify-one', { version })} onClick={() => void verify()}>
              {t('saved.verify')}
            </Button>
          )}
          <Button aria-label={t('saved.open-one', { version })} onClick={open}>
            {t('saved.open')}
          </Button>
        </span>
      </div>
      <p className="text-muted">
        {savedBy} · <time dateTime={savedAt}>{new Date(savedAt).toLocaleString('sv-SE').slice(0, 16)}</time>
      </p>
      {verifiedBy !== undefined && <p className="text-good">✓ {t('saved.verified-by', { who: verifiedBy })}</p>}
    </li>
  )
}

const look = {
  same: { sign: ' ', tone: '' },
  removed: { sign: '−', tone: 'bg-bad-soft text-bad' },
  added: { sign: '+', tone: 'bg-accent-soft text-good' },
} as const satisfies Record<DiffLine['kind'], object>

function Diff({
  before,
  after,
}: {
  readonly before: QueryVersionAnswer | undefined
  readonly after: QueryVersionAnswer
}) {
  const t = useWords(savedWords)
  const lines = useMemo(() => diffLines(before === undefined ? '' : textOf(before), textOf(after)), [before, after])
  const label =
    before === undefined
      ? t('saved.version-long', { version: after.version })
      : t('saved.diff', { before: before.version, after: after.version })
  return (
    <section aria-label={label} tabIndex={0} className="min-h-0 overflow-auto p-3 font-mono text-xs">
      {lines.map(({ kind, text }, index) => {
        const { sign, tone } = before === undefined ? look.same : look[kind]
        return (
          <div key={index} className={`flex gap-2 whitespace-pre-wrap ${tone}`}>
            <span className="select-none">{sign}</span>
            <span>{text}</span>
          </div>
        )
      })}
    </section>
  )
}

/** All that a version keeps, so that a changed default is a changed line, too. */
function textOf({ sql, dialect, zone, parameters }: QueryVersionAnswer): string {
  const told = parameters.map(({ name, type, default: standard, choices, choicesSql, description }) => {
    const parts = [
      `@${name} ${type}`,
      ...(standard === undefined
        ? []
        : [`= ${'relative' in standard ? standard.relative : textOfValue(standard.value)}`]),
      ...(choices === undefined ? [] : [`[${choices.map(textOfValue).join(', ')}]`]),
      ...(choicesSql === undefined ? [] : [`[${choicesSql}]`]),
      ...(description === undefined ? [] : [`— ${description}`]),
    ]
    return parts.join(' ')
  })
  return [...(dialect === 'duckdb' ? ['DuckDB'] : []), ...told, ...(told.length === 0 ? [] : [zone, '']), sql].join(
    '\n',
  )
}
