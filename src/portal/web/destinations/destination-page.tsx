// One destination: how it is doing, why an event is there or not, and its settings.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'

import type { DestinationShown, DestinationTypeShown, WhyShown } from '../../api/destination-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { fieldText } from '../shell/form.ts'
import { Button, Empty, fieldClass } from '../shell/parts.tsx'
import { prettyJson } from '../shell/pretty-json.ts'
import { say } from '../shell/toast.tsx'
import { formatCount, formatDuration } from '../words/numbers.ts'
import { useLanguage, useWords } from '../words/words.ts'
import { DestinationState, formContent, SettingFields, SourceFields } from './parts.tsx'
import { Replays } from './replays.tsx'
import { Rules } from './rules.tsx'
import { useDestinations, useDestinationTypes } from './use-destinations.ts'
import { destinationWords } from './words.ts'

export function DestinationPage() {
  const t = useWords(destinationWords)
  const { name } = useParams({ from: '/destinations/$name' })
  const { data, error } = useDestinations()
  const types = useDestinationTypes()
  const destination = data?.find((one) => one.name === name)
  const type = types?.find((one) => one.type === destination?.type)
  if (error !== null)
    return (
      <p role="alert" className="m-3 rounded-md bg-bad-soft p-3 text-bad">
        {messageOf(error)}
      </p>
    )
  if (data !== undefined && destination === undefined)
    return (
      <Empty title={t('destination.gone')}>
        <Link to="/destinations" className="text-accent underline">
          {t('destinations.title')}
        </Link>
      </Empty>
    )
  if (destination === undefined || type === undefined)
    return <div aria-busy className="m-5 h-24 animate-pulse rounded-md bg-sunken" />
  return (
    <div className="h-full overflow-auto">
      <title>{`${name} · Millpond`}</title>
      <div className="mx-auto grid max-w-4xl grid-cols-1 gap-5 p-5">
        <div className="grid gap-1">
          <Link
            to="/destinations"
            className="inline-flex min-h-6 items-center justify-self-start text-muted hover:text-text"
          >
            {t('destinations.title')}
          </Link>
          <div className="flex flex-wrap items-center gap-3">
            <h2 className="text-base font-semibold">{name}</h2>
            <DestinationState destination={destination} />
            <Acts destination={destination} />
          </div>
          <p className="text-muted">{type.title}</p>
        </div>
        <Health destination={destination} />
        <Why name={name} />
        <Rules key={`rules of ${name}`} destination={destination} />
        <Replays name={name} isActive={destination.state === 'active'} />
        <Settings key={`${name} ${type.type}`} destination={destination} type={type} />
      </div>
    </div>
  )
}

function Acts({ destination: { name, state } }: { readonly destination: DestinationShown }) {
  const t = useWords(destinationWords)
  const client = useQueryClient()
  const navigate = useNavigate()
  const [isSure, setSure] = useState(false)
  const act = useMutation({
    mutationFn: async (work: () => Promise<unknown>) => work(),
    onSuccess: async () => client.invalidateQueries({ queryKey: ['destinations'] }),
    onError: (error) => say(messageOf(error), true),
  })
  const params = { name }
  return (
    <div className="ml-auto flex gap-2">
      <Button
        onClick={() =>
          act.mutate(async () =>
            state === 'active'
              ? call('POST /api/destinations/:name/disable', { params })
              : call('POST /api/destinations/:name/enable', { params }),
          )
        }
      >
        {t(state === 'active' ? 'destination.disable' : 'destination.enable')}
      </Button>
      <Button
        className="text-bad"
        onClick={() => {
          if (!isSure) setSure(true)
          else
            act.mutate(async () => {
              await navigate({ to: '/destinations' })
              await call('DELETE /api/destinations/:name', { params })
            })
        }}
      >
        {t(isSure ? 'destination.remove-sure' : 'destination.remove')}
      </Button>
    </div>
  )
}

