// The form of an alert, new or changed, with what it would have found.
import { type ReactNode, useId } from 'react'

import { pathOf, useSavedQueries } from '../asking/saved.ts'
import { fieldClass, Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { conditionKinds, type Draft } from './draft.ts'
import { useRoutes } from './use-alerts.ts'
import { alertWords } from './words.ts'

interface FieldsProps {
  readonly draft: Draft
  readonly change: (draft: Draft) => void
}

export function AlertFields({ draft, change }: FieldsProps) {
  const t = useWords(alertWords)
  return (
    <>
      <Labelled text={t('alerts.name')}>
        {(id) => (
          <input
            id={id}
            required
            maxLength={200}
            value={draft.name}
            className={fieldClass}
            onChange={({ target }) => change({ ...draft, name: target.value })}
          />
        )}
      </Labelled>
      <Question draft={draft} change={change} />
      <ConditionFields draft={draft} change={change} />
      <div className="grid gap-3 sm:grid-cols-2">
        {(
          [
            ['everyMinutes', 'every'],
            ['forCount', 'for'],
            ['repeatMinutes', 'repeat'],
            ['groupBy', 'group-by'],
          ] as const
        ).map(([name, word]) => (
          <Labelled key={name} text={t(`alerts.${word}`)}>
            {(id) => (
              <input
                id={id}
                value={draft[name]}
                inputMode={name === 'groupBy' ? 'text' : 'numeric'}
                className={fieldClass}
                onChange={({ target }) => change({ ...draft, [name]: target.value })}
              />
            )}
          </Labelled>
        ))}
      </div>
      <RouteFields draft={draft} change={change} />
      <Labelled text={t('alerts.runbook')}>
        {(id) => (
          <textarea
            id={id}
            rows={3}
            value={draft.runbook}
            className={`${fieldClass} py-1`}
            onChange={({ target }) => change({ ...draft, runbook: target.value })}
          />
        )}
      </Labelled>
    </>
  )
}

function Labelled({ text, children }: { readonly text: string; readonly children: (id: string) => ReactNode }) {
  const id = useId()
  return (
    <div className="grid gap-1">
      <label htmlFor={id}>{text}</label>
      {children(id)}
    </div>
  )
}

function Question({ draft, change }: FieldsProps) {
  const t = useWords(alertWords)
  const saved = useSavedQueries().data ?? []
  return (
    <div className="grid gap-2">
      <Select
        label={t('alerts.query')}
        value={draft.query}
        options={[
          { value: '', text: t('alerts.own-sql') },
          ...saved
            .filter(({ dialect }) => dialect === 'googlesql')
            .map((query) => ({ value: query.id, text: pathOf(query) })),
        ]}
        choose={(query) => change({ ...draft, query })}
      />
      {draft.query === '' && (
        <>
          <textarea
            aria-label={t('alerts.sql')}
            required
            rows={6}
            spellCheck={false}
            value={draft.sql}
            className={`${fieldClass} py-1 font-mono text-xs`}
            onChange={({ target }) => change({ ...draft, sql: target.value })}
          />
          <p className="text-muted">{t('alerts.sql-text')}</p>
        </>
      )}
    </div>
  )
}

function ConditionFields({ draft, change }: FieldsProps) {
  const t = useWords(alertWords)
  const isChange = draft.kind === 'up' || draft.kind === 'down' || draft.kind === 'either'
  return (
    <div className="flex flex-wrap items-center gap-2">
      <span aria-hidden>{t('alerts.when-it')}</span>
      <Select
        label={t('alerts.when-it')}
        value={draft.kind}
        options={conditionKinds.map((value) => ({ value, text: t(`alerts.${value}`) }))}
        choose={(kind) => change({ ...draft, kind })}
      />
      {draft.kind !== 'absence' && (
        <input
          aria-label={t('alerts.bound')}
          required
          inputMode="decimal"
          value={draft.bound}
          className={`${fieldClass} w-24`}
          onChange={({ target }) => change({ ...draft, bound: target.value })}
        />
      )}
      {isChange && (
        <label className="flex items-center gap-2">
          {t('alerts.before')}
          <input
            required
            inputMode="numeric"
            value={draft.beforeMinutes}
            className={`${fieldClass} w-24`}
            onChange={({ target }) => change({ ...draft, beforeMinutes: target.value })}
          />
        </label>
      )}
    </div>
  )
}

function RouteFields({ draft, change }: FieldsProps) {
  const t = useWords(alertWords)
  const routes = useRoutes()
  if (routes?.length === 0) return <p className="text-warn">{t('alerts.no-routes')}</p>
  return (
    <fieldset className="flex min-w-0 flex-wrap gap-3">
      <legend className="mb-1">{t('alerts.routes')}</legend>
      {routes?.map(({ name, kind }) => (
        <label key={name} className="flex min-h-6 items-center gap-1.5">
          <input
            type="checkbox"
            checked={draft.routes.includes(name)}
            onChange={({ target }) => {
              const others = draft.routes.filter((one) => one !== name)
              change({ ...draft, routes: target.checked ? [...others, name] : others })
            }}
          />
          {name} <span className="text-muted">{t(`routes.${kind}`)}</span>
        </label>
      ))}
    </fieldset>
  )
}
