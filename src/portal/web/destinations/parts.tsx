// What both pages of destinations are made of: the state of one, and the fields of its settings.
import { useId } from 'react'

import type { DestinationShown, DestinationTypeShown, SettingAnswer } from '../../api/destination-answers.ts'
import { useSources } from '../asking/sources.ts'
import { fieldClass } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { destinationWords } from './words.ts'

export function DestinationState({ destination: { state, delivery } }: { readonly destination: DestinationShown }) {
  const t = useWords(destinationWords)
  const word = state === 'disabled' ? 'disabled' : (delivery?.state ?? 'starting')
  const tone = word === 'waiting' ? 'text-bad' : word === 'delivering' || word === 'idle' ? 'text-good' : 'text-muted'
  return (
    <span className={`inline-flex items-center gap-1.5 ${tone}`}>
      <span aria-hidden className="size-1.5 rounded-full bg-current" />
      {t(`destinations.${word}`)}
    </span>
  )
}

interface SettingFieldsProps {
  readonly type: DestinationTypeShown
  readonly known?: Pick<DestinationShown, 'settings' | 'secretNames'> | undefined
}

/** Fields of a form, by the names of the settings. */
export function SettingFields({ type, known }: SettingFieldsProps) {
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      {type.settings.map((setting) => (
        <SettingField key={setting.name} setting={setting} known={known} />
      ))}
    </div>
  )
}

function SettingField({ setting, known }: { readonly setting: SettingAnswer } & Pick<SettingFieldsProps, 'known'>) {
  const t = useWords(destinationWords)
  const id = useId()
  const { name, description, isRequired, isSecret, choices, example } = setting
  const isKept = known?.secretNames.includes(name) === true
  const value = known?.settings[name] ?? ''
  const standard = setting.default === undefined ? '' : t('destinations.default', { value: setting.default })
  const isNeeded = isRequired && !isKept
  return (
    <div className="grid content-start gap-1">
      <label htmlFor={id}>
        {name}
        {isNeeded && <span className="text-bad"> *</span>}
      </label>
      {choices === undefined ? (
        <input
          id={id}
          name={name}
          type={isSecret ? 'password' : 'text'}
          autoComplete="off"
          spellCheck={false}
          required={isNeeded}
          defaultValue={value}
          placeholder={isKept ? t('destinations.secret-kept') : isSecret ? '' : example}
          aria-describedby={`${id}-text`}
          className={fieldClass}
        />
      ) : (
        <select id={id} name={name} defaultValue={value} aria-describedby={`${id}-text`} className={fieldClass}>
          {['', ...choices].map((choice) => (
            <option key={choice} value={choice}>
              {choice === '' ? standard : choice}
            </option>
          ))}
        </select>
      )}
      <p id={`${id}-text`} className="text-xs text-muted">
        {description} {choices === undefined && standard}
      </p>
    </div>
  )
}

export function SourceFields({ chosen }: { readonly chosen: readonly string[] }) {
  const t = useWords(destinationWords)
  const sources = useSources()
  return (
    <fieldset className="flex min-w-0 flex-wrap gap-3">
      <legend className="mb-1">{t('destinations.sources')}</legend>
      {sources?.map(({ source }) => (
        <label key={source} className="flex min-h-6 items-center gap-1.5">
          <input type="checkbox" name="source" value={source} defaultChecked={chosen.includes(source)} />
          {source}
        </label>
      ))}
    </fieldset>
  )
}

/** Of the fields above. Empty texts are left out, or take a setting away where there is one. */
export function formContent(form: HTMLFormElement, type: DestinationTypeShown, known: readonly string[] = []) {
  const fields = new FormData(form)
  const settings = type.settings.flatMap(({ name, isSecret }): [string, string][] => {
    const value = fields.get(name)
    const text = typeof value === 'string' ? value.trim() : ''
    return text !== '' || (!isSecret && known.includes(name)) ? [[name, text]] : []
  })
  return {
    sources: fields.getAll('source').filter((one) => typeof one === 'string'),
    settings: Object.fromEntries(settings),
  }
}