function Health({ destination: { delivery } }: { readonly destination: DestinationShown }) {
  const t = useWords(destinationWords)
  if (delivery === null) return null
  const { state, retryInMs, lastError, counts } = delivery
  return (
    <section aria-label={t('destination.counts')} className="grid grid-cols-1 gap-2">
      <h3 className="font-medium">{t('destination.counts')}</h3>
      {state === 'waiting' && (
        <p role="status" className="rounded-md bg-bad-soft p-3 text-bad">
          {lastError} {t('destination.retry', { time: formatDuration(retryInMs) })}
        </p>
      )}
      <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-md border border-line bg-line sm:grid-cols-5">
        {Object.entries(counts).map(([name, count]) => (
          <div key={name} className="bg-card p-3 last:col-span-2 sm:last:col-span-1">
            <dt className="truncate text-muted">{name}</dt>
            <dd className="text-base font-semibold tabular-nums">{formatCount(count)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function Why({ name }: { readonly name: string }) {
  const t = useWords(destinationWords)
  const why = useMutation({
    mutationFn: async (message: string) =>
      call('GET /api/destinations/:name/why', { params: { name }, query: { message } }),
  })
  return (
    <section
      aria-label={t('destination.why')}
      className="grid grid-cols-1 gap-2 rounded-md border border-line bg-card p-4"
    >
      <h3 className="font-medium">{t('destination.why')}</h3>
      <form
        className="flex flex-wrap gap-2"
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault()
          why.mutate(fieldText(event.currentTarget, 'message'))
        }}
      >
        <input
          name="message"
          required
          spellCheck={false}
          aria-label={t('destination.message')}
          placeholder={t('destination.message')}
          className={`${fieldClass} min-w-0 flex-1 font-mono`}
        />
        <Button type="submit" disabled={why.isPending}>
          {t('destination.ask')}
        </Button>
      </form>
      {why.error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(why.error)}
        </p>
      )}
      {why.data !== undefined && <Because why={why.data} />}
    </section>
  )
}

function Because({ why: { sentence, event, entries } }: { readonly why: WhyShown }) {
  const t = useWords(destinationWords)
  const language = useLanguage()
  return (
    <>
      <p role="status" className="font-medium">
        {sentence}
      </p>
      {event !== null && (
        <p className="text-muted">
          {t('destination.came', {
            source: event.source,
            time: new Date(event.receivedAt).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'medium' }),
          })}
        </p>
      )}
      {entries.map((entry) => {
        const text = JSON.stringify(entry)
        return (
          <pre key={text} tabIndex={0} className="max-h-72 overflow-auto rounded-md bg-sunken p-2 font-mono text-xs">
            {prettyJson(text)}
          </pre>
        )
      })}
    </>
  )
}

interface SettingsProps {
  readonly destination: DestinationShown
  readonly type: DestinationTypeShown
}

function Settings({ destination, type }: SettingsProps) {
  const t = useWords(destinationWords)
  const client = useQueryClient()
  const { name, sources, settings } = destination
  const save = useMutation({
    mutationFn: async (form: HTMLFormElement) =>
      call('PUT /api/destinations/:name', { params: { name }, body: formContent(form, type, Object.keys(settings)) }),
    onSuccess: async () => {
      say(t('destination.saved'))
      await client.invalidateQueries({ queryKey: ['destinations'] })
    },
  })
  return (
    <form
      aria-label={t('destination.settings')}
      className="grid gap-3 rounded-md border border-line bg-card p-4"
      onSubmit={(event: FormEvent<HTMLFormElement>) => {
        event.preventDefault()
        save.mutate(event.currentTarget)
      }}
    >
      <h3 className="font-medium">{t('destination.settings')}</h3>
      <SettingFields type={type} known={destination} />
      <SourceFields chosen={sources} />
      {save.error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(save.error)}
        </p>
      )}
      <Button type="submit" isPrimary className="justify-self-start" disabled={save.isPending}>
        {t('destination.save')}
      </Button>
    </form>
  )
}
