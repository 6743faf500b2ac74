// A field for each parameter that the text names. Its type is what the query asks for, until the person chooses another.
import { useId, useState } from 'react'

import { messageOf } from '../asking/ask.ts'
import { fieldClass, Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { atHand, parameterTypes, textOfValue, type TypeOf, typeOfParameter } from './parameters.ts'
import { ParameterDialog } from './parameter-dialog.tsx'
import type { ParameterInput } from './search.ts'
import type { Form } from './use-form.ts'
import { type FieldValue, ValueField } from './value-field.tsx'
import { browserZone, type Work } from './work.ts'
import { Zones } from './zones.tsx'
import { sqlWords } from './words.ts'

const typeOptions = parameterTypes.map((value) => ({ value, text: value }))

interface FormProps {
  readonly names: readonly string[]
  readonly work: Work
  readonly inferred: TypeOf
  readonly form: Form
  readonly change: (part: Pick<Work, 'parameters'> & Partial<Work>) => void
}

export function ParameterForm(props: FormProps) {
  const t = useWords(sqlWords)
  const { names, work, form, change } = props
  if (names.length === 0) return null
  const hasRelative = names.some((name) => 'relative' in atHand(work.parameters[name]))
  return (
    <fieldset className="flex flex-wrap items-start gap-x-5 gap-y-2 border-t border-line px-3 py-2">
      <legend className="sr-only">{t('sql.parameters')}</legend>
      {names.map((name) => (
        <Parameter key={name} name={name} {...props} />
      ))}
      {hasRelative && (
        <Zone zone={work.zone ?? 'UTC'} choose={(zone) => change({ parameters: work.parameters, zone })} />
      )}
      {form.error !== null && (
        <p role="alert" className="basis-full text-bad">
          {messageOf(form.error)}
        </p>
      )}
    </fieldset>
  )
}

function Parameter(props: FormProps & { readonly name: string }) {
  const { name, work, inferred, form, change } = props
  const t = useWords(sqlWords)
  const id = useId()
  const { parameters } = work
  const type = typeOfParameter(name, parameters, inferred)
  const input = parameters[name] ?? {}
  const given = atHand(input)
  const field = form.fields.get(name)
  const resolved = form.resolved[name]
  // A field that is typed in doesn't become a list under somebody's hands.
  const awaited = input.choicesSql === undefined || field?.error !== undefined ? undefined : []

  function choose(next: FieldValue): void {
    const { value: _, relative: __, ...rest } = input
    const isRelative = 'relative' in next
    // Which date it is depends on its type and on where today is: from now on both are said.
    const own = isRelative ? { ...rest, ...next, type } : { ...rest, ...next }
    const zone = isRelative ? (work.zone ?? browserZone()) : work.zone
    change({ parameters: { ...parameters, [name]: own }, zone })
  }

  return (
    <div className="flex flex-wrap items-center gap-1.5">
      <code className="font-mono text-accent" title={input.description}>
        @{name}
      </code>
      <Select
        label={t('sql.parameter-type', { name })}
        value={type}
        options={parameterTypes.includes(type) ? typeOptions : [{ value: type, text: type }, ...typeOptions]}
        className={`${fieldClass} w-28`}
        choose={(chosen) => change({ parameters: { ...parameters, [name]: { ...input, type: chosen } } })}
      />
      <ValueField
        name={name}
        type={type}
        given={given}
        choices={field?.choices ?? input.choices ?? awaited}
        hasMore={field?.hasMore}
        isWrong={field?.error !== undefined}
        describedBy={id}
        change={choose}
      />
      <span id={id} className={field?.error === undefined ? 'text-muted tabular-nums' : 'max-w-80 text-bad'}>
        {field?.error ?? (resolved === undefined ? '' : `= ${textOfValue(resolved)}`)}
      </span>
      <Settings {...props} />
    </div>
  )
}

function Settings({ name, names, work, inferred, change }: FormProps & { readonly name: string }) {
  const t = useWords(sqlWords)
  const [isOpen, setOpen] = useState(false)
  const { parameters } = work
  const typeOf = (one: string): string => typeOfParameter(one, parameters, inferred)

  function keep(next: ParameterInput): void {
    // Choices from a query are bound with the other parameters: their types are said from now on.
    const typed = names.map((one) => [one, { ...parameters[one], type: typeOf(one) }] as const)
    const others = next.choicesSql === undefined ? {} : Object.fromEntries(typed)
    const isRelative = next.default !== undefined && 'relative' in next.default
    const zone = isRelative ? (work.zone ?? browserZone()) : work.zone
    change({ parameters: { ...parameters, ...others, [name]: next }, zone })
  }

  return (
    <>
      <button
        type="button"
        aria-label={t('sql.parameter-settings', { name })}
        aria-haspopup="dialog"
        className="grid size-6 place-items-center rounded text-muted hover:bg-sunken hover:text-text"
        onClick={() => setOpen(true)}
      >
        ⋯
      </button>
      {isOpen && (
        <ParameterDialog
          name={name}
          type={typeOf(name)}
          input={parameters[name] ?? {}}
          change={keep}
          close={() => setOpen(false)}
        />
      )}
    </>
  )
}

function Zone({ zone, choose }: { readonly zone: string; readonly choose: (zone: string) => void }) {
  const t = useWords(sqlWords)
  const id = useId()
  return (
    <label className="flex items-center gap-1.5 text-muted">
      {t('sql.zone')}
      <input
        list={id}
        value={zone}
        spellCheck={false}
        autoComplete="off"
        className={`${fieldClass} w-40`}
        onChange={({ target }) => choose(target.value)}
      />
      <Zones id={id} />
    </label>
  )
}
