// What the parameters of a scheduled query are: its defaults, values, relative dates, or a run for each of several.
import type { ParameterDefinition } from '../../api/job-answers.ts'
import { useSavedQueries, pathOf } from '../asking/saved.ts'
import { fieldClass, Select } from '../shell/parts.tsx'
import { ValueField } from '../sql/value-field.tsx'
import { useWords } from '../words/words.ts'
import { defaultText, type ValueDraft } from './draft.ts'
import { formWords } from './form-words.ts'
import { Field, Input, Section } from './parts.tsx'
import type { PartProps } from './when-fields.tsx'

const dated = new Set(['DATE', 'DATETIME', 'TIMESTAMP', 'STRING'])
const first: Readonly<Record<ValueDraft['kind'], ValueDraft>> = {
  default: { kind: 'default' },
  fixed: { kind: 'fixed', value: '' },
  relative: { kind: 'relative', relative: 'yesterday' },
  each: { kind: 'each', list: '' },
}

export function ValueFields({
  draft,
  edit,
  parameters,
}: PartProps & { readonly parameters: readonly ParameterDefinition[] }) {
  const t = useWords(formWords)
  const queries =
    useSavedQueries().data?.filter(({ id, dialect }) => id !== draft.query && dialect === 'googlesql') ?? []
  if (parameters.length === 0) return null
  return (
    <Section title={t('plan.values')}>
      <ul className="grid gap-2">
        {parameters.map((parameter) => (
          <Value
            key={parameter.name}
            parameter={parameter}
            value={draft.values[parameter.name] ?? first.default}
            change={(value) => edit({ values: { ...draft.values, [parameter.name]: value } })}
          />
        ))}
      </ul>
      {queries.length > 0 && (
        <>
          <Field label={t('plan.for-each')}>
            <Select
              label={t('plan.for-each')}
              value={draft.forEach}
              options={[
                { value: '', text: t('plan.for-each-none') },
                ...queries.map((query) => ({ value: query.id, text: pathOf(query) })),
              ]}
              choose={(forEach) => edit({ forEach })}
            />
          </Field>
          {draft.forEach !== '' && <p className="text-muted">{t('plan.for-each-text')}</p>}
        </>
      )}
    </Section>
  )
}

interface ValueProps {
  readonly parameter: ParameterDefinition
  readonly value: ValueDraft
  readonly change: (value: ValueDraft) => void
}

function Value({ parameter, value, change }: ValueProps) {
  const t = useWords(formWords)
  const { name, type, choices, description } = parameter
  const kinds = (['default', 'fixed', 'relative', 'each'] as const).filter(
    (kind) => kind !== 'relative' || dated.has(type),
  )
  const standard = defaultText(parameter)
  return (
    <li className="flex flex-wrap items-start gap-2">
      <code className="min-w-28 pt-1 font-mono text-accent" title={description}>
        @{name}
      </code>
      <Select
        label={t('plan.kind', { name })}
        value={value.kind}
        options={kinds.map((kind) => ({ value: kind, text: t(`plan.kind-${kind}`) }))}
        choose={(kind) => change(first[kind])}
      />
      {value.kind === 'default' && (
        <span className="pt-1 text-muted">{parameter.default === undefined ? t('plan.no-default') : standard}</span>
      )}
      {value.kind === 'fixed' && (
        <ValueField
          name={name}
          // A relative date is a kind of its own here.
          type={type}
          isFixed
          given={{ value: value.value }}
          choices={choices}
          change={(given) => 'value' in given && change({ kind: 'fixed', value: given.value })}
        />
      )}
      {value.kind === 'relative' && (
        <ValueField
          name={name}
          type="DATE"
          isFixed
          given={{ relative: value.relative }}
          change={(given) => 'relative' in given && change({ kind: 'relative', relative: given.relative })}
        />
      )}
      {value.kind === 'each' && (
        <textarea
          aria-label={t('plan.list', { name })}
          placeholder={t('plan.list', { name })}
          rows={3}
          required
          className={`${fieldClass} w-56 py-1 font-mono`}
          value={value.list}
          onChange={({ target }) => change({ kind: 'each', list: target.value })}
        />
      )}
    </li>
  )
}

export function Limits({ draft, edit }: PartProps) {
  const t = useWords(formWords)
  const number = { type: 'number', className: 'w-28' } as const
  return (
    <details className="rounded-md border border-line bg-card p-4">
      <summary className="cursor-pointer font-medium select-none">{t('plan.limits')}</summary>
      <div className="mt-3 flex flex-wrap gap-3">
        <Field label={t('plan.missed')}>
          <Select
            label={t('plan.missed')}
            value={draft.missed}
            options={(['last', 'all', 'skip'] as const).map((value) => ({ value, text: t(`plan.missed-${value}`) }))}
            choose={(missed) => edit({ missed })}
          />
        </Field>
        <Field label={t('plan.retries')}>
          <Input {...number} min={0} max={10} value={draft.retriesMax} change={(retriesMax) => edit({ retriesMax })} />
        </Field>
        <Field label={t('plan.timeout')}>
          <Input
            {...number}
            min={1}
            placeholder={t('plan.unlimited')}
            value={draft.timeoutMinutes}
            change={(timeoutMinutes) => edit({ timeoutMinutes })}
          />
        </Field>
        <Field label={t('plan.gibibytes')}>
          <Input
            {...number}
            min={0}
            step="any"
            placeholder={t('plan.unlimited')}
            value={draft.gibibytesMax}
            change={(gibibytesMax) => edit({ gibibytesMax })}
          />
        </Field>
        <Field label={t('plan.lookback')}>
          <Input
            {...number}
            min={0}
            max={31}
            value={draft.lookbackDays}
            change={(lookbackDays) => edit({ lookbackDays })}
          />
        </Field>
      </div>
    </details>
  )
}
