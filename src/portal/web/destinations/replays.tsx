// Events of the past, sent to a destination once more: counted first, then sent, with how far it is.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId } from 'react'

import type { ReplayCounts, ReplayShown } from '../../api/destination-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { fieldText } from '../shell/form.ts'
import { Button, fieldClass } from '../shell/parts.tsx'
import { say } from '../shell/toast.tsx'
import { formatCount } from '../words/numbers.ts'
import { useLanguage, useWords } from '../words/words.ts'
import { destinationWords } from './words.ts'

const atWorkEveryMs = 1000
const dayMs = 86_400_000

export function Replays({ name, isActive }: { readonly name: string; readonly isActive: boolean }) {
  const t = useWords(destinationWords)
  const { data } = useQuery({
    queryKey: ['replays', name],
    queryFn: async () => call('GET /api/destinations/:name/replays', { params: { name } }),
    refetchInterval: ({ state }) =>
      state.data?.replays.some((one) => one.state === 'counting' || one.state === 'running') === true
        ? atWorkEveryMs
        : false,
  })
  return (
    <section
      aria-label={t('replays.title')}
      className="grid grid-cols-1 gap-3 rounded-md border border-line bg-card p-4"
    >
      <h3 className="font-medium">{t('replays.title')}</h3>
      <p className="text-muted">{t('replays.text')}</p>
      {isActive ? <NewReplay name={name} /> : <p>{t('replays.off')}</p>}
      {data !== undefined && data.replays.length > 0 && (
        <ul className="grid gap-2">
          {data.replays.map((replay) => (
            <ReplayItem key={replay.id} name={name} replay={replay} />
          ))}
        </ul>
      )}
    </section>
  )
}

function NewReplay({ name }: { readonly name: string }) {
  const t = useWords(destinationWords)
  const client = useQueryClient()
  const count = useMutation({
    mutationFn: async (form: HTMLFormElement) => {
      const person = fieldText(form, 'person')
      const event = fieldText(form, 'event')
      const again = new FormData(form).has('again')
      return call('POST /api/destinations/:name/replays', {
        params: { name },
        body: {
          from: isoOf(fieldText(form, 'from')),
          to: isoOf(fieldText(form, 'to')),
          again,
          ...(person === '' ? {} : { person }),
          ...(event === '' ? {} : { events: [event] }),
        },
      })
    },
    onSuccess: async () => client.invalidateQueries({ queryKey: ['replays', name] }),
  })
  const now = Date.now()
  return (
    <form
      aria-label={t('replays.title')}
      className="grid gap-3"
      onSubmit={(event: FormEvent<HTMLFormElement>) => {
        event.preventDefault()
        count.mutate(event.currentTarget)
      }}
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <Field name="from" label={t('replays.from')} type="datetime-local" value={localText(now - dayMs)} />
        <Field name="to" label={t('replays.to')} type="datetime-local" value={localText(now)} />
        <Field name="person" label={t('replays.person')} />
        <Field name="event" label={t('replays.event')} />
      </div>
      <label className="inline-flex min-h-6 items-center gap-1.5">
        <input type="checkbox" name="again" />
        {t('replays.again')}
      </label>
      {count.error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(count.error)}
        </p>
      )}
      <Button type="submit" className="justify-self-start" disabled={count.isPending}>
        {t('replays.count')}
      </Button>
    </form>
  )
}

interface FieldProps {
  readonly name: string
  readonly label: string
  readonly type?: 'text' | 'datetime-local'
  readonly value?: string
}

function Field({ name, label, type = 'text', value = '' }: FieldProps) {
  const id = useId()
  return (
    <div className="grid gap-1">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        name={name}
        type={type}
        step={1}
        required={type !== 'text'}
        autoComplete="off"
        spellCheck={false}
        defaultValue={value}
        className={`${fieldClass} min-w-0`}
      />
    </div>
  )
}

function ReplayItem({ name, replay }: { readonly name: string; readonly replay: ReplayShown }) {
  const t = useWords(destinationWords)
  const language = useLanguage()
  const client = useQueryClient()
  const { id, state, from, to, person, events, counted, ran, twice, lastError } = replay
  const act = useMutation({
    mutationFn: async (verb: 'start' | 'cancel') => {
      const params = { name, replay: id }
      if (verb === 'start') await call('POST /api/destinations/:name/replays/:replay/start', { params })
      else await call('POST /api/destinations/:name/replays/:replay/cancel', { params })
    },
    onSuccess: async () => client.invalidateQueries({ queryKey: ['replays', name] }),
    onError: (error) => say(messageOf(error), true),
  })
  const time = (iso: string) => new Date(iso).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' })
  return (
    <li className="grid gap-2 rounded-md bg-sunken p-3">
      <p className="flex flex-wrap items-center gap-x-2">
        <span className="font-medium">{`${time(from)} – ${time(to)}`}</span>
        {person !== undefined && <span className="font-mono">{person}</span>}
        {events !== undefined && <span>{events.join(', ')}</span>}
        <span role="status" className="text-muted">
          {t(`replays.${state}`)}
        </span>
        <span className="ml-auto flex gap-2">
          {state === 'counted' && counted !== null && counted.toSend > 0 && (
            <Button isPrimary disabled={act.isPending} onClick={() => act.mutate('start')}>
              {t('replays.start', { events: formatCount(counted.toSend) })}
            </Button>
          )}
          {(state === 'counting' || state === 'running') && (
            <Button disabled={act.isPending} onClick={() => act.mutate('cancel')}>
              {t('replays.cancel')}
            </Button>
          )}
        </span>
      </p>
      {counted !== null && ran === null && <Counts counts={counted} names={countedNames} />}
      {ran !== null && <Counts counts={ran} names={ranNames} />}
      {twice > 0 && <p className="text-bad">{t('replays.twice', { events: formatCount(twice) })}</p>}
      {lastError !== null && <p className="text-bad">{lastError}</p>}
    </li>
  )
}

const countedNames = ['matched', 'there', 'toSend', 'skipped', 'expired', 'rejected'] as const
const ranNames = ['matched', 'there', 'delivered', 'skipped', 'expired', 'rejected', 'unconfirmed'] as const

interface CountsProps {
  readonly counts: ReplayCounts
  readonly names: typeof countedNames | typeof ranNames
}

function Counts({ counts, names }: CountsProps) {
  const t = useWords(destinationWords)
  return (
    <dl className="flex flex-wrap gap-x-5 gap-y-1">
      {names.map((name) => (
        <div key={name} className="flex gap-1.5">
          <dt className="text-muted">{t(`replays.events-${name}`)}</dt>
          <dd className="font-medium tabular-nums">{formatCount(counts[name])}</dd>
        </div>
      ))}
    </dl>
  )
}

/** As a field for a time holds it, in the zone of whoever looks. */
function localText(ms: number): string {
  const zoneMs = new Date(ms).getTimezoneOffset() * 60_000
  return new Date(ms - zoneMs).toISOString().slice(0, 19)
}

function isoOf(local: string): string {
  return new Date(local).toISOString()
}
