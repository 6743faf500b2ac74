// The state of an alert, in a colour and a word.
import type { AlertAnswer } from '../../api/alert-answers.ts'
import { useLanguage, useWords } from '../words/words.ts'
import { alertWords } from './words.ts'

const tones = { ok: 'text-good', pending: 'text-warn', firing: 'text-bad', unknown: 'text-warn' } as const

export function StateMark({ alert }: { readonly alert: Pick<AlertAnswer, 'state' | 'isEnabled' | 'mutedUntil'> }) {
  const t = useWords(alertWords)
  const moment = useMoment()
  const { state, isEnabled, mutedUntil } = alert
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      <StateWord state={isEnabled ? state : 'paused'} />
      {mutedUntil !== null && <span className="text-muted">{t('alerts.muted', { time: moment(mutedUntil) })}</span>}
    </span>
  )
}

export function StateWord({ state }: { readonly state: AlertAnswer['state'] | 'paused' }) {
  const t = useWords(alertWords)
  return (
    <span className={`inline-flex items-center gap-1.5 ${state === 'paused' ? 'text-muted' : tones[state]}`}>
      <span aria-hidden className="size-1.5 rounded-full bg-current" />
      {t(`alerts.${state}`)}
    </span>
  )
}

export function useMoment(): (time: string) => string {
  const language = useLanguage()
  return (time) => new Date(time).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' })
}
