// A chart of a result, and the controls that choose its kind and columns.
import { useMemo } from 'react'

import { isNumeric, shortText } from '../../../charts/cells.ts'
import type { Chart, ChartData, ChartRows, Datum } from '../../../charts/chart.ts'
import { chartKinds, numberFormats } from '../../../charts/chart.ts'
import { chartDataOf, guessAlong } from '../../../charts/data.ts'
import { drawData } from '../../../charts/draw.ts'
import { formatNumber } from '../../../charts/format.ts'
import { Empty, Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { DrawingView, Sized } from './drawing-view.tsx'
import { chartWords } from './words.ts'

const readRowsMax = 12

interface ChartViewProps {
  readonly rows: ChartRows
  readonly chart: Chart
  readonly height: number
  readonly title?: string
  readonly pick?: ((datum: Datum, data: ChartData) => void) | undefined
}

/** A table is none of its kinds here: pages have better ones. */
export function ChartView({ rows, chart, height, title, pick }: ChartViewProps) {
  const t = useWords(chartWords)
  const data = useMemo(() => chartDataOf(rows, chart), [rows, chart])
  if (data === undefined) return <Empty title={t('chart.none')} />
  const names = data.series.map(({ name }) => name).join(', ')
  return (
    <DataView
      data={data}
      chart={chart}
      height={height}
      label={title ?? t('chart.label', { series: names, x: data.along })}
      pick={pick}
    />
  )
}

interface DataViewProps extends Omit<ChartViewProps, 'rows' | 'title'> {
  readonly data: ChartData
  readonly label: string
}

export function DataView({ data, chart, height, label, pick }: DataViewProps) {
  const t = useWords(chartWords)
  const kind = chart.kind === 'table' ? 'line' : chart.kind
  return (
    <figure aria-label={label} className="m-0">
      <Sized height={height}>
        {(size) => (
          <DrawingView
            drawing={drawData(data, { ...chart, kind }, size, label)}
            pick={pick === undefined ? undefined : (datum) => pick(datum, data)}
          />
        )}
      </Sized>
      {data.isCut && <p className="text-muted">{t('chart.cut')}</p>}
      <LastRows data={data} chart={chart} />
    </figure>
  )
}

/** For whoever can't see it. */
function LastRows({ data: { along, labels, series }, chart }: Pick<DataViewProps, 'data' | 'chart'>) {
  const first = Math.max(0, labels.length - readRowsMax)
  return (
    <table className="sr-only">
      <thead>
        <tr>
          <th scope="col">{along}</th>
          {series.map(({ name }) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {labels.slice(first).map((label, index) => (
          <tr key={`${label} ${String(index)}`}>
            <th scope="row">{shortText(label)}</th>
            {series.map(({ name, values }) => {
              const value = values[first + index]
              return <td key={name}>{value === undefined ? '' : formatNumber(value, chart.format)}</td>
            })}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

interface ChartControlsProps {
  readonly columns: ChartRows['columns']
  readonly chart: Chart
  readonly change: (chart: Chart) => void
  /** A page with a table of its own offers none. */
  readonly offersTable?: boolean
}

const none = ''

export function ChartControls({ columns, chart, change, offersTable = false }: ChartControlsProps) {
  const t = useWords(chartWords)
  const names = columns.map(({ name }) => ({ value: name, text: name }))
  const along = chart.along ?? columns[guessAlong({ columns, values: [], count: 0 })]?.name ?? none
  const texts = columns.filter(({ name, type }) => name !== along && !isNumeric(type))
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Select
        label={t('chart.kind')}
        value={chart.kind}
        options={chartKinds
          .filter((kind) => offersTable || kind !== 'table')
          .map((kind) => ({ value: kind, text: t(`chart.${kind}`) }))}
        choose={(kind) => change({ ...chart, kind })}
      />
      {chart.kind !== 'table' && (
        <>
          <Select
            label={t('chart.along')}
            value={along}
            options={names}
            choose={(name) => change({ ...chart, along: name })}
          />
          {texts.length > 0 && (
            <Select
              label={t('chart.split')}
              value={chart.split ?? none}
              options={[
                { value: none, text: t('chart.no-split') },
                ...texts.map(({ name }) => ({ value: name, text: t('chart.split-by', { column: name }) })),
              ]}
              choose={(name) => change({ ...chart, split: name === none ? undefined : name })}
            />
          )}
          <Select
            label={t('chart.format')}
            value={chart.format ?? 'plain'}
            options={numberFormats.map((format) => ({ value: format, text: t(`chart.format-${format}`) }))}
            choose={(format) => change({ ...chart, format: format === 'plain' ? undefined : format })}
          />
          {(chart.kind === 'bar' || chart.kind === 'area') && (
            <label className="flex min-h-7 items-center gap-1.5">
              <input
                type="checkbox"
                checked={chart.isStacked ?? chart.kind === 'area'}
                onChange={({ target }) => change({ ...chart, isStacked: target.checked })}
              />
              {t('chart.stacked')}
            </label>
          )}
        </>
      )}
    </div>
  )
}
