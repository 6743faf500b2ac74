// A new cohort: of a saved query, or of ids that somebody pastes.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'

import type { CohortAsked } from '../../api/cohort-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { pathOf, useSavedQueries } from '../asking/saved.ts'
import { oneCohort } from '../explore/saved-cohorts.ts'
import { fieldText } from '../shell/form.ts'
import { Button, fieldClass, Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { idsIn } from './ids-in.ts'
import { cohortWords } from './words.ts'

const kinds = ['query', 'ids'] as const

export function NewCohort() {
  const t = useWords(cohortWords)
  const navigate = useNavigate()
  const client = useQueryClient()
  const [kind, setKind] = useState<(typeof kinds)[number]>('query')
  const make = useMutation({
    mutationFn: async (form: HTMLFormElement) => call('POST /api/cohorts', { body: askedOf(form, kind) }),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: ['cohorts'] })
      await navigate({ to: '/explore', search: oneCohort(id) })
    },
  })
  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    make.mutate(event.currentTarget)
  }
  return (
    <form aria-label={t('cohorts.new')} className="grid gap-2" onSubmit={onSubmit}>
      <div className="flex flex-wrap items-center gap-2">
        <input
          name="name"
          required
          maxLength={200}
          autoComplete="off"
          aria-label={t('cohorts.name')}
          placeholder={t('cohorts.name')}
          className={`${fieldClass} w-64`}
        />
        <Select
          label={t('cohorts.kind')}
          value={kind}
          options={kinds.map((one) => ({ value: one, text: t(`cohorts.of-${one}`) }))}
          choose={setKind}
        />
        {kind === 'query' && <QueryField />}
        <label className="flex min-h-7 items-center gap-2">
          <input type="checkbox" name="own" />
          {t('cohorts.only-me')}
        </label>
        <Button type="submit" isPrimary disabled={make.isPending}>
          {t('cohorts.save')}
        </Button>
      </div>
      {kind === 'ids' && (
        <textarea
          name="ids"
          required
          rows={5}
          spellCheck={false}
          aria-label={t('cohorts.ids')}
          className={`${fieldClass} py-1 font-mono text-xs`}
        />
      )}
      <p className="text-muted">{t(`cohorts.${kind}-text`)}</p>
      {make.error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(make.error)}
        </p>
      )}
    </form>
  )
}

/** Of those that could be one. */
function QueryField() {
  const t = useWords(cohortWords)
  const { data: queries = [] } = useSavedQueries()
  const fitting = queries.filter(({ dialect, parameters }) => dialect === 'googlesql' && parameters.length === 0)
  return (
    <select name="query" required aria-label={t('cohorts.query')} className={`${fieldClass} max-w-full min-w-0`}>
      <option value="">{t('cohorts.query')}</option>
      {fitting.map((query) => (
        <option key={query.id} value={query.id}>
          {pathOf(query)}
        </option>
      ))}
    </select>
  )
}

function askedOf(form: HTMLFormElement, kind: (typeof kinds)[number]): CohortAsked {
  const audience = fieldText(form, 'own') === '' ? 'everybody' : 'owner'
  const place = { name: fieldText(form, 'name'), description: '', audience } as const
  if (kind === 'query') return { ...place, definition: { kind, query: fieldText(form, 'query') } }
  return { ...place, definition: { kind, ids: idsIn(fieldText(form, 'ids')) } }
}
