// Where the rows go, and what becomes of those that are there.
import { useId } from 'react'

import { useDatasets } from '../asking/schedules.ts'
import { Select } from '../shell/parts.tsx'
import { suggestions } from '../sql/value-field.tsx'
import { useWords } from '../words/words.ts'
import { modes } from './draft.ts'
import { formWords } from './form-words.ts'
import { Field, Input, Section } from './parts.tsx'
import type { PartProps } from './when-fields.tsx'

export function TargetFields({ draft, edit }: PartProps) {
  const t = useWords(formWords)
  const id = useId()
  const datasets = useDatasets()
  const { dataset, table, mode } = draft
  const isNew = datasets !== undefined && dataset.trim() !== '' && !datasets.includes(dataset.trim())
  return (
    <Section title={t('plan.target')}>
      <div className="flex flex-wrap gap-3">
        <Field label={t('plan.dataset')}>
          <Input
            required
            list={id}
            pattern="[A-Za-z_]\w*"
            className="w-40 font-mono"
            value={dataset}
            change={(text) => edit({ dataset: text })}
          />
          <datalist id={id}>
            {datasets?.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </Field>
        <Field label={t('plan.table')}>
          <Input required className="w-52 font-mono" value={table} change={(text) => edit({ table: text })} />
        </Field>
        <Field label={t('plan.mode')}>
          <Select
            label={t('plan.mode')}
            value={mode}
            options={modes.map((value) => ({ value, text: t(`plan.mode-${value}`) }))}
            choose={(chosen) => edit({ mode: chosen })}
          />
        </Field>
      </div>
      {isNew && <p className="text-muted">{t('plan.dataset-new', { dataset: dataset.trim() })}</p>}
      <Rows draft={draft} edit={edit} />
    </Section>
  )
}

function Rows({ draft, edit }: PartProps) {
  const t = useWords(formWords)
  const id = useId()
  const isByDay = draft.mode === 'replace-partition'
  return (
    <>
      <div className="flex flex-wrap gap-3">
        <Field label={t('plan.column')}>
          <Input
            required={isByDay}
            className="w-40 font-mono"
            value={draft.partitionColumn}
            change={(partitionColumn) => edit({ partitionColumn })}
          />
        </Field>
        {isByDay && (
          <>
            <Field label={t('plan.partition-day')}>
              <Input
                required
                list={id}
                className="w-40"
                value={draft.partitionDay}
                change={(partitionDay) => edit({ partitionDay })}
              />
              <datalist id={id}>
                {suggestions.map((text) => (
                  <option key={text} value={text} />
                ))}
              </datalist>
            </Field>
            <Field label={t('plan.scope')}>
              <Input className="w-52 font-mono" value={draft.scope} change={(scope) => edit({ scope })} />
            </Field>
          </>
        )}
        {draft.mode === 'merge' && (
          <Field label={t('plan.keys')}>
            <Input required className="w-52 font-mono" value={draft.keys} change={(keys) => edit({ keys })} />
          </Field>
        )}
      </div>
      {(isByDay || draft.mode === 'merge') && <p className="text-muted">{t('plan.columns-text')}</p>}
    </>
  )
}
