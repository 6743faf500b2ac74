// The runs of a schedule, newest first: what each was run with, what it wrote, and what went wrong.
import { useQueryClient } from '@tanstack/react-query'

import type { RunAnswer, ScheduleAnswer } from '../../api/job-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { isOpen } from '../asking/schedules.ts'
import { Button } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { say } from '../shell/toast.tsx'
import { formatBytes, formatCount, formatDuration } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { RunState, valuesText } from './parts.tsx'
import { timeIn } from './when.ts'
import { schedulesWords } from './words.ts'

const causes = ['manual', 'backfill', 'lookback'] as const

export function Runs({ schedule, runs }: { readonly schedule: ScheduleAnswer; readonly runs: readonly RunAnswer[] }) {
  const t = useWords(schedulesWords)
  const columns = [
    ...(['state', 'due', 'values'] as const).map((name) => ({ name, text: t(`schedules.${name}`) })),
    ...(['rows', 'bytes', 'took'] as const).map((name) => ({ name, text: t(`schedules.${name}`), isRight: true })),
  ]
  return (
    <Table label={t('schedules.tab-runs')} columns={columns}>
      {runs.map((run) => (
        <Row key={run.id} run={run} schedule={schedule} />
      ))}
    </Table>
  )
}

function Row({ run, schedule: { id, zone } }: { readonly run: RunAnswer; readonly schedule: ScheduleAnswer }) {
  const t = useWords(schedulesWords)
  const { state, runTime, values, set, rows, bytes, startedAt, endedAt, error, warnings = [], triedAgainAt } = run
  const cause = causes.find((one) => run.cause.startsWith(one))
  const due = timeIn(runTime, zone)
  const told = [...(error === undefined ? [] : [error.message]), ...warnings]
  return (
    <tr className="border-t border-line align-top">
      <td className="px-3 py-2">
        <RunState state={state} />
        {isOpen(run) && <Cancel schedule={id} run={run.id} due={due} />}
      </td>
      <td className="px-3 py-2 whitespace-nowrap">
        <time dateTime={runTime}>{due}</time>
        {cause !== undefined && <span className="block text-muted">{t(`schedules.cause-${cause}`)}</span>}
        {triedAgainAt !== undefined && (
          <span className="block text-muted">{t('schedules.again-at', { time: timeIn(triedAgainAt, zone) })}</span>
        )}
      </td>
      <td className="max-w-96 min-w-40 px-3 py-2">
        <span className="font-mono text-xs break-words">{valuesText(values ?? set ?? {})}</span>
        {told.map((text) => (
          <span key={text} className={`block break-words ${error === undefined ? 'text-warn' : 'text-bad'}`}>
            {text}
          </span>
        ))}
      </td>
      <td className="px-3 py-2 text-right">{rows === undefined ? '–' : formatCount(rows)}</td>
      <td className="px-3 py-2 text-right whitespace-nowrap">{bytes === undefined ? '–' : formatBytes(bytes)}</td>
      <td className="px-3 py-2 text-right whitespace-nowrap">
        {startedAt === undefined || endedAt === undefined
          ? '–'
          : formatDuration(Date.parse(endedAt) - Date.parse(startedAt))}
      </td>
    </tr>
  )
}

function Cancel({ schedule, run, due }: { readonly schedule: string; readonly run: string; readonly due: string }) {
  const t = useWords(schedulesWords)
  const queryClient = useQueryClient()
  async function cancel(): Promise<void> {
    try {
      await call('POST /api/schedules/:id/runs/:run/cancel', { params: { id: schedule, run } })
    } catch (error) {
      say(messageOf(error), true)
    }
    await queryClient.invalidateQueries({ queryKey: ['schedules', schedule] })
  }
  return (
    <Button className="mt-1" aria-label={t('schedules.cancel-one', { time: due })} onClick={() => void cancel()}>
      {t('schedules.cancel-run')}
    </Button>
  )
}
