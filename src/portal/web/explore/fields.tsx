// Fields of the builder. What is typed counts when the field is left or Enter is pressed: each change is a question of its own.
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'

import type { EventPick } from '../../api/answers.ts'
import { columnsQuery } from '../asking/catalogue.ts'
import { fieldClass, Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { exploreWords } from './words.ts'

export function Row({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div className="grid grid-cols-[6.5rem_minmax(0,1fr)] items-start gap-2">
      <span className="pt-1.5 text-muted">{label}</span>
      <div className="flex min-w-0 flex-wrap items-center gap-2">{children}</div>
    </div>
  )
}

interface TypedProps {
  readonly label: string
  readonly value: string
  readonly commit: (value: string) => void
  readonly type?: 'text' | 'number' | 'date'
  readonly min?: number
  readonly max?: number
  readonly className?: string
}

/** `key` it by its value, so that it follows the address. */
export function Typed({ label, value, commit, type = 'text', className = 'min-w-0 flex-1', ...bounds }: TypedProps) {
  const [text, setText] = useState(value)
  const leave = (): void => {
    if (text !== value) commit(text)
  }
  return (
    <input
      type={type}
      aria-label={label}
      value={text}
      autoComplete="off"
      spellCheck={false}
      className={`${fieldClass} ${className}`}
      {...bounds}
      onChange={({ target }) => setText(target.value)}
      onBlur={leave}
      onKeyDown={({ key, nativeEvent }) => {
        if (key === 'Enter' && !nativeEvent.isComposing) leave()
      }}
    />
  )
}

interface NumberFieldProps {
  readonly label: string
  readonly value: number
  readonly max: number
  readonly choose: (value: number) => void
}

export function NumberField({ label, value, max, choose }: NumberFieldProps) {
  return (
    <Typed
      key={value}
      type="number"
      label={label}
      value={String(value)}
      min={1}
      max={max}
      className="w-20 tabular-nums"
      commit={(text) => {
        const number = Math.round(Number(text))
        if (Number.isFinite(number)) choose(Math.min(max, Math.max(1, number)))
      }}
    />
  )
}

/** Of the row itself, not of what people do. */
const ownColumns: ReadonlySet<string> = new Set([
  'id',
  'event',
  'event_text',
  'loaded_at',
  'uuid_ts',
  'received_at',
  'sent_at',
])

interface PropertyFieldProps {
  readonly event: EventPick
  readonly label: string
  readonly value: string
  /** What stands for none. */
  readonly none: string
  readonly isNumeric?: boolean
  /** Besides the properties. */
  readonly more?: readonly { readonly value: string; readonly text: string }[]
  readonly choose: (property: string) => void
}

const numberTypes = /^(?:INT64|FLOAT64|NUMERIC|BIGNUMERIC)/

export function PropertyField({ event, label, value, none, isNumeric = false, more = [], choose }: PropertyFieldProps) {
  const { data: columns = [] } = useQuery(columnsQuery({ dataset: event.source, table: event.table }))
  const names = columns
    .filter(({ name, type }) => !ownColumns.has(name) && (!isNumeric || numberTypes.test(type)))
    .map(({ name }) => name)
  // What the address says stands there also when the table doesn't have it: the answer says what is wrong.
  const isKnown = value === '' || names.includes(value) || more.some((one) => one.value === value)
  const all = isKnown ? names : [value, ...names]
  return (
    <Select
      label={label}
      value={value}
      options={[{ value: '', text: none }, ...all.map((name) => ({ value: name, text: name })), ...more]}
      choose={choose}
      className={`${fieldClass} max-w-full min-w-0 flex-1`}
    />
  )
}

const units = [60, 3600, 86_400] as const

interface WindowFieldProps {
  readonly seconds: number
  readonly choose: (seconds: number) => void
}

/** In the largest unit of which it is a whole number. */
export function WindowField({ seconds, choose }: WindowFieldProps) {
  const t = useWords(exploreWords)
  const unit = units.toReversed().find((one) => seconds % one === 0) ?? units[0]
  const longest = 366 * 86_400
  const count = Math.max(1, Math.round(seconds / unit))
  return (
    <>
      <NumberField
        label={t('explore.window')}
        value={count}
        max={Math.floor(longest / unit)}
        choose={(wanted) => choose(wanted * unit)}
      />
      <Select
        label={t('explore.window-unit')}
        value={String(unit)}
        options={units.map((one) => ({ value: String(one), text: t(`explore.unit-${one}`) }))}
        choose={(wanted) => choose(Math.min(longest, count * Number(wanted)))}
      />
    </>
  )
}
