// The people behind a number, under a name: what they are behind is kept, not who they are now.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { FormEvent } from 'react'

import type { Cell, ExploreSpec } from '../../api/answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { fieldText } from '../shell/form.ts'
import { Button, fieldClass } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { allWords } from './catalogue.ts'
import { oneCohort } from './saved-cohorts.ts'

export function SaveCohort({ spec, cell }: { readonly spec: ExploreSpec; readonly cell: Cell }) {
  const t = useWords(allWords)
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: async (form: HTMLFormElement) => {
      const isWhole = fieldText(form, 'whole') !== ''
      const kept = isWhole && cell.of === 'trend' ? { ...cell, bucket: null } : cell
      return call('POST /api/cohorts', {
        body: {
          name: fieldText(form, 'name'),
          description: '',
          audience: fieldText(form, 'own') === '' ? 'everybody' : 'owner',
          definition: { kind: 'question', spec, cell: kept },
        },
      })
    },
    onSuccess: async () => client.invalidateQueries({ queryKey: ['cohorts'] }),
  })
  if (save.data !== undefined)
    return (
      <p role="status" className="border-b border-line px-4 py-2">
        <Link to="/explore" search={oneCohort(save.data.id)} className="text-accent underline">
          {t('explore.cohort-saved')}: <bdi>{save.data.name}</bdi>
        </Link>
      </p>
    )
  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    save.mutate(event.currentTarget)
  }
  return (
    <form
      aria-label={t('explore.save-cohort')}
      className="grid gap-2 border-b border-line px-4 py-2"
      onSubmit={onSubmit}
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <input
          name="name"
          required
          autoFocus
          maxLength={200}
          autoComplete="off"
          aria-label={t('explore.cohort-name')}
          placeholder={t('explore.cohort-name')}
          className={`${fieldClass} min-w-40 flex-1`}
        />
        <label className="flex min-h-7 items-center gap-2">
          <input type="checkbox" name="own" />
          {t('explore.cohort-only-me')}
        </label>
        <Button type="submit" isPrimary disabled={save.isPending}>
          {t('explore.cohort-keep')}
        </Button>
      </div>
      {cell.of === 'trend' && (
        <label className="flex min-h-7 items-center gap-2">
          <input type="checkbox" name="whole" />
          {t('explore.cohort-whole')}
        </label>
      )}
      {save.error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(save.error)}
        </p>
      )}
    </form>
  )
}
