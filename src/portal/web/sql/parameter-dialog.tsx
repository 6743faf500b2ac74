// How a parameter is asked for: what it means, its default, and what it may be chosen from.
import { type FormEvent, useId, useState } from 'react'

import { messageOf } from '../asking/ask.ts'
import { Dialog } from '../shell/dialog.tsx'
import { Button, fieldClass, Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { atHand, textOfValue, valueOf } from './parameters.ts'
import type { ParameterInput } from './search.ts'
import { type FieldValue, ValueField } from './value-field.tsx'
import { valueWords } from './value-words.ts'

const offers = ['anything', 'list', 'sql'] as const

interface DialogProps {
  readonly name: string
  readonly type: string
  readonly input: ParameterInput
  readonly change: (input: ParameterInput) => void
  readonly close: () => void
}

interface Draft {
  readonly description: string
  readonly standard: FieldValue
  readonly offer: (typeof offers)[number]
  /** One a line. */
  readonly list: string
  readonly choicesSql: string
}

export function ParameterDialog({ name, type, input, change, close }: DialogProps) {
  const t = useWords(valueWords)
  const [wrong, setWrong] = useState('')
  const [draft, setDraft] = useState<Draft>(() => draftOf(input))
  const edit = (part: Partial<Draft>): void => setDraft({ ...draft, ...part })

  function keep(event: FormEvent): void {
    event.preventDefault()
    try {
      change(inputOf(name, type, input, draft))
      close()
    } catch (error) {
      setWrong(messageOf(error))
    }
  }
  return (
    <Dialog label={t('value.settings', { name })} close={close}>
      <form className="grid gap-3 p-4" onSubmit={keep}>
        <h2 className="text-sm font-semibold">
          <code className="font-mono text-accent">@{name}</code> <span className="font-normal text-muted">{type}</span>
        </h2>
        <label className="grid gap-1">
          {t('value.description')}
          <input
            className={fieldClass}
            maxLength={1_000}
            autoComplete="off"
            value={draft.description}
            onChange={({ target }) => edit({ description: target.value })}
          />
        </label>
        <fieldset className="grid gap-1">
          <legend className="mb-1">{t('value.default')}</legend>
          <div className="flex flex-wrap gap-1.5">
            <ValueField
              name={t('value.default')}
              type={type}
              given={draft.standard}
              change={(standard) => edit({ standard })}
            />
          </div>
          <p className="text-muted">{t('value.default-text')}</p>
        </fieldset>
        <Offer draft={draft} edit={edit} />
        <p role="alert" className="text-bad empty:hidden">
          {wrong}
        </p>
        <div className="flex justify-end gap-2">
          <Button onClick={close}>{t('value.cancel')}</Button>
          <Button isPrimary type="submit">
            {t('value.keep')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function Offer({ draft, edit }: { readonly draft: Draft; readonly edit: (part: Partial<Draft>) => void }) {
  const t = useWords(valueWords)
  const id = useId()
  const area = `${fieldClass} py-1 font-mono`
  return (
    <div className="grid gap-2">
      <label className="grid justify-items-start gap-1" htmlFor={id}>
        {t('value.offer')}
        <Select
          id={id}
          label={t('value.offer')}
          value={draft.offer}
          options={offers.map((offer) => ({ value: offer, text: t(`value.offer-${offer}`) }))}
          choose={(offer) => edit({ offer })}
        />
      </label>
      {draft.offer === 'list' && (
        <textarea
          aria-label={t('value.list')}
          placeholder={t('value.list')}
          rows={4}
          required
          className={area}
          value={draft.list}
          onChange={({ target }) => edit({ list: target.value })}
        />
      )}
      {draft.offer === 'sql' && (
        <>
          <textarea
            aria-label={t('value.sql')}
            placeholder="SELECT DISTINCT city FROM shop.orders WHERE country = @country"
            rows={4}
            required
            spellCheck={false}
            className={area}
            value={draft.choicesSql}
            onChange={({ target }) => edit({ choicesSql: target.value })}
          />
          <p className="text-muted">{t('value.sql-text')}</p>
        </>
      )}
    </div>
  )
}

function draftOf(input: ParameterInput): Draft {
  const { choices, choicesSql, description = '', default: standard } = input
  return {
    description,
    standard: standard === undefined ? atHand(input) : atHand({ default: standard }),
    offer: choicesSql !== undefined ? 'sql' : choices !== undefined ? 'list' : 'anything',
    list: choices?.map(textOfValue).join('\n') ?? '',
    choicesSql: choicesSql ?? '',
  }
}

/** What is at hand stays. Error: a value that the type can't be read from. */
function inputOf(name: string, type: string, input: ParameterInput, draft: Draft): ParameterInput {
  const { description: _, default: __, choices: ___, choicesSql: ____, ...atHandNow } = input
  const { standard } = draft
  const texts = draft.list.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
  const choices = texts.map((value) =>
    valueOf(name, type, { value, ...(input.choices === undefined ? {} : { choices: input.choices }) }),
  )
  const own = draft.offer === 'list' && choices.length > 0 ? { choices } : {}
  return {
    ...atHandNow,
    type,
    ...(draft.description === '' ? {} : { description: draft.description }),
    ...('relative' in standard
      ? { default: standard }
      : standard.value === ''
        ? {}
        : { default: { value: valueOf(name, type, { ...standard, ...own }) } }),
    ...own,
    ...(draft.offer === 'sql' ? { choicesSql: draft.choicesSql } : {}),
  }
}
