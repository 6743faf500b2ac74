// A schedule over days that are past: what it would cost first, then the runs.
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'

import type { BackfillAnswer, ScheduleAnswer } from '../../api/job-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { Button } from '../shell/parts.tsx'
import { say } from '../shell/toast.tsx'
import { formatBytes, formatCount, formatDollars } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { DayGrid } from './day-grid.tsx'
import { Field, Input, Section } from './parts.tsx'
import { timeIn } from './when.ts'
import { schedulesWords } from './words.ts'

const dayMs = 86_400_000
const firstDays = 28

export function Backfill({ schedule }: { readonly schedule: ScheduleAnswer }) {
  const { id, zone, target } = schedule
  const t = useWords(schedulesWords)
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  const [days, setDays] = useState(() => ({ from: dayBefore(firstDays), to: dayBefore(1) }))
  const [cost, setCost] = useState<BackfillAnswer | undefined>()
  const [wrong, setWrong] = useState('')
  const [isAsking, setAsking] = useState(false)

  async function ask(dryRun: boolean): Promise<void> {
    setWrong('')
    setAsking(true)
    try {
      const answer = await call('POST /api/schedules/:id/backfill', { params: { id }, body: { ...days, dryRun } })
      setCost(dryRun ? answer : undefined)
      if (!dryRun) {
        say(t('schedules.fill-done', { runs: formatCount(answer.runs) }))
        await queryClient.invalidateQueries({ queryKey: ['schedules', id] })
        await navigate({ to: '/schedules/$id', params: { id }, search: {} })
      }
    } catch (error) {
      setWrong(messageOf(error))
    }
    setAsking(false)
  }
  function edit(part: Partial<typeof days>): void {
    setDays({ ...days, ...part })
    // What was told was about other days.
    setCost(undefined)
  }

  if (target.mode === 'replace') return <p className="text-muted">{t('schedules.fill-replace')}</p>
  return (
    <Section title={t('schedules.tab-backfill')}>
      <p className="text-muted">{t('schedules.fill-text')}</p>
      <form
        className="flex flex-wrap items-end gap-3"
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          void ask(true)
        }}
      >
        <Field label={t('schedules.from')}>
          <Input type="date" required value={days.from} change={(from) => edit({ from })} />
        </Field>
        <Field label={t('schedules.to')}>
          <Input type="date" required min={days.from} value={days.to} change={(to) => edit({ to })} />
        </Field>
        <Button type="submit" disabled={isAsking}>
          {t('schedules.fill-ask')}
        </Button>
      </form>
      <DayGrid schedule={schedule} from={days.from} to={days.to} />
      <p role="alert" className="text-bad empty:hidden">
        {wrong}
      </p>
      <div role="status" className="grid justify-items-start gap-2 empty:hidden">
        {cost !== undefined && <Cost cost={cost} zone={zone} />}
        {cost !== undefined && cost.runs > 0 && (
          <Button isPrimary disabled={isAsking} onClick={() => void ask(false)}>
            {t('schedules.fill-run', { runs: formatCount(cost.runs) })}
          </Button>
        )}
      </div>
    </Section>
  )
}

function Cost({ cost, zone }: { readonly cost: BackfillAnswer; readonly zone: string }) {
  const t = useWords(schedulesWords)
  const { runs, first = '', last = '', bytes, dollars, leftOut } = cost
  return (
    <p className="tabular-nums">
      {runs === 0
        ? t('schedules.fill-none')
        : t('schedules.fill-told', {
            runs: formatCount(runs),
            first: timeIn(first, zone),
            last: timeIn(last, zone),
            bytes: formatBytes(bytes),
            dollars: formatDollars(dollars),
          })}
      {leftOut > 0 && ` ${t('schedules.fill-left', { count: formatCount(leftOut) })}`}
    </p>
  )
}

function dayBefore(days: number): string {
  return new Date(Date.now() - days * dayMs).toLocaleDateString('sv-SE')
}
