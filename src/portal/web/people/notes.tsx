// What colleagues wrote down about somebody, and who looked at them and why.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { FormEvent } from 'react'

import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { fieldText } from '../shell/form.ts'
import { useMe } from '../shell/me.ts'
import { Button, fieldClass } from '../shell/parts.tsx'
import { useLanguage, useWords } from '../words/words.ts'
import { Part } from './facts.tsx'
import { formatMoment } from './times.ts'
import { peopleWords } from './words.ts'

interface NotesProps {
  readonly id: string
  readonly reason: string | undefined
}

export function Notes({ id, reason }: NotesProps) {
  const t = useWords(peopleWords)
  const language = useLanguage()
  const me = useMe()
  const client = useQueryClient()
  const key = ['notes', id]
  const { data } = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => call('GET /api/people/:id/notes', { params: { id }, query: { reason }, signal }),
  })
  const refresh = async (): Promise<void> => client.invalidateQueries({ queryKey: key })
  const add = useMutation({
    mutationFn: async (text: string) => call('POST /api/people/:id/notes', { params: { id }, body: { text } }),
    onSuccess: refresh,
  })
  const remove = useMutation({
    mutationFn: async (note: string) => call('DELETE /api/people/:id/notes/:note', { params: { id, note } }),
    onSuccess: refresh,
  })
  const error = add.error ?? remove.error

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    const form = event.currentTarget
    const text = fieldText(form, 'text')
    if (text !== '') add.mutate(text, { onSuccess: () => form.reset() })
  }

  return (
    <Part title={t('people.notes')}>
      <ul className="grid gap-2">
        {data?.notes.map((note) => (
          <li key={note.id} className="rounded-md bg-sunken p-2">
            <p className="break-words whitespace-pre-wrap">{note.text}</p>
            <p className="flex items-center gap-2 text-xs text-muted">
              {note.author} · {formatMoment(note.createdAt, language)}
              {(note.author === me?.handle || me?.role === 'admin') && (
                <button type="button" className="ml-auto min-h-6 hover:text-bad" onClick={() => remove.mutate(note.id)}>
                  {t('people.delete-note')}
                </button>
              )}
            </p>
          </li>
        ))}
      </ul>
      <form className="grid gap-2" onSubmit={onSubmit}>
        <textarea
          name="text"
          rows={2}
          required
          aria-label={t('people.note')}
          placeholder={t('people.note')}
          className={`${fieldClass} py-1`}
        />
        {error !== null && (
          <p role="alert" className="text-bad">
            {messageOf(error)}
          </p>
        )}
        <Button type="submit" className="justify-self-start" disabled={add.isPending}>
          {t('people.add-note')}
        </Button>
      </form>
    </Part>
  )
}

interface ReceiptsProps extends NotesProps {
  readonly setReason: (reason: string | undefined) => void
}

export function Receipts({ id, reason, setReason }: ReceiptsProps) {
  const t = useWords(peopleWords)
  const language = useLanguage()
  const { data } = useQuery({
    queryKey: ['receipts', id, reason],
    queryFn: async ({ signal }) => call('GET /api/people/:id/receipts', { params: { id }, signal }),
  })
  return (
    <Part title={t('people.receipts')}>
      <p className="text-muted">{t('people.receipts-text')}</p>
      <form
        className="flex gap-2"
        onSubmit={(event) => {
          event.preventDefault()
          const given = fieldText(event.currentTarget, 'reason')
          setReason(given === '' ? undefined : given)
        }}
      >
        <input
          key={reason}
          name="reason"
          defaultValue={reason ?? ''}
          aria-label={t('people.reason')}
          placeholder={t('people.reason')}
          className={`${fieldClass} min-w-0 flex-1`}
        />
        <Button type="submit">{t('people.keep-reason')}</Button>
      </form>
      <ul className="grid gap-0.5">
        {data?.receipts.map(({ viewer, reason: why, firstAt, lastAt }) => (
          <li key={`${viewer} ${why} ${firstAt}`} className="flex flex-wrap gap-x-2">
            <span>{viewer}</span>
            {why !== null && <bdi className="text-muted">{why}</bdi>}
            <time dateTime={lastAt} className="ml-auto text-muted">
              {formatMoment(lastAt, language)}
            </time>
          </li>
        ))}
      </ul>
    </Part>
  )
}
