// How it stands with each of some days: which ran, which failed, which have no run at all.
import type { RunAnswer, ScheduleAnswer } from '../../api/job-answers.ts'
import { useRuns } from '../asking/schedules.ts'
import { useWords } from '../words/words.ts'
import { dots } from './parts.tsx'
import { daysBetween, statesOfDays } from './results.ts'
import { schedulesWords } from './words.ts'

const runsReadMax = 5_000
const daysShownMax = 400

interface GridProps {
  readonly schedule: ScheduleAnswer
  readonly from: string
  readonly to: string
}

export function DayGrid({ schedule: { id, zone }, from, to }: GridProps) {
  const t = useWords(schedulesWords)
  const { data: runs = [] } = useRuns(id, runsReadMax)
  const days = daysBetween(from, to, daysShownMax)
  const states = statesOfDays(runs, zone)
  if (days.length === 0) return null
  const seen = new Set(days.map((day) => states.get(day)))
  return (
    <figure className="grid gap-2">
      <ol aria-label={t('schedules.fill-days')} className="flex flex-wrap gap-1">
        {days.map((day) => {
          const told = `${day}: ${stateText(states.get(day))}`
          return (
            <li key={day} title={told} className={`size-4 rounded-sm border ${toneOf(states.get(day))}`}>
              <span className="sr-only">{told}</span>
            </li>
          )
        })}
      </ol>
      <figcaption aria-hidden className="flex flex-wrap gap-4 text-muted">
        {[...seen].map((state) => (
          <span key={state ?? ''} className="inline-flex items-center gap-1.5">
            <span className={`size-3 rounded-sm border ${toneOf(state)}`} />
            {stateText(state)}
          </span>
        ))}
      </figcaption>
    </figure>
  )

  function stateText(state: RunAnswer['state'] | undefined): string {
    return state === undefined ? t('schedules.run-none') : t(`schedules.run-${state}`)
  }
}

function toneOf(state: RunAnswer['state'] | undefined): string {
  return state === undefined ? 'border-line bg-sunken' : `border-transparent ${dots[state]}`
}
