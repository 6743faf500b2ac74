// The parameters of a dashboard. Their values stand in the address, so that a link shows the same.
import type { ParameterDefinition } from '../../api/job-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { textOfValue } from '../sql/parameters.ts'
import { type FieldValue, ValueField } from '../sql/value-field.tsx'
import { useWords } from '../words/words.ts'
import { settingsOf, shownValue, useParameterForm, type Values } from './use-dashboard.ts'
import { dashboardWords } from './words.ts'

interface ParameterBarProps {
  readonly parameters: readonly ParameterDefinition[]
  readonly zone: string
  readonly values: Values
  readonly change: (name: string, value: FieldValue) => void
}

export function ParameterBar({ parameters, zone, values, change }: ParameterBarProps) {
  const t = useWords(dashboardWords)
  const { data, error } = useParameterForm(parameters, zone, settingsOf(parameters, values))
  if (parameters.length === 0) return null
  return (
    <fieldset className="flex min-w-0 flex-wrap items-start gap-x-5 gap-y-2">
      <legend className="sr-only">{t('dashboard.parameters')}</legend>
      {parameters.map((definition) => {
        const { name, type, description, choices } = definition
        const field = data?.parameters.find((one) => one.name === name)
        const given = shownValue(definition, values)
        return (
          <div key={name} className="flex flex-wrap items-center gap-1.5">
            <span className="text-muted" title={description}>
              {name}
            </span>
            <ValueField
              name={name}
              type={type}
              given={given}
              choices={field?.choices ?? choices}
              hasMore={field?.hasMore}
              isWrong={field?.error !== undefined}
              change={(value) => change(name, value)}
            />
            {field?.error !== undefined && <span className="max-w-80 text-bad">{field.error}</span>}
            {'relative' in given && field?.value !== undefined && (
              <span className="text-muted tabular-nums">= {textOfValue(field.value)}</span>
            )}
          </div>
        )
      })}
      {error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(error)}
        </p>
      )}
    </fieldset>
  )
}
