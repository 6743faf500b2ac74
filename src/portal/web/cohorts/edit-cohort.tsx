// What a cohort is called, and who finds it. What it is made of stays.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'

import type { CohortAnswer } from '../../api/cohort-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { fieldText } from '../shell/form.ts'
import { Button, fieldClass } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { cohortWords } from './words.ts'

export function EditCohort({ cohort }: { readonly cohort: CohortAnswer }) {
  const t = useWords(cohortWords)
  const client = useQueryClient()
  const [isOpen, setOpen] = useState(false)
  const save = useMutation({
    mutationFn: async (form: HTMLFormElement) =>
      call('PUT /api/cohorts/:id', {
        params: { id: cohort.id },
        body: {
          name: fieldText(form, 'name'),
          description: fieldText(form, 'description'),
          audience: fieldText(form, 'own') === '' ? 'everybody' : 'owner',
          definition: cohort.definition,
        },
      }),
    onSuccess: async (saved) => {
      client.setQueryData(['cohorts', cohort.id], saved)
      setOpen(false)
      await client.invalidateQueries({ queryKey: ['cohorts'], exact: true })
    },
  })
  if (!isOpen) return <Button onClick={() => setOpen(true)}>{t('cohort.edit')}</Button>
  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    save.mutate(event.currentTarget)
  }
  return (
    <form aria-label={t('cohort.edit')} className="grid w-full gap-2" onSubmit={onSubmit}>
      <input
        name="name"
        required
        autoFocus
        maxLength={200}
        defaultValue={cohort.name}
        aria-label={t('cohorts.name')}
        className={`${fieldClass} max-w-96`}
      />
      <textarea
        name="description"
        rows={3}
        maxLength={10_000}
        defaultValue={cohort.description}
        aria-label={t('cohort.description')}
        placeholder={t('cohort.description')}
        className={`${fieldClass} py-1`}
      />
      <div className="flex items-center gap-3">
        <label className="flex min-h-7 items-center gap-2">
          <input type="checkbox" name="own" defaultChecked={cohort.audience === 'owner'} />
          {t('cohorts.only-me')}
        </label>
        <Button type="submit" isPrimary disabled={save.isPending}>
          {t('cohorts.save')}
        </Button>
      </div>
      {save.error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(save.error)}
        </p>
      )}
    </form>
  )
}
