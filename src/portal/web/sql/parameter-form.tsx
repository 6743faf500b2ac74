// A field for each parameter that the text names. Its type is what the query asks for, until the person chooses another.
import { fieldClass, Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { parameterTypes, type TypeOf, typeOfParameter } from './parameters.ts'
import type { ParameterInput, ParameterInputs } from './search.ts'
import { sqlWords } from './words.ts'

const typeOptions = parameterTypes.map((value) => ({ value, text: value }))

interface FormProps {
  readonly names: readonly string[]
  readonly inputs: ParameterInputs
  readonly inferred: TypeOf
  readonly change: (inputs: ParameterInputs) => void
}

export function ParameterForm({ names, inputs, inferred, change }: FormProps) {
  const t = useWords(sqlWords)
  if (names.length === 0) return null
  return (
    <fieldset className="flex flex-wrap gap-x-4 gap-y-2 border-t border-line px-3 py-2">
      <legend className="sr-only">{t('sql.parameters')}</legend>
      {names.map((name) => {
        const type = typeOfParameter(name, inputs, inferred)
        const input = inputs[name] ?? { value: '' }
        return (
          <div key={name} className="flex items-center gap-1.5">
            <code className="font-mono text-accent">@{name}</code>
            <Select
              label={t('sql.parameter-type', { name })}
              value={type}
              options={parameterTypes.includes(type) ? typeOptions : [{ value: type, text: type }, ...typeOptions]}
              choose={(chosen) => change({ ...inputs, [name]: { ...input, type: chosen } })}
            />
            <ValueField
              label={t('sql.parameter-value', { name })}
              type={type}
              input={input}
              change={(value) => change({ ...inputs, [name]: { ...input, value } })}
            />
          </div>
        )
      })}
    </fieldset>
  )
}

interface FieldProps {
  readonly label: string
  readonly type: string
  readonly input: ParameterInput
  readonly change: (value: string) => void
}

function ValueField({ label, type, input, change }: FieldProps) {
  const t = useWords(sqlWords)
  if (type === 'BOOL') {
    const options = ['', 'true', 'false'].map((value) => ({ value, text: value === '' ? 'NULL' : value }))
    return <Select label={label} value={input.value} options={options} choose={change} />
  }
  const hint = type.startsWith('ARRAY') ? t('sql.parameter-array') : type === 'STRING' ? '' : t('sql.parameter-null')
  return (
    <input
      aria-label={label}
      type={type === 'DATE' ? 'date' : 'text'}
      inputMode={type === 'INT64' ? 'numeric' : undefined}
      value={input.value}
      placeholder={hint}
      spellCheck={false}
      autoComplete="off"
      className={`${fieldClass} w-44 font-mono`}
      onChange={({ target }) => change(target.value)}
    />
  )
}
