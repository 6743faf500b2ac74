// The question, field by field. Every change is a new address.
import { lazy, Suspense } from 'react'

import type { EventPick } from '../../api/answers.ts'
import { fieldClass, Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { AddEvent, EventRow, MeasureField } from './event-row.tsx'
import { type KnownEvent, textOf } from './events.ts'
import { NumberField, PropertyField, Row, Typed, WindowField } from './fields.tsx'
import { dialects, entries, eventsMax, intervals, type Question } from './question.ts'
import { useCohorts } from './use-cohorts.ts'
import { exploreWords } from './words.ts'

// Most questions have none, and most are trends or funnels.
const OfOthers = lazy(async () => ({ default: (await import('./of-others.tsx')).OfOthers }))
const InCohorts = lazy(async () => ({ default: (await import('./in-cohorts.tsx')).InCohorts }))

export interface BuilderProps {
  readonly question: Question
  readonly events: readonly KnownEvent[]
  readonly change: (change: Partial<Question>) => void
}

export function Builder(props: BuilderProps) {
  const t = useWords(exploreWords)
  return (
    <section aria-label={t('explore.question')} className="grid content-start gap-4">
      <Events {...props} />
      <div className="grid gap-2">
        <Time {...props} />
        {props.question.kind === 'trend' && <OfTrend {...props} />}
        {props.question.kind === 'funnel' && <OfFunnel {...props} />}
        <Suspense>
          <OfOthers {...props} />
        </Suspense>
      </div>
      <Among {...props} />
      <Suspense>
        <InCohorts {...props} />
      </Suspense>
    </section>
  )
}

function Events({ question, events, change }: BuilderProps) {
  const t = useWords(exploreWords)
  const { kind } = question
  const asked = question.events.slice(0, eventsMax[kind])
  // What this kind doesn't show is kept for the others.
  const beyond = question.events.slice(eventsMax[kind])
  const set = (changed: Question['events']): void => change({ events: [...changed, ...beyond] })
  const title = { trend: 'events', funnel: 'steps', retention: 'born', paths: 'from-event' } as const
  const more = { trend: 'add-event', funnel: 'add-step', retention: 'add-back', paths: 'choose-event' } as const
  return (
    <fieldset className="grid min-w-0 gap-2">
      <legend className="pb-1.5 font-medium">{t(`explore.${title[kind]}`)}</legend>
      <ol className="grid gap-2">
        {asked.map((event, index) => {
          const name = textOf(events, event)
          const put = (changed: Partial<typeof event>): void =>
            set(asked.map((one, place) => (place === index ? { ...one, ...changed } : one)))
          return (
            <EventRow
              // An event may stand there twice.
              // oxlint-disable-next-line react/no-array-index-key
              key={index}
              events={events}
              event={event}
              at={kind === 'trend' ? String.fromCodePoint(65 + index) : String(index + 1)}
              // Another table may lack what was said of this one.
              change={(pick) => put({ ...pick, name: pick.name })}
              remove={() => set(asked.filter((_one, place) => place !== index))}
              moveUp={kind === 'funnel' && index > 0 ? () => set(movedUp(asked, index)) : undefined}
            >
              {kind === 'trend' && (
                <MeasureField
                  event={event}
                  name={name}
                  measure={event.measure}
                  choose={(measure) => put({ measure })}
                />
              )}
              {kind === 'retention' && index === 1 && <p className="pl-5.5 text-muted">{t('explore.back')}</p>}
            </EventRow>
          )
        })}
      </ol>
      {asked.length < eventsMax[kind] && (
        <AddEvent
          events={events}
          text={t(`explore.${asked.length === 0 ? 'choose-event' : more[kind]}`)}
          add={(pick) => set([...asked, { ...pick, measure: { kind: 'events' } }])}
        />
      )}
    </fieldset>
  )
}

function movedUp<Item>(items: readonly Item[], index: number): readonly Item[] {
  const item = items[index]
  if (item === undefined) return items
  const others = items.filter((_one, place) => place !== index)
  return [...others.slice(0, index - 1), item, ...others.slice(index - 1)]
}

const presets = [7, 14, 30, 90, 180, 365]

function Time({ question: { range, zone }, change }: BuilderProps) {
  const t = useWords(exploreWords)
  const days = 'days' in range ? range.days : undefined
  const offered = days === undefined || presets.includes(days) ? presets : [...presets, days].sort((a, b) => a - b)
  const browserZone = new Intl.DateTimeFormat().resolvedOptions().timeZone
  const zones = [...new Set([zone, browserZone, 'UTC'])]
  return (
    <>
      <Row label={t('explore.range')}>
        <Select
          label={t('explore.range')}
          value={days === undefined ? 'chosen' : String(days)}
          options={[
            ...offered.map((one) => ({ value: String(one), text: t('explore.last-days', { days: one }) })),
            { value: 'chosen', text: t('explore.range-chosen') },
          ]}
          choose={(value) =>
            change({ range: value === 'chosen' ? chosenDays(days ?? 30, zone) : { days: Number(value) } })
          }
        />
        {'from' in range && (
          <span className="flex min-w-0 flex-wrap gap-1.5">
            <Typed
              key={range.from}
              type="date"
              label={t('explore.first-day')}
              value={range.from}
              commit={(from) => from !== '' && change({ range: { ...range, from } })}
            />
            <Typed
              key={`to ${range.to}`}
              type="date"
              label={t('explore.last-day')}
              value={range.to}
              commit={(to) => to !== '' && change({ range: { ...range, to } })}
            />
          </span>
        )}
      </Row>
      <Row label={t('explore.zone')}>
        <Select
          label={t('explore.zone')}
          value={zone}
          options={zones.map((one) => ({ value: one, text: one }))}
          choose={(chosen) => change({ zone: chosen })}
          className={`${fieldClass} max-w-full min-w-0`}
        />
      </Row>
    </>
  )
}

/** The days that were shown, now by their names. */
function chosenDays(days: number, zone: string): { readonly from: string; readonly to: string } {
  const now = Date.now()
  return { from: dayIn(now - (days - 1) * 86_400_000, zone), to: dayIn(now, zone) }
}

function dayIn(ms: number, zone: string): string {
  try {
    // The Swedish write days as ISO does.
    return new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(ms)
  } catch {
    return new Date(ms).toISOString().slice(0, 10)
  }
}

function OfTrend(props: BuilderProps) {
  const t = useWords(exploreWords)
  const { question, change } = props
  return (
    <>
      <Row label={t('explore.interval')}>
        <Select
          label={t('explore.interval')}
          value={question.interval}
          options={intervals.map((one) => ({ value: one, text: t(`explore.interval-${one}`) }))}
          choose={(interval) => change({ interval })}
        />
      </Row>
      <Breakdown {...props} />
      <label className="flex min-h-7 items-center gap-2">
        <input
          type="checkbox"
          checked={question.compares}
          onChange={({ target }) => change({ compares: target.checked })}
        />
        {t('explore.compares')}
      </label>
    </>
  )
}

function OfFunnel(props: BuilderProps) {
  const t = useWords(exploreWords)
  const { question, change } = props
  return (
    <>
      <Row label={t('explore.window')}>
        <WindowField seconds={question.windowSeconds} choose={(windowSeconds) => change({ windowSeconds })} />
      </Row>
      <Row label={t('explore.entry')}>
        <Select
          label={t('explore.entry')}
          value={question.entry}
          options={entries.map((one) => ({ value: one, text: t(`explore.entry-${one}`) }))}
          choose={(entry) => change({ entry })}
        />
      </Row>
      <Breakdown {...props} />
      <Row label={t('explore.dialect')}>
        <Select
          label={t('explore.dialect')}
          value={question.dialect}
          options={dialects.map((one) => ({ value: one, text: t(`explore.dialect-${one}`) }))}
          choose={(dialect) => change({ dialect })}
          className={`${fieldClass} max-w-full min-w-0`}
        />
      </Row>
    </>
  )
}

/** Before the id of a cohort: no property has such a name. */
const cohortMark = 'cohort:'

function Breakdown({ question: { events, breakdown = '', breakdownCohort }, change }: BuilderProps) {
  const t = useWords(exploreWords)
  const cohorts = useCohorts()
  const [first] = events
  if (first === undefined) return null
  return (
    <Row label={t('explore.breakdown')}>
      <PropertyField
        event={first}
        label={t('explore.breakdown')}
        none={t('explore.no-breakdown')}
        value={breakdownCohort === undefined ? breakdown : `${cohortMark}${breakdownCohort}`}
        more={cohorts.map(({ id, name }) => ({ value: `${cohortMark}${id}`, text: t('explore.by-cohort', { name }) }))}
        choose={(chosen) =>
          chosen.startsWith(cohortMark)
            ? change({ breakdownCohort: chosen.slice(cohortMark.length), breakdown: undefined })
            : change({ breakdownCohort: undefined, breakdown: chosen === '' ? undefined : chosen })
        }
      />
    </Row>
  )
}

/** A cohort: people who did something so often within the days. */
function Among({ question: { among }, events, change }: BuilderProps) {
  const t = useWords(exploreWords)
  if (events.length === 0) return null
  if (among === undefined)
    return (
      <AddEvent
        events={events}
        text={t('explore.add-among')}
        add={(did: EventPick) => change({ among: { did, times: 1 } })}
      />
    )
  return (
    <fieldset className="grid min-w-0 gap-2">
      <legend className="pb-1.5 font-medium">{t('explore.among')}</legend>
      <ul>
        <EventRow
          events={events}
          event={among.did}
          at=""
          change={(did) => change({ among: { ...among, did } })}
          remove={() => change({ among: undefined })}
        />
      </ul>
      <Row label={t('explore.times')}>
        <NumberField
          label={t('explore.times')}
          value={among.times}
          max={1_000_000}
          choose={(times) => change({ among: { ...among, times } })}
        />
      </Row>
    </fieldset>
  )
}
