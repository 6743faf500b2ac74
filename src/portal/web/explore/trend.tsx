// A trend: a line for each series and group, and below it every number.
import { useMemo } from 'react'

import type { ChartData } from '../../../charts/chart.ts'
import type { ExploreSpec, TrendAnswer } from '../../api/answers.ts'
import { DataView } from '../charts/chart-view.tsx'
import { Table } from '../shell/table.tsx'
import { useLanguage, useWords, type Words } from '../words/words.ts'
import type { Open } from './answer.tsx'
import { NumberLink } from './number.tsx'
import { allWords } from './catalogue.ts'

type TrendSpec = Extract<ExploreSpec, { kind: 'trend' }>
type Line = TrendAnswer['lines'][number]

/** As many as there are colours. */
const drawnMax = 8
const rowsMax = 100
const values = new Intl.NumberFormat('en', { maximumFractionDigits: 2 })

interface TrendProps {
  readonly spec: TrendSpec
  readonly answer: TrendAnswer
  readonly names: readonly string[]
  readonly open: Open
}

export function Trend({ spec, answer, names, open }: TrendProps) {
  const t = useWords(allWords)
  const language = useLanguage()
  const nameOf = (line: Line): string => lineName(line, spec, names, t)
  const write = useMemo(() => bucketFormat(spec, language), [spec, language])
  const drawn = useMemo((): ChartData => {
    const all = answer.lines.flatMap((line) => {
      const name = lineName(line, spec, names, t)
      const series = [{ name, values: line.values.map((value) => value ?? undefined) }]
      if (line.before === null) return series
      const before = line.before.map((value) => value ?? undefined)
      return [...series, { name: t('explore.before-line', { name }), values: before }]
    })
    return {
      along: t('explore.when'),
      labels: answer.buckets.map(write),
      timesMs: answer.buckets.map((bucket) => Date.parse(bucket)),
      series: all.slice(0, drawnMax),
      isCut: all.length > drawnMax,
    }
  }, [answer, spec, names, t, write])
  const first = Math.max(0, answer.buckets.length - rowsMax)
  return (
    <>
      <div className="rounded-md border border-line bg-card p-3">
        <DataView
          data={drawn}
          chart={{ kind: 'line', zone: spec.zone }}
          height={300}
          label={answer.lines.map(nameOf).join(', ')}
        />
      </div>
      <Table
        label={t('explore.kind-trend')}
        columns={[
          { name: 'when', text: t('explore.when') },
          ...answer.lines.flatMap((line, index) => [
            { name: `line ${index}`, text: nameOf(line), isRight: true },
            ...(line.before === null
              ? []
              : [{ name: `before ${index}`, text: t('explore.before-line', { name: nameOf(line) }), isRight: true }]),
          ]),
        ]}
      >
        {answer.buckets
          .slice(first)
          .map((bucket, index) => (
            <BucketRow
              key={bucket}
              bucket={bucket}
              text={write(bucket)}
              at={first + index}
              lines={answer.lines}
              open={open}
            />
          ))
          .toReversed()}
      </Table>
      {first > 0 && (
        <p className="text-muted">{t('explore.newest-only', { shown: rowsMax, count: answer.buckets.length })}</p>
      )}
    </>
  )
}

interface BucketRowProps {
  readonly bucket: string
  readonly text: string
  readonly at: number
  readonly lines: readonly Line[]
  readonly open: Open
}

function BucketRow({ bucket, text, at, lines, open }: BucketRowProps) {
  return (
    <tr className="border-t border-line">
      <th scope="row" className="px-3 py-1 font-normal whitespace-nowrap">
        {text}
      </th>
      {lines.map(({ series, group, values: own, before }) => {
        const value = own[at] ?? null
        const earlier = before?.[at] ?? null
        const key = JSON.stringify([series, group])
        const number = (
          <td key={key} className="px-3 py-0.5 text-right">
            {value === null ? (
              '–'
            ) : (
              <NumberLink cell={{ of: 'trend', series, bucket, group }} open={open} value={value}>
                {values.format(value)}
              </NumberLink>
            )}
          </td>
        )
        if (before === null) return number
        return [
          number,
          <td key={`before ${key}`} className="px-3 py-0.5 text-right text-muted">
            {earlier === null ? '–' : values.format(earlier)}
          </td>,
        ]
      })}
    </tr>
  )
}

function lineName({ series, group }: Line, spec: TrendSpec, names: readonly string[], t: Words<keyof typeof allWords>) {
  const asked = spec.series[series]
  const name = names[series] ?? asked?.event.table ?? ''
  const measure = asked?.measure ?? { kind: 'events' as const }
  const what = t(`explore.measure-${measure.kind}`) + ('property' in measure ? ` ${measure.property}` : '')
  const whole = measure.kind === 'events' ? name : `${name} · ${what}`
  if (spec.breakdown === undefined) return whole
  const grouped = groupText(group, t, spec.breakdown)
  return spec.series.length === 1 && measure.kind === 'events' ? grouped : `${whole} · ${grouped}`
}

export function groupText(
  group: string | null,
  t: Words<keyof typeof allWords>,
  breakdown: TrendSpec['breakdown'],
): string {
  if (breakdown !== undefined && 'cohort' in breakdown) return t(`explore.group-${group === 'in' ? 'in' : 'out'}`)
  return group === null ? t('explore.others') : group === '' ? t('explore.no-value') : group
}

function bucketFormat({ interval, zone }: TrendSpec, language: string): (bucket: string) => string {
  const format = new Intl.DateTimeFormat(language, {
    timeZone: zone,
    year: 'numeric',
    month: 'short',
    ...(interval === 'month' ? {} : { day: 'numeric' }),
    ...(interval === 'day' ? { weekday: 'short' } : {}),
    ...(interval === 'hour' ? { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } : {}),
  })
  return (bucket) => format.format(new Date(bucket))
}
