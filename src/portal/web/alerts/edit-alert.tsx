// An alert is written: new, or another definition of one that there is.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import type { AlertAnswer } from '../../api/alert-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { Button } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { AlertFields } from './alert-form.tsx'
import { Backtest } from './backtest.tsx'
import { askedOf, type Draft } from './draft.ts'
import { alertWords } from './words.ts'

interface EditAlertProps {
  readonly initial: Draft
  /** undefined: a new one. */
  readonly id?: string
  readonly saved: (alert: AlertAnswer) => void
  readonly cancel: () => void
}

export function EditAlert({ initial, id, saved, cancel }: EditAlertProps) {
  const t = useWords(alertWords)
  const client = useQueryClient()
  const [draft, setDraft] = useState(initial)
  const save = useMutation({
    mutationFn: async () =>
      id === undefined
        ? call('POST /api/alerts', { body: askedOf(draft) })
        : call('PUT /api/alerts/:id', { params: { id }, body: askedOf(draft) }),
    onSuccess: async (alert) => {
      await client.invalidateQueries({ queryKey: ['alerts'] })
      saved(alert)
    },
  })
  return (
    <form
      className="grid grid-cols-1 gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <AlertFields draft={draft} change={setDraft} />
      <Backtest draft={draft} />
      {save.error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(save.error)}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={cancel}>{t('alerts.cancel')}</Button>
        <Button type="submit" isPrimary disabled={save.isPending}>
          {t('alerts.save')}
        </Button>
      </div>
    </form>
  )
}
