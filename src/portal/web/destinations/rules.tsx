// What goes to a destination: its rules, and what they would do with the last events before they are saved.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useId, useState } from 'react'

import type { DestinationShown, RulesPreviewShown } from '../../api/destination-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { Button, fieldClass, Select } from '../shell/parts.tsx'
import { prettyJson } from '../shell/pretty-json.ts'
import { say } from '../shell/toast.tsx'
import { useWords } from '../words/words.ts'
import { allCalls, formOf, type RuleField, type RulesForm, rulesOf } from './rules-form.ts'
import { destinationWords } from './words.ts'

const previewedMax = 20
const examples: Readonly<Record<RuleField, string>> = {
  only: 'Order Completed',
  not: 'Heartbeat',
  filter: "properties.total > 0 and $not($contains(context.traits.email, '@example.com'))",
  fieldsNot: 'context.ip\nproperties.*.note',
  fieldsOnly: 'properties.total',
  fieldsHash: 'properties.email',
  mapping: '{"event": "purchase", "properties": {"value": properties.total}}',
  code: 'function onTrack(event, settings) {\n  event.properties.plan ??= "free"\n  return event\n}',
}

export function Rules({ destination: { name, rules } }: { readonly destination: DestinationShown }) {
  const t = useWords(destinationWords)
  const client = useQueryClient()
  const [form, setForm] = useState<RulesForm>(() => formOf(rules))
  const change = (part: Partial<RulesForm>) => setForm((old) => ({ ...old, ...part }))
  const params = { name }
  const preview = useMutation({
    mutationFn: async () =>
      call('POST /api/destinations/:name/preview', { params, body: { rules: rulesOf(form), eventsMax: previewedMax } }),
  })
  const save = useMutation({
    mutationFn: async () => call('PUT /api/destinations/:name', { params, body: { rules: rulesOf(form) } }),
    onSuccess: async () => {
      say(t('destination.saved'))
      await client.invalidateQueries({ queryKey: ['destinations'] })
    },
  })
  const error = preview.error ?? save.error
  return (
    <section aria-label={t('rules.title')} className="grid grid-cols-1 gap-3 rounded-md border border-line bg-card p-4">
      <h3 className="font-medium">{t('rules.title')}</h3>
      <p className="text-muted">{t('rules.text')}</p>
      <RuleFields form={form} change={change} />
      {error !== null && (
        <p role="alert" className="whitespace-pre-wrap text-bad">
          {messageOf(error)}
        </p>
      )}
      <div className="flex gap-2">
        <Button isPrimary disabled={save.isPending} onClick={() => save.mutate()}>
          {t('rules.save')}
        </Button>
        <Button disabled={preview.isPending} onClick={() => preview.mutate()}>
          {t('rules.preview')}
        </Button>
      </div>
      {preview.data !== undefined && preview.error === null && <Previewed preview={preview.data} />}
    </section>
  )
}

interface FieldsProps {
  readonly form: RulesForm
  readonly change: (part: Partial<RulesForm>) => void
}

function RuleFields({ form, change }: FieldsProps) {
  const t = useWords(destinationWords)
  const field = (name: RuleField, rows: number) => (
    <RuleText name={name} rows={rows} value={form[name]} change={(value) => change({ [name]: value })} />
  )
  return (
    <>
      <fieldset className="flex flex-wrap gap-x-4 gap-y-1">
        <legend className="mb-1">{t('rules.calls')}</legend>
        {allCalls.map((one) => (
          <label key={one} className="inline-flex min-h-6 items-center gap-1.5">
            <input
              type="checkbox"
              checked={form.calls.includes(one)}
              onChange={({ currentTarget: { checked } }) =>
                change({ calls: allCalls.filter((call) => (call === one ? checked : form.calls.includes(call))) })
              }
            />
            {one}
          </label>
        ))}
      </fieldset>
      <div className="grid gap-3 sm:grid-cols-2">
        {field('only', 2)}
        {field('not', 2)}
      </div>
      <Sample form={form} change={change} />
      {field('filter', 2)}
      <div className="grid gap-3 sm:grid-cols-3">
        {field('fieldsNot', 3)}
        {field('fieldsOnly', 3)}
        {field('fieldsHash', 3)}
      </div>
      {field('mapping', 3)}
      {field('code', 6)}
    </>
  )
}

function Sample({ form, change }: FieldsProps) {
  const t = useWords(destinationWords)
  const id = useId()
  return (
    <div className="flex flex-wrap items-end gap-2">
      <div className="grid gap-1">
        <label htmlFor={id}>{t('rules.percent')}</label>
        <input
          id={id}
          type="number"
          min={0}
          max={100}
          step="any"
          placeholder="100"
          className={`${fieldClass} w-28`}
          value={form.percent}
          onChange={({ currentTarget: { value } }) => change({ percent: value })}
        />
      </div>
      <Select
        label={t('rules.by')}
        value={form.by}
        options={[
          { value: 'person', text: t('rules.by-person') },
          { value: 'event', text: t('rules.by-event') },
        ]}
        choose={(by) => change({ by })}
      />
    </div>
  )
}

interface RuleTextProps {
  readonly name: RuleField
  readonly rows: number
  readonly value: string
  readonly change: (value: string) => void
}

function RuleText({ name, rows, value, change }: RuleTextProps): ReactNode {
  const t = useWords(destinationWords)
  const id = useId()
  return (
    <div className="grid content-start gap-1">
      <label htmlFor={id}>{t(`rules.${name}`)}</label>
      <textarea
        id={id}
        rows={rows}
        spellCheck={false}
        placeholder={examples[name]}
        className={`${fieldClass} h-auto min-w-0 py-1 font-mono text-xs`}
        value={value}
        onChange={(event) => change(event.currentTarget.value)}
      />
    </div>
  )
}

function Previewed({ preview: { events } }: { readonly preview: RulesPreviewShown }) {
  const t = useWords(destinationWords)
  if (events.length === 0) return <p role="status">{t('rules.none')}</p>
  const sent = events.filter(({ status }) => status === 'sent').length
  return (
    <>
      <p role="status" className="font-medium">
        {t('rules.sent', { sent, events: events.length })}
      </p>
      <ul aria-label={t('rules.preview')} className="grid max-h-96 gap-1 overflow-auto" tabIndex={0}>
        {events.map(({ messageId, source, type, name, status, reason, payload }) => (
          <li key={`${source} ${messageId}`} className="rounded-md bg-sunken p-2">
            <p className="flex flex-wrap gap-x-2">
              <span className={status === 'sent' ? 'text-good' : 'text-muted'}>{t(`rules.would-${status}`)}</span>
              <span className="font-medium">{name === '' ? type : name}</span>
              <span className="text-muted">{reason === '' ? source : reason}</span>
            </p>
            {payload.map((text) => (
              <pre key={text} className="font-mono text-xs whitespace-pre-wrap break-all">
                {prettyJson(text)}
              </pre>
            ))}
          </li>
        ))}
      </ul>
    </>
  )
}
