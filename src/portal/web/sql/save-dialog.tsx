// The name of a saved query, its folder and what it is for; a copy, and the end of it.
import { type FormEvent, useId, useState } from 'react'

import type { SavedQueryAnswer } from '../../api/job-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { mayChange, useSavedQueries } from '../asking/saved.ts'
import { Dialog } from '../shell/dialog.tsx'
import { useMe } from '../shell/me.ts'
import { Button, fieldClass, Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import type { Place, Saver } from './use-save.ts'
import { savedWords } from './saved-words.ts'

export function SaveDialog({ saved, saver }: { readonly saved: SavedQueryAnswer | undefined; readonly saver: Saver }) {
  const t = useWords(savedWords)
  const id = useId()
  const me = useMe()
  const isOwn = saved !== undefined && mayChange(me, saved)
  const [place, setPlace] = useState<Place>({
    name: saved?.name ?? '',
    folder: saved?.folder ?? '',
    description: saved?.description ?? '',
    audience: saved?.audience ?? 'everybody',
  })
  const [wrong, setWrong] = useState('')
  const [isSure, setSure] = useState(false)

  async function run(work: () => Promise<void>): Promise<void> {
    setWrong('')
    await work().catch((error: unknown) => setWrong(messageOf(error)))
  }
  const title = t(isOwn ? 'saved.details-title' : saved === undefined ? 'saved.save-title' : 'saved.copy-title')
  return (
    <Dialog label={title} close={saver.stopAsking}>
      <form
        className="grid gap-3 p-4"
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          void run(async () => saver.saveAs(place, !isOwn))
        }}
      >
        <h2 className="text-sm font-semibold">{title}</h2>
        <Fields place={place} change={setPlace} wrongId={`${id}-wrong`} isWrong={wrong !== ''} />
        <p className="text-muted">{t('saved.who')}</p>
        <p id={`${id}-wrong`} role="alert" className="text-bad empty:hidden">
          {wrong}
        </p>
        <div className="flex flex-wrap gap-2">
          {isOwn && (
            <Button className="mr-auto text-bad" onClick={() => (isSure ? void run(saver.remove) : setSure(true))}>
              {t(isSure ? 'saved.remove-sure' : 'saved.remove')}
            </Button>
          )}
          <Button className="ml-auto" onClick={saver.stopAsking}>
            {t('saved.cancel')}
          </Button>
          {isOwn && (
            <Button onClick={() => void run(async () => saver.saveAs(place, true))}>{t('saved.save-copy')}</Button>
          )}
          <Button isPrimary type="submit">
            {t('saved.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

interface FieldsProps {
  readonly place: Place
  readonly change: (place: Place) => void
  readonly isWrong: boolean
  /** Of the text that says why. */
  readonly wrongId: string
}

function Fields({ place, change, isWrong, wrongId }: FieldsProps) {
  const t = useWords(savedWords)
  const id = useId()
  const folders = [...new Set(useSavedQueries().data?.map(({ folder }) => folder))]
    .filter((folder) => folder !== '')
    .sort()
  return (
    <>
      <label className="grid gap-1">
        {t('saved.name')}
        <input
          required
          autoFocus
          maxLength={200}
          autoComplete="off"
          aria-invalid={isWrong}
          aria-describedby={wrongId}
          className={fieldClass}
          value={place.name}
          onChange={({ target }) => change({ ...place, name: target.value })}
        />
      </label>
      <label className="grid gap-1">
        {t('saved.folder')}
        <input
          list={id}
          placeholder={t('saved.folder-hint')}
          maxLength={200}
          autoComplete="off"
          className={fieldClass}
          value={place.folder}
          onChange={({ target }) => change({ ...place, folder: target.value })}
        />
        <datalist id={id}>
          {folders.map((folder) => (
            <option key={folder} value={folder} />
          ))}
        </datalist>
      </label>
      <label className="grid gap-1">
        {t('saved.description')}
        <textarea
          rows={2}
          maxLength={10_000}
          className={`${fieldClass} py-1`}
          value={place.description}
          onChange={({ target }) => change({ ...place, description: target.value })}
        />
      </label>
      <label className="grid justify-items-start gap-1" htmlFor={`${id}-audience`}>
        {t('saved.audience')}
        <Select
          id={`${id}-audience`}
          label={t('saved.audience')}
          value={place.audience}
          options={(['everybody', 'owner'] as const).map((value) => ({ value, text: t(`saved.audience-${value}`) }))}
          choose={(audience) => change({ ...place, audience })}
        />
      </label>
    </>
  )
}
