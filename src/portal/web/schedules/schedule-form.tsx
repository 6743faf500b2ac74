// The form of a schedule, new or kept, beside what it would do: the next runs with their values, and what a month costs.
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useDeferredValue, useEffect, useState } from 'react'

import type { ParameterDefinition, SavedQueryAnswer, ScheduleAnswer, ScheduleAsked } from '../../api/job-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { askRows } from '../asking/catalogue.ts'
import { useVersions } from '../asking/saved.ts'
import { useDatasets, useDraftRuns } from '../asking/schedules.ts'
import { Button, Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { askedOf, type Draft, ownParameters } from './draft.ts'
import { formWords } from './form-words.ts'
import { Ahead, Field, Input, Section } from './parts.tsx'
import { TargetFields } from './target-fields.tsx'
import { TestFields } from './test-fields.tsx'
import { Limits, ValueFields } from './value-fields.tsx'
import { WhenFields } from './when-fields.tsx'
import { schedulesWords } from './words.ts'

const delayMs = 400

interface FormProps {
  readonly query: SavedQueryAnswer
  readonly first: Draft
  readonly keep: (asked: ScheduleAsked) => Promise<ScheduleAnswer>
}

export function ScheduleForm({ query, first, keep }: FormProps) {
  const t = useWords(formWords)
  const queryClient = useQueryClient()
  const datasets = useDatasets()
  const [draft, setDraft] = useState(first)
  const [wrong, setWrong] = useState('')
  const [isKeeping, setKeeping] = useState(false)
  const edit = (part: Partial<Draft>): void => setDraft((before) => ({ ...before, ...part }))
  const parameters = useParameters(query, draft.version)

  async function save(event: FormEvent): Promise<void> {
    event.preventDefault()
    setWrong('')
    setKeeping(true)
    try {
      const asked = askedOf(draft, parameters)
      const { dataset } = asked.target
      if (datasets?.includes(dataset) === false) await makeDataset(dataset)
      await keep(asked)
      await queryClient.invalidateQueries({ queryKey: ['datasets'] })
    } catch (error) {
      setWrong(messageOf(error))
    }
    setKeeping(false)
  }

  return (
    <form
      className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,1fr)_22rem]"
      onSubmit={(event) => void save(event)}
    >
      <div className="grid grid-cols-1 gap-4">
        <What query={query} draft={draft} edit={edit} />
        <WhenFields draft={draft} edit={edit} />
        <ValueFields draft={draft} edit={edit} parameters={ownParameters(parameters)} />
        <TargetFields draft={draft} edit={edit} />
        <TestFields draft={draft} edit={edit} />
        <Limits draft={draft} edit={edit} />
      </div>
      <div className="grid grid-cols-1 gap-3 lg:sticky lg:top-5">
        <Preview draft={draft} parameters={parameters} />
        <p role="alert" className="rounded-md bg-bad-soft p-3 text-bad empty:hidden">
          {wrong}
        </p>
        <Button isPrimary type="submit" disabled={isKeeping}>
          {t('plan.save')}
        </Button>
      </div>
    </form>
  )
}

/** Of the version that is to run. */
function useParameters(query: SavedQueryAnswer, version: string): readonly ParameterDefinition[] {
  const { data: versions } = useVersions(query.id)
  const named = versions?.find((one) =>
    version === '' ? one.verifiedBy !== undefined : String(one.version) === version,
  )
  return (named ?? query).parameters
}

/** The name is checked by the form; backticks are not part of it. */
async function makeDataset(dataset: string): Promise<void> {
  if (!/^[A-Za-z_]\w*$/.test(dataset)) throw new Error(`"${dataset}" is no name of a dataset: letters, digits and _`)
  await askRows({ sql: `CREATE SCHEMA IF NOT EXISTS \`${dataset}\`` }, new AbortController().signal)
}

interface WhatProps {
  readonly query: SavedQueryAnswer
  readonly draft: Draft
  readonly edit: (part: Partial<Draft>) => void
}

function What({ query, draft, edit }: WhatProps) {
  const t = useWords(formWords)
  const { data: versions = [query] } = useVersions(query.id)
  return (
    <Section title={t('plan.what')}>
      <div className="flex flex-wrap gap-3">
        <Field label={t('plan.name')}>
          <Input required maxLength={200} className="w-64" value={draft.name} change={(name) => edit({ name })} />
        </Field>
        <Field label={t('plan.version')}>
          <Select
            label={t('plan.version')}
            value={draft.version}
            options={[
              { value: '', text: t('plan.version-verified') },
              ...versions.map(({ version }) => ({ value: String(version), text: t('plan.version-one', { version }) })),
            ]}
            choose={(version) => edit({ version })}
          />
        </Field>
      </div>
      <p className="text-muted">{t('plan.version-text')}</p>
    </Section>
  )
}

function Preview({
  draft,
  parameters,
}: {
  readonly draft: Draft
  readonly parameters: readonly ParameterDefinition[]
}) {
  const t = useWords(formWords)
  const schedules = useWords(schedulesWords)
  const settled = useSettled(JSON.stringify(draft))
  const { asked, wrong } = read(JSON.parse(settled) as Draft, parameters)
  const { data, error, isFetching } = useDraftRuns(asked)
  const shownWrong = wrong ?? (error === null ? undefined : messageOf(error))
  const isChecking = isFetching || settled !== JSON.stringify(draft)
  return (
    <Section
      title={schedules('schedules.ahead')}
      aside={isChecking && <span className="text-muted">{t('plan.checking')}</span>}
    >
      <div aria-live="polite" aria-busy={isChecking} className="grid gap-3">
        {shownWrong !== undefined && <p className="text-bad">{shownWrong}</p>}
        {shownWrong === undefined && asked === undefined && <p className="text-muted">{t('plan.incomplete')}</p>}
        {shownWrong === undefined && asked !== undefined && data !== undefined && <Ahead {...data} zone={asked.zone} />}
      </div>
    </Section>
  )
}

/** Without a name or a table there is nothing to ask about yet. */
function read(
  draft: Draft,
  parameters: readonly ParameterDefinition[],
): { readonly asked?: ScheduleAsked; readonly wrong?: string } {
  if ([draft.name, draft.dataset, draft.table, draft.cron].some((text) => text.trim() === '')) return {}
  try {
    return { asked: askedOf(draft, parameters) }
  } catch (error) {
    return { wrong: messageOf(error) }
  }
}

function useSettled(now: string): string {
  const [settled, setSettled] = useState(now)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(now), delayMs)
    return () => clearTimeout(timer)
  }, [now])
  return useDeferredValue(settled)
}
