// All destinations and how they are doing, and a new one.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'

import type { DestinationAsked, DestinationShown, DestinationTypeShown } from '../../api/destination-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { fieldText } from '../shell/form.ts'
import { Button, Empty, fieldClass, Select } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { formatCount } from '../words/numbers.ts'
import { useLanguage, useWords } from '../words/words.ts'
import { DestinationState, formContent, SettingFields, SourceFields } from './parts.tsx'
import { useDestinations, useDestinationTypes } from './use-destinations.ts'
import { destinationWords } from './words.ts'

const columns = ['name', 'type', 'state', 'delivered', 'behind'] as const

export function DestinationsPage() {
  const t = useWords(destinationWords)
  const { data: destinations, error } = useDestinations()
  const types = useDestinationTypes()
  return (
    <div className="h-full overflow-auto">
      <title>{`${t('destinations.title')} · Millpond`}</title>
      <div className="mx-auto grid max-w-5xl grid-cols-1 gap-5 p-5">
        <div>
          <h2 className="text-base font-semibold">{t('destinations.title')}</h2>
          <p className="text-muted">{t('destinations.text')}</p>
        </div>
        {error !== null && (
          <p role="alert" className="text-bad">
            {messageOf(error)}
          </p>
        )}
        {destinations?.length === 0 && (
          <div className="rounded-md border border-line bg-card py-8">
            <Empty title={t('destinations.none')}>
              <p className="max-w-prose">{t('destinations.none-text')}</p>
            </Empty>
          </div>
        )}
        {destinations !== undefined && destinations.length > 0 && (
          <Table
            label={t('destinations.title')}
            columns={columns.map((name) => ({ name, text: t(`destinations.${name}`), isRight: name === 'delivered' }))}
          >
            {destinations.map((one) => (
              <Row key={one.name} destination={one} />
            ))}
          </Table>
        )}
        {types !== undefined && <NewDestination types={types} />}
      </div>
    </div>
  )
}

function Row({ destination }: { readonly destination: DestinationShown }) {
  const t = useWords(destinationWords)
  const language = useLanguage()
  const { name, type, sources, delivery } = destination
  return (
    <tr className="border-t border-line hover:bg-sunken">
      <th scope="row" className="p-0 font-medium">
        <Link to="/destinations/$name" params={{ name }} className="block px-3 py-2">
          {name}
        </Link>
      </th>
      <td className="px-3 text-muted">
        {type} · {sources.length === 0 ? t('destinations.all-sources') : sources.join(', ')}
      </td>
      <td className="px-3" title={delivery?.lastError ?? undefined}>
        <DestinationState destination={destination} />
      </td>
      <td className="px-3 text-right">{delivery === null ? '–' : formatCount(delivery.counts['delivered'] ?? 0)}</td>
      <td className="px-3 whitespace-nowrap text-muted">
        {delivery === null
          ? '–'
          : new Date(delivery.readUntil).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'medium' })}
      </td>
    </tr>
  )
}

function NewDestination({ types }: { readonly types: readonly DestinationTypeShown[] }) {
  const t = useWords(destinationWords)
  const client = useQueryClient()
  const navigate = useNavigate()
  const [chosen, setChosen] = useState(types[0]?.type ?? '')
  const type = types.find((one) => one.type === chosen)
  const add = useMutation({
    mutationFn: async (body: DestinationAsked) => call('POST /api/destinations', { body }),
    onSuccess: async ({ name }) => {
      await client.invalidateQueries({ queryKey: ['destinations'] })
      await navigate({ to: '/destinations/$name', params: { name } })
    },
  })
  if (type === undefined) return null
  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    if (type === undefined) return
    const name = fieldText(event.currentTarget, 'destination-name')
    add.mutate({ type: chosen, ...(name === '' ? {} : { name }), ...formContent(event.currentTarget, type) })
  }
  return (
    <form
      aria-label={t('destinations.add')}
      className="grid gap-3 rounded-md border border-line bg-card p-4"
      onSubmit={onSubmit}
    >
      <div className="flex flex-wrap items-center gap-2">
        <Select
          label={t('destinations.type')}
          value={chosen}
          options={types.map((one) => ({ value: one.type, text: one.title }))}
          choose={setChosen}
        />
        <input
          name="destination-name"
          aria-label={t('destinations.new-name')}
          placeholder={chosen}
          className={`${fieldClass} w-44`}
        />
      </div>
      <p className="text-muted">
        {type.description}. {type.repetitionNote}{' '}
        <a href={type.limits.documentation} target="_blank" rel="noreferrer" className="underline">
          {t('destinations.limits', { day: type.limits.lastVerified })}
        </a>
      </p>
      <SettingFields key={chosen} type={type} />
      <SourceFields chosen={[]} />
      {add.error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(add.error)}
        </p>
      )}
      <Button type="submit" isPrimary className="justify-self-start" disabled={add.isPending}>
        {t('destinations.add')}
      </Button>
    </form>
  )
}
