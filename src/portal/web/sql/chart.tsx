// Lines or bars of a result, as SVG. Who can't see it reads the last points as a table.
import { useMemo, useState } from 'react'

import type { QueryRows } from '../asking/run-query.ts'
import { Empty, Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { type ChartData, chartData, guessAlong, heightAt, linePath, pointsMax, ticksOf } from './chart-data.ts'
import { shortText } from './cells.ts'
import { sqlWords } from './words.ts'

const field = { width: 900, height: 280, left: 64, bottom: 24, top: 8 }
const readPointsMax = 12
const colours = [
  'var(--color-accent)',
  'var(--color-warn)',
  'var(--color-good)',
  'var(--color-bad)',
  'var(--color-muted)',
]
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 })

export function Chart({ rows }: { readonly rows: QueryRows }) {
  const t = useWords(sqlWords)
  const [kind, setKind] = useState<'line' | 'bar'>('line')
  const [chosen, setChosen] = useState<string | undefined>()
  const guess = guessAlong(rows)
  const along = chosen === undefined || rows.columns[Number(chosen)] === undefined ? guess : Number(chosen)
  const data = useMemo(() => chartData(rows, along), [rows, along])
  const label = t('sql.chart-label', {
    series: data?.series.map(({ name }) => name).join(', ') ?? '',
    x: data?.along ?? '',
  })
  return (
    <div className="grid h-full grid-rows-[auto_1fr] overflow-auto p-3">
      <div className="flex items-center gap-2">
        <Select
          label={t('sql.chart-kind')}
          value={kind}
          options={[
            { value: 'line', text: t('sql.chart-line') },
            { value: 'bar', text: t('sql.chart-bar') },
          ]}
          choose={setKind}
        />
        <Select
          label={t('sql.chart-x')}
          value={String(along)}
          options={rows.columns.map(({ name }, index) => ({ value: String(index), text: name }))}
          choose={setChosen}
        />
        {data?.isCut === true && <p className="text-muted">{t('sql.chart-cut', { count: pointsMax })}</p>}
      </div>
      {data === undefined ? (
        <Empty title={t('sql.chart-none')} />
      ) : (
        <figure aria-label={label} className="min-h-64">
          <Legend data={data} />
          <Drawing data={data} kind={kind} />
          <LastPoints data={data} />
        </figure>
      )}
    </div>
  )
}

function Legend({ data }: { readonly data: ChartData }) {
  return (
    <ul className="flex gap-4 py-2">
      {data.series.map(({ name }, index) => (
        <li key={name} className="flex items-center gap-1.5">
          <span aria-hidden className="size-2 rounded-full" style={{ background: colours[index] }} />
          {name}
        </li>
      ))}
    </ul>
  )
}

function Drawing({ data, kind }: { readonly data: ChartData; readonly kind: 'line' | 'bar' }) {
  const width = field.width - field.left
  const height = field.height - field.bottom - field.top
  const { labels } = data
  return (
    <svg viewBox={`0 0 ${field.width} ${field.height}`} className="max-h-[60vh] w-full" aria-hidden>
      <g transform={`translate(${field.left} ${field.top})`} fontSize="11" fill="var(--color-muted)">
        {ticksOf(data.low, data.high).map((tick) => (
          <g key={tick} transform={`translate(0 ${heightAt(data, tick) * height})`}>
            <line x2={width} stroke="var(--color-line)" />
            <text x={-8} dy="0.32em" textAnchor="end">
              {short.format(tick)}
            </text>
          </g>
        ))}
        {kind === 'line' ? (
          <Lines data={data} width={width} height={height} />
        ) : (
          <Bars data={data} width={width} height={height} />
        )}
        <text y={height + 18}>{shortText(labels[0] ?? '')}</text>
        <text y={height + 18} x={width} textAnchor="end">
          {labels.length > 1 ? shortText(labels.at(-1) ?? '') : ''}
        </text>
      </g>
    </svg>
  )
}

interface MarksProps {
  readonly data: ChartData
  readonly width: number
  readonly height: number
}

function Lines({ data, width, height }: MarksProps) {
  return data.series.map((series, index) => (
    <path
      key={series.name}
      d={linePath(data, series, width, height)}
      fill="none"
      stroke={colours[index]}
      strokeWidth="1.75"
      strokeLinejoin="round"
    />
  ))
}

function Bars({ data, width, height }: MarksProps) {
  const slot = width / data.labels.length
  const bar = (slot * 0.8) / data.series.length
  const zero = heightAt(data, 0) * height
  return data.series.map(({ name, values }, index) => (
    <g key={name} fill={colours[index]}>
      {values.map((value, row) => {
        if (value === undefined) return null
        const y = heightAt(data, value) * height
        return (
          <rect
            // Rows have no other name than their place.
            key={`${name} ${String(row)}`}
            x={row * slot + slot * 0.1 + index * bar}
            y={Math.min(y, zero)}
            width={bar}
            height={Math.abs(zero - y)}
          >
            <title>{`${data.labels[row] ?? ''}: ${String(value)}`}</title>
          </rect>
        )
      })}
    </g>
  ))
}

function LastPoints({ data }: { readonly data: ChartData }) {
  const from = Math.max(0, data.labels.length - readPointsMax)
  return (
    <table className="sr-only">
      <thead>
        <tr>
          <th scope="col">{data.along}</th>
          {data.series.map(({ name }) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {data.labels.slice(from).map((label, index) => (
          <tr key={`${label} ${String(index)}`}>
            <th scope="row">{label}</th>
            {data.series.map(({ name, values }) => (
              <td key={name}>{values[from + index] ?? ''}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
