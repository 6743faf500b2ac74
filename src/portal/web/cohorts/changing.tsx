// What can be done with a cohort: keep its people of now as a list, and remove it.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'

import type { CohortAnswer } from '../../api/cohort-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { maySave } from '../asking/saved.ts'
import { allCohorts, oneCohort } from '../explore/saved-cohorts.ts'
import { fieldText } from '../shell/form.ts'
import { useMe } from '../shell/me.ts'
import { Button, fieldClass } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { EditCohort } from './edit-cohort.tsx'
import { cohortWords } from './words.ts'

export function Changing({ cohort }: { readonly cohort: CohortAnswer }) {
  const me = useMe()
  const client = useQueryClient()
  const navigate = useNavigate()
  const act = useMutation({
    mutationFn: async (work: () => Promise<CohortAnswer | undefined>) => work(),
    onSuccess: async (made) => {
      // What was listed is asked for anew: it has another one now, or one less.
      client.removeQueries({ queryKey: ['cohorts'], exact: true })
      await (made === undefined
        ? navigate({ to: '/explore', search: allCohorts })
        : navigate({ to: '/explore', search: oneCohort(made.id) }))
    },
  })
  if (!maySave(me)) return null
  return (
    <>
      {cohort.definition.kind !== 'ids' && (
        <Freeze
          isBusy={act.isPending}
          freeze={(name) =>
            act.mutate(async () =>
              call('POST /api/cohorts/:id/freeze', {
                params: { id: cohort.id },
                body: { name, description: '', audience: cohort.audience },
              }),
            )
          }
        />
      )}
      {cohort.isMine && <EditCohort cohort={cohort} />}
      {cohort.isMine && (
        <Remove remove={() => act.mutate(async () => call('DELETE /api/cohorts/:id', { params: { id: cohort.id } }))} />
      )}
      {act.error !== null && (
        <p role="alert" className="w-full text-bad">
          {messageOf(act.error)}
        </p>
      )}
    </>
  )
}

function Freeze({ isBusy, freeze }: { readonly isBusy: boolean; readonly freeze: (name: string) => void }) {
  const t = useWords(cohortWords)
  const [isOpen, setOpen] = useState(false)
  if (!isOpen) return <Button onClick={() => setOpen(true)}>{t('cohort.freeze')}</Button>
  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    setOpen(false)
    freeze(fieldText(event.currentTarget, 'name'))
  }
  return (
    <form aria-label={t('cohort.freeze')} className="flex gap-2" onSubmit={onSubmit}>
      <input
        name="name"
        required
        autoFocus
        maxLength={200}
        aria-label={t('cohort.freeze-name')}
        placeholder={t('cohort.freeze-name')}
        className={fieldClass}
      />
      <Button type="submit" isPrimary disabled={isBusy}>
        {t('cohort.freeze')}
      </Button>
    </form>
  )
}

function Remove({ remove }: { readonly remove: () => void }) {
  const t = useWords(cohortWords)
  const [isSure, setSure] = useState(false)
  return (
    <Button className="text-bad" onClick={() => (isSure ? remove() : setSure(true))}>
      {t(isSure ? 'cohort.remove-sure' : 'cohort.remove')}
    </Button>
  )
}
