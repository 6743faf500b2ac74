// One value of a parameter: typed, chosen, or a date that is said by its distance from today.
import { useId } from 'react'

import type { JsonValue } from '../../api/job-answers.ts'
import { fieldClass, Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { textOfValue } from './parameters.ts'
import { valueWords } from './value-words.ts'

export type FieldValue = { readonly value: string } | { readonly relative: string }

interface ValueProps {
  /** Of the parameter. */
  readonly name: string
  readonly type: string
  readonly given: FieldValue
  readonly choices?: readonly JsonValue[] | undefined
  /** There are others. */
  readonly hasMore?: boolean | undefined
  readonly isWrong?: boolean
  /** Whether it is relative is chosen elsewhere. */
  readonly isFixed?: boolean
  readonly describedBy?: string | undefined
  readonly change: (given: FieldValue) => void
}

const dated = new Set(['DATE', 'DATETIME', 'TIMESTAMP'])
export const suggestions = [
  'today',
  'yesterday',
  '7 days ago',
  '28 days ago',
  'start of this week',
  'start of last week',
  'start of this month',
  'start of last month',
  'start of this year',
]

export function ValueField(props: ValueProps) {
  const t = useWords(valueWords)
  const { name, type, given, isFixed = false, change } = props
  if (!dated.has(type)) return <Plain {...props} />
  const isRelative = 'relative' in given
  if (isFixed) return isRelative ? <Relative {...props} text={given.relative} /> : <Plain {...props} />
  return (
    <>
      <Select
        label={t('value.kind', { name })}
        value={isRelative ? 'relative' : 'fixed'}
        options={[
          { value: 'fixed', text: t('value.fixed') },
          { value: 'relative', text: t('value.relative') },
        ]}
        choose={(kind) => change(kind === 'relative' ? { relative: 'yesterday' } : { value: '' })}
      />
      {isRelative ? <Relative {...props} text={given.relative} /> : <Plain {...props} />}
    </>
  )
}

function Relative({ name, text, isWrong = false, describedBy, change }: ValueProps & { readonly text: string }) {
  const t = useWords(valueWords)
  const id = useId()
  return (
    <>
      <input
        aria-label={t('value.value', { name })}
        aria-invalid={isWrong}
        aria-describedby={describedBy}
        list={id}
        value={text}
        spellCheck={false}
        autoComplete="off"
        className={`${fieldClass} w-40`}
        onChange={({ target }) => change({ relative: target.value })}
      />
      <datalist id={id}>
        {suggestions.map((suggestion) => (
          <option key={suggestion} value={suggestion} />
        ))}
      </datalist>
    </>
  )
}

function Plain({ name, type, given, choices, hasMore = false, isWrong = false, describedBy, change }: ValueProps) {
  const t = useWords(valueWords)
  const id = useId()
  const value = 'value' in given ? given.value : ''
  const label = t('value.value', { name })
  const offered = choices?.map(textOfValue)
  if (type === 'BOOL' || (offered !== undefined && !hasMore)) {
    const texts = [
      ...new Set([...(offered?.includes(value) === true ? [] : [value]), ...(offered ?? ['', 'true', 'false'])]),
    ]
    const options = texts.map((text) => ({
      value: text,
      text: text === '' ? (type === 'BOOL' ? 'NULL' : t('value.choose')) : text,
    }))
    const choose = (text: string): void => change({ value: text })
    return (
      <Select
        label={label}
        value={value}
        options={options}
        choose={choose}
        aria-invalid={isWrong}
        aria-describedby={describedBy}
      />
    )
  }
  const hint = type.startsWith('ARRAY') ? t('value.array') : type === 'STRING' ? '' : t('value.null')
  return (
    <>
      <input
        aria-label={label}
        aria-invalid={isWrong}
        aria-describedby={describedBy}
        type={type === 'DATE' ? 'date' : 'text'}
        inputMode={type === 'INT64' ? 'numeric' : undefined}
        list={offered === undefined ? undefined : id}
        value={value}
        placeholder={hint}
        spellCheck={false}
        autoComplete="off"
        className={`${fieldClass} w-44 font-mono`}
        onChange={({ target }) => change({ value: target.value })}
      />
      {offered !== undefined && (
        <datalist id={id}>
          {offered.map((text) => (
            <option key={text} value={text} />
          ))}
        </datalist>
      )}
    </>
  )
}
