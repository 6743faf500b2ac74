// The newest events, each with its verdict; a click shows one whole and holds the list still while it is read.
import { memo } from 'react'

import type { LiveEvent, Verdict } from '../../api/answers.ts'
import { copyText } from '../shell/copy.ts'
import { Button, fieldClass, Select } from '../shell/parts.tsx'
import { prettyJson } from '../shell/pretty-json.ts'
import { formatCount, formatTime } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { drawnMax, type Feed, type FeedChange, keyOf, noFilter } from './feed.ts'
import { reasonWords } from './reason-words.ts'
import { pipelinesWords } from './words.ts'

const verdicts: readonly Verdict[] = ['stored', 'duplicate', 'flagged', 'quarantined']
const tones: Readonly<Record<Verdict, string>> = {
  stored: 'text-good',
  duplicate: 'text-muted',
  flagged: 'text-warn',
  quarantined: 'text-bad',
}

/** On a phone the others are in the event itself. */
const heads = [
  { name: 'time', className: 'w-32' },
  { name: 'source', className: 'w-32 max-md:hidden' },
  { name: 'type', className: 'w-24 max-md:hidden' },
  { name: 'name', className: '' },
  { name: 'user', className: 'max-md:hidden' },
  { name: 'verdict', className: 'w-40' },
] as const

interface EventsProps {
  readonly feed: Feed
  /** To choose from; absent: only one source's events come. */
  readonly sourceNames?: readonly string[]
  readonly change: (change: FeedChange) => void
}

export function Events({ feed, sourceNames, change }: EventsProps) {
  const t = useWords(pipelinesWords)
  const drawn = feed.matching.slice(0, drawnMax)
  const isFiltered = feed.filter !== noFilter && Object.values(feed.filter).some((part) => part !== '')
  return (
    <section aria-label={t('pipelines.events')} className="grid gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <h3 className="mr-auto font-medium">{t('pipelines.events')}</h3>
        <Filters feed={feed} {...(sourceNames === undefined ? {} : { sourceNames })} change={change} />
        <PauseButton feed={feed} change={change} />
      </div>
      <div className="overflow-x-auto rounded-md border border-line bg-card">
        <table className="w-full table-fixed text-left">
          <caption className="sr-only">{t('pipelines.events')}</caption>
          <thead className="text-muted">
            <tr>
              {heads.map(({ name, className }) => (
                <th key={name} scope="col" className={`px-3 py-1.5 font-normal ${className}`}>
                  {t(`pipelines.${name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {drawn.map((event) => {
              const key = keyOf(event)
              return <EventRow key={key} event={event} isOpen={feed.open.has(key)} change={change} />
            })}
          </tbody>
        </table>
        {drawn.length === 0 && (
          <p className="p-6 text-center text-muted">{t(isFiltered ? 'pipelines.no-match' : 'pipelines.no-events')}</p>
        )}
      </div>
      {feed.missedCount > 0 && (
        <p className="text-warn">{t('pipelines.missed', { count: formatCount(feed.missedCount) })}</p>
      )}
      {drawn.length > 0 && (
        <p className="text-muted">{t('pipelines.shown', { drawn: drawn.length, kept: feed.newest.length })}</p>
      )}
    </section>
  )
}

function Filters({ feed: { filter }, sourceNames, change }: EventsProps) {
  const t = useWords(pipelinesWords)
  const all = { value: '' as const, text: t('pipelines.all-verdicts') }
  return (
    <>
      <input
        type="search"
        aria-label={t('pipelines.filter')}
        placeholder={t('pipelines.filter')}
        value={filter.text}
        className={fieldClass}
        onChange={({ target }) => change({ kind: 'filtered', filter: { text: target.value } })}
      />
      {sourceNames !== undefined && (
        <Select
          label={t('pipelines.source')}
          value={filter.source}
          options={[
            { value: '', text: t('pipelines.all-sources') },
            ...sourceNames.map((name) => ({ value: name, text: name })),
          ]}
          choose={(source) => change({ kind: 'filtered', filter: { source } })}
        />
      )}
      <Select<Verdict | ''>
        label={t('pipelines.verdict')}
        value={filter.verdict}
        options={[all, ...verdicts.map((value) => ({ value, text: value }))]}
        choose={(verdict) => change({ kind: 'filtered', filter: { verdict } })}
      />
    </>
  )
}

function PauseButton({ feed: { pausedBy, heldCount }, change }: Pick<EventsProps, 'feed' | 'change'>) {
  const t = useWords(pipelinesWords)
  const word =
    pausedBy === undefined
      ? t('pipelines.pause')
      : heldCount === 0
        ? t('pipelines.resume')
        : t('pipelines.resume-new', { count: formatCount(heldCount) })
  return (
    <Button aria-pressed={pausedBy !== undefined} onClick={() => change({ kind: 'pause-toggled' })}>
      {word}
    </Button>
  )
}

interface RowProps {
  readonly event: LiveEvent
  readonly isOpen: boolean
  readonly change: (change: FeedChange) => void
}

/** A hundred of them stand still while new ones come. */
const EventRow = memo(function EventRow({ event, isOpen, change }: RowProps) {
  const { receivedAtMicros, source, type, name, userId, anonymousId, verdict, reason } = event
  const ms = receivedAtMicros / 1000
  return (
    <>
      <tr className="border-t border-line">
        <td className="px-3 py-0.5">
          <button
            type="button"
            aria-expanded={isOpen}
            className="min-h-6 rounded px-1 font-mono text-xs hover:bg-sunken"
            onClick={() => change({ kind: 'opened-or-closed', key: keyOf(event) })}
          >
            <time dateTime={new Date(ms).toISOString()}>{formatTime(ms)}</time>
          </button>
        </td>
        <NameCell text={source} className="max-md:hidden" />
        <td className="px-3 text-muted max-md:hidden">{type}</td>
        <NameCell text={name || '–'} className="font-medium" />
        <NameCell text={userId ?? anonymousId ?? ''} className="text-muted max-md:hidden" />
        <td className="truncate px-3">
          <span className={tones[verdict]}>{verdict}</span>{' '}
          {reason !== null && <span className="text-muted">{reason}</span>}
        </td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={6} className="px-3 pb-2">
            <Why verdict={verdict} reason={reason} />
            <Json text={event.json} />
          </td>
        </tr>
      )}
    </>
  )
})

function Why({ verdict, reason }: Pick<LiveEvent, 'verdict' | 'reason'>) {
  const t = useWords(reasonWords)
  const key = reason ?? (verdict === 'flagged' ? 'flagged' : undefined)
  if (key === undefined) return null
  return (
    <p className="mb-2 rounded-md bg-warn-soft px-2 py-1 whitespace-normal text-warn">
      <strong className="font-medium">{t('reason.title')}</strong> {t(`reason.${key}`)}
    </p>
  )
}

/** Names come from senders: <bdi>, because right-to-left ones must not turn their neighbours around. */
function NameCell({ text, className }: { readonly text: string; readonly className: string }) {
  return (
    <td className={`truncate px-3 ${className}`} title={text.slice(0, 1000)}>
      <bdi>{text.slice(0, 300)}</bdi>
    </td>
  )
}

export function Json({ text }: { readonly text: string }) {
  const t = useWords(pipelinesWords)
  return (
    <div className="flex items-start gap-2">
      <pre tabIndex={0} className="max-h-72 min-w-0 flex-1 overflow-auto rounded-md bg-sunken p-2 font-mono text-xs">
        {prettyJson(text)}
      </pre>
      <Button onClick={() => void copyText(text)}>{t('pipelines.copy')}</Button>
    </div>
  )
}
