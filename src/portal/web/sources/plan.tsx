// What a source has promised to send: the plan as JSON, what it would have against what came, and what it had since yesterday.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import type { PlanAnswer, PlanTriedAnswer } from '../../api/plan-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { Button } from '../shell/parts.tsx'
import { say } from '../shell/toast.tsx'
import { formatCount } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { planWords } from './plan-words.ts'

export function Plan({ source }: { readonly source: string }) {
  const t = useWords(planWords)
  const { data, error } = useQuery({
    queryKey: ['plan', source],
    queryFn: async ({ signal }) => call('GET /api/sources/:source/plan', { params: { source }, signal }),
  })
  if (error !== null)
    return (
      <p role="alert" className="text-bad">
        {messageOf(error)}
      </p>
    )
  if (data === undefined) return <div aria-busy className="h-24 animate-pulse rounded-md bg-sunken" />
  return (
    <div className="grid grid-cols-1 gap-3">
      <p className="max-w-prose text-muted">{t('tracking.about')}</p>
      <p>{data.version === null ? t('tracking.none') : t('tracking.in-force', { version: String(data.version) })}</p>
      <Editor key={`${source} ${data.version ?? ''}`} source={source} answer={data} />
      {data.versions.length > 0 && <Versions versions={data.versions} inForce={data.version} />}
    </div>
  )
}

interface EditorProps {
  readonly source: string
  readonly answer: PlanAnswer
}

function Editor({ source, answer: { plan, version } }: EditorProps) {
  const t = useWords(planWords)
  const client = useQueryClient()
  const [text, setText] = useState(() => (plan === null ? '' : JSON.stringify(plan, undefined, 2)))
  const params = { source }
  const kept = async (): Promise<void> => client.invalidateQueries({ queryKey: ['plan', source] })
  const draft = useMutation({
    mutationFn: async () => call('GET /api/sources/:source/plan/draft', { params }),
    onSuccess: ({ plan: made, events }) => {
      if (events === 0) say(t('tracking.nothing-came'), true)
      else setText(JSON.stringify(made, undefined, 2))
    },
  })
  const attempt = useMutation({
    mutationFn: async () => call('POST /api/sources/:source/plan/try', { params, body: planIn(text) }),
  })
  const save = useMutation({
    mutationFn: async () => call('PUT /api/sources/:source/plan', { params, body: planIn(text) }),
    onSuccess: async () => {
      say(t('tracking.saved'))
      await kept()
    },
  })
  const end = useMutation({
    mutationFn: async () => call('DELETE /api/sources/:source/plan', { params }),
    onSuccess: kept,
  })
  const failed = [draft, attempt, save, end].find(({ error }) => error !== null)?.error
  const isBusy = [draft, attempt, save, end].some(({ isPending }) => isPending)
  return (
    <section aria-label={t('tracking.title')} className="grid grid-cols-1 gap-2">
      <textarea
        aria-label={t('tracking.json')}
        spellCheck={false}
        rows={16}
        className="w-full rounded-md border border-field bg-card p-2 font-mono text-xs"
        placeholder={t('tracking.placeholder')}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <div className="flex flex-wrap gap-2">
        <Button disabled={isBusy} onClick={() => draft.mutate()}>
          {t('tracking.draft')}
        </Button>
        <Button disabled={isBusy || text.trim() === ''} onClick={() => attempt.mutate()}>
          {t('tracking.try')}
        </Button>
        <Button isPrimary disabled={isBusy || text.trim() === ''} onClick={() => save.mutate()}>
          {t('tracking.save')}
        </Button>
        {version !== null && (
          <Button className="ml-auto text-bad" disabled={isBusy} onClick={() => end.mutate()}>
            {t('tracking.end')}
          </Button>
        )}
      </div>
      {failed && (
        <p role="alert" className="text-bad">
          {messageOf(failed)}
        </p>
      )}
      {attempt.data !== undefined && <Tried tried={attempt.data} />}
    </section>
  )
}

/** Error: what the API would say of it, but sooner. */
function planIn(text: string): NonNullable<PlanAnswer['plan']> {
  return JSON.parse(text) as NonNullable<PlanAnswer['plan']>
}

function Tried({ tried: { events, violations } }: { readonly tried: PlanTriedAnswer }) {
  const t = useWords(planWords)
  if (violations.length === 0) return <p className="text-good">{t('tracking.holds', { count: formatCount(events) })}</p>
  return (
    <div className="overflow-x-auto" role="region" aria-label={t('tracking.tried')} tabIndex={0}>
      <p>{t('tracking.breaks', { count: formatCount(events) })}</p>
      <table className="w-full text-left">
        <thead className="text-muted">
          <tr>
            {(['tracking.event', 'tracking.problem', 'tracking.action', 'tracking.events'] as const).map((name) => (
              <th key={name} className="py-1 pr-3 font-medium">
                {t(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {violations.map(({ event, problem, action, events: count }) => (
            <tr key={`${event} ${problem}`} className="border-t border-line">
              <td className="py-1 pr-3">
                <bdi>{event}</bdi>
              </td>
              <td className="py-1 pr-3 font-mono text-xs">
                <bdi>{problem}</bdi>
              </td>
              <td className="py-1 pr-3">{t(`tracking.${action}`)}</td>
              <td className="py-1 tabular-nums">{formatCount(count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Versions({
  versions,
  inForce,
}: {
  readonly versions: PlanAnswer['versions']
  readonly inForce: number | null
}) {
  const t = useWords(planWords)
  return (
    <section aria-label={t('tracking.versions')} className="grid gap-1">
      <h3 className="font-medium">{t('tracking.versions')}</h3>
      <ul className="grid gap-1">
        {versions.map(({ version, savedBy, savedAt, plan }) => (
          <li key={version} className="flex flex-wrap gap-3 text-muted tabular-nums">
            <span className={version === inForce ? 'text-good' : ''}>{version}</span>
            <time dateTime={savedAt}>{savedAt.slice(0, 16).replace('T', ' ')}</time>
            <bdi>{savedBy ?? '–'}</bdi>
            <span>{t('tracking.rules', { count: formatCount(plan.rules.length) })}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
