// What the pages of schedules are made of: sections, fields with a label, states of runs, and runs to come.
import type { InputHTMLAttributes, ReactNode } from 'react'

import type { JsonValue, NextRun, RunAnswer } from '../../api/job-answers.ts'
import { fieldClass } from '../shell/parts.tsx'
import { textOfValue } from '../sql/parameters.ts'
import { formatBytes, formatDollars } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { timeIn } from './when.ts'
import { schedulesWords } from './words.ts'

interface SectionProps {
  readonly title: string
  /** Beside the title. */
  readonly aside?: ReactNode
  readonly children: ReactNode
}

export function Section({ title, aside, children }: SectionProps) {
  return (
    <section
      aria-label={title}
      className="grid grid-cols-1 content-start gap-3 rounded-md border border-line bg-card p-4"
    >
      <div className="flex justify-between gap-3">
        <h3 className="font-medium">{title}</h3>
        {aside}
      </div>
      {children}
    </section>
  )
}

export function Field({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <label className="grid content-start gap-1">
      <span className="text-muted">{label}</span>
      {children}
    </label>
  )
}

type InputProps = Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange'> & {
  readonly change: (value: string) => void
}

export function Input({ change, className = '', ...rest }: InputProps) {
  return (
    <input
      autoComplete="off"
      spellCheck={false}
      className={`${fieldClass} ${className}`}
      onChange={({ target }) => change(target.value)}
      {...rest}
    />
  )
}

export const dots = {
  queued: 'bg-muted',
  running: 'bg-accent',
  done: 'bg-good',
  failed: 'bg-bad',
  skipped: 'bg-warn',
} as const

export function RunState({ state }: { readonly state: RunAnswer['state'] }) {
  const t = useWords(schedulesWords)
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <span aria-hidden className={`size-2 rounded-full ${dots[state]}`} />
      {t(`schedules.run-${state}`)}
    </span>
  )
}

/** The run's time stands beside them anyway; what every run is given counts where nothing else is. */
export function valuesText(values: Readonly<Record<string, JsonValue>>): string {
  const own = Object.entries(values).filter(([name]) => name !== 'run_time' && name !== 'run_date')
  return (own.length > 0 ? own : Object.entries(values).filter(([name]) => name === 'run_date'))
    .map(([name, value]) => `${name} = ${value === null ? 'NULL' : textOfValue(value)}`)
    .join(', ')
}

const setsShownMax = 3

interface AheadProps {
  readonly next: readonly NextRun[]
  readonly runsAMonth: number
  readonly bytesAMonth: number
  readonly dollarsAMonth: number
  readonly zone: string
}

/** The next runs with what they are run with, and what a month of them costs. */
export function Ahead({ next, runsAMonth, bytesAMonth, dollarsAMonth, zone }: AheadProps) {
  const t = useWords(schedulesWords)
  if (next.length === 0) return <p>{t('schedules.ahead-none')}</p>
  return (
    <>
      <ol className="grid gap-2" aria-label={t('schedules.ahead')}>
        {next.map(({ runTime, values, bytes, dollars }) => (
          <li key={runTime} className="grid gap-0.5 border-l-2 border-accent pl-2">
            <span className="flex flex-wrap gap-x-3 tabular-nums">
              <time dateTime={runTime} className="font-medium">
                {timeIn(runTime, zone)}
              </time>
              <span className="text-muted">
                {formatBytes(bytes)} · {formatDollars(dollars)}
              </span>
            </span>
            {values.slice(0, setsShownMax).map((set, index) => (
              <span key={index} className="font-mono text-xs break-words text-muted">
                {valuesText(set)}
              </span>
            ))}
            {values.length > setsShownMax && (
              <span className="text-muted">{t('schedules.sets', { count: values.length })}</span>
            )}
          </li>
        ))}
      </ol>
      <p className="tabular-nums">
        {t('schedules.month', {
          runs: runsAMonth,
          bytes: formatBytes(bytesAMonth),
          dollars: formatDollars(dollarsAMonth),
        })}
      </p>
    </>
  )
}
