// How much happened when, by source. A drag over it chooses a window; who has no pointer writes the window's ends.
import { type PointerEvent, useId, useState } from 'react'

import type { HistogramAnswer } from '../../api/answers.ts'
import { fieldText } from '../shell/form.ts'
import { Button, fieldClass, Select } from '../shell/parts.tsx'
import { formatCount } from '../words/numbers.ts'
import { useLanguage, useWords } from '../words/words.ts'
import { spans, type Span } from './search.ts'
import { fieldTime, formatMoment, formatSpan } from './times.ts'
import { histogramParts } from './use-person.ts'
import { barsOf, partOf, type TimeWindow, windowOf } from './window.ts'
import { peopleWords } from './words.ts'

const height = 56
/** Of the width: half a part. */
const dragMin = 0.005

interface HistogramProps {
  readonly histogram: HistogramAnswer | undefined
  readonly window: TimeWindow
  readonly isChosen: boolean
  readonly span: Span | undefined
  /** That are shown, and the colour of each. */
  readonly colours: ReadonlyMap<string, string>
  readonly choose: (window: TimeWindow | undefined) => void
  readonly reach: (span: Span | undefined) => void
}

export function Histogram({ histogram, window, isChosen, span, colours, choose, reach }: HistogramProps) {
  const t = useWords(peopleWords)
  const language = useLanguage()
  const bars = histogram === undefined ? [] : barsOf(histogram, [...colours.keys()])
  const total = bars.reduce((sum, bar) => sum + bar.total, 0)
  const spanMs = Date.parse(window.to) - Date.parse(window.from)
  return (
    <section aria-label={t('people.histogram')} className="grid gap-1">
      <div className="flex flex-wrap items-center gap-2 text-muted">
        <p className="mr-auto">
          {t('people.histogram-text', { count: formatCount(total), window: formatSpan(spanMs, language) })}
        </p>
        {isChosen ? (
          <Button onClick={() => choose(undefined)}>{t('people.now')}</Button>
        ) : (
          <Select<Span | ''>
            label={t('people.window')}
            value={span ?? ''}
            options={[
              { value: '', text: t('people.window-usual') },
              ...spans.map((value) => ({ value, text: t(`people.window-${value}`) })),
            ]}
            choose={(value) => reach(value === '' ? undefined : value)}
          />
        )}
        <WindowForm key={`${window.from} ${window.to}`} window={window} choose={choose} />
      </div>
      <Bars bars={bars} colours={colours} window={histogram ?? window} choose={choose} />
      <div aria-hidden className="flex justify-between text-xs text-muted tabular-nums">
        <span>{formatMoment(window.from, language)}</span>
        <span>{formatMoment(window.to, language)}</span>
      </div>
    </section>
  )
}

interface BarsProps extends Pick<HistogramProps, 'colours' | 'choose'> {
  readonly bars: ReturnType<typeof barsOf>
  readonly window: TimeWindow
}

function Bars({ bars, colours, window, choose }: BarsProps) {
  const t = useWords(peopleWords)
  const { drag, handlers } = useDrag((start, end) => {
    const part = partOf(window, start, end)
    if (part !== undefined) choose(part)
  })
  return (
    <div
      className="relative cursor-crosshair touch-pan-y rounded-md border border-line bg-card"
      style={{ height: `${height}px` }}
      {...handlers}
    >
      <svg
        role="img"
        aria-label={t('people.histogram')}
        className="size-full"
        preserveAspectRatio="none"
        viewBox={`0 0 100 ${height}`}
      >
        <Stacks bars={bars} colours={colours} />
        {drag !== undefined && (
          <rect
            x={Math.min(drag.start, drag.end) * 100}
            width={Math.abs(drag.end - drag.start) * 100}
            y={0}
            height={height}
            fill="var(--color-accent)"
            opacity="0.2"
          />
        )}
      </svg>
    </div>
  )
}

function Stacks({ bars, colours }: Pick<BarsProps, 'bars' | 'colours'>) {
  const highest = Math.max(1, ...bars.map(({ total }) => total))
  const width = (100 / histogramParts) * 0.85
  return bars.map(({ at, time, stack }) => {
    let ground = height
    return stack.map(({ source, rows }) => {
      // One row is to be seen beside a thousand.
      const size = Math.max(2, (rows / highest) * (height - 6))
      ground -= size
      const key = `${time} ${source}`
      return <rect key={key} x={at * 100} y={ground} width={width} height={size} fill={colours.get(source)} />
    })
  })
}

interface Drag {
  readonly start: number
  readonly end: number
}

/** From 0 to 1 of the element's width. A click without a drag is none. */
function useDrag(done: (start: number, end: number) => void) {
  const [drag, setDrag] = useState<Drag | undefined>()
  function placeOf({ clientX, currentTarget }: PointerEvent): number {
    const { left, width } = currentTarget.getBoundingClientRect()
    return width === 0 ? 0 : (clientX - left) / width
  }
  const handlers = {
    onPointerDown(event: PointerEvent) {
      if (event.button !== 0) return
      event.currentTarget.setPointerCapture(event.pointerId)
      const start = placeOf(event)
      setDrag({ start, end: start })
    },
    onPointerMove(event: PointerEvent) {
      if (drag !== undefined) setDrag({ start: drag.start, end: placeOf(event) })
    },
    onPointerUp() {
      if (drag !== undefined && Math.abs(drag.end - drag.start) > dragMin) done(drag.start, drag.end)
      setDrag(undefined)
    },
    onPointerCancel: () => setDrag(undefined),
  }
  return { drag, handlers }
}

interface WindowFormProps {
  readonly window: TimeWindow
  readonly choose: (window: TimeWindow) => void
}

function WindowForm({ window, choose }: WindowFormProps) {
  const t = useWords(peopleWords)
  const id = useId()
  return (
    <details className="relative">
      <summary className="flex min-h-7 cursor-pointer items-center rounded-md px-2 hover:bg-sunken">
        {t('people.window-choose')}
      </summary>
      <form
        className="absolute right-0 z-10 mt-1 grid gap-2 rounded-md border border-line bg-card p-3 shadow-lg"
        onSubmit={(event) => {
          event.preventDefault()
          const form = event.currentTarget
          const [fromMs = 0, toMs = 0] = ['from', 'to'].map((name) => Date.parse(fieldText(form, name)))
          if (fromMs < toMs) choose(windowOf(fromMs, toMs))
        }}
      >
        {(['from', 'to'] as const).map((name) => (
          <div key={name} className="grid gap-1">
            <label htmlFor={`${id}-${name}`}>{t(`people.${name}`)}</label>
            <input
              id={`${id}-${name}`}
              name={name}
              type="datetime-local"
              step="1"
              required
              className={fieldClass}
              defaultValue={fieldTime(window[name])}
            />
          </div>
        ))}
        <Button type="submit" isPrimary>
          {t('people.show')}
        </Button>
      </form>
    </details>
  )
}
