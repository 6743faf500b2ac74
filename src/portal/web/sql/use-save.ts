// Saving the query at hand: at once as a new version of one's own, else by asking for a name first.
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'

import type { SavedQueryAnswer } from '../../api/job-answers.ts'
import { askRaw, messageOf } from '../asking/ask.ts'
import { addressOf, call } from '../asking/call.ts'
import { mayChange, maySave, savedKey } from '../asking/saved.ts'
import { useMe } from '../shell/me.ts'
import { say } from '../shell/toast.tsx'
import { wordsNow } from '../words/words.ts'
import type { TypeOf } from './parameters.ts'
import { estimateQuery, typeIn } from './use-estimate.ts'
import type { Workbench } from './use-workbench.ts'
import { contentOf, isEdited, type Work } from './work.ts'
import { savedWords } from './saved-words.ts'

export type Place = Pick<SavedQueryAnswer, 'name' | 'folder' | 'description' | 'audience'>

export interface Saver {
  readonly isEdited: boolean
  /** The name is being asked for. */
  readonly isAsking: boolean
  readonly save: () => void
  readonly ask: () => void
  readonly stopAsking: () => void
  /** Error: ApiError, told where the name was typed. */
  readonly saveAs: (place: Place, isCopy: boolean) => Promise<void>
  readonly remove: () => Promise<void>
}

interface Saving {
  readonly workbench: Workbench
  readonly saved: SavedQueryAnswer | undefined
  readonly base: Work
  readonly names: readonly string[]
}

export function useSave({ workbench, saved, base, names }: Saving): Saver {
  const me = useMe()
  const queryClient = useQueryClient()
  const [isAsking, setAsking] = useState(false)
  const edited = isEdited(workbench, base, names)
  const t = wordsNow(savedWords)

  async function saveAs({ name, folder, description, audience }: Place, isCopy: boolean): Promise<void> {
    const body = { name, folder, description, audience, ...contentOf(workbench, names, await typesOf()) }
    const answer =
      saved === undefined || isCopy
        ? await call('POST /api/queries', { body })
        : await call('PUT /api/queries/:id', { params: { id: saved.id }, body })
    queryClient.setQueryData(savedKey(answer.id), answer)
    setAsking(false)
    say(t('saved.done', { name: answer.name, version: answer.version }))
    if (answer.id !== saved?.id) workbench.open({ saved: answer.id, tab: workbench.tab })
    await queryClient.invalidateQueries({ queryKey: ['queries'] })
  }

  /** What the query asks for, also when somebody is quicker than the estimate. */
  async function typesOf(): Promise<TypeOf> {
    if (names.every((name) => workbench.parameters[name]?.type !== undefined)) return () => undefined
    const answer = await queryClient.fetchQuery(estimateQuery({ ...workbench, resolved: {} })).catch(() => undefined)
    return typeIn(answer)
  }

  async function remove(): Promise<void> {
    if (saved === undefined) return
    await askRaw(addressOf('DELETE /api/queries/:id', { params: { id: saved.id } }), { method: 'DELETE' })
    setAsking(false)
    say(t('saved.removed', { name: saved.name }))
    workbench.open({ sql: '' })
    await queryClient.invalidateQueries({ queryKey: ['queries'], exact: true })
  }

  function save(): void {
    if (!maySave(me) || workbench.sql.trim() === '' || (saved !== undefined && !edited)) return
    if (saved === undefined || !mayChange(me, saved)) setAsking(true)
    else void saveAs(saved, false).catch((error: unknown) => say(messageOf(error), true))
  }

  useSaveKey(save)
  return {
    isEdited: edited,
    isAsking,
    save,
    ask: () => setAsking(true),
    stopAsking: () => setAsking(false),
    saveAs,
    remove,
  }
}

/** The browser's own "save page" is never what is meant here. */
function useSaveKey(save: () => void): void {
  const latest = useRef(save)
  latest.current = save
  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      if (!(event.metaKey || event.ctrlKey) || event.key.toLowerCase() !== 's') return
      event.preventDefault()
      latest.current()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}
