// The last dead letters and their way back in.
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import type { DeadLetterAnswer } from '../../api/answers.ts'
import { askRaw, messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { Button } from '../shell/parts.tsx'
import { say } from '../shell/toast.tsx'
import { formatCount } from '../words/numbers.ts'
import { useWords, type Words } from '../words/words.ts'
import { Json } from './events.tsx'
import { pipelinesWords } from './words.ts'

const shownMax = 20

/** `quarantined`: what the ledger counts; the list is read again when it grows. */
export function Letters({ quarantined }: { readonly quarantined: number }) {
  const t = useWords(pipelinesWords)
  const { data: letters } = useQuery({
    queryKey: ['dead-letters', quarantined],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      (await call('GET /api/dead-letters', { query: { limit: shownMax }, signal })).deadLetters,
  })
  return (
    <section id="dead-letters" aria-label={t('pipelines.letters')} className="grid gap-2">
      <h3 className="font-medium">{t('pipelines.letters')}</h3>
      <p className="text-muted">{t('pipelines.letters-text')}</p>
      <ul className="rounded-md border border-line bg-card">
        {letters?.map((letter) => (
          <Letter key={letter.id} letter={letter} />
        ))}
        {letters?.length === 0 && <li className="p-6 text-center text-muted">{t('pipelines.no-letters')}</li>}
      </ul>
    </section>
  )
}

function Letter({ letter }: { readonly letter: DeadLetterAnswer }) {
  const t = useWords(pipelinesWords)
  const queryClient = useQueryClient()
  const [isOpen, setOpen] = useState(false)
  const [isRunning, setRunning] = useState(false)
  const { id, source, reason, receivedAt, events, raw, problems } = letter

  async function replay(): Promise<void> {
    setRunning(true)
    try {
      const why = await replayLetter(id, t)
      if (why === undefined) say(t('pipelines.replayed'))
      else say(t('pipelines.not-replayed', { why }), true)
    } catch (error) {
      say(t('pipelines.not-replayed', { why: messageOf(error) }), true)
    }
    setRunning(false)
    await queryClient.invalidateQueries({ queryKey: ['dead-letters'] })
  }

  return (
    <li className="grid gap-1 border-line p-2 not-first:border-t">
      <div className="flex flex-wrap items-center gap-3">
        <button
          type="button"
          aria-expanded={isOpen}
          className="min-h-6 rounded px-1 font-mono text-xs hover:bg-sunken"
          onClick={() => setOpen(!isOpen)}
        >
          {receivedAt.slice(0, 19)}
        </button>
        <code className="font-mono text-xs text-bad">{reason}</code>
        <bdi className="truncate">{source || '–'}</bdi>
        {events > 1 && (
          <span className="text-muted">{t('pipelines.letter-events', { count: formatCount(events) })}</span>
        )}
        <span className="ml-auto">
          <Button
            disabled={isRunning}
            aria-label={t('pipelines.replay-one', { source, reason })}
            onClick={() => void replay()}
          >
            {t('pipelines.replay')}
          </Button>
        </span>
      </div>
      {isOpen && problems.length > 0 && (
        <ul className="font-mono text-xs text-bad">
          {problems.map((problem) => (
            <li key={problem}>
              <bdi>{problem}</bdi>
            </li>
          ))}
        </ul>
      )}
      {isOpen && <Json text={raw} />}
    </li>
  )
}

/** A replay answers NDJSON: progress, then {"end":{replayed,skipped}} or {"error":{…}}. Returns why it was not, or undefined. */
async function replayLetter(id: string, t: Words<keyof typeof pipelinesWords>): Promise<string | undefined> {
  const text = await (await askRaw('/api/dead-letters/replay', { json: { ids: [id] } })).text()
  const last = JSON.parse(text.trim().split('\n').at(-1) || '{}') as {
    readonly end?: { readonly replayed: number; readonly skipped: readonly { readonly why: string }[] }
    readonly error?: { readonly message: string }
  }
  if (last.error !== undefined) return last.error.message
  if (last.end === undefined) return t('pipelines.broke-off')
  if (last.end.replayed > 0) return undefined
  return last.end.skipped[0]?.why ?? t('pipelines.was-replayed')
}
