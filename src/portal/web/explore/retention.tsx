// Retention: a line of all cohorts together, and below it each cohort, the darker the more came back.
import { type ReactNode, useMemo } from 'react'

import type { ChartData } from '../../../charts/chart.ts'
import type { ExploreSpec, RetentionAnswer } from '../../api/answers.ts'
import { DataView } from '../charts/chart-view.tsx'
import { Empty } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { formatCount } from '../words/numbers.ts'
import { useLanguage, useWords } from '../words/words.ts'
import type { Open } from './answer.tsx'
import { NumberLink, shareText } from './number.tsx'
import { type Overall, overallOf } from './overall.ts'
import { allWords } from './catalogue.ts'

type RetentionSpec = Extract<ExploreSpec, { kind: 'retention' }>
type Cohort = RetentionAnswer['cohorts'][number]

/** So much of the accent's colour at most: text on it stays readable in both themes. */
const depthMax = 45

interface RetentionProps {
  readonly spec: RetentionSpec
  readonly answer: RetentionAnswer
  readonly open: Open
}

export function Retention({ spec, answer: { cohorts }, open }: RetentionProps) {
  const t = useWords(allWords)
  const language = useLanguage()
  const overall = useMemo(() => overallOf(cohorts, spec.periods), [cohorts, spec.periods])
  const write = useMemo(() => {
    const format = new Intl.DateTimeFormat(language, { timeZone: 'UTC', dateStyle: 'medium' })
    return (day: string) => format.format(new Date(`${day}T00:00:00Z`))
  }, [language])
  const people = cohorts.reduce((sum, cohort) => sum + cohort.people, 0)
  if (people === 0)
    return (
      <Empty title={t('explore.none-began')}>
        <p>{t('explore.nobody-text')}</p>
      </Empty>
    )
  const unit = t(`explore.interval-${spec.interval}`)
  const data: ChartData = {
    along: unit,
    labels: overall.map((_one, index) => `${unit} ${index + 1}`),
    series: [{ name: t('explore.back-share'), values: overall.map(shareOf) }],
    isCut: false,
  }
  const periods = Array.from({ length: spec.periods }, (_none, index) => index + 1)
  return (
    <>
      <div className="rounded-md border border-line bg-card p-3">
        <DataView data={data} chart={{ kind: 'line', format: 'percent' }} height={220} label={t('explore.curve')} />
      </div>
      <Table
        label={t('explore.kind-retention')}
        columns={[
          { name: 'cohort', text: t('explore.cohort') },
          { name: 'people', text: t('explore.reached'), isRight: true },
          ...periods.map((period) => ({ name: `period ${period}`, text: String(period), isRight: true })),
        ]}
      >
        <tr className="border-t border-line font-medium">
          <th scope="row" className="px-3 py-1 font-medium">
            {t('explore.all-cohorts')}
          </th>
          <td className="px-3 py-0.5 text-right">{formatCount(people)}</td>
          {overall.map((one, index) => (
            <Shade key={periods[index]} share={shareOf(one)}>
              {one.people === 0 ? '' : shareText(one.back, one.people)}
            </Shade>
          ))}
        </tr>
        {cohorts.map((cohort) => (
          <CohortRow key={cohort.day} cohort={cohort} text={write(cohort.day)} open={open} />
        ))}
      </Table>
      {cohorts.some(({ back, periodsOver }) => back.findLastIndex((one) => one !== null) >= periodsOver) && (
        <p className="text-muted">{t('explore.still-open')}</p>
      )}
    </>
  )
}

function shareOf({ back, people }: Overall): number | undefined {
  return people === 0 ? undefined : back / people
}

interface CohortRowProps {
  readonly cohort: Cohort
  readonly text: string
  readonly open: Open
}

function CohortRow({ cohort: { day, people, back, periodsOver }, text, open }: CohortRowProps) {
  return (
    <tr className="border-t border-line">
      <th scope="row" className="px-3 py-1 font-normal whitespace-nowrap">
        {text}
      </th>
      <td className="px-3 py-0.5 text-right">
        <NumberLink cell={{ of: 'retention', day, period: 0 }} open={open} value={people}>
          {formatCount(people)}
        </NumberLink>
      </td>
      {back.map((count, index) => {
        const period = index + 1
        if (count === null || people === 0) return <td key={period} />
        return (
          <Shade key={period} share={count / people} title={`${formatCount(count)} / ${formatCount(people)}`}>
            <NumberLink cell={{ of: 'retention', day, period }} open={open} value={count}>
              {shareText(count, people)}
              {index >= periodsOver && '*'}
            </NumberLink>
          </Shade>
        )
      })}
    </tr>
  )
}

interface ShadeProps {
  readonly share: number | undefined
  readonly title?: string
  readonly children: ReactNode
}

function Shade({ share = 0, title, children }: ShadeProps) {
  const depth = Math.round(share * depthMax)
  const background = `color-mix(in srgb, var(--color-accent) ${depth}%, var(--color-card))`
  return (
    <td className="px-2 py-0.5 text-right whitespace-nowrap" title={title} style={{ background }}>
      {children}
    </td>
  )
}
