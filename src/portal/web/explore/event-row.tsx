// One event of a question: which it is, what is counted of it, and which of its rows.
import { lazy, type ReactNode, Suspense, useState } from 'react'

import type { EventPick, Measure } from '../../api/answers.ts'
import { Button, Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { choicesOf, type KnownEvent, textOf } from './events.ts'
import { PropertyField, Typed } from './fields.tsx'
import { filterKinds, plainMeasures, propertyMeasures } from './question.ts'
import { exploreWords } from './words.ts'

// Fetched when somebody opens it.
const EventPicker = lazy(async () => ({ default: (await import('./event-picker.tsx')).EventPicker }))

interface EventRowProps {
  readonly events: readonly KnownEvent[]
  readonly event: EventPick
  /** Its letter or number. */
  readonly at: string
  readonly change: (event: EventPick) => void
  readonly remove: () => void
  readonly moveUp?: (() => void) | undefined
  /** What is counted of it. */
  readonly children?: ReactNode
}

const quietClass = 'min-h-6 min-w-6 rounded px-1 text-muted hover:bg-sunken hover:text-text'

export function EventRow({ events, event, at, change, remove, moveUp, children }: EventRowProps) {
  const t = useWords(exploreWords)
  const [isPicking, setIsPicking] = useState(false)
  const name = textOf(events, event)
  return (
    <li className="grid gap-2 rounded-md border border-line bg-card p-2">
      <div className="flex items-center gap-1.5">
        <span aria-hidden className="w-4 shrink-0 text-center text-muted tabular-nums">
          {at}
        </span>
        <button
          type="button"
          aria-haspopup="dialog"
          aria-label={t('explore.change-event', { at, name })}
          className="min-h-6 min-w-0 flex-1 truncate rounded px-1 text-left font-medium hover:bg-sunken"
          title={`${event.source}.${event.table}`}
          onClick={() => setIsPicking(true)}
        >
          <bdi>{name}</bdi> <span className="font-normal text-muted">{event.source}</span>
        </button>
        {moveUp !== undefined && (
          <button type="button" className={quietClass} aria-label={t('explore.earlier', { name })} onClick={moveUp}>
            ↑
          </button>
        )}
        <button type="button" className={quietClass} aria-label={t('explore.remove-event', { name })} onClick={remove}>
          ✕
        </button>
      </div>
      {children}
      <Filters event={event} name={name} change={(filters) => change({ ...event, filters })} />
      {isPicking && (
        <Suspense>
          <EventPicker
            choices={choicesOf(events)}
            choose={(pick) => change({ ...pick, filters: event.filters })}
            close={() => setIsPicking(false)}
          />
        </Suspense>
      )}
    </li>
  )
}

export function AddEvent({
  events,
  text,
  add,
}: {
  readonly events: readonly KnownEvent[]
  readonly text: string
  readonly add: (pick: EventPick) => void
}) {
  const [isPicking, setIsPicking] = useState(false)
  return (
    <>
      <Button aria-haspopup="dialog" className="justify-self-start" onClick={() => setIsPicking(true)}>
        + {text}
      </Button>
      {isPicking && (
        <Suspense>
          <EventPicker choices={choicesOf(events)} choose={add} close={() => setIsPicking(false)} />
        </Suspense>
      )}
    </>
  )
}

interface MeasureFieldProps {
  readonly event: EventPick
  readonly name: string
  readonly measure: Measure
  readonly choose: (measure: Measure) => void
}

export function MeasureField({ event, name, measure, choose }: MeasureFieldProps) {
  const t = useWords(exploreWords)
  const property = 'property' in measure ? measure.property : ''
  return (
    <div className="flex min-w-0 flex-wrap gap-2 pl-5.5">
      <Select
        label={t('explore.measure', { name })}
        value={measure.kind}
        options={[...plainMeasures, ...propertyMeasures].map((kind) => ({
          value: kind,
          text: t(`explore.measure-${kind}`),
        }))}
        choose={(chosen) => {
          const plain = plainMeasures.find((kind) => kind === chosen)
          const ofProperty = propertyMeasures.find((kind) => kind === chosen)
          if (plain !== undefined) choose({ kind: plain })
          if (ofProperty !== undefined) choose({ kind: ofProperty, property })
        }}
      />
      {'property' in measure && (
        <PropertyField
          event={event}
          isNumeric
          label={t('explore.property')}
          none={t('explore.choose-property')}
          value={measure.property}
          choose={(chosen) => choose({ ...measure, property: chosen })}
        />
      )}
    </div>
  )
}

type Filter = EventPick['filters'][number]

function Filters({
  event,
  name,
  change,
}: {
  readonly event: EventPick
  readonly name: string
  readonly change: (filters: readonly Filter[]) => void
}) {
  const t = useWords(exploreWords)
  const { filters } = event
  return (
    <div className="grid gap-2 pl-5.5">
      {filters.map((filter, index) => (
        <FilterField
          // Filters have no other name than their place.
          // oxlint-disable-next-line react/no-array-index-key
          key={index}
          event={event}
          label={t('explore.filter', { name })}
          filter={filter}
          change={(changed) => change(filters.map((one, place) => (place === index ? changed : one)))}
          remove={() => change(filters.filter((_one, place) => place !== index))}
        />
      ))}
      <button
        type="button"
        className={`${quietClass} justify-self-start`}
        onClick={() => change([...filters, { property: '', is: 'equals', values: [] }])}
      >
        + {t('explore.add-filter')}
      </button>
    </div>
  )
}

interface FilterFieldProps {
  readonly event: EventPick
  readonly label: string
  readonly filter: Filter
  readonly change: (filter: Filter) => void
  readonly remove: () => void
}

function FilterField({ event, label, filter, change, remove }: FilterFieldProps) {
  const t = useWords(exploreWords)
  const { is, values } = filter
  const takesNone = is === 'set' || is === 'unset'
  const shown = values.length === 0 ? [''] : values
  return (
    <div role="group" aria-label={label} className="grid gap-1.5">
      <div className="flex min-w-0 items-center gap-1.5">
        <PropertyField
          event={event}
          label={t('explore.property')}
          none={t('explore.choose-property')}
          value={filter.property}
          choose={(property) => change({ ...filter, property })}
        />
        <Select
          label={t('explore.filter-is')}
          value={is}
          options={filterKinds.map((kind) => ({ value: kind, text: t(`explore.is-${kind}`) }))}
          choose={(kind) => change({ ...filter, is: kind, values: kind === 'set' || kind === 'unset' ? [] : values })}
        />
        <button type="button" className={quietClass} aria-label={t('explore.remove-filter')} onClick={remove}>
          ✕
        </button>
      </div>
      {!takesNone && (
        <div className="flex flex-wrap items-center gap-1.5">
          {shown.map((value, index) => (
            <Typed
              key={`${index} ${value}`}
              label={t('explore.filter-value')}
              value={value}
              className="w-28 min-w-0 flex-1"
              commit={(text) => {
                const changed = shown.map((one, place) => (place === index ? text : one))
                // An empty one among several is one too many; alone it is a value, which may be asked for.
                change({ ...filter, values: changed.length > 1 ? changed.filter((one) => one !== '') : changed })
              }}
            />
          ))}
          <button
            type="button"
            className={quietClass}
            // Never disabled: the click that leaves a field would find it so.
            onClick={() => {
              if (values.length > 0 && values.at(-1) !== '') change({ ...filter, values: [...values, ''] })
            }}
          >
            + {t('explore.filter-or')}
          </button>
        </div>
      )}
    </div>
  )
}
